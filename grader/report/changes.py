"""What a save has changed, in a few lines: what got better, what got worse, and what there is still to mend."""

import io
from collections.abc import Iterator
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.text import Text

from grader.model import ItemResult, Result
from grader.printable import plain
from grader.watch import Change, Changes, counted, passed, to_mend

PLAIN_WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""
PRINTED_LINES = 10
"""How much is shown of what a submission printed."""
MESSAGE_LENGTH = 300
"""How much of a message is shown, in characters; `grader check` without --watch shows all of it."""

_HOW = {1: ("+", "better", "green"), -1: ("-", "worse", "red"), 0: ("~", "otherwise", "yellow")}
"""By which mark, word and colour it is told in which direction something went."""


def render(changes: Changes, at: str, *, color: bool = False, width: int | None = None) -> str:
    """Return what has changed; `at` is the time of the day."""
    file = io.StringIO()
    console = Console(
        file=file,
        force_terminal=color,
        force_jupyter=False,
        width=width or PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(_body(changes, at))
    return file.getvalue()


def _body(changes: Changes, at: str) -> RenderableType:
    after = changes.after
    if after.fault:
        return Text(f"{at}  Not graded, and nothing is lost: {_plain(after.fault)}", style="magenta")
    return Group(
        Text.assemble((f"{at}  ", "bold"), _summary(changes)),
        *map(_changed, sorted(changes.items, key=lambda one: -one.direction)),
        *(Text(f"  {_plain(note)}", style="yellow") for note in after.notes),
        *_still(after),
        Text(_score(changes), style="bold"),
    )


def _summary(changes: Changes) -> str:
    """Return how many functions and questions went in which direction."""
    if not changes.items:
        return "nothing changed"
    directions = [one.direction for one in changes.items]
    return ", ".join(f"{directions.count(key)} {word}" for key, (_, word, _) in _HOW.items() if key in directions)


def _changed(change: Change) -> Text:
    mark, _, style = _HOW[change.direction]
    return Text(f"{mark} {change.after.name}: {_states(change)}", style=style)


def _states(change: Change) -> str:
    """Return from which state it went to which: by its status, its cases or its points, whichever tells it."""
    if change.before is None:
        return change.after.status
    for of in (_status, _cases, _points):
        was, now = of(change.before), of(change.after)
        if was != now:
            return f"{was} -> {now}"
    return f"still {change.after.status}, in another way"


def _status(item: ItemResult) -> str:
    return item.status


def _cases(item: ItemResult) -> str:
    return f"{passed(item)} of {len(counted(item))}"


def _points(item: ItemResult) -> str:
    return f"{item.score:.4g} of {item.max_score:.4g} points"


def _still(result: Result) -> Iterator[Text]:
    """Yield what there is to mend first in each function and question, each message once, and what was printed."""
    said = set[str]()
    for item in result.items:
        case = to_mend(item)
        if case is not None:
            message = shorten(_plain(case.message), MESSAGE_LENGTH, placeholder=" …")
            yield Text.assemble((f"✗ {item.name} ({case.status}): ", "red"), "as above" if message in said else message)
            said.add(message)
    if result.stdout:
        lines = [_plain(line)[:MESSAGE_LENGTH] for line in result.stdout.splitlines()]
        yield Text("\n".join(["It printed:", *lines[:PRINTED_LINES], *(["…"] if lines[PRINTED_LINES:] else [])]), "dim")


def _score(changes: Changes) -> str:
    before, after = (_of_all(result) for result in (changes.before, changes.after))
    return f"Score: {after}" + (f" (before: {before})" if before != after else "")


def _of_all(result: Result) -> str:
    return "none" if result.score is None else f"{result.score:.4g} of {result.max_score:.4g}"


def _plain(text: str) -> str:
    """Return a text on one line, harmless."""
    return plain(" ".join(text.split()))
