"""The SQLite file of a store: what is in it, what it is asked, and how an older one is brought to the newest form.

The file's `user_version` says how many of the migrations it has been through. A migration that has once been released
is never changed: what is new is one more. The journal is a write-ahead log: what was committed survives the end of this
process at any moment, and others read while one writes.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.errors import UsageError

APPLICATION = 0x50726766
"""Tells a store from the databases of other programs."""
WAITS = 30.0
"""How long a process waits for another that is writing, in seconds."""
Migration = Sequence[str]
"""Statements that bring a file to the next form."""

_FIRST: Migration = (
    """CREATE TABLE assignment (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        policy TEXT NOT NULL
    )""",
    """CREATE TABLE class (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        missing TEXT NOT NULL,
        refused TEXT NOT NULL
    )""",
    "INSERT INTO class VALUES (1, '[]', '[]')",
    """CREATE TABLE people (
        id TEXT PRIMARY KEY,
        student TEXT
    )""",  # as JSON; null where the list has nobody of this id
    """CREATE TABLE students (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE
    )""",
    """CREATE TABLE attempts (
        number INTEGER PRIMARY KEY,
        student INTEGER NOT NULL REFERENCES students,
        sha256 TEXT NOT NULL,
        first_in TEXT,
        last_in TEXT,
        late INTEGER NOT NULL,
        arrived INTEGER NOT NULL,
        UNIQUE (student, sha256)
    )""",
    """CREATE TABLE sources (
        attempt INTEGER PRIMARY KEY REFERENCES attempts,
        texts BLOB NOT NULL
    )""",
    """CREATE TABLE results (
        number INTEGER PRIMARY KEY,
        attempt INTEGER NOT NULL REFERENCES attempts,
        faulty INTEGER NOT NULL,
        key TEXT NOT NULL,
        grader TEXT NOT NULL,
        at TEXT NOT NULL,
        line BLOB NOT NULL
    )""",
    "CREATE INDEX results_of ON results (attempt, faulty, number DESC)",
    """CREATE VIEW current AS
        SELECT * FROM results WHERE number = (
            SELECT number FROM results AS others WHERE attempt = results.attempt ORDER BY faulty, number DESC LIMIT 1
        )""",
    """CREATE TABLE marks (
        number INTEGER PRIMARY KEY,
        submission TEXT NOT NULL,
        line TEXT NOT NULL
    )""",
    "CREATE INDEX marks_of ON marks (submission)",
)
_FIRST_ARRIVED: Migration = (
    "ALTER TABLE attempts RENAME COLUMN arrived TO last_arrived",
    "ALTER TABLE attempts ADD COLUMN first_arrived INTEGER NOT NULL DEFAULT 0",
    """UPDATE attempts SET first_arrived = (
        SELECT count(*) FROM attempts AS others WHERE others.student = attempts.student
        AND (others.last_arrived, others.number) <= (attempts.last_arrived, attempts.number)
    )""",  # so attempts keep the numbers that students were told
    "UPDATE attempts SET last_arrived = first_arrived",
)
MIGRATIONS: Sequence[Migration] = (_FIRST, _FIRST_ARRIVED)

ADD_STUDENT = "INSERT OR IGNORE INTO students (id) VALUES (?)"
STUDENTS = """
    SELECT id FROM students
    WHERE EXISTS (SELECT 1 FROM attempts JOIN results ON attempt = attempts.number WHERE student = students.number)
    ORDER BY number"""
ADD_ATTEMPT = """
    INSERT INTO attempts (sha256, first_in, last_in, late, first_arrived, last_arrived, student)
    SELECT :sha256, :time, :time, :late, coalesce(max(last_arrived), 0) + 1, coalesce(max(last_arrived), 0) + 1,
        students.number
    FROM students LEFT JOIN attempts ON student = students.number WHERE id = :student
    ON CONFLICT (student, sha256) DO UPDATE SET
        first_in = min(coalesce(first_in, excluded.first_in), coalesce(excluded.first_in, first_in)),
        last_in = max(coalesce(last_in, excluded.last_in), coalesce(excluded.last_in, last_in)),
        late = min(late, excluded.late),
        last_arrived = excluded.last_arrived"""
ATTEMPT = """
    SELECT attempts.number FROM attempts JOIN students ON students.number = student WHERE id = ? AND sha256 = ?"""
ADD_RESULT = "INSERT INTO results (attempt, faulty, key, grader, at, line) VALUES (?, ?, ?, ?, ?, ?)"
DONE = """
    SELECT id, sha256 FROM current
    JOIN attempts ON attempts.number = attempt JOIN students ON students.number = student
    WHERE key = ? AND NOT faulty"""
ATTEMPTS = """
    SELECT sha256, first_arrived, first_in, last_arrived, last_in, late, line FROM students
    JOIN attempts ON student = students.number JOIN current ON attempt = attempts.number
    WHERE id = ? ORDER BY last_arrived, attempts.number"""
HISTORY = """
    SELECT key, grader, at, line FROM students
    JOIN attempts ON student = students.number JOIN results ON attempt = attempts.number
    WHERE id = ? ORDER BY results.number"""
SOURCES = """
    SELECT texts FROM students
    JOIN attempts ON student = students.number JOIN sources ON attempt = attempts.number
    WHERE id = ? AND sha256 = ?"""


def connected(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Open a file, which is made where there is none, in the newest form.

    Raises:
        UsageError: it is of another program or a newer grader.
        sqlite3.Error: it cannot be made or opened, or is no database.
    """
    base = sqlite3.connect(path, timeout=WAITS, isolation_level=None)
    try:
        base.execute("PRAGMA foreign_keys = ON")
        base.execute("PRAGMA synchronous = NORMAL")
        with transaction(base):  # of two that open it at once, the second finds it done
            _migrate(base, path, migrations)
        _write_ahead(base)
    except BaseException:
        base.close()
        raise
    return base


def _write_ahead(base: sqlite3.Connection) -> None:
    """Have the file written ahead; where another process has it do so now, SQLite does not wait by itself."""
    until = time.monotonic() + WAITS
    while True:
        try:
            base.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(base: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    (application,) = base.execute("PRAGMA application_id").fetchone()
    (things,) = base.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if things and application != APPLICATION:
        raise UsageError(f"{path}: this is the database of another program: give the results another folder")
    if version > len(migrations):
        forms = f"its form is {version}, and this grader knows those up to {len(migrations)}"
        raise UsageError(f"{path}: a newer grader made this ({forms}): update this one, or give another folder")
    for step in migrations[version:]:
        for statement in step:
            base.execute(statement)
    base.execute(f"PRAGMA application_id = {APPLICATION}")
    base.execute(f"PRAGMA user_version = {len(migrations)}")


@contextmanager
def transaction(base: sqlite3.Connection) -> Iterator[None]:
    """Write all of what is done inside, or nothing."""
    with base:
        base.execute("BEGIN IMMEDIATE")
        yield
