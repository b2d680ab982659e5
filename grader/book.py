"""What counts now: the results of a store, with the marks that people gave, by the rules of handing in.

    store ─► attempts of a student ─► marks ─► policy ─► the one result that counts ─► classroom ─► reports

Nothing of this is kept: each result is made anew when it is asked for, so a mark or a result that comes in counts at
once, and a class is never in memory as a whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader import store
from grader.classroom import Classroom
from grader.errors import UsageError
from grader.intake import Intake
from grader.marks import Given, apply
from grader.model import Result
from grader.policy import Policy, settle
from grader.spec import Spec
from grader.store import About, ClassList, Store


@contextmanager
def opened(folder: Path, *, new: bool = False) -> Iterator["Book"]:
    """Open the book of what is graded into a folder; a new one is made only where that is asked for.

    Raises:
        UsageError: there is none, or it cannot be opened.
        FaultError: later on it cannot be read or written.
    """
    if not new and not (folder / store.FILENAME).exists():
        raise UsageError(f"{folder}: no {store.FILENAME} in this folder (grader grade ... --out {folder} makes one)")
    with store.opened(folder) as kept:
        yield Book(kept)


@contextmanager
def temporary() -> Iterator["Book"]:
    """Open a book of which nothing stays."""
    with store.temporary() as kept:
        yield Book(kept)


@dataclass(frozen=True, slots=True)
class Book:
    """The results that count, of all that a store has."""

    store: Store

    def begin(self, spec: Spec, policy: Policy, intake: Intake) -> None:
        """Note what is going to be graded, and what is known of the class.

        Raises:
            UsageError: what is kept here is of another assignment.
        """
        self.store.begin(About(spec.name, spec.title, policy))
        there = [entry.id for entry in intake.entries]
        unknown = (*intake.unknown, *self._left_over(intake, there))
        self.store.set_class(ClassList(intake.students, intake.missing, unknown, intake.refused))
        self.store.expect(there)

    def _left_over(self, intake: Intake, there: Sequence[str]) -> list[str]:
        """Return who has results of earlier runs and is not on the list of this one, if it has a list."""
        if not intake.students and not intake.missing:
            return []
        known = {*there, *intake.students, *(student.id for student in intake.missing)}
        return [student for student in self.store.students() if student not in known]

    def result(self, student: str) -> Result:
        """Return the result that counts of a student who has one."""
        marks = self.store.marks(student)
        handings = [replace(one, result=apply(one.result, marks)) for one in self.store.attempts(student)]
        return settle(handings, self.store.about.policy)

    def results(self) -> Iterator[Result]:
        """Yield the result of each student, in the order in which they first came."""
        return map(self.result, self.store.students())

    def add_marks(self, marks: Iterable[Given]) -> None:
        """Keep marks, which count at once."""
        self.store.add_marks(marks)

    def classroom(self) -> Classroom:
        """Return the class as reports see it, as long as the store is open."""
        about, known = self.store.about, self.store.class_list()
        return Classroom(
            assignment=about.name,
            results=_Results(self),
            title=about.title,
            due=about.policy.due.isoformat() if about.policy.due else "",
            students=known.students,
            missing=known.missing,
            unknown=known.unknown,
            refused=known.refused,
            sources=self._sources,
        )

    def _sources(self, result: Result) -> Mapping[str, str]:
        return self.store.sources(result.id, result.sha256)


@dataclass(frozen=True, slots=True)
class _Results:
    """The results of a book, to be gone through as often as is wanted."""

    book: Book

    def __iter__(self) -> Iterator[Result]:
        return self.book.results()
