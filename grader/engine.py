"""Where everything meets: a plan and submissions in, results out.

One child of the fork server serves a submission: it loads the files once and answers call after call. When it dies
or is stopped at a deadline, the next case gets a new child, so that no function takes another with it. The cases of
a function share one deadline, which is kept here, in the grader's process.
"""

import queue
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from grader import messages, model, score
from grader.assignment import Assignment
from grader.compare import compare
from grader.errors import FaultError, UsageError
from grader.model import CaseResult, Comparison, ItemResult, Limits, Result, Status, Unreadable
from grader.prepare import Call, Plan, prepare
from grader.sandbox.client import Child, Output, load_request
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.submission import Submission

LONGEST_MESSAGE = 4000
"""In characters: a submission decides how long some of its names are."""


def grade(
    assignment: Assignment, submissions: Sequence[Submission], zygotes: Sequence[Zygote], *, public_only: bool = False
) -> Iterator[Result]:
    """Grade submissions, as many at a time as there are zygotes, and yield their results in their order.

    Raises:
        UsageError, SpecError: there is nothing to grade by, or the assignment is wrong.
        FaultError: the grader, the instructor's code or the machine is at fault.
    """
    settings = assignment.spec
    with ExitStack() as stack:
        servers = [
            stack.enter_context(ForkServer(zygote, settings.limits.memory_mib, settings.packages)) for zygote in zygotes
        ]
        plan = prepare(assignment)  # while the servers start
        plan = plan.public() if public_only else plan
        if not plan.calls:
            raise UsageError(f"{settings.name} has no public cases: they are all graded after handing in")
        _try_out(plan, servers)
        yield from _grade_all(plan, servers, submissions)


def _try_out(plan: Plan, servers: Sequence[ForkServer]) -> None:
    """Load a submission that only imports what the course gives: what fails then would fail for every student."""
    for server in servers:
        server.ready()
    child = servers[0].child(Output())
    imports = "".join(f"import {path[:-3]}\n" for path in plan.given if "/" not in path)
    frame = load_request("empty.py", {"empty.py": imports.encode()}, plan.given, plan.assignment.spec.names)
    outcome = child.ask(frame, time.monotonic() + plan.assignment.spec.limits.seconds)
    child.close()
    match outcome:
        case None:
            return
        case model.Raised(kind, message):
            message = f"what the course gives (`given/`, `names`) cannot be loaded: {kind}: {message}"
            raise plan.assignment.mistake((), message)
    raise FaultError(f"the sandbox cannot load even an empty submission: {outcome}")


def _grade_all(plan: Plan, servers: Sequence[ForkServer], submissions: Sequence[Submission]) -> Iterator[Result]:
    free: queue.SimpleQueue[ForkServer] = queue.SimpleQueue()
    for server in servers:
        free.put(server)

    def one(submission: Submission) -> Result:
        server = free.get()
        try:
            return grade_one(plan, server, submission)
        finally:
            free.put(server)

    with ThreadPoolExecutor(len(servers)) as pool:
        try:
            yield from pool.map(one, submissions)
        finally:  # when interrupted, do not wait for what is still running
            for server in servers:
                server.close()
            pool.shutdown(cancel_futures=True)


def grade_one(plan: Plan, server: ForkServer, submission: Submission) -> Result:
    """Grade one submission. A fault of ours makes a result without a score, and costs nobody points."""
    began = time.monotonic()
    run = _Run(plan, server, submission)
    fault = None
    items: list[ItemResult] = []
    try:
        run.start()
        items = [run.item(name) for name in plan.calls]
    except FaultError as error:
        fault = str(error)
    except Exception as error:  # noqa: BLE001  a mistake of ours in one submission must not cost the others theirs
        traceback.print_exc()
        fault = f"the grader itself failed: {type(error).__name__}: {error}"
    finally:
        run.close()
    return Result(
        assignment=plan.assignment.spec.name,
        id=submission.id,
        files=tuple(submission.files),
        sha256=submission.sha256,
        items=tuple(items),
        max_score=sum(plan.assignment.spec.functions[name].points for name in plan.calls),
        stdout=run.output.text(),
        sandbox=server.layers,
        seconds=time.monotonic() - began,
        fault=fault,
    )


class _Run:
    """One submission, from child to child."""

    def __init__(self, plan: Plan, server: ForkServer, submission: Submission) -> None:
        self.plan, self.server, self.submission = plan, server, submission
        self.spec = plan.assignment.spec
        self.limits: Limits = self.spec.limits
        self.output = Output()
        self.child: Child | None = None
        self.load_frame = load_request(submission.main, submission.files, plan.given, self.spec.names)
        self.unloadable: model.Outcome | None = None

    def start(self) -> None:
        """Load the submission; what keeps it from loading is then the outcome of every case."""
        if self.submission.problem is not None:
            self.unloadable = Unreadable(self.submission.problem, self.submission.absent)
        else:
            self.unloadable = self._load(time.monotonic() + self.limits.seconds)

    def close(self) -> None:
        if self.child is not None:
            self.child.close()

    def item(self, name: str) -> ItemResult:
        """Grade a function. All its calls are sent at once, so the child works on while its values are compared."""
        calls = self.plan.calls[name]
        if self.child is not None and self.child.alive:
            self.child.send(call.request for call in calls)
        elif self.unloadable is None:  # an earlier function ended it; loading is not on this one's time
            self.unloadable = self._load(time.monotonic() + self.limits.seconds, calls)
        deadline = time.monotonic() + self.limits.seconds
        cases = [self._case(name, calls[n:], deadline) for n in range(len(calls))]
        return score.item(name, self.spec.functions[name].points, cases, self.spec.scoring)

    def _case(self, function: str, calls: Sequence[Call], deadline: float) -> CaseResult:
        """Grade the first of the calls that are left."""
        call, began = calls[0], time.monotonic()
        failure = self.unloadable
        if failure is None and (self.child is None or not self.child.alive):
            if began >= deadline:
                outcome: model.Outcome = model.TimedOut(begun=False)
                return self._result(call, outcome, messages.of_outcome(function, outcome, self.limits), 0.0)
            failure = self._load(deadline, calls)
        if failure is not None:
            why = messages.of_loading(self.submission.main, failure, self.limits)
            return self._result(call, failure, why, time.monotonic() - began)
        outcome = self._receive(deadline)
        shown = call.visibility == "public"
        seconds = time.monotonic() - began
        if not isinstance(outcome, model.Returned):
            why = messages.of_outcome(function, outcome, self.limits, call.arguments, shown=shown)
            return self._result(call, outcome, why, seconds)
        comparison = compare(outcome.value, call.want, call.rules)
        message = messages.of_case(function, comparison, shown=shown)
        return self._result(call, outcome, message, seconds, comparison)

    def _load(self, deadline: float, calls: Sequence[Call] = ()) -> model.Outcome | None:
        """Load the submission in a new child, send it calls, and return what keeps it from loading."""
        self.child = self.server.child(self.output)
        outcome = self.child.ask(self.load_frame, deadline)
        if isinstance(outcome, model.Returned):
            return model.BadValue("its process sent an answer before it was asked")
        if outcome is None:
            self.child.send(call.request for call in calls)
        return outcome

    def _receive(self, deadline: float) -> model.Outcome:
        if self.child is None:
            raise FaultError("an answer was awaited before the submission was loaded")
        outcome = self.child.receive(deadline)
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
        case model.Raised() | model.WrongSignature():
            return "error"
        case model.TimedOut():
            return "timeout"
        case model.OutOfMemory():
            return "memory"
        case model.Killed():
            return "killed"
        case model.Missing():
            return "missing"
        case model.BadValue():
            return "failed"
        case model.Unreadable(absent=absent):
            return "missing" if absent else "error"
