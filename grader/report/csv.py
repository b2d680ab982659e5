"""The gradebook: a row a student, a column an item.

A cell without points is empty, and never 0, where there is nothing that was worth 0: of an item that a person still has
to mark, of one who handed in nothing, and where a fault of ours kept a submission from being graded. Columns that would
say nothing are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from grader import cells
from grader.classroom import Classroom
from grader.model import Result


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which columns there are besides `id`, `total` and `max`."""

    items: tuple[str, ...]
    names: bool
    """Whether the class's list is known."""
    penalty: bool
    """Whether anything is taken off."""
    status: bool
    """Whether some are not graded, or not wholly."""


def render(classroom: Classroom) -> Iterator[str]:
    """Yield the table line by line."""
    columns = _columns(classroom)
    names = ("name", "email") if columns.names else ()
    yield cells.line(
        "id", *names, *columns.items, *_if(columns.penalty, "penalty"), *_if(columns.status, "status"), "total", "max"
    )
    for result in classroom.results:
        student = classroom.students.get(result.id)
        named = (student.name, student.email) if student else ("", "")
        yield cells.line(result.id, *(named if columns.names else ()), *_points(result, columns))
    for one in classroom.missing:
        nothing = [None] * (len(columns.items) + columns.penalty)
        yield cells.line(one.id, one.name, one.email, *nothing, "missing", None, None)


def _columns(classroom: Classroom) -> _Columns:
    items: dict[str, None] = {}
    penalty = False
    status = bool(classroom.missing)
    for result in classroom.results:
        items |= dict.fromkeys(item.name for item in result.items)
        penalty = penalty or bool(result.penalty)
        status = status or _status(result) != "graded"
    return _Columns(tuple(items), bool(classroom.students or classroom.missing), penalty, status)


def _points(result: Result, columns: _Columns) -> Iterator[str | float | None]:
    scored = not result.fault
    earned = {item.name: item.score for item in result.items if scored and item.status != "pending"}
    yield from map(earned.get, columns.items)
    yield from _if(columns.penalty, result.penalty if scored else None)
    yield from _if(columns.status, _status(result))
    yield from (result.score, result.max_score)


def _status(result: Result) -> str:
    if result.fault:
        return "fault"
    return "pending" if any(item.status == "pending" for item in result.items) else "graded"


def _if(there: bool, value: str | float | None) -> tuple[str | float | None, ...]:  # noqa: FBT001  is a column there?
    return (value,) if there else ()
