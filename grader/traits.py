"""Properties of the values of one call: sums, bounds, what is kept, types and shapes. Pure.

Each says with `broken` what is wrong with what was seen, if anything. What a submission returned may be anything: a
part that is not there, or of a form that has no such property, breaks it. An argument that is not there is a mistake
of the spec: LackError, which `unknown` forestalls when the spec is read.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, PlainValidator

from grader.compare import describe
from grader.components import as_array
from grader.seen import Finite, LackError, Named, Path, Seen, Slack, Violation, argument, figure, is_path, one_of, worst
from grader.tolerances import Numbers


class _OfPart(Named):
    of: Path

    @property
    def parts(self) -> Iterable[str]:
        return (self.of,)

    def _reals(self, seen: Seen) -> Numbers | Violation:
        """Return the part as floats, one at least: of no entries everything would hold."""
        array = _numbers(seen, self.of)
        if isinstance(array, Violation):
            return array
        if array.dtype.kind == "c":
            return Violation(self.of, f"`{self.of}` has complex numbers.")
        if not array.size:
            return Violation(self.of, f"`{self.of}` has no entries.", f"Its shape is {array.shape}.")
        return array.astype(np.float64)


def _numbers(seen: Seen, path: str) -> Numbers | Violation:
    value = seen.part(path)
    array = as_array(value)
    if array is not None:
        return array
    what = "there" if value is None else f"made of numbers alone: it is {describe(value)}"
    return Violation(path, f"`{path}` is not {what}.")


def _some(path: str, bad: Numbers, nouns: str, verbs: tuple[str, str]) -> str:
    """Return the beginning of a sentence: how many of how many."""
    verb = verbs[int(bad.sum() > 1)]
    return f"`{path}`: {bad.sum()} of {bad.size} {nouns} {verb}" if bad.ndim else f"`{path}` {verb}"


# --- sums ------------------------------------------------------------------------------------------------------------


class _Sums(_OfPart):
    atol: Slack = 1e-6

    def _broken(self, seen: Seen, want: float, noun: str, axis: int) -> Violation | None:
        array = self._reals(seen)
        if isinstance(array, Violation):
            return array
        if array.ndim < -axis:
            return Violation(self.of, f"`{self.of}` has no {noun}s.", f"Its shape is {array.shape}.")
        sums, off = _sums(array, axis, want)
        bad = ~(off <= self.atol)
        if not bad.any():
            return None
        told = _some(self.of, bad, f"{noun}s", ("does", "do"))
        crossed = array.ndim == 2 and (_sums(array, -3 - axis, want)[1] <= self.atol).all()
        other = "columns" if noun == "row" else "rows"
        hint = f", but the {other} do" if crossed else ": divide by the sum" if want == 1 else ""
        at = worst(off)
        values = f"{one_of(noun.title(), at)} sums to {figure(sums[at])}."
        return Violation(self.of, f"{told} not sum to {figure(want)}{hint}.", values)


def _sums(array: Numbers, axis: int, want: float) -> tuple[Numbers, Numbers]:
    """Return the sums along an axis, and how far each is off."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.asarray(array.sum(axis))
        return sums, np.asarray(np.abs(sums - want))


class RowsSumTo(_Sums):
    """Each row (along the last axis) has this sum; an array of one axis is one row."""

    rows_sum_to: Finite

    def broken(self, seen: Seen) -> Violation | None:
        """Return which rows have another sum."""
        return self._broken(seen, self.rows_sum_to, "row", -1)


class ColumnsSumTo(_Sums):
    """Each column (along the last axis but one) has this sum."""

    columns_sum_to: Finite

    def broken(self, seen: Seen) -> Violation | None:
        """Return which columns have another sum."""
        return self._broken(seen, self.columns_sum_to, "column", -2)


# --- entries ---------------------------------------------------------------------------------------------------------


def _entries(path: str, array: Numbers, excess: Numbers, bad: Numbers, what: str) -> Violation | None:
    """Return which entries are bad, the worst in figures."""
    if not bad.any():
        return None
    at = worst(np.where(bad, excess, -np.inf))
    nan = f" ({np.isnan(array).sum()} NaN)" if np.isnan(array).any() else ""
    told = f"{_some(path, bad, 'entries', ('is', 'are'))} {what}{nan}."
    return Violation(path, told, f"{one_of('Entry', at)} is {figure(array[at])}.")


def _interval(value: list[float]) -> list[float]:
    if not value[0] <= value[1]:
        raise ValueError("must go from a number to one that is not smaller")
    return value


class EntriesIn(_OfPart):
    """Every entry is in this interval, ends included; NaN is in none."""

    entries_in: Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(_interval)]
    atol: Slack = 1e-9

    def broken(self, seen: Seen) -> Violation | None:
        """Return which entries are outside."""
        array = self._reals(seen)
        if isinstance(array, Violation):
            return array
        low, high = self.entries_in
        with np.errstate(invalid="ignore", over="ignore"):  # inf - inf, where an end is infinite and so is the entry
            excess = np.where((array >= low) & (array <= high), 0.0, np.maximum(low - array, array - high))
        what = f"outside [{figure(low)}, {figure(high)}]"
        return _entries(self.of, array, excess, ~(excess <= self.atol), what)


def _bound(value: Any) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
        return float(value)
    if not isinstance(value, str) or not is_path(value):
        raise ValueError("must be a number, or the name of an argument")
    return value


Bound = Annotated[float | str, PlainValidator(_bound, json_schema_input_type=float | str)]


class AtLeast(_OfPart):
    """Every entry is at least this number, or the argument of this name."""

    at_least: Bound

    @property
    def arguments(self) -> Iterable[str]:
        """The argument, where it names one."""
        return (self.at_least,) if isinstance(self.at_least, str) else ()

    def broken(self, seen: Seen) -> Violation | None:
        """Return which entries are smaller."""
        array = self._reals(seen)
        if isinstance(array, Violation):
            return array
        least = self._least(seen.args)
        name = f"`{self.at_least}`" if isinstance(self.at_least, str) else figure(least)
        with np.errstate(invalid="ignore", over="ignore"):
            return _entries(self.of, array, least - array, ~(array >= least), f"not at least {name}")

    def _least(self, args: Mapping[str, Any]) -> float:
        if not isinstance(self.at_least, str):
            return self.at_least
        bound = argument(args, self.at_least)
        if bound.ndim or bound.dtype.kind == "c":
            raise LackError(f"`{self.at_least}` is not a number")
        return float(bound)


class Keeps(Named):
    """Where this argument is neither NaN nor `missing`, the part has its entry."""

    keeps: Path
    within: Annotated[Path, Field(alias="in")]
    missing: float | None = None

    @property
    def parts(self) -> Iterable[str]:
        """What was filled in."""
        return (self.within,)

    @property
    def arguments(self) -> Iterable[str]:
        """What had gaps."""
        return (self.keeps,)

    def broken(self, seen: Seen) -> Violation | None:
        """Return which entries were not kept."""
        kept = argument(seen.args, self.keeps)
        array = _numbers(seen, self.within)
        if isinstance(array, Violation):
            return array
        if array.shape != kept.shape:
            told = f"`{self.within}` does not have the shape of `{self.keeps}`."
            return Violation(self.within, told, f"Its shape is {array.shape}, not {kept.shape}.")
        known = ~np.isnan(kept) & (kept != (np.nan if self.missing is None else self.missing))
        bad = known & (array != kept)
        if not bad.any():
            return None
        at = worst(bad.astype(np.float64))
        told = f"{_some(self.within, bad, 'entries', ('differs', 'differ'))} from what is known in `{self.keeps}`"
        values = f"{one_of('Entry', at)} is {figure(array[at])}, not {figure(kept[at])}."
        return Violation(self.within, f"{told}: fill only what is missing.", values)


# --- types and shapes ------------------------------------------------------------------------------------------------

_FAMILIES = {"bool": "b", "int": "iu", "float": "f", "complex": "c"}


class Dtype(_OfPart):
    """The part is of this type of numpy's, or of any whose numbers are `int`, `float` or `complex`."""

    dtype: Literal[
        "bool", "int", "float", "complex", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    ]  # fmt: skip

    def broken(self, seen: Seen) -> Violation | None:
        """Return of which other type it is."""
        array = _numbers(seen, self.of)
        if isinstance(array, Violation):
            return array
        if array.dtype.kind in _FAMILIES[self.dtype] if self.dtype in _FAMILIES else array.dtype.name == self.dtype:
            return None
        return Violation(self.of, f"`{self.of}` is {array.dtype.name}, not {self.dtype}.")


def _length(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    path = _path_and_axis(value)[0] if isinstance(value, str) else ""
    if not is_path(path):
        raise ValueError("must be a length as 3, an argument's axis as X.0 or mixture.mu.1, or an argument as K")
    return str(value)


Length = Annotated[int | str, PlainValidator(_length, json_schema_input_type=int | str)]


class Shape(_OfPart):
    """The part has these lengths: whole numbers, axes of arguments (`X.0`), or arguments that are one (`K`)."""

    shape: list[Length]

    @property
    def arguments(self) -> Iterable[str]:
        """The arguments whose lengths or values it takes."""
        return tuple(_path_and_axis(length)[0] for length in self.shape if isinstance(length, str))

    def broken(self, seen: Seen) -> Violation | None:
        """Return which other shape it has."""
        array = _numbers(seen, self.of)
        want = tuple(n if isinstance(n, int) else _resolved(n, seen.args) for n in self.shape)
        if isinstance(array, Violation):
            return array
        if array.shape == want:
            return None
        hint = ": transposed?" if len(want) > 1 and array.shape == want[::-1] else "."
        words = f"({', '.join(map(str, self.shape))}{',' * (len(want) == 1)})"
        values = f"Its shape is {array.shape}, not {want}."
        return Violation(self.of, f"`{self.of}` does not have the shape {words}{hint}", values)


def _path_and_axis(length: str) -> tuple[str, int | None]:
    path, _, axis = length.rpartition(".")
    return (path, int(axis)) if axis.isdecimal() else (length, None)


def _resolved(length: str, args: Mapping[str, Any]) -> int:
    path, axis = _path_and_axis(length)
    array = argument(args, path)
    if axis is not None:
        if axis >= array.ndim:
            raise LackError(f"`{path}` has no axis {axis}")
        return int(array.shape[axis])
    if array.ndim or array.dtype.kind not in "iu":
        raise LackError(f"`{path}` is not a whole number: for a length of it write {path}.0")
    return int(array)
