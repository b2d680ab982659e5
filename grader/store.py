"""The truth of all results of one assignment: an SQLite file in the folder of `--out`.

    students ──► attempts ─┬─► results      each grading adds one; none is changed or taken out
    marks                  └─► sources      what was handed in, for reports

An attempt is a content: who hands in the same once more has made no other attempt. When it first came says which of a
student's attempts it is; when it last came, whether it is the last. Its current result, by the view `current`, is the
latest without a fault of ours, or where all have one the latest: a run that failed hides no result that there was. A
mark stands for itself, by the student's id; of several for an answer the last holds.

What belongs together is written in one transaction: whenever this process ends, all of it is there or nothing. Other
processes may read and write at the same time. The methods are called from one thread.
"""

import contextlib
import json
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from grader import __version__, database
from grader.database import MIGRATIONS, Migration, connected, transaction
from grader.errors import FaultError, UsageError
from grader.markfile import parse_mark, render_mark
from grader.marks import Given, Marks
from grader.model import Result
from grader.policy import Handing, Policy
from grader.report.json import parse, render
from grader.roster import Student

FILENAME = "store.sqlite"
UNREAD = sha256().hexdigest()
"""The hash of what could not be read, for which we are to blame; nothing that was read has it."""
_AGAIN = "grade this student again, with --fresh"
_ELSEWHERE = "keep a copy of this file, and grade into another folder"


@dataclass(frozen=True, slots=True)
class About:
    """The assignment, as far as reports have to know it."""

    name: str
    title: str = ""
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class ClassList:
    """What is known of a class besides its results."""

    students: Mapping[str, Student] = field(default_factory=dict)
    """Those of the class's list who handed in, by the ids of their results."""
    missing: Sequence[Student] = ()
    """Those who handed in nothing."""
    unknown: Sequence[str] = ()
    """The ids of results that belong to nobody on the list."""
    refused: Sequence[str] = ()
    """What was refused of what was handed in, a sentence each."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When something was handed in, as far as that is known."""

    handed_in: datetime | None = None
    late: bool = False
    """Whether the platform says that it was late."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One grading, as it was."""

    key: str
    """The hash of what it was graded by."""
    grader: str
    """The grader's version."""
    at: datetime
    result: Result


@contextmanager
def opened(folder: Path, migrations: Sequence[Migration] = MIGRATIONS) -> Iterator["Store"]:
    """Open the store of a folder; both are made where they are not there yet.

    Raises:
        UsageError: it cannot be made or opened.
        FaultError: later on it cannot be read or written.
    """
    path = folder / FILENAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        base = connected(path, migrations)
    except OSError as error:
        raise UsageError(f"{folder}: results cannot be kept in this folder: {error.strerror}") from error
    except sqlite3.Error as error:
        raise UsageError(f"{path}: results cannot be kept in this file: {error}") from error
    with contextlib.closing(base):
        try:
            yield Store(path, base)
        except sqlite3.Error as error:
            damaged = not isinstance(error, sqlite3.OperationalError)  # it is not that the disk is full, say
            raise FaultError(f"{path}: {error}" + (f": {_ELSEWHERE}" if damaged else "")) from error


@contextmanager
def temporary() -> Iterator["Store"]:
    """Open a store that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="grader-store-") as folder, opened(Path(folder)) as store:
        yield store


class Store:
    """All that is kept of one assignment."""

    def __init__(self, path: Path, base: sqlite3.Connection) -> None:
        self._path, self._base = path, base

    def begin(self, about: About) -> None:
        """Note what is graded, in place of what was known of it.

        Raises:
            UsageError: what is kept here is of another assignment.
        """
        with transaction(self._base):
            for (name,) in self._base.execute("SELECT name FROM assignment WHERE name != ?", (about.name,)):
                one = f"results of {name} are kept here, not of {about.name}"
                raise UsageError(f"{self._path}: {one}: give each assignment a folder of its own")
            row = (about.name, about.title, about.policy.to_json())
            self._base.execute("INSERT OR REPLACE INTO assignment VALUES (1, ?, ?, ?)", row)

    @property
    def about(self) -> About:
        """What is graded here.

        Raises:
            UsageError: nothing was, so far.
        """
        row = self._base.execute("SELECT name, title, policy FROM assignment").fetchone()
        if row is None:
            raise UsageError(f"{self._path}: nothing was graded here so far (grader grade ... --out does it)")
        name, title, policy = row
        with self._reading("what is known of the assignment", "grade again"):
            return About(name, title, Policy.from_json(policy))

    # --- the class ---------------------------------------------------------------------------------------------------

    def set_class(self, said: ClassList) -> None:
        """Note what a run says of the class: who is who adds to what is known, the rest takes its place.

        A run without a list says only what it refused.
        """
        people: dict[str, Student | None] = {**dict.fromkeys(said.unknown), **said.students}
        with transaction(self._base):
            rows = ((id_, json.dumps(_fields(student)) if student else None) for id_, student in people.items())
            self._base.executemany("INSERT OR REPLACE INTO people VALUES (?, ?)", rows)
            if people or said.missing:
                self._base.execute("UPDATE class SET missing = ?", (json.dumps([*map(_fields, said.missing)]),))
            self._base.execute("UPDATE class SET refused = ?", (json.dumps(list(said.refused)),))

    def class_list(self) -> ClassList:
        """Return what is known of the class by all runs so far."""
        rows = self._base.execute("SELECT id, student FROM people ORDER BY rowid").fetchall()
        with self._reading("the class's list", _ELSEWHERE):
            students = {id_: Student(*json.loads(student)) for id_, student in rows if student}
            missing, refused = map(json.loads, self._base.execute("SELECT missing, refused FROM class").fetchone())
        here = {student.id for student in students.values()}
        return ClassList(
            students,
            missing=[Student(*fields) for fields in missing if fields[0] not in here],
            unknown=[id_ for id_, student in rows if not student],
            refused=refused,
        )

    def expect(self, students: Iterable[str]) -> None:
        """Note who is to be graded, so that the order is theirs, whoever is finished first."""
        with transaction(self._base):
            self._base.executemany(database.ADD_STUDENT, ((student,) for student in students))

    def students(self) -> list[str]:
        """Return the ids of all who have results, in the order in which they first came."""
        return [student for (student,) in self._base.execute(database.STUDENTS)]

    # --- results -----------------------------------------------------------------------------------------------------

    def done(self, key: str) -> set[tuple[str, str]]:
        """Return the student and the hash of each attempt whose current result is without a fault and has this key."""
        return set(self._base.execute(database.DONE, (key,)))

    def add(self, result: Result, key: str, arrival: Arrival, sources: Mapping[str, str]) -> None:
        """Keep a result, and the texts that it is about, by the names that tracebacks have.

        What a student handed in is kept, or noted as `seen`, in its order.
        """
        line, texts = _packed(render(result)), _packed(json.dumps(dict(sources)))
        with transaction(self._base):
            attempt = self._arrive(result.id, result.sha256, arrival)
            row = (attempt, bool(result.fault), key, __version__, datetime.now(UTC).isoformat(), line)
            self._base.execute(database.ADD_RESULT, row)
            self._base.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (attempt, texts))

    def seen(self, student: str, sha256: str, arrival: Arrival) -> None:
        """Note that what is known was handed in, perhaps once more."""
        with transaction(self._base):
            self._arrive(student, sha256, arrival)

    def _arrive(self, student: str, sha256: str, arrival: Arrival) -> int:
        """Note when a content came, and return the key of the attempt: it is late only if it was so each time."""
        time = arrival.handed_in.astimezone(UTC).isoformat(timespec="microseconds") if arrival.handed_in else None
        row = {"student": student, "sha256": sha256, "time": time, "late": arrival.late}
        self._base.execute(database.ADD_STUDENT, (student,))
        self._base.execute(database.ADD_ATTEMPT, row)
        (number,) = self._base.execute(database.ATTEMPT, (student, sha256)).fetchone()
        return int(number)

    def attempts(self, student: str) -> list[Handing]:
        """Return what a student handed in, with the current results, in the order in which each content first came.

        What could not be read is no attempt any more once the student's work has been read again.
        """
        rows = self._base.execute(database.ATTEMPTS, (student,)).fetchall()
        rows = [*(row for row in rows[:-1] if row[0] != UNREAD), *rows[-1:]]
        firsts = [row[3:5] if row[0] == UNREAD else row[1:3] for row in rows]  # that is something else each time
        lasts = _in_order([row[3:5] for row in rows])
        found = []
        for n in _in_order(firsts):
            _, _, first, _, _, late, line = rows[n]
            with self._reading(f"when {student} handed in", _ELSEWHERE):
                when = datetime.fromisoformat(first) if first else None
            found.append(Handing(self._result(student, line), when, bool(late), lasts.index(n)))
        return found

    def history(self, student: str) -> list[Graded]:
        """Return all results that a student ever had, the latest last."""
        return [
            Graded(key, grader, datetime.fromisoformat(at), self._result(student, line))
            for key, grader, at, line in self._base.execute(database.HISTORY, (student,)).fetchall()
        ]

    def _result(self, student: str, line: bytes) -> Result:
        with self._reading(f"the result of {student}", _AGAIN):
            return parse(_unpacked(line))

    def sources(self, student: str, sha256: str) -> dict[str, str]:
        """Return the texts that were handed in, or none where they are not known."""
        for (texts,) in self._base.execute(database.SOURCES, (student, sha256)).fetchall():
            with self._reading(f"the code of {student}", _AGAIN):
                return {str(name): str(text) for name, text in json.loads(_unpacked(texts)).items()}
        return {}

    # --- marks by hand -----------------------------------------------------------------------------------------------

    def add_marks(self, marks: Iterable[Given]) -> None:
        """Keep marks with those that there are."""
        with transaction(self._base):
            rows = ((one.submission, render_mark(one)) for one in marks)
            self._base.executemany("INSERT INTO marks (submission, line) VALUES (?, ?)", rows)

    def marks(self, student: str) -> Marks:
        """Return the marks for what a student handed in."""
        rows = self._base.execute("SELECT line FROM marks WHERE submission = ? ORDER BY number", (student,))
        with self._reading(f"a mark of {student}", _ELSEWHERE):
            return Marks.of(parse_mark(line) for (line,) in rows.fetchall())

    # --- what is damaged ---------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self, what: str, then: str) -> Iterator[None]:
        try:
            yield
        except (zlib.error, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise FaultError(f"{self._path}: {what} cannot be read: {reason}: {then}") from error


def _in_order(came: Sequence[tuple[int, str | None]]) -> list[int]:
    """Return the places of things in the order of their times; what has none follows what arrived before it."""
    latest, times = "", {}
    for place in sorted(range(len(came)), key=lambda place: came[place][0]):
        latest = came[place][1] or latest
        times[place] = latest
    return sorted(times, key=times.__getitem__)


def _fields(student: Student) -> tuple[str, str, str]:
    return (student.id, student.name, student.email)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(errors="replace"), 1)


def _unpacked(data: bytes) -> str:
    return zlib.decompress(data).decode()
