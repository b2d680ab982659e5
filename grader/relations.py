"""Relations in which a wrong array or number may stand to the wanted one: each is undone, and compared again.

Comparison has the last word, but is not enough: under a loose tolerance, or where little is compared, many a relation
passes. So each brings its evidence, in bits: how much nearer every different pair of numbers has come. A number that
anybody might return (1, 0.5) is worth little of that, and a number that was fitted is worth nothing.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from grader import tolerances
from grader.compare import Rules, compare
from grader.components import as_array
from grader.tolerances import Numbers

ENOUGH = 28.0
"""Bits that a relation needs; one number gives as many where it is met to some nine digits."""
MOST = 30.0
"""Bits that one number can give."""
PLAIN = 4.0
"""Bits that one number can give which anybody might return."""
CERTAIN: Mapping[Any, float] = {"shape": 2 * ENOUGH}
_SAMPLE = 256


@dataclass(frozen=True, slots=True)
class Size:
    """A length that an argument has, and what it is called."""

    value: int
    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a call: the sizes of its arguments, and those of them that are arrays."""

    sizes: tuple[Size, ...] = ()
    arrays: Mapping[str, Numbers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A relation that explains a part: `{it}`, `{is}` and `{has}` in its words stand for the part, or several."""

    id: str
    what: str
    look: str
    evidence: Mapping[Any, float]
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array or number that was wanted, what came in its place, and how they are compared."""

    path: str
    raw: Any
    got: Numbers
    want: Numbers
    rules: Rules

    def passes(self, value: Any) -> bool:
        """Tell whether a value would be right here."""
        rules = Rules((self.path,), self.rules.tolerance, self.rules.strict, self.rules.shapes_only)
        return not compare(value, self.want, rules).problems

    @property
    def comparable(self) -> bool:
        """Whether its numbers may be calculated with, and would still be of the wanted kind."""
        kinds = self.got.dtype.kind, self.want.dtype.kind
        return "b" not in kinds and (not self.rules.strict or (kinds[0] in "iu") == (kinds[1] in "iu"))

    def near(self, got: Numbers, want: Numbers) -> Numbers:
        """Return which entries are right."""
        tolerance = self.rules.at(self.path)
        one, two = wide(got), wide(want)
        right = (one == two) | ((np.abs(one - two) <= tolerances.allowed(two, tolerance)) & np.isfinite(two))
        return np.asarray(right | (np.isnan(one) & np.isnan(two)) if tolerance.nan_equal else right)


def leaf(path: str, got: Any, want: Any, rules: Rules) -> Leaf | None:
    """Return a part whose numbers can be compared with the wanted ones, or None."""
    array, wanted = as_array(got), np.asarray(want)
    if array is None or wanted.dtype.kind not in "biufc":
        return None
    kinds = {array.dtype.kind, wanted.dtype.kind}
    if len(kinds) > 1 and kinds & {"b", "c"}:
        return None
    if wanted.ndim == 0 and array.size == 1 and not rules.strict:
        array = array.reshape(())
    return Leaf(path, got, array, wanted, rules)


def evidence(part: Leaf, after: Numbers, *, keep: Any = True, each: float = 0.0) -> Mapping[Any, float] | None:
    """Return the bits by pair of numbers, or None where an entry that was wrong has not come much nearer.

    `keep` is where entries count (what was fitted must not), and `each` what every plain entry counts, however often
    it comes, where the relation is one of places and not of values.
    """
    at = np.flatnonzero(~part.near(part.got, part.want) & keep)
    some = at[:: max(1, len(at) // _SAMPLE)]
    got, now, want = (wide(array).reshape(-1)[some] for array in (part.got, after, part.want))
    was, is_now = np.abs(got - want), np.abs(now - want)
    scale = np.max(np.abs(want), initial=0, where=np.isfinite(want))
    if not np.all(~np.isfinite(was) | (is_now <= 1e-3 * was) | (is_now <= 1e-9 * scale)):
        return None
    places = {"places": each * len(at)} if each and len(at) else {}
    return {**_pairs(got, want, was, is_now), **places}


def _pairs(got: Numbers, want: Numbers, was: Numbers, is_now: Numbers) -> Mapping[Any, float]:
    bits = np.clip(-np.log2(is_now / was + 2**-MOST), 0, MOST)
    bits = np.where(np.isfinite(bits) & np.isfinite(was), bits, 0)
    bits = np.where(plain(got) & plain(want), np.minimum(bits, PLAIN), bits)
    return dict(zip(zip(rounded(got), rounded(want), strict=True), bits.tolist(), strict=True))


def rounded(numbers: Numbers) -> list[str]:
    """Return numbers by their first digits, so that those which are the same but for rounding are."""
    return [f"{number:.6g}" for number in numbers.tolist()]


def plain(numbers: Numbers) -> Numbers:
    """Return which numbers anybody might return: small fractions, and decimals of one or two places."""
    parts = np.abs(numbers) * 12600
    return np.asarray((np.abs(parts - np.round(parts)) <= 1e-7) & (np.abs(numbers) < 1000))


def wide(numbers: Numbers) -> Numbers:
    """Return numbers in double precision."""
    return np.asarray(numbers, np.complex128 if numbers.dtype.kind == "c" else np.float64)


# --- the values -------------------------------------------------------------------------------------------------------


def of_values(part: Leaf, given: Given) -> Iterator[Found]:
    """Yield the relations between numbers in the same places, the most specific first."""
    if part.got.dtype.kind != "c":
        yield from _precision(part)
    yield from _by_constant(part, _factors(part, given.sizes), np.multiply)
    for name, words, undo, look in _FUNCTIONS:
        if bits := _checked(part, undo):
            yield Found(name, f"{{it}} {{is}} {words}.", look, bits)
    if part.got.dtype.kind != "c" and part.want.ndim in {1, 2}:
        yield from _normalised(part)
        yield from _other_axis(part)
    yield from _by_constant(part, _offsets(given.sizes), np.add)
    yield from _missing(part, given)


def _checked(part: Leaf, undo: Callable[..., Any], each: float = 0.0) -> Mapping[Any, float]:
    """Return the evidence if undoing a relation makes the part right: of a few entries first, which is fast."""
    got, want = (wide(array).reshape(-1)[:: max(1, array.size // 64)] for array in (part.got, part.want))
    if not part.near(undo(got), want).all():
        return {}
    after = np.asarray(undo(wide(part.got)))
    return (evidence(part, after, each=each) if part.passes(after) else None) or {}


_FUNCTIONS: Sequence[tuple[str, str, Callable[..., Any], str]] = (
    ("exponential", "the exponential of what is wanted", np.log, "Look for a logarithm that is not taken."),
    ("logarithm", "the logarithm of what is wanted", np.exp, "Look for a logarithm that should not be taken."),
    ("root", "the square root of what is wanted", np.square, "Look for a square root that should not be taken."),
    ("square", "the square of what is wanted", np.sqrt, "Look for a square root that is not taken."),
    ("reciprocal", "one divided by what is wanted", np.reciprocal, "Look for a division that is upside down."),
)  # fmt: skip

_Constant = tuple[float, str, str, str]
"""What a value that is wrong is multiplied by to be right, or what is added to it; then a clue's id, words and hint."""


def _by_constant(part: Leaf, constants: Sequence[_Constant], undo: Callable[..., Any]) -> Iterator[Found]:
    at = slice(None, None, max(1, part.got.size // 16))
    got, want = (wide(array).reshape(-1)[at, None] for array in (part.got, part.want))
    near = np.all(part.near(undo(got, np.array([constant[0] for constant in constants])), want), axis=0)
    known: dict[float, Mapping[Any, float]] = {}  # many sizes are the same number, which is tried once
    for constant, name, words, look in [one for one, is_near in zip(constants, near.tolist(), strict=True) if is_near]:
        if constant not in known:
            # places counted from one instead of zero are few numbers, and many entries
            each = 1.0 if abs(constant) == 1 and undo is np.add and part.want.dtype.kind in "iu" else 0.0
            known[constant] = _checked(part, partial(undo, constant), each)
        if known[constant]:
            yield Found(name, f"{{it}} {{is}} {words}.", look, known[constant])


def _factors(part: Leaf, sizes: Sequence[Size]) -> list[_Constant]:
    one_number = part.want.ndim == 0
    mean, total = (": a mean where the sum is wanted", ": a sum where the mean is wanted") if one_number else ("", "")
    half, base, by = "Look for a factor of two.", "Look at which logarithm is taken.", "Look at what is divided by."
    factors = [
        (-1.0, "sign", "right but for the sign, which is the opposite", "Look for a minus."),
        (0.5, "factor", "twice what is wanted", half), (2.0, "factor", "half of what is wanted", half),
    ]  # fmt: skip
    for log, number in ((math.log(10), 10), (math.log(2), 2)):
        factors += [
            (log, "base", f"in logarithms to base {number} where natural ones are wanted", base),
            (1 / log, "base", f"in natural logarithms where those to base {number} are wanted", base),
        ]
    for n, words in [(size.value, size.words) for size in sizes if size.value > 1]:
        factors += [
            (n, "factor", f"divided by {words}{mean}", by), (1 / n, "factor", f"multiplied by {words}{total}", by),
            ((n - 1) / n, "unbiased", f"divided by n - 1 in place of n, n being {words}", by),
            (n / (n - 1), "unbiased", f"divided by n in place of n - 1, n being {words}", by),
        ]  # fmt: skip
    return factors


def _offsets(sizes: Sequence[Size]) -> list[_Constant]:
    pi = math.log(2 * math.pi) / 2
    terms = [(1.0, "one"), (pi, "half of log(2 pi)")]
    for n, words in [(size.value, size.words) for size in sizes if size.value > 1]:
        terms += [(n, words), (math.log(n), f"the logarithm of {words}"), (n * pi, f"half of log(2 pi) times {words}")]
        terms += [(n * math.log(k.value), f"{words} times the logarithm of {k.words}") for k in sizes if k.value > 1]
    look, signs = "Look for a constant term that is missing, or one too many.", ((-1, "large"), (1, "small"))
    return [(sign * term, "offset", f"too {much} by {words}", look) for term, words in terms for sign, much in signs]


def _precision(part: Leaf) -> Iterator[Found]:
    got, want = wide(part.got), wide(part.want)
    scale = np.max(np.abs(want), initial=0)
    for kind, words, rough, bits in ((np.float16, "half", 1e-2, 5), (np.float32, "single", 1e-5, 12)):
        if not ((got.astype(kind) == got).all() and (np.abs(got - want) <= rough * (np.abs(want) + 0.1 * scale)).all()):
            continue
        parts = np.frexp(got)[0] * 2.0**bits
        told = (parts != np.round(parts)) & (got * 1000 != np.round(got * 1000)) & (want.astype(kind) != want)
        seen = np.unique(got[told & ~part.near(got, want)][:_SAMPLE]).tolist()
        what = f"{{it}} {{has}} {words} precision only (float{8 * np.dtype(kind).itemsize})."
        yield Found("precision", what, "Look for an array that is made with a dtype.", dict.fromkeys(seen, MOST))
        return


def _sums_to_one(array: Numbers, axis: int) -> bool:
    return bool(np.all(np.abs(array.sum(axis=axis) - 1) <= 1e-6))


def _normalised(part: Leaf) -> Iterator[Found]:
    got, want = wide(part.got), wide(part.want)
    for axis in [axis for axis in reversed(range(want.ndim)) if want.shape[axis] > 1 and _sums_to_one(want, axis)]:
        after = got / got.sum(axis=axis, keepdims=True)
        # one entry of each row would be right whatever the others are
        bits = evidence(part, after, keep=_not_largest(want, axis)) if part.passes(after) else None
        if bits:
            lines = "entries" if want.ndim == 1 else ("columns", "rows")[axis]
            what = f"The {lines} of {{it}} do not sum to one, but are in proportion."
            yield Found("normalised", what, "Divide by the sum.", bits)


def _not_largest(array: Numbers, axis: int) -> Numbers:
    keep = np.ones(array.shape, bool)
    np.put_along_axis(keep, np.expand_dims(np.argmax(array, axis), axis), values=False, axis=axis)
    return keep


def _other_axis(part: Leaf) -> Iterator[Found]:
    """Yield that the columns were normalised in place of the rows: got / want is a row's factor times a column's."""
    if part.want.ndim != 2 or min(part.want.shape) < 2:
        return
    for axis, names in ((1, ("columns", "rows")), (0, ("rows", "columns"))):
        got, want = (wide(array) if axis else wide(array).T for array in (part.got, part.want))
        good = np.flatnonzero(((got > 1e-200) & (want > 1e-200)).all(axis=1))[:_SAMPLE]
        if len(good) < 3 or not _sums_to_one(want, 1) or not _sums_to_one(got, 0) or _sums_to_one(got, 1):
            continue
        ratio = np.log(got[good]) - np.log(want[good])
        after = got / np.exp((ratio - ratio.mean(axis=1, keepdims=True)).mean(axis=0))
        after /= after.sum(axis=1, keepdims=True)
        after = after if axis else after.T
        bits = evidence(part, after, keep=_not_largest(part.want, axis)) if part.passes(after) else None
        if bits:
            what = f"The {names[0]} of {{it}} sum to one where the {names[1]} should."
            yield Found("other_axis", what, "Look at the axis of the sum.", bits, MOST * (got.shape[1] - 1))


def _missing(part: Leaf, given: Given) -> Iterator[Found]:
    """Yield that all is right but where an argument lacks an entry, or in the rows where it does."""
    right = np.asarray(part.near(part.got, part.want))
    for name, array in given.arrays.items() if right.ndim else ():
        for holes, word in ((np.isnan(array), "NaN"), (array == 0, "zero")):
            if array.shape == right.shape:
                yield from _only_in(part, right, holes, f"where `{name}` is {word}")
            elif array.ndim == 2 and len(array) == len(right):
                where = f"in the rows in which `{name}` has an entry that is {word}"
                rows = (~right).reshape(len(right), -1).sum(axis=1) == 0
                yield from _only_in(part, rows, holes.sum(axis=1) > 0, where)


def _only_in(part: Leaf, right: Numbers, holes: Numbers, where: str) -> Iterator[Found]:
    size, wrong, held = right.size, int(right.size - right.sum()), int(holes.sum())
    if held and 3 * (size - held) >= size and 2 * wrong >= held and (right | holes).all():
        # a wrong entry would lie there by chance with probability held / size
        bits = 2 * wrong * math.log2(size / held)
        key = (where, *rounded(wide(part.got).reshape(-1)[:8]), *rounded(wide(part.want).reshape(-1)[:8]))
        yield Found("missing", f"{{it}} {{is}} right except {where}.", "Look at what is done there.", {key: bits})
