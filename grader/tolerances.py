"""How far a number may be from the wanted one."""

from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from grader.model import Part

Numbers = np.ndarray[Any, np.dtype[Any]]


class Closeness(Part):
    """How near is near: |got - want| <= atol + rtol |want|, or so many digits, or so many percent."""

    rtol: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    atol: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    decimals: Annotated[int, Field(ge=-300, le=300)] | None = None
    """Half a unit of this decimal place is allowed (and nothing else)."""
    digits: Annotated[int, Field(ge=1, le=17)] | None = None
    """Half a unit of this significant digit of the wanted value is allowed (and nothing else)."""
    percent: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Of the wanted value."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [bool(self.rtol or self.atol), *(way is not None for way in (self.decimals, self.digits, self.percent))]
        if sum(ways) > 1:
            raise ValueError("give rtol and atol, or decimals, or digits, or percent: only one of the four")
        return self

    @property
    def is_given(self) -> bool:
        """Whether its keys say anything."""
        return bool(self.rtol or self.atol) or (self.decimals, self.digits, self.percent) != (None, None, None)


class Tolerance(Closeness):
    """How near the numbers of an array must be.

    Where a spec gives no tolerance at all, `compare.DEFAULT` holds.
    """

    nan_equal: bool = False
    """Whether NaN is right where NaN is wanted; otherwise NaN is never right."""


def allowed(want: Numbers, closeness: Closeness) -> Numbers:
    """Return how far each entry may be off; half a unit is widened by rounding, so a figure on the edge is right."""
    size = np.abs(np.asarray(want, np.complex128 if want.dtype.kind == "c" else np.float64))
    unit = places(size, closeness)
    if unit is not None:
        return np.asarray(0.5 * 10.0**-unit + 4 * np.spacing(size))
    rtol = closeness.rtol if closeness.percent is None else closeness.percent / 100
    with np.errstate(invalid="ignore"):  # 0 * inf
        return np.asarray(closeness.atol + rtol * size)


def places(size: Numbers, closeness: Closeness) -> Numbers | None:
    """Return the last decimal place that counts in numbers of these sizes, or None where none is the last."""
    if closeness.decimals is not None:
        return np.asarray(closeness.decimals, dtype=np.float64)
    if closeness.digits is None:
        return None
    with np.errstate(divide="ignore"):
        return np.asarray(closeness.digits - 1 - np.where(size > 0, np.floor(np.log10(size)), 0))
