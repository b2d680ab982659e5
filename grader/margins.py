"""How far right answers are off, in units of what is allowed: another formula, rounded arguments, single precision."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.model import Returned
from grader.nearness import deviation
from grader.prepare import Call
from grader.sandbox.values import Record
from grader.variants import Variants

TIGHT = 0.5
"""From how much of what is allowed on a right answer is near the edge."""

Key = tuple[str, int]
"""A case: its function, and its number."""


class Margins:
    """The largest deviations of right answers, by case."""

    def __init__(self, variants: Variants) -> None:
        self.variants = variants
        self.formula: dict[Key, float] = {}
        """Of the functions of `slips.py`, without a change: right answers, by another formula."""
        self.broken: dict[str, str] = {}
        """What keeps these from an answer, by the functions' names."""
        self.rounded: dict[Key, float] = {}
        """Of the reference, from arguments that are off in the last digit."""
        self.single: dict[Key, float] = {}
        """Of the reference, in single precision."""

    def measure(self, call: Call) -> None:
        """Note how far right answers to a call are off."""
        if call.holds is not None or call.rules.shapes_only:
            return
        if self.variants.of(call.key[0]):
            self._note_formula(call)
        exact = self.variants.reference(call, call.args) if self.variants.plan.assignment.spec.reference else None
        if exact:  # what is expected may be rounded, this is not
            for offs, change in ((self.rounded, _nudged), (self.single, _single)):
                self._note(offs, call, self.variants.reference(call, _changed(call.args, change)), exact.value)

    def _note_formula(self, call: Call) -> None:
        outcome = self.variants.outcome(call)
        if isinstance(outcome, Returned):
            self._note(self.formula, call, outcome, call.want)
        else:
            self.broken.setdefault(call.key[0], self.variants.went_wrong(call, outcome))

    def _note(self, offs: dict[Key, float], call: Call, value: Returned | None, want: Any) -> None:
        key = call.key[:2]
        off = deviation(value.value, want, call.rules) if value else math.inf
        offs[key] = max(offs.get(key, 0.0), off)

    def is_edge(self, key: Key) -> bool:
        """Tell whether for arguments a rounding away another answer is right: then it is another question."""
        return self.rounded.get(key, 0.0) > TIGHT

    def of(self, key: Key) -> float | None:
        """Return the largest deviation of a right answer to a case, or None where none was measured."""
        offs = [self.formula.get(key), None if self.is_edge(key) else self.rounded.get(key)]
        return max((off for off in offs if off is not None), default=None)


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return arguments with a change of each array of floats."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return change(value)
    if isinstance(value, Record):
        return Record(value.name, {name: _changed(part, change) for name, part in value.fields.items()})
    return {name: _changed(part, change) for name, part in value.items()} if isinstance(value, dict) else value


def _nudged(array: Any) -> Any:
    """Return an array off in the last digit, some entries up and some down, as another order of summation leaves it."""
    signs = np.where(np.arange(array.size).reshape(array.shape) % 3 == 0, 1.0, -1.0)
    return array * (1 + signs * np.finfo(array.dtype).eps)


def _single(array: Any) -> Any:
    return array.astype(np.float32)
