"""Properties over steps: of the states, by name, after each round of a student's own functions. Pure.

    non_decreasing: ll, over: steps      also non_increasing: what is monotone
    stops_when: ll, rtol: 1.0e-6         the loop ends after the first round that raised `ll` by no more than rtol |ll|
    stops_when: R, unchanged: true       or that left `R` as the one before had it

Indices count rounds from 0, words count them from 1. The states come from a submission and may hold anything.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import model_validator

from grader.compare import Rules, compare
from grader.components import as_array
from grader.laws import comparable
from grader.seen import Named, Path, Seen, Slack, Violation, figure, look, parts_of, root, same

State = Mapping[str, Any]

FURTHER = 20
"""How many rounds past its rule's last one are looked at, to see a loop go on too long."""


def _number(state: State, path: str) -> float | None:
    """Return a part that is one real number, and None for anything else."""
    array = as_array(look(state, path))
    return float(array.item()) if array is not None and array.size == 1 and array.dtype.kind in "iuf" else None


class Series(Named):
    """A property of the states after rounds."""

    over: Literal["steps"]

    def broken_series(self, series: Sequence[State]) -> Violation | None:
        """Return what is wrong with the states themselves."""
        raise NotImplementedError

    def broken(self, series: Sequence[State], seen: Seen, rules: Rules) -> Violation | None:  # noqa: ARG002  `StopsWhen`
        """Return what is wrong with the states, or with what the loop made of them."""
        return self.broken_series(series)

    def ends(self, series: Sequence[State]) -> bool:  # noqa: ARG002  as above
        """Tell, asked after each round, whether there are rounds enough."""
        return False


# --- monotone --------------------------------------------------------------------------------------------------------


class _Monotone(Series):
    rtol: Slack = 1e-9
    """A step the wrong way of this times the number's magnitude (or 1) is taken for rounding."""

    def _broken(self, series: Sequence[State], path: str, sign: int) -> Violation | None:
        numbers = [_number(state, path) for state in series]
        for n, number in enumerate(numbers):
            if number is None or not math.isfinite(number):
                what = "not a number" if number is None else "NaN or infinite"
                return Violation(path, f"After round {n + 1} `{path}` is {what}.")
        if not numbers:
            return Violation(path, f"There is no round in which to look at `{path}`.")
        return self._wrong_way([number for number in numbers if number is not None], path, sign)

    def _wrong_way(self, numbers: Sequence[float], path: str, sign: int) -> Violation | None:
        wrong = [
            n
            for n in range(1, len(numbers))
            if sign * (numbers[n - 1] - numbers[n]) > self.rtol * max(abs(numbers[n - 1]), 1)
        ]
        if not wrong:
            return None
        often = f" and in {_rounds(len(wrong) - 1)} more" if len(wrong) > 1 else ""
        told = (
            f"`{path}` {'falls' if sign > 0 else 'rises'} in round {wrong[0] + 1}{often}, of {_rounds(len(numbers))}."
        )
        before, after = (figure(numbers[n]) for n in (wrong[0] - 1, wrong[0]))
        return Violation(path, told, f"In round {wrong[0] + 1} it goes from {before} to {after}.")


class NonDecreasing(_Monotone):
    """This number falls in no round."""

    non_decreasing: Path

    @property
    def parts(self) -> Iterable[str]:
        """The number."""
        return (self.non_decreasing,)

    def broken_series(self, series: Sequence[State]) -> Violation | None:
        """Return in which rounds it falls."""
        return self._broken(series, self.non_decreasing, 1)


class NonIncreasing(_Monotone):
    """This number rises in no round."""

    non_increasing: Path

    @property
    def parts(self) -> Iterable[str]:
        """The number."""
        return (self.non_increasing,)

    def broken_series(self, series: Sequence[State]) -> Violation | None:
        """Return in which rounds it rises."""
        return self._broken(series, self.non_increasing, -1)


# --- when to stop ----------------------------------------------------------------------------------------------------


class StopsWhen(Series):
    """The loop ends after the first round, from the second on, in which its rule is met."""

    stops_when: Path
    rtol: Slack | None = None
    """The rule is that a number has risen by no more than this times its magnitude, or has fallen."""
    unchanged: Literal[True] | None = None
    """The rule is that the part is what it was."""

    @model_validator(mode="after")
    def _has_a_rule(self) -> Self:
        if (self.rtol is None) == (self.unchanged is None):
            raise ValueError("say when it stops: give `rtol`, or `unchanged: true`")
        return self

    @property
    def parts(self) -> Iterable[str]:
        """What the rule is about."""
        return (self.stops_when,)

    @property
    def words(self) -> str:
        """The rule in words."""
        if self.rtol is None:
            return f"`{self.stops_when}` is what it was the round before"
        return f"`{self.stops_when}` has risen by no more than {self.rtol:g} of its magnitude"

    def _meets(self, series: Sequence[State], n: int) -> bool:
        met = self._little_gained if self.rtol is not None else self._unchanged
        return n >= 1 and met(series[n - 1], series[n])

    def ends(self, series: Sequence[State]) -> bool:
        """Tell whether the last but `FURTHER` rounds met the rule."""
        return self._meets(series, len(series) - 1 - FURTHER)

    def round_of_stop(self, series: Sequence[State]) -> int | None:
        """Return the index of the last round by the rule, or None where no round meets it."""
        return next((n for n in range(1, len(series)) if self._meets(series, n)), None)

    def _unchanged(self, before: State, after: State) -> bool:
        value = look(after, self.stops_when)
        return value is not None and same(look(before, self.stops_when), value)

    def _little_gained(self, before: State, after: State) -> bool:
        previous, value = _number(before, self.stops_when), _number(after, self.stops_when)
        if previous is None or value is None or not math.isfinite(previous) or not math.isfinite(value):
            return False
        return value - previous <= (self.rtol or 0) * abs(value)

    def broken_series(self, series: Sequence[State]) -> Violation | None:
        """Return whether the rule cannot be looked at; whether the loop keeps it is for `stopped` to say."""
        for n, state in enumerate(series):
            value = look(state, self.stops_when) if self.rtol is None else _number(state, self.stops_when)
            if value is None:
                what = "is not there" if look(state, self.stops_when) is None else "is not a number"
                return Violation(self.stops_when, f"After round {n + 1} `{self.stops_when}` {what}.")
        return None if series else Violation(self.stops_when, "There is no round to look at.")

    def broken(self, series: Sequence[State], seen: Seen, rules: Rules) -> Violation | None:
        """Return how much too early or late the loop stopped."""
        return stopped(series, seen, rules, self)


def round_that_matches(series: Sequence[State], value: Any, returns: Sequence[str], rules: Rules) -> list[int]:
    """Return the indices of the rounds whose state is what was returned, within the tolerances of `rules`.

    Of what was returned only what the state has too is compared, whatever `rules` says of its types.
    """
    got = parts_of(value, returns)
    if got is None:
        return []
    return [n for n, state in enumerate(series) if _matches(state, got, rules)]


def _matches(state: State, got: State, rules: Rules) -> bool:
    names = tuple(name for name in got if name in state)
    if not names or not all(comparable(values[name]) for values in (got, state) for name in names):
        return False
    permute = {path: axis for path, axis in rules.permute.items() if root(path) in names}
    rules = replace(rules, returns=names, strict=False, shapes_only=False, permute=permute)
    one, other = (tuple(values[name] for name in names) for values in (got, state))
    compared = compare(one, other, rules) if len(names) > 1 else compare(one[0], other[0], rules)
    return not compared.problems


def stopped(series: Sequence[State], seen: Seen, rules: Rules, rule: StopsWhen) -> Violation | None:
    """Return how much too early or late a loop stopped, told by what it returned.

    `series` must go on some rounds past the rule's last one, or a loop that goes on too long matches no round.
    """
    unclear = rule.broken_series(series)
    if unclear:
        return unclear
    found = round_that_matches(series, seen.value, seen.returns, rules)
    last = rule.round_of_stop(series)
    if not found:
        told = f"What it returns is the state after none of the {_rounds(len(series))} that were looked at."
        return Violation(rule.stops_when, told)
    if last is None:
        told = f"It stopped early: in {_rounds(len(series))} there is none after which {rule.words}."
        return Violation(rule.stops_when, told, f"It returned what round {found[0] + 1} gave.")
    nearest = min(found, key=lambda n: abs(n - last))
    return None if nearest == last else _late(nearest, last, rule)


def _late(n: int, last: int, rule: StopsWhen) -> Violation:
    how = f"{_rounds(abs(n - last))} {'early' if n < last else 'late'}"
    told = f"It stopped {how}: the last is the first after which {rule.words}."
    values = f"It returned what round {n + 1} gave, and round {last + 1} is the last by the rule."
    return Violation(rule.stops_when, told, values)


def _rounds(n: int) -> str:
    return f"{n} round{'s' * (n != 1)}"
