"""From a spec to calls that are ready to be sent, each with the value that is wanted.

The instructor's Python makes the arguments (`inputs.py`) and the wanted values (the reference) in a worker of its own.
They depend on nothing but the assignment, so they are kept on disk, under the hash of all that they were made from.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from grader import cache, model, slips
from grader.assignment import Assignment
from grader.compare import Rules, compare
from grader.course import Course, what_happened
from grader.errors import FaultError, GraderError, SpecError
from grader.instructor import Instructor, call_seed
from grader.mistakes import suggest
from grader.properties import Check, Property, Unchanged
from grader.sandbox.requests import call_request
from grader.sandbox.values import RefusedError
from grader.slips import Slip
from grader.spec import Case, Function
from grader.yamlfile import Path


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a student's function: what to send, and what is wanted; or a property of what others return."""

    key: tuple[str, int, int]
    """The function, which of its cases, and which call of that."""
    name: str
    args: Mapping[str, Any]
    seed: int
    want: Any
    rules: Rules
    visibility: model.Visibility
    remark: bool
    reveal: model.Reveal = "all"
    """What is told of it when it fails."""
    using: bool = False
    """Whether the functions that it calls are replaced by right ones."""
    holds: Property | None = None
    """The property that is judged, in place of a wanted value."""
    derived: bool = False
    """Whether it is judged on the values of the other calls, and is none itself."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other keys of the call (see `worker`)."""
    frame: bytes = b""
    """What is sent."""

    def request(self, args: Mapping[str, Any] | None = None, **more: Any) -> bytes:
        """Return the frame of the same call with other arguments, or with more keys (see `worker`).

        Raises:
            RefusedError: the arguments cannot be sent.
        """
        given = self.args if args is None else args
        return call_request(self.key[0], list(given.values()), self.seed, **{**self.more, **more})


@dataclass(frozen=True, slots=True)
class Plan:
    """All that grading a submission takes."""

    assignment: Assignment
    given: Mapping[str, bytes]
    calls: Mapping[str, tuple[Call, ...]]
    """By the function's name."""
    slips: tuple[Slip, ...] = ()
    """Known variants of the right functions."""
    public_only: bool = False
    """Whether nothing hidden may be told."""
    later: int = 0
    """How many cases there are besides, which are graded after handing in."""

    def public(self) -> "Plan":
        """Return the plan with its public cases alone, and of the functions those that have one."""
        return replace(self.only(lambda call: call.visibility == "public"), public_only=True)

    def only(self, wanted: Callable[[Call], bool]) -> "Plan":
        """Return the plan with some of its calls alone, and of the functions those that are left with one."""
        shown = {name: _shown(list(filter(wanted, calls))) for name, calls in self.calls.items()}
        graded = {name: calls for name, calls in shown.items() if not all(c.remark or c.derived for c in calls)}
        return replace(self, calls=graded, later=self.later + len(_cases(self.calls) - _cases(graded)))

    @property
    def max_score(self) -> float:
        """The points of the functions that have calls, of the notebook's execution, and of the questions."""
        spec = self.assignment.spec
        executed = spec.execute.points if spec.execute and not self.public_only else 0.0
        questions = sum(question.points for question in spec.questions.values())
        return sum(spec.functions[name].points for name in self.calls) + executed + questions


def _shown(calls: Sequence[Call]) -> tuple[Call, ...]:
    """Return the calls; properties of the others only where some are left that they could be judged on."""
    judged = any(call.holds is None and not call.remark for call in calls)
    return tuple(call for call in calls if judged or not call.derived)


def _cases(calls: Mapping[str, Sequence[Call]]) -> set[tuple[str, int]]:
    return {call.key[:2] for each in calls.values() for call in each}


def prepare(assignment: Assignment) -> Plan:
    """Make every case's arguments and wanted value, or take them from an earlier time.

    A wanted value that would not pass its own comparison is a mistake of the spec, and told before anybody is graded.

    Raises:
        SpecError: the spec names what the instructor's code does not have, or in another order than the reference; or a
            data file cannot be read.
        FaultError: the instructor's code fails.
    """
    _look_for(assignment.spec.packages, assignment)
    key = cache.key(assignment)
    made = cache.load(assignment.folder, "made", key) or {}
    if not made.get("ordered"):  # as where an earlier grader has made the rest, and did not look
        with contextlib.closing(Course(assignment)) as course:
            made["ordered"] = _look_at_orders(course)
            if "calls" not in made:
                _look_for_checks(course)
                made |= {"calls": _make(course), "slips": [slip.model_dump() for slip in slips.read(course)]}
        cache.keep(assignment.folder, "made", key, made)
    calls = _calls(assignment, iter(made["calls"]))
    return Plan(assignment, assignment.given(), calls, tuple(map(Slip.model_validate, made["slips"])))


def _look_at_orders(course: Course) -> bool:
    """See that no case has the reference's parameters in another order; tell whether that could be seen."""
    spec = course.assignment.spec
    if spec.reference is None:
        return True
    try:
        course.start()
    except GraderError:  # it is told where a value is wanted of it: what is stated in full goes without
        return False
    wrong = [
        str(course.assignment.mistake(path, message))
        for name, function in spec.functions.items()
        for path, message in _misplaced(name, function, course.parameters(name))
    ]
    if wrong:
        raise SpecError("\n".join(wrong))
    return True


def _misplaced(name: str, function: Function, parameters: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield where cases have parameters in another order; an argument of another name may stand anywhere."""
    for n, case in enumerate(function.cases):
        known = [arg for arg in case.args if arg in parameters]
        if known != sorted(known, key=parameters.index):
            order, takes = ", ".join(case.args), f"{name}({', '.join(parameters)})"
            message = f"these go by position, and stand in the order {order}; the reference takes {takes}"
            yield ("functions", name, "cases", n, "args"), message


def _look_for_checks(course: Course) -> None:
    """See that every function of checks.py that the spec names is there."""
    for name, function in course.assignment.spec.functions.items():
        for n, case in enumerate(function.cases):
            if isinstance(case.holds, Check):
                path: Path = ("functions", name, "cases", n, "property")
                if not (course.assignment.folder / "checks.py").is_file():
                    raise course.assignment.mistake(path, "`check` needs a checks.py in the assignment's folder")
                outcome = course.call(case.holds.check, [], 0, module="checks")
                if isinstance(outcome, model.Missing):
                    known = suggest(case.holds.check, outcome.defined)
                    raise course.assignment.mistake(path, f"checks.py has no function {case.holds.check!r}{known}")
                if isinstance(outcome, model.Raised) and not _is_called(outcome, case.holds.check):
                    raise FaultError(f"checks.py {what_happened(outcome)}")


def _is_called(outcome: model.Raised, function: str) -> bool:
    """Tell whether it was raised in the function, and not while its module was imported."""
    return any(frame.function == function for frame in outcome.frames)


def _make(course: Course) -> list[tuple[list[Any], Any]]:
    instructor = Instructor(course)
    return [
        instructor.make(name, n, k)
        for name, function in course.assignment.spec.functions.items()
        for n, case in enumerate(function.cases)
        for k in range(case.repeat)
    ]


def _look_for(packages: Sequence[str], assignment: Assignment) -> None:
    for n, package in enumerate(packages):
        top = package.partition(".")[0]
        if find_spec(top) is None:
            message = f"there is no package {top!r} on this machine: install it (and write the name that is imported)"
            raise assignment.mistake(("packages", n), message)


def _calls(assignment: Assignment, made: Iterator[tuple[list[Any], Any]]) -> dict[str, tuple[Call, ...]]:
    calls: dict[str, tuple[Call, ...]] = {}
    for name, function in assignment.spec.functions.items():
        calls[name] = tuple(
            call_of(assignment, name, n, k, next(made))
            for n, case in enumerate(function.cases)
            for k in range(case.repeat)
        )
    return calls


def call_of(assignment: Assignment, name: str, n: int, k: int, made: tuple[list[Any], Any]) -> Call:
    """Return the k-th call of a function's n-th case."""
    args, want = made
    function = assignment.spec.functions[name]
    case = function.cases[n]
    path: Path = ("functions", name, "cases", n)
    rules = Rules(
        returns=tuple(function.returns),
        tolerance={**function.tolerance, **case.tolerance},
        strict=assignment.spec.strict,
        shapes_only=case.compare == "shapes",
        permute=case.permute,
    )
    call = Call(
        key=(name, n, k),
        name=case.name if case.repeat == 1 else f"{case.name} ({k + 1} of {case.repeat})",
        args=dict(zip(case.args, args, strict=True)),
        seed=call_seed(assignment, name, case.name, k),
        want=want,
        rules=rules,
        visibility=case.visibility,
        remark=case.remark,
        reveal=case.reveal or ("all" if case.visibility == "public" else assignment.spec.reveal),
        using=case.using == "reference",
        holds=case.holds,
        derived=case.derived,
        more=_echo(function, case),
    )
    if call.holds is None:
        _hold_against_itself(call, assignment, path)
    try:
        return replace(call, frame=call.request())
    except RefusedError as error:
        raise assignment.mistake(path, f"the arguments cannot be sent: {error}") from error


def _echo(function: Function, case: Case) -> dict[str, Any]:
    """Ask for the arguments as they are after the call where a property is about them."""
    about = [other for other in function.cases if isinstance(other.holds, Unchanged)]
    return {"echo": True} if case in about or any(other.derived for other in about) else {}


def _hold_against_itself(call: Call, assignment: Assignment, path: Path) -> None:
    try:
        problems = compare(call.want, call.want, call.rules).problems
    except (TypeError, ValueError) as error:  # of a type, or with an axis, that cannot be compared
        raise assignment.mistake(path, str(error)) from error
    if problems:
        message = f"the wanted value of {problems[0].path} does not equal itself: is it NaN (see `nan_equal`)?"
        raise assignment.mistake(path, message)
