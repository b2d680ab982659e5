"""What a function's values look like: `draw` in a spec, and the drawing that two values make. Pure.

    {scatter: X, means: mixture.mu, variances: mixture.var, weights: mixture.p}     points, and components over them
    {curve: ll}                                                  a number after each round of the function's `steps`

What a submission returned is drawn where it has the right form: real, finite numbers, in arrays that belong together.
It is for people to look at; nothing is judged by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

import numpy as np
from pydantic import PlainValidator, ValidationInfo

from grader.components import as_array, lookup
from grader.content import Clusters, Curve, Scatter
from grader.mistakes import suggest
from grader.model import Part
from grader.seen import Path, look, root
from grader.tolerances import Numbers

MOST_POINTS = 400
"""How many points are drawn, evenly taken from all."""
MOST_COMPONENTS = 30
MOST_ROUNDS = 60
"""How many rounds a curve has."""
SETTLED = 1e-6
"""A curve ends when it has changed by no more than this times its magnitude."""
LARGEST = 1e12
"""Beyond this nothing is drawn."""
MOST_NUMBERS = 2**16
"""How many numbers a part may have of what a submission returned."""


class DrawScatter(Part):
    """Points in the plane, and over them the components that a function finds."""

    scatter: Path
    """The argument with the points, (n, d), of which the first two columns are drawn."""
    means: Path
    """What is returned as means, (K, d)."""
    variances: Path
    """As variances: (K,), or (K, d) where they differ by column, or as covariance matrices (K, d, d)."""
    weights: Path
    """As weights, (K,)."""

    def unknown(self, args: Sequence[str], returns: Sequence[str]) -> tuple[str, str] | None:
        """Return which key names what there is not, and what is wrong; `args` are those of cases that can be drawn."""
        if root(self.scatter) not in args:
            what = "is not an argument of a public case whose values are compared"
            return "scatter", f"{self.scatter!r} {what}{suggest(root(self.scatter), args)}"
        for key in ("means", "variances", "weights"):
            name = root(getattr(self, key))
            if name not in returns:
                return key, f"{name!r} is not one of the returns{suggest(name, returns)}"
        return None

    def right(self, title: str, args: Mapping[str, Any], want: Any, returns: Sequence[str]) -> Scatter | None:
        """Return the drawing of what is wanted, without what came; None where this makes none."""
        points, right = _points(look(args, self.scatter)), self.clusters(want, returns)
        return Scatter(title, points, None, right) if points and right else None

    def clusters(self, value: Any, returns: Sequence[str]) -> Clusters | None:
        """Return the components in what was returned, if they have the form."""
        parts = [_drawable(lookup(value, path, returns)) for path in (self.means, self.variances, self.weights)]
        means, variances, weights = parts
        if means is None or variances is None or weights is None or means.ndim != 2 or means.shape[1] < 2:
            return None
        covariances = _covariances(variances, *means.shape)
        if covariances is None or weights.shape != means.shape[:1] or len(means) > MOST_COMPONENTS:
            return None
        return Clusters(_rounded(means[:, :2]), _rounded(covariances), _rounded(weights))


class DrawCurve(Part):
    """A number after each round of a function's steps."""

    curve: Path
    """What one of the steps returns."""

    def unknown(self, _args: Sequence[str], returns: Sequence[str]) -> tuple[str, str] | None:
        """Return which key names what there is not, and what is wrong; `returns` are those of the steps."""
        if self.curve in returns:
            return None
        return "curve", f"{self.curve!r} is not returned by one of the `steps`{suggest(self.curve, returns)}"

    def drawn(self, title: str, got: Any, want: Sequence[float]) -> Curve | None:
        """Return the drawing of two series; None where they make none."""
        came = series(got[: len(want)]) if isinstance(got, list) else ()
        return Curve(title, self.curve, came, tuple(want)) if came and len(want) > 1 else None


def series(values: Iterable[Any]) -> tuple[float, ...]:
    """Return the numbers of a curve: up to the first value that cannot be drawn, or until they settle."""
    numbers: list[float] = []
    for value in islice(values, MOST_ROUNDS):
        array = _drawable(value)
        if array is None or array.size != 1:
            break
        numbers.append(array.item())
        if len(numbers) > 1 and abs(numbers[-1] - numbers[-2]) <= SETTLED * abs(numbers[-1]):
            break
    return tuple(map(_short, numbers))


# --- numbers that can be drawn ---------------------------------------------------------------------------------------


def _drawable(value: Any) -> Numbers | None:
    """Return a value as an array of floats, if that can be drawn."""
    array = as_array(value)
    if array is None or array.dtype.kind not in "iuf" or not 0 < array.size <= MOST_NUMBERS:
        return None
    array = array.astype(np.float64)
    return array if bool((np.abs(array) <= LARGEST).all()) else None


def _covariances(variances: Numbers, K: int, d: int) -> Numbers | None:
    """Return the (K, 2, 2) covariance matrices of the first two columns."""
    if variances.shape == (K,):
        return variances[:, None, None] * np.eye(2)
    if variances.shape == (K, d):
        return variances[:, :2, None] * np.eye(2)
    return variances[:, :2, :2] if variances.shape == (K, d, d) else None


def _points(value: Any) -> tuple[tuple[float, float], ...]:
    array = as_array(value)
    if array is None or array.dtype.kind not in "iuf" or array.ndim != 2 or array.shape[1] < 2:
        return ()
    plane = array[:, :2].astype(np.float64)
    plane = plane[(np.abs(plane) <= LARGEST).all(axis=1)]
    if len(plane) > MOST_POINTS:
        plane = plane[np.linspace(0, len(plane) - 1, MOST_POINTS).astype(int)]
    return tuple((_short(x), _short(y)) for x, y in plane.tolist())


def _rounded(numbers: Numbers) -> Any:
    """Return an array as tuples of tuples."""
    return tuple(map(_rounded, numbers)) if numbers.ndim else _short(numbers.item())


def _short(number: float) -> float:
    """Return a number with five digits, as a drawing needs no more."""
    return float(f"{number:.5g}")


# --- in a spec -------------------------------------------------------------------------------------------------------


KINDS: dict[str, type[DrawScatter | DrawCurve]] = {"scatter": DrawScatter, "curve": DrawCurve}
"""The models, by the key that names them."""


def _draw(value: Any, info: ValidationInfo) -> Any:
    """Validate what is to be drawn by the key that names it."""
    if isinstance(value, DrawScatter | DrawCurve):
        return value
    if not isinstance(value, dict) or len(KINDS.keys() & value.keys()) != 1:
        raise ValueError("must be a mapping with `scatter` or `curve`, as {curve: ll}")
    (kind,) = [KINDS[key] for key in KINDS if key in value]
    return kind.model_validate(value, context=info.context)


Draw = Annotated[DrawScatter | DrawCurve, PlainValidator(_draw, json_schema_input_type=DrawScatter | DrawCurve)]
"""A drawing of any kind, as a field of a spec."""
KEYS = sorted({key for kind in KINDS.values() for key in kind.model_fields})
"""All keys, to suggest one for a key that is unknown."""
