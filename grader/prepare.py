"""From a spec to calls that are ready to be sent, each with the value that is wanted.

The instructor's Python makes the arguments (`inputs.py`) and the wanted values (the reference) in a worker of its own.
They depend on nothing but the assignment, so they are kept on disk, under the hash of all that they were made from.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from grader import cache, model
from grader.assignment import Assignment
from grader.compare import Rules, compare
from grader.instructor import Instructor, call_seed, request
from grader.yamlfile import Path


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a student's function: what to send, and what is wanted."""

    name: str
    arguments: tuple[str, ...]
    """Their names."""
    request: bytes
    want: Any
    rules: Rules
    visibility: model.Visibility
    remark: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All that grading a submission takes."""

    assignment: Assignment
    given: Mapping[str, bytes]
    calls: Mapping[str, tuple[Call, ...]]
    """By the function's name."""
    public_only: bool = False
    """Whether nothing hidden may be told."""

    def public(self) -> "Plan":
        """Return the plan with its public cases alone, and of the functions those that have one."""
        shown = {name: tuple(c for c in calls if c.visibility == "public") for name, calls in self.calls.items()}
        graded = {name: calls for name, calls in shown.items() if not all(c.remark for c in calls)}
        return replace(self, calls=graded, public_only=True)

    @property
    def max_score(self) -> float:
        """The points of the functions that have calls, and of the questions."""
        spec = self.assignment.spec
        questions = sum(question.points for question in spec.questions.values())
        return sum(spec.functions[name].points for name in self.calls) + questions


def prepare(assignment: Assignment) -> Plan:
    """Make every case's arguments and wanted value, or take them from an earlier time.

    A wanted value that would not pass its own comparison is a mistake of the spec, and told before anybody is graded.

    Raises:
        SpecError: the spec names what the instructor's code does not have, or a data file that cannot be read.
        FaultError: the instructor's code fails.
    """
    _look_for(assignment.spec.packages, assignment)
    key = cache.key(assignment)
    made = cache.load(assignment.folder, key)
    if made is None:
        with contextlib.closing(Instructor(assignment)) as instructor:
            made = [
                instructor.make(name, n, k)
                for name, function in assignment.spec.functions.items()
                for n, case in enumerate(function.cases)
                for k in range(case.repeat)
            ]
        cache.keep(assignment.folder, key, made)
    return Plan(assignment, assignment.given(), _calls(assignment, iter(made)))


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
            _call(assignment, name, n, k, next(made))
            for n, case in enumerate(function.cases)
            for k in range(case.repeat)
        )
    return calls


def _call(assignment: Assignment, name: str, n: int, k: int, made: tuple[list[Any], Any]) -> Call:
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
    _hold_against_itself(want, rules, assignment, path)
    title = case.name if case.repeat == 1 else f"{case.name} ({k + 1} of {case.repeat})"
    frame = request(assignment, path, args, call_seed(assignment, name, case.name, k))
    return Call(title, tuple(case.args), frame, want, rules, case.visibility, case.remark)


def _hold_against_itself(want: Any, rules: Rules, assignment: Assignment, path: Path) -> None:
    try:
        problems = compare(want, want, rules).problems
    except (TypeError, ValueError) as error:  # of a type, or with an axis, that cannot be compared
        raise assignment.mistake(path, str(error)) from error
    if problems:
        message = f"the wanted value of {problems[0].path} does not equal itself: is it NaN (see `nan_equal`)?"
        raise assignment.mistake(path, message)
