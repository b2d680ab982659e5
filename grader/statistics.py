"""What the results of a class say together: how the points spread, what was hard, and which mistakes are common.

The results are gone through once, and only numbers and ids are kept of them, so that a class of 20,000 fits.

The difficulty of an item is the mean share of its points that were earned. Its discrimination is the correlation of
its points with all others that a student has: near 1, who does well in the rest does well in it; about 0 or below, it
measures something else, or is wrong. Answers that a person still has to mark count in neither.
"""

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grader.model import CaseResult, ItemResult, Kind, Result, Status

BINS = 10
"""Into how many shares of the points the class is divided."""
SLOWEST = 10
"""How many of the submissions that took longest are named."""
FEWEST = 3
"""Of how many students a correlation is taken at least: any two points lie on a line."""
ROUGHLY = 1e-9
"""By how much points may differ for having been added up in another order."""
TOLD = 300
"""How much is kept of a message, in characters."""

Standing = Literal["all passed", "lost points", "to be marked", "fault of ours"]


@dataclass(frozen=True, slots=True)
class Line:
    """A result in short; `items` has (status, points) in the order of the class's items, None where it has no such."""

    id: str
    standing: Standing
    score: float | None
    max_score: float
    seconds: float
    items: tuple[tuple[Status, float] | None, ...]
    mistakes: tuple[str, ...]
    """The ids of those that were recognised."""
    late: bool
    pending: bool
    """Whether a person still has to mark something of it."""


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """An item over the class; a share is None where nobody has points yet."""

    name: str
    kind: Kind
    max_score: float
    statuses: tuple[tuple[Status, int], ...]
    """How often it ended how, the commonest first."""
    earned: float | None
    discrimination: float | None
    """None where it is not defined: too few students, or all have the same points, in it or in the rest."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What went wrong with an item in the same way for these students."""

    item: str
    what: str
    """The id of the mistake, or where none was recognised, what it raised or else the status."""
    recognised: bool
    told: str
    """What the first of them was told."""
    students: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """A class; `mean`, `median` and `spread` are in points, and None where nobody was graded."""

    lines: tuple[Line, ...]
    items: tuple[ItemStatistics, ...]
    mistakes: tuple[Mistake, ...]
    """The commonest first."""
    bins: tuple[int, ...]
    """How many have 0 to 10 % of the points, 10 to 20 %, and so on; the last has those with all points too."""
    max_score: float
    mean: float | None
    median: float | None
    spread: float | None
    """The standard deviation."""
    faults: tuple[tuple[str, str], ...]
    """Who was not graded, by a fault of ours, and which."""

    @property
    def slowest(self) -> list[Line]:
        """The submissions that took longest."""
        return heapq.nlargest(SLOWEST, self.lines, key=lambda line: line.seconds)

    @property
    def pending(self) -> int:
        """How many have something that a person still has to mark."""
        return sum(line.pending for line in self.lines)

    def standing(self, standing: Standing) -> int:
        """Return how many stand so."""
        return sum(line.standing == standing for line in self.lines)


def of(results: Iterable[Result]) -> Statistics:
    """Return what results say together; they are gone through once."""
    kept = _Kept()
    for result in results:
        kept.add(result)
    points = kept.points()
    scores = np.array([line.score for line in kept.lines if line.score is not None], float)
    return Statistics(
        lines=tuple(kept.lines),
        items=tuple(_item(n, item, kept.lines, points) for n, item in enumerate(kept.items.values())),
        mistakes=tuple(sorted(kept.mistakes(), key=lambda mistake: -len(mistake.students))),
        bins=_bins(kept.lines),
        max_score=max((line.max_score for line in kept.lines), default=0.0),
        mean=float(scores.mean()) if len(scores) else None,
        median=float(np.median(scores)) if len(scores) else None,
        spread=float(scores.std()) if len(scores) else None,
        faults=tuple(kept.faults),
    )


@dataclass(slots=True)
class _Kept:
    """What is kept of the results gone through so far."""

    lines: list[Line] = field(default_factory=list)
    items: dict[str, tuple[int, str, Kind, float]] = field(default_factory=dict)
    """Column, name, kind and points of each."""
    said: dict[tuple[str, str], tuple[bool, str, list[str]]] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        if result.fault:
            self.faults.append((result.id, result.fault[:TOLD]))
        for item in result.items:
            self.items.setdefault(item.name, (len(self.items), item.name, item.kind, item.max_score))
            if item.mark is None:  # what a person said of an answer is between the two
                self._add_mistakes(result.id, item)
        mistakes = dict.fromkeys(case.diagnosis for item in result.items for case in item.cases if case.diagnosis)
        self.lines.append(
            Line(
                id=result.id,
                standing=_standing(result),
                score=result.score,
                max_score=result.max_score,
                seconds=result.seconds,
                items=self._cells(result),
                mistakes=tuple(mistakes),
                late=bool(result.penalty),
                pending=any(item.status == "pending" for item in result.items),
            )
        )

    def _cells(self, result: Result) -> tuple[tuple[Status, float] | None, ...]:
        cells: list[tuple[Status, float] | None] = [None] * len(self.items)
        for item in result.items:
            cells[self.items[item.name][0]] = item.status, item.score
        return tuple(cells)

    def _add_mistakes(self, student: str, item: ItemResult) -> None:
        wrong = [case for case in item.cases if not case.remark and case.status not in {"passed", "pending"}]
        recognised = {case.diagnosis: case for case in reversed(wrong) if case.diagnosis}
        first: dict[str, CaseResult] = recognised or ({_kind(wrong[0]): wrong[0]} if wrong else {})
        for what, case in first.items():
            told = _first_sentence(case.message) if recognised else case.message[:TOLD]
            self.said.setdefault((item.name, what), (bool(recognised), told, []))[2].append(student)

    def mistakes(self) -> Iterable[Mistake]:
        for (item, what), (recognised, told, students) in self.said.items():
            yield Mistake(item, what, recognised, told, tuple(students))

    def points(self) -> NDArray[np.float64]:
        """Return the points, (students, items), NaN where there are none yet."""
        points = np.full((len(self.lines), len(self.items)), np.nan)
        for row, line in zip(points, self.lines, strict=True):
            cells = [cell[1] if cell and cell[0] != "pending" else np.nan for cell in line.items]
            row[: len(cells)] = cells  # what only later submissions have is not in it
        return points


def _kind(case: CaseResult) -> str:
    """Return what tells an unrecognised mistake from others: the exception that is spoken of, or else the status."""
    named = re.search(r"\b[A-Z]\w*(?:Error|Exception|Interrupt|Iteration)\b", case.message[:TOLD])
    return named[0] if case.status == "error" and named else case.status


def _first_sentence(message: str) -> str:
    """Return what was recognised, without the particulars that come after it."""
    return message[:TOLD].partition(". ")[0].removesuffix(".") + "."


def _standing(result: Result) -> Standing:
    if result.fault:
        return "fault of ours"
    if result.lost:
        return "lost points"
    return "to be marked" if any(item.status == "pending" for item in result.items) else "all passed"


def _bins(lines: Sequence[Line]) -> tuple[int, ...]:
    counts = [0] * BINS
    for line in lines:
        if line.score is not None and line.max_score:
            counts[min(int(BINS * line.score / line.max_score + ROUGHLY), BINS - 1)] += 1
    return tuple(counts)


def _item(
    number: int, item: tuple[int, str, Kind, float], lines: Sequence[Line], points: NDArray[np.float64]
) -> ItemStatistics:
    _, name, kind, max_score = item
    cells = [line.items[number] for line in lines if number < len(line.items)]
    own = points[:, number]
    there = ~np.isnan(own)
    others = np.delete(points, number, axis=1)
    compared = there & ~np.isnan(others).all(axis=1)  # who has no other points is not one who has none of them
    return ItemStatistics(
        name=name,
        kind=kind,
        max_score=max_score,
        statuses=tuple(Counter(cell[0] for cell in cells if cell).most_common()),
        earned=float(own[there].mean() / max_score) if max_score and there.any() else None,
        discrimination=_correlation(own[compared], np.nansum(others[compared], axis=1)),
    )


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float | None:
    if len(x) < FEWEST or np.ptp(x) < ROUGHLY or np.ptp(y) < ROUGHLY:
        return None
    return float(np.corrcoef(x, y)[0, 1])
