"""How near values are to each other, in units of what is allowed. Pure.

A student's value is held against many that known variants return. Each is taken apart into arrays, the smallest of
which are looked at first: most comparisons end there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader import tolerances
from grader.compare import Rules, compare
from grader.components import as_array
from grader.sandbox.values import Record
from grader.tolerances import Numbers, Tolerance

NEAR = 0.05
"""How near a value must be to a variant's, relative to how far the variant's is from the right one."""

LEAST = 1e-12
"""How far off a number may be by rounding alone, relative to its size or 1."""

Parts = Mapping[str, Numbers]
"""The numbers in what was returned, by their paths; what is no number has its description in the path."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a known variant returns, made ready to be held against what students return."""

    is_right: bool
    parts: Parts
    """The smallest first."""
    units: Parts
    """How far off each number may be to be taken for the same."""
    most: float
    """How many units off a value may be."""

    def is_same(self, other: Parts) -> bool:
        """Tell whether a value is this one: of its form, and much nearer to it than it is to the right one."""
        if not self.parts or self.parts.keys() != other.keys():
            return False
        if any(other[path].shape != part.shape for path, part in self.parts.items()):
            return False
        return all(_distance(other[path], part, self.units[path]) <= self.most for path, part in self.parts.items())


def known(value: Any, want: Any, rules: Rules) -> Known:
    """Return a variant's value, ready to be compared with; `want` is the right one."""
    ours, right = parts(value, rules), parts(want, rules)
    units = {path: _unit(part, rules.at(path)) for path, part in ours.items()}
    alike = ours.keys() == right.keys() and all(ours[path].shape == right[path].shape for path in ours)
    far = max((_distance(ours[path], right[path], units[path]) for path in ours), default=0) if alike else np.inf
    most = np.inf if rules.shapes_only else min(1.0, NEAR * far)
    return Known(not compare(value, want, rules).problems, ours, units, most)


def deviation(value: Any, want: Any, rules: Rules) -> float:
    """Return how far a value is from the wanted one, in units of what is allowed; infinite for one of another form."""
    ours, right = parts(value, rules), parts(want, rules)
    if ours.keys() != right.keys() or any(ours[path].shape != right[path].shape for path in right):
        return float("inf")
    allowed = {path: np.asarray(tolerances.allowed(right[path], rules.at(path))) for path in right}
    return max((_distance(ours[path], right[path], allowed[path]) for path in right), default=0.0)


def parts(value: Any, rules: Rules) -> Parts:
    """Return the numbers in what was returned as arrays, the smallest first."""
    return dict(sorted(_leaves(value, rules), key=lambda leaf: leaf[1].size))


def _leaves(value: Any, rules: Rules) -> Iterator[tuple[str, Numbers]]:
    names = rules.returns
    if len(names) == 1:
        yield from _below(names[0], value)
    elif isinstance(value, Record):
        yield from _leaves(tuple(value.fields.values()), rules)
    elif isinstance(value, list | tuple) and len(value) == len(names):
        for name, part in zip(names, value, strict=True):
            yield from _below(name, part)


def _below(path: str, value: Any) -> Iterator[tuple[str, Numbers]]:
    array = as_array(value)
    if array is not None:
        yield path, array.reshape(()) if array.size == 1 else array
    elif isinstance(value, Record):
        for name, part in value.fields.items():
            yield from _below(f"{path}.{name}", part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _below(f"{path}[{key!r}]", part)
    elif isinstance(value, list | tuple):
        yield f"{path} has {len(value)}", np.zeros(())
        for n, part in enumerate(value):
            yield from _below(f"{path}[{n}]", part)
    else:
        yield f"{path} is {value!r}", np.zeros(())


def _unit(numbers: Numbers, tolerance: Tolerance) -> Numbers:
    """Return how far from numbers others may be to be taken for equal."""
    with np.errstate(all="ignore"):
        allowed = np.maximum(tolerances.allowed(numbers, tolerance), LEAST * np.maximum(np.abs(numbers), 1))
    return np.asarray(np.where(np.isfinite(allowed), allowed, LEAST))


def _distance(one: Numbers, other: Numbers, unit: Numbers) -> float:
    """Return the largest distance of two entries, in units; what is not finite must be the same."""
    if not one.size:
        return 0.0
    kind = np.complex128 if "c" in {one.dtype.kind, other.dtype.kind} else np.float64
    with np.errstate(all="ignore"):
        apart = np.abs(one.astype(kind) - other.astype(kind)) / unit
        largest = float(apart.max())
        if np.isfinite(largest):
            return largest
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
    return float(np.where(equal, 0.0, np.where(np.isfinite(apart), apart, np.inf)).max())
