"""Marks that people give. They are kept apart from the results, so that they outlive those.

A mark is for one answer as it was seen: the names of question and submission, the hash of the content, and what it was
worth. Where all of that is still so, `apply` gives the answer its points. Where the content or the worth has changed
since, the answer is pending, and carries the old mark for whoever marks it next. Of several marks for the same answer
the latest holds.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from grader.content import Content, Mark
from grader.model import CaseResult, ItemResult, Result, Status

LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""Makes letters of a hash, which no spreadsheet takes for a number or a date."""

WHO = 12
"""How many letters stand for a submission and a question: two of a class that are the same are one in a million."""


@dataclass(frozen=True, slots=True)
class Given:
    """A mark, and the answer that it was given for."""

    assignment: str
    submission: str
    item: str
    worth: tuple[float, ...]
    """The points of each line of the rubric, or of the whole answer, as they were then."""
    mark: Mark


_Names = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Marks:
    """All marks that were given, by the names of assignment, submission and item, the latest last."""

    by_names: Mapping[_Names, Sequence[Given]] = field(default_factory=dict)

    @classmethod
    def of(cls, marks: Iterable[Given]) -> "Marks":
        """Return them by the names."""
        by_names: dict[_Names, list[Given]] = {}
        for one in marks:
            by_names.setdefault((one.assignment, one.submission, one.item), []).append(one)
        return cls(by_names)

    def on(self, result: Result, item: ItemResult) -> Sequence[Given]:
        """Return the marks for an item of a result, whatever its content was."""
        return self.by_names.get((result.assignment, result.id, item.name), ())


@dataclass(frozen=True, slots=True)
class Answer:
    """What one submission answered to one question that people mark."""

    result: Result
    item: ItemResult

    @property
    def who(self) -> str:
        """Stands for the submission and the item where no names are wanted: it orders answers by no pattern."""
        names = f"{len(self.item.name)} {self.item.name} {self.result.id}"
        return sha256(names.encode()).hexdigest()[:WHO].translate(LETTERS)

    @property
    def key(self) -> str:
        """Stands for the answer as it is now."""
        return self.who + seen(self.item)[:8].translate(LETTERS)

    @property
    def content(self) -> Content:
        """What is marked."""
        return self.item.content or Content()

    @property
    def is_pending(self) -> bool:
        """Whether it still has to be marked."""
        return self.item.status == "pending"


def answers(results: Sequence[Result], *, names: bool = False) -> list[Answer]:
    """Return all answers that people mark: question by question, each by names or in an order that tells none."""
    found = [Answer(result, item) for result in results for item in result.items if item.content and _by_hand(item)]
    order = list(dict.fromkeys(answer.item.name for answer in found))
    return sorted(found, key=lambda one: (order.index(one.item.name), one.result.id if names else one.who))


def _by_hand(item: ItemResult) -> bool:
    return item.status == "pending" or item.mark is not None


def worth(item: ItemResult) -> tuple[float, ...]:
    """Return the points of each line of its rubric, or where it has none, of all of it."""
    return tuple(line.points for line in item.rubric) or (item.max_score,)


def seen(item: ItemResult) -> str:
    """Return the hash of what a marker sees."""
    return item.content.sha256 if item.content else ""


def give(answer: Answer, points: Sequence[float], comment: str) -> Given:
    """Return the mark for an answer, from the points of each line of its rubric or of all of it."""
    item, lines = answer.item, tuple(points)
    whole = lines == worth(item)  # whole points are not summed up, for rounding would show
    score = item.max_score if whole else min(math.fsum(lines), item.max_score)
    mark = Mark(score, comment, seen(item), lines if item.rubric else ())
    return Given(answer.result.assignment, answer.result.id, item.name, worth(item), mark)


def points(text: str, most: float) -> float:
    """Return the points that a person typed: a number, or a share of all (3/4).

    Raises:
        ValueError: it is neither, or more than there are.
    """
    typed = text.strip().replace(",", ".")
    if not re.fullmatch(r"(\d+\.?\d*|\.\d+)(\s*/\s*0*[1-9]\d*)?", typed, re.ASCII):
        raise ValueError(
            f"{text.strip()[:40]!r} is no number of points: give one from 0 to {most:g}, or a share as 1/2"
        )
    part, _, whole = typed.partition("/")
    value = float(part) / float(whole) * most if whole else float(part)
    if not value <= most:
        raise ValueError(f"{text.strip()[:40]} is more than there is: {most:g} at most")
    return value


def apply(result: Result, marks: Marks) -> Result:
    """Return the result with the points that people gave for it."""
    items = tuple(_with_marks(item, marks.on(result, item)) for item in result.items)
    return replace(result, items=items) if items != result.items else result


def _with_marks(item: ItemResult, marks: Sequence[Given]) -> ItemResult:
    if not marks or not item.content or not _by_hand(item):
        return item
    for one in reversed(marks):
        if one.mark.sha256 == seen(item) and one.worth == worth(item):
            return _marked(item, one.mark)
    return replace(item, mark=marks[-1].mark) if item.status == "pending" else item


def _marked(item: ItemResult, mark: Mark) -> ItemResult:
    status: Status = "passed" if mark.score >= item.max_score else "failed"

    def judged(case: CaseResult) -> CaseResult:
        return replace(case, status=status, score=mark.score, message=_message(item, mark))

    cases = tuple(judged(case) for case in item.cases)  # there is one: an answer that is marked is whole
    return replace(item, status=status, score=mark.score, cases=cases, mark=mark)


def _message(item: ItemResult, mark: Mark) -> str:
    """Return what the student reads: the comment, and what each line of the rubric earned."""
    earned = "; ".join(_earned(item, mark))
    told = " ".join(filter(None, [mark.comment, f"({earned})" if mark.comment and earned else earned]))
    return told or f"Marked by a person: {mark.score:.4g} of {item.max_score:.4g}."


def _earned(item: ItemResult, mark: Mark) -> Iterator[str]:
    for line, got in zip(item.rubric, mark.lines, strict=False):
        yield f"{line.text.rstrip('. ')}: {got:.4g} of {line.points:.4g}"
