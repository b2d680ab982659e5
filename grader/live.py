"""Checks a function where it lives: in the kernel of a notebook, or in any other Python that runs.

    import grader
    grader.check("estep", estep)

The cases, the comparison, the diagnoses and the words are those of `grader check`. Only, no process is started: the
worker that answers in students' processes answers here. Arguments and values are packed and unpacked as if they were
sent, so the function gets copies, and no more of its value counts than what could be handed in.

Nothing can stop a function from outside while it runs here: one that does not end must be interrupted, as any cell.
What takes longer than it may is told afterwards. Functions that it calls are those that the kernel has, and no right
ones can take their place.
"""

import contextlib
import io
import linecache
import random
import sys
import sysconfig
import time
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader import bundle, model
from grader.errors import UsageError
from grader.function import Trial
from grader.mistakes import suggest
from grader.model import ItemResult, Result
from grader.prepare import Plan
from grader.report import terminal
from grader.run import Run
from grader.sandbox import protocol
from grader.sandbox.client import Child, Deadline, Output
from grader.sandbox.modules import build
from grader.sandbox.replies import outcome
from grader.sandbox.values import Record
from grader.sandbox.worker import Reply, Worker, packed
from grader.submission import Handed
from grader.variants import Variants

MODULE = "_checked_by_grader"
"""Under which name the function's module is there while it is checked."""
SESSION = "this session"
"""What is said in place of a file's name."""


@dataclass(frozen=True)
class Report:
    """What a check found; it shows itself as the table."""

    result: Result
    text: str

    def __repr__(self) -> str:
        """Return the table, which a notebook and the prompt print."""
        return self.text.rstrip("\n")


def check(name: str | Callable[..., Any], function: Callable[..., Any] | None = None) -> Report:
    """Check a function against the public cases of the assignment in the current folder or above it.

    Called with the function alone, it goes by the function's own name.

    Raises:
        GraderError: there is no assignment, or none with such a function.
        KeyboardInterrupt: the function was interrupted.
    """
    if callable(name):
        return check(getattr(name, "__name__", ""), name)
    if not isinstance(name, str) or not callable(function):
        raise UsageError('call it with a name and a function: grader.check("estep", estep)')
    with contextlib.closing(bundle.opened()) as variants:
        plan = variants.plan.only(lambda call: not call.using)
        _look_for(name, plan)
        result = _graded(variants, plan, name, function)
    return Report(result, terminal.render([result], f"{result.assignment} (public cases)", later=plan.later))


def _look_for(name: str, plan: Plan) -> None:
    """See that there is a function to check by, and that it can be checked now."""
    functions = list(plan.assignment.spec.functions)
    if name not in functions:
        raise UsageError(f"there is no function {name!r} in this assignment{suggest(name, functions)}")
    if name not in plan.calls:
        raise UsageError(f"{name!r} has no public cases: it is graded after handing in")


def _graded(variants: Variants, plan: Plan, name: str, function: Callable[..., Any]) -> Result:
    began, output, spec = time.monotonic(), Output(), plan.assignment.spec
    with _as_it_was(), _module(name, function, spec.functions) as there:
        run = Run(plan, Here(plan.given), Handed(SESSION), output)
        run.start()
        graded: dict[str, ItemResult] = {}
        for one in [*spec.functions[name].parts, name]:  # what is wrong with its parts is to be mended first
            if one in there and one in plan.calls:
                graded[one] = _Trial(run, variants, one, graded).item()
    item = graded[name]
    return Result(
        assignment=spec.name,
        id=SESSION,
        files=(),
        sha256="",
        items=(item,),
        max_score=item.max_score,
        stdout=output.text(),
        sandbox=(),
        seconds=time.monotonic() - began,
    )


class _Trial(Trial):
    """A function that has no process of its own, in which right parts could take the place of the kernel's."""

    def _try_with_right_parts(self) -> None:
        pass

    def _blame(self) -> None:
        self._send_to_parts()


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Leave the global generators of random numbers, which each call seeds, as they were before."""
    plain, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  the kernel's own
    try:
        yield
    finally:
        random.setstate(plain)
        np.random.set_state(numpy)  # noqa: NPY002


@contextlib.contextmanager
def _module(name: str, function: Callable[..., Any], functions: Iterable[str]) -> Iterator[set[str]]:
    """Have a module with the function, and with those of the assignment that are there beside it; yield their names."""
    module = types.ModuleType(MODULE)
    space = getattr(function, "__globals__", vars(sys.modules["__main__"]))
    there = {other: space[other] for other in functions if other in space} | {name: function}
    vars(module).update(there)
    sys.modules[MODULE] = module
    try:
        yield set(there)
    finally:
        del sys.modules[MODULE]


class Here:
    """What stands for a server where there is no process to start."""

    layers = ()

    def __init__(self, given: Mapping[str, bytes]) -> None:
        self._given = given

    def ready(self) -> None:
        """There is nothing to wait for."""

    def child(self, output: Output) -> Child:
        """Return what answers as a child would."""
        return _Caller(_Kernel(self._given), output)

    def close(self) -> None:
        """There is nothing to end."""


class _Caller(Child):
    """A child that is no process: what it is sent, it does when it is asked for the answer."""

    def __init__(self, worker: "_Kernel", output: Output) -> None:
        self.alive = True
        self._worker, self._output = worker, output
        self._frames: deque[bytes] = deque()

    def deadline(self, wall: float, cpu_seconds: float | None) -> Deadline:
        """Return the deadline on the clock: the CPU time is the kernel's own."""
        del cpu_seconds
        return Deadline(wall)

    def send(self, frames: Iterable[bytes]) -> None:
        """Keep requests."""
        self._frames.extend(frames)

    def receive(self, deadline: Deadline) -> model.Outcome | None:
        """Return the outcome of the next call, or that it was too late."""
        frame = self._frames.popleft()
        if time.monotonic() >= deadline.wall:
            return model.TimedOut(begun=False)
        with contextlib.redirect_stdout(_Printed(self._output)), contextlib.redirect_stderr(_Printed(self._output)):
            reply = packed(self._worker.answer(_unpacked(frame, self._worker.build)))
        return model.TimedOut() if time.monotonic() >= deadline.wall else outcome(_unpacked(reply))

    def close(self, *, ending: bool = False) -> None:
        """There is nothing to end."""
        del ending


def _unpacked(frame: bytes, *build: Callable[[Record], Any]) -> Any:
    header, _ = protocol.lengths(frame[: protocol.PREFIX])
    end = protocol.PREFIX + header
    return protocol.unpack(frame[protocol.PREFIX : end], bytearray(frame[end:]), *build)


class _Printed(io.TextIOBase):
    """Takes what is printed."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def write(self, text: str) -> int:
        """Keep it."""
        self._output.add(text.encode("utf-8", "backslashreplace"))
        return len(text)


class _Kernel(Worker):
    """The worker, for a function that is there already."""

    def __init__(self, given: Mapping[str, bytes]) -> None:
        super().__init__(None, locked=False)  # type: ignore[arg-type]  # only proxies would talk over it
        self._sources = {path.removesuffix(".py").replace("/", "."): data for path, data in given.items()}
        self._modules: dict[str, types.ModuleType] = {}

    def answer(self, request: dict[str, Any]) -> Reply:
        """Return the reply to a request.

        Raises:
            KeyboardInterrupt: the call was interrupted.
        """
        reply = super().answer(request)
        if reply.get("raised", {}).get("type") == "KeyboardInterrupt":
            raise KeyboardInterrupt
        return reply

    def _load(self, main: str, given: Any, paths: list[str] | None = None, **submission: Any) -> Reply:
        del main, given, paths, submission  # all is there
        self.main = MODULE
        return {"loaded": True}

    def build(self, record: Record) -> Any:
        """Return a record as the kernel knows it, else as the course gives it, else as a namedtuple."""
        return build(record, self._sources, self._resolve)

    def _resolve(self, path: str) -> Any:
        module, _, name = path.rpartition(".")
        if module not in self._modules:
            self._modules[module] = sys.modules.get(module) or self._given(module)
        return getattr(self._modules[module], name)

    def _given(self, name: str) -> types.ModuleType:
        module = types.ModuleType(name)
        exec(self._sources[name], vars(module))  # noqa: S102  the course's own, which students import
        return module

    def _frames(self, error: BaseException) -> Iterator[tuple[str, int, str]]:
        """Yield file, line and function of the frames in cells and in the student's files."""
        traceback = error.__traceback__
        while traceback is not None:
            frame, line = traceback.tb_frame, traceback.tb_lineno
            if frame.f_globals.get("__name__") == "__main__" or _is_own(frame.f_code.co_filename):
                yield frame.f_code.co_filename, line or 0, frame.f_code.co_name
            traceback = traceback.tb_next

    def _line(self, filename: str, number: int, _function: str) -> str:
        return linecache.getline(filename, number).strip()

    def _describe(self, error: BaseException) -> dict[str, Any]:
        told = super()._describe(error)
        for frame in told["frames"]:
            frame[0] = shown(frame[0])
        return told


_LIBRARY, _OURS = sysconfig.get_path("stdlib"), str(Path(__file__).parent)
_INSTALLED = {"site-packages", "dist-packages"}


def _is_own(filename: str) -> bool:
    """Tell whether a file is neither a library's nor the grader's."""
    return not (filename.startswith(("<", _OURS, _LIBRARY)) or _INSTALLED & set(Path(filename).parts))


def shown(filename: str) -> str:
    """Return the name of a file as a student knows it: of a cell its number, else the name without its folders."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    cell = shell.compile.format_code_name(filename) if shell else None
    return f"cell {cell[1].removeprefix('In')}" if cell else Path(filename).name
