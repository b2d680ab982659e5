"""Comparison: what is right passes, what is wrong is named, what is odd is told."""

import math

import numpy as np
import pytest

from grader.compare import Rules, compare
from grader.problems import Comparison, Differs, Mismatch, Unequal, WrongParts, WrongShape, WrongType
from grader.sandbox.values import Opaque, Record
from grader.tolerances import Tolerance

A = np.array


def problems(got, want, tolerance=None, **rules):
    return compare(got, want, Rules(("y",), {"y": tolerance} if tolerance else {}, **rules)).problems


RIGHT = {
    "equal arrays": (A([1.0, 2.0]), A([1.0, 2.0])),
    "within the default": (A([1.0 + 1e-9]), A([1.0])),
    "a numpy number": (np.float64(2), 2.0),
    "an array of no dimension": (A(2.0), 2.0),
    "single precision": (A([0.5], dtype=np.float32), A([0.5])),
    "equal infinities": (A([np.inf, -np.inf]), A([np.inf, -np.inf])),
    "empty arrays": (np.zeros((0, 3)), np.zeros((0, 3))),
    "complex": (A([1 + 2j]), A([1 + 2j])),
    "texts": ("a", "a"), "None": (None, None), "truths": (np.True_, True), "whole numbers": (3, 3),
    "arrays of truths": (A([True]), A([True])),
    "dicts": ({"a": 1.0, 2: "b"}, {"a": 1.0, 2: "b"}),
    "lists": ([1, "a", [2.0]], [1, "a", [2.0]]),
    "records": (Record("P", {"x": 1.0}), Record("P", {"x": 1.0})),
    "records of another name": (Record("Q", {"x": 1.0}), Record("P", {"x": 1.0})),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_is(name):
    assert compare(*RIGHT[name], Rules(("y",))) == Comparison()


@pytest.mark.parametrize("name", RIGHT)
def test_right_is_right_even_when_strict(name):
    assert compare(*RIGHT[name], Rules(("y",), strict=True)) == Comparison()


WRONG = {
    "a transposed array": (np.zeros((3, 5)), np.zeros((5, 3)), WrongShape("y", (3, 5), (5, 3))),
    "an array that would broadcast": (A([1.0]), A([1.0, 1.0]), WrongShape("y", (1,), (2,))),
    "a number for an array": (1.0, A([1.0, 1.0]), WrongShape("y", (), (2,))),
    "a column for a row": (np.zeros((4, 1)), np.zeros(4), WrongShape("y", (4, 1), (4,))),
    "an array for a number": (A([1.0, 2.0]), 1.0, WrongShape("y", (2,), ())),
    "a text for a number": ("1.0", 1.0, WrongType("y", "a text", "a number")),
    "a text for an array": ("x", A([1.0]), WrongType("y", "a text", "an array of floats")),
    "None for an array": (None, A([1.0]), WrongType("y", "None", "an array of floats")),
    "a ragged list": ([[1.0], [1.0, 2.0]], A([1.0]), WrongType("y", "a list that makes no array of numbers", "an array of floats")),
    "what does not cross": (Opaque("generator"), A([1.0]), WrongType("y", "a generator", "an array of floats")),
    "a truth for a number": (True, 1.0, WrongType("y", "True or False", "a number")),
    "truths for floats": (A([True]), A([1.0]), WrongType("y", "true or false", "floats")),
    "complex for floats": (A([1 + 0j]), A([1.0]), WrongType("y", "complex numbers", "floats")),
    "another text": ("b", "a", Unequal("y", "b", "a")),
    "a number for a text": (1, "a", WrongType("y", "a number", "a text")),
    "a number for a truth": (1, True, WrongType("y", "a number", "True or False")),
    "another truth": (False, True, Unequal("y", False, True)),
    "a list that is too short": ([1], [1, 2], WrongShape("y", (1,), (2,))),
    "a dict for a list": ({}, [1], WrongType("y", "a dict", "a list")),
    "a dict without a key": ({"a": 1}, {"a": 1, "b": 2}, WrongParts("y", ("a",), ("a", "b"))),
    "a list for a dict": ([], {"a": 1}, WrongType("y", "a list", "a dict")),
    "a dict for a record": ({"x": 1}, Record("P", {"x": 1}), WrongType("y", "a dict", "a P")),
    "a record without a field": (Record("P", {"x": 1}), Record("P", {"x": 1, "z": 2}), WrongParts("y", ("x",), ("x", "z"))),
    "a record's field": (Record("P", {"x": "b"}), Record("P", {"x": "a"}), Unequal("y.x", "b", "a")),
    "a dict's value": ({"k": "b"}, {"k": "a"}, Unequal("y['k']", "b", "a")),
    "a list's entry": ([1, "b"], [1, "a"], Unequal("y[1]", "b", "a")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_is(name):
    got, want, problem = WRONG[name]
    assert problems(got, want) == (problem,)


ODD = {
    "an array of one for a number": (A([2.0]), 2.0, WrongShape("y", (1,), ())),
    "a list for an array": ([1.0, 2.0], A([1.0, 2.0]), WrongType("y", "a list", "an array of floats")),
    "nested lists for an array": ([[1.0], [2.0]], A([[1.0], [2.0]]), WrongType("y", "a list", "an array of floats")),
    "whole numbers for floats": (A([1, 2]), A([1.0, 2.0]), WrongType("y", "whole numbers", "floats")),
    "floats for whole numbers": (A([1.0]), A([1]), WrongType("y", "floats", "whole numbers")),
    "floats for complex numbers": (A([1.0]), A([1 + 0j]), WrongType("y", "floats", "complex numbers")),
    "a tuple for a list": ((1, 2), [1, 2], WrongType("y", "a tuple", "a list")),
    "a tuple for a record": ((1.0, 2.0), Record("P", {"x": 1.0, "z": 2.0}), WrongType("y", "a tuple", "a P")),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_is_told_and_costs_nothing_unless_strict(name):
    got, want, problem = ODD[name]
    assert compare(got, want, Rules(("y",))) == Comparison(remarks=(problem,))
    assert compare(got, want, Rules(("y",), strict=True)) == Comparison(problems=(problem,))


def test_odd_values_are_still_compared():
    (problem,) = problems([1.0, 3.0], A([1.0, 2.0]))
    assert problem == Differs("y", 1, 2, 0, (Mismatch((1,), 3.0, 2.0, 1.0, pytest.approx(2e-6 + 1e-9)),))


TOLERANCES = [
    (Tolerance(rtol=0.1), 10.0, 11.0, 11.01),
    (Tolerance(rtol=0.1), -10.0, -11.0, -11.01),
    (Tolerance(atol=0.5), 10.0, 10.5, 10.51),
    (Tolerance(atol=0.5, rtol=0.1), 10.0, 11.5, 11.51),
    (Tolerance(decimals=4), -1388.0818, -1388.08184, -1388.08186),
    (Tolerance(decimals=1), -24.5, -24.512532, -24.56),
    (Tolerance(decimals=0), 2.0, 2.5, 2.51),
    (Tolerance(decimals=-1), 120.0, 125.0, 125.1),
    (Tolerance(digits=3), 1234.0, 1239.0, 1239.1),
    (Tolerance(digits=3), 0.001234, 0.001239, 0.0012391),
    (Tolerance(digits=1), 0.0, 0.4, 0.6),
    (Tolerance(rtol=0.1), np.inf, np.inf, 1e300),
    (Tolerance(rtol=0.1), 2j, 2.19j, 2.3j),
]


@pytest.mark.parametrize(("tolerance", "want", "right", "wrong"), TOLERANCES)
def test_a_tolerance_admits_what_is_near_and_nothing_further(tolerance, want, right, wrong):
    assert problems(right, want, tolerance) == ()
    assert len(problems(wrong, want, tolerance)) == 1
    assert problems(A([right]), A([want]), tolerance) == ()
    assert len(problems(A([wrong]), A([want]), tolerance)) == 1


@pytest.mark.parametrize("got", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_right(got):
    (problem,) = problems(A([1.0, got]), A([1.0, 2.0]), Tolerance(rtol=1e9))
    assert (problem.count, problem.size, problem.not_finite) == (1, 2, 1)


def test_nan_is_right_only_where_the_spec_says_so():
    nan = A([np.nan, 1.0])
    assert problems(nan, nan, Tolerance(nan_equal=True)) == ()
    assert len(problems(nan, nan)) == 1
    assert len(problems(A([1.0, np.nan]), nan, Tolerance(nan_equal=True))) == 1


def test_numbers_too_large_for_an_array_are_wrong_and_nothing_worse():
    assert len(problems(10**400, 1.0)) == 1
    assert len(problems([10**400], A([1.0]))) == 1


def test_the_worst_few_are_told_first():
    want = np.zeros((4, 5))
    got = np.zeros((4, 5))
    got[1, 2], got[3, 4], got[0, 0], got[2, 2] = 5, -7, 1, np.nan
    (problem,) = problems(got, want)
    assert (problem.count, problem.size, problem.not_finite) == (4, 20, 1)
    assert [worst.index for worst in problem.worst] == [(2, 2), (3, 4), (1, 2)]
    assert problem.worst[1] == Mismatch((3, 4), -7.0, 0.0, 7.0, pytest.approx(1e-9))


def test_worst_is_by_what_is_allowed_not_by_size():
    (problem,) = problems(A([1001.0, 1.5]), A([1000.0, 1.0]), Tolerance(rtol=1e-6))
    assert problem.worst[0].index == (1,)


TWO = Rules(("post", "ll"), {"post": Tolerance(atol=0.1), "ll": Tolerance(atol=1)})


def test_each_part_has_its_own_name_and_tolerance():
    got, want = (A([1.05]), 10.9), (A([1.0]), 10.0)
    assert compare(got, want, TWO) == Comparison()
    found = compare((A([1.2]), 12.0), want, TWO)
    assert [problem.path for problem in found.problems] == ["post", "ll"]


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        (3.0, WrongType("", "a number", "2 values: post, ll")),
        (None, WrongType("", "None", "2 values: post, ll")),
        ((A([1.0]),), WrongParts("", ("an array of shape (1,)",), ("post", "ll"))),
        ((A([1.0]), 1.0, "x"), WrongParts("", ("an array of shape (1,)", "a number", "a text"), ("post", "ll"))),
    ],
)
def test_another_number_of_values_is_told(got, problem):
    assert compare(got, (A([1.0]), 1.0), TWO).problems == (problem,)


def test_a_list_of_values_for_a_tuple_is_odd():
    assert compare([A([1.0]), 1.0], (A([1.0]), 1.0), TWO) == Comparison(remarks=(WrongType("", "a list", "a tuple"),))


def test_a_tolerance_holds_for_the_parts_within():
    rules = Rules(("m",), {"m": Tolerance(atol=1), "m.var": Tolerance(atol=0.1)})
    want = Record("M", {"mu": A([0.0]), "var": A([0.0]), "list": [0.0, "x"]})
    near = Record("M", {"mu": A([0.9]), "var": A([0.05]), "list": [0.9, "x"]})
    far = Record("M", {"mu": A([0.9]), "var": A([0.9]), "list": [1.9, "x"]})
    assert compare(near, want, rules) == Comparison()
    assert [problem.path for problem in compare(far, want, rules).problems] == ["m.var", "m.list[0]"]


def test_shapes_alone_can_be_compared():
    rules = Rules(("post", "ll"), shapes_only=True)
    want = (np.zeros((2, 3)), 1.0)
    assert compare((np.ones((2, 3)), 7.0), want, rules) == Comparison()
    assert compare((np.ones((3, 2)), 7.0), want, rules).problems == (WrongShape("post", (3, 2), (2, 3)),)


# --- components in another order -------------------------------------------------------------------------------------

MIXTURE = Record("M", {"mu": A([[0.0, 1.0], [5.0, 5.0], [9.0, 0.0]]), "p": A([0.5, 0.2, 0.3])})
POST = np.arange(12.0).reshape(4, 3)
PERMUTE = Rules(("mixture", "post"), permute={"mixture.mu": 0, "mixture.p": 0, "post": 1})


def permuted(order, nudge=0.0):
    fields = {"mu": MIXTURE.fields["mu"][order] + nudge, "p": MIXTURE.fields["p"][order]}
    return Record("M", fields), POST[:, order]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 0, 2]])
def test_components_may_come_in_another_order_on_request(order):
    assert compare(permuted(order), (MIXTURE, POST), PERMUTE) == Comparison()
    plain = Rules(PERMUTE.returns)
    assert bool(compare(permuted(order), (MIXTURE, POST), plain).problems) == (order != [0, 1, 2])


def test_all_parts_must_be_in_the_same_order():
    mixture, _ = permuted([2, 0, 1])
    found = compare((mixture, POST), (MIXTURE, POST), PERMUTE)
    assert [problem.path for problem in found.problems] == ["post"]


def test_a_wrong_value_stays_wrong_in_another_order():
    found = compare(permuted([2, 0, 1], nudge=0.3), (MIXTURE, POST), PERMUTE)
    assert [problem.path for problem in found.problems] == ["mixture.mu"]


def test_equal_components_can_be_told_apart_by_their_other_parts():
    mu = np.zeros((2, 1))
    want = (Record("M", {"mu": mu, "p": A([0.9, 0.1])}), A([[1.0, 0.0]]))
    got = (Record("M", {"mu": mu, "p": A([0.1, 0.9])}), A([[0.0, 1.0]]))
    assert compare(got, want, PERMUTE) == Comparison()


@pytest.mark.parametrize("odd", [np.inf, np.nan, 1e308])
def test_components_that_are_not_finite_are_wrong_and_nothing_worse(odd):
    mixture, post = permuted([2, 0, 1])
    mixture.fields["mu"][0, 0] = odd
    assert compare((mixture, post), (MIXTURE, POST), PERMUTE).problems[0].path == "mixture.mu"


@pytest.mark.parametrize("value", [np.zeros((0, 2)), A([[True], [False]]), A([[1], [2]]), A([[1j], [2j]])])
def test_components_of_any_kind_can_be_reordered(value):
    rules = Rules(("y",), permute={"y": 0})
    assert compare(value[::-1].copy(), value, rules) == Comparison()


@pytest.mark.parametrize(
    ("got", "path"),
    [
        ((Record("M", {"mu": A([[1.0]]), "p": A([0.5, 0.2, 0.3])}), POST), "mixture.mu"),
        ((3, POST), "mixture"),
        (None, ""),
        ((Record("M", {"mu": [[1.0], [2.0, 3.0]], "p": A([0.5, 0.2, 0.3])}), POST), "mixture.mu"),
        ((Record("M", {"mu": "x", "p": Opaque("set")}), POST), "mixture.mu"),
    ],
)
def test_what_cannot_be_reordered_is_compared_as_it_is(got, path):
    assert compare(got, (MIXTURE, POST), PERMUTE).problems[0].path == path
