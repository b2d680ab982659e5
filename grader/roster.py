"""A class's list: who is in it, read from a CSV as spreadsheets and learning platforms write them.

Which column is which, its header says, in any of the usual spellings and in any case. What a platform calls a student
is then looked for among the ids, the addresses and the names, whatever its accents, case and spaces. A name may also be
turned round or squeezed: `Lee, Ann` and `leeann` are Ann Lee. What fits two students fits none: nobody gets another's
points.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from grader.errors import UsageError
from grader.policy import moment

LARGEST = 16 * 2**20
"""The largest that a class's list may be, in bytes."""
MOST_MISTAKES = 20
"""How many mistakes of a list are told."""
LONGEST_KEY = 400
"""How long what a student is looked for by may be, in characters."""
MOST_WORDS = 8
"""How many words a name may have, to be known turned round too."""

COLUMNS: Mapping[str, Sequence[str]] = {
    "id": (
        "id", "student id", "studentid", "sid", "sis user id", "student number", "username",
        "user name", "id number", "sis login id", "matrikelnummer", "matrikel nr", "matrikelnr", "matr nr", "matrnr",
        "id nummer", "benutzername", "anmeldename", "numéro étudiant", "n étudiant", "identifiant",
        "numéro d identification", "nom d utilisateur", "matrícula", "número de id", "nombre de usuario",
        "identifier",  # of Moodle's worksheets: `Participant 90001`, which no import knows, so only for want of others
    ),
    "name": (
        "name", "full name", "fullname", "student", "student name", "vollständiger name", "nom complet",
        "nombre completo", "nom",
    ),
    "first": ("first name", "firstname", "given name", "vorname", "prénom", "nombre"),
    "last": (
        "last name", "lastname", "surname", "family name", "nachname", "familienname", "nom de famille", "apellidos",
        "apellido s", "apellido",
    ),
    "email": (
        "email", "e mail", "email address", "e mail address", "mail", "e mail adresse", "email adresse", "mailadresse",
        "adresse de courriel", "courriel", "adresse e mail", "adresse email", "dirección de correo",
        "correo electrónico", "dirección email", "correo",
    ),
    "github": ("github username", "github"),
    "handed_in": ("handed in",),
}  # fmt: skip
"""The headers of each column, as `_header` has them; of several that are there, the first with something in it."""
_KNOWN = {name for names in COLUMNS.values() for name in names}
NO_TIME = frozenset({"", "-"})
"""What stands for the time of what was not handed in."""
NO_STUDENT = "Points Possible"
"""What a row below the header is called in Canvas's gradebook; it is nobody's."""


@dataclass(frozen=True, slots=True)
class Student:
    """A student of the class's list; what the list does not say is empty."""

    id: str
    name: str = ""
    email: str = ""
    handed_in: datetime | None = None
    """When, with its zone, where the list knows better than the platform."""
    github: str = ""
    """The name there, with which clones of GitHub Classroom end."""


@dataclass(frozen=True)
class Roster:
    """A class's list."""

    students: tuple[Student, ...]

    def find(self, *keys: str) -> Student | None:
        """Return the student whom one of these is the id of, else the address, else the name; None if it is no one's.

        An address's part before the @ will do, and so will a name turned round, where no one else has the same.
        """
        usable = [key for key in keys if len(key) <= LONGEST_KEY]
        found = (table.get(spelt(key)) for spelt, table in self._tables for key in usable)
        return next(filter(None, found), None)

    @cached_property
    def _tables(self) -> tuple[tuple[Callable[[str], str], Mapping[str, Student | None]], ...]:
        """The students by each thing that they are found by, with how that is spelt there."""
        spellings: tuple[tuple[Callable[[str], str], Callable[[Student], Iterable[str]]], ...] = (
            (str, lambda student: [student.id]),
            (_folded, lambda student: [student.id]),
            (_folded, lambda student: [student.github]),
            (_folded, lambda student: [student.email]),
            (_folded, lambda student: [student.email.partition("@")[0]]),
            (_squeezed, lambda student: _turned(student.name)),
        )
        return tuple((spelt, _table(self.students, spelt, keys)) for spelt, keys in spellings)


def _table(
    students: Iterable[Student], spelt: Callable[[str], str], keys: Callable[[Student], Iterable[str]]
) -> dict[str, Student | None]:
    """Return whose each key is, with None for what is several students'."""
    table: dict[str, Student | None] = {}
    for student in students:
        for key in {spelt(key) for key in keys(student)} - {""}:
            table[key] = None if key in table else student
    return table


def _folded(text: str) -> str:
    """Return a text without case, accents and spaces."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "".join(text.casefold().split())


def _squeezed(name: str) -> str:
    """Return of a name, folded, only letters and digits."""
    return "".join(filter(str.isalnum, _folded(name)))


def _turned(name: str) -> list[str]:
    """Return a name, and the same with its last words first."""
    words = name.replace(",", " ").split()
    return [" ".join(words[n:] + words[:n]) for n in range(len(words) if len(words) <= MOST_WORDS else 1)]


def read(path: Path) -> Roster:
    """Read a class's list.

    Raises:
        UsageError: with a line for everything that is wrong with it.
    """
    rows = list(_rows(path))
    if len(rows) < 2:
        raise UsageError(
            f"{path}: there are no students in it: it needs a header, such as id,name,email, and a line each"
        )
    (line, header), *rows = rows
    columns = _columns(header, [cells for _, cells in rows])
    whose = next((role for role in ("id", "email", "github", "name", "last") if role in columns), None)
    if whose is None:
        there = ", ".join(filter(None, header))[:200]
        raise UsageError(f"{path}:{line}: no column called id, email or name has something in it (there are: {there})")
    students, mistakes = _students(rows, columns, whose, header)
    if mistakes:
        more = len(mistakes) - MOST_MISTAKES
        told = [f"{path}:{line}: {what}" for line, what in mistakes[:MOST_MISTAKES]]
        raise UsageError("\n".join([*told, f"{path}: and {more} more such mistakes"] if more > 0 else told))
    return Roster(tuple(students))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line where it begins."""
    text = _text(path)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for row in table:
            cells = [" ".join(cell.split()) for cell in row]
            if any(cells) and NO_STUDENT not in cells:
                yield line, cells
            line = table.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path}:{line}: this is no CSV: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: the class's list cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise UsageError(f"{path}: a class's list may have {LARGEST // 2**20} MiB, and this has more")
    if b"\0" in data:
        raise UsageError(f"{path}: this is not a text file: save the class's list as CSV, in UTF-8")
    for encoding in ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("latin-1")


def _delimiter(text: str) -> str:
    """Return what stands between cells: of the marks that it may be, the one by which most columns are known."""
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    return max(
        ",;\t", key=lambda mark: (sum(_header(cell) in _KNOWN for cell in header.split(mark)), header.count(mark))
    )


def _header(cell: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", cell).casefold()))


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return which column has what; of several that may, the first of `COLUMNS` with something in it."""
    spelt = [_header(cell) for cell in header]
    filled = {n for cells in rows for n, cell in enumerate(cells) if cell}
    there = {role: [spelt.index(name) for name in names if name in spelt] for role, names in COLUMNS.items()}
    return {role: found[0] for role, ns in there.items() if (found := [n for n in ns if n in filled])}


def _students(
    rows: Iterable[tuple[int, Sequence[str]]], columns: Mapping[str, int], whose: str, header: Sequence[str]
) -> tuple[list[Student], list[tuple[int, str]]]:
    """Return the students, whose ids are in the column `whose`, and what is wrong with their rows, by its line."""
    students, mistakes = [], []
    lines: dict[str, int] = {}
    for line, cells in rows:
        found = {role: cells[n] if n < len(cells) else "" for role, n in columns.items()}
        name = _name(**{part: found.get(part, "") for part in ("name", "first", "last")})
        who = name if whose in {"name", "last"} else found[whose] or found.get("github", "")
        if not who:
            mistakes.append((line, f"{header[columns[whose]]}: it is empty, and by it a student is known"))
        elif lines.setdefault(who, line) != line:
            mistakes.append((line, f"{header[columns[whose]]}: {who[:80]!r} stands in line {lines[who]} already"))
        try:
            time = _handed_in(found.get("handed_in", ""))
            students.append(Student(who, name, found.get("email", ""), time, found.get("github", "")))
        except ValueError as error:
            mistakes.append((line, f"{header[columns['handed_in']]}: {error}"))
    return students, mistakes


def _name(name: str, first: str, last: str) -> str:
    """Return the whole name; beside a first name alone, what is called the name may be only the last one."""
    if not last and not set(_folded_words(first)) <= set(_folded_words(name)):
        last, name = name, ""
    return name or " ".join(filter(None, (first, last)))


def _folded_words(name: str) -> list[str]:
    return [_folded(word) for word in name.split()]


def _handed_in(text: str) -> datetime | None:
    return None if text in NO_TIME else moment(text)
