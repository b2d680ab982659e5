"""The instructor's code in its worker: `inputs.py` makes the arguments, the reference the wanted values."""

import pathlib
from hashlib import sha256
from typing import Any

import numpy as np

from grader import model
from grader.arguments import Load, Make, MakeArray, inside
from grader.assignment import Assignment
from grader.compare import describe
from grader.components import lookup, replaced
from grader.course import Course, what_happened
from grader.errors import FaultError
from grader.mistakes import suggest
from grader.model import Returned
from grader.sandbox.values import RefusedError
from grader.yamlfile import Path, dotted


def call_seed(assignment: Assignment, function: str, case: str, k: int) -> int:
    """Return what the global generators begin from in the k-th call of a case, the student's and the reference's."""
    return _seed("call", assignment.spec.name, function, case, k)


def _seed(*parts: object) -> int:
    """Return a 32-bit seed that is the same on every machine and another for every case."""
    return int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


class Instructor:
    """Makes arguments and wanted values, with the instructor's own code."""

    def __init__(self, course: Course) -> None:
        self.course, self.assignment, self.spec = course, course.assignment, course.assignment.spec

    def make(self, name: str, n: int, k: int) -> tuple[list[Any], Any]:
        """Return the arguments and the wanted value (of a property none) of the k-th call of a function's n-th case."""
        case = self.spec.functions[name].cases[n]
        path: Path = ("functions", name, "cases", n)
        args: dict[str, Any] = {}
        for arg, given in case.args.items():
            seed = _seed("make", self.spec.name, name, case.name, k, arg)  # one of its own, or arguments were alike
            args[arg] = self._value(given, args, seed, (*path, "args", arg))
        if case.holds is not None:
            return list(args.values()), None
        expected = {key: self._expected(value, (*path, "expect", key)) for key, value in case.expect.items()}
        called = call_seed(self.assignment, name, case.name, k)
        return list(args.values()), self._want(name, list(args.values()), expected, called, path)

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
        call: dict[str, Any] = {"module": "inputs", "kwargs": given.model_extra or {}, "offers": args}
        outcome = self.course.call(given.make, [], seed, **call)
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
        raise FaultError(f"inputs.py: {given.make} {what_happened(outcome)}")

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
        want = self.referred(name, args, seed, path)
        if want is None or (len(returns) > 1 and not (isinstance(want, tuple) and len(want) == len(returns))):
            message = f"the reference's {name} returns {describe(want)}, not {', '.join(returns)}"
            raise self.assignment.mistake((*path[:2], "returns"), message)
        for key, value in expected.items():
            if lookup(want, key, returns) is None:
                raise self.assignment.mistake((*path, "expect", key), f"the reference's {name} returns no {key}")
            want = replaced(want, key, value, returns)
        return want

    def referred(self, name: str, args: list[Any], seed: int, path: Path) -> Any:
        """Return what the reference returns; `path` names the case whose arguments these are."""
        try:
            outcome = self.course.call(name, args, seed, offers={})
        except RefusedError as error:
            raise self.assignment.mistake(path, f"the arguments cannot be sent: {error}") from error
        match outcome:
            case Returned(value):
                return value
            case model.Missing(defined):
                message = f"the reference has no function {name!r}{suggest(name, defined)}"
                raise self.assignment.mistake(path[:2], message)
        raise FaultError(f"the reference's {name}, called as in {dotted(path)}, {what_happened(outcome)}")


def load_data(path: pathlib.Path, array: str | None) -> Any:
    """Read the numbers of a `.txt`, `.csv`, `.npy` or `.npz` file; nothing in it is executed.

    Raises:
        Exception: it holds no such numbers.
    """
    if path.suffix in {".npy", ".npz"}:
        loaded = np.load(path, allow_pickle=False)
        return loaded[array] if array is not None else loaded
    return np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None, ndmin=1)
