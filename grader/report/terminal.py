"""Results on a terminal: a class as a table, one submission case by case.

Of a class the results are gone through once and none is kept: a few short texts stay of those that have a row, and of
all of them numbers.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.classroom import Classroom
from grader.model import ItemResult, Result
from grader.printable import cut, plain
from grader.report.detail import FINE, MARKS, detail, late, score, total, waiting
from grader.roster import Student

PLAIN_WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""
NARROW = 110
"""From how many characters on messages have a column of their own."""
MESSAGE_LENGTH = 200
"""How much of a message a class's table shows, in characters; the rest is in the JSON."""
WORDED = 5
"""For how many items a class's table has room for words; beyond, it has marks and a legend."""
MOST_ROWS = 500
"""How many submissions have a row in a class's table."""
MOST_NAMED = 10
"""How many students a remark names, and how many refusals are told."""
LONGEST_TEXT = 200
"""How much is shown of a name or refusal, in characters."""
LONGEST_ID = 60
"""How much of an id a class\'s table shows, in characters."""


def render(  # noqa: PLR0913  how it is to look, and what to say besides
    results: Iterable[Result],
    title: str,
    *,
    later: int = 0,
    color: bool = False,
    width: int | None = None,
    remarks: Sequence[str] = (),
) -> str:
    """Return a class as a table, or a single submission in detail.

    `remarks` are sentences to say of all of it; `later` is how many cases are graded later.
    """
    console = Console(
        file=io.StringIO(),
        force_terminal=color,
        force_jupyter=False,  # in a notebook too, the text is what is asked for
        width=width or PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    coming = iter(results)
    first = list(islice(coming, 2))
    if len(first) == 1:
        body, last = detail(first[0]), total(first[0])
    else:
        overview = _seen(chain(first, coming))
        body, last = _table(overview, wide=console.width >= NARROW), _summary(overview)
    told = [Text(remark, style="yellow") for remark in remarks]
    console.print(Text(title, style="bold"), body, *told, Text(last, style="bold"), *_others(later), sep="\n")
    file = console.file
    return file.getvalue() if isinstance(file, io.StringIO) else ""


def _others(later: int) -> list[Text]:
    """Say that a check is not all."""
    many = f"{later} hidden cases exist and are" if later > 1 else "One hidden case exists and is"
    return [Text(f"{many} graded later, when you have handed in.", style="dim")] if later else []


def remarks(classroom: Classroom) -> list[str]:
    """Return what there is to say of a class besides its results: who is missing, who is unknown, what was refused."""
    missing, unknown = [*map(_who, classroom.missing)], classroom.unknown
    are = "is" if len(unknown) == 1 else "are"
    more = len(classroom.refused) - MOST_NAMED
    return [
        *([f"{len(missing)} of the class's list handed in nothing: {_named(missing)}"] if missing else []),
        *([f"{len(unknown)} who handed in {are} not on the class's list: {_named(unknown)}"] if unknown else []),
        *map(_on_a_line, classroom.refused[:MOST_NAMED]),
        *([f"and {more} more that were refused"] if more > 0 else []),
    ]


def _who(student: Student) -> str:
    return f"{student.name} ({student.id})" if student.name not in {"", student.id} else student.id


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - MOST_NAMED
    return ", ".join(map(_on_a_line, ids[:MOST_NAMED])) + (f", and {more} more" if more > 0 else "")


def _on_a_line(text: str, most: int = LONGEST_TEXT) -> str:
    return cut(" ".join(text.split()), most)


# --- a class ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """What a class's table shows of a submission; one that was not graded has no cells."""

    id: str
    cells: Sequence[Text]
    score: str
    first: str


@dataclass(slots=True)
class _Overview:
    """What is shown of a class."""

    rows: list[_Row] = field(default_factory=list)
    """Of the first of them."""
    names: tuple[str, ...] = ()
    """Of the items."""
    all: int = 0
    graded: int = 0
    full: int = 0
    """How many passed everything."""
    lost: int = 0
    """How many lost points."""
    points: float = 0.0


def _seen(results: Iterable[Result]) -> _Overview:
    """Go through the results once."""
    seen = _Overview()
    for result in results:
        seen.all += 1
        seen.names = seen.names or tuple(item.name for item in result.items)
        if len(seen.rows) < MOST_ROWS:
            seen.rows.append(_row(result))
        if not result.fault:
            seen.graded += 1
            seen.full += not result.lost and all(item.status == "passed" for item in result.items)
            seen.lost += result.lost
            seen.points += result.score or 0.0
    return seen


def _row(result: Result) -> _Row:
    many = len(result.items) > WORDED
    pending, days = waiting(result), late(result)
    points = score(result) + (f", {pending:.4g} pending" if pending else "") + (f", {days}" if days else "")
    return _Row(
        _on_a_line(result.id, LONGEST_ID), [_cell(item, mark=many) for item in result.items], points, _first(result)
    )


def _table(seen: _Overview, *, wide: bool) -> RenderableType:
    """Return a row a submission: a column an item, the score, and the first thing to mend, below on a narrow screen."""
    names, many = seen.names, len(seen.names) > WORDED
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("submission", *(map(str, range(1, len(names) + 1)) if many else names), "score"):
        grid.add_column(name, no_wrap=True)
    if wide:
        grid.add_column("first thing to mend", overflow="fold")
    for row in seen.rows:
        cells = row.cells or [Text("fault", style="magenta")] * len(names)
        grid.add_row(Text(row.id), *cells, Text(row.score), *([Text(row.first)] if wide else []))
    return Group(grid, *_below(seen, wide=wide))


def _below(seen: _Overview, *, wide: bool) -> Iterator[Text]:
    """Yield the lines below the table: what has no row, what the marks mean, and what has no column."""
    if seen.all > len(seen.rows):
        yield Text(f"… {seen.all - len(seen.rows):,} more, see summary.html in the folder of --out")
    if len(seen.names) > WORDED:
        legend = ", ".join(f"{n} {name}" for n, name in enumerate(seen.names, start=1))
        yield Text(f"{legend}\n{', '.join(f'{mark} {what}' for what, mark in MARKS.items())}", style="dim")
    if not wide:
        yield from (Text.assemble((f"{row.id}: ", "bold"), row.first) for row in seen.rows if row.first)


def _summary(seen: _Overview) -> str:
    mean = seen.points / max(seen.graded, 1)
    marking = seen.graded - seen.full - seen.lost
    marked = f", {marking} with answers to be marked" if marking else ""
    text = f"{seen.all} submissions: {seen.full} passed everything, {seen.lost} lost points{marked}; mean {mean:.2f}"
    faults = seen.all - seen.graded
    return text + (f"; {faults} not graded by a fault of ours" if faults else "")


def _cell(item: ItemResult, *, mark: bool) -> Text:
    what = "partly" if item.score and item.status not in FINE else item.status
    style = FINE.get(item.status, "yellow" if item.score else "red")
    return Text(MARKS.get(what, "!"), style) if mark else Text(item.status, style)


def _first(result: Result) -> str:
    if result.fault:
        return f"{shorten(plain(result.fault), MESSAGE_LENGTH, placeholder=' …')} (a fault of ours: nothing is lost)"
    for item in result.items:
        for case in item.cases:
            if case.status not in {"passed", "pending"} and not case.remark:
                question = "" if item.kind == "function" else f"{item.name}: "
                return shorten(question + plain(case.message), MESSAGE_LENGTH, placeholder=" …")
    return ""
