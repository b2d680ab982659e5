"""A call and what it returned, by the names and paths of the spec: what properties are judged on. Pure.

A part has a path, such as `post` or `mixture.mu`. Values are plain (`sandbox.values`), and those that a submission
returned may be anything: what a helper cannot use it answers with None or False, and never with an exception.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from grader.components import as_array, lookup
from grader.model import Part
from grader.sandbox.values import Record
from grader.tolerances import Numbers


class LackError(ValueError):
    """The arguments of a case lack what its property needs: a mistake of the spec, whatever was returned."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A property that does not hold."""

    path: str
    """Of the part that breaks it, or empty."""
    told: str
    """A sentence without any value of the data, fit for a hidden case."""
    values: str = ""
    """A sentence with figures, or empty."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A call, and what it returned."""

    args: Mapping[str, Any]
    value: Any
    returns: tuple[str, ...]
    after: Mapping[str, Any] | None = None
    """The arguments as the call left them, where they are known."""

    def part(self, path: str) -> Any:
        """Return a part of what was returned or, where nothing returned has its name, of the arguments; else None."""
        if root(path) in self.returns:
            return look(parts_of(self.value, self.returns) or {}, path)
        return look(self.args, path)


def root(path: str) -> str:
    """Return the name that a path begins with."""
    return path.partition(".")[0]


def look(values: Mapping[str, Any], path: str) -> Any:
    """Return the part at a path of values by name, or None where there is none."""
    return lookup(values.get(root(path)), path, (root(path),))


def parts_of(value: Any, returns: Sequence[str]) -> dict[str, Any] | None:
    """Return what was returned by its names, or None where it is another number of values."""
    if len(returns) == 1:
        return {returns[0]: value}
    if isinstance(value, Record):  # a namedtuple is a tuple
        value = tuple(value.fields.values())
    if not isinstance(value, list | tuple) or len(value) != len(returns):
        return None
    return dict(zip(returns, value, strict=True))


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, NaN to NaN too; whether numbers are whole or floats does not matter."""
    first, second = as_array(one), as_array(other)
    if first is not None and second is not None:
        return bool(np.array_equal(first, second, equal_nan=True))
    match one, other:
        case Record(), Record():
            return same(one.fields, other.fields)
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case (list() | tuple(), list() | tuple()):
            return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and not isinstance(one, np.ndarray) and bool(one == other)


def argument(args: Mapping[str, Any], path: str) -> Numbers:
    """Return an argument, or a part of one, as an array.

    Raises:
        LackError: it is not there, or not made of numbers.
    """
    value = look(args, path)
    array = as_array(value)
    if array is None:
        raise LackError(f"there is no argument `{path}`" if value is None else f"`{path}` is not made of numbers")
    return array


def figure(value: Any) -> str:
    """Return a number, Python's or numpy's, in a few characters."""
    return f"{np.asarray(value).item():.10g}"


def worst(excess: Numbers) -> tuple[int, ...]:
    """Return where it is largest; NaN is larger than everything."""
    place = np.unravel_index(np.argmax(np.where(np.isnan(excess), np.inf, excess)), excess.shape)
    return tuple(map(int, place))


def one_of(noun: str, index: Sequence[int]) -> str:
    """Return how one of many is called, and `It` where there is only one."""
    return f"{noun} {index[0] if len(index) == 1 else list(index)}" if index else "It"


# --- in a spec -------------------------------------------------------------------------------------------------------


def is_path(value: str) -> bool:
    """Tell whether a text can be a path."""
    return all(name.isidentifier() for name in value.split("."))


def _path(value: str) -> str:
    if not is_path(value):
        raise ValueError("must be a name or a path, as post or mixture.mu")
    return value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Path = Annotated[str, AfterValidator(_path)]
Paths = Annotated[list[Path], BeforeValidator(_as_list, json_schema_input_type=str | list[str]), Field(min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Slack = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Named(Part):
    """A property, with the names that it uses."""

    @property
    def parts(self) -> Iterable[str]:
        """The paths of what is judged."""
        return ()

    @property
    def arguments(self) -> Iterable[str]:
        """The paths of arguments that it needs."""
        return ()

    def unknown(self, args: Collection[str], returns: Collection[str]) -> list[str]:
        """Return the paths that begin with no name of a case's arguments or, where it may be one, of its returns."""
        lost = [path for path in self.parts if root(path) not in {*args, *returns}]
        return lost + [path for path in self.arguments if root(path) not in args]
