"""What is wrong with a value: records, which `messages` puts into words."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One entry that is too far off."""

    index: tuple[int, ...]
    got: Any
    want: Any
    error: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Differs:
    """Numbers that are too far off: how many of how many, how many of them not finite, and the worst few."""

    path: str
    count: int
    size: int
    not_finite: int
    worst: tuple[Mismatch, ...]


@dataclass(frozen=True, slots=True)
class WrongShape:
    """An array of another shape."""

    path: str
    got: tuple[int, ...]
    want: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WrongType:
    """A value of another kind: `got` and `want` are descriptions."""

    path: str
    got: str
    want: str


@dataclass(frozen=True, slots=True)
class WrongParts:
    """A tuple, list, dict or record with other parts."""

    path: str
    got: tuple[str, ...]
    want: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unequal:
    """A text, truth value or None that is another."""

    path: str
    got: Any
    want: Any


Problem = Differs | WrongShape | WrongType | WrongParts | Unequal


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that was found: problems cost points, remarks (which are problems that are let pass) do not."""

    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
