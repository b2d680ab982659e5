"""The properties of a spec: each says what must hold of what a function returned, where no value can be given. Pure.

rows_sum_to | columns_sum_to | entries_in | at_least | keeps | dtype | shape ─ of     of one value: see `traits`
unchanged | at_most_times | check                                                     of the call: see below
permute | shift | scale | duplicate | deterministic ─ of                              of two calls: see `laws`
non_decreasing | non_increasing | stops_when ─ over: steps                            of a loop: see `rounds`

The first key names the property, and the type tells callers how it is judged: `broken` (one call), `broken_time`,
`again` and `expected` (a `Law`), or `broken_series` (states). `check` is run by the caller.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo

from grader.components import as_array
from grader.laws import Deterministic, Duplicate, Law, Permute, Scale, Shift
from grader.rounds import NonDecreasing, NonIncreasing, Series, StopsWhen, round_that_matches, stopped
from grader.sandbox.values import Record
from grader.seen import LackError, Named, Paths, Seen, Violation, figure, look, one_of, same, worst
from grader.traits import AtLeast, ColumnsSumTo, Dtype, EntriesIn, Keeps, RowsSumTo, Shape

__all__ = [
    "KEYS", "KINDS", "AtLeast", "AtMostTimes", "Check", "ColumnsSumTo", "Deterministic", "Dtype", "Duplicate",
    "EntriesIn", "Keeps", "Law", "NonDecreasing", "NonIncreasing", "Permute", "Property", "RowsSumTo", "Scale", "Seen",
    "Series", "Shape", "Shift", "StopsWhen", "Unchanged", "Violation", "round_that_matches", "same", "stopped",
]  # fmt: skip

BRIEFEST = 1e-3
"""Seconds: a faster reference counts as taking so long, since the clock and the call itself cost about as much."""


class Unchanged(Named):
    """These arguments, or parts of them, are after the call what they were before."""

    unchanged: Paths

    @property
    def arguments(self) -> Iterable[str]:
        """What must not change."""
        return self.unchanged

    def broken(self, seen: Seen) -> Violation | None:
        """Return the first that was changed."""
        for path in self.unchanged:
            before = look(seen.args, path)
            if before is None:
                raise LackError(f"there is no argument `{path}`")
            after = None if seen.after is None else look(seen.after, path)
            if after is None:
                return Violation(path, f"It cannot be told whether `{path}` was left as it was.")
            if not same(before, after):
                return _changed(path, before, after)
        return None


def _changed(path: str, before: Any, after: Any) -> Violation:
    if isinstance(before, Record) and isinstance(after, Record) and before.fields.keys() == after.fields.keys():
        key = next(key for key in before.fields if not same(before.fields[key], after.fields[key]))
        return _changed(f"{path}.{key}", before.fields[key], after.fields[key])
    told = f"`{path}` was changed in place: work on a copy."
    one, other = as_array(before), as_array(after)
    if one is None or other is None or one.shape != other.shape:
        return Violation(path, told)
    at = worst((~((one == other) | (np.isnan(one) & np.isnan(other)))).astype(np.float64))
    return Violation(path, told, f"{one_of('Entry', at)} was {figure(one[at])} and is now {figure(other[at])}.")


class AtMostTimes(Named):
    """A call takes at most so many times as long as the reference's."""

    at_most_times: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    def broken_time(self, seconds: float, reference_seconds: float) -> Violation | None:
        """Return how much longer it takes."""
        if seconds <= self.at_most_times * max(reference_seconds, BRIEFEST):
            return None
        told = f"It takes more than {figure(self.at_most_times)} times as long as the reference: work on whole arrays."
        return Violation("", told, f"It took {seconds:.3g} s, the reference {reference_seconds:.3g} s.")


def _function(value: str) -> str:
    if not value.isidentifier():
        raise ValueError("must be the name of a function of checks.py")
    return value


class Check(Named):
    """What a function of the course's `checks.py` finds; it runs there, and not here."""

    check: Annotated[str, AfterValidator(_function)]


# --- in a spec -------------------------------------------------------------------------------------------------------

AnyProperty = (
    RowsSumTo | ColumnsSumTo | EntriesIn | AtLeast | Keeps | Dtype | Shape | Unchanged | AtMostTimes | Check
    | Permute | Shift | Scale | Duplicate | Deterministic | NonDecreasing | NonIncreasing | StopsWhen
)  # fmt: skip
KINDS: dict[str, type[Named]] = {
    "rows_sum_to": RowsSumTo, "columns_sum_to": ColumnsSumTo, "entries_in": EntriesIn, "at_least": AtLeast,
    "keeps": Keeps, "dtype": Dtype, "shape": Shape, "unchanged": Unchanged, "at_most_times": AtMostTimes,
    "check": Check, "permute": Permute, "shift": Shift, "scale": Scale, "duplicate": Duplicate,
    "deterministic": Deterministic, "non_decreasing": NonDecreasing, "non_increasing": NonIncreasing,
    "stops_when": StopsWhen,
}  # fmt: skip
"""The models, by the key that names them."""


def _property(value: Any, info: ValidationInfo) -> Any:
    """Validate a property by the key that names it."""
    if isinstance(value, Named):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be a mapping, as {rows_sum_to: 1, of: post}")  # noqa: TRY004  pydantic wants this one
    names = [key for key in KINDS if key in value]
    if "stops_when" in names and "unchanged" in names:  # there it is a rule, and no name
        names.remove("unchanged")
    if not names:
        raise ValueError(f"names no property: give one of {', '.join(KINDS)}")
    if len(names) > 1:
        raise ValueError(f"names {len(names)} properties, {' and '.join(names)}: write a case for each")
    return KINDS[names[0]].model_validate(value, context=info.context)


Property = Annotated[AnyProperty, PlainValidator(_property, json_schema_input_type=AnyProperty)]
"""A property of any kind, as a field of a spec."""
KEYS = sorted({field.alias or name for kind in KINDS.values() for name, field in kind.model_fields.items()})
"""All keys of all properties, to suggest one for a key that is unknown."""
