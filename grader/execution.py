"""Whole notebooks, executed from the first cell to the last by a kernel in a sandbox (`sandbox.executing`).

What comes back is a notebook with its outputs, and of each cell what became of it. All of it was made beside the
student's code, so it is for people to look at: its form is checked here, and nothing else about it is believed. The
time that all cells have together is kept in the sandbox, where those that were run can still be told, and a little
later once more here.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Self

from grader import model
from grader.errors import FaultError, LevelError, UsageError
from grader.handin import Execute
from grader.model import LEVELS, Level, Limits, Sandbox
from grader.sandbox import protocol
from grader.sandbox.client import Deadline, Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.replies import SIGKILL, TEXT, how
from grader.sandbox.values import RefusedError
from grader.spec import Spec

NEEDED = ("nbclient", "nbformat", "ipykernel")
"""The packages that execution takes besides the grader's own."""
PLOTS = ("matplotlib",)
"""What notebooks may import besides the assignment's packages, where it is installed."""
OVERHEAD_MIB = 256
"""The memory of the kernels and of what executes them, besides the notebook's."""
SCRATCH_MIB = 64
"""How large the working folder may become, unless the assignment gives more."""
LATER = 10.0
"""By how much the deadline that is kept here is later than that in the sandbox, in seconds."""
LONGEST = 32 * 2**20
"""The longest executed notebook, in bytes."""
MOST_PARTS = 200_000
"""How many texts, numbers, lists and objects it may have: in memory each takes many times what it takes as text."""
_BAD = model.BadValue("what executed it sent something that is no executed notebook")
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # without an end too, or each quote is a beginning


@dataclass(frozen=True, slots=True)
class CellRun:
    """What became of a code cell; `number` counts those that are not empty, from 1."""

    number: int
    problem: model.Raised | model.TimedOut | None


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a notebook. Its outcome is `Returned` only where every cell was run, with a problem or without."""

    outcome: model.Outcome
    notebook: bytes
    """The notebook with its outputs, as far as it was executed; empty where there is none."""
    cells: tuple[CellRun, ...]
    """The code cells that were begun; where not every one was run, it ended in the last of them."""
    seconds: float


class Executor:
    """Executes notebooks, one at a time, each in a new child of a fork server of its own.

    Raises:
        UsageError: the packages that it takes are not installed.
    """

    def __init__(self, spec: Spec, demanded: Level = "user") -> None:
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            what, them = " and ".join(missing), "them" if missing[1:] else "it"
            raise UsageError(
                f"{spec.name} has notebooks executed, which takes {what}: install {them} with "
                "pip install 'proofgrade[execute]'"
            )
        self._execute = spec.execute or Execute()
        self._limits = _limits(spec.limits, self._execute)
        self._server = ForkServer(
            Zygote(),
            self._limits,
            [*spec.packages, *filter(find_spec, PLOTS)],
            kernel=True,
            demanded=max(demanded, "user", key=LEVELS.index),
        )

    def execute(self, notebook: bytes, files: Mapping[str, bytes], output: Output) -> Executed:
        """Execute a notebook in a folder with these files; what is printed past the notebook is added to `output`.

        Raises:
            LevelError, FaultError: as `ForkServer.child`; no points are lost for it.
        """
        began = time.monotonic()
        self._hold(files)
        frame = _request(notebook, files, self._execute)
        child = self._server.child(output)
        try:
            deadline = Deadline(time.monotonic() + self._execute.seconds + LATER)
            outcome = child.ask(frame, deadline)
            outcome, executed, cells = believed(outcome, lambda: child.receive(deadline))
        finally:
            child.close()
        return Executed(outcome, executed, cells, time.monotonic() - began)

    def _hold(self, files: Mapping[str, bytes]) -> None:
        mib = sum(map(len, files.values())) / 2**20
        if mib > self._limits.scratch_mib / 2:
            raise FaultError(
                f"a notebook's data takes {mib:.1f} MiB, more than half of the folder that it is executed in: "
                f"raise limits.scratch_mib to {math.ceil(2 * mib)}"
            )

    def close(self) -> None:
        """End the fork server and what it has started."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def for_a_class(spec: Spec, sandbox: Sandbox | None, jobs: int) -> Iterator[list[Executor]]:
    """Open an executor for each of so many submissions at a time, and close them in the end; none where none is asked.

    Raises:
        UsageError: the packages that it takes are not installed.
        LevelError: a plain process was asked for.
    """
    with ExitStack() as stack:
        if spec.execute is None:
            yield []
            return
        if sandbox == "process":
            raise LevelError(f"{spec.name} has notebooks executed, and that is done in a sandbox or not at all")
        demanded: Level = max(spec.sandbox, sandbox or spec.sandbox, key=LEVELS.index)
        yield [stack.enter_context(Executor(spec, demanded)) for _ in range(jobs)]


Believed = tuple[model.Outcome, bytes, tuple[CellRun, ...]]


def believed(outcome: model.Outcome | None, after: Callable[[], model.Outcome | None]) -> Believed:
    """Return an outcome, notebook and cells from what came; `after` waits for how the child ends."""
    if not isinstance(outcome, model.Returned):
        return outcome or _BAD, b"", ()
    match outcome.value:
        case {"notebook": bytes(notebook), "cells": list(problems), "ended": ended}:
            if len(notebook) > LONGEST:
                return model.TooLarge(f"a notebook of more than {LONGEST / 2**20:g} MiB"), b"", ()
            if _is_notebook(notebook):
                cells = tuple(CellRun(n, _problem(problem)) for n, problem in enumerate(problems, 1))
                return _end(ended, after), notebook, cells
    return _BAD, b"", ()


def _is_notebook(data: bytes) -> bool:
    """Tell whether it is JSON in the form of a notebook, of no more parts than can be read without harm."""
    without_texts = _TEXTS.sub(b"", data)
    if sum(map(without_texts.count, (b",", b"[", b"{"))) > MOST_PARTS:
        return False
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        return False
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return isinstance(cells, list) and all(map(_is_cell, cells))


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("source"), str):
        return False
    return cell.get("cell_type") != "code" or isinstance(cell.get("outputs"), list)


def _limits(limits: Limits, execute: Execute) -> Limits:
    return Limits(
        seconds=execute.seconds,
        memory_mib=min(limits.memory_mib + OVERHEAD_MIB, 2**20),
        scratch_mib=max(limits.scratch_mib, SCRATCH_MIB),
    )


def _request(notebook: bytes, files: Mapping[str, bytes], execute: Execute) -> bytes:
    details = {"cell_seconds": execute.cell_seconds, "seconds": execute.seconds}
    try:
        return protocol.pack({"execute": {"notebook": notebook, "files": dict(files), **details}})
    except RefusedError as error:
        raise FaultError(f"a notebook and its files cannot be sent to be executed: {error}") from error


def _problem(problem: Any) -> model.Raised | model.TimedOut | None:
    match problem:
        case None:
            return None
        case "timeout":
            return model.TimedOut()
        case [str(kind), str(message)]:
            return model.Raised(kind[:TEXT], message[:TEXT])
    return model.Raised("Exception", "")  # it fails, whatever else it is


def _end(ended: Any, after: Callable[[], model.Outcome | None]) -> model.Outcome:
    """Return how it ended; where the kernel did, the child ends with it, and the fork server knows of what."""
    match ended:
        case "whole":
            return model.Returned(None)
        case "time" | "deaf":
            return model.TimedOut()
        case {"dead": int(code)}:
            known = after()
            if isinstance(known, model.OutOfMemory | model.TimedOut):
                return known
            return model.Killed("signal SIGKILL" if code == -SIGKILL else how(code))
    return _BAD
