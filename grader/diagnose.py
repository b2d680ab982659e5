"""Which mistake was made: what a function returned, held against what known wrong variants return. Pure.

A slip is named where its value is the student's. It must be so in every failing case in which the slip makes a
difference, and it may make none in a case that passed; and all that failed must be explained, by one slip or another.
So a mistake that nobody foresaw has no name. Near is not enough: the student's value must be far nearer to the slip's
than the slip's is to the right one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from grader import tolerances
from grader.compare import DEFAULT, Rules, compare
from grader.components import as_array
from grader.model import Returned
from grader.sandbox.values import Record
from grader.slips import Slip

NEAR = 0.05
"""How near a value must be to a slip's, relative to how far the slip's is from the right one."""

Value = Callable[[int, tuple[Slip, ...]], Returned | None]
"""What slips together return for the n-th of the calls; None where they return nothing."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Which mistake was made."""

    id: str
    what: str
    """What went wrong, in a sentence or two."""
    look: str = ""
    """Where to look."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A call that returned a value."""

    got: Any
    want: Any
    args: Mapping[str, Any]
    rules: Rules
    passed: bool


def diagnose(evidence: Sequence[Evidence], slips: Sequence[Slip], value: Value) -> dict[int, Diagnosis]:
    """Return the slips that explain failing calls, by the number of the call: single ones, or two that combine."""
    return _best(evidence, [(slip,) for slip in slips], value) or _best(evidence, _pairs(slips), value)


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


def _pairs(slips: Sequence[Slip]) -> Iterator[tuple[Slip, Slip]]:
    return ((one, other) for one, other in combinations(slips, 2) if not set(one.change) & set(other.change))


def _named(slips: Sequence[Slip]) -> Diagnosis:
    """Return the diagnosis that is made of slips."""
    return Diagnosis("+".join(s.id for s in slips), " ".join(s.what for s in slips), " ".join(s.look for s in slips))


def explained(evidence: Sequence[Evidence], slips: tuple[Slip, ...], value: Value) -> list[int]:
    """Return the failing calls that slips together explain; none if anything speaks against them."""
    found = []
    for n in sorted(range(len(evidence)), key=lambda n: evidence[n].passed):  # what failed settles most
        one, slipped = evidence[n], value(n, slips)
        if slipped is None:
            return []
        if not _differs(slipped.value, one.want, one.rules):
            continue
        if one.passed or not same(one.got, slipped.value, one.want, one.rules):
            return []
        found.append(n)
    return found


def _differs(value: Any, want: Any, rules: Rules) -> bool:
    return bool(compare(value, want, rules).problems)


def same(got: Any, slipped: Any, want: Any, rules: Rules) -> bool:
    """Tell whether a value is a slip's: of its form, and much nearer to it than it is to the right one."""
    ours, theirs, right = (dict(_leaves(value, rules)) for value in (got, slipped, want))
    if not theirs or set(ours) != set(theirs):
        return False
    if any(ours[path].shape != theirs[path].shape for path in theirs):
        return False
    if rules.shapes_only:
        return True
    units = {path: _unit(theirs[path], rules.at(path)) for path in theirs}
    apart = max(_distance(ours[path], theirs[path], units[path]) for path in theirs)
    far = max((_distance(theirs[path], right[path], units[path]) for path in _alike(theirs, right)), default=np.inf)
    return apart <= min(1.0, NEAR * far)


def deviation(value: Any, want: Any, rules: Rules) -> float:
    """Return how far a value is from the wanted one, in units of what is allowed; infinite for one of another form."""
    ours, right = dict(_leaves(value, rules)), dict(_leaves(want, rules))
    if set(ours) != set(right) or _alike(ours, right) != list(ours):
        return float("inf")
    allowed = {path: np.asarray(tolerances.allowed(right[path], rules.at(path))) for path in right}
    return max((_distance(ours[path], right[path], allowed[path]) for path in right), default=0.0)


def _alike(theirs: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return the paths whose parts have one shape, if all have."""
    alike = [path for path in theirs if path in right and theirs[path].shape == right[path].shape]
    return alike if len(alike) == len(theirs) else []


def _leaves(value: Any, rules: Rules) -> Iterator[tuple[str, Any]]:
    """Yield the numbers in what was returned as arrays, by their paths."""
    names = rules.returns
    if len(names) == 1:
        yield from _below(names[0], value)
    elif isinstance(value, Record):
        yield from _leaves(tuple(value.fields.values()), rules)
    elif isinstance(value, list | tuple) and len(value) == len(names):
        for name, part in zip(names, value, strict=True):
            yield from _below(name, part)


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    array = as_array(value)
    if array is not None:
        yield path, np.squeeze(array) if array.size == 1 else array
    elif isinstance(value, Record):
        for name, part in value.fields.items():
            yield from _below(f"{path}.{name}", part)
    else:
        yield f"{path} is {value!r:.80}", np.zeros(())


def _unit(numbers: Any, tolerance: tolerances.Tolerance) -> Any:
    """Return how far from numbers others may be to be taken for equal."""
    with np.errstate(all="ignore"):
        widest = np.maximum(tolerances.allowed(numbers, tolerance), tolerances.allowed(numbers, DEFAULT))
    return np.where(np.isfinite(widest), widest, 1e-300)


def _distance(one: Any, other: Any, unit: Any) -> float:
    """Return the largest distance of two entries, in units; what is not finite must be the same."""
    if not one.size:
        return 0.0
    with np.errstate(all="ignore"):
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
        apart = np.abs(np.asarray(one, complex) - other) / unit
    apart = np.where(equal, 0.0, np.where(np.isfinite(apart), apart, np.inf))
    return float(apart.max())


def rounds_off(evidence: Sequence[Evidence], rounds: Sequence[Sequence[Mapping[str, Any]]]) -> list[int]:
    """Return by how many rounds each call stopped early (below zero) or late; empty if that is not what is wrong."""
    off = [_off(one, states) for one, states in zip(evidence, rounds, strict=True)]
    known = [steps for steps in off if steps]
    return known if len(known) == len(off) and len({steps > 0 for steps in known}) == 1 else []


def _off(one: Evidence, states: Sequence[Mapping[str, Any]]) -> int | None:
    values = [_returned(state, one.rules) for state in states]
    right = [n for n, value in enumerate(values) if not _differs(value, one.want, one.rules)]
    if not right:
        return None
    there = [n for n, value in enumerate(values) if same(one.got, value, one.want, one.rules)]
    return min((n - right[0] for n in there), key=abs, default=None)


def _returned(state: Mapping[str, Any], rules: Rules) -> Any:
    parts = tuple(state.get(name) for name in rules.returns)
    return parts if len(parts) > 1 else parts[0]
