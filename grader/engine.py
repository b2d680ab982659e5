"""Where everything meets: a plan and submissions in, results out.

Each submission is graded at one place (see `parts`), and as many at a time as there are places.
"""

import contextlib
import queue
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest

from grader import model, shared
from grader.assignment import Assignment
from grader.errors import DiedError, FaultError, UsageError
from grader.execution import Executor
from grader.model import Result
from grader.parts import Graded, Place, grade_parts
from grader.prepare import Plan, prepare
from grader.sandbox.client import Deadline, Output
from grader.sandbox.requests import load_request
from grader.servers import Server
from grader.submission import Submission
from grader.variants import Variants

Executors = Sequence[Executor]
AHEAD = 500
"""How many submissions may be graded or waiting while an earlier one is still at work."""


def grade(
    assignment: Assignment, submissions: Sequence[Submission], servers: Sequence[Server], executors: Executors = ()
) -> Iterator[Result]:
    """Grade submissions, as many at a time as there are servers, and yield their results in their order.

    Raises:
        SpecError: the assignment is wrong.
        FaultError: the grader, the instructor's code or the machine is at fault.
    """
    with contextlib.closing(Variants(prepare(assignment))) as variants:  # while the servers start
        yield from grade_by(variants, submissions, servers, executors)


def grade_by(
    variants: Variants, submissions: Sequence[Submission], servers: Sequence[Server], executors: Executors = ()
) -> Iterator[Result]:
    """Grade submissions as `grade` does, by a plan that is prepared."""
    begin(variants.plan, servers, executors)
    yield from grade_all(variants, servers, submissions, executors)


def begin(plan: Plan, servers: Sequence[Server], executors: Executors = ()) -> None:
    """See that there is something to grade by, and that it can be.

    Raises:
        UsageError: there is nothing to grade by.
    """
    if not plan.calls and not plan.assignment.spec.questions and not executors:
        raise UsageError(f"{plan.assignment.spec.name} has no public cases: they are all graded after handing in")
    if servers:
        try_out(plan, servers)


def try_out(plan: Plan, servers: Sequence[Server]) -> None:
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


def grade_all(
    variants: Variants,
    servers: Sequence[Server],
    submissions: Sequence[Submission],
    executors: Executors = (),
) -> Iterator[Result]:
    """Grade submissions at places that are known to work."""
    course = variants.plan.assignment
    files = {**variants.plan.given, **shared.data(course)[0]} if executors else {}
    places = [Place(server, executor, files) for server, executor in zip_longest(servers, executors)]
    if not places:
        yield from (grade_one(variants, Place(None), submission) for submission in submissions)
        return
    free: queue.SimpleQueue[Place] = queue.SimpleQueue()
    for place in places:
        free.put(place)

    def one(submission: Submission) -> Result:
        place = free.get()
        try:
            return grade_one(variants, place, submission)
        finally:
            free.put(place)

    with ThreadPoolExecutor(len(places)) as pool:
        try:
            ahead: deque[Future[Result]] = deque()
            for submission in submissions:
                ahead.append(pool.submit(one, submission))
                if len(ahead) >= AHEAD:
                    yield ahead.popleft().result()
            for future in ahead:
                yield future.result()
        except BaseException:  # when interrupted, do not wait for what is still running
            for place in places:
                place.close()
            pool.shutdown(cancel_futures=True)
            raise


def grade_one(variants: Variants, place: Place, submission: Submission) -> Result:
    """Grade one submission. A fault of ours makes a result without a score, and costs nobody points.

    Where there is no server nothing of it is run: then there are questions alone.
    """
    began, plan = time.monotonic(), variants.plan
    for _ in range(2):
        output = Output()
        graded = _attempt(variants, place, submission, output)
        if not isinstance(graded.fault, DiedError):  # else once more: the submission can hardly be to blame
            break
    return Result(
        assignment=plan.assignment.spec.name,
        id=submission.id,
        files=tuple(submission.files),
        sha256=submission.sha256,
        items=graded.items,
        max_score=plan.max_score,
        stdout=output.text(),
        sandbox=place.server.layers if place.server else (),
        seconds=time.monotonic() - began,
        fault=_in_words(graded.fault) if graded.fault else None,
        notes=graded.notes,
        executed=graded.executed,
    )


def _attempt(variants: Variants, place: Place, submission: Submission, output: Output) -> Graded:
    """Return what came of a submission, or what went wrong here. It must not cost the other submissions theirs."""
    try:
        return grade_parts(variants, place, submission, output)
    except Exception as error:  # noqa: BLE001
        return Graded(fault=error)


def _in_words(fault: Exception) -> str:
    if isinstance(fault, FaultError):
        return str(fault)
    traceback.print_exception(fault)
    return f"the grader itself failed: {type(fault).__name__}: {fault}"
