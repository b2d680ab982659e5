"""Components in another order: a mixture is the same whichever of its components comes first."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.sandbox.values import Record

Numbers = np.ndarray[Any, np.dtype[Any]]


def reordered(got: Any, want: Any, permute: Mapping[str, int], returns: Sequence[str]) -> Any:
    """Return `got` with its components in the order that comes nearest to `want`'s, where it has the same shapes.

    `permute` names the parts whose components move together, with the axis that counts the components.
    """
    pairs = []
    for path, axis in permute.items():
        one, other = (as_array(lookup(value, path, returns)) for value in (got, want))
        if one is None or other is None or one.shape != other.shape:
            return got  # the comparison says what is wrong
        pairs.append((np.moveaxis(one, axis, 0), np.moveaxis(other, axis, 0)))
    order = _matching(np.sum([_costs(one, other) for one, other in pairs], axis=0))
    for path, axis in permute.items():
        value = np.take(np.asarray(lookup(got, path, returns)), order, axis)
        got = replaced(got, path, value, returns)
    return got


MOST_ENTRIES = 2**23
"""Of arrays in a list that are made one: their common type may take sixteen times as much as they do."""


def as_array(value: Any) -> Numbers | None:
    """Return a number, an array or nested lists of numbers as an array, and None for anything else."""
    if not _all_numbers(value) or entries(value) > MOST_ENTRIES:
        return None
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):  # ragged
        return None
    return array if array.dtype.kind in "biufc" else None


def _is_flat(value: Sequence[Any]) -> bool:
    """Tell whether there are numbers alone in it, without a look at each."""
    return set(map(type, value)) <= {int, float, bool}


def _all_numbers(value: Any) -> bool:
    """Tell whether there is nothing else in it; numpy would make texts of all entries for the sake of one."""
    if isinstance(value, list | tuple):
        return _is_flat(value) or all(map(_all_numbers, value))
    return isinstance(value, int | float | complex | np.number | np.bool_ | np.ndarray)


def entries(value: Any) -> int:
    """Return how many numbers, characters and other things there are in a value."""
    match value:
        case Record():
            return sum(map(entries, value.fields.values()))
        case dict():
            return sum(map(entries, value.values()))
        case list() | tuple():
            return len(value) if _is_flat(value) else sum(map(entries, value))
        case str() | bytes():
            return len(value)
    return int(np.size(value)) if isinstance(value, np.ndarray) else 1


def _costs(got: Numbers, want: Numbers) -> Numbers:
    """Return (K, K) squared distances between wanted components (rows) and those that came, in units of the wanted."""
    K = len(want)
    one, other = (
        np.nan_to_num(array.astype(np.complex128)).reshape(K, array.size // max(K, 1)) for array in (got, want)
    )
    with np.errstate(over="ignore", invalid="ignore"):
        scale = np.square(np.abs(other)).sum() or 1.0
        return np.asarray(np.nan_to_num(np.square(np.abs(other[:, None] - one[None])).sum(axis=-1) / scale))


def _matching(costs: Numbers) -> list[int]:
    """Return for each wanted component the one that is nearest of those left, the surest pair first."""
    order = [0] * len(costs)
    costs = costs.copy()
    for _ in order:
        row, column = np.unravel_index(np.argmin(costs), costs.shape)
        order[int(row)] = int(column)
        costs[row, :] = costs[:, column] = np.inf
    return order


def like(value: Any, model: Any) -> Any:
    """Return a value in the form of another that it may stand for: a tuple in that of a record, a list of an array.

    What has another form stays as it is.
    """
    if isinstance(model, Record):
        parts = tuple(value.fields.values()) if isinstance(value, Record) else value
        if not isinstance(parts, list | tuple) or len(parts) != len(model.fields):
            return value
        pairs = zip(model.fields.items(), parts, strict=True)
        return Record(model.name, {name: like(part, wanted) for (name, wanted), part in pairs})
    if isinstance(model, tuple) and isinstance(value, list | tuple) and len(value) == len(model):
        return tuple(like(part, wanted) for part, wanted in zip(value, model, strict=True))
    array = as_array(value) if isinstance(model, np.ndarray | np.generic | int | float) else None
    if array is None:
        return value
    return array.reshape(()).item() if array.size == 1 and not np.ndim(model) else array


def lookup(value: Any, path: str, returns: Sequence[str]) -> Any:
    """Return the part of a returned value at a path such as `post` or `mixture.mu`, or None where there is none."""
    name, *fields = path.split(".")
    if len(returns) > 1:
        if not isinstance(value, list | tuple) or len(value) != len(returns):
            return None
        value = value[list(returns).index(name)]
    for key in fields:
        value = value.fields.get(key) if isinstance(value, Record) else None
    return value


def replaced(value: Any, path: str, part: Any, returns: Sequence[str]) -> Any:
    """Return a returned value with another part at a path."""
    name, _, rest = path.partition(".")
    if len(returns) == 1:
        return _replaced_field(value, rest, part)
    n = list(returns).index(name)
    return (*value[:n], _replaced_field(value[n], rest, part), *value[n + 1 :])


def _replaced_field(value: Any, path: str, part: Any) -> Any:
    if not path:
        return part
    name, _, rest = path.partition(".")
    return Record(value.name, {**value.fields, name: _replaced_field(value.fields[name], rest, part)})
