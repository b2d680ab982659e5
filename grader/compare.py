"""Compare what a submission returned with what is wanted. Pure, and vectorised: no Python loop over entries.

Both values are plain (`sandbox.values`): numbers, texts, arrays, lists, tuples, dicts, records, None. A part has a
path, such as `post` or `mixture.mu`, made of the names that the spec gives to what a function returns. In what is
wanted, arrays and numbers are the truth; from a submission a list may stand for an array or a tuple, an array of one
entry for a number, whole numbers for floats and a tuple for a record: that is a remark, or a problem where the spec
is strict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader import tolerances
from grader.components import as_array, reordered
from grader.problems import Comparison, Differs, Mismatch, Problem, Unequal, WrongParts, WrongShape, WrongType
from grader.sandbox.values import Opaque, Record
from grader.tolerances import Numbers, Tolerance

DEFAULT = Tolerance(rtol=1e-6, atol=1e-9)
"""How exact numbers must be where the spec does not say: a double's rounding passes, single precision's does not."""
WORST = 3
"""How many of the worst entries are kept."""

_KINDS = {"b": "true or false", "i": "whole numbers", "u": "whole numbers", "f": "floats", "c": "complex numbers"}


@dataclass(frozen=True, slots=True)
class Rules:
    """How to compare: names for what is returned, and how exact each part must be."""

    returns: tuple[str, ...]
    tolerance: Mapping[str, Tolerance] = field(default_factory=dict)
    strict: bool = False
    shapes_only: bool = False
    permute: Mapping[str, int] = field(default_factory=dict)
    """Parts whose components may come in another order, with the axis that counts the components."""

    def at(self, path: str) -> Tolerance:
        """Return the tolerance of a part: its own, or that of the nearest part which holds it."""
        while path not in self.tolerance:
            if "." not in path and "[" not in path:
                return DEFAULT
            path = path[: max(path.rfind("."), path.rfind("["))]
        return self.tolerance[path]


def compare(got: Any, want: Any, rules: Rules) -> Comparison:
    """Return what is wrong with `got`, and what is odd about it.

    With several names in `rules.returns` both are tuples with a part for each; with one it names the value itself.
    """
    walk = _Walk(rules)
    if rules.permute:
        got = reordered(got, want, rules.permute, rules.returns)
    if len(rules.returns) == 1:
        walk.part(rules.returns[0], got, want)
    else:
        walk.returned(got, want)
    return Comparison(tuple(walk.problems), tuple(walk.remarks))


class _Walk:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []

    def odd(self, problem: Problem) -> None:
        (self.problems if self.rules.strict else self.remarks).append(problem)

    def returned(self, got: Any, want: tuple[Any, ...]) -> None:
        names = self.rules.returns
        if isinstance(got, Record):  # a namedtuple is a tuple
            got = tuple(got.fields.values())
        if isinstance(got, list):
            self.odd(WrongType("", describe(got), "a tuple"))
            got = tuple(got)
        if not isinstance(got, tuple):
            self.problems.append(WrongType("", describe(got), f"{len(names)} values: {', '.join(names)}"))
        elif len(got) != len(names):
            self.problems.append(WrongParts("", tuple(map(describe, got)), names))
        else:
            for name, one, other in zip(names, got, want, strict=True):
                self.part(name, one, other)

    def part(self, path: str, got: Any, want: Any) -> None:
        if isinstance(want, bool | str | bytes) or want is None:
            self.same(path, got, want)
        elif isinstance(want, int | float | complex | np.generic | np.ndarray):
            self.numeric(path, got, np.asarray(want))
        elif isinstance(want, Record):
            self.record(path, got, want)
        elif isinstance(want, dict):
            self.mapping(path, got, want)
        elif isinstance(want, list | tuple):
            self.sequence(path, got, want)
        else:
            raise TypeError(f"the wanted value of {path} is {describe(want)}, which cannot be compared")

    def same(self, path: str, got: Any, want: Any) -> None:
        if isinstance(got, np.bool_) and isinstance(want, bool):
            got = bool(got)
        if type(got) is not type(want):
            self.problems.append(WrongType(path, describe(got), describe(want)))
        elif got != want and not self.rules.shapes_only:
            self.problems.append(Unequal(path, got, want))

    def record(self, path: str, got: Any, want: Record) -> None:
        fields = tuple(want.fields)
        if isinstance(got, tuple) and len(got) == len(fields):
            self.odd(WrongType(path, describe(got), f"a {want.name}"))
            got = Record(want.name, dict(zip(fields, got, strict=True)))
        if not isinstance(got, Record):
            self.problems.append(WrongType(path, describe(got), f"a {want.name}"))
        else:
            self.parts(path, got.fields, want.fields, lambda name: f"{path}.{name}")

    def mapping(self, path: str, got: Any, want: dict[Any, Any]) -> None:
        if not isinstance(got, dict):
            self.problems.append(WrongType(path, describe(got), "a dict"))
        else:
            self.parts(path, got, want, lambda key: f"{path}[{key!r}]")

    def parts(self, path: str, got: Mapping[Any, Any], want: Mapping[Any, Any], name: Any) -> None:
        if set(got) != set(want):
            self.problems.append(WrongParts(path, tuple(map(str, got)), tuple(map(str, want))))
        for key in [key for key in want if key in got]:
            self.part(name(key), got[key], want[key])

    def sequence(self, path: str, got: Any, want: Sequence[Any]) -> None:
        if not isinstance(got, list | tuple):
            self.problems.append(WrongType(path, describe(got), describe(want)))
            return
        if type(got) is not type(want):
            self.odd(WrongType(path, describe(got), describe(want)))
        if len(got) != len(want):
            self.problems.append(WrongShape(path, (len(got),), (len(want),)))
            return
        for n, (one, other) in enumerate(zip(got, want, strict=True)):
            self.part(f"{path}[{n}]", one, other)

    def numeric(self, path: str, got: Any, want: Numbers) -> None:
        array = self.as_numbers(path, got, want)
        if array is None:
            return
        if array.shape != want.shape:
            if want.ndim or array.size != 1:
                self.problems.append(WrongShape(path, array.shape, want.shape))
                return
            self.odd(WrongShape(path, array.shape, want.shape))
            array = array.reshape(())
        kinds = (array.dtype.kind, want.dtype.kind)
        if _KINDS[kinds[0]] != _KINDS[kinds[1]]:
            problem = WrongType(path, _KINDS[kinds[0]], _KINDS[kinds[1]])
            if "b" in kinds or kinds[0] == "c":
                self.problems.append(problem)
                return
            self.odd(problem)
        if not self.rules.shapes_only:
            differs = _differences(path, array, want, self.rules.at(path))
            self.problems.extend([differs] if differs else [])

    def as_numbers(self, path: str, got: Any, want: Numbers) -> Numbers | None:
        if isinstance(got, np.ndarray | np.generic | int | float | complex) and not isinstance(got, bool):
            return np.asarray(got) if _fits(got) else np.asarray(float("inf"))
        wanted = f"an array of {_KINDS[want.dtype.kind]}" if want.ndim else "a number"
        if isinstance(got, list | tuple):
            array = as_array(got)
            if array is not None:
                self.odd(WrongType(path, describe(got), wanted))
                return array
            self.problems.append(WrongType(path, f"{describe(got)} that makes no array of numbers", wanted))
        else:
            self.problems.append(WrongType(path, describe(got), wanted))
        return None


def _fits(got: Any) -> bool:
    return not isinstance(got, int) or -(2**63) <= got < 2**63


def _differences(path: str, got: Numbers, want: Numbers, tolerance: Tolerance) -> Differs | None:
    """Return how far two arrays of one shape are apart where they are too far, or None.

    `got == want` first, so that equal infinities are equal, and only they: what is near is near a finite number. NaN
    compares false with everything and so is too far.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(_wide(got) - _wide(want))
        allowed = tolerances.allowed(want, tolerance)
        bad = ~((got == want) | ((error <= allowed) & np.isfinite(want)))
    if tolerance.nan_equal:
        bad &= ~(np.isnan(got) & np.isnan(want))
    if not bad.any():
        return None
    return Differs(
        path=path,
        count=int(bad.sum()),
        size=bad.size,
        not_finite=int((bad & ~np.isfinite(got)).sum()),
        worst=tuple(_worst(bad, error, allowed, got, want)),
    )


def _worst(bad: Numbers, error: Numbers, allowed: Numbers, got: Numbers, want: Numbers) -> list[Mismatch]:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = np.where(np.isnan(error), np.inf, error / allowed)
    excess = np.where(bad, np.where(np.isnan(excess), np.inf, excess), -1.0).ravel()
    most = np.argsort(-excess, kind="stable")[: min(WORST, int(bad.sum()))]
    places = [tuple(map(int, np.unravel_index(n, bad.shape))) for n in most]
    return [Mismatch(at, got[at].item(), want[at].item(), float(error[at]), float(allowed[at])) for at in places]


def _wide(numbers: Numbers) -> Numbers:
    return np.asarray(numbers, np.complex128 if numbers.dtype.kind == "c" else np.float64)


def describe(value: Any) -> str:
    """Say what a value is, in a word or two."""
    if isinstance(value, Opaque):
        return f"a {value.type}"
    if isinstance(value, Record):
        return f"a {value.name}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if value is None:
        return "None"
    names = {bool: "True or False", int: "a number", float: "a number", complex: "a complex number", str: "a text"}
    if type(value) in names:
        return names[type(value)]
    if isinstance(value, np.generic):
        return "True or False" if value.dtype.kind == "b" else "a number"
    return f"a {type(value).__name__}"
