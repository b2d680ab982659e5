"""Where everything meets: a plan and submissions in, results out.

One child of the fork server serves a submission: it loads the files once and answers call after call. When it dies
or is stopped at a deadline, the next case gets a new child, so that no function takes another with it. The cases of
a function share one deadline, which is kept here, in the grader's process.
"""

import queue
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from grader import messages, model, score
from grader.assignment import Assignment
from grader.compare import compare
from grader.errors import DiedError, FaultError, UsageError
from grader.model import CaseResult, Comparison, ItemResult, Limits, Result, Status, Unreadable
from grader.prepare import Call, Plan, prepare
from grader.sandbox.client import Child, Deadline, Output, load_request
from grader.servers import Server
from grader.submission import Submission

AHEAD = 500
"""How many submissions may be graded or waiting while an earlier one is still at work."""
LONGEST_MESSAGE = 4000
"""In characters: a submission decides how long some of its names are."""


def grade(
    assignment: Assignment, submissions: Sequence[Submission], servers: Sequence[Server], *, public_only: bool = False
) -> Iterator[Result]:
    """Grade submissions, as many at a time as there are servers, and yield their results in their order.

    Raises:
        UsageError, SpecError: there is nothing to grade by, or the assignment is wrong.
        FaultError: the grader, the instructor's code or the machine is at fault.
    """
    plan = prepare(assignment)  # while the servers start
    plan = plan.public() if public_only else plan
    if not plan.calls:
        raise UsageError(f"{assignment.spec.name} has no public cases: they are all graded after handing in")
    _try_out(plan, servers)
    yield from _grade_all(plan, servers, submissions)


def _try_out(plan: Plan, servers: Sequence[Server]) -> None:
    """Load a submission that only imports what the course gives: what fails then would fail for every student."""
    for server in servers:
        server.ready()
    child = servers[0].child(Output())
    imports = "".join(f"import {path[:-3]}\n" for path in plan.given if "/" not in path)
    frame = load_request("empty.py", {"empty.py": imports.encode()}, plan.given, plan.assignment.spec.names)
    outcome = child.ask(frame, Deadline(time.monotonic() + plan.assignment.spec.limits.seconds))
    child.close()
    match outcome:
        case None:
            return
        case model.Raised(kind, message):
            message = f"what the course gives (`given/`, `names`) cannot be loaded: {kind}: {message}"
            raise plan.assignment.mistake((), message)
    raise FaultError(f"the sandbox cannot load even an empty submission: {outcome}")


def _grade_all(plan: Plan, servers: Sequence[Server], submissions: Sequence[Submission]) -> Iterator[Result]:
    free: queue.SimpleQueue[Server] = queue.SimpleQueue()
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
            ahead: deque[Future[Result]] = deque()
            for submission in submissions:
                ahead.append(pool.submit(one, submission))
                if len(ahead) >= AHEAD:
                    yield ahead.popleft().result()
            for future in ahead:
                yield future.result()
        finally:  # when interrupted, do not wait for what is still running
            for server in servers:
                server.close()
            pool.shutdown(cancel_futures=True)


def grade_one(plan: Plan, server: Server, submission: Submission) -> Result:
    """Grade one submission. A fault of ours makes a result without a score, and costs nobody points."""
    began = time.monotonic()
    for _ in range(2):
        run = _Run(plan, server, submission)
        items, fault = _attempt(run, plan)
        if not isinstance(fault, DiedError):  # else once more: the submission can hardly be to blame
            break
    return Result(
        assignment=plan.assignment.spec.name,
        id=submission.id,
        files=tuple(submission.files),
        sha256=submission.sha256,
        items=items,
        max_score=sum(plan.assignment.spec.functions[name].points for name in plan.calls),
        stdout=run.output.text(),
        sandbox=server.layers,
        seconds=time.monotonic() - began,
        fault=_in_words(fault) if fault else None,
    )


def _attempt(run: "_Run", plan: Plan) -> tuple[tuple[ItemResult, ...], Exception | None]:
    """Return the functions' results, or what went wrong here. It must not cost the other submissions theirs."""
    try:
        run.start()
        return tuple(run.item(name) for name in plan.calls), None
    except Exception as error:  # noqa: BLE001
        return (), error
    finally:
        run.close()


def _in_words(fault: Exception) -> str:
    if isinstance(fault, FaultError):
        return str(fault)
    traceback.print_exception(fault)
    return f"the grader itself failed: {type(fault).__name__}: {fault}"


class _Run:
    """One submission, from child to child."""

    def __init__(self, plan: Plan, server: Server, submission: Submission) -> None:
        self.plan, self.server, self.submission = plan, server, submission
        self.spec = plan.assignment.spec
        self.limits: Limits = self.spec.limits
        self.output = Output()
        self.child: Child | None = None
        self.load_frame = load_request(submission.main, submission.files, plan.given, self.spec.names)
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
