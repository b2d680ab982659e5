"""A class as reports see it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from grader.model import Result
from grader.roster import Student


def _no_sources(_result: Result) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Classroom:
    """All results of a class by one assignment, one a student, and what else is known of the class."""

    assignment: str
    results: Iterable[Result]
    """In the order of the submissions; they can be gone through again and again, and each time are read anew."""
    title: str = ""
    due: str = ""
    """In ISO 8601, or empty."""
    students: Mapping[str, Student] = field(default_factory=dict)
    """Those of the class's list who handed in, by the ids of their results."""
    missing: Sequence[Student] = ()
    """Those who handed in nothing."""
    unknown: Sequence[str] = ()
    """The ids of results that belong to nobody on the list, where there is one."""
    refused: Sequence[str] = ()
    """What was refused of what was handed in, a sentence each."""
    sources: Callable[[Result], Mapping[str, str]] = _no_sources
    """What was handed in, by the names that `Spot.file` has; empty where that is not kept."""
