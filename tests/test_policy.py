"""What is late costs what the spec says, and of several attempts the one counts that the spec says."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import ItemResult, Result
from grader.policy import Handing, Late, Policy, Resubmission, moment, settle

DUE = datetime(2026, 12, 1, 23, 0, tzinfo=UTC)
TEN = Late(per_day=0.1)
BEST, LAST = Resubmission(counts="best"), Resubmission(counts="last")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def result(*scores, name="ann", **more):
    items = tuple(ItemResult(f"f{n}", "function", "failed", score, 4.0, ()) for n, score in enumerate(scores))
    return Result("work", name, ("work.py",), f"hash of {scores}", items, 4.0 * len(scores), "", (), 0.0, **more)


def fault():
    return result(fault="no room")


def after(over, *scores):
    """Return what was handed in so long after it was due."""
    return Handing(result(*scores or (2.0,)), DUE + over)


def settled(handing, late):
    found = settle([handing], Policy(late, None, DUE))
    (attempt,) = found.attempts
    return found, attempt


@pytest.mark.parametrize(
    ("over", "days", "score", "why"),
    [
        (-DAY, 0, 2.0, ""),
        (0 * DAY, 0, 2.0, ""),
        (timedelta(microseconds=1), 1, 1.8, "1 day late: 10% taken off"),
        (DAY, 1, 1.8, "1 day late: 10% taken off"),
        (DAY + MINUTE, 2, 1.6, "2 days late: 20% taken off"),
        (9 * DAY, 9, 0.2, "9 days late: 90% taken off"),
        (400 * DAY, 400, 0.0, "400 days late: 100% taken off"),
    ],
)
def test_each_day_that_was_begun_takes_off_a_share(over, days, score, why):
    found, attempt = settled(after(over), TEN)
    assert (attempt.days_late, attempt.score, attempt.why) == (days, 2.0, why)
    assert found.score == pytest.approx(score, abs=1e-12)
    assert found.penalty == attempt.penalty == pytest.approx(2.0 - score, abs=1e-12)


@pytest.mark.parametrize(
    ("late", "over", "score", "why"),
    [
        (Late(per_day=0.1, at_most=0.5), 9 * DAY, 1.0, "9 days late: 50% taken off"),
        (Late(per_day=0.1, grace_minutes=15), 15 * MINUTE, 2.0, ""),
        (Late(per_day=0.1, grace_minutes=15), 16 * MINUTE, 1.8, "1 day late: 10% taken off"),
        (Late(per_day=0.1, grace_minutes=15), DAY + MINUTE, 1.6, "2 days late: 20% taken off"),
        (Late(per_day=0.1, days=2), 2 * DAY, 1.6, "2 days late: 20% taken off"),
        (Late(per_day=0.1, days=2), 2 * DAY + MINUTE, 0.0, "2 days after it was due it counts nothing"),
        (Late(days=1), DAY, 2.0, "1 day late"),
        (Late(days=1), 2 * DAY, 0.0, "1 day after it was due it counts nothing"),
        (Late(days=0), MINUTE, 0.0, "after it was due it counts nothing"),
        (Late(per_day=0.1, at_most=0.5, days=2), 3 * DAY, 0.0, "2 days after it was due it counts nothing"),
        (Late(per_day=1 / 3), 3 * DAY, 0.0, "3 days late: 100% taken off"),
        (Late(per_day=0.025), DAY, 1.95, "1 day late: 2.5% taken off"),
        (None, 3 * DAY, 2.0, "3 days late"),
    ],
    ids=lambda value: ", ".join(f"{k} {value.__dict__[k]:.3g}" for k in sorted(value.model_fields_set)) if isinstance(value, Late) else None,
)  # fmt: skip
def test_what_it_costs_is_as_the_spec_says(late, over, score, why):
    found, attempt = settled(after(over), late)
    assert (found.score, attempt.why) == (pytest.approx(score, abs=1e-12), why)


def test_what_is_worth_nothing_is_exactly_nothing():
    found, _ = settled(after(9 * DAY, 0.1, 0.2, 0.3), Late(days=1))
    assert (found.score, found.penalty) == (0.0, 0.1 + 0.2 + 0.3)


def test_times_of_other_zones_are_told_in_that_in_which_it_was_due():
    elsewhere = timezone(timedelta(hours=-9))
    handing = Handing(result(2.0), (DUE + HOUR).astimezone(elsewhere))
    _, attempt = settled(handing, TEN)
    assert (attempt.days_late, attempt.handed_in) == (1, (DUE + HOUR).isoformat())


@pytest.mark.parametrize(
    ("handing", "due", "days", "penalty", "why"),
    [
        (Handing(result(2.0)), DUE, 0, 0.0, ""),
        (Handing(result(2.0), late=True), DUE, 1, 0.2, "late, by the platform's mark; when is not known: a day is taken"),
        (Handing(result(2.0), DUE - DAY, late=True), DUE, 0, 0.0, ""),
        (Handing(result(2.0), DUE + 3 * DAY, late=True), DUE, 3, 0.6, "3 days late: 30% taken off"),
        (Handing(result(2.0), DUE), None, 0, 0.0, ""),
    ],
    ids=["unknown time", "marked, at an unknown time", "marked, in time", "marked, and known", "never due"],
)  # fmt: skip
def test_the_time_decides_and_else_the_platform(handing, due, days, penalty, why):
    (attempt,) = settle([handing], Policy(TEN, None, due)).attempts
    assert (attempt.days_late, attempt.penalty, attempt.why) == (days, pytest.approx(penalty), why)


def test_where_nothing_is_taken_off_the_platforms_mark_is_told():
    (attempt,) = settle([Handing(result(2.0), late=True)], Policy()).attempts
    assert (attempt.days_late, attempt.penalty, attempt.why) == (1, 0.0, "late, by the platform's mark")


def test_the_last_counts_if_nothing_is_said():
    found = settle([Handing(result(4.0)), Handing(result(1.0))], Policy())
    assert [(each.number, each.score, each.counts) for each in found.attempts] == [(1, 4.0, False), (2, 1.0, True)]
    assert (found.score, found.sha256) == (1.0, "hash of (1.0,)")


def hand(*scores):
    """Return handings in that earned this, or that a fault of ours kept from being graded."""
    return [Handing(fault() if score is None else result(score)) for score in scores]


@pytest.mark.parametrize(
    ("handings", "policy", "counts"),
    [
        (hand(1.0, 4.0, 2.0), Policy(attempts=LAST), 3),
        (hand(1.0, 4.0, 2.0), Policy(attempts=BEST), 2),
        (hand(4.0, 4.0, 2.0), Policy(attempts=BEST), 2),
        (hand(0.0, None), Policy(attempts=BEST), 1),
        (hand(None, 0.0, None), Policy(attempts=BEST), 2),
        (hand(None, None), Policy(attempts=BEST), 2),
        (hand(4.0, None), Policy(attempts=LAST), 2),
        (hand(1.0, 2.0, 3.0), Policy(attempts=Resubmission(most=2)), 2),
        (hand(3.0, 2.0, 4.0), Policy(attempts=Resubmission(most=2, counts="best")), 1),
        (hand(1.0, 2.0), Policy(attempts=Resubmission(most=5)), 2),
        ([after(-DAY, 3.0), after(3 * DAY, 4.0)], Policy(TEN, BEST, DUE), 1),
        ([after(-DAY, 3.0), after(2 * DAY, 4.0)], Policy(TEN, BEST, DUE), 2),
        ([after(-DAY, 3.0), after(2 * DAY, 1.0)], Policy(TEN, LAST, DUE), 2),
        ([after(-DAY, 3.0), after(2 * DAY, 4.0)], Policy(Late(days=1), LAST, DUE), 1),
        ([after(-DAY, 0.0), after(2 * DAY, 4.0)], Policy(Late(days=1), BEST, DUE), 1),
        ([*hand(None), after(2 * DAY, 4.0)], Policy(Late(days=1), BEST, DUE), 1),
        ([after(3 * DAY, 3.0), after(2 * DAY, 4.0)], Policy(Late(days=1), LAST, DUE), 2),
    ],
    ids=[
        "the last", "the best", "of equals the later", "nothing is better than a fault", "nor are two", "only faults",
        "the last, which is a fault", "no more than may", "the best of those that may", "fewer than may",
        "the best after what is taken off", "the best in spite of it", "the last in spite of it",
        "what counts nothing replaces nothing", "nor what earned nothing", "nor what we failed to grade", "if nothing counts, the last",
    ],
)  # fmt: skip
def test_of_several_attempts_counts(handings, policy, counts):
    found = settle(handings, policy)
    assert [each.number for each in found.attempts if each.counts] == [counts]
    alone = settle([handings[counts - 1]], Policy(policy.late, None, policy.due))
    assert found == replace(alone, attempts=found.attempts)


def came(lasts, *scores):
    """Return handings in that came again, with when each last came."""
    return [replace(handing, last=last) for handing, last in zip(hand(*scores), lasts, strict=True)]


TWO = Resubmission(most=2)


@pytest.mark.parametrize(
    ("handings", "attempts", "counts", "whys"),
    [
        (came([2, 1, 0], 1.0, 2.0, 3.0), None, 1, ["handed in again", "", ""]),
        (came([1, 0, 2], 1.0, 2.0, 3.0), TWO, 1, ["handed in again", "", "after 2 attempts it does not count"]),
        (came([0, 1, 2], 1.0, 2.0, 3.0), TWO, 2, ["", "", "after 2 attempts it does not count"]),
        (came([0, 2, 1], 1.0, 2.0, 3.0), TWO, 2, ["", "", "after 2 attempts it does not count"]),
        (came([2, 1, 0], 3.0, 3.0, 1.0), BEST, 1, ["", "", ""]),
        (came([2, 1, 0], 1.0, 3.0, 2.0), BEST, 2, ["", "", ""]),
    ],
    ids=["the last to come", "of those that may", "not again", "after what may not", "of equals the later", "the best"],
)  # fmt: skip
def test_what_may_count_is_what_came_first_and_the_last_is_what_came_last(handings, attempts, counts, whys):
    found = settle(handings, Policy(attempts=attempts))
    assert [each.number for each in found.attempts if each.counts] == [counts]
    assert [each.score for each in found.attempts] == [handing.result.score for handing in handings]
    assert [each.why for each in found.attempts] == whys
    assert found.sha256 == handings[counts - 1].result.sha256


def test_what_came_again_and_what_it_costs_are_both_said():
    handings = [replace(after(HOUR, 2.0), last=1), after(2 * HOUR, 3.0), replace(after(9 * DAY, 4.0), last=2)]
    found = settle(handings, Policy(Late(per_day=0.1, days=2), LAST, DUE))
    assert [(each.counts, each.why) for each in found.attempts] == [
        (True, "handed in again; 1 day late: 10% taken off"),
        (False, "1 day late: 10% taken off"),
        (False, "2 days after it was due it counts nothing"),
    ]


def test_after_the_last_attempt_that_may_count_it_is_said():
    assert [each.why for each in settle(hand(1.0, 2.0, 3.0), Policy(attempts=Resubmission(most=2))).attempts] == [
        "", "", "after 2 attempts it does not count"]  # fmt: skip
    assert settle(hand(1.0, 2.0), Policy(attempts=Resubmission(most=1))).attempts[1].why == (
        "after 1 attempt it does not count"
    )


def test_a_fault_of_ours_loses_nothing():
    found = settle([Handing(fault(), DUE + 3 * DAY)], Policy(TEN, LAST, DUE))
    assert (found.score, found.penalty, found.lost) == (None, 0.0, False)
    assert (found.attempts[0].score, found.attempts[0].penalty) == (None, 0.0)


def test_with_a_mark_that_comes_in_more_is_taken_off():
    before, _ = settled(after(HOUR, 2.0, 0.0), TEN)
    since, _ = settled(after(HOUR, 2.0, 3.0), TEN)
    assert (before.penalty, since.penalty) == (pytest.approx(0.2), pytest.approx(0.5))


def test_what_was_settled_can_be_settled_again():
    policy = Policy(TEN, LAST, DUE)
    once = settle([after(DAY)], policy)
    assert settle([Handing(once, DUE + DAY)], policy) == once


TIMES = st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(5 * HOUR), timezone(-9 * HOUR)]))
SCORES = st.lists(st.floats(0, 4, allow_subnormal=False), min_size=1, max_size=3)
HANDINGS = st.lists(
    st.builds(Handing, st.builds(fault) | SCORES.map(lambda scores: result(*scores)), TIMES, st.booleans(), st.integers(0, 5)),
    min_size=1, max_size=6,
)  # fmt: skip
LATES = st.builds(
    Late, per_day=st.floats(0.01, 1), at_most=st.floats(0, 1), grace_minutes=st.floats(0, 10080),
    days=st.none() | st.integers(0, 3650),
)  # fmt: skip
POLICIES = st.builds(
    Policy, st.none() | LATES,
    st.none() | st.builds(Resubmission, most=st.none() | st.integers(1, 7), counts=st.sampled_from(["last", "best"])),
    TIMES,
)  # fmt: skip


@given(HANDINGS, POLICIES)
def test_exactly_one_attempt_counts_and_never_for_more_than_it_earned(handings, policy):
    found = settle(handings, policy)
    (ours,) = (each for each in found.attempts if each.counts)
    assert [each.number for each in found.attempts] == list(range(1, len(handings) + 1))
    assert (found.sha256, found.penalty) == (handings[ours.number - 1].result.sha256, ours.penalty)
    if found.score is not None:
        assert 0 <= found.score <= ours.score
        assert math.isclose(found.score, ours.score - ours.penalty)


@given(HANDINGS, POLICIES)
def test_no_attempt_that_may_count_is_better_than_the_best(handings, policy):
    policy = Policy(policy.late, BEST, policy.due)
    found = settle(handings, policy)
    for handing in handings:
        alone = settle([handing], policy)
        if alone.score:
            assert found.score is not None
            assert alone.score <= found.score


@given(LATES, st.floats(0, 4), st.timedeltas(-DAY, 40 * DAY), st.timedeltas(0 * DAY, 40 * DAY))
def test_later_is_never_better(late, score, over, more):
    sooner, _ = settled(after(over, score), late)
    later, _ = settled(after(over + more, score), late)
    assert later.score <= sooner.score


@given(POLICIES)
def test_a_policy_is_kept_as_text(policy):
    assert Policy.from_json(policy.to_json()) == policy


@pytest.mark.parametrize("text", ["", "[]", '{"due": "2026-12-01"}', '{"late": {"per_day": 2}}', '{"attempts": 3}'])
def test_a_text_that_is_no_policy_is_refused(text):
    with pytest.raises(ValueError, match=r"validation error"):
        Policy.from_json(text)


def test_a_policy_is_what_the_spec_says():
    assert Policy.of(SimpleNamespace(late=TEN, attempts=BEST, due=DUE)) == Policy(TEN, BEST, DUE)


@pytest.mark.parametrize("value", ["soon", "2026-12-01T12:00", datetime(2026, 12, 1), DUE.date(), "x" * 1000])  # noqa: DTZ001
def test_a_time_has_its_zone(value):
    with pytest.raises(ValueError, match=r"^must be a time with its zone, as 2026-12-01T23:59:00\+01:00, not .{1,80}$"):
        moment(value)
