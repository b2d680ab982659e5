"""Where everything meets: a plan and submissions in, results out.

Functions are run (`run`), one submission in one child of a fork server, and as many at a time as there are servers.
Answers are read and judged here (`answers`); nothing of them is run.
"""

import contextlib
import queue
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from grader import messages, model
from grader.answers import judge
from grader.answers.sheet import Sheet
from grader.answers.sheet import parse as read_sheet
from grader.answers.verdict import UnreadableAnswer, sentence
from grader.assignment import Assignment
from grader.errors import DiedError, FaultError, UsageError
from grader.function import Trial
from grader.model import ItemResult, Result, Unreadable
from grader.prepare import Plan, prepare
from grader.run import Run
from grader.sandbox.client import Deadline, Output
from grader.sandbox.requests import load_request
from grader.servers import Server
from grader.submission import Handed, Submission
from grader.variants import Variants

AHEAD = 500
"""How many submissions may be graded or waiting while an earlier one is still at work."""


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
    if not plan.calls and not assignment.spec.questions:
        raise UsageError(f"{assignment.spec.name} has no public cases: they are all graded after handing in")
    if servers:
        try_out(plan, servers)
    with contextlib.closing(Variants(plan)) as variants:
        yield from grade_all(variants, servers, submissions)


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


def grade_all(variants: Variants, servers: Sequence[Server], submissions: Sequence[Submission]) -> Iterator[Result]:
    """Grade submissions as `grade` does, by a plan that is prepared."""
    if not servers:
        yield from (grade_one(variants, None, submission) for submission in submissions)
        return
    free: queue.SimpleQueue[Server] = queue.SimpleQueue()
    for server in servers:
        free.put(server)

    def one(submission: Submission) -> Result:
        server = free.get()
        try:
            return grade_one(variants, server, submission)
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
        except BaseException:  # when interrupted, do not wait for what is still running
            for server in servers:
                server.close()
            pool.shutdown(cancel_futures=True)
            raise


def grade_one(variants: Variants, server: Server | None, submission: Submission) -> Result:
    """Grade one submission. A fault of ours makes a result without a score, and costs nobody points.

    Without a server nothing of it is run: then there are questions alone.
    """
    began, plan = time.monotonic(), variants.plan
    for _ in range(2):
        output = Output()
        items, fault = _attempt(variants, server, submission, output)
        if not isinstance(fault, DiedError):  # else once more: the submission can hardly be to blame
            break
    return Result(
        assignment=plan.assignment.spec.name,
        id=submission.id,
        files=tuple(submission.files),
        sha256=submission.sha256,
        items=items,
        max_score=plan.max_score,
        stdout=output.text(),
        sandbox=server.layers if server else (),
        seconds=time.monotonic() - began,
        fault=_in_words(fault) if fault else None,
    )


def _attempt(
    variants: Variants, server: Server | None, submission: Submission, output: Output
) -> tuple[tuple[ItemResult, ...], Exception | None]:
    """Return the items' results, or what went wrong here. It must not cost the other submissions theirs."""
    try:
        functions = _functions(variants, server, submission, output) if server and variants.plan.calls else ()
        return (*functions, *_questions(variants.plan, submission.sheet)), None
    except Exception as error:  # noqa: BLE001
        return (), error


def _functions(variants: Variants, server: Server, submission: Submission, output: Output) -> tuple[ItemResult, ...]:
    run = Run(variants.plan, server, submission.code, output)
    graded: dict[str, ItemResult] = {}
    try:
        run.start()
        for name in variants.plan.calls:
            graded[name] = Trial(run, variants, name, graded).item()
    finally:
        run.close()
    return tuple(graded.values())


def asks(plan: Plan) -> list[judge.Asked]:
    """Return the questions, with what decides about them now."""
    spec, now = plan.assignment.spec, datetime.now(UTC)
    return [
        judge.Asked(
            name,
            question,
            seed=f"{spec.name}/{name}",
            is_due=spec.due is not None and now >= spec.due,
            told=question.visibility == "public" or not plan.public_only,
        )
        for name, question in spec.questions.items()
    ]


def _questions(plan: Plan, handed: Handed) -> tuple[ItemResult, ...]:
    """Judge the answers. They are data, and nothing of them is run."""
    asked = asks(plan)
    if handed.problem is not None:
        why = messages.of_outcome(handed.main, Unreadable(handed.problem), plan.assignment.spec.limits)
        return tuple(judge.failed(ask, "missing" if handed.absent else "error", why) for ask in asked)
    try:
        sheet = read_sheet(handed.main, handed.files[handed.main]) if asked else Sheet()
    except UnreadableAnswer as error:
        return tuple(judge.failed(ask, "error", sentence(str(error))) for ask in asked)
    return judge.judge_sheet(asked, sheet)


def _in_words(fault: Exception) -> str:
    if isinstance(fault, FaultError):
        return str(fault)
    traceback.print_exception(fault)
    return f"the grader itself failed: {type(fault).__name__}: {fault}"
