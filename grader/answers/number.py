"""Numbers: read as they are written by hand, and held against a value, several, or a range."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader import tolerances
from grader.answers.grammar import SIGNS
from grader.answers.verdict import Judgement, UnreadableAnswer, quoted
from grader.tolerances import Closeness

LONGEST = 100
"""How long a number may be, in characters."""
DEFAULT = Closeness(rtol=1e-5)
"""How near a number must be where the question does not say."""

_DECIMAL = r"[-+]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:\s*/\s*({_DECIMAL}))?")
_RANGE = re.compile(rf"([\[(])\s*({_DECIMAL})\s*,\s*({_DECIMAL})\s*([\])])")


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers between two, each of which belongs to it or not."""

    low: float
    high: float
    with_low: bool
    with_high: bool

    def __contains__(self, number: float) -> bool:
        return self.low < number < self.high or (
            (self.with_low and number == self.low) or (self.with_high and number == self.high)
        )


def read(text: str) -> float:
    """Return the number that a text writes: `-24.5`, `2/3`, `1e-3`.

    Raises:
        UnreadableAnswer: it writes none; the text says what to write instead.
    """
    if len(text) > LONGEST:
        raise UnreadableAnswer(f"a number may have {LONGEST} characters, not {len(text)}")
    plain = text.translate(SIGNS).strip()
    match = _NUMBER.match(plain)
    if not match:
        if "=" in plain:
            raise UnreadableAnswer("write what stands on the right of the `=` alone")
        raise UnreadableAnswer(f"{quoted(text)} is not a number: write it as -1.5, 2/3 or 1e-3")
    number = _finite(match)
    if rest := plain[match.end() :].strip():
        raise UnreadableAnswer(_not_a_number(plain, match[0], number, rest))
    return number


def _decimal(text: str) -> float:
    return float("".join(text.split()))


def _finite(match: re.Match[str]) -> float:
    """Return the quotient, or the number alone."""
    over, under = _decimal(match[1]), _decimal(match[2] or "1")
    if under == 0:
        raise UnreadableAnswer(f"{quoted(match[0])} divides by zero")
    if not math.isfinite(over / under):
        raise UnreadableAnswer(f"{quoted(match[0])} is too large")
    return over / under


def _not_a_number(plain: str, written: str, number: float, rest: str) -> str:
    """Return what to say of a text that begins with a number and goes on with something else."""
    point, none = plain.replace(",", "."), plain.replace(",", "")
    if re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", plain):
        return f"{quoted(plain)} has a comma: write {point} or {none}"
    if re.fullmatch(r"[-+]?\d+,\d+", plain):
        return f"{quoted(plain)} has a decimal comma: write {point}"
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", plain):
        return f"{quoted(plain)} has commas between thousands: write {none}"
    if rest == "%":
        return f"{quoted(plain)} is a percentage: write {number / 100:.10g}"
    if (rest[0].isalpha() or rest[0] in "°$€£") and not re.search(r"\d", rest):
        return f"{quoted(plain)} has a unit: write the number alone, {written}"
    return f"{quoted(plain)} is not a number: write one alone, as -1.5, 2/3 or 1e-3"


def wanted(text: str) -> float | Range:
    """Return the number or the range that a spec's answer writes.

    Raises:
        ValueError: it writes neither.
    """
    match = _RANGE.fullmatch(text.strip())
    if match:
        low, high = _decimal(match[2]), _decimal(match[3])
        if not low < high:
            raise ValueError(f"the range {text} is empty")
        return Range(low, high, match[1] == "[", match[4] == "]")
    try:
        return read(text)
    except UnreadableAnswer as error:
        raise ValueError(f"{error}, or a range as [5, 7)") from error


def is_near(got: float, want: float | Range, nearness: Closeness) -> bool:
    """Tell whether a number is near enough to the wanted one, or in the wanted range."""
    if isinstance(want, Range):
        return got in want
    return bool(abs(got - want) <= tolerances.allowed(np.asarray(want), nearness))


def is_rounded(got: float, want: float | Range, nearness: Closeness) -> bool:
    """Tell whether a number is given to no more places than the tolerance asks for."""
    if isinstance(want, Range):
        return True
    last = tolerances.places(np.asarray(abs(want)), nearness)
    return last is None or math.isclose(got, round(got, int(last)), rel_tol=1e-12)


@dataclass(frozen=True, slots=True)
class Rules:
    """What numbers are right."""

    answers: Sequence[float | Range]
    nearness: Closeness
    rounded: bool = False
    """Whether more places than the tolerance asks for are wrong."""
    close: Closeness | None = None
    credit: float = 0.0
    """What a number within `close` is worth, and one that is near enough but not rounded."""


def judge(got: float, rules: Rules) -> Judgement:
    """Hold a number against each of the answers."""
    near = [want for want in rules.answers if is_near(got, want, rules.nearness)]
    if near and (not rules.rounded or is_rounded(got, near[0], rules.nearness)):
        return Judgement(1.0)
    if near:
        return Judgement(rules.credit, f"{got:.15g} is not rounded as the question asks.")
    if rules.close and any(is_near(got, want, rules.close) for want in rules.answers):
        return Judgement(rules.credit, f"{got:.10g} is close, but not right.")
    return Judgement(0.0, f"{got:.10g} is not right.")
