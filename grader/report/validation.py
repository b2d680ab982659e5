"""What was found when an assignment was tried on itself: a table, or a line of JSON."""

import io
import json as json_
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.printable import many
from grader.validation import CaseCheck, Validation

WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""
CASE_WIDTH = 66
FIGURES = 48
"""How wide the columns of figures are together, in characters."""
SHOWN = 20
"""How many survivors a table shows; all of them are in the JSON."""
LOWEST = 1e-4
"""A smaller part of what is allowed is told as less than this."""


def json(validation: Validation) -> str:
    """Return it as a line of JSON, without the line's end."""
    found = asdict(validation)
    found["mutation"]["share"] = round(validation.mutation.share, 4)
    for case in found["cases"]:
        case |= {key: None for key in ("right", "single", "wrong") if case[key] == float("inf")}
    return json_.dumps(found, ensure_ascii=False, allow_nan=False)


def table(validation: Validation, *, color: bool = False, width: int | None = None) -> str:
    """Return it as a table, and below it what is wrong."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=color, width=width or WIDTH, highlight=False, markup=False, emoji=False)
    console.print(Text(_title(validation), style="bold"))
    if validation.cases:
        console.print(_cases(validation, console.width))
    for part in _below(validation):
        console.print(part)
    return file.getvalue()


def _title(validation: Validation) -> str:
    slips = f"{many(len(validation.slips), 'slip')}, " if validation.slips else ""
    mutants = f"{many(validation.mutation.made, 'mutant')}, " if validation.mutation.made else ""
    cases = f"{many(len(validation.cases), 'case')}, " if validation.cases else ""
    samples = many(validation.samples, "sample")
    return f"{validation.assignment}: {cases}{samples}, {slips}{mutants}{validation.seconds:.1f} s"


def _cases(validation: Validation, width: int) -> RenderableType:
    grid = Table(box=None, pad_edge=False, header_style="dim")
    grid.add_column("item", no_wrap=True)
    grid.add_column("case", no_wrap=True, overflow="ellipsis", max_width=_room(validation, width))
    for name in ("rejects", "right", "float32", "slip", "ms"):
        grid.add_column(name, no_wrap=True, justify="right")
    for case in validation.cases:
        grid.add_row(case.function, _named(case), *_figures(case))
    legend = (
        "rejects: wrong samples, slips and mutants; right, float32, slip: the largest deviation of a right answer, of "
        "one in single precision, and the smallest of a slip that is rejected; 1 is what is allowed"
    )
    return Group(grid, Text(legend, style="dim"))


def _room(validation: Validation, width: int) -> int:
    """Return how wide the names of cases may be, so that the figures are whole."""
    longest = max(len(case.function) for case in validation.cases)
    return max(10, min(CASE_WIDTH, width - longest - FIGURES))


def _named(case: CaseCheck) -> Text:
    return Text(case.name if case.counts else f"{case.name} (remark)")


def _figures(case: CaseCheck) -> tuple[Text, ...]:
    style = "red" if case.counts and not case.rejects else ""
    return (
        Text(str(case.rejects), style),
        Text("" if case.right is None else _deviation(case.right), "red" if (case.right or 0) > 1 else ""),
        Text("" if case.single is None else _deviation(case.single)),
        Text("" if case.wrong is None else _deviation(case.wrong)),
        Text(f"{1000 * case.seconds:.1f}"),
    )


def _deviation(units: float) -> str:
    if units == float("inf"):
        return "∞"
    return f"<{LOWEST:g}" if 0 < units < LOWEST else f"{units:.2g}" if units < 1e4 else f"{units:.0e}"


def _below(validation: Validation) -> Iterator[Text]:
    mutation = validation.mutation
    if mutation.made:
        yield Text(
            f"Mutants of the reference: {mutation.killed} of {mutation.made} rejected, {mutation.alike} are right as "
            f"well, {len(mutation.survivors)} survive ({mutation.share:.0%} of the wrong ones are rejected)."
        )
    for survivor in mutation.survivors[:SHOWN]:
        yield Text(f"  survives: {survivor.place}: {survivor.change}", style="yellow")
    if len(mutation.survivors) > SHOWN:
        yield Text(f"  … and {len(mutation.survivors) - SHOWN} more", style="yellow")
    for note in validation.notes:
        yield Text(f"note: {note}", style="yellow")
    for problem in validation.problems:
        yield Text(f"✗ {problem}", style="red")
    if not validation.problems:
        yield Text("✓ it tells right from wrong", style="green")
