"""Where everything meets: a plan and submissions in, results out.

Each submission is graded at one place (see `parts`), and as many at a time as there are places.
"""

import contextlib
import queue
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice, zip_longest
from typing import Protocol, TypeVar

from grader import model, shared
from grader.assignment import Assignment
from grader.errors import DiedError, FaultError, SpecError, UsageError
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
Given = TypeVar("Given")
Came = TypeVar("Came")
AHEAD = 2
"""How many submissions are read and at work, or wait for a place, for each that can be graded at a time."""
MOST_THREADS = 1000
"""How many may be at work, or wait, at a time."""


def grade(
    assignment: Assignment, submissions: Iterable[Submission], servers: Sequence[Server], executors: Executors = ()
) -> Iterator[Result]:
    """Grade submissions, as many at a time as there are servers, and yield their results in their order.

    Raises:
        SpecError: the assignment is wrong.
        FaultError: the grader, the instructor's code or the machine is at fault.
    """
    with contextlib.closing(Variants(prepare(assignment))) as variants:  # while the servers start
        yield from grade_by(variants, submissions, servers, executors)


def grade_by(
    variants: Variants, submissions: Iterable[Submission], servers: Sequence[Server], executors: Executors = ()
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
    submissions: Iterable[Submission],
    executors: Executors = (),
) -> Iterator[Result]:
    """Grade submissions at places that are known to work."""
    here = Here(variants, servers, executors)
    early: dict[int, Result] = {}
    following = 0
    for n, result in finished(here.grade, submissions, here):
        early[n] = result
        while following in early:
            yield early.pop(following)
            following += 1


class Places(Protocol):
    """Where submissions are graded."""

    @property
    def number(self) -> int:
        """How many can be graded at a time; it may change."""

    def grade(self, submission: Submission) -> Result:
        """Grade a submission in any thread, which waits until a place is free.

        What fails makes a result with a fault, unless it would fail for every submission.

        Raises:
            SpecError: the assignment is wrong, which only what a submission returned could show.
            FaultError: there is no place any more.
        """

    def close(self) -> None:
        """End what is running, from another thread."""


class Here:
    """Places on this machine: each is a server, an executor, or both; where there are none, only answers are judged."""

    def __init__(self, variants: Variants, servers: Sequence[Server], executors: Executors = ()) -> None:
        course = variants.plan.assignment
        files = {**variants.plan.given, **shared.data(course)[0]} if executors else {}
        self._places = [Place(*pair, files) for pair in zip_longest(servers, executors)] or [Place(None)]
        self._free: queue.SimpleQueue[Place] = queue.SimpleQueue()
        for place in self._places:
            self._free.put(place)
        self._variants, self.number = variants, len(self._places)

    def grade(self, submission: Submission) -> Result:
        """Grade a submission at the next free place."""
        place = self._free.get()
        try:
            return grade_one(self._variants, place, submission)
        finally:
            self._free.put(place)

    def close(self) -> None:
        """End what is running."""
        for place in self._places:
            place.close()


def finished(grade: Callable[[Given], Came], each: Iterable[Given], places: Places) -> Iterator[tuple[int, Came]]:
    """Do something with each of many, and yield what comes of it with its number, as it is finished.

    What is raised for one ends it, after all that was finished by then.
    """
    numbered = enumerate(each)
    running: dict[Future[Came], int] = {}
    with ThreadPoolExecutor(MOST_THREADS) as pool:
        try:
            while True:
                for n, one in islice(numbered, max(AHEAD * max(places.number, 1) - len(running), 0)):
                    running[pool.submit(grade, one)] = n
                if not running:
                    return
                done = wait(running, return_when=FIRST_COMPLETED).done
                for future in sorted(done, key=lambda one: one.exception() is not None):
                    yield running.pop(future), future.result()
        except BaseException:  # when interrupted, do not wait for what is still running
            places.close()
            pool.shutdown(cancel_futures=True)
            raise


def grade_one(variants: Variants, place: Place, submission: Submission) -> Result:
    """Grade one submission. A fault of ours makes a result without a score, and costs nobody points.

    Where there is no server nothing of it is run: then there are questions alone.

    Raises:
        SpecError: the assignment is wrong.
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
        notes=(*submission.refused, *graded.notes),
        executed=graded.executed,
    )


def _attempt(variants: Variants, place: Place, submission: Submission, output: Output) -> Graded:
    """Return what came of a submission, or what went wrong here. It must not cost the other submissions theirs."""
    try:
        return grade_parts(variants, place, submission, output)
    except SpecError:  # what is wrong for one is so for all, and theirs to mend who wrote it
        raise
    except Exception as error:  # noqa: BLE001
        return Graded(fault=FaultError("its place was closed") if place.closed else error)


def _in_words(fault: Exception) -> str:
    if isinstance(fault, FaultError):
        return str(fault)
    traceback.print_exception(fault)
    return f"the grader itself failed: {type(fault).__name__}: {fault}"
