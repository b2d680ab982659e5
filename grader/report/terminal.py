"""Results on a terminal: a class as a table, one submission case by case."""

import io
import math
from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.messages import FREE
from grader.model import CaseResult, ItemResult, Result

PLAIN_WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""
NARROW = 110
"""From how many characters on messages have a column of their own."""
MESSAGE_LENGTH = 200
"""How much of a message a class's table shows, in characters; the rest is in the JSON."""
PRINTED_LINES = 10
"""How much is shown of what a submission printed."""


def render(results: Sequence[Result], title: str, *, color: bool = False, width: int | None = None) -> str:
    """Return a class as a table, or a single submission in detail."""
    console = Console(
        file=io.StringIO(), force_terminal=color, width=width or PLAIN_WIDTH, highlight=False, markup=False, emoji=False
    )
    wide = console.width >= NARROW
    body = detail(results[0]) if len(results) == 1 else table(results) if wide else lines(results)
    console.print(Text(title, style="bold"), body, _summary(results), sep="\n")
    file = console.file
    return file.getvalue() if isinstance(file, io.StringIO) else ""


def _plain(text: str) -> str:
    """Return a text without control characters, by which a submission could rewrite the screen."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text.expandtabs())


def table(results: Sequence[Result], *, messages: bool = True) -> RenderableType:
    """Return a row a submission: a column a function, the score, and the first thing to mend."""
    names = next((tuple(item.name for item in result.items) for result in results if result.items), ())
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("submission", *names, "score"):
        grid.add_column(name, no_wrap=True)
    if messages:
        grid.add_column("first thing to mend", overflow="fold")
    for result in results:
        cells = [_cell(item) for item in result.items] or [Text("fault", style="magenta")] * len(names)
        first = [Text(_first(result))] if messages else []
        grid.add_row(Text(result.id), *cells, Text(_score(result)), *first)
    return grid


def lines(results: Sequence[Result]) -> RenderableType:
    """Return the table for a narrow screen, where the messages stand below it."""
    told = [(result.id, _first(result)) for result in results]
    messages = [Text.assemble((f"{name}: ", "bold"), message) for name, message in told if message]
    return Group(table(results, messages=False), *messages)


def _cell(item: ItemResult) -> Text:
    if item.status == "passed":
        return Text("passed", style="green")
    return Text(item.status, style="yellow" if item.score else "red")


def _first(result: Result) -> str:
    if result.fault:
        return f"{_plain(result.fault)} (a fault of ours: nothing is lost)"
    for item in result.items:
        for case in item.cases:
            if case.status != "passed" and not case.remark:
                return shorten(_plain(case.message), MESSAGE_LENGTH, placeholder=" …")
    return ""


def detail(result: Result) -> RenderableType:
    """Return a submission function by function, with every case that has something to say."""
    parts: list[RenderableType] = []
    if result.fault:
        parts.append(Text(f"Not graded, and nothing is lost: {_plain(result.fault)}", style="magenta"))
    said: set[str] = set()
    for item in result.items:
        parts.append(_heading(item))
        parts.extend(Padding(part, (0, 0, 0, 2)) for part in _cases(item, said))
    if result.stdout:
        printed = _plain(result.stdout).splitlines()
        more = [f"… ({len(printed) - PRINTED_LINES} more lines)"] if len(printed) > PRINTED_LINES else []
        parts.append(Text("\n".join(["It printed:", *printed[:PRINTED_LINES], *more]), style="dim"))
    return Group(*parts)


def _heading(item: ItemResult) -> Text:
    counted = [case for case in item.cases if not case.remark]
    passed = sum(case.status == "passed" for case in counted)
    mark, style = ("✓", "green") if passed == len(counted) else ("✗", "red")
    score = f"{item.score:.4g} of {item.max_score:.4g}"
    return Text.assemble((f"{mark} {item.name}", style), f"  {score}  ", (f"{passed} of {len(counted)} cases", "dim"))


def _cases(item: ItemResult, said: set[str]) -> list[Text]:
    """Return the lines of the cases that failed or are odd; a message stands once, and not where it was said above."""
    told: dict[str, list[CaseResult]] = {}
    for case in item.cases:
        text = case.message.removesuffix(f" {FREE}")
        again = text in said or (case.remark and text in told)
        if not again and (text or case.status != "passed"):
            told.setdefault(case.message, []).append(case)
    said |= set(told)
    return [_line(message, cases) for message, cases in told.items()]


def _line(message: str, cases: Sequence[CaseResult]) -> Text:
    failed = [case for case in cases if case.status != "passed"]
    costs = any(not case.remark for case in failed)
    mark, style = ("✗", "red") if costs else ("·", "yellow")
    names = cases[0].name + (f" and {len(cases) - 1} more" if len(cases) > 1 else "")
    status = f" ({failed[0].status})" if costs else ""
    return Text.assemble((f"{mark} {names}{status}: ", style), _plain(message))


def _summary(results: Sequence[Result]) -> Text:
    graded = [result for result in results if not result.fault]
    full = sum(all(item.status == "passed" for item in result.items) for result in graded)
    if len(results) == 1:
        return Text(f"Score: {_score(results[0])}", style="bold")
    mean = math.fsum(result.score or 0.0 for result in graded) / max(len(graded), 1)
    text = f"{len(results)} submissions: {full} passed everything, {len(graded) - full} lost points; mean {mean:.2f}"
    faults = len(results) - len(graded)
    return Text(text + (f"; {faults} not graded by a fault of ours" if faults else ""), style="bold")


def _score(result: Result) -> str:
    return "none" if result.score is None else f"{result.score:.4g} of {result.max_score:.4g}"
