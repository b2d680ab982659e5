"""A notebook as the others grade it: as code that is loaded cell by cell, and as a sheet of answers.

    Handed ── opened ──► Pages: code with its cells, and the notebook
                          └─ computed ── (the run says what they are) ──► sheet

A number or a choice may be held by a variable, and a number be computed; a formula or a text is what was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

from grader import notebook, stated
from grader.answers import number
from grader.answers.sheet import Sheet
from grader.answers.verdict import Raw, UnreadableAnswer, quoted
from grader.components import entries
from grader.content import Picture
from grader.handin import Submission as Wanted
from grader.model import Outcome, Raised, Returned
from grader.notebook import Notebook, UnreadableNotebook
from grader.questions import Question
from grader.sandbox.values import Opaque, Record
from grader.submission import Cell, Handed

LONGEST, LONGEST_MESSAGE = 2**16, 200
"""How long a text may be that is an answer, and how much is told of an exception's, in characters."""
MOST = 1000
"""How many entries of an array or list are taken for an answer."""
COMPUTED = frozenset({"number", "choice"})
"""The kinds of questions whose answer may be the value of a variable."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What was handed in; `book` is None where that is no notebook, or none that can be read."""

    code: Handed
    book: Notebook | None = None


def opened(handed: Handed) -> Pages:
    """Read what was handed in, if it is a notebook."""
    if handed.problem is not None or not handed.main.endswith(".ipynb"):
        return Pages(handed)
    try:
        book = notebook.read(handed.main, handed.files[handed.main])
    except UnreadableNotebook as error:
        return Pages(replace(handed, problem=str(error)))
    files = {path: data for path, data in handed.files.items() if path != handed.main}
    cells = tuple(Cell(f"cell [{cell.number}]", cell.python.encode()) for cell in book.cells if cell.number)
    return Pages(replace(handed, files=files, cells=cells), book)


class Answers:
    """Where in a notebook the answers to questions are."""

    def __init__(self, questions: Mapping[str, Question], wanted: Wanted, book: Notebook) -> None:
        self._questions, self._places, self._book = questions, wanted.places, book
        self._said = {name: self._stated(self._tag(name)) for name in questions}
        found = {name: self._expression(name, question) for name, question in questions.items()}
        self.computed = {name: source for name, source in found.items() if source}
        """The expression whose value is the answer, by the names of the questions that have one."""

    def _expression(self, name: str, question: Question) -> str | None:
        where, said = self._places.get(name), self._said[name]
        if where and where.variable:
            return where.variable
        if said is None or question.kind not in COMPUTED:
            return None
        return said.variable or (said.raw if question.kind == "number" and _is_code(said.raw) else None)

    def _tag(self, name: str) -> str:
        where = self._places.get(name)
        return where.tag if where and where.tag else name

    def _stated(self, tag: str) -> stated.Stated | None:
        cell = stated.answer(self._book, tag)
        return stated.stated(cell) if cell else None

    def sheet(self, values: Mapping[str, Outcome], executed: Notebook | None) -> Sheet:
        """Return all answers.

        `values` has what was computed, by the questions' names; pictures come from the executed copy if it has some.
        """
        attempts: dict[str, list[Raw]] = {}
        problems: dict[str, str] = {}
        for name, question in self._questions.items():
            said = self._said[name]
            if name in values:
                try:
                    raw = _raw(values[name], quoted(self.computed.get(name, name)))
                    comma = question.kind == "number" and isinstance(raw, list) and said is not None
                    attempts[name] = [said.raw if said is not None and comma else raw]  # 61,2 is two numbers to Python
                except ValueError as error:
                    if said and _is_typed(said.raw):
                        attempts[name] = [said.raw]
                    else:
                        problems[name] = str(error)
            elif said:
                attempts[name] = [said.raw]
            elif self._book.tagged(self._tag(name)):
                attempts[name] = [""]
        return Sheet(attempts, problems, {name: self._pictures(name, executed) for name in self._questions})

    def _pictures(self, name: str, executed: Notebook | None) -> tuple[Picture, ...]:
        for book in filter(None, [executed, self._book]):
            shown = [cell.pictures for cell in book.tagged(self._tag(name)) if cell.pictures]
            if shown:
                return shown[-1]
        return ()


def _is_code(raw: Raw) -> TypeGuard[str]:
    """Tell whether an answer that is to be a number is an expression, such as `estep(X, mixture)[1]`."""
    return isinstance(raw, str) and raw.isascii() and "(" in raw and not _is_typed(raw)


def _is_typed(raw: Raw) -> bool:
    """Tell whether what stands in a cell is an answer by itself: a number, or parts that were typed out."""
    if not isinstance(raw, str):
        return True
    try:
        number.read(raw)
    except UnreadableAnswer:
        return False
    return True


def _raw(outcome: Outcome, source: str) -> Raw:
    """Return what was computed as it would stand in an answer sheet.

    Raises:
        ValueError: there is no value, or one of a kind that no answer is.
    """
    match outcome:
        case Returned(str(text)) if len(text) > LONGEST:
            raise ValueError(f"{source} is a text of more than {LONGEST} characters")
        case Returned(value) if not isinstance(value, str) and entries(value) > MOST:
            raise ValueError(f"{source} is a value of more than {MOST} entries")
        case Returned(value):
            try:
                return _as_typed(value)
            except ValueError as error:
                raise ValueError(f"{source} is {error}") from error
        case Raised(kind, message):
            raise ValueError(f"{source} raised {kind}: {message[:LONGEST_MESSAGE]}")
    raise ValueError(f"{source} could not be computed in the time and memory that there are")


def _as_typed(value: Any) -> Raw:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | np.bool_():
            return str(bool(value)).lower()
        case np.generic() | np.ndarray(size=1):  # before Python's own, which numpy's float64 is too
            return _as_typed(value.item())
        case int() | float() | complex():
            return repr(value)
        case np.ndarray():
            return _as_typed(value.tolist() if value.size else [])
        case list() | tuple() | dict():
            return _each(value)
        case Opaque(kind) | Record(kind):
            raise ValueError(f"of the type {kind}")
    raise ValueError(f"of the type {type(value).__name__}")


def _each(value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> Raw:
    if len(value) > MOST:  # of values that count for nothing, such as empty lists
        raise ValueError(f"a value of more than {MOST} entries")
    if not isinstance(value, dict):
        return [_as_typed(part) for part in value]
    if not all(isinstance(key, str | int | float) for key in value):
        raise ValueError("a mapping with keys that are no names")
    return {str(key): _as_typed(part) for key, part in value.items()}
