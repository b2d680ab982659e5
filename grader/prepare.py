"""From a spec to calls that are ready to be sent, each with the value that is wanted.

The instructor's Python makes the arguments (`inputs.py`) and the wanted values (the reference) in a worker of its own.
They depend on nothing but the assignment, so they are kept on disk, under the hash of all that they were made from.
"""

import contextlib
import pathlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

import numpy as np

from grader import cache, model
from grader.assignment import Assignment
from grader.compare import Rules, compare, describe
from grader.components import lookup, replaced
from grader.errors import FaultError
from grader.mistakes import suggest
from grader.model import Returned
from grader.sandbox import client
from grader.sandbox.spawned import trusted_worker
from grader.sandbox.values import RefusedError
from grader.spec import Load, Make, MakeArray, inside
from grader.yamlfile import Path, dotted

SECONDS = 120.0
"""How long one call of the instructor's own code may take."""


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

    def public(self) -> "Plan":
        """Return the plan with its public cases alone, and of the functions those that have one."""
        shown = {name: tuple(c for c in calls if c.visibility == "public") for name, calls in self.calls.items()}
        return replace(self, calls={name: calls for name, calls in shown.items() if not all(c.remark for c in calls)})


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
        with contextlib.closing(_Instructor(assignment)) as instructor:
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
    request = _request(assignment, path, args, _seed("call", assignment.spec.name, name, case.name, k))
    return Call(title, tuple(case.args), request, want, rules, case.visibility, case.remark)


def _hold_against_itself(want: Any, rules: Rules, assignment: Assignment, path: Path) -> None:
    try:
        problems = compare(want, want, rules).problems
    except (TypeError, ValueError) as error:  # of a type, or with an axis, that cannot be compared
        raise assignment.mistake(path, str(error)) from error
    if problems:
        message = f"the wanted value of {problems[0].path} does not equal itself: is it NaN (see `nan_equal`)?"
        raise assignment.mistake(path, message)


def _request(assignment: Assignment, path: Path, args: list[Any], seed: int, **instructor: Any) -> bytes:
    """Return the request for a call of the function that the path of a case names."""
    try:
        return client.call_request(str(path[1]), args, seed, **instructor)
    except RefusedError as error:
        raise assignment.mistake(path, f"the arguments cannot be sent: {error}") from error


def _seed(*parts: object) -> int:
    """Return a 32-bit seed that is the same on every machine and another for every case."""
    return int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


class _Instructor:
    """The instructor's code in its worker, which is started when it is first needed."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.spec = assignment, assignment.spec
        self.child: client.Child | None = None

    def close(self) -> None:
        if self.child:
            self.child.close()

    def make(self, name: str, n: int, k: int) -> tuple[list[Any], Any]:
        """Return the arguments and the wanted value of the k-th call of a function's n-th case."""
        case = self.spec.functions[name].cases[n]
        path: Path = ("functions", name, "cases", n)
        seed = _seed("make", self.spec.name, name, case.name, k)
        args: dict[str, Any] = {}
        for arg, given in case.args.items():
            args[arg] = self._value(given, args, seed, (*path, "args", arg))
        expected = {key: self._expected(value, (*path, "expect", key)) for key, value in case.expect.items()}
        return list(args.values()), self._want(name, list(args.values()), expected, seed, path)

    def _value(self, given: Any, args: dict[str, Any], seed: int, path: Path) -> Any:
        if isinstance(given, Load):
            return self._loaded(given, path)
        if isinstance(given, MakeArray):
            return self._array(given.array, path)
        if isinstance(given, Make):
            return self._made(given, args, seed, path)
        return given

    def _loaded(self, given: Load, path: Path) -> Any:
        try:
            return load_data(inside(self.assignment.folder, given.load), given.array)
        except Exception as error:  # numpy's readers have many: of zip files, tokens, pickles, ends of files
            raise self.assignment.mistake(path, f"{given.load} cannot be read: {error}") from error

    def _array(self, numbers: list[Any], path: Path) -> Any:
        try:
            array = np.array(numbers)
        except ValueError as error:
            raise self.assignment.mistake(path, "the rows of an array must have one length") from error
        if array.dtype.kind not in "bif":
            raise self.assignment.mistake(path, "an array must hold numbers")
        return array

    def _made(self, given: Make, args: dict[str, Any], seed: int, path: Path) -> Any:
        if not (self.assignment.folder / "inputs.py").is_file():
            raise self.assignment.mistake(path, "`make` needs an inputs.py in the assignment's folder")
        call = {"module": "inputs", "kwargs": given.model_extra or {}, "offers": args}
        outcome = self._ask(client.call_request(given.make, [], seed, **call))
        match outcome:
            case Returned(value):
                return value
            case model.Missing(defined):
                known = [name for name in defined if not name.startswith("_")]
                message = f"inputs.py has no function {given.make!r}{suggest(given.make, known)}"
                raise self.assignment.mistake((*path, "make"), message)
            case model.WrongSignature(signature):
                message = f"{given.make}{signature} in inputs.py does not take these arguments"
                raise self.assignment.mistake(path, message)
        raise FaultError(f"inputs.py: {given.make} {_what_happened(outcome)}")

    def _expected(self, given: Any, path: Path) -> Any:
        if isinstance(given, list):
            return self._array(given, path)
        return self._value(given, {}, 0, path)

    def _want(self, name: str, args: list[Any], expected: dict[str, Any], seed: int, path: Path) -> Any:
        """Return the wanted value: what is expected, and from the reference what is not."""
        returns = self.spec.functions[name].returns
        if set(returns) <= set(expected):
            whole = tuple(expected[part] for part in returns)
            return whole if len(whole) > 1 else whole[0]
        want = self._referred(name, args, seed, path)
        if want is None or (len(returns) > 1 and not (isinstance(want, tuple) and len(want) == len(returns))):
            message = f"the reference's {name} returns {describe(want)}, not {', '.join(returns)}"
            raise self.assignment.mistake((*path[:2], "returns"), message)
        for key, value in expected.items():
            if lookup(want, key, returns) is None:
                raise self.assignment.mistake((*path, "expect", key), f"the reference's {name} returns no {key}")
            want = replaced(want, key, value, returns)
        return want

    def _referred(self, name: str, args: list[Any], seed: int, path: Path) -> Any:
        outcome = self._ask(_request(self.assignment, path, args, seed, offers={}))
        match outcome:
            case Returned(value):
                return value
            case model.Missing(defined):
                message = f"the reference has no function {name!r}{suggest(name, defined)}"
                raise self.assignment.mistake(path[:2], message)
        raise FaultError(f"the reference's {name}, called as in {dotted(path)}, {_what_happened(outcome)}")

    def _ask(self, request: bytes) -> model.Outcome | None:
        if self.child is None:
            self.child = self._start()
        return self.child.ask(request, client.Deadline(time.monotonic() + SECONDS))

    def _start(self) -> client.Child:
        folder = self.assignment.folder.resolve()
        given = [path.stem for path in sorted((folder / "given").glob("*.py"))]
        main = self.spec.reference or "builtins"
        child, output, outcome = trusted_worker(main, [folder, folder / "given"], given)
        match outcome:
            case None:
                return child
            case model.Raised("ModuleNotFoundError", message) if _is_about(message, main):
                child.close()
                raise self.assignment.mistake(("reference",), f"there is no module {main!r} to import")
        child.close()
        raise FaultError(f"the reference {main} {_what_happened(outcome)}\n{output.text()}".rstrip())


def _is_about(message: str, module: str) -> bool:
    """Tell whether the module that was not found is the one that was asked for, or one that holds it."""
    quoted = message.partition("'")[2].partition("'")[0]
    return bool(quoted) and f"{module}.".startswith(f"{quoted}.")


def _what_happened(outcome: model.Outcome | None) -> str:
    match outcome:
        case model.Raised(kind, message, frames):
            places = [f"{frame.file}, line {frame.line}" for frame in (frames[:1] + frames[1:][-1:])]
            return f"raised {kind}: {message}" + (f" ({'; then '.join(places)})" if places else "")
        case model.TimedOut():
            return f"took longer than {SECONDS:g} s"
        case model.Killed(how):
            return f"ended its process: {how}"
        case model.BadValue(reason) | model.TooLarge(reason):
            return f"returned what cannot be compared: {reason}"
        case model.WrongSignature(signature):
            return f"takes {signature}, not the arguments of the case"
    return f"failed: {outcome}"


def load_data(path: pathlib.Path, array: str | None) -> Any:
    """Read the numbers of a `.txt`, `.csv`, `.npy` or `.npz` file; nothing in it is executed.

    Raises:
        Exception: it holds no such numbers.
    """
    if path.suffix in {".npy", ".npz"}:
        loaded = np.load(path, allow_pickle=False)
        return loaded[array] if array is not None else loaded
    return np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None, ndmin=1)
