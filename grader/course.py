"""The instructor's own Python in a worker of its own, started when it is first needed, and again if it dies."""

import threading
import time
from typing import Any

from grader import model
from grader.assignment import Assignment
from grader.errors import FaultError
from grader.sandbox.client import Child, Deadline
from grader.sandbox.requests import call_request, parameters_request
from grader.sandbox.spawned import trusted_worker

SECONDS = 120.0
"""How long one call of the instructor's own code may take."""


class Course:
    """The reference, `inputs.py`, `slips.py` and what else the instructor wrote.

    `memory` (bytes beyond what it has when it is loaded) is for one that is asked with what students made.
    """

    def __init__(self, assignment: Assignment, memory: int | None = None) -> None:
        self.assignment, self._memory = assignment, memory
        self._child: Child | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the worker."""
        if self._child:
            self._child.close()

    def call(
        self, function: str, args: list[Any], seed: int, *, seconds: float = SECONDS, **more: Any
    ) -> model.Outcome:
        """Call a function of the reference, or of the `module` that is named.

        Raises:
            RefusedError: the arguments cannot be sent.
            SpecError: there is no such reference.
            FaultError: the reference cannot be loaded.
        """
        return self._asked(call_request(function, args, seed, **more), seconds)

    def parameters(self, function: str) -> list[str]:
        """Return the names of what a function of the reference takes, in order; none where that cannot be told.

        Raises:
            SpecError: there is no such reference.
            FaultError: the reference cannot be loaded.
        """
        outcome = self._asked(parameters_request(function), SECONDS)
        return [str(name) for name in outcome.value] if isinstance(outcome, model.Returned) else []

    def _asked(self, frame: bytes, seconds: float) -> model.Outcome:
        with self._lock:
            child = self._started()
            child.print_freely()
            outcome = child.ask(frame, Deadline(time.monotonic() + seconds))
        return model.BadValue("it answered a call as if it had been loaded") if outcome is None else outcome

    def start(self) -> None:
        """Start the worker, so that no call has to wait for it."""
        with self._lock:
            self._started()

    def _started(self) -> Child:
        if self._child is None or not self._child.alive:
            self._child = self._start()
        return self._child

    def _start(self) -> Child:
        folder = self.assignment.folder.resolve()
        given = [path.stem for path in sorted((folder / "given").glob("*.py"))]
        main = self.assignment.spec.reference or "builtins"
        child, output, outcome = trusted_worker(main, [folder, folder / "given"], given, self._memory)
        match outcome:
            case None:
                return child
            case model.Raised("ModuleNotFoundError", message) if _is_about(message, main):
                child.close()
                raise self.assignment.mistake(("reference",), f"there is no module {main!r} to import")
        child.close()
        raise FaultError(f"the reference {main} {what_happened(outcome)}\n{output.text()}".rstrip())


def _is_about(message: str, module: str) -> bool:
    """Tell whether the module that was not found is the one that was asked for, or one that holds it."""
    quoted = message.partition("'")[2].partition("'")[0]
    return bool(quoted) and f"{module}.".startswith(f"{quoted}.")


def what_happened(outcome: model.Outcome) -> str:
    """Return what the instructor's code did that did not return a value, after the name of the function."""
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
