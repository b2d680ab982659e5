"""Laws that tie two calls together: what a change of the arguments must do to what is returned. Pure.

    permute: {X: 0, post: 0}             entries along these axes in another order, the same for all
    shift: {X: 1.0, mixture.mu: 1.0}     1.5 times so much added
    scale: {X: 1, mixture.var: 2}        multiplied by 2 to this power, which is exact
    duplicate: {X: 0, post: 0}           stacked twice along these axes; what `doubles` names is twice as large
    deterministic: true                  nothing changes

A path is of an argument, of what is returned, or of both, and names the change of all of them; what is not named stays
equal. The caller makes the second call with `again(args)`, has with `expected` what it must return, given what the
first did, and compares that with `compared(second value, expected, returns)`, which drops what `of` leaves out. It
rests on the student's own first value, which may be anything: where that is unfit, `expected` is a Violation.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from grader.components import as_array, replaced
from grader.sandbox.values import Record
from grader.seen import Finite, LackError, Named, Path, Paths, Violation, argument, look, parts_of, root
from grader.tolerances import Numbers

SEED = 0
"""Seeds the order in which `permute` puts things."""
STEP = 1.5
"""What `shift` adds, times the factor; a binary fraction, so that little is lost in rounding."""

Axes = Annotated[dict[Path, int], Field(min_length=1)]


class Law(Named):
    """A law; `of` names the parts of what is returned that are held to it, all where it is not given."""

    of: Paths | None = None
    _words: ClassVar[str]

    @property
    def moved(self) -> Iterable[str]:
        """The paths of what changes, in arguments and results."""
        return ()

    @property
    def grown(self) -> Iterable[str]:
        """The paths of what changes in results alone."""
        return ()

    @property
    def parts(self) -> Iterable[str]:
        """All the paths that it names."""
        return (*self.moved, *self.grown, *(self.of or ()))

    def when(self, args: Collection[str]) -> str:
        """Return how the second call differs, in words that go on a sentence."""
        return self._words.format(", ".join(f"`{path}`" for path in self.moved if root(path) in args))

    def again(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the second call.

        Raises:
            LackError: there are no such arguments, or they cannot be changed so.
        """
        again = dict(args)
        moved = [path for path in self.moved if root(path) in args]
        if self.moved and not moved:
            raise LackError(f"no argument would change: there is none of {', '.join(self.moved)}")
        for path in moved:
            new = self._move_argument(path, args)
            again[root(path)] = replaced(again[root(path)], path, _like(look(args, path), new), (root(path),))
        return again

    def expected(self, value: Any, args: Mapping[str, Any], returns: Sequence[str]) -> Any:
        """Return what the second call must return, or a Violation where the first returned what cannot be judged.

        Raises:
            LackError: as `again`.
        """
        self.again(args)
        parts = parts_of(value, returns)
        if parts is None:
            return Violation("", f"It does not return {len(returns)} values: {', '.join(returns)}.")
        for path in self.parts:
            if root(path) not in {*args, *returns}:
                raise LackError(f"`{path}` is neither an argument nor returned")
            if root(path) in returns and self._holds(path) and look(parts, path) is None:
                return Violation(path, f"`{path}` is not there.")
        for path in (*self.moved, *self.grown):
            if root(path) in returns and self._holds(path):
                old = look(parts, path)
                try:
                    new = self._move(path, _numbers(old), args)
                except ValueError as error:
                    return Violation(path, f"`{path}` {error}.")
                parts[root(path)] = replaced(parts[root(path)], path, _like(old, new), (root(path),))
        return self._whole(parts)

    def _holds(self, path: str) -> bool:
        """Tell whether a path, or a part of it, is held to the law."""
        return self.of is None or any(_overlap(path, one) for one in self.of)

    def _whole(self, parts: Mapping[str, Any]) -> Any:
        """Return the value with these parts, and None for those that are not held to the law."""
        held = {name: _only(part, _below(self.of, name)) for name, part in parts.items()}
        for name, part in held.items():
            if not comparable(part):
                return Violation(name, f"`{name}` has what cannot be compared.")
        return tuple(held.values()) if len(held) > 1 else next(iter(held.values()))

    def compared(self, got: Any, want: Any, returns: Sequence[str]) -> Any:
        """Return the second value with what is not held to the law taken from `expected`'s, to be compared with it."""
        gots, wants = parts_of(got, returns), parts_of(want, returns)
        if self.of is None or gots is None or wants is None:
            return got
        parts = tuple(_filled(gots[name], wants[name], _below(self.of, name)) for name in returns)
        return parts if len(parts) > 1 else parts[0]

    def _move_argument(self, path: str, args: Mapping[str, Any]) -> Numbers:
        array = argument(args, path)
        try:
            return self._move(path, array, args)
        except ValueError as error:
            raise LackError(f"the argument `{path}` {error}") from error

    def _move(self, path: str, array: Numbers, args: Mapping[str, Any]) -> Numbers:
        """Return an argument or result changed, or raise ValueError with the rest of a sentence about it."""
        raise NotImplementedError


def _overlap(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _numbers(value: Any) -> Numbers:
    array = as_array(value)
    if array is None:
        raise ValueError("is not made of numbers alone")
    return array


def _like(old: Any, new: Numbers) -> Any:
    """Return an array as what it stands for: a number, a list or an array."""
    if isinstance(old, np.ndarray):
        return new
    if isinstance(old, np.generic):
        return new[()]
    return tuple(new.tolist()) if isinstance(old, tuple) else new.tolist()


def _below(paths: Iterable[str] | None, name: str) -> list[str]:
    """Return what is left of the paths that begin with a name; an empty one is the whole, as all is without paths."""
    return [""] if paths is None else [path.partition(".")[2] for path in paths if root(path) == name]


def _only(value: Any, paths: Sequence[str]) -> Any:
    """Return a value with None for what is at none of the paths."""
    if "" in paths:
        return value
    if not isinstance(value, Record):
        return None
    return Record(value.name, {name: _only(part, _below(paths, name)) for name, part in value.fields.items()})


def _filled(got: Any, want: Any, paths: Sequence[str]) -> Any:
    """Return `want` with what is at the paths taken from `got`."""
    if "" in paths:
        return got
    if not isinstance(want, Record):
        return want
    fields = got.fields if isinstance(got, Record) else {}
    parts = {name: _filled(fields.get(name), part, _below(paths, name)) for name, part in want.fields.items()}
    return Record(want.name, parts)


def comparable(value: Any) -> bool:
    """Tell whether `compare` can take a value for the wanted one."""
    match value:
        case bool() | float() | complex() | str() | bytes() | None:
            return True
        case int():
            return -(2**63) <= value < 2**63
        case np.ndarray() | np.generic():
            return value.dtype.kind in "biufc"
        case Record():
            return all(map(comparable, value.fields.values()))
        case dict():
            return all(map(comparable, value.values()))
        case list() | tuple():
            return all(map(comparable, value))
    return False


# --- the laws --------------------------------------------------------------------------------------------------------


class Permute(Law):
    """Entries along these axes come in another order, the same for all."""

    permute: Axes
    _words = "with {} in another order"

    @property
    def moved(self) -> Iterable[str]:
        """The paths of what is put in order."""
        return self.permute

    def _move(self, path: str, array: Numbers, args: Mapping[str, Any]) -> Numbers:
        order = self._order(args)
        axis = _axis(array, self.permute[path])
        if array.shape[axis] != len(order):
            raise ValueError(f"does not have {len(order)} entries along axis {axis}, as `{self._first(args)}` has")
        return np.take(array, order, axis)

    def _first(self, args: Mapping[str, Any]) -> str:
        return next(path for path in self.permute if root(path) in args)

    def _order(self, args: Mapping[str, Any]) -> Numbers:
        path = self._first(args)
        array = argument(args, path)
        n = array.shape[_axis(array, self.permute[path])]
        order = np.random.default_rng(SEED).permutation(n)
        return np.roll(order, 1) if (order == np.arange(n)).all() else order  # another order, where there is one


def _axis(array: Numbers, axis: int) -> int:
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"has no axis {axis}")
    return axis % array.ndim


class Shift(Law):
    """A constant times these factors is added."""

    shift: Annotated[dict[Path, Finite], Field(min_length=1)]
    _words = "with a constant added to {}"

    @property
    def moved(self) -> Iterable[str]:
        """The paths of what it is added to."""
        return self.shift

    def _move(self, path: str, array: Numbers, args: Mapping[str, Any]) -> Numbers:  # noqa: ARG002  some laws need it
        with np.errstate(all="ignore"):
            return np.asarray(array + STEP * self.shift[path])


class Scale(Law):
    """Things are multiplied by 2 to these powers."""

    scale: Annotated[dict[Path, Annotated[int, Field(ge=-60, le=60)]], Field(min_length=1)]
    _words = "with {} scaled by powers of two"

    @property
    def moved(self) -> Iterable[str]:
        """The paths of what is multiplied."""
        return self.scale

    def _move(self, path: str, array: Numbers, args: Mapping[str, Any]) -> Numbers:  # noqa: ARG002  some laws need it
        return _times(array, 2.0 ** self.scale[path])


def _times(array: Numbers, factor: float) -> Numbers:
    """Return a multiple; whole numbers stay whole where they can."""
    with np.errstate(all="ignore"):
        new = np.asarray(array * factor)
    whole = array.dtype.kind in "iu" and factor >= 1 and bool((np.abs(new) < 2.0**53).all())
    return new.astype(np.int64) if whole else new


class Duplicate(Law):
    """Things are stacked twice along these axes; what `doubles` names is twice as large."""

    duplicate: Axes
    doubles: Paths | None = None
    _words = "with {} stacked twice"

    @property
    def moved(self) -> Iterable[str]:
        """The paths of what is stacked."""
        return self.duplicate

    @property
    def grown(self) -> Iterable[str]:
        """The paths of what is doubled."""
        return self.doubles or ()

    def _move(self, path: str, array: Numbers, args: Mapping[str, Any]) -> Numbers:  # noqa: ARG002  some laws need it
        if path not in self.duplicate:
            return _times(array, 2.0)
        return np.concatenate([array, array], _axis(array, self.duplicate[path]))


class Deterministic(Law):
    """The same arguments give the same once more."""

    deterministic: Literal[True]
    _words = "with the same arguments"
