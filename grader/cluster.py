"""A class graded on a Dask cluster that is there already: `--executor dask://HOST:PORT`.

    grade, in a thread ──takes──► a worker ──► its result, and the worker is free again
        ▲                           └──► it was lost: another one, and after `MOST_LOST` of them none
        └── workers come and go: a thread asks the scheduler which there are

A worker is a process that grades one submission at a time, so none is blamed for what another one does. Which worker
gets which is decided here, and Dask is only told: a task of ours is pinned to one worker, and ends with it. Dask would
run it again on whatever comes back at the address of a worker that died, which is why a worker only grades what was
meant for what it has opened (see `remote`).
"""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from grader import cache, remote, scheduler
from grader.assignment import Assignment
from grader.engine import Places
from grader.errors import FaultError, SpecError, UsageError
from grader.model import Result, Sandbox
from grader.prepare import Plan, prepare
from grader.remote import Package
from grader.scheduler import LostError, Worker, in_words
from grader.submission import Submission

MOST_LOST = 3
"""How many workers may be lost with a submission until it is given up."""
START_SECONDS = 60.0
"""How long the first worker may take to be there."""
PATIENCE_SECONDS = 600.0
"""How long there may be none later, as where jobs wait in a queue."""
LOOKS_EVERY = 0.5
"""How often it is asked which workers there are, in seconds."""
LARGEST = 2**28
"""The largest assignment that is sent to workers, in bytes."""
_OPENED_AT_A_TIME = 64


@contextmanager
def connected(address: str, assignment: Assignment, sandbox: Sandbox | None) -> Iterator[Places]:
    """Open places on the workers of the cluster whose scheduler is at HOST:PORT.

    Raises:
        UsageError: Dask is not installed, or the assignment is too large to be sent.
        SpecError: the assignment is wrong.
        FaultError: the cluster cannot be reached, or has no workers; or one of them cannot grade the assignment.
    """
    plan = prepare(assignment)
    package = _package(assignment, sandbox)
    with scheduler.connected(address) as client:
        cluster = Cluster(client, address, plan, package)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.end()


def _package(assignment: Assignment, sandbox: Sandbox | None) -> Package:
    files, size = dict[str, bytes](), 0
    for path in sorted(assignment.folder.rglob("*")):
        inside = path.relative_to(assignment.folder)
        if inside.parts[0] not in cache.UNUSED and "__pycache__" not in inside.parts and path.is_file():
            size += path.stat().st_size
            if size > LARGEST:
                most = f"the {LARGEST // 2**20} MiB that are sent to a cluster"
                raise UsageError(f"{assignment.folder}: its files have more than {most}")
            files[inside.as_posix()] = path.read_bytes()
    made = cache.load(assignment.folder, "made", cache.key(assignment))
    return Package(assignment.folder.resolve().name, files, made, sandbox)


class Cluster:
    """Places on workers, which come and go."""

    def __init__(self, client: Any, address: str, plan: Plan, package: Package) -> None:
        self._client, self._address, self._plan, self._package = client, address, plan, package
        self._changed = threading.Condition()
        self._workers: dict[str, Worker] = {}
        self._free: deque[Worker] = deque()
        self._some_at = time.monotonic()
        """When there last was a worker on which the assignment was open."""
        self._ended: str | None = None
        """Why there are no places any more."""
        self._scheduler_lost = f"the scheduler at {address} is lost: see why it ended, and grade again"
        self._watching = threading.Thread(target=self._watch, daemon=True)

    @property
    def number(self) -> int:
        """How many workers there are; one where there are none, since they may come."""
        with self._changed:
            return max(1, len(self._usable()))

    def start(self) -> None:
        """Wait for workers, and open the assignment on all that are there.

        Raises:
            FaultError: there are none, or one of them cannot grade it.
        """
        self._watching.start()
        opened = False
        while not opened:
            there = [self._take(START_SECONDS)]
            with self._changed:
                there += self._free
                self._free.clear()
            self._open_all(there)
            for worker in there:
                self._give_back(worker)
            opened = any(worker.opened for worker in there)

    def _open_all(self, workers: Sequence[Worker]) -> None:
        with ThreadPoolExecutor(_OPENED_AT_A_TIME) as pool:
            try:
                list(pool.map(self._open, workers))
            except BaseException:
                self.close()  # when interrupted, do not wait for them
                raise
        for worker in workers:
            if worker.problem:
                raise FaultError(worker.problem)

    def grade(self, submission: Submission) -> Result:
        """Grade a submission on the next worker that is free, and where that is lost, on another one.

        Raises:
            SpecError: the assignment is wrong.
            FaultError: the scheduler is lost, or there have been no workers for long.
        """
        began = time.monotonic()
        for _ in range(MOST_LOST):
            worker = self._next()
            came = self._graded(worker, submission)
            if came is not None:
                self._give_back(worker)
                return came if isinstance(came, Result) else self._fault(submission, came, began)
            self._forget(worker)
            self._hold_on()
        whose = "it ends them, or their machines fail, which is not the student's fault"
        return self._fault(submission, f"given up after {MOST_LOST} workers were lost with it: {whose}", began)

    def _hold_on(self) -> None:
        """See that it was the worker alone that was lost."""
        if self._client.status != "running":
            self._end(self._scheduler_lost)
        if self._ended:
            raise FaultError(self._ended)

    def _graded(self, worker: Worker, submission: Submission) -> Result | str | None:
        """Return a result, or what went wrong there; None where the worker is lost."""
        try:
            came = worker.ask(remote.grade, worker.token, submission)
        except LostError:
            return None
        except Exception as error:  # noqa: BLE001  Dask's own; it must not cost the other submissions theirs
            came = in_words(error)
        if isinstance(came, SpecError):
            raise came
        return f"the worker {worker.address} failed: {came}" if isinstance(came, str) else came

    def close(self) -> None:
        """End what is running, from another thread."""
        self._end("grading on the cluster was ended")

    def end(self) -> None:
        """Close what was opened on the workers."""
        self.close()
        with self._changed:
            there = {worker.address: worker.token for worker in self._workers.values() if worker.opened}
        if there and self._client.status == "running":
            options = {"workers": list(there), "on_error": "ignore", "callback_timeout": scheduler.CONNECT_SECONDS}
            with suppress(Exception):  # those that cannot be reached close it by themselves
                self._client.run(remote.end, list(there.values()), **options)

    def _fault(self, submission: Submission, fault: str, began: float) -> Result:
        return Result(
            assignment=self._plan.assignment.spec.name,
            id=submission.id,
            files=tuple(submission.files),
            sha256=submission.sha256,
            items=(),
            max_score=self._plan.max_score,
            stdout="",
            sandbox=(),
            seconds=time.monotonic() - began,
            fault=fault,
        )

    # --- workers come and go ---

    def _watch(self) -> None:
        while self._ended is None:
            try:
                self._seen(self._client.nthreads(callback_timeout=scheduler.CONNECT_SECONDS))
            except Exception:  # noqa: BLE001  whichever error that is in this version of Dask
                self._end(self._scheduler_lost)
            time.sleep(LOOKS_EVERY)

    def _seen(self, addresses: Collection[str]) -> None:
        """Take in the workers that have come, and take out those that have gone."""
        with self._changed:
            gone = [worker for address, worker in self._workers.items() if address not in addresses]
            for address in set(addresses) - set(self._workers):
                self._workers[address] = worker = Worker(self._client, address)
                self._free.append(worker)
            if any(worker.opened for worker in self._workers.values()):
                self._some_at = time.monotonic()
            self._changed.notify_all()
        for worker in gone:
            self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        """Take out a worker that is lost; what may have come to its address will be a new one."""
        with self._changed:
            if self._workers.get(worker.address) is worker and self._ended is None:
                del self._workers[worker.address]
            if worker in self._free:
                self._free.remove(worker)
        worker.lose()

    def _end(self, why: str) -> None:
        with self._changed:
            self._ended = self._ended or why
            there = list(self._workers.values())
            self._changed.notify_all()
        for worker in there:
            worker.lose()

    def _usable(self) -> list[Worker]:
        return [worker for worker in self._workers.values() if worker.problem is None]

    # --- from free to open ---

    def _next(self) -> Worker:
        """Wait for a worker on which the assignment is open."""
        while True:
            worker = self._take(PATIENCE_SECONDS)
            if not worker.opened:
                self._open(worker)
            if worker.opened:
                return worker

    def _take(self, patience: float) -> Worker:
        """Wait for a worker that is free."""
        with self._changed:
            while self._ended is None:
                if time.monotonic() - self._some_at > patience:
                    raise FaultError(self._nobody(patience))
                if self._free:
                    return self._free.popleft()
                self._changed.wait(LOOKS_EVERY)
        raise FaultError(self._ended)

    def _nobody(self, patience: float) -> str:
        problems = [worker.problem for worker in self._workers.values() if worker.problem]
        why = f" that can be used ({problems[0]})" if problems else ""
        start = f"start some (dask worker {self._address} --nthreads 1), and grade again"
        return f"the cluster at {self._address} has had no workers{why} for {patience:g} s: {start}"

    def _give_back(self, worker: Worker) -> None:
        with self._changed:
            if not worker.lost:
                self._free.append(worker)
                self._changed.notify()

    def _open(self, worker: Worker) -> None:
        """Open the assignment on a worker, or keep why that cannot be."""
        try:
            problem = _unlike(worker.versions()) or worker.ask(remote.begin, worker.token, self._package)
        except LostError:
            self._forget(worker)
            return
        except Exception as error:  # noqa: BLE001  whatever keeps it from that
            problem = in_words(error)
        worker.opened = problem is None
        worker.problem = f"the worker {worker.address} cannot grade: {problem}" if problem else None


def _unlike(theirs: Mapping[str, str]) -> str | None:
    """Return which versions differ there from those that are here."""
    ours = remote.versions()
    differ = [f"{what} {theirs[what]} there and {ours[what]} here" for what in ours if theirs[what] != ours[what]]
    return f"it has {' and '.join(differ)}: install the same on both" if differ else None
