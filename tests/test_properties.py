"""Properties: what keeps one passes, what breaks it is told with where and how much, and no value does any harm."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from grader.compare import Rules, compare
from grader.laws import Law, comparable
from grader.model import Part
from grader.properties import KEYS, KINDS, Check, Property, Seen, Violation
from grader.rounds import FURTHER, round_that_matches, stopped
from grader.sandbox.values import Opaque, Record
from grader.seen import LackError, same
from grader.tolerances import Tolerance
from tests.conftest import in_short

A = np.array
NAN, INF = np.nan, np.inf


ADAPTER = TypeAdapter(Property)


def prop(**keys):
    return ADAPTER.validate_python(keys)


def steps(**keys):
    return prop(over="steps", **keys)


X = np.arange(12.0).reshape(4, 3)
MIXTURE = Record("Mixture", {"mu": np.ones((2, 3)), "var": A([0.5, 0.25]), "p": A([0.5, 0.5])})
ARGS = {"X": X, "mixture": MIXTURE, "floor": 0.25, "K": 2, "name": "toy", "none": None}
GAPS = A([[1.0, NAN], [0.0, 4.0]])


def broken(keys, value, returns=("y",), after=None, **args):
    return prop(**keys).broken(Seen({**ARGS, **args}, value, returns, after))


# --- of one value ----------------------------------------------------------------------------------------------------

ROWS, COLUMNS, IN = {"rows_sum_to": 1, "of": "y"}, {"columns_sum_to": 1, "of": "y"}, {"entries_in": [0, 1], "of": "y"}
LEAST, FLOOR = {"at_least": 0.25, "of": "y"}, {"at_least": "floor", "of": "y"}
KEEPS, ZEROS = {"keeps": "gaps", "in": "y"}, {"keeps": "gaps", "in": "y", "missing": 0}
SHAPE = {"shape": ["X.0", "mixture.mu.0"], "of": "y"}


def dtype(name):
    return {"dtype": name, "of": "y"}


def shape(*lengths):
    return {"shape": list(lengths), "of": "y"}


KEPT = {
    "rows": (ROWS, A([[0.5, 0.5], [1.0, 0.0]])),
    "rows within the default tolerance": (ROWS, A([[0.5, 0.5 + 9e-7]])),
    "rows that are exact": ({**ROWS, "atol": 0}, A([[0.5, 0.5]])),
    "rows within a tolerance": ({**ROWS, "atol": 0.1}, A([[0.5, 0.55]])),
    "rows with another sum": ({"rows_sum_to": 0, "of": "y"}, A([[-1.0, 1.0]])),
    "rows of a list": (ROWS, [[0.5, 0.5], [1, 0]]),
    "rows of whole numbers": (ROWS, A([[0, 1], [1, 0]])),
    "rows of truths": (ROWS, A([[False, True]])),
    "rows of half precision": (ROWS, A([[0.5, 0.5]], dtype=np.float16)),
    "rows of a stack": (ROWS, np.full((2, 3, 4), 0.25)),
    "one row": (ROWS, A([0.5, 0.25, 0.25])),
    "columns": (COLUMNS, A([[0.5, 1.0], [0.5, 0.0]])),
    "columns of a stack": (COLUMNS, np.full((2, 4, 3), 0.25)),
    "entries at the ends": (IN, A([0.0, 1.0, 0.5])),
    "entries within the default tolerance": (IN, A([-1e-10, 1 + 1e-10])),
    "entries that are exact": ({**IN, "atol": 0}, A([0.0, 1.0])),
    "entries that are all one": ({"entries_in": [1, 1], "of": "y"}, A([1.0])),
    "entries within a tolerance": ({**IN, "atol": 0.1}, A([-0.05, 1.05])),
    "a number": (IN, 0.5),
    "entries below an infinite end": ({"entries_in": [0, INF], "of": "y"}, A([1e300, INF, 0])),
    "log-probabilities": ({"entries_in": [-INF, 0], "of": "y"}, A([-INF, -1.0])),
    "at least a number": (LEAST, A([0.25, 3.0])),
    "at least an argument": (FLOOR, A([0.25, 3.0])),
    "at least, and infinite": (LEAST, A([INF])),
    "what is known is kept": (KEEPS, A([[1.0, 7.0], [0.0, 4.0]])),
    "zeros may be filled": (ZEROS, A([[1.0, 7.0], [9.0, 4.0]])),
    "float": (dtype("float"), A([1.0], dtype=np.float32)),
    "float64": (dtype("float64"), A([1.0])),
    "a float": (dtype("float64"), 1.0),
    "a list of floats": (dtype("float64"), [1.0]),
    "int": (dtype("int"), A([1], dtype=np.uint8)),
    "bool": (dtype("bool"), A([True])),
    "complex": (dtype("complex"), 1j),
    "empty, and of its type": (dtype("float"), A([])),
    "shape of arguments": (SHAPE, np.zeros((4, 2))),
    "shape of numbers": (shape(2, 0), np.zeros((2, 0))),
    "shape of an argument that is a number": (shape("K", 3), np.zeros((2, 3))),
    "shape of a number": (shape(), 3.0),
    "shape of a list": (shape(2, 1), [[1], [2]]),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_value_keeps(name):
    keys, value = KEPT[name]
    assert broken(keys, value, gaps=GAPS) is None


BROKEN = {
    "rows": (ROWS, A([[0.5, 0.5], [0.5, 0.0], [0.9, 0.0]]), "`y`: 2 of 3 rows do not sum to 1: divide by the sum.", "Row 1 sums to 0.5."),
    "a row": (ROWS, A([[0.5, 0.5], [0.5, 0.0]]), "`y`: 1 of 2 rows does not sum to 1: divide by the sum.", "Row 1 sums to 0.5."),
    "rows just outside the tolerance": (ROWS, A([[0.5, 0.5 + 2e-6]]), "`y`: 1 of 1 rows does not sum to 1: divide by the sum.", "Row 0 sums to 1.000002."),
    "rows where columns do": (ROWS, A([[0.5, 1.0], [0.5, 0.0]]), "`y`: 2 of 2 rows do not sum to 1, but the columns do.", "Row 0 sums to 1.5."),
    "rows where columns do exactly": ({**ROWS, "atol": 0}, A([[1.0, 0.0], [0.0, 0.5], [0.0, 0.5]]), "`y`: 2 of 3 rows do not sum to 1, but the columns do.", "Row 1 sums to 0.5."),
    "rows with another sum": ({"rows_sum_to": 0, "of": "y"}, A([[1.0, 1.0]]), "`y`: 1 of 1 rows does not sum to 0.", "Row 0 sums to 2."),
    "rows of NaN": (ROWS, A([[9.0], [NAN]]), "`y`: 2 of 2 rows do not sum to 1: divide by the sum.", "Row 1 sums to nan."),
    "rows of infinities": (ROWS, A([[INF, -INF]]), "`y`: 1 of 1 rows does not sum to 1: divide by the sum.", "Row 0 sums to nan."),
    "rows too large": (ROWS, A([[1e308, 1e308]]), "`y`: 1 of 1 rows does not sum to 1: divide by the sum.", "Row 0 sums to inf."),
    "rows without entries": (ROWS, np.zeros((3, 0)), "`y` has no entries.", "Its shape is (3, 0)."),
    "no rows": (ROWS, np.zeros((0, 3)), "`y` has no entries.", "Its shape is (0, 3)."),
    "a number for rows": (ROWS, 1.0, "`y` has no rows.", "Its shape is ()."),
    "one row": (ROWS, A([0.5, 0.25]), "`y` does not sum to 1: divide by the sum.", "It sums to 0.75."),
    "a row of a stack": (ROWS, A([[[1.0], [1.0]], [[1.0], [3.0]]]), "`y`: 1 of 4 rows does not sum to 1: divide by the sum.", "Row [1, 1] sums to 3."),
    "columns": (COLUMNS, A([[0.5, 1.0], [0.5, 1.0]]), "`y`: 1 of 2 columns does not sum to 1: divide by the sum.", "Column 1 sums to 2."),
    "columns where rows do": (COLUMNS, A([[0.5, 0.5], [1.0, 0.0]]), "`y`: 2 of 2 columns do not sum to 1, but the rows do.", "Column 0 sums to 1.5."),
    "one row for columns": (COLUMNS, A([1.0]), "`y` has no columns.", "Its shape is (1,)."),
    "complex rows": (ROWS, A([[1 + 0j]]), "`y` has complex numbers.", ""),
    "an entry below": (IN, A([[0.5, -0.1]]), "`y`: 1 of 2 entries is outside [0, 1].", "Entry [0, 1] is -0.1."),
    "entries below and above": (IN, A([0.5, -0.1, 7.0]), "`y`: 2 of 3 entries are outside [0, 1].", "Entry 2 is 7."),
    "entries just outside the tolerance": (IN, A([1 + 2e-9]), "`y`: 1 of 1 entries is outside [0, 1].", "Entry 0 is 1.000000002."),
    "entries that are NaN": (IN, A([0.5, NAN, 7.0]), "`y`: 2 of 3 entries are outside [0, 1] (1 NaN).", "Entry 1 is nan."),
    "entries that are infinite": (IN, A([INF, -INF]), "`y`: 2 of 2 entries are outside [0, 1].", "Entry 0 is inf."),
    "NaN among what may be infinite": ({"entries_in": [-INF, INF], "of": "y"}, A([NAN, 1]), "`y`: 1 of 2 entries is outside [-inf, inf] (1 NaN).", "Entry 0 is nan."),
    "infinite at the wrong end": ({"entries_in": [-INF, 0], "of": "y"}, A([-INF, INF]), "`y`: 1 of 2 entries is outside [-inf, 0].", "Entry 1 is inf."),
    "a number outside": (IN, 3, "`y` is outside [0, 1].", "It is 3."),
    "a number that is NaN": (IN, NAN, "`y` is outside [0, 1] (1 NaN).", "It is nan."),
    "no entries": (IN, [], "`y` has no entries.", "Its shape is (0,)."),
    "less than a number": (LEAST, A([0.2, 0.1, 3.0]), "`y`: 2 of 3 entries are not at least 0.25.", "Entry 1 is 0.1."),
    "less than an argument": (FLOOR, A([0.2, 3.0]), "`y`: 1 of 2 entries is not at least `floor`.", "Entry 0 is 0.2."),
    "not at least, but NaN": (LEAST, A([0.1, NAN]), "`y`: 2 of 2 entries are not at least 0.25 (1 NaN).", "Entry 1 is nan."),
    "less by the last digit": (LEAST, A([np.nextafter(0.25, 0)]), "`y`: 1 of 1 entries is not at least 0.25.", "Entry 0 is 0.25."),
    "less, and infinitely so": (LEAST, -INF, "`y` is not at least 0.25.", "It is -inf."),
    "what is known": (KEEPS, A([[1.0, 7.0], [9.0, 4.0]]), "`y`: 1 of 4 entries differs from what is known in `gaps`: fill only what is missing.", "Entry [1, 0] is 9, not 0."),
    "what is known beside zeros": (ZEROS, A([[2.0, 7.0], [9.0, NAN]]), "`y`: 2 of 4 entries differ from what is known in `gaps`: fill only what is missing.", "Entry [0, 0] is 2, not 1."),
    "another shape than what is known": (KEEPS, A([1.0]), "`y` does not have the shape of `gaps`.", "Its shape is (1,), not (2, 2)."),
    "single precision for float64": (dtype("float64"), A([1.0], dtype=np.float32), "`y` is float32, not float64.", ""),
    "whole numbers for float": (dtype("float"), A([1], dtype=np.int64), "`y` is int64, not float.", ""),
    "truths for int": (dtype("int"), True, "`y` is bool, not int.", ""),
    "complex for float": (dtype("float"), 1j, "`y` is complex128, not float.", ""),
    "another shape": (SHAPE, np.zeros((4, 3)), "`y` does not have the shape (X.0, mixture.mu.0).", "Its shape is (4, 3), not (4, 2)."),
    "transposed": (SHAPE, np.zeros((2, 4)), "`y` does not have the shape (X.0, mixture.mu.0): transposed?", "Its shape is (2, 4), not (4, 2)."),
    "a column": (shape("X.0"), np.zeros((4, 1)), "`y` does not have the shape (X.0,).", "Its shape is (4, 1), not (4,)."),
    "an array for a number": (shape(), A([1.0]), "`y` does not have the shape ().", "Its shape is (1,), not ()."),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_value_breaks(name):
    keys, value, told, values = BROKEN[name]
    assert broken(keys, value, gaps=GAPS) == Violation("y", told, values)


OF_ONE = {
    "rows": ROWS,
    "columns": COLUMNS,
    "in": IN,
    "least": LEAST,
    "keeps": KEEPS,
    "dtype": dtype("float"),
    "shape": shape(1),
}
NOT_NUMBERS = {
    "nothing": (None, "`y` is not there."),
    "a text": ("0.5", "`y` is not made of numbers alone: it is a text."),
    "a ragged list": ([[1.0], [1.0, 2.0]], "`y` is not made of numbers alone: it is a list."),
    "a text among numbers": ([1.0, "x"], "`y` is not made of numbers alone: it is a list."),
    "a huge number": (10**400, "`y` is not made of numbers alone: it is a number."),
    "what does not cross": (Opaque("generator"), "`y` is not made of numbers alone: it is a generator."),
    "a dict": ({"a": 1}, "`y` is not made of numbers alone: it is a dict."),
    "a record": (MIXTURE, "`y` is not made of numbers alone: it is a Mixture."),
}


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("keys", OF_ONE)
def test_what_has_no_numbers_breaks_every_property_of_numbers(keys, value):
    got, told = NOT_NUMBERS[value]
    assert broken(OF_ONE[keys], got, gaps=GAPS) == Violation("y", told)


def test_a_part_is_found_by_its_path_in_what_is_returned_or_else_in_the_arguments():
    returned = Record("Mixture", {"var": A([1.0])})
    seen = Seen(ARGS, (returned, 3.0), ("mixture", "ll"))
    assert seen.part("mixture") is returned
    assert seen.part("mixture.var") == A([1.0])
    assert seen.part("ll") == 3.0
    assert seen.part("X") is X
    assert [seen.part(path) for path in ("mixture.mu", "mixture.var.x", "nobody", "ll.x", "none.x")] == [None] * 5
    assert Seen(ARGS, 3.0, ("mixture", "ll")).part("mixture.var") is None  # it is not that of the argument
    assert Seen(ARGS, [1, 2], ("a", "b")).part("b") == 2
    assert Seen(ARGS, Record("T", {"one": 1, "two": 2}), ("a", "b")).part("b") == 2


SPEC_MISTAKES = {
    "at least what is no argument": ({"at_least": "nobody", "of": "y"}, "there is no argument `nobody`"),
    "at least what is no number": ({"at_least": "X", "of": "y"}, "`X` is not a number"),
    "at least a text": ({"at_least": "name", "of": "y"}, "`name` is not made of numbers"),
    "a shape of no argument": (shape("nobody.0"), "there is no argument `nobody`"),
    "a shape of no part": (shape("mixture.nu.0"), "there is no argument `mixture.nu`"),
    "a shape of no axis": (shape("X.2"), "`X` has no axis 2"),
    "a shape of an array": (shape("X"), "`X` is not a whole number: for a length of it write X.0"),
    "a shape of a float": (shape("floor"), "`floor` is not a whole number: for a length of it write floor.0"),
    "keeps no argument": ({"keeps": "nobody", "in": "y"}, "there is no argument `nobody`"),
    "keeps a text": ({"keeps": "name", "in": "y"}, "`name` is not made of numbers"),
    "no argument unchanged": ({"unchanged": "nobody"}, "there is no argument `nobody`"),
}


@pytest.mark.parametrize("name", SPEC_MISTAKES)
def test_an_argument_that_is_not_as_the_spec_has_it_is_no_fault_of_the_student(name):
    keys, message = SPEC_MISTAKES[name]
    with pytest.raises(LackError, match=f"^{re.escape(message)}$"):
        broken(keys, A([1.0]), after=ARGS)


@pytest.mark.parametrize(
    ("keys", "unknown"),
    [
        (ROWS, []),
        ({"rows_sum_to": 1, "of": "posd"}, ["posd"]),
        ({"rows_sum_to": 1, "of": "X"}, []),
        ({"at_least": "y", "of": "y"}, ["y"]),
        ({"shape": ["Z.0", "mixture.mu.1", 3], "of": "z.a"}, ["z.a", "Z"]),
        ({"keeps": "Z", "in": "W"}, ["W", "Z"]),
        ({"unchanged": ["X", "y"]}, ["y"]),
        ({"permute": {"X": 0, "Z": 0}, "of": "W"}, ["Z", "W"]),
        ({"duplicate": {"X": 0}, "doubles": "z"}, ["z"]),
        ({"non_decreasing": "ll", "over": "steps"}, ["ll"]),
        ({"stops_when": "y", "rtol": 0.1, "over": "steps"}, []),
        ({"check": "f"}, []),
    ],
)
def test_names_that_are_neither_arguments_nor_returned_can_be_told_beforehand(keys, unknown):
    assert prop(**keys).unknown(list(ARGS), ["y"]) == unknown


# --- arguments left as they were -------------------------------------------------------------------------------------


def changed(name, value):
    return {**ARGS, name: value}


UNCHANGED = {
    "the same": ARGS,
    "equal": changed("X", X.copy()),
    "another that is not named": changed("floor", 3.0),
    "NaN as it was": changed("gaps", GAPS.copy()),
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_arguments_are_left_alone(name):
    after = {"gaps": GAPS, **UNCHANGED[name]}
    assert broken({"unchanged": ["X", "mixture", "gaps"]}, None, after=after, gaps=GAPS) is None


CHANGED = {
    "an entry": ("X", np.where(X == 5, 50, X), "X", "Entry [1, 2] was 5 and is now 50."),
    "an entry that was NaN": ("gaps", np.nan_to_num(GAPS), "gaps", "Entry [0, 1] was nan and is now 0."),
    "a shape": ("X", X.T, "X", ""),
    "a number": ("floor", 3.0, "floor", "It was 0.25 and is now 3."),
    "a part": (
        "mixture",
        Record("M", {**MIXTURE.fields, "p": A([0.5, 0.6])}),
        "mixture.p",
        "Entry 1 was 0.5 and is now 0.6.",
    ),
    "a record": ("mixture", Record("M", {}), "mixture", ""),
    "a kind": ("X", "X", "X", ""),
    "a text": ("name", "x", "name", ""),
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_argument_that_is_changed_is_told(name):
    argument, value, path, values = CHANGED[name]
    found = broken({"unchanged": argument}, None, after={"gaps": GAPS, **changed(argument, value)}, gaps=GAPS)
    assert found == Violation(path, f"`{path}` was changed in place: work on a copy.", values)


@pytest.mark.parametrize("after", [None, {}, {"X": None}])
def test_that_an_argument_is_left_alone_is_not_taken_on_trust(after):
    assert broken({"unchanged": "X"}, None, after=after) == Violation(
        "X", "It cannot be told whether `X` was left as it was."
    )


SAME = [
    (1, 1.0), (A([1, 2]), [1.0, 2.0]), (NAN, NAN), ("a", "a"), (None, None), (True, np.True_),
    (MIXTURE, Record("Other", dict(MIXTURE.fields))), ({"a": [X, "b"]}, {"a": (X, "b")}), (10**400, 10**400),
]  # fmt: skip
OTHERS = [
    (1, 2), (A([1, 2]), A([1, 3])), (A([1]), A([[1]])), (A([1, 1]), A([1])), ("a", "b"), ("1", 1), (None, 0), (NAN, 0),
    (MIXTURE, Record("Mixture", {})), ({"a": 1}, {"b": 1}), (["a"], ["a", "b"]), (10**400, 10**401), (X, None), ({}, []),
    (A(["a"]), A(["a"])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "equal"), [(*pair, True) for pair in SAME] + [(*pair, False) for pair in OTHERS]
)
def test_same_is_what_is_equal_in_value(one, other, equal):
    assert same(one, other) is equal
    assert same(other, one) is equal


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "reference", "keeps"),
    [(0.2, 0.01, True), (0.21, 0.01, False), (0.02, 1e-6, True), (0.021, 1e-6, False), (NAN, 1, False)],
)
def test_a_call_takes_at_most_so_many_times_as_long(seconds, reference, keeps):
    assert (prop(at_most_times=20).broken_time(seconds, reference) is None) is keeps


def test_a_call_that_takes_too_long_is_told_with_its_time():
    told = "It takes more than 20 times as long as the reference: work on whole arrays."
    assert prop(at_most_times=20).broken_time(3, 0.01) == Violation("", told, "It took 3 s, the reference 0.01 s.")


# --- two calls -------------------------------------------------------------------------------------------------------
# a toy E-step: y (n, K) and its sum

RETURNS = ("post", "ll")
RULES = Rules(RETURNS)


def toy(args, wrong=lambda post, _: post):
    mu, X = args["mixture"].fields["mu"], np.asarray(args["X"])
    distance = np.square(X[:, None] - mu[None]).sum(-1) / args["mixture"].fields["var"]
    post = wrong(np.exp(-distance / 2), args)
    return post / post.sum(1, keepdims=True), float(distance.sum())


def components(post, args):
    return post * np.arange(1.0, post.shape[1] + 1)


def rows(post, args):
    return post + np.arange(len(post))[:, None]


def origin(post, args):
    return post + np.abs(np.asarray(args["X"])[:, :1])


RNG = np.random.default_rng(5)
CALL = {"X": RNG.random((5, 2)), "mixture": Record("M", {"mu": RNG.random((3, 2)), "var": A([1.0, 2.0, 3.0])})}
CALL_AS_LISTS = {**CALL, "X": CALL["X"].tolist()}
LAWS = {
    "permuted points": ({"permute": {"X": 0, "post": 0}}, rows),
    "permuted components": ({"permute": {"mixture.mu": 0, "mixture.var": 0, "post": 1}}, components),
    "a last axis": ({"permute": {"mixture.mu": 0, "mixture.var": -1, "post": -1}}, components),
    "shifted": ({"shift": {"X": 1.0, "mixture.mu": 1.0}}, origin),
    "scaled": ({"scale": {"X": 1, "mixture.mu": 1, "mixture.var": 2}}, origin),
    "scaled down": ({"scale": {"X": -3, "mixture.mu": -3, "mixture.var": -6}}, origin),
    "duplicated": ({"duplicate": {"X": 0, "post": 0}, "doubles": ["ll"]}, rows),
    "repeated": ({"deterministic": True}, lambda post, _: post + RNG.random()),
}


def judged(law, function, args=CALL):
    """Do what a caller does."""
    want = law.expected(function(args), args, RETURNS)
    if isinstance(want, Violation):
        return want
    again = law.compared(function(law.again(args)), want, RETURNS)
    return compare(again, want, RULES).problems


@pytest.mark.parametrize("args", [CALL, CALL_AS_LISTS], ids=["arrays", "lists"])
@pytest.mark.parametrize("name", LAWS)
def test_a_right_function_keeps_the_law_of(name, args):
    assert judged(prop(**LAWS[name][0]), toy, args) == ()


@pytest.mark.parametrize("name", LAWS)
def test_a_wrong_function_breaks_the_law_of(name):
    keys, wrong = LAWS[name]
    assert [problem.path for problem in judged(prop(**keys), lambda args: toy(args, wrong))] == ["post"]


@pytest.mark.parametrize("name", LAWS)
def test_only_the_parts_that_are_asked_for_are_held_to_the_law_of(name):
    keys, wrong = LAWS[name]
    assert judged(prop(**keys, of="ll"), lambda args: toy(args, wrong)) == ()
    assert len(judged(prop(**keys, of=["ll", "post"]), lambda args: toy(args, wrong))) == 1


def test_what_is_left_out_may_be_anything():
    law = prop(permute={"X": 0, "post": 0}, of="ll")
    for post in (None, Opaque("set"), "x", A([NAN]), 10**400):
        assert judged(law, lambda _, post=post: (post, 3.0)) == ()
    assert judged(law, lambda args: (None, args["X"][0, 0]))[0].path == "ll"


def test_a_part_of_a_part_can_be_held_to_a_law_alone():
    law, returns = prop(shift={"X": 1.0, "m.mu": 1.0}, of=["m.mu"]), ("m",)
    first = Record("M", {"mu": A([1.0]), "var": Opaque("set")})
    want = law.expected(first, {"X": X}, returns)
    assert want.fields["mu"] == A([2.5])
    for mu, problems in ((2.5, 0), (1.0, 1)):
        again = law.compared(Record("M", {"mu": A([mu]), "var": "other"}), want, returns)
        assert len(compare(again, want, Rules(returns)).problems) == problems
    for odd in (None, 3, Record("M", {})):
        assert compare(law.compared(odd, want, returns), want, Rules(returns)).problems[0].path == "m.mu"


@pytest.mark.parametrize(
    ("moved", "of", "result"),
    [("m", "m", 2.5), ("m.mu", "m", 2.5), ("m.mu", "m.mu", 2.5), ("m.mu", "m.var", None), ("m.mu", "ll", None)],
)
def test_what_is_held_to_a_law_may_hold_or_be_held_by_what_changes(moved, of, result):
    first = (1.0 if moved == "m" else Record("M", {"mu": 1.0, "var": 1.0}), 7.0)
    mixture, ll = prop(shift={"X": 1.0, moved: 1.0}, of=of).expected(first, {"X": X}, ("m", "ll"))
    assert (mixture.fields["mu"] if isinstance(mixture, Record) else mixture) == result
    assert ll == (7.0 if of == "ll" else None)


def test_a_second_call_that_returns_another_number_of_values_is_compared_as_it_is():
    law = prop(deterministic=True, of="ll")
    want = law.expected((1, 2), CALL, RETURNS)
    assert law.compared(3, want, RETURNS) == 3
    assert law.compared((1, 2, 3), want, RETURNS) == (1, 2, 3)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (2**63 - 1, True),
        (2**63, False),
        (-(2**63), True),
        (-(2**63) - 1, False),
        ({"a": [Opaque("x")]}, False),
        (Record("M", {"a": ("x", None)}), True),
        (A(["a"]), False),
    ],
)
def test_what_can_be_compared_is_known(value, fits):
    assert comparable(value) is fits


def test_the_second_call_has_other_arguments_and_leaves_the_first_ones_alone():
    for name, (keys, _) in LAWS.items():
        law = prop(**keys)
        before = {name: np.asarray(value).copy() for name, value in (("X", CALL["X"]), *CALL["mixture"].fields.items())}
        again = law.again(CALL)
        assert same(again, CALL) is (name == "repeated"), name
        assert same(law.again(CALL), again), name
        assert all(np.array_equal(before[name], {"X": CALL["X"], **CALL["mixture"].fields}[name]) for name in before)


def test_arguments_keep_their_kind():
    args = {
        "list": [1.0, 2.0],
        "number": 2.0,
        "whole": 3,
        "int": A([1, 2]),
        "half": A([1.0], dtype=np.float32),
        "scalar": np.float64(2),
    }
    again = prop(scale=dict.fromkeys(args, 1)).again(args)
    assert again == {
        **args,
        "list": [2.0, 4.0],
        "number": 4.0,
        "whole": 6,
        "int": pytest.approx([2, 4]),
        "half": A([2.0]),
        "scalar": 4.0,
    }
    assert [type(again[name]) for name in args] == [type(args[name]) for name in args]
    assert (again["int"].dtype, again["half"].dtype) == (np.int64, np.float32)
    assert prop(scale={"whole": -1}).again(args)["whole"] == 1.5
    assert prop(scale={"X": 1}).again({"X": A([1, 2**62])})["X"].dtype == np.float64  # they would not fit
    assert prop(shift={"X": 2.0}).again({"X": A([1, 2])})["X"].tolist() == [4.0, 5.0]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 40])
def test_permuting_always_changes_the_order(n):
    order = prop(permute={"X": 0}).again({"X": np.arange(n)})["X"]
    assert sorted(order) == list(range(n))
    assert list(order) != list(range(n))


WHEN = {
    "permuted points": "with `X` in another order",
    "permuted components": "with `mixture.mu`, `mixture.var` in another order",
    "shifted": "with a constant added to `X`, `mixture.mu`",
    "scaled": "with `X`, `mixture.mu`, `mixture.var` scaled by powers of two",
    "duplicated": "with `X` stacked twice",
    "repeated": "with the same arguments",
}


@pytest.mark.parametrize("name", WHEN)
def test_how_the_second_call_differs_is_said(name):
    assert prop(**LAWS[name][0]).when(CALL) == WHEN[name]


POINTS, STACKED = {"permute": {"X": 0, "post": 0}}, {"duplicate": {"X": 0, "post": 0}, "doubles": "ll"}
UNFIT = {
    "one value": (POINTS, 3.0, "", "It does not return 2 values: post, ll."),
    "nothing": (POINTS, None, "", "It does not return 2 values: post, ll."),
    "no such part": (POINTS, (None, 1.0), "post", "`post` is not there."),
    "a text": (POINTS, ("x", 1.0), "post", "`post` is not made of numbers alone."),
    "too few": (POINTS, (np.zeros((4, 3)), 1.0), "post", "`post` does not have 5 entries along axis 0, as `X` has."),
    "a number": (POINTS, (1.0, 1.0), "post", "`post` has no axis 0."),
    "a number for a stack": (STACKED, (1.0, 1.0), "post", "`post` has no axis 0."),
    "a text to be doubled": (STACKED, (np.zeros(5), "x"), "ll", "`ll` is not made of numbers alone."),
    "what cannot be compared": (POINTS, (np.zeros(5), [Opaque("set")]), "ll", "`ll` has what cannot be compared."),
    "a huge number": (POINTS, (np.zeros(5), 10**400), "ll", "`ll` has what cannot be compared."),
    "no part where nothing changes": (
        {"deterministic": True, "of": "post.mu"},
        (1, 2),
        "post.mu",
        "`post.mu` is not there.",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_first_value_that_cannot_be_held_to_a_law_breaks_it(name):
    keys, value, path, told = UNFIT[name]
    assert prop(**keys).expected(value, CALL, RETURNS) == Violation(path, told)


LAW_MISTAKES = {
    "none of the arguments": ({"permute": {"post": 0}}, "no argument would change: there is none of post"),
    "no part of an argument": ({"shift": {"mixture.nu": 1.0}}, "there is no argument `mixture.nu`"),
    "a text": ({"shift": {"name": 1.0}}, "`name` is not made of numbers"),
    "an axis that is not there": ({"permute": {"X": 2}}, "the argument `X` has no axis 2"),
    "an axis before the first": ({"duplicate": {"X": -3}}, "the argument `X` has no axis -3"),
    "lengths that differ": (
        {"permute": {"X": 0, "mixture.mu": 0}},
        "the argument `mixture.mu` does not have 5 entries along axis 0, as `X` has",
    ),
    "neither argument nor returned": ({"shift": {"X": 1.0, "Z": 1.0}}, "`Z` is neither an argument nor returned"),
    "held and not returned": ({"deterministic": True, "of": "Z"}, "`Z` is neither an argument nor returned"),
}


@pytest.mark.parametrize("name", LAW_MISTAKES)
def test_a_law_that_cannot_hold_of_the_arguments_is_a_mistake_of_the_spec(name):
    keys, message = LAW_MISTAKES[name]
    with pytest.raises(LackError, match=f"^{re.escape(message)}$"):
        prop(**keys).expected((np.zeros((5, 3)), 1.0), {**CALL, "name": "toy"}, RETURNS)


# --- over steps ------------------------------------------------------------------------------------------------------

UP, DOWN = steps(non_decreasing="ll"), steps(non_increasing="ll")


def of(*values, name="ll"):
    return [{name: value} for value in values]


RISES = {
    "rising": of(-3.0, -2.0, -2.0, 5), "alone": of(1.0), "rounding": of(-1000.0, -1000.0 - 1e-7, -999.0),
    "rounding at zero": of(0.0, -1e-10), "numpy's": of(np.float32(1), A([[2.0]]), A(3)),
}  # fmt: skip


@pytest.mark.parametrize("name", RISES)
def test_what_never_falls(name):
    assert UP.broken_series(RISES[name]) is None
    falling = [{"ll": -np.asarray(state["ll"])} for state in RISES[name]]
    assert DOWN.broken_series(falling) is None


FALLS = {
    "falls": (of(-3.0, -2.0, -2.5, -1.0), "`ll` falls in round 3, of 4 rounds.", "In round 3 it goes from -2 to -2.5."),
    "falls at once": (of(1, 0), "`ll` falls in round 2, of 2 rounds.", "In round 2 it goes from 1 to 0."),
    "falls twice": (of(1, 0, 5, 4), "`ll` falls in round 2 and in 1 round more, of 4 rounds.", "In round 2 it goes from 1 to 0."),
    "falls by more than rounding": (of(-1000.0, -1000.0 - 2e-6), "`ll` falls in round 2, of 2 rounds.", "In round 2 it goes from -1000 to -1000.000002."),
    "is NaN": (of(1, 2, NAN), "After round 3 `ll` is NaN or infinite.", ""),
    "is infinite": (of(-INF, 2), "After round 1 `ll` is NaN or infinite.", ""),
    "is an array": (of(1, A([1, 2])), "After round 2 `ll` is not a number.", ""),
    "is complex": (of(1j), "After round 1 `ll` is not a number.", ""),
    "is a truth": (of(True), "After round 1 `ll` is not a number.", ""),
    "is missing": ([{"ll": 1}, {}], "After round 2 `ll` is not a number.", ""),
    "has no rounds": ([], "There is no round in which to look at `ll`.", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FALLS)
def test_what_should_not_fall(name):
    series, told, values = FALLS[name]
    assert UP.broken_series(series) == Violation("ll", told, values)
    assert UP.broken(series, Seen({}, None, ("ll",)), Rules(("ll",))) == Violation("ll", told, values)


def test_what_should_not_rise():
    found = DOWN.broken_series(of(3, 2, 4, 1))
    assert found == Violation("ll", "`ll` rises in round 3, of 4 rounds.", "In round 3 it goes from 2 to 4.")


def test_rounding_is_what_the_spec_says():
    assert steps(non_decreasing="ll", rtol=0.1).broken_series(of(-10.0, -10.9)) is None
    assert steps(non_decreasing="ll", rtol=0.1).broken_series(of(-10.0, -11.1)) is not None
    assert steps(non_decreasing="ll", rtol=0.0).broken_series(of(1.0, 1.0 - 1e-15)) is not None


def test_a_series_of_a_part():
    assert (
        steps(non_decreasing="m.ll").broken_series(of(Record("M", {"ll": 2}), Record("M", {"ll": 1}), name="m")).path
        == "m.ll"
    )


GAINS, STAYS = steps(stops_when="ll", rtol=0.1), steps(stops_when="R", unchanged=True)
STOPS = {
    "little gained": (GAINS, of(-100.0, -50.0, -49.0, -48.9), 2),
    "in the second round at the earliest": (GAINS, of(-100.0, -100.0), 1),
    "just within": (GAINS, of(-11.0, -10.0), 1),
    "just without": (GAINS, of(-11.01, -10.0), None),
    "fallen": (GAINS, of(1.0, 2.0, 1.0), 2),
    "of the new value's size": (GAINS, of(9.05, 10.0, 11.1, 12.3), 1),
    "never": (GAINS, of(1.0, 2.0, 4.0), None),
    "one round": (GAINS, of(1.0), None),
    "no round": (GAINS, [], None),
    "not by what is not finite": (GAINS, of(1.0, INF, INF, NAN, NAN), None),
    "not by what is no number": (GAINS, of("x", "x", None, A([1, 1]), A([1, 1])), None),
    "not by what was no number": (GAINS, of(None, 1.0, "x", 1.0, 1.0), 4),
    "the same": (STAYS, of(A([0, 1]), A([1, 1]), A([1, 1]), name="R"), 2),
    "never the same": (STAYS, of(A([0, 1]), A([1, 1]), A([1.0, 1.1]), name="R"), None),
    "texts": (STAYS, of("a", "b", "b", name="R"), 2),
    "missing twice": (STAYS, [{}, {}], None),
}


@pytest.mark.parametrize("name", STOPS)
def test_the_last_round_by_the_rule(name):
    rule, series, last = STOPS[name]
    assert rule.round_of_stop(series) == last


SERIES = [
    {"mu": A([float(n), ll]), "ll": ll, "R": n >= 4}
    for n, ll in enumerate([-100.0, -50.0, -40.0, -36.0, -35.0, -34.5, -34.2])
]  # by the rule the last has index 4


def ran(n, **other):
    state = {**SERIES[n], **other}
    return Seen({}, (state["mu"], state["ll"]), ("mu", "ll"))


RULE = "the last is the first after which `ll` has risen by no more than 0.1 of its magnitude."


def test_a_loop_that_stops_in_time():
    assert GAINS.round_of_stop(SERIES) == 4
    assert stopped(SERIES, ran(4), Rules(("mu", "ll")), GAINS) is None
    assert GAINS.broken(SERIES, ran(4), Rules(("mu", "ll"))) is None


STOPPED = {
    "one early": (
        3,
        f"It stopped 1 round early: {RULE}",
        "It returned what round 4 gave, and round 5 is the last by the rule.",
    ),
    "four early": (
        0,
        f"It stopped 4 rounds early: {RULE}",
        "It returned what round 1 gave, and round 5 is the last by the rule.",
    ),
    "two late": (
        6,
        f"It stopped 2 rounds late: {RULE}",
        "It returned what round 7 gave, and round 5 is the last by the rule.",
    ),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_loop_that_stops(name):
    n, told, values = STOPPED[name]
    assert stopped(SERIES, ran(n), Rules(("mu", "ll")), GAINS) == Violation("ll", told, values)


def test_a_loop_by_what_stays_the_same():
    rule = steps(stops_when="R", unchanged=True)
    assert rule.round_of_stop(SERIES) == 1
    found = stopped(SERIES, ran(3), Rules(("mu", "ll")), rule)
    assert (
        found.told == "It stopped 2 rounds late: the last is the first after which `R` is what it was the round before."
    )


def test_a_loop_whose_rule_is_never_met_stopped_early():
    told = (
        "It stopped early: in 3 rounds there is none after which `ll` has risen by no more than 0.1 of its magnitude."
    )
    assert stopped(SERIES[:3], ran(2), Rules(("mu", "ll")), GAINS) == Violation(
        "ll", told, "It returned what round 3 gave."
    )


@pytest.mark.parametrize(
    "seen",
    [
        ran(4, ll=3.0),
        ran(4, mu=None),
        ran(4, mu=A([NAN, NAN])),
        Seen({}, 3.0, ("mu", "ll")),
        Seen({}, None, ("nobody",)),
    ],
    ids=["another number", "nothing", "NaN", "too few values", "names that no state has"],
)
def test_what_no_round_gave_is_told(seen):
    found = stopped(SERIES, seen, Rules(("mu", "ll")), GAINS)
    assert found == Violation("ll", "What it returns is the state after none of the 7 rounds that were looked at.")


@pytest.mark.parametrize(
    ("rule", "series", "told"),
    [
        (GAINS, [], "There is no round to look at."),
        (GAINS, of(1.0, "x"), "After round 2 `ll` is not a number."),
        (GAINS, [{}], "After round 1 `ll` is not there."),
        (STAYS, of(1, None, name="R"), "After round 2 `R` is not there."),
    ],
)
def test_a_rule_that_cannot_be_looked_at_is_told(rule, series, told):
    assert stopped(series, Seen({}, 1.0, ("ll",)), Rules(("ll",)), rule) == Violation(rule.stops_when, told)


def test_rounds_match_within_the_tolerances():
    near = Rules(("mu", "ll"), {"mu": Tolerance(atol=2), "ll": Tolerance(atol=1.2)})
    assert round_that_matches(SERIES, ran(4).value, ("mu", "ll"), near) == [3, 4, 5, 6]
    assert round_that_matches(SERIES, ran(4).value, ("mu", "ll"), Rules(("mu", "ll"))) == [4]
    assert stopped(SERIES, ran(3), near, GAINS) is None


def test_rounds_are_matched_by_what_they_have_and_by_values_alone():
    got = ([4, -35], -35.0, "how it went")
    rules = Rules(("mu", "ll", "log"), strict=True, shapes_only=True, permute={"mu": 0, "log": 0})
    assert round_that_matches(SERIES, got, rules.returns, rules) == [4]
    swapped = ([-35, 4], -35.0, "how it went")
    assert round_that_matches(SERIES, swapped, rules.returns, rules) == [4]
    assert round_that_matches([{"ll": Opaque("set")}, {"ll": 10**400}, {"ll": 1.0}], 1.0, ("ll",), Rules(("ll",))) == [
        2
    ]


def test_rounds_go_on_past_the_last_to_see_a_loop_that_does():
    series = of(*np.geomspace(1.0, 2.0, 100))
    ended = next(n for n in range(len(series)) if GAINS.ends(series[:n]))
    assert ended == GAINS.round_of_stop(series) + 1 + FURTHER
    assert not GAINS.ends([])
    assert not UP.ends(series)


# --- in a spec -------------------------------------------------------------------------------------------------------

GOOD = {
    "rows_sum_to": ROWS, "columns_sum_to": COLUMNS, "entries_in": IN, "at_least": LEAST, "dtype": dtype("float64"),
    "shape": SHAPE, "keeps": ZEROS, "unchanged": {"unchanged": "X"}, "permute": POINTS, "duplicate": STACKED,
    "shift": {"shift": {"X": 1}}, "scale": {"scale": {"X": 1}, "of": "ll"}, "deterministic": {"deterministic": True},
    "non_decreasing": {"non_decreasing": "ll", "over": "steps"}, "non_increasing": {"non_increasing": "ll", "over": "steps", "rtol": 0},
    "stops_when": {"stops_when": "R", "unchanged": True, "over": "steps"}, "at_most_times": {"at_most_times": 20},
    "check": {"check": "ranked"},
}  # fmt: skip


def test_every_property_is_named_by_its_first_key():
    assert list(KINDS) == [name for name in KINDS if name in GOOD]
    assert {type(prop(**GOOD[name])) for name in KINDS} == set(KINDS.values())
    assert [name for name, kind in KINDS.items() if type(prop(**GOOD[name])) is not kind] == []


def test_a_field_of_a_spec_takes_a_property_or_none():
    class Case(Part):
        holds: Property | None = None

    assert Case.model_validate({"holds": GOOD["check"]}).holds == Check(check="ranked")
    assert Case(holds=Check(check="ranked")).holds == Check(check="ranked")
    assert Case().holds is None
    assert "rows_sum_to" in str(Case.model_json_schema())


PATH = "Value error, must be a name or a path, as post or mixture.mu"
LENGTH = "Value error, must be a length as 3, an argument's axis as X.0 or mixture.mu.1, or an argument as K"
MISTAKES = {
    "no mapping": (3, "", "Value error, must be a mapping, as {rows_sum_to: 1, of: post}"),
    "an unknown name": ({"row_sum_to": 1}, "", f"Value error, names no property: give one of {', '.join(KINDS)}"),
    "two names": ({**ROWS, "unchanged": "X"}, "", "Value error, names 2 properties, rows_sum_to and unchanged: write a case for each"),
    "a text for a sum": ({"rows_sum_to": "1", "of": "y"}, "rows_sum_to", "Input should be a valid number"),
    "no part": ({"rows_sum_to": 1}, "of", "Field required"),
    "an unknown key": ({**ROWS, "rtol": 1}, "rtol", "Extra inputs are not permitted"),
    "no path": ({"rows_sum_to": 1, "of": "post[0]"}, "of", PATH),
    "a tolerance below zero": ({**ROWS, "atol": -1}, "atol", "Input should be greater than or equal to 0"),
    "an interval of one": ({"entries_in": [0], "of": "y"}, "entries_in", "List should have at least 2 items after validation, not 1"),
    "an interval backwards": ({"entries_in": [1, 0], "of": "y"}, "entries_in", "Value error, must go from a number to one that is not smaller"),
    "an interval of NaN": ({"entries_in": [0, NAN], "of": "y"}, "entries_in", "Value error, must go from a number to one that is not smaller"),
    "a bound that is none": ({"at_least": [1], "of": "y"}, "at_least", "Value error, must be a number, or the name of an argument"),
    "an infinite bound": ({"at_least": INF, "of": "y"}, "at_least", "Value error, must be a number, or the name of an argument"),
    "a truth for a bound": ({"at_least": True, "of": "y"}, "at_least", "Value error, must be a number, or the name of an argument"),
    "a length below zero": ({"shape": [-1], "of": "y"}, "shape.0", LENGTH),
    "a length that is none": ({"shape": [2, "X 0"], "of": "y"}, "shape.1", LENGTH),
    "an axis of nothing": ({"shape": [".0"], "of": "y"}, "shape.0", LENGTH),
    "a truth for a length": ({"shape": [True], "of": "y"}, "shape.0", LENGTH),
    "no gaps": ({"keeps": "X"}, "in", "Field required"),
    "nothing unchanged": ({"unchanged": []}, "unchanged", "Value should have at least 1 item after validation, not 0"),
    "nothing permuted": ({"permute": {}}, "permute", "Dictionary should have at least 1 item after validation, not 0"),
    "an axis that is no number": ({"permute": {"X": "0"}}, "permute.X", "Input should be a valid integer"),
    "a power that is none": ({"scale": {"X": 0.5}}, "scale.X", "Input should be a valid integer"),
    "a power too large": ({"scale": {"X": 61}}, "scale.X", "Input should be less than or equal to 60"),
    "not deterministic": ({"deterministic": False}, "deterministic", "Input should be True"),
    "over nothing": ({"non_decreasing": "ll"}, "over", "Field required"),
    "over something else": ({"non_decreasing": "ll", "over": "cases"}, "over", "Input should be 'steps'"),
    "no rule": ({"stops_when": "ll", "over": "steps"}, "", "Value error, say when it stops: give `rtol`, or `unchanged: true`"),
    "two rules": ({"stops_when": "ll", "over": "steps", "rtol": 1, "unchanged": True}, "", "Value error, say when it stops: give `rtol`, or `unchanged: true`"),
    "no time": ({"at_most_times": 0}, "at_most_times", "Input should be greater than 0"),
    "no function": ({"check": "a b"}, "check", "Value error, must be the name of a function of checks.py"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_property_with_a_mistake_is_told(name):
    keys, path, message = MISTAKES[name]
    with pytest.raises(ValidationError) as error:
        ADAPTER.validate_python(keys)
    (detail,) = error.value.errors()
    assert (".".join(map(str, detail["loc"])).replace(".[key]", ""), detail["msg"]) == (path, message)


def test_no_type_but_numpys_names():
    with pytest.raises(ValidationError, match="'float64'"):
        prop(dtype="f8", of="y")


def test_all_keys_are_known_to_suggest_one():
    assert {"rows_sum_to", "of", "atol", "in", "missing", "doubles", "over", "rtol"} < set(KEYS)
    assert "within" not in KEYS
    assert {key for keys in GOOD.values() for key in keys} <= set(KEYS)


# --- whatever comes --------------------------------------------------------------------------------------------------

NUMBERS = [
    NAN, INF, -INF, 0, 1, -1, True, 10**400, 2**63, 2**64, -(2**70), 1e308, 5e-324, 1j, complex(NAN, INF), np.float16(6e4),
    np.float32(1e38), np.int8(-128), np.uint64(2**64 - 1), np.int64(-(2**63)), np.True_, np.complex64(1j),
]  # fmt: skip
ARRAYS = [
    A(1.0), A([]), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((5, 2)), np.zeros((2, 5)), np.ones((1, 1, 1)), A([NAN, INF]), A([[-INF]]),
    A([1e308, 1e308]), A([True, False]), A([-128], dtype=np.int8), A([2**64 - 1], dtype=np.uint64), A([-(2**63)]), A([6e4], dtype=np.float16),
    A([1j]), np.asfortranarray(np.ones((5, 5))), np.broadcast_to(1.0, (5, 2)), A(["a"]), A([None, {}], dtype=object),
    np.zeros(3, dtype=[("a", float)]), A(["2026-01-01"], dtype="datetime64[D]"), np.ones((1,) * 20),
]  # fmt: skip
LEAVES = [None, "", "ll", "\ud800", b"x", Opaque("set"), ..., object(), *NUMBERS, *ARRAYS]


def nested(children):
    return (
        st.lists(children, max_size=4)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["mu", "ll", 1, None]), children, max_size=3)
        | st.dictionaries(st.sampled_from(["mu", "var", "p", ""]), children, max_size=3).map(
            lambda fields: Record("M", fields)
        )
    )


VALUES = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=8)
CROSSING = [leaf for leaf in LEAVES if not isinstance(leaf, np.ndarray) or leaf.dtype.kind in "biufc"]
SECOND_VALUES = st.recursive(st.sampled_from(CROSSING), nested, max_leaves=8)  # they are compared as they are
FUZZED = [
    ROWS, COLUMNS, IN, LEAST, FLOOR, KEEPS, ZEROS, SHAPE, *(dtype(name) for name in ("bool", "int", "float", "float32")),
    {"entries_in": [-INF, INF], "of": "y.mu"}, {"rows_sum_to": -1e308, "of": "y.mu"}, {"unchanged": ["X", "mixture", "gaps"]},
]  # fmt: skip


def is_told(found):
    """A violation is told in sentences; no violation is None."""
    return found is None or (found.told.endswith((".", "?")) and (not found.values or found.values.endswith(".")))


@pytest.mark.parametrize("value", LEAVES, ids=in_short)
def test_odd_values_are_judged_and_nothing_worse(value):
    for keys in FUZZED:
        for held in (value, [value], (value, value), {"a": value}, Record("M", {"mu": value})):
            assert is_told(broken(keys, held, gaps=GAPS, after={"X": held, "mixture": held, "gaps": held}))


@given(value=VALUES, after=VALUES)
def test_any_value_can_be_judged(value, after):
    for keys in FUZZED:
        assert is_told(broken(keys, value, gaps=GAPS, after={"X": after, "mixture": after, "gaps": after}))


ALL_LAWS = [prop(**keys, **of) for keys, _ in LAWS.values() for of in ({}, {"of": "ll"}, {"of": ["post.mu"]})]
ALL_LAWS += [prop(shift={"X": -1e308, "post": 1e308}), prop(scale={"X": 60, "post.mu": -60, "ll": 60})]


@given(one=VALUES, other=VALUES, third=SECOND_VALUES)
def test_any_values_can_be_held_to_a_law(one, other, third):
    for law in ALL_LAWS:
        for value in (one, (one, other), [other, one]):
            want = law.expected(value, CALL, RETURNS)
            if isinstance(want, Violation):
                assert is_told(want)
            else:
                for again in (third, (third, 1.0), (1.0, third)):
                    compare(law.compared(again, want, RETURNS), want, RULES)


@given(
    series=st.lists(st.dictionaries(st.sampled_from(["mu", "ll", "R"]), VALUES), max_size=4),
    value=VALUES,
    permute=st.sampled_from([{}, {"mu": 0}]),
)
def test_any_states_can_be_judged(series, value, permute):
    for rule in (UP, DOWN, GAINS, STAYS):
        for seen in (Seen({}, value, ("ll",)), Seen({}, (value, value), ("mu", "ll"))):
            assert is_told(rule.broken(series, seen, Rules(seen.returns, permute=permute)))
        rule.ends(series)


def test_a_law_of_no_kind_promises_nothing():
    with pytest.raises(NotImplementedError):
        Law()._move("X", X, {})
