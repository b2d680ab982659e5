"""A table in which answers are marked, as CSV: written for a spreadsheet, and read as spreadsheets write it.

A row is an answer; its `key` stands for the submission, the question and the content, in letters alone. A question
without a rubric gets its points in the column `points`, one with a rubric in a column for each of its lines. What a
spreadsheet would take for a formula gets an apostrophe before it, which is taken away again when it is read. Either
all rows are taken or none, and everything that is wrong is told.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from grader.cells import LONGEST, escaped, unescaped
from grader.errors import UsageError
from grader.marks import WHO, Answer, Given, give, points, worth
from grader.mistakes import suggest
from grader.printable import cut, plain

COLUMNS = ("key", "submission", "item", "answer", "pictures", "earlier", "worth", "comment")
"""All but those for points."""
LONGEST_LINE = 60
"""How much of a line of a rubric heads its column, in characters."""


def write(answers: Sequence[Answer], pictures: Mapping[str, Sequence[str]], *, names: bool = False) -> str:
    """Return the table; `pictures` are the files that were written of an answer's pictures, by its key."""
    file = io.StringIO()
    columns = _columns(answers, names=names)
    table = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
    table.writerow({name: escaped(name) for name in columns})
    for answer in answers:
        row = _row(answer) | {"pictures": " ".join(pictures.get(answer.key, ()))}
        table.writerow({name: escaped(text) for name, text in row.items()})
    return file.getvalue()


def _columns(answers: Sequence[Answer], *, names: bool) -> list[str]:
    given = list(dict.fromkeys(column for answer in answers for column in _points_in(answer)))
    before = [column for column in COLUMNS[:-1] if names or column != "submission"]
    return [*before, *given, COLUMNS[-1]]


def _points_in(answer: Answer) -> list[str]:
    """Return the columns in which an answer gets its points."""
    name, rubric = answer.item.name, answer.item.rubric
    return [
        f"{name} {n}: {' '.join(line.text.split())[:LONGEST_LINE]} (of {line.points:g})"
        for n, line in enumerate(rubric, start=1)
    ] or ["points"]


def _row(answer: Answer) -> dict[str, str]:
    item, mark = answer.item, answer.item.mark
    row = {
        "key": answer.key,
        "submission": answer.result.id,
        "item": item.name,
        "answer": cut(answer.content.text, LONGEST),
        "worth": f"{item.max_score:g}",
    }
    if not mark:
        return row
    if answer.is_pending:
        return row | {"earlier": f"{mark.score:.4g}{f': {mark.comment}' if mark.comment else ''}"}
    got = map(_number, mark.lines or (mark.score,))
    return row | dict(zip(_points_in(answer), got, strict=False)) | {"comment": mark.comment}


def _number(value: float) -> str:
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that is not empty: its number in a spreadsheet, the line where it begins, its cells by their columns."""

    number: int
    line: int
    cells: Mapping[str, str]
    astray: bool
    """Whether something stands where no column is."""

    def __getitem__(self, column: str) -> str:
        return unescaped(self.cells.get(column, "").replace("\r\n", "\n").strip())


def read(name: str, text: str, answers: Sequence[Answer]) -> list[Given]:
    """Return the marks of a table that was filled in; rows without points give none, nor do those that changed nothing.

    Raises:
        UsageError: with a line for everything that is wrong.
    """
    reader = _Reader(answers)
    marks: list[Given] = []
    mistakes: list[str] = []
    for row in _rows(name, text, [*COLUMNS, *reader.columns]):
        try:
            marks += reader.marks(row)
        except ValueError as error:
            mistakes += [f"{name}:{row.line}: row {row.number}: {what}" for what in error.args]
    if mistakes:
        raise UsageError("\n".join([*mistakes, f"nothing of {name} was taken: mend this, and read it again"]))
    return marks


def _rows(name: str, text: str, known: Sequence[str]) -> list[_Row]:
    table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows = []
    try:
        columns = [unescaped(cell.strip()) for cell in next(table, [])]
        _check_header(name, columns, known)
        line = table.line_num + 1
        for number, cells in enumerate(table, start=2):
            named = list(zip_longest(columns, cells, fillvalue=""))
            if any(cell.strip() for cell in cells):
                astray = any(cell.strip() for column, cell in named if not column)
                rows.append(_Row(number, line, dict(named), astray))
            line = table.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{name}:{table.line_num}: this is no CSV: {error}") from error
    return rows


def _delimiter(text: str) -> str:
    """Return what stands between cells: of the marks that it may be, the one by which most columns are known."""
    header = re.split(r"[\r\n]", text, maxsplit=1)[0]
    return max(",;\t", key=lambda mark: sum(cell.strip(' "') in COLUMNS for cell in header.split(mark)))


def _check_header(name: str, columns: Sequence[str], known: Sequence[str]) -> None:
    wrong = [
        f"no column may be called {one[:80]!r}{suggest(one, known)}" for one in columns if one and one not in known
    ]
    wrong += [f"{n} columns are called {one[:80]!r}" for one, n in Counter(columns).items() if one and n > 1]
    if "key" not in columns:
        wrong = ["there is no column `key` (grader mark RESULTS --to FILE writes a table to fill in)"]
    if wrong:
        raise UsageError("\n".join(f"{name}:1: {what}" for what in wrong))


class _Reader:
    """Makes marks out of rows."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.answers = {answer.key: answer for answer in answers}
        self.who = {answer.who for answer in answers}
        self.columns = list(dict.fromkeys(column for answer in answers for column in _points_in(answer)))
        self.read: set[str] = set()

    def marks(self, row: _Row) -> list[Given]:
        """Return the mark that a row gives, if any.

        Raises:
            ValueError: with everything that is wrong with it.
        """
        answer = self._answer(row)
        own = _points_in(answer)
        astray = [column for column in self.columns if column not in own and row[column]]
        if row.astray or astray:
            where = f"the column {astray[0]!r}" if astray else "a column without a name"
            raise ValueError(f"something stands in {where}, which is not for `{answer.item.name}`")
        typed = {column: row[column] for column in own}
        if not any(typed.values()):
            if row["comment"]:
                raise ValueError("a comment, and no points")
            return []
        mark = give(answer, _points(typed, worth(answer.item)), plain(row["comment"]))
        return [] if mark.mark == answer.item.mark and not answer.is_pending else [mark]

    def _answer(self, row: _Row) -> Answer:
        key = row["key"]
        answer = self.answers.get(key)
        if answer is None:
            changed = "the answer has changed since the table was written: write another, and mark it in that"
            unknown = "there is no key" if not key else f"no answer has the key {key[:40]!r}"
            raise ValueError(changed if key[:WHO] in self.who else unknown)
        if key in self.read:
            raise ValueError(f"the key {key} stood in a row above already")
        self.read.add(key)
        if row["item"] != answer.item.name:
            raise ValueError(
                f"the key is of an answer to `{answer.item.name}`, not {row['item'][:40]!r}: was a column sorted alone?"
            )
        return answer


def _points(typed: Mapping[str, str], most: Sequence[float]) -> list[float]:
    """Return the points of each column, or raise ValueError with everything that is wrong with them."""
    found, wrong = [], []
    for (column, text), each in zip(typed.items(), most, strict=True):
        try:
            found.append(points(text, each))
        except ValueError as error:
            wrong.append(
                f"{column}: {error if text else 'there are no points, though other columns of the rubric have some'}"
            )
    if wrong:
        raise ValueError(*wrong)
    return found
