"""Which mistake was made: what a function returned, held against what known wrong variants return. Pure.

A slip is named where its value is the student's. It must be so in every failing case in which the slip makes a
difference, and it may make none in a case that passed; and all that failed must be explained, by one slip or another.
So a mistake that nobody foresaw has no name. Near is not enough: the student's value must be far nearer to the slip's
than the slip's is to the right one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from grader.compare import Rules
from grader.nearness import Known, Parts, parts
from grader.slips import Slip

Value = Callable[[int, tuple[Slip, ...]], Known | None]
"""What slips together return for the n-th of the calls; None where they return nothing."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Which mistake was made."""

    id: str
    what: str
    """What went wrong, in a sentence or two."""
    look: str = ""
    """Where to look."""
    elsewhere: bool = False
    """Whether it is another function that is to be mended."""


@dataclass(frozen=True)
class Evidence:
    """A call that returned a value."""

    got: Any
    want: Any
    args: Mapping[str, Any]
    rules: Rules
    passed: bool

    @cached_property
    def parts(self) -> Parts:
        """The numbers in what came."""
        return parts(self.got, self.rules)


def diagnose(evidence: Sequence[Evidence], slips: Sequence[Slip], value: Value) -> dict[int, Diagnosis]:
    """Return the slips that explain failing calls, by the number of the call: single ones, or two that combine."""
    return _best(evidence, [(slip,) for slip in slips], value) or _best(evidence, pairs(slips), value)


def _best(evidence: Sequence[Evidence], variants: Iterable[tuple[Slip, ...]], value: Value) -> dict[int, Diagnosis]:
    """Return what explains all that failed, each call by what explains the most; empty if some stay unexplained."""
    failing = {n for n, one in enumerate(evidence) if not one.passed}
    found: list[tuple[tuple[Slip, ...], list[int]]] = []
    for variant in variants:
        found.append((variant, explained(evidence, variant, value)))
        if failing == set(found[-1][1]) and len(variant) > 1:
            break  # pairs are many
    named: dict[int, Diagnosis] = {}
    for variant, numbers in sorted(found, key=lambda pair: -len(pair[1])):
        for n in numbers:
            named.setdefault(n, _named(variant))
    return named if set(named) == failing else {}


def pairs(slips: Sequence[Slip]) -> Iterator[tuple[Slip, Slip]]:
    """Yield two slips at a time that can be made together."""
    return ((one, other) for one, other in combinations(slips, 2) if not set(one.change) & set(other.change))


def _named(slips: Sequence[Slip]) -> Diagnosis:
    """Return the diagnosis that is made of slips."""
    looks = " ".join(slip.look for slip in slips if slip.look)
    return Diagnosis("+".join(slip.id for slip in slips), " ".join(slip.what for slip in slips), looks)


def explained(evidence: Sequence[Evidence], slips: tuple[Slip, ...], value: Value) -> list[int]:
    """Return the failing calls that slips together explain; none if anything speaks against them."""
    found = []
    for n in sorted(range(len(evidence)), key=lambda n: evidence[n].passed):  # what failed settles most
        one, slipped = evidence[n], value(n, slips)
        if slipped is None:
            return []
        if slipped.is_right:
            continue
        if one.passed or not slipped.is_same(one.parts):
            return []
        found.append(n)
    return found


def rounds_off(evidence: Sequence[Evidence], rounds: Sequence[Sequence[Known]]) -> list[int]:
    """Return by how many rounds each call stopped early (below zero) or late; empty if that is not what is wrong.

    `rounds` are what each call would return after the first round, the second and so on.
    """
    off = [_off(one, values) for one, values in zip(evidence, rounds, strict=True)]
    known = [steps for steps in off if steps]
    return known if len(known) == len(off) and len({steps > 0 for steps in known}) == 1 else []


def _off(one: Evidence, values: Sequence[Known]) -> int | None:
    right = next((n for n, value in enumerate(values) if value.is_right), None)
    if right is None:
        return None
    return min((n - right for n, value in enumerate(values) if value.is_same(one.parts)), key=abs, default=None)
