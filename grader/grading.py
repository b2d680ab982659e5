"""Grade a class: open what that takes, grade what is not graded yet, and write what comes of it.

paths ─► intake ─► batch, at places ─► book ─┬─► a line of JSON a student, in order
                                             └─► in the end: gradebook, pages (see `outputs`)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TextIO

from grader import assignment, batch, book, keeping, markfile, outputs, places, roster, store
from grader.assignment import Assignment
from grader.book import Book
from grader.engine import Places
from grader.errors import UsageError
from grader.intake import Intake, taken_in
from grader.model import Result, Sandbox
from grader.policy import Policy
from grader.report import json
from grader.sandbox.launch import Zygote


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be graded, by what, and where results go."""

    assignment: str
    paths: Sequence[Path]
    out: Path | None
    jsonl: str | None
    jobs: int
    cluster: str | None
    """The address of a Dask scheduler, or None for this machine."""
    sandbox: Sandbox | None
    fresh: bool
    roster: Path | None


@dataclass(slots=True)
class Ran:
    """What a run did so far."""

    graded: int = 0
    known: int = 0
    """How many submissions were graded before, and have not changed."""
    faults: list[str] = field(default_factory=list)
    """Who could not be graded, by a fault of ours, and why; an earlier result stands."""


@dataclass(frozen=True, slots=True)
class Grading:
    """A class, with all that it takes to grade it."""

    wanted: Wanted
    assignment: Assignment
    intake: Intake
    book: Book
    places: Places
    lines: TextIO | None
    ran: Ran = field(default_factory=Ran)

    @property
    def students(self) -> int:
        """How many handed in."""
        return len({entry.id for entry in self.intake.entries})

    @property
    def untimed(self) -> int:
        """Of how many nobody knows when they were handed in, though it costs points to be late."""
        if self.assignment.spec.late is None:
            return 0
        return sum(entry.handed_in is None and not entry.late for entry in self.intake.entries)

    def grade(self, advance: Callable[[], object], told: Callable[[Result], object]) -> None:
        """Grade: `advance` is called after each submission, `told` with the result of each student in order.

        Raises:
            KeyboardInterrupt: it was interrupted; what was kept is told, though others are missing.
        """

        def kept(done: batch.Done) -> None:
            if self.wanted.out and done.result:
                keeping.keep_executed(self.wanted.out, done.result)
            self.ran.graded += done.result is not None
            self.ran.known += done.result is None
            if done.result and done.result.fault:
                self.ran.faults.append(f"{done.entry.id} ({done.result.fault})")
            advance()

        def tell(student: str) -> None:
            result = self.book.result(student)
            if self.lines:
                print(json.render(result), file=self.lines, flush=True)
            told(result)

        key = batch.key_of(self.assignment, self.wanted.sandbox)
        class_ = batch.Batch(self.assignment.spec, self.book, self.places, key, self.wanted.fresh)
        class_.grade(self.intake.entries, kept, tell)

    def finish(self) -> None:
        """Write what stands beside the store, if that is kept."""
        if self.wanted.out:
            outputs.write(self.book.classroom(), self.wanted.out)


@contextmanager
def opened(wanted: Wanted, begun: Sequence[Zygote]) -> Iterator[Grading]:
    """Open all that grading a class takes; fork servers may have been begun before.

    Raises:
        GraderError: something is wrong of which no student is to blame; nothing was graded or written then.
    """
    _each_has_its_file(wanted)
    loaded = assignment.load(assignment.find(wanted.assignment))
    listed = roster.read(wanted.roster) if wanted.roster else None
    with (
        taken_in(wanted.paths, loaded.spec.submission, listed, wanted.out) as intake,
        _places(loaded, wanted, len(intake.entries), begun) as at,
        _book(loaded, wanted, intake) as kept,
        keeping.writing(wanted.jsonl) if wanted.jsonl is not None else nullcontext() as lines,
    ):
        yield Grading(wanted, loaded, intake, kept, at, lines)


def _each_has_its_file(wanted: Wanted) -> None:
    if wanted.out is None or wanted.jsonl in {None, "", "-"}:
        return
    ours = {wanted.out / name for name in (store.FILENAME, outputs.RESULTS, outputs.GRADEBOOK, outputs.SUMMARY)}
    if Path(str(wanted.jsonl)).resolve() in {path.resolve() for path in ours}:
        raise UsageError(f"{wanted.jsonl}: --out writes this file already: give --jsonl another name, or leave it out")


def _places(loaded: Assignment, wanted: Wanted, most: int, begun: Sequence[Zygote]) -> AbstractContextManager[Places]:
    if wanted.cluster:
        from grader import cluster  # noqa: PLC0415  what a cluster takes is dear to import

        return cluster.connected(wanted.cluster, loaded, wanted.sandbox)
    return places.here(loaded, wanted.sandbox, max(1, min(wanted.jobs, most)), begun)


@contextmanager
def _book(loaded: Assignment, wanted: Wanted, intake: Intake) -> Iterator[Book]:
    """Open where results are kept; where no folder is asked for, that is until this run ends."""
    with book.opened(wanted.out, new=True) if wanted.out else book.temporary() as kept:
        kept.begin(loaded.spec, Policy.of(loaded.spec), intake)
        if wanted.out is None and wanted.jsonl not in {None, "", "-"}:
            marks = markfile.beside(Path(str(wanted.jsonl)))
            kept.add_marks(chain.from_iterable(marks.by_names.values()))
        yield kept
