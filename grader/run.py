"""One submission's functions, from child to child.

One child of the fork server serves a submission: it loads the files once and answers call after call. When it dies
or is stopped at a deadline, the next case gets a new child, so that no function takes another with it. The cases of
a function share one deadline, which is kept here, in the grader's process.
"""

import time
from collections.abc import Sequence

from grader import messages, model, score
from grader.compare import compare
from grader.errors import FaultError
from grader.model import CaseResult, Comparison, ItemResult, Limits, Status, Unreadable
from grader.prepare import Call, Plan
from grader.sandbox.client import Child, Deadline, Output, load_request
from grader.servers import Server
from grader.submission import Handed

LONGEST_MESSAGE = 4000
"""In characters: a submission decides how long some of its names are."""


class Run:
    """One submission, from child to child."""

    def __init__(self, plan: Plan, server: Server, submission: Handed, output: Output) -> None:
        self.plan, self.server, self.submission = plan, server, submission
        self.spec = plan.assignment.spec
        self.limits: Limits = self.spec.limits
        self.output = output
        self.child: Child | None = None
        self.load_frame = load_request(self.submission.main, self.submission.files, plan.given, self.spec.names)
        self.unloadable: model.Outcome | None = None
        self.deadline = Deadline(0)
        """Of the function that is graded."""

    def start(self) -> None:
        """Load the submission; what keeps it from loading is then the outcome of every case."""
        if self.submission.problem is not None:
            self.unloadable = Unreadable(self.submission.problem, self.submission.absent)
        else:
            self.unloadable = self._load(self._time())

    def _time(self) -> float:
        return time.monotonic() + self.limits.seconds

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

    def item(self, name: str) -> ItemResult:
        """Grade a function. All its calls are sent at once, so the child works on while its values are compared."""
        calls = self.plan.calls[name]
        child = self._living()
        if child:
            child.send(call.request for call in calls)
        elif self.unloadable is None:  # an earlier function ended it; loading is not on this one's time
            self.unloadable = self._load(self._time(), calls)
        self.deadline = self._deadline(self._time())
        cases = [self._case(name, calls[n:]) for n in range(len(calls))]
        return score.item(name, self.spec.functions[name].points, cases, self.spec.scoring)

    def _case(self, function: str, calls: Sequence[Call]) -> CaseResult:
        """Grade the first of the calls that are left."""
        call, began = calls[0], time.monotonic()
        failure = self.unloadable
        if failure is None and self._living() is None:
            if began >= self.deadline.wall:
                outcome: model.Outcome = model.TimedOut(begun=False)
                return self._result(call, outcome, messages.of_outcome(function, outcome, self.limits), 0.0)
            failure = self._load(self.deadline.wall, calls)
            self.deadline = self._deadline(self.deadline.wall)
        if failure is not None:
            why = messages.of_loading(self.submission.main, failure, self.limits)
            return self._result(call, failure, why, time.monotonic() - began)
        outcome = self._receive()
        shown = call.visibility == "public"
        seconds = time.monotonic() - began
        if not isinstance(outcome, model.Returned):
            why = messages.of_outcome(function, outcome, self.limits, call.arguments, shown=shown)
            return self._result(call, outcome, why, seconds)
        comparison = compare(outcome.value, call.want, call.rules)
        message = messages.of_case(function, comparison, shown=shown)
        return self._result(call, outcome, message, seconds, comparison)

    def _load(self, wall: float, calls: Sequence[Call] = ()) -> model.Outcome | None:
        """Load the submission in a new child, send it calls, and return what keeps it from loading."""
        self.child = self.server.child(self.output)
        outcome = self.child.ask(self.load_frame, self._deadline(wall))
        if isinstance(outcome, model.Returned):
            return model.BadValue("its process sent an answer before it was asked")
        if outcome is None:
            self.child.send(call.request for call in calls)
        return outcome

    def _receive(self) -> model.Outcome:
        if self.child is None:
            raise FaultError("an answer was awaited before the submission was loaded")
        outcome = self.child.receive(self.deadline)
        if isinstance(outcome, model.TimedOut):
            self.deadline.wall = time.monotonic()  # the function's time is over, whichever it was
        return model.BadValue("its process sent an answer to another question") if outcome is None else outcome

    def _result(
        self, call: Call, outcome: model.Outcome, message: str, seconds: float, comparison: Comparison | None = None
    ) -> CaseResult:
        status = _status(outcome, comparison)
        if call.remark and status != "passed" and not message.endswith(messages.FREE):
            message = f"{message} {messages.FREE}"
        if len(message) > LONGEST_MESSAGE:
            message = message[:LONGEST_MESSAGE] + " …"
        return CaseResult(
            name=call.name,
            status=status,
            visibility=call.visibility,
            score=0.0,
            max_score=0.0,
            seconds=seconds,
            message=message,
            remark=call.remark,
        )


def _status(outcome: model.Outcome, comparison: Comparison | None) -> Status:
    """Return the status of a case. Only a value that came and was compared, without a problem, has passed."""
    match outcome:
        case model.Returned():
            return "passed" if comparison is not None and not comparison.problems else "failed"
        case model.Raised() | model.WrongSignature() | model.TooLarge():
            return "error"
        case model.TimedOut():
            return "timeout"
        case model.OutOfMemory():
            return "memory"
        case model.Killed() | model.Flooded():
            return "killed"
        case model.Blocked():
            return "blocked"
        case model.Missing():
            return "missing"
        case model.BadValue():
            return "failed"
        case model.Unreadable(absent=absent):
            return "missing" if absent else "error"
