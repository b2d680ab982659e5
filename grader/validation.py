"""What is found when an assignment is tried on itself: records, and nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """What a case tells apart."""

    function: str
    name: str
    counts: bool
    """Whether it costs points: a remark does not."""
    rejects: int
    """How many wrong samples, slips and mutants it rejects."""
    right: float | None
    """The largest deviation of a right answer, in units of what is allowed; None where that was not measured."""
    single: float | None
    """The deviation of the reference in single precision; many a right answer is one."""
    wrong: float | None
    """The smallest deviation of a slip that it rejects, in the same units."""
    seconds: float
    """How long the reference takes, with what it takes to ask for it."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant of the reference that every case lets pass, although it does something else with other arguments."""

    place: str
    change: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """What became of the mutants of the reference."""

    made: int = 0
    killed: int = 0
    alike: int = 0
    """Those that pass, and return what the reference does for other arguments of the same kind as well."""
    survivors: tuple[Survivor, ...] = ()

    @property
    def share(self) -> float:
        """How many of those that are not alike are killed, from 0 to 1."""
        different = self.made - self.alike
        return self.killed / different if different else 1.0


@dataclass(frozen=True, slots=True)
class Validation:
    """An assignment, tried on itself."""

    assignment: str
    cases: tuple[CaseCheck, ...] = ()
    slips: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The cases that catch each slip, by its id."""
    samples: int = 0
    mutation: Mutation = Mutation()
    problems: tuple[str, ...] = ()
    """What keeps it from telling right from wrong, a sentence each."""
    notes: tuple[str, ...] = ()
    """What is worth a look, and no problem."""
    seconds: float = 0.0
