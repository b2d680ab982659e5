"""Where a case went wrong: the student's own line that it ended in, and the entries that are furthest off. Pure.

What stands in a row is no more than the case's message may tell at the same level of `reveal`.
"""

from collections.abc import Collection, Iterator
from typing import Any

from grader import model
from grader.messages import number, shows
from grader.model import Outcome, Reveal, Row, Spot
from grader.problems import Comparison, Differs, Problem, Unequal, WrongParts, WrongShape, WrongType

MOST = 5
"""How many rows there are at most."""
LONGEST = 80
"""How long a text of a row may be, in characters."""
LAST_LINE = 2**31
"""No line has this number: that of a frame is a stranger's."""


def spot(outcome: Outcome, own: Collection[str]) -> Spot | None:
    """Return the innermost line of a student's `own` files and cells that an exception came through."""
    if not isinstance(outcome, model.Raised | model.Blocked):
        return None
    lines = [frame for frame in outcome.frames if frame.file in own and 0 < frame.line < LAST_LINE]
    return Spot(lines[-1].file, lines[-1].line) if lines else None


def of_comparison(comparison: Comparison, reveal: Reveal) -> tuple[Row, ...]:
    """Return what came and what was wanted, as far as that may be told."""
    if not shows(reveal, "got"):
        return ()
    entries = [entry for problem in comparison.problems for entry in _entries(problem)]
    wanted = shows(reveal, "all")
    return tuple(Row(_cut(where), _cut(got), _cut(want) if wanted else "") for where, got, want in entries[:MOST])


def _entries(problem: Problem) -> Iterator[tuple[str, str, str]]:
    path = problem.path or "what is returned"
    match problem:
        case Differs():
            for worst in problem.worst:
                yield f"{path}{list(worst.index) or ''}", number(worst.got), number(worst.want)
        case WrongShape(_, got, want):
            yield f"shape of {path}", str(got), str(want)
        case WrongType(_, got, want):
            yield path, got, want
        case WrongParts(_, got, want):
            yield f"parts of {path}", ", ".join(got[:LONGEST]), ", ".join(want[:LONGEST])
        case Unequal(_, got, want):
            yield path, _quoted(got), _quoted(want)


def _quoted(value: Any) -> str:
    return repr(value[:LONGEST] if isinstance(value, str | bytes) else value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"
