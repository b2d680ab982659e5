"""Diagnosis: the mistake that was made is named, and one that nobody foresaw is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader.compare import Rules, compare
from grader.diagnose import Diagnosis, Evidence, diagnose, explained, rounds_off
from grader.nearness import deviation, known, parts
from grader.sandbox.values import Opaque, Record
from grader.slips import Slip
from grader.tolerances import Tolerance

A = np.array
Y = Rules(("y",))
TWO = Rules(("post", "ll"))
SHAPES = Rules(("y",), shapes_only=True)


def evidence(rows, rules=Y):
    """Return what pairs of a value that came and a value that is wanted are evidence of."""
    return [Evidence(got, want, {}, rules, not compare(got, want, rules).problems) for got, want in rows]


def slips(values, changes=None):
    """Return the slips whose values are in a table; each has a keyword of its own, unless `changes` says which."""
    changes = changes or {}
    single = [name for name in values if "+" not in name]
    return [
        Slip(id=s, function="f", change=changes.get(s, {f"by_{s}": 1}), what=f"{s} is wrong.", look=f"See {s}.")
        for s in single
    ]


def valued(values, calls):
    """Return what slips return by their ids and the number of the call, and where the table has nothing, None."""

    def value(n, together):
        column = values.get("+".join(slip.id for slip in together))
        return None if column is None or column[n] is None else known(column[n], calls[n].want, calls[n].rules)

    return value


def same(got, slipped, want, rules):
    return known(slipped, want, rules).is_same(parts(got, rules))


def named(rows, values, changes=None, rules=Y):
    calls = evidence(rows, rules)
    found = diagnose(calls, slips(values, changes), valued(values, calls))
    return {n: diagnosis.id for n, diagnosis in found.items()}


# what came and what is wanted, call by call; what each slip returns; the slip that is named for each call
NAMED = {
    "by its value": ([(2.0, 1.0)], {"a": [3.0], "b": [2.0]}, {0: "b"}),
    "by its value but for rounding": ([(2.0 + 1e-9, 1.0)], {"a": [2.0]}, {0: "a"}),
    "though it makes no difference where the case passes": ([(2.0, 1.0), (1.0, 1.0)], {"a": [2.0, 1.0]}, {0: "a"}),
    "one for each call": ([(2.0, 1.0), (3.0, 1.0)], {"a": [2.0, 1.0], "b": [1.0, 3.0]}, {0: "a", 1: "b"}),
    "the one that explains the most": (
        [(2.0, 1.0), (3.0, 1.0)], {"a": [2.0, 1.0], "b": [2.0, 3.0]}, {0: "b", 1: "b"}),
    "the first of two that explain as much": ([(2.0, 1.0)], {"a": [2.0], "b": [2.0]}, {0: "a"}),
    "the one that explains the most, and another for the rest": (
        [(2.0, 1.0), (2.0, 1.0), (3.0, 1.0)],
        {"a": [2.0, 1.0, 1.0], "b": [2.0, 2.0, 1.0], "c": [1.0, 1.0, 3.0]}, {0: "b", 1: "b", 2: "c"}),
    "two that combine": ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]}, {0: "a+b"}),
    "one alone rather than two": ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "c": [6.0], "a+b": [6.0]}, {0: "c"}),
    "the pair that explains all": (
        [(6.0, 1.0), (7.0, 1.0)], {"a": [2.0, 1.0], "b": [3.0, 1.0], "c": [4.0, 5.0], "a+b": [6.0, 1.0],
                                   "a+c": [6.0, 7.0], "b+c": [8.0, 8.0]}, {0: "a+c", 1: "a+c"}),
    "a pair for each call": (
        [(6.0, 1.0), (7.0, 1.0)], {"a": [2.0, 1.0], "b": [3.0, 1.0], "c": [1.0, 2.0], "d": [1.0, 3.0],
                                   "a+b": [6.0, 1.0], "c+d": [1.0, 7.0]}, {0: "a+b", 1: "c+d"}),
    "nothing where nothing failed": ([(1.0, 1.0)], {"a": [2.0], "b": [1.0]}, {}),
    "nothing where nothing returned": ([], {"a": []}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_slip_is_named(name):
    rows, values, expected = NAMED[name]
    assert named(rows, values) == expected


# what nobody foresaw, and beside it the same with the one thing that makes it a known mistake
UNNAMED = {
    "a near miss": (([(2.01, 1.0)], {"a": [2.0]}), ([(2.0, 1.0)], {"a": [2.0]})),
    "a value near to the slip's, which is itself near to the right one": (
        ([(1.0 + 4.5e-6, 1.0)], {"a": [1.0 + 4e-6]}), ([(1.0 + 4.1e-6, 1.0)], {"a": [1.0 + 4e-6]})),
    "what would fail a case that passed": (
        ([(2.0, 1.0), (1.0, 1.0)], {"a": [2.0, 2.0]}), ([(2.0, 1.0), (1.0, 1.0)], {"a": [2.0, 1.0]})),
    "what would return something else in another failing case": (
        ([(2.0, 1.0), (5.0, 1.0)], {"a": [2.0, 3.0]}), ([(2.0, 1.0), (3.0, 1.0)], {"a": [2.0, 3.0]})),
    "what leaves a failing case unexplained": (
        ([(2.0, 1.0), (5.0, 1.0)], {"a": [2.0, 1.0]}),
        ([(2.0, 1.0), (5.0, 1.0)], {"a": [2.0, 1.0], "b": [1.0, 5.0]})),
    "what returns nothing for one of the calls": (
        ([(2.0, 1.0), (1.0, 1.0)], {"a": [2.0, None]}), ([(2.0, 1.0), (1.0, 1.0)], {"a": [2.0, 1.0]})),
    "two that change the same keyword": (
        ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]}, {"a": {"k": 1}, "b": {"k": 2}}),
        ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]}, {"a": {"k": 1}, "b": {"l": 2}})),
    "two that share one keyword of several": (
        ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]}, {"a": {"k": 1, "l": 1}, "b": {"k": 1}}),
        ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]}, {"a": {"k": 1, "l": 1}, "b": {"m": 1}})),
    "two that combine to another value": (
        ([(6.1, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]}),
        ([(6.0, 1.0)], {"a": [2.0], "b": [3.0], "a+b": [6.0]})),
    "two that combined fail a case that passed": (
        ([(6.0, 1.0), (1.0, 1.0)], {"a": [2.0, 1.0], "b": [3.0, 1.0], "a+b": [6.0, 2.0]}),
        ([(6.0, 1.0), (1.0, 1.0)], {"a": [2.0, 1.0], "b": [3.0, 1.0], "a+b": [6.0, 1.0]})),
    "three that combine": (
        ([(9.0, 1.0)], {"a": [2.0], "b": [3.0], "c": [4.0], "a+b": [6.0], "a+c": [7.0], "b+c": [8.0],
                        "a+b+c": [9.0]}),
        ([(8.0, 1.0)], {"a": [2.0], "b": [3.0], "c": [4.0], "a+b": [6.0], "a+c": [7.0], "b+c": [8.0],
                        "a+b+c": [9.0]})),
    "one where there are none": (([(2.0, 1.0)], {}), ([(2.0, 1.0)], {"a": [2.0]})),
}  # fmt: skip


@pytest.mark.parametrize("name", UNNAMED)
def test_no_slip_is_named_for(name):
    unforeseen, known = UNNAMED[name]
    assert named(*unforeseen) == {}
    assert set(named(*known)) == {n for n, (got, want) in enumerate(known[0]) if got != want}


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (2.0, Diagnosis("a", "a is wrong.", "See a.")),
        (6.0, Diagnosis("a+b", "a is wrong. b is wrong.", "See a. See b.")),
    ],
    ids=["one", "two"],
)
def test_a_diagnosis_says_what_and_where_to_look_of_each_slip(got, expected):
    values, calls = {"a": [2.0], "b": [3.0], "a+b": [6.0]}, evidence([(got, 1.0)])
    assert diagnose(calls, slips(values), valued(values, calls)) == {0: expected}


def test_a_wrong_part_is_not_made_up_for_by_a_right_one():
    right, slipped, got = (A([0.5, 0.5]), -7.0), (A([0.5, 0.5]), -3.5), (A([0.9, 0.1]), -3.5)
    assert named([(got, right)], {"a": [slipped]}, rules=TWO) == {}
    assert named([(slipped, right)], {"a": [slipped]}, rules=TWO) == {0: "a"}


# --- one variant -----------------------------------------------------------------------------------------------------


def test_what_is_explained_are_the_failing_calls_in_which_a_slip_differs():
    values = {"a": [1.0, 2.0, 1.0, 3.0, 9.0]}
    (slip,) = slips(values)
    calls = evidence([(1.0, 1.0), (2.0, 1.0), (5.0, 1.0), (3.0, 1.0), (1.0, 1.0)])
    assert explained(calls[:4], (slip,), valued(values, calls)) == [1, 3]
    assert explained(calls, (slip,), valued(values, calls)) == []


def asked(rows, values):
    """Return what slips were asked for: (id, number of the call), in order."""
    calls, told = evidence(rows), []

    def value(n, together):
        told.append(("+".join(slip.id for slip in together), n))
        return valued(values, calls)(n, together)

    diagnose(calls, slips(values), value)
    return told


def test_a_slip_is_asked_first_for_what_failed_and_no_further_than_what_speaks_against_it():
    rows = [(1.0, 1.0), (1.0, 1.0), (5.0, 1.0)]
    assert asked(rows, {"a": [1.0, 1.0, 3.0]}) == [("a", 2)]
    assert asked(rows, {"a": [1.0, 1.0, 5.0]}) == [("a", 2), ("a", 0), ("a", 1)]


def test_pairs_are_asked_for_only_where_none_alone_will_do_and_until_one_explains_all():
    values = {"a": [2.0], "b": [3.0], "c": [4.0], "a+b": [6.0], "a+c": [7.0], "b+c": [8.0]}
    assert [ids for ids, _ in asked([(4.0, 1.0)], values)] == ["a", "b", "c"]
    assert [ids for ids, _ in asked([(6.0, 1.0)], values)] == ["a", "b", "c", "a+b"]
    assert [ids for ids, _ in asked([(8.0, 1.0)], values)] == ["a", "b", "c", "a+b", "a+c", "b+c"]


# --- one value -------------------------------------------------------------------------------------------------------

NAN, INF = np.nan, np.inf


def mixture(mu, var, name="M"):
    return Record(name, {"mu": A(mu), "var": A(var)})


# a value, the slip's, the right one, the rules
SAME = {
    "the slip's": (A([1.0, 2.0]), A([1.0, 2.0]), A([3.0, 4.0]), Y),
    "NaN where the slip has NaN": (A([NAN, 1.0]), A([NAN, 1.0]), A([0.0, 1.0]), Y),
    "the same infinities": (A([INF, -INF]), A([INF, -INF]), A([0.0, 1.0]), Y),
    "a finite one where the right one is infinite": (5.0, 5.0, INF, Y),
    "whole numbers for floats": (A([1, 2]), A([1.0, 2.0]), A([3.0, 4.0]), Y),
    "single precision": (A([0.5], np.float32), A([0.5]), A([1.0]), Y),
    "a list for an array": ([[1.0], [2.0]], A([[1.0], [2.0]]), A([[3.0], [4.0]]), Y),
    "an array of one for a number": (A([[2.0]]), 2.0, 1.0, Y),
    "truths": (A([True, False]), A([True, False]), A([False, False]), Y),
    "complex numbers": (A([1 + 2j]), A([1 + 2j]), A([1 + 1j]), Y),
    "of another shape than the right one, as the slip's": (np.ones((2, 3)), np.ones((2, 3)), np.ones((3, 2)), Y),
    "empty as the slip's": (np.zeros((0, 3)), np.zeros((0, 3)), np.ones((2, 3)), Y),
    "a text for a number": ("1", "1", 1.0, Y),
    "nothing": (None, None, 1.0, Y),
    "what does not cross": (Opaque("generator"), Opaque("generator"), 1.0, Y),
    "a ragged list": ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]], A([1.0, 2.0]), Y),
    "a record": (mixture([1.0], [2.0]), mixture([1.0], [2.0]), mixture([1.0], [1.0]), Y),
    "a record of another name": (mixture([1.0], [2.0], "N"), mixture([1.0], [2.0]), mixture([1.0], [1.0]), Y),
    "two parts": ((A([1.0]), 2.0), (A([1.0]), 2.0), (A([1.0]), 3.0), TWO),
    "a list of two parts": ([A([1.0]), 2.0], (A([1.0]), 2.0), (A([1.0]), 3.0), TWO),
    "a record of two parts": (Record("R", {"p": A([1.0]), "l": 2.0}), (A([1.0]), 2.0), (A([1.0]), 3.0), TWO),
    "any numbers of the slip's shape where shapes count alone": (np.ones(3), np.zeros(3), np.zeros(2), SHAPES),
    "a little off where the slip is far off": (2.0 + 1e-9, 2.0, 1.0, Y),
    "a little off what is loosely compared": (3.01, 3.0, 1.0, Rules(("y",), {"y": Tolerance(atol=0.5)})),
}  # fmt: skip

OTHER = {
    "another value": (A([1.0, 2.1]), A([1.0, 2.0]), A([3.0, 4.0]), Y),
    "one wrong entry among many": (np.r_[np.zeros(999), 0.5], np.zeros(1000), np.ones(1000), Y),
    "a number where the slip has NaN": (A([0.0, 1.0]), A([NAN, 1.0]), A([0.5, 1.0]), Y),
    "NaN where the slip has a number": (A([NAN, 1.0]), A([0.0, 1.0]), A([0.5, 1.0]), Y),
    "NaN where the slip has an infinity": (NAN, INF, 1.0, Y),
    "the other infinity": (-INF, INF, 1.0, Y),
    "an infinity for a number": (INF, 1e300, 1.0, Y),
    "the slip's, transposed": (np.ones((3, 2)), np.ones((2, 3)), np.zeros((2, 3)), Y),
    "a row for all rows": (np.ones(3), np.ones((4, 3)), np.zeros((4, 3)), Y),
    "an array for a number": (A([2.0, 2.0]), 2.0, 1.0, Y),
    "another shape where shapes count alone": (np.ones((3, 1)), np.zeros(3), np.zeros(2), SHAPES),
    "another text": ("2", "1", 1.0, Y),
    "a text for a number": ("2.0", 2.0, 1.0, Y),
    "nothing for a number": (None, 2.0, 1.0, Y),
    "a number too large for an array": (10**400, 2.0, 1.0, Y),
    "what crosses otherwise": (Opaque("set"), Opaque("generator"), 1.0, Y),
    "a dict for a record": ({"mu": A([1.0]), "var": A([2.0])}, mixture([1.0], [2.0]), mixture([1.0], [1.0]), Y),
    "a record with other fields": (Record("M", {"mu": A([1.0])}), mixture([1.0], [2.0]), mixture([1.0], [1.0]), Y),
    "one part of two": (A([1.0]), (A([1.0]), 2.0), (A([1.0]), 3.0), TWO),
    "three parts for two": ((A([1.0]), 2.0, 2.0), (A([1.0]), 2.0), (A([1.0]), 3.0), TWO),
    "the parts in another order": ((2.0, A([1.0])), (A([1.0]), 2.0), (A([1.0]), 3.0), TWO),
    "what is only allowed": (3.4, 3.0, 1.0, Rules(("y",), {"y": Tolerance(atol=0.5)})),
    "a little off where the slip is right": (1.0 + 1e-8, 1.0, 1.0, Y),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_a_value_is_a_slips(name):
    assert same(*SAME[name])


@pytest.mark.parametrize("name", OTHER)
def test_a_value_is_no_slips(name):
    _, slipped, want, rules = OTHER[name]
    assert not same(*OTHER[name])
    assert same(slipped, slipped, want, rules)


def test_near_is_far_nearer_to_the_slip_than_the_slip_is_to_what_is_right():
    """A twentieth of the way, and no further, though a tolerance would let pass much more."""
    loose = Rules(("y",), {"y": Tolerance(atol=100.0)})
    assert same(20.99, 20.0, 0.0, loose)
    assert not same(21.01, 20.0, 0.0, loose)


PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.floats(), st.complex_numbers(),
        st.text(max_size=4), st.binary(max_size=4), st.just(Opaque("generator")),
        st.sampled_from([np.float32(2), np.bool_(1), np.float16(INF), np.uint64(2**64 - 1)]),
        arrays.arrays(
            st.sampled_from(["?", "i1", "u8", "f2", "f8", "c16"]),
            arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(st.text(max_size=2), inner, max_size=2),
        st.dictionaries(st.text(max_size=2), inner, max_size=2).map(lambda fields: Record("R", fields)),
    ),
    max_leaves=6,
)  # fmt: skip
TOLERANCES = st.sampled_from([
    Tolerance(), Tolerance(rtol=1e-3), Tolerance(decimals=300), Tolerance(digits=3), Tolerance(percent=5),
])  # fmt: skip
WANTED = st.one_of(st.floats(allow_nan=False), arrays.arrays("f8", (2, 2)), st.text(max_size=2))
"""What is wanted is the instructor's, and held against itself beforehand."""


@given(PLAIN, PLAIN, WANTED, TOLERANCES, st.booleans())
@settings(max_examples=200)
def test_whatever_is_returned_can_be_held_against_a_slip(got, slipped, want, tolerance, shapes_only):
    rules = Rules(("y",), {"y": tolerance}, shapes_only=shapes_only)
    assert same(got, slipped, want, rules) in {True, False}
    assert deviation(got, want, rules) >= 0


@given(PLAIN, PLAIN, st.tuples(WANTED, WANTED), TOLERANCES)
@settings(max_examples=200)
def test_whatever_is_returned_for_several_parts_can_be_held_against_a_slip(got, slipped, want, tolerance):
    rules = Rules(("post", "ll"), {"post": tolerance})
    assert same(got, slipped, want, rules) in {True, False}
    assert deviation(got, want, rules) >= 0


@given(PLAIN, PLAIN, WANTED)
@settings(max_examples=200)
def test_whatever_is_returned_can_be_diagnosed(got, slipped, want):
    calls, values = evidence([(got, want)]), {"a": [slipped]}
    found = diagnose(calls, slips(values), valued(values, calls))
    assert set(found) <= (set() if calls[0].passed else {0})
    assert rounds_off(calls, [[known(value, want, Y) for value in (None, slipped)]]) in ([], [1], [-1])


# --- how far off -----------------------------------------------------------------------------------------------------

TENTH = Rules(("y",), {"y": Tolerance(atol=0.1)})
EXACT = Rules(("y",), {"y": Tolerance(rtol=0.1)})
OFF = {
    "right": (A([1.0, 2.0]), A([1.0, 2.0]), TENTH, 0.0),
    "half of what is allowed": (A([1.0, 2.05]), A([1.0, 2.0]), TENTH, 0.5),
    "three times what is allowed": (A([1.3, 2.05]), A([1.0, 2.0]), TENTH, 3.0),
    "by what is allowed where it is": (A([10.5, 0.3]), A([10.0, 0.2]), EXACT, 5.0),
    "of a list": ([1.3, 2.0], A([1.0, 2.0]), TENTH, 3.0),
    "of an array of one": (A([1.3]), 1.0, TENTH, 3.0),
    "the worst part": (mixture([1.1], [1.4]), mixture([1.0], [1.0]), TENTH, 4.0),
    "each part by its own tolerance": (
        mixture([3.0], [1.4]), mixture([1.0], [1.0]),
        Rules(("y",), {"y": Tolerance(atol=0.1), "y.mu": Tolerance(atol=1)}), 4.0),
    "right where nothing is allowed": (A([0.0]), A([0.0]), EXACT, 0.0),
    "wrong where nothing is allowed": (A([1e-9]), A([0.0]), EXACT, INF),
    "the same infinity": (INF, INF, TENTH, 0.0),
    "an infinity": (INF, 1.0, TENTH, INF),
    "NaN": (A([NAN]), A([1.0]), TENTH, INF),
    "another shape": (np.ones((2, 3)), np.ones((3, 2)), TENTH, INF),
    "other parts": (Record("M", {"mu": A([1.0])}), mixture([1.0], [1.0]), TENTH, INF),
    "a part too many": (mixture([1.0], [1.0]), Record("M", {"mu": A([1.0])}), TENTH, INF),
    "a text": ("1.0", 1.0, TENTH, INF),
    "the same text": ("a", "a", TENTH, 0.0),
    "two parts of three": ((1.0, 2.0, 3.0), (1.0, 2.0), TWO, INF),
    "empty": (np.zeros((0, 3)), np.zeros((0, 3)), TENTH, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", OFF)
def test_a_deviation_is_in_units_of_what_is_allowed(name):
    got, want, rules, off = OFF[name]
    assert deviation(got, want, rules) == pytest.approx(off)


@given(
    arrays.arrays("f8", arrays.array_shapes(max_dims=2, max_side=3), elements=st.floats(-1e6, 1e6)),
    st.sampled_from([0.0, 0.4, 0.9, 1.1, 40.0]),
    st.sampled_from([Tolerance(atol=0.5), Tolerance(rtol=1e-3, atol=1e-3), Tolerance(decimals=2)]),
)
def test_a_deviation_of_more_than_one_is_what_comparison_rejects(want, factor, tolerance):
    rules = Rules(("y",), {"y": tolerance})
    allowed = 0.5 * 10.0**-2 if tolerance.decimals else tolerance.atol + tolerance.rtol * np.abs(want)
    got = want + factor * allowed
    assert (deviation(got, want, rules) > 1) == bool(compare(got, want, rules).problems) == (factor > 1)


# --- rounds ----------------------------------------------------------------------------------------------------------


def off(rows, rounds, rules=Y):
    """Return by how many rounds calls are off, of which each would return these values after its rounds."""
    return rounds_off(evidence(rows, rules), [[known(value, want, rules) for value in rounds] for _, want in rows])


# for each call what came and what is wanted; by how many rounds they are off
OFF_BY = {
    "a round early": ([(2.0, 3.0)], [-1]),
    "a round late": ([(4.0, 3.0)], [1]),
    "early, each by its own": ([(1.0, 3.0), (3.0, 4.0)], [-2, -1]),
    "late, each by its own": ([(5.0, 3.0), (2.0, 1.0)], [2, 1]),
    "one early and one late": ([(2.0, 3.0), (4.0, 3.0)], []),
    "one that is right": ([(2.0, 3.0), (3.0, 3.0)], []),
    "one of no round": ([(2.0, 3.0), (2.5, 3.0)], []),
    "near to a round's": ([(2.1, 3.0)], []),
    "right in no round": ([(2.0, 9.0)], []),
    "a text": ([("2.0", 3.0)], []),
    "no calls": ([], []),
}  # fmt: skip


@pytest.mark.parametrize("name", OFF_BY)
def test_rounds_too_few_or_too_many_are_counted(name):
    rows, expected = OFF_BY[name]
    assert off(rows, [1.0, 2.0, 3.0, 4.0, 5.0]) == expected


def test_of_rounds_with_the_same_value_the_nearest_counts():
    rounds = [2.0, 5.0, 2.0, 3.0, 5.0]
    assert off([(2.0, 3.0)], rounds) == [-1]
    assert off([(5.0, 3.0)], rounds) == [1]


def test_of_rounds_that_are_right_the_first_counts():
    assert off([(2.0, 3.0)], [2.0, 3.0, 3.0]) == [-1]
    assert off([(4.0, 3.0)], [2.0, 3.0, 3.0, 4.0]) == [2]


def test_a_round_must_match_in_every_part():
    rounds, want = [(A([0.1]), -9.0), (A([0.2]), -8.0), (A([0.3]), -7.0)], (A([0.3]), -7.0)
    assert off([((A([0.2]), -8.0), want)], rounds, TWO) == [-1]
    assert off([((A([0.2]), -7.0), want)], rounds, TWO) == []


@pytest.mark.parametrize("rounds", [[], [None, None]], ids=["none", "of nothing"])
def test_rounds_without_what_is_returned_match_nothing(rounds):
    assert off([(2.0, 3.0)], rounds) == []
