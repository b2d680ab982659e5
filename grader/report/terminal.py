"""Results on a terminal: a class as a table, one submission case by case."""

import io
import math
from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.messages import FREE, UNTOLD
from grader.model import Attempts, CaseResult, ItemResult, Result
from grader.printable import plain

PLAIN_WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""
NARROW = 110
"""From how many characters on messages have a column of their own."""
MESSAGE_LENGTH = 200
"""How much of a message a class's table shows, in characters; the rest is in the JSON."""
REPEATED = 60
"""How long a message about an answer may be, in characters, to be said again."""
WORDED = 5
"""For how many items a class's table has room for words; beyond, it has marks and a legend."""
PRINTED_LINES = 10
"""How much is shown of what a submission printed."""


def render(
    results: Sequence[Result], title: str, *, later: int = 0, color: bool = False, width: int | None = None
) -> str:
    """Return a class as a table, or a single submission in detail; `later` is how many cases are graded later."""
    console = Console(
        file=io.StringIO(),
        force_terminal=color,
        force_jupyter=False,  # in a notebook too, the text is what is asked for
        width=width or PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    wide = console.width >= NARROW
    body = detail(results[0]) if len(results) == 1 else table(results) if wide else lines(results)
    console.print(Text(title, style="bold"), body, _summary(results), *_others(later), sep="\n")
    file = console.file
    return file.getvalue() if isinstance(file, io.StringIO) else ""


def _others(later: int) -> list[Text]:
    """Say that a check is not all."""
    many = f"{later} hidden cases exist and are" if later > 1 else "One hidden case exists and is"
    return [Text(f"{many} graded later, when you have handed in.", style="dim")] if later else []


def table(results: Sequence[Result], *, messages: bool = True) -> RenderableType:
    """Return a row a submission: a column a function, the score, and the first thing to mend."""
    names = next((tuple(item.name for item in result.items) for result in results if result.items), ())
    many = len(names) > WORDED
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("submission", *(map(str, range(1, len(names) + 1)) if many else names), "score"):
        grid.add_column(name, no_wrap=True)
    if messages:
        grid.add_column("first thing to mend", overflow="fold")
    for result in results:
        cells = [_cell(item, mark=many) for item in result.items] or [Text("fault", style="magenta")] * len(names)
        first = [Text(_first(result))] if messages else []
        waiting = _waiting(result)
        score = _score(result) + (f", {waiting:.4g} pending" if waiting else "")
        grid.add_row(Text(result.id), *cells, Text(score), *first)
    if not many:
        return grid
    legend = ", ".join(f"{n + 1} {name}" for n, name in enumerate(names))
    return Group(grid, Text(f"{legend}\n{', '.join(f'{mark} {what}' for what, mark in _MARKS.items())}", style="dim"))


def lines(results: Sequence[Result]) -> RenderableType:
    """Return the table for a narrow screen, where the messages stand below it."""
    told = [(result.id, _first(result)) for result in results]
    messages = [Text.assemble((f"{name}: ", "bold"), message) for name, message in told if message]
    return Group(table(results, messages=False), *messages)


def _cell(item: ItemResult, *, mark: bool) -> Text:
    what = "partly" if item.score and item.status not in _FINE else item.status
    style = _FINE.get(item.status, "yellow" if item.score else "red")
    return Text(_MARKS.get(what, "!"), style) if mark else Text(item.status, style)


_FINE = {"passed": "green", "pending": "cyan"}
_MARKS = {"passed": "✓", "partly": "~", "failed": "✗", "missing": "-", "pending": "…", "error": "!"}
"""For a table with many columns; what is none of these ended in an error of some kind."""


def _first(result: Result) -> str:
    if result.fault:
        return f"{plain(result.fault)} (a fault of ours: nothing is lost)"
    for item in result.items:
        for case in item.cases:
            if case.status not in {"passed", "pending"} and not case.remark:
                question = "" if item.kind == "function" else f"{item.name}: "
                return shorten(question + plain(case.message), MESSAGE_LENGTH, placeholder=" …")
    return ""


def detail(result: Result) -> RenderableType:
    """Return a submission function by function, with every case that has something to say."""
    parts: list[RenderableType] = []
    if result.fault:
        parts.append(Text(f"Not graded, and nothing is lost: {plain(result.fault)}", style="magenta"))
    parts.extend(Text(plain(note), style="yellow") for note in result.notes)
    said: set[str] = set()
    for item in result.items:
        parts.append(_heading(item))
        parts.extend(Padding(part, (0, 0, 0, 2)) for part in [*_cases(item, said), *_besides(item)])
    if result.stdout:
        printed = [_cut(line) for line in plain(result.stdout).splitlines()]
        more = [f"… ({len(printed) - PRINTED_LINES} more lines)"] if len(printed) > PRINTED_LINES else []
        parts.append(Text("\n".join(["It printed:", *printed[:PRINTED_LINES], *more]), style="dim"))
    return Group(*parts)


def _cut(line: str) -> str:
    return line if len(line) <= MESSAGE_LENGTH else f"{line[:MESSAGE_LENGTH]} …"


def _heading(item: ItemResult) -> Text:
    counted = [case for case in item.cases if not case.remark]
    passed = sum(case.status == "passed" for case in counted)
    mark, style = (_MARKS[item.status], _FINE[item.status]) if item.status in _FINE else ("✗", "red")
    score = "pending" if item.status == "pending" else f"{item.score:.4g} of {item.max_score:.4g}"
    how = f"{passed} of {len(counted)} cases" if item.attempts is None else _attempts(item.attempts)
    return Text.assemble((f"{mark} {item.name}", style), f"  {score}  ", (how, "dim"))


def _attempts(attempts: Attempts) -> str:
    if attempts.allowed is None:
        return ""
    used = f"{attempts.used} of " if attempts.used else ""
    return f"{used}{attempts.allowed} {'attempt' if attempts.allowed == 1 else 'attempts'}{' used' if used else ''}"


def _besides(item: ItemResult) -> list[Text]:
    """Return how a formula was understood, and what explains the answer."""
    read = [Text(f"read as {plain(item.latex)}", style="dim")] if item.latex else []
    return read + ([Text(f"Explanation: {plain(item.explanation).strip()}", "dim")] if item.explanation else [])


def _cases(item: ItemResult, said: set[str]) -> list[Text]:
    """Return the lines of the cases that failed or are odd; a message or mistake stands once, not where it was said.

    Of a question every part is told by itself, because a few words often fit several answers.
    """
    if item.kind != "function":
        return [_line(message, [case]) for case in item.cases if (message := _of_answer(case, said))]
    told: dict[str, list[CaseResult]] = {}
    for case in item.cases:
        text = case.message.removesuffix(f" {FREE}")
        again = text in said or (case.remark and text in told)
        if not again and (text or case.status != "passed"):
            told.setdefault(case.diagnosis or case.message, []).append(case)
    said |= {case.message for cases in told.values() for case in cases}
    return [_with_inputs(_line(cases[0].message, cases), cases[0]) for cases in told.values()]


def _with_inputs(line: Text, case: CaseResult) -> Text:
    """Return a case's line, and below it what the function was called with."""
    return Text.assemble(line, (f"\n  called with {plain(case.inputs)}", "dim")) if case.inputs else line


def _of_answer(case: CaseResult, said: set[str]) -> str:
    """Return what to say of an answer; what is said of all of them stands once."""
    again = case.message in said
    said.add(case.message)
    if again and case.message == UNTOLD:
        return ""
    return "as above" if again and len(case.message) > REPEATED else case.message


def _line(message: str, cases: Sequence[CaseResult]) -> Text:
    failed = [case for case in cases if case.status != "passed"]
    costs = any(not case.remark and case.status != "pending" for case in failed)
    mark, style = ("✗", "red") if costs else ("·", "yellow")
    names = cases[0].name + (f" and {len(cases) - 1} more" if len(cases) > 1 else "")
    status = f" ({failed[0].status})" if costs else ""
    return Text.assemble((f"{mark} {names}{status}: ", style), plain(message))


def _summary(results: Sequence[Result]) -> Text:
    graded = [result for result in results if not result.fault]
    full = sum(all(item.status == "passed" for item in result.items) for result in graded)
    lost = sum(result.lost for result in graded)
    if len(results) == 1:
        waiting = _waiting(results[0])
        return Text(f"Score: {_score(results[0])}{f', and {waiting:.4g} pending' if waiting else ''}", style="bold")
    mean = math.fsum(result.score or 0.0 for result in graded) / max(len(graded), 1)
    marked = f", {len(graded) - full - lost} with answers to be marked" if full + lost < len(graded) else ""
    text = f"{len(results)} submissions: {full} passed everything, {lost} lost points{marked}; mean {mean:.2f}"
    faults = len(results) - len(graded)
    return Text(text + (f"; {faults} not graded by a fault of ours" if faults else ""), style="bold")


def _waiting(result: Result) -> float:
    """Return how many points a person still has to give, or the class's grading."""
    return math.fsum(item.max_score for item in result.items if item.status == "pending")


def _score(result: Result) -> str:
    return "none" if result.score is None else f"{result.score:.4g} of {result.max_score:.4g}"
