"""The instructor's code in its worker: `inputs.py` makes the arguments, the reference the wanted values."""

import pathlib
import time
from hashlib import sha256
from typing import Any

import numpy as np

from grader import model
from grader.assignment import Assignment
from grader.compare import describe
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


def request(assignment: Assignment, path: Path, args: list[Any], seed: int, **instructor: Any) -> bytes:
    """Return the request for a call of the function that the path of a case names."""
    try:
        return client.call_request(str(path[1]), args, seed, **instructor)
    except RefusedError as error:
        raise assignment.mistake(path, f"the arguments cannot be sent: {error}") from error


def call_seed(assignment: Assignment, function: str, case: str, k: int) -> int:
    """Return what the global generators begin from in the k-th call of a case, the student's and the reference's."""
    return _seed("call", assignment.spec.name, function, case, k)


def _seed(*parts: object) -> int:
    """Return a 32-bit seed that is the same on every machine and another for every case."""
    return int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


class Instructor:
    """The instructor's code in its worker, which is started when it is first needed."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.spec = assignment, assignment.spec
        self.child: client.Child | None = None

    def close(self) -> None:
        """End the worker."""
        if self.child:
            self.child.close()

    def make(self, name: str, n: int, k: int) -> tuple[list[Any], Any]:
        """Return the arguments and the wanted value of the k-th call of a function's n-th case."""
        case = self.spec.functions[name].cases[n]
        path: Path = ("functions", name, "cases", n)
        args: dict[str, Any] = {}
        for arg, given in case.args.items():
            seed = _seed("make", self.spec.name, name, case.name, k, arg)  # one of its own, or arguments were alike
            args[arg] = self._value(given, args, seed, (*path, "args", arg))
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
        outcome = self._ask(request(self.assignment, path, args, seed, offers={}))
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
