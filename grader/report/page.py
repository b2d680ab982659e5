"""A student's page: the points, what to mend and where, and the code with the lines in which it failed.

It shows what the result holds and nothing else; what is not to be told of a hidden case is not in the result.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader import listing, plots, templating
from grader.classroom import Classroom
from grader.content import Curve, Drawing, Scatter
from grader.messages import FREE
from grader.model import Attempt, CaseResult, ItemResult, Result, Row, Spot
from grader.roster import Student

MOST_CASES = 200
"""How many cases of an item have a row of their own."""
MOST_NOTES = 50
REPEATED = 60
"""How long a message may be, in characters, to be said again."""
ANSWER_LENGTH = 20_000
"""How much of an answer in words is shown, in characters."""
PRINTED_LENGTH = 10_000
"""The same of what a submission printed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be said of some cases; `again` is the number of the item at which it was said before, if it was."""

    message: str
    cases: tuple[CaseResult, ...]
    again: int | None

    @property
    def costs(self) -> bool:
        """Whether points were lost by it."""
        return any(not case.remark and case.status not in {"passed", "pending"} for case in self.cases)

    @property
    def is_of_its_own(self) -> bool:
        """Whether the function itself returned a wrong value, and not only because of another."""
        elsewhere = ("because_of_", "mend_")
        wrong = [case for case in self.cases if case.status == "failed" and not case.remark]
        return bool(wrong) and not any((case.diagnosis or "").startswith(elsewhere) for case in wrong)

    @property
    def inputs(self) -> str:
        """What the function was called with in the first case of which that may be told."""
        return next((case.inputs for case in self.cases if case.inputs), "")

    @property
    def rows(self) -> tuple[Row, ...]:
        """The entries that are furthest off in the first case of which they may be told."""
        return next((case.rows for case in self.cases if case.rows), ())


@dataclass(frozen=True, slots=True)
class Section:
    """What a page shows of an item; a drawing is its title, what it shows in words, and the picture as SVG."""

    item: ItemResult
    problems: tuple[Problem, ...]
    drawings: tuple[tuple[str, str, str], ...]


def render(result: Result, classroom: Classroom) -> str:
    """Return the page of a student."""
    sections, sources = list(_sections(result.items)), classroom.sources(result)
    values = {
        "result": result,
        "assignment": classroom.title or result.assignment,
        "student": classroom.students.get(result.id, Student(result.id)),
        "sections": sections,
        "attempts": result.attempts if _has_news(result.attempts) else (),
        "listings": listing.listings(sources, _said(sections, sources)),
        "earned": math.fsum(item.score for item in result.items),
        "pending": math.fsum(item.max_score for item in result.items if item.status == "pending"),
        "most_cases": MOST_CASES,
        "most_notes": MOST_NOTES,
        "answer_length": ANSWER_LENGTH,
        "printed_length": PRINTED_LENGTH,
    }
    return templating.render("page.html", values)


def _has_news(attempts: Sequence[Attempt]) -> bool:
    """Tell whether there is something to say of them besides that there was one."""
    return len(attempts) > 1 or any(one.handed_in or one.why or one.penalty for one in attempts)


def _sections(items: Iterable[ItemResult]) -> Iterator[Section]:
    said: dict[str, int] = {}
    for number, item in enumerate(items, start=1):
        problems = tuple(_problems(item, said))
        for problem in problems:
            said.setdefault(problem.message, number)
        yield Section(item, problems, tuple(_drawn(item)))


def _problems(item: ItemResult, said: dict[str, int]) -> Iterator[Problem]:
    """Yield what there is to say, once for a mistake, a line that raised, or a message; first what costs points."""
    told: dict[str | Spot, list[CaseResult]] = {}
    for case in item.cases:
        text = case.message.removesuffix(f" {FREE}")
        if not (case.remark and text in told) and (text or case.status != "passed"):
            told.setdefault(case.diagnosis or case.spot or case.message, []).append(case)
    problems = [Problem(cases[0].message, tuple(cases), _again(cases[0].message, said)) for cases in told.values()]
    yield from sorted(problems, key=lambda problem: not problem.costs)


def _again(message: str, said: Mapping[str, int]) -> int | None:
    return said.get(message) if len(message) > REPEATED else None


def _drawn(item: ItemResult) -> Iterator[tuple[str, str, str]]:
    for drawing in item.drawings:
        if svg := plots.svg(drawing):  # empty where matplotlib is not installed
            yield _caption(drawing), plots.describe(drawing), svg


def _caption(drawing: Drawing) -> str:
    match drawing:
        case Scatter():
            return f"The components over the data: {drawing.title}"
        case Curve():
            return f"`{drawing.label}`, round by round: {drawing.title}"


def _said(sections: Iterable[Section], sources: Mapping[str, str]) -> Iterator[tuple[Spot, str]]:
    """Yield what is to be said at lines of the code: where it raised, or where a function with a wrong value begins."""
    for section in sections:
        spots = {n: [case.spot for case in one.cases if case.spot] for n, one in enumerate(section.problems)}
        nowhere = not any(spots.values())
        for n, problem in enumerate(section.problems):
            begins = _definitions(section.item.name, sources) if nowhere and problem.is_of_its_own else []
            yield from ((spot, problem.message) for spot in dict.fromkeys(spots[n] or begins))


def _definitions(function: str, sources: Mapping[str, str]) -> list[Spot]:
    """Return where a function is defined: of several places the last, as it is for Python."""
    begins = re.compile(rf"\s*def\s+{re.escape(function)}\b")
    lines = (
        (name, n, line) for name, text in sources.items() for n, line in enumerate(listing.lines_of(text), start=1)
    )
    return [Spot(name, n) for name, n, line in lines if begins.match(line)][-1:]
