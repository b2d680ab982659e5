# ruff: noqa: ARG005 (a table of functions of the same arguments)
"""Structure: a wrong value that stands in a simple relation to the wanted one is told, and no other is."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare import Rules, compare
from grader.sandbox.values import Opaque, Record
from grader.structure import Clue, clues, common
from grader.tolerances import Tolerance

LOOSE = {"y": Tolerance(rtol=1e-4, atol=1e-6)}
PLAINLY = Rules(("y",))
PI = math.log(2 * math.pi) / 2


def rng_of(seed):
    return np.random.default_rng(seed)


def ids(got, want, args=None, rules=PLAINLY):
    return [clue.id for clue in clues(got, want, args or {}, rules)]


def says(got, want, args=None, rules=PLAINLY):
    return [clue.what for clue in clues(got, want, args or {}, rules)]


def posterior(rng, n, K):
    post = rng.exponential(size=(n, K))
    return post / post.sum(axis=1, keepdims=True)


def wrong_axis(rng, n, K):
    joint = rng.exponential(size=(n, K))
    return joint / joint.sum(axis=0), joint / joint.sum(axis=1, keepdims=True)


def holed(rng, n, d):
    X = rng.normal(size=(n, d)) + 3
    X[rng.random((n, d)) < 0.25] = np.nan
    return X


def with_holes(rng, n, d):
    X = holed(rng, n, d)
    want = rng.normal(size=(n, d))
    return np.where(np.isnan(X), 0, want), want, X


# what came, what was wanted, the argument X, from a generator and two lengths
Y = {
    "transposed": ("transposed", "`y` is transposed.", lambda r, n, d: ((w := r.normal(size=(n, d))).T, w)),
    "transposed, square": ("transposed", "`y` is transposed.", lambda r, n, d: ((w := r.normal(size=(n, n))).T, w)),
    "transposed truths": ("transposed", "`y` is transposed.", lambda r, n, d: ((w := r.random((12, 12)) < 0.5).T, w)),
    "axes in another order": ("transposed", "`y` has the axes in another order.", lambda r, n, d: (np.moveaxis(w := r.normal(size=(d, n, n)), 1, 2), w)),
    "an axis too many": ("axis", "`y` has too many axes of length one.", lambda r, n, d: ((w := r.normal(size=n))[:, None], w)),
    "an axis too few": ("axis", "`y` has too few axes of length one.", lambda r, n, d: ((w := r.normal(size=(1, n)))[0], w)),
    "sign": ("sign", "opposite", lambda r, n, d: (-(w := r.normal(size=n)), w)),
    "twice": ("factor", "twice", lambda r, n, d: (2 * (w := r.normal(size=(n, d))), w)),
    "half": ("factor", "`y` is half of what is wanted.", lambda r, n, d: ((w := r.normal(size=(n, d))) / 2, w)),
    "by rows": ("factor", "divided by the number of rows of `X`.", lambda r, n, d: ((w := r.normal(size=d)) / n, w)),
    "by columns": ("factor", "divided by the number of columns of `X`.", lambda r, n, d: ((w := r.normal(size=n)) / d, w)),
    "mean": ("factor", "divided by the number of rows of `X`: a mean where the sum is wanted.", lambda r, n, d: ((w := -1388.0817) / n + 1e-15, w + 1e-15 * n)),
    "sum": ("factor", "multiplied by the number of rows of `X`: a sum where the mean is wanted.", lambda r, n, d: (-3.7182811 * n, -3.7182811)),
    "unbiased": ("unbiased", "`y` is divided by n - 1 in place of n, n being the number of rows of `X`.", lambda r, n, d: ((w := r.exponential(size=n)) * n / (n - 1), w)),
    "biased": ("unbiased", "`y` is divided by n in place of n - 1, n being the number of rows of `X`.", lambda r, n, d: ((w := r.exponential(size=n)) * (n - 1) / n, w)),
    "no logarithm": ("exponential", "`y` is the exponential of what is wanted.", lambda r, n, d: (np.exp(w := r.normal(size=n)), w)),
    "logarithm": ("logarithm", "`y` is the logarithm of what is wanted.", lambda r, n, d: (np.log(w := r.exponential(size=n)), w)),
    "base 10": ("base", "base 10 where natural", lambda r, n, d: ((w := r.normal(size=n)) / math.log(10), w)),
    "base 2": ("base", "base 2 where natural", lambda r, n, d: ((w := r.normal(size=n)) / math.log(2), w)),
    "root": ("root", "the square root", lambda r, n, d: (np.sqrt(w := r.exponential(size=n)), w)),
    "square": ("square", "the square of", lambda r, n, d: ((w := r.exponential(size=n)) ** 2, w)),
    "reciprocal": ("reciprocal", "one divided by", lambda r, n, d: (1 / (w := r.exponential(size=n)), w)),
    "rows not normalised": ("normalised", "The rows of `y` do not sum to one", lambda r, n, d: ((w := posterior(r, n, d)) * r.exponential(size=(n, 1)), w)),
    "a vector not normalised": ("normalised", "The entries of `y` do not sum to one", lambda r, n, d: ((w := r.dirichlet(np.ones(n))) * 3.3, w)),
    "columns normalised": ("other_axis", "The columns of `y` sum to one where the rows should.", wrong_axis),
    "rows normalised": ("other_axis", "The rows of `y` sum to one where the columns should.", lambda r, n, d: tuple(a.T for a in wrong_axis(r, n, d))),
    "permuted": ("permuted", "another order", lambda r, n, d: ((w := r.normal(size=(4, n)))[[1, 0, 3, 2]], w)),
    "shifted": ("shifted", "shifted by one place", lambda r, n, d: (np.roll(w := r.normal(size=n), 1), w)),
    "a term too few": ("offset", "`y` is too large by half of log(2 pi) times the number of entries of `X`.", lambda r, n, d: ((w := r.normal(size=n)) + n * d * PI, w)),
    "n log K": ("offset", "`y` is too small by the number of rows of `X` times the logarithm of the number of columns of `X`.", lambda r, n, d: ((w := -1388.0817) - n * math.log(d), w)),
    "one too many": ("offset", "`y` is too large by one.", lambda r, n, d: ((w := r.integers(0, 4, size=10 * n)) + 1, w)),
    "single precision": ("precision", "single precision only (float32)", lambda r, n, d: (((w := r.normal(size=(n, d))) * (1 + 3e-6)).astype(np.float32), w)),
    "half precision": ("precision", "half precision only (float16)", lambda r, n, d: ((w := r.normal(size=(n, d))).astype(np.float16), w)),
    "the sum for an array": ("number", "the sum of the wanted entries", lambda r, n, d: ((w := r.normal(size=n)).sum(), w)),
    "the mean for an array": ("number", "the mean of the wanted entries", lambda r, n, d: (float((w := r.normal(size=n)).mean()), w)),
    "an entry for an array": ("number", "what every entry should be", lambda r, n, d: (0.7231123, np.full(n, 0.7231123))),
    "where NaN": ("missing", "`y` is right except where `X` is NaN.", lambda r, n, d: with_holes(r, 10 * n, d)),
}  # fmt: skip
SIZES = [(7, 3), (12, 5), (40, 3), (250, 2)]


def made(name, n, d, seed=0):
    rng = rng_of([seed, n, d])
    got, want, *X = Y[name][2](rng, n, d)
    return got, want, {"X": X[0] if X else np.ones((n, d)), "other": 3}


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("name", Y)
def test_a_relation_is_recognised(name, n, d):
    got, want, args = made(name, n, d)
    first = [clue for clue in clues(got, want, args, Rules(("y",))) if Y[name][1] in clue.what]
    if name == "by columns" and d == 2:
        assert ids(got, want, args) == ["factor", "factor", "unbiased"]
        return
    assert [clue.id for clue in first] == [Y[name][0]]
    assert first[0].path == "y"
    assert first[0].look.endswith(".")


@pytest.mark.parametrize("name", Y)
def test_a_near_miss_is_none(name):
    got, want, args = made(name, 12, 5)
    got = np.array(got) if np.asarray(got).dtype.kind == "b" else np.array(got, float)
    if got.size == 1:
        got = got * (1 + 3e-6)
    elif got.dtype.kind == "b":
        got.flat[3] ^= True
    else:
        got.flat[np.arange(got.size) % 5 == 2] *= 1.003
        got.flat[0] += 0.01
    assert says(got, want, args) == []


@pytest.mark.parametrize("name", [name for name in Y if name not in {"permuted", "where NaN", "an entry for an array"}])
def test_half_of_the_entries_is_none(name):
    got, want, args = made(name, 12, 5)
    got, want = np.asarray(got), np.asarray(want)
    if got.shape == want.shape and got.ndim:
        half = np.arange(got.size).reshape(got.shape) % 2 == 0
        assert says(np.where(half, got, want), want, args) == []


@pytest.mark.parametrize("name", Y)
def test_what_is_right_has_no_clue(name):
    _, want, args = made(name, 12, 5)
    assert clues(want, want, args, Rules(("y",))) == ()


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("tolerance", [{}, LOOSE, {"y": Tolerance(atol=1e-2)}])
def test_random_values_have_no_clue(seed, tolerance):
    rng, rules = rng_of(seed), Rules(("y",), tolerance)
    n, d = rng.integers(1, 12, size=2)
    args = {"X": rng.normal(size=(n, d)), "K": int(rng.integers(1, 6)), "labels": rng.integers(0, 3, size=n)}
    shape = [(), (n,), (n, d), (d, d), (3, 2, 2)][seed % 5]
    for _ in range(10):
        want = rng.normal(size=shape)
        wrong = [
            rng.normal(size=shape), want + rng.normal(size=shape), want * rng.exponential(size=shape),
            want * (1 + 1e-3 * rng.normal(size=shape)), np.where(rng.random(shape) < 0.3, rng.normal(size=shape), want),
            np.zeros(shape), np.ones(shape), np.full(shape, np.nan), rng.normal(size=(d, n)), rng.normal(),
        ]  # fmt: skip
        assert [says(got, want, args, rules) for got in wrong] == [[]] * len(wrong)


@pytest.mark.parametrize("seed", range(60))
def test_random_values_that_are_few_and_coarse_have_no_clue(seed):
    rng = rng_of(seed)
    n, K = rng.integers(1, 7, size=2)
    args = {"X": rng.integers(0, 2, size=(n, 3)), "K": int(K)}
    for shape in [(), (n,), (n, K), (K, K)]:
        for top in (2, 3, 4):
            got, want = rng.integers(0, top, size=(2, *shape))
            assert says(got, want, args) == []
            assert says(got / 2, want / 2, args) == []


@pytest.mark.parametrize("seed", range(40))
def test_random_probabilities_have_no_clue(seed):
    rng = rng_of(seed)
    n, K = rng.integers(2, 12, size=2)
    got, want = posterior(rng, n, K), posterior(rng, n, K)
    wrong = [got, got.T, got / got.sum(axis=0), got * 3, np.log(got), got**2, np.full((n, K), 1 / K)]
    for one in wrong:
        assert says(one, want, {"X": rng.normal(size=(n, 2)), "K": int(K)}) == []


NO_EVIDENCE = {
    "two for one": (2.0, 1.0), "one for zero": (1, 0), "a half": (0.5, 0.25), "minus one": (-1.0, 1.0), "zeros": (np.zeros(50), np.ones(50)),
    "constant": (np.full((9, 9), 2.0), np.ones((9, 9))), "two ones": (np.array([0, 1]), np.array([1, 0])),
    "truths": (np.array([True, False]), np.array([False, True])), "infinite": (-np.inf, np.inf), "all zeros": (0.0, np.zeros(4)),
    "the single number for ones": (1.0, np.ones(4)),
    "within a loose tolerance": (1388.09 / 2, 1388.0817),
    "a fitted factor": (np.array([3.3 * 1.1, 2.2 * 1.1]), np.array([3.3, 2.2])),
    "two fitted numbers": (np.array([0.9, 0.3]), np.array([0.75, 0.25])),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_EVIDENCE)
def test_little_evidence_is_none(name):
    assert says(*NO_EVIDENCE[name], {"X": np.ones((50, 2))}) == []


def test_little_evidence_in_each_of_many_different_cases_is_enough():
    cases = [(2.0 * n, 1.0 * n, {}, Rules(("y",))) for n in range(1, 12)]
    assert [clue.what for clue in common(cases)] == ["`y` is twice what is wanted."]
    assert common([cases[0]] * 20) == ()


MIX = Rules(("mixture", "post", "ll"))


def mixture(rng, n, d, K):
    mix = Record("M", {"mu": rng.normal(size=(K, d)), "var": rng.exponential(size=K), "p": rng.dirichlet(np.ones(K))})
    return mix, posterior(rng, n, K), rng.normal() * 100


def of(mix, change):
    return Record(mix.name, {name: change(value) for name, value in mix.fields.items()})


def test_components_in_another_order_are_one_clue():
    mix, post, ll = mixture(rng_of(1), 30, 2, 4)
    got = (of(mix, lambda a: a[[2, 0, 1, 3]]), post[:, [2, 0, 1, 3]], ll)
    (clue,) = clues(got, (mix, post, ll), {}, MIX)
    assert (clue.id, clue.path) == ("permuted", "")
    assert clue.what == (
        "`mixture.mu`, `mixture.var`, `mixture.p` and `post` have the right entries, but in another order."
    )


def test_components_in_orders_that_differ_are_none():
    mix, post, ll = mixture(rng_of(1), 30, 2, 4)
    assert clues((of(mix, lambda a: a[[2, 0, 1, 3]]), post[:, [1, 0, 2, 3]], ll), (mix, post, ll), {}, MIX) == ()


def test_components_that_may_come_in_another_order_are_aligned_first():
    mix, post, ll = mixture(rng_of(1), 30, 2, 4)
    rules = Rules(MIX.returns, permute={"mixture.mu": 0, "mixture.var": 0, "mixture.p": 0, "post": 1})
    order = [2, 0, 1, 3]
    moved = of(mix, lambda a: a[order])
    assert clues((moved, post[:, order], ll), (mix, post, ll), {}, rules) == ()
    assert [c.what for c in clues((moved, post[:, order], 2 * ll), (mix, post, ll), {}, rules)] == [
        "`ll` is twice what is wanted."
    ]


def test_parts_with_different_relations_have_a_clue_each():
    mix, post, ll = mixture(rng_of(2), 30, 2, 4)
    some = clues((mix, post.T, 2 * ll), (mix, post, ll), {}, MIX)
    assert [(clue.id, clue.path) for clue in some] == [("transposed", "post"), ("factor", "ll")]


def test_a_part_that_nothing_explains_leaves_none():
    mix, post, ll = mixture(rng_of(2), 30, 2, 4)
    assert clues((mix, post.T, 1.1 * ll), (mix, post, ll), {}, MIX) == ()
    assert clues((mix, post.T, "x"), (mix, post, ll), {}, MIX) == ()


def test_everything_halved_is_one_clue():
    mix, post, ll = mixture(rng_of(2), 30, 2, 4)
    (clue,) = clues((of(mix, lambda a: a / 2), post / 2, ll / 2), (mix, post, ll), {}, MIX)[:1]
    assert clue.what == "`mixture.mu`, `mixture.var`, `mixture.p`, `post` and `ll` are half of what is wanted."


def test_parts_in_another_order():
    mix, post, ll = mixture(rng_of(3), 30, 2, 4)
    (clue,) = clues((mix, ll, post), (mix, post, ll), {}, MIX)
    assert (clue.id, clue.path) == ("swapped", "")
    assert clue.what == "The values are returned in another order: `mixture`, `ll`, `post`."
    pair = Rules(("low", "high"))
    assert [clue.id for clue in clues((7.31412, 2.15123), (2.15123, 7.31412), {}, pair)] == ["swapped"]
    assert clues((1.0, 2.0), (2.0, 1.0), {}, pair) == ()


def test_lists_where_the_rules_are_strict():
    want, strict = np.array([1.5, 2.25]), Rules(("y",), strict=True)
    assert says([1.5, 2.25], want, rules=strict) == ["`y` is in a list where an array is wanted."]
    assert says([3.0, 4.5], want, rules=strict) == []
    two = Rules(("a", "b"), strict=True)
    assert [clue.id for clue in clues([1.5, 2.5], (1.5, 2.5), {}, two)] == ["list"]


def test_shapes_alone():
    rules = Rules(("y",), shapes_only=True)
    assert says(np.ones((3, 5)), np.zeros((5, 3)), rules=rules) == ["`y` is transposed."]
    assert says(np.ones((3, 4)), np.zeros((5, 3)), rules=rules) == []


def test_rows_in_which_an_argument_lacks_an_entry():
    rng = rng_of(4)
    X = rng.normal(size=(60, 3))
    X[::6, 1] = np.nan
    want = rng.normal(size=(60, 2))
    got = want + np.isnan(X).any(axis=1)[:, None] * rng.normal(size=(60, 2))
    assert says(got, want, {"X": X}) == ["`y` is right except in the rows in which `X` has an entry that is NaN."]
    got[1, 0] += 1
    assert says(got, want, {"X": X}) == []


def test_sizes_of_records_and_whole_numbers_are_named():
    rng = rng_of(5)
    want = rng.normal(size=9)
    args = {"mixture": Record("M", {"mu": np.ones((3, 2))}), "K": 7}
    assert says(want * 3, want, args)[0].endswith("multiplied by the number of rows of `mixture.mu`.")
    assert says(want * 7, want, args) == ["`y` is multiplied by `K`."]


def test_a_clue_holds_in_all_cases_that_failed():
    rng = rng_of(6)
    wants = rng.normal(size=(3, 8))
    rules = Rules(("y",))
    half = [(want / 2, want, {}, rules) for want in wants]
    right = (wants[0], wants[0], {}, rules)
    assert [clue.id for clue in common([*half, right])] == ["factor"]
    assert common([*half, (wants[0] / 3, wants[0], {}, rules)]) == ()
    assert common([*half, (2 * wants[0], wants[0], {}, rules)]) == ()
    assert common([right]) == common([]) == ()


def test_cases_tell_sizes_apart_that_are_equal_in_one():
    rng = rng_of(7)
    want = rng.normal(size=8)
    cases = [(want * n, want, {"X": np.ones((n, d))}, Rules(("y",))) for n, d in ((6, 6), (9, 4))]
    assert len(common(cases[:1])) == 2
    assert [clue.what for clue in common(cases)] == ["`y` is multiplied by the number of rows of `X`."]


def test_parts_that_fail_in_different_cases():
    mix, post, ll = mixture(rng_of(8), 30, 2, 4)
    cases = [(got, (mix, post, ll), {}, MIX) for got in ((mix, post, 2 * ll), (mix, post.T, ll), (mix, post, ll))]
    assert [(clue.id, clue.path) for clue in common(cases)] == [("factor", "ll"), ("transposed", "post")]
    swapped = ((mix, ll, post), (mix, post, ll), {}, MIX)
    assert common([*cases, swapped]) == ()


RAGGED = [[1.0], [1.0, 2.0]]
HOSTILE = [
    None, "text", b"x", True, np.nan, np.inf, -np.inf, 2**70, -(2**64), [2**70, 1], 1e308, 5e-324, RAGGED, [], (), {}, {"a": 1}, Opaque("generator"),
    Record("M", {}), Record("M", {"mu": None}), 1 + 2j, np.array([]), np.zeros((0, 3)), np.zeros((5, 0)), np.full((6, 3), np.nan), np.full((6, 3), np.inf),
    np.full((6, 3), 1e308), np.full((6, 3), 1 + 1j), np.zeros((6, 3), bool), np.zeros((6, 3), np.uint8), np.zeros((3, 6), np.int8), np.zeros((1,) * 20),
    np.full((6, 3), 5e-324), [[1.0, "a"]], ([],) * 3, (None, np.nan, RAGGED), np.float16(1), [[True]], np.full((6, 3), 2**63, np.uint64),
]  # fmt: skip
WANTED = [
    1.5, 3, True, "a", None, np.ones((6, 3)), np.zeros((0, 3)), np.full((6, 3), np.nan), np.full((6, 3), np.inf), np.ones(6, int), [1.5, "a"],
    {"a": 1.5}, np.zeros((6, 3), bool), np.ones((6, 3)) * 1j, Record("M", {"mu": np.ones((6, 3))}), posterior(rng_of(0), 6, 3), np.zeros((2, 2, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("got", HOSTILE, ids=lambda value: str(value)[:20].replace("\n", " "))
def test_whatever_comes_is_taken(got, strict):
    args = {"X": np.full((6, 3), np.nan), "K": 3, "who": "a", "M": Record("M", {"mu": got}), "got": got}
    for want in WANTED:
        moved = {"y": 0} if np.ndim(want) and isinstance(want, np.ndarray) else {}
        close = {"y": Tolerance(decimals=3, nan_equal=True)}
        for more in (
            {"strict": strict},
            {"strict": strict, "shapes_only": True},
            {"tolerance": close, "permute": moved},
        ):
            assert all(isinstance(clue, Clue) for clue in clues(got, want, args, Rules(("y",), **more)))
        for value in (got, (got, got), (want, got), (got, want), [got, want]):
            found = clues(value, (want, want), args, Rules(("y", "z"), strict=strict))
            assert all(isinstance(clue, Clue) for clue in found)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150)
@given(got=plain, want=st.sampled_from(WANTED))
def test_whatever_hypothesis_thinks_of_is_taken(got, want):
    found = [*clues(got, want, {"X": got}, Rules(("y",))), *clues(got, (want, want), {"X": got}, Rules(("y", "z")))]
    assert all(isinstance(clue, Clue) for clue in found)


@settings(max_examples=300)
@given(got=st.floats(allow_nan=False), want=st.floats(-1e6, 1e6).filter(lambda x: x != 0))
def test_one_number_that_hypothesis_thinks_of(got, want):
    found = ids(got, want, {"X": np.ones((17, 5))}, Rules(("y",), {"y": Tolerance(rtol=1e-3)}))
    named = [-want, 2 * want, want / 2, want * 17, want / 17, want * 5, want / 5]
    assert not found or not compare(got, want, Rules(("y",))) or min(abs(got - one) for one in named) < abs(want)


@pytest.mark.parametrize(
    "relation", [lambda w: w * 1.1, lambda w: 2 * w, lambda w: w + 1e-3 * (w > 0), lambda w: w.T.reshape(w.shape)]
)
def test_large_arrays_take_a_few_comparisons(relation):
    want = rng_of(0).normal(size=(2**11, 2**11))
    got, rules = relation(want), Rules(("y",))
    start = time.perf_counter()
    compare(got, want, rules)
    once = time.perf_counter() - start
    clues(got, want, {"X": want}, rules)
    assert time.perf_counter() - start < 12 * once + 0.5
