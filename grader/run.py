"""One submission's code, from child to child.

One child of the fork server serves a submission: it loads the files once and answers call after call. When it dies
or is stopped at a deadline, the next call gets a new child, so that no function takes another with it. The calls of
a function share one deadline, which is kept here, in the grader's process.

A notebook is loaded cell by cell, each with a deadline of its own. What a cell raises is kept, and the next ones are
run; a cell that ends its process or takes too long is left out, and all others are run again in a new one.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader import messages, model
from grader.errors import FaultError
from grader.model import Limits, Unreadable
from grader.prepare import Plan
from grader.sandbox.client import Answering, Child, Deadline, Output
from grader.sandbox.requests import cell_request, load_request, value_request
from grader.servers import CELL_TIMES, Server
from grader.submission import Handed

MOST_LEFT_OUT = 3
"""How many cells are left out of a notebook; with more such cells it does not load."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call did, and how long that took; `loading` where the submission did not even load for it."""

    outcome: model.Outcome
    seconds: float
    loading: bool = False


class Run:
    """One submission, from child to child."""

    def __init__(self, plan: Plan, server: Server, submission: Handed, output: Output) -> None:
        self.plan, self.server, self.submission, self.output = plan, server, submission, output
        self.limits: Limits = plan.assignment.spec.limits
        self.child: Child | None = None
        names = plan.assignment.spec.names
        main, files = submission.main, submission.files
        if main.endswith(".ipynb"):  # its cells are run in an empty module, of a name that no file of theirs has
            main = str(PurePosixPath(main).with_name("_notebook_.py"))
            files = {**files, main: b""}
        self.load_frame = load_request(main, files, plan.given, names)
        self.unloadable: model.Outcome | None = None
        self.deadline = Deadline(0)
        """Of the function that is graded."""
        self.problems: dict[str, model.Outcome] = {}
        """What went wrong in cells of a notebook, by their names."""
        self._left_out: list[str] = []

    def start(self) -> None:
        """Load the submission; what keeps it from loading is then the outcome of every call."""
        if self.submission.problem is not None:
            self.unloadable = Unreadable(self.submission.problem, self.submission.absent)
        else:
            self.unloadable = self._load(self._time_to_load())

    def _time(self) -> float:
        return time.monotonic() + self.limits.seconds

    def _time_to_load(self) -> float:
        return time.monotonic() + self.limits.seconds * (CELL_TIMES if self.submission.cells else 1)

    def _living(self) -> Child | None:
        return self.child if self.child is not None and self.child.alive else None

    def _deadline(self, wall: float) -> Deadline:
        """Return the deadline on the clock, and by CPU time if that is limited and there is a process to use it."""
        child = self._living()
        return child.deadline(wall, self.limits.cpu_seconds) if child else Deadline(wall)

    def close(self) -> None:
        """End the child."""
        if self.child is not None:
            self.child.close()

    def answers(self, frames: Sequence[bytes]) -> Iterator[Answer]:
        """Yield what the calls of a function did. All are sent at once, so that the child need not wait for us."""
        child = self._living()
        if child:
            child.send(frames)
        elif self.unloadable is None:  # an earlier function ended it; loading is not on this one's time
            self.unloadable = self._load(self._time_to_load(), frames)
        self.begin()
        for n in range(len(frames)):
            yield self._answer(frames[n:])

    def begin(self) -> None:
        """Begin a function's time."""
        self.deadline = self._deadline(self._time())

    def ask(self, frame: bytes, answer: Answering | None = None) -> Answer:
        """Return what another call did, on the time of the same function; `answer` is for what it asks meanwhile."""
        began = time.monotonic()
        failure = self._reload()
        if failure is not None:
            return failure
        if self.child is None:
            raise FaultError("a call was to be sent before the submission was loaded")
        outcome = self.child.consult(frame, self.deadline, answer) if answer else self.child.ask(frame, self.deadline)
        return Answer(self._told(outcome), time.monotonic() - began)

    def _answer(self, frames: Sequence[bytes]) -> Answer:
        """Return what the first of the calls that are left did."""
        began = time.monotonic()
        failure = self._reload(frames)
        if failure is not None:
            return failure
        if self.child is None:
            raise FaultError("an answer was awaited before the submission was loaded")
        return Answer(self._told(self.child.receive(self.deadline)), time.monotonic() - began)

    def _reload(self, frames: Sequence[bytes] = ()) -> Answer | None:
        """See that there is a child, sent these calls if it is a new one; return what keeps it from being there."""
        began = time.monotonic()
        failure = self.unloadable
        if failure is None and self._living() is None:
            if began >= self.deadline.wall:
                return Answer(model.TimedOut(begun=False), 0.0)
            failure = self._load(self.deadline.wall, frames)
            if failure is not None and time.monotonic() >= self.deadline.wall:  # it may load when there is more time
                return Answer(model.TimedOut(begun=False), time.monotonic() - began)
            self.deadline = self._deadline(self.deadline.wall)
        return Answer(failure, time.monotonic() - began, loading=True) if failure is not None else None

    def _load(self, wall: float, frames: Sequence[bytes] = ()) -> model.Outcome | None:
        """Load the submission in a new child, send it calls, and return what keeps it from loading."""
        self.child = self.server.child(self.output)
        outcome = self.child.ask(self.load_frame, self._deadline(wall))
        if isinstance(outcome, model.Returned):
            return model.BadValue("its process sent an answer before it was asked")
        if outcome is None:
            outcome = self._run_cells(self.child, wall)
        if outcome is None:
            self.child.send(frames)
        return outcome

    def _run_cells(self, child: Child, wall: float) -> model.Outcome | None:
        """Run the cells of a notebook, and again without one that the process does not survive."""
        cells = [cell for cell in self.submission.cells if cell.name not in self._left_out]
        child.send([cell_request(*cell) for cell in cells])
        for cell in cells:
            until = min(self._time(), wall)
            outcome = child.receive(self._deadline(until))
            if outcome == model.TimedOut() and until == wall:  # which is not this cell's fault
                return Unreadable(
                    f"its cells take more than {CELL_TIMES * self.limits.seconds:g} s together (up to {cell.name})"
                )
            if outcome is not None:
                self.problems[cell.name] = _as_problem(outcome)
            if not child.alive:
                self._left_out.append(cell.name)
                return self._too_much(wall) or self._load(wall)
        return None

    def _too_much(self, wall: float) -> model.Outcome | None:
        """Return why a notebook is not loaded once more."""
        names = ", ".join(self._left_out)
        if time.monotonic() >= wall:
            return Unreadable(f"its cells take more than {CELL_TIMES * self.limits.seconds:g} s together ({names})")
        if len(self._left_out) > MOST_LEFT_OUT:
            return Unreadable(f"too many of its cells end the process or take too long: {names}")
        return None

    def values(self, sources: Mapping[str, str]) -> dict[str, model.Outcome]:
        """Return what expressions, which may be the names of variables, are where the submission is loaded."""
        self.begin()
        return {name: self.ask(value_request(source)).outcome for name, source in sources.items()}

    def explained(self, answer: Answer, function: str) -> Answer:
        """Return an answer with the cell that should have defined the function, where it is missing."""
        if isinstance(answer.outcome, model.Missing):
            defines = re.compile(rf"\bdef\s+{function}\b|^{function}\s*=".encode(), re.MULTILINE)
            for cell in self.submission.cells:
                if cell.name in self.problems and defines.search(cell.source):
                    why = messages.of_cell(cell.name, self.problems[cell.name], self.limits)
                    return replace(answer, outcome=replace(answer.outcome, because=why))
        return answer

    def _told(self, outcome: model.Outcome | None) -> model.Outcome:
        if isinstance(outcome, model.TimedOut):
            self.deadline.wall = time.monotonic()  # the function's time is over, whichever it was
        return model.BadValue("its process sent an answer to another question") if outcome is None else outcome


def _as_problem(outcome: model.Outcome) -> model.Outcome:
    if isinstance(outcome, model.Returned | model.Missing | model.WrongSignature):
        return model.BadValue("its process sent an answer to another question")
    return outcome
