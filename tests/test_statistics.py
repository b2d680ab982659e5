"""What is said of a class is what one would work out by hand, of what there is, and it takes little memory."""

import tracemalloc
from dataclasses import replace
from statistics import mean, median, pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import statistics
from grader.statistics import BINS, SLOWEST, TOLD
from tests.results import case, faulty, item, result


def points(name, score, most=4.0, **changes):
    """An item that earned so many points."""
    status = "passed" if score == most else "failed"
    return item(name, case(status=status), **{"status": status, "score": score, "max_score": most, **changes})


def pending(name, most=4.0):
    return item(name, case(status="pending"), status="pending", score=0.0, max_score=most, kind="text")


def graded(table):
    """Results with so many points in each item: {name: points of each student, None where there is no such item}."""
    (number,) = {len(scores) for scores in table.values()}
    return [
        result(f"s{n}", *(points(name, scores[n]) for name, scores in table.items() if scores[n] is not None))
        for n in range(number)
    ]


def items(results):
    return {one.name: one for one in statistics.of(results).items}


# --- the class -------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 4), min_size=1, max_size=30))
def test_mean_median_and_spread_are_those_of_the_points(scores):
    found = statistics.of(graded({"a": scores}))
    assert found.mean == pytest.approx(mean(scores))
    assert found.median == pytest.approx(median(scores))
    assert found.spread == pytest.approx(pstdev(scores), abs=1e-9)


def test_what_is_taken_off_for_being_late_is_off():
    found = statistics.of([result("a", points("f", 4.0), penalty=1.0), result("b", points("f", 2.0))])
    assert (found.mean, [line.score for line in found.lines]) == (2.5, [3.0, 2.0])
    assert [line.late for line in found.lines] == [True, False]


@pytest.mark.parametrize(
    ("score", "number"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.1 + 0.2, 3), (0.7, 7), (0.8999, 8), (0.9, 9), (1.0, 9)]
)
def test_who_has_just_a_share_is_counted_with_those_above(score, number):
    found = statistics.of([result("a", points("f", score, 1.0))])
    assert found.bins == tuple(int(n == number) for n in range(BINS))


def test_a_share_is_of_the_points_that_this_student_could_have():
    """The assignment may have changed midway."""
    found = statistics.of([result("a", points("f", 1.0, 1.0)), result("b", points("f", 1.0, 10.0))])
    assert (found.bins[9], found.bins[1], found.max_score) == (1, 1, 10.0)


def test_who_could_have_no_points_is_in_no_share():
    assert statistics.of([result("a", points("f", 0.0, 0.0))]).bins == (0,) * BINS


def test_of_nobody_nothing_is_said():
    found = statistics.of([])
    assert (found.mean, found.median, found.spread, found.max_score) == (None, None, None, 0.0)
    assert (found.lines, found.items, found.mistakes, found.faults, found.slowest) == ((), (), (), (), [])
    assert found.bins == (0,) * BINS


def test_a_fault_of_ours_counts_in_nothing_and_is_told():
    without = statistics.of(graded({"a": [1.0, 2.0, 4.0], "b": [0.0, 3.0, 4.0]}))
    found = statistics.of([*graded({"a": [1.0, 2.0, 4.0], "b": [0.0, 3.0, 4.0]}), faulty("bob", "no room " * 100)])
    assert (found.mean, found.bins, found.items, found.mistakes) == (
        without.mean, without.bins, without.items, without.mistakes,
    )  # fmt: skip
    assert found.faults == (("bob", ("no room " * 100)[:TOLD]),)
    assert (found.lines[-1].score, found.lines[-1].standing) == (None, "fault of ours")


@pytest.mark.parametrize(
    ("one", "standing"),
    [
        (result("a"), "all passed"),
        (result("a", penalty=0.1), "lost points"),
        (result("a", points("f", 3.0)), "lost points"),
        (result("a", points("f", 4.0), pending("why")), "to be marked"),
        (result("a", points("f", 3.0), pending("why")), "lost points"),
        (result("a", points("f", 0.0, 0.0, status="failed")), "all passed"),
        (faulty("a"), "fault of ours"),
    ],
)
def test_how_a_student_stands(one, standing):
    found = statistics.of([one])
    assert found.lines[0].standing == standing
    assert (
        found.standing(standing),
        sum(map(found.standing, {"all passed", "lost points", "to be marked"} - {standing})),
    ) == (1, 0)


def test_the_slowest_are_named_the_slowest_first():
    found = statistics.of(result(f"s{n}", seconds=float(n * 7 % 100)) for n in range(100))
    assert [line.seconds for line in found.slowest] == [99.0 - n for n in range(SLOWEST)]


# --- items -----------------------------------------------------------------------------------------------------------


def test_an_item_is_as_hard_as_the_share_that_was_earned_of_it():
    found = items(graded({"a": [0.0, 1.0, 4.0], "b": [4.0, 4.0, 4.0]}))
    assert (found["a"].earned, found["b"].earned) == (pytest.approx(5 / 12), 1.0)
    assert found["a"].statuses == (("failed", 2), ("passed", 1))


scores = st.lists(st.lists(st.integers(0, 16).map(lambda n: n / 4), min_size=3, max_size=3), min_size=3, max_size=20)


@given(scores)
def test_discrimination_is_the_correlation_with_the_rest_of_the_points(table):
    found = items(graded(dict(zip("abc", zip(*table, strict=True), strict=True))))
    array = np.array(table)
    for n, name in enumerate("abc"):
        own, rest = array[:, n], array.sum(axis=1) - array[:, n]
        varies = len(set(own)) > 1 and len(set(rest)) > 1
        expected = pytest.approx(np.corrcoef(own, rest)[0, 1], abs=1e-9) if varies else None
        assert found[name].discrimination == expected


def test_discrimination_worked_out_by_hand():
    """Around their means 1, 2, 3 are -1, 0, 1, and 4, 1, 1 are 2, -1, -1: (-2 + 0 - 1) / sqrt(2 * 6)."""
    found = items(graded({"a": [1.0, 2.0, 3.0], "b": [4.0, 1.0, 1.0]}))
    assert found["a"].discrimination == found["b"].discrimination == pytest.approx(-3 / 12**0.5)


@pytest.mark.parametrize(
    "table",
    [
        {"a": [1.0, 2.0], "b": [1.0, 2.0]},
        {"a": [2.0, 2.0, 2.0], "b": [1.0, 2.0, 3.0]},
        {"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 2.0]},
        {"a": [1.0, 2.0, 3.0]},
        {"a": [1.0, 2.0, 3.0], "b": [0.1 + 0.2, 0.3, 0.3]},
    ],
    ids=["two students", "all the same in it", "all the same in the rest", "no rest", "the same but for rounding"],
)
def test_discrimination_is_undefined_where_nothing_varies(table):
    assert items(graded(table))["a"].discrimination is None


def test_what_a_person_still_has_to_mark_counts_in_no_share():
    marked = [result(f"s{n}", points("f", float(n)), points("why", float(n))) for n in range(4)]
    waiting = [result(f"w{n}", points("f", 0.0), pending("why")) for n in range(3)]
    found = items([*waiting, *marked])
    assert (found["why"].earned, found["why"].discrimination) == (pytest.approx(6 / 16), pytest.approx(1.0))
    assert found["why"].statuses == (("failed", 4), ("pending", 3))
    assert items(waiting)["why"].earned is None


def test_an_item_worth_nothing_is_earned_by_nobody():
    assert items([result("a", points("f", 0.0, 0.0))])["f"].earned is None


def test_items_that_only_some_have_are_counted_among_those():
    """The assignment changed midway: the first have `a` and `old`, the last `a` and `new`."""
    table = {
        "a": [1.0, 2.0, 3.0, 4.0, 0.0, 2.0],
        "old": [1.0, 2.0, 3.0, None, None, None],
        "new": [None, None, None, 4.0, 0.0, 3.0],
    }
    results = graded(table)
    found = statistics.of(results)
    by = {one.name: one for one in found.items}
    assert list(by) == ["a", "old", "new"]
    assert (by["old"].earned, by["new"].earned) == (pytest.approx(6 / 12), pytest.approx(7 / 12))
    assert by["old"].discrimination == pytest.approx(1.0)
    assert by["new"].discrimination == pytest.approx(np.corrcoef([4, 0, 3], [4, 0, 2])[0, 1])
    assert by["a"].discrimination == pytest.approx(np.corrcoef([1, 2, 3, 4, 0, 2], [1, 2, 3, 4, 0, 3])[0, 1])
    assert [[cell and cell[1] for cell in line.items] for line in found.lines] == [
        [1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, None, 4.0], [0.0, None, 0.0], [2.0, None, 3.0],
    ]  # fmt: skip


def test_who_has_no_other_item_says_nothing_of_how_one_goes_with_the_rest():
    table = {"a": [1.0, 2.0, 3.0, 4.0, 4.0], "b": [1.0, 2.0, 3.0, None, None]}
    assert items(graded(table))["a"].discrimination == pytest.approx(1.0)


# --- mistakes --------------------------------------------------------------------------------------------------------


def wrong(diagnosis=None, message="`y` is wrong", status="failed", **changes):
    return case(status=status, message=message, diagnosis=diagnosis, **changes)


def told(*results):
    return [(one.item, one.what, one.recognised, one.students) for one in statistics.of(results).mistakes]


def test_the_commonest_mistake_comes_first_with_all_who_made_it():
    found = told(
        result("ann", item("f", wrong("sign"))),
        result("bob", item("f", wrong("scale")), item("g", wrong("scale"))),
        result("cem", item("f", case(), wrong("scale"), wrong("scale"))),
    )
    assert found == [
        ("f", "scale", True, ("bob", "cem")),
        ("f", "sign", True, ("ann",)),
        ("g", "scale", True, ("bob",)),
    ]


def test_what_was_not_recognised_is_counted_by_how_it_ended():
    found = told(
        result("ann", item("f", wrong(status="timeout"), wrong())), result("bob", item("f", wrong(status="timeout")))
    )
    assert found == [("f", "timeout", False, ("ann", "bob"))]


def test_who_has_a_mistake_that_was_recognised_is_not_counted_among_the_others_too():
    assert told(result("ann", item("f", wrong(), wrong("sign")))) == [("f", "sign", True, ("ann",))]


def test_errors_that_were_not_recognised_are_told_apart_by_what_was_raised():
    told = [
        "`f` raised ValueError: no",
        "`f` is not written yet",
        "`f` raised ValueError: 3",
        "No module (ImportError).",
    ]
    wrong = [result(str(n), item("f", case("a", "error", message=text))) for n, text in enumerate(told)]
    assert [(one.what, one.students) for one in statistics.of(wrong).mistakes] == [
        ("ValueError", ("0", "2")), ("error", ("1",)), ("ImportError", ("3",)),
    ]  # fmt: skip


def test_neither_remarks_nor_what_passed_or_waits_are_mistakes():
    assert (
        told(result("ann", item("f", case(diagnosis="lucky"), wrong("style", remark=True), case(status="pending"))))
        == []
    )


def test_of_a_mistake_the_first_sentence_that_was_told_is_kept():
    results = [
        result(name, item("f", wrong("sign", f"`y` has the other sign. Of {name}'s 12 entries, 3 are.")))
        for name in ("ann", "bob")
    ]
    assert [one.told for one in statistics.of(results).mistakes] == ["`y` has the other sign."]


def test_of_what_was_not_recognised_the_whole_message_stands_as_an_example():
    text = "`y` is wrong. Got 3.5, want 4."
    assert [one.told for one in statistics.of([result("a", item("f", wrong(message=text)))]).mistakes] == [text]


@pytest.mark.parametrize("diagnosis", [None, "sign"])
def test_a_message_is_kept_only_up_to_a_length(diagnosis):
    (found,) = statistics.of([result("a", item("f", wrong(diagnosis, "x" * 1_000_000)))]).mistakes
    assert TOLD <= len(found.told) <= TOLD + 1


def test_the_mistakes_of_a_student_are_each_named_once():
    found = statistics.of([result("a", item("f", wrong("sign"), wrong("scale")), item("g", wrong("sign")))])
    assert found.lines[0].mistakes == ("sign", "scale")


# --- a large class ---------------------------------------------------------------------------------------------------


def test_results_are_gone_through_once_and_none_is_kept():
    """An iterator can be gone through once, and a result that is kept stands in its memory."""

    text = "x" * 10_000

    def made(number):
        for n in range(number):
            own = f"{n} {text}"
            yield result(f"student{n}", item("f", wrong("sign", own, inputs=own)), item("g"), stdout=own, notes=(own,))

    small, large = (_peak(made(number)) for number in (50, 550))
    assert (large - small) / 500 < len(text) / 10


def test_twenty_thousand_take_as_little_each_as_a_few():
    one = result("alice", points("f", 3.0))
    small, large = (_peak(replace(one, id=f"student{n}") for n in range(number)) / number for number in (2_000, 20_000))
    assert large < 2 * small


def _peak(results):
    """Return how much memory it took at most to know a class, in bytes."""
    statistics.of([result()])  # what is loaded at first is not counted
    tracemalloc.start()
    try:
        statistics.of(results)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
