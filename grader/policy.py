"""What a late handing in costs, and which of a student's attempts counts: rules on results that are there already.

Nothing is read or kept here: `settle` is given all that a student handed in, and is asked anew whenever a mark comes in
or a result is mended. What is taken off is a share of the points that were earned by then, so it grows with marks that
are given later.

Days are days of 24 hours that were begun after it was due. What is known to be late, and not since when, was handed in
on the first of them. What was handed in at an unknown time and is not said to be late was in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from grader.model import Attempt, Part, Result

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_DAY = timedelta(days=1)


def moment(value: Any) -> datetime:
    """Take a time with its zone, written as YAML or ISO 8601 has it.

    Raises:
        ValueError: it is none.
    """
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise ValueError(f"must be a time with its zone, as 2026-12-01T23:59:00+01:00, not {str(value)[:80]}")
    return found


Moment = Annotated[datetime, BeforeValidator(moment, json_schema_input_type=str)]


class Late(Part):
    """What it costs to hand in late."""

    per_day: Share = 0.0
    """The share of the points that each day takes off."""
    at_most: Share = 1.0
    """The share of the points that is taken off at most."""
    grace_minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60)] = 0.0
    """For how long after it was due it is not late yet."""
    days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """After how many days it counts nothing; without it, it always counts."""

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if not self.per_day and self.days is None:
            raise ValueError("say with `per_day` what share a day takes off, or with `days` when it counts nothing")
        return self


class Resubmission(Part):
    """Which of several attempts counts."""

    most: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many may count; without it, any number."""
    counts: Literal["last", "best"] = "last"


class Terms(Protocol):
    """What a spec says of handing in."""

    @property
    def late(self) -> Late | None:
        """What it costs to hand in late."""

    @property
    def attempts(self) -> Resubmission | None:
        """Which of several attempts counts."""

    @property
    def due(self) -> datetime | None:
        """When it must be handed in."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an assignment says of handing in late and again; `due` has its zone."""

    late: Late | None = None
    attempts: Resubmission | None = None
    due: Moment | None = None

    @classmethod
    def of(cls, spec: Terms) -> Self:
        """Return what a spec says."""
        return cls(spec.late, spec.attempts, spec.due)

    def to_json(self) -> str:
        """Return it as one line of text."""
        return _POLICY.dump_json(self, exclude_none=True).decode()

    @classmethod
    def from_json(cls, text: str) -> "Policy":
        """Return what `to_json` wrote.

        Raises:
            ValueError: it wrote something else.
        """
        return _POLICY.validate_json(text)

    def days_late(self, handing: "Handing") -> int:
        """Return how many days were begun when it was handed in."""
        if handing.handed_in is None or self.due is None:
            return int(handing.late)
        over = handing.handed_in - self.due
        grace = timedelta(minutes=self.late.grace_minutes if self.late else 0)
        return -(-over // _DAY) if over > grace else 0

    def share(self, days: int) -> float:
        """Return the share of the points that so many days take off."""
        if self.late is None:
            return 0.0
        return 1.0 if self.is_over(days) else min(self.late.per_day * days, self.late.at_most)

    def is_over(self, days: int) -> bool:
        """Tell whether what is so late counts nothing."""
        return self.late is not None and self.late.days is not None and days > self.late.days

    @property
    def most(self) -> int | None:
        """How many attempts may count."""
        return self.attempts.most if self.attempts else None


_POLICY = TypeAdapter(Policy)


@dataclass(frozen=True, slots=True)
class Handing:
    """One handing in: its result as graded, when that was (with its zone), and whether a platform says it was late."""

    result: Result
    handed_in: datetime | None = None
    late: bool = False
    last: int = 0
    """Where it stands among the others by when it last came, if any came again."""


def settle(handings: Sequence[Handing], policy: Policy) -> Result:
    """Return, of what a student handed in, the result that counts, and what was tried.

    That is one thing or more, in the order in which each first came: by that it is told which may count at all. Of
    these, those that are worth something come first. The one of them that came last counts, or the best; a fault of
    ours is never better than a result.
    """
    attempts = [_attempt(number, handing, policy) for number, handing in enumerate(handings, start=1)]
    may = sorted(attempts[: policy.most], key=lambda attempt: handings[attempt.number - 1].last)
    ours = _that_counts(may, policy)
    told = tuple(ours if attempt.number == ours.number else attempt for attempt in attempts)
    return replace(handings[ours.number - 1].result, attempts=told, penalty=ours.penalty)


def _attempt(number: int, handing: Handing, policy: Policy) -> Attempt:
    result, days = handing.result, policy.days_late(handing)
    earned = None if result.fault else sum(item.score for item in result.items)
    return Attempt(
        number=number,
        sha256=result.sha256,
        score=earned,
        penalty=policy.share(days) * (earned or 0.0),
        handed_in=_told(handing.handed_in, policy.due) if handing.handed_in else "",
        days_late=days,
        why=_why(number, days, handing, policy),
    )


def _told(moment: datetime, due: datetime | None) -> str:
    """Return a moment in ISO 8601, in the zone in which it was due."""
    return (moment.astimezone(due.tzinfo) if due else moment).isoformat()


def _that_counts(attempts: Sequence[Attempt], policy: Policy) -> Attempt:
    """Return the one that counts, of attempts in the order in which they last came."""
    open_ones = [attempt for attempt in attempts if not policy.is_over(attempt.days_late)] or attempts
    if policy.attempts and policy.attempts.counts == "best":
        return replace(max(reversed(open_ones), key=_worth), counts=True)  # of equals the later
    last = open_ones[-1]
    again = "handed in again" if last.number < max(attempt.number for attempt in open_ones) else ""
    return replace(last, counts=True, why="; ".join(filter(None, (again, last.why))))


def _worth(attempt: Attempt) -> float:
    """Return the points by which the best is found, where a fault of ours has less than none."""
    return -1.0 if attempt.score is None else attempt.score - attempt.penalty


def _why(number: int, days: int, handing: Handing, policy: Policy) -> str:
    share = policy.share(days)
    if policy.most is not None and number > policy.most:
        return f"after {_many(policy.most, 'attempt')} it does not count"
    if policy.late and policy.is_over(days):
        after = f"{_many(policy.late.days, 'day')} after" if policy.late.days else "after"
        return f"{after} it was due it counts nothing"
    if not days:
        return ""
    if handing.handed_in is None or policy.due is None:
        return "late, by the platform's mark" + ("; when is not known: a day is taken" if share else "")
    return f"{_many(days, 'day')} late" + (f": {100 * share:.4g}% taken off" if share else "")


def _many(count: int | None, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
