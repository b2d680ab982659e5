"""What was found out is told in words: which mistake, whose, with which arguments, and as much as may be told."""

import numpy as np
import pytest

from grader import explain, messages
from grader.diagnose import Diagnosis
from grader.model import CaseResult, ItemResult
from grader.sandbox.values import Record
from grader.seen import Violation
from grader.structure import Clue

A = np.array
LEVELS = ["title", "diagnosis", "got", "all"]

# --- how much is told ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reveal", LEVELS)
def test_a_level_tells_itself_and_what_is_below_it(reveal):
    told = [what for what in LEVELS if messages.shows(reveal, what)]
    assert told == LEVELS[: LEVELS.index(reveal) + 1]


BROKEN = Violation("post", "Row 3 of `post` does not sum to one.", "It sums to 0.5.")


@pytest.mark.parametrize(
    ("reveal", "told"),
    [
        ("title", "This hidden case failed."),
        ("diagnosis", "Row 3 of `post` does not sum to one."),
        ("got", "Row 3 of `post` does not sum to one. It sums to 0.5."),
        ("all", "Row 3 of `post` does not sum to one. It sums to 0.5."),
    ],
    ids=LEVELS,
)
def test_a_property_that_does_not_hold_is_told(reveal, told):
    assert messages.of_violation(BROKEN, reveal=reveal) == told


@pytest.mark.parametrize("reveal", LEVELS[1:])
def test_a_property_without_figures_is_told_alike_at_every_level_that_tells_it(reveal):
    assert messages.of_violation(Violation("", "It differs."), reveal=reveal) == "It differs."


SLIPPED = Diagnosis("var", "The variance is not divided by d.", "How many squares are there?")


@pytest.mark.parametrize(
    ("reveal", "told"),
    [
        ("title", "DETAILS."),
        *((reveal, "The variance is not divided by d. How many squares are there? DETAILS.") for reveal in LEVELS[1:]),
    ],
    ids=LEVELS,
)
def test_a_diagnosis_comes_before_the_details_and_not_where_the_title_is_all(reveal, told):
    assert messages.of_diagnosis(SLIPPED, "DETAILS.", reveal=reveal) == told


def test_a_diagnosis_without_details_ends_with_where_to_look():
    told = "The variance is not divided by d. How many squares are there?"
    assert messages.of_diagnosis(SLIPPED, "", reveal="all") == told


# --- whose mistake ---------------------------------------------------------------------------------------------------

DIAGNOSES = {
    "right but for another": (
        explain.because("run", ["estep"], right=True),
        Diagnosis("because_of_estep", "Your `run` is right: it fails because `estep` is wrong.", elsewhere=True)),
    "right but for two others": (
        explain.because("run", ["estep", "mstep"], right=True),
        Diagnosis("because_of_estep_and_mstep",
                  "Your `run` is right: it fails because `estep` and `mstep` are wrong.", elsewhere=True)),
    "wrong, and another too": (
        explain.because("run", ["mstep"], right=False),
        Diagnosis("because_of_mstep",
                  "`run` fails here because `mstep` is wrong; elsewhere it has a mistake of its own.",
                  elsewhere=True)),
    "wrong, and others too": (
        explain.because("run", ["a", "b", "c"], right=False),
        Diagnosis("because_of_a_and_b_and_c",
                  "`run` fails here because `a`, `b` and `c` are wrong; elsewhere it has a mistake of its own.",
                  elsewhere=True)),
    "never calls another": (
        explain.never_calls("run", "mstep"),
        Diagnosis("never_calls_mstep", "`run` never calls `mstep`.", "What is each round made of?")),
    "broken by another": (
        explain.changes_input("run", "mstep", ["post"]),
        Diagnosis("changes_input", "`run` fails because `mstep` changes its argument `post` in place.",
                  "`run` still needs what it was: make a new one instead.")),
}  # fmt: skip


@pytest.mark.parametrize("name", DIAGNOSES)
def test_a_function_is_told_whose_mistake_it_is(name):
    told, expected = DIAGNOSES[name]
    assert told == expected


ROUNDS = {
    "one round early": ([-1], "stops_early", "stops one round early"),
    "one round early everywhere": ([-1, -1], "stops_early", "stops one round early"),
    "two rounds late": ([2, 2], "stops_late", "stops 2 rounds late"),
    "some rounds early": ([-1, -4, -2], "stops_early", "stops 1 to 4 rounds early"),
    "some rounds late": ([3, 2], "stops_late", "stops 2 to 3 rounds late"),
}


@pytest.mark.parametrize("name", ROUNDS)
def test_a_function_is_told_by_how_much_it_stops_early_or_late(name):
    off, known_as, how = ROUNDS[name]
    told = explain.of_rounds("run", off)
    assert (told.id, told.what) == (known_as, f"`run` {how}: what it returns is right for the round it stops at.")
    assert told.look == (
        "When does the rule that ends the loop hold for the first time, and is it tested before or after the round?"
    )


def clue(name, path, look="See."):
    return Clue(name, path, f"{path or 'It'} has {name}.", look)


CLUES = {
    "one": ([clue("sign", "ll")], Diagnosis("sign", "ll has sign.", "See.")),
    "the first of several for the same part": (
        [clue("factor", "ll"), clue("sign", "ll")], Diagnosis("factor", "ll has factor.", "See.")),
    "one for each part": (
        [clue("sign", "ll"), clue("transposed", "post", "See there.")],
        Diagnosis("sign+transposed", "ll has sign. post has transposed.", "See. See there.")),
    "the same for each part, once": (
        [clue("sign", "ll"), clue("sign", "post")], Diagnosis("sign", "ll has sign. post has sign.", "See.")),
    "for the whole rather than for parts": (
        [clue("order", ""), clue("sign", "ll")], Diagnosis("order", "It has order.", "See.")),
}  # fmt: skip


@pytest.mark.parametrize("name", CLUES)
def test_clues_make_a_diagnosis(name):
    clues, expected = CLUES[name]
    assert explain.of_clues(clues) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It differs.", "It differs. This costs no points."), ("Odd. This costs no points.",) * 2],
    ids=["said", "said already"],
)  # fmt: skip
def test_a_remark_says_once_that_it_costs_nothing(text, expected):
    assert explain.freed(text) == expected


# --- in all ----------------------------------------------------------------------------------------------------------


def item(*statuses, remark=None):
    cases = [CaseResult(f"case {n}", status, "public", 0, 0, 0, "") for n, status in enumerate(statuses)]
    if remark:
        cases.append(CaseResult("a remark", remark, "public", 0, 0, 0, "", remark=True))
    return ItemResult("estep", "function", "failed", 0, 1, tuple(cases))


A_MISTAKE, ANOTHER = Diagnosis("a", "The logarithm is missing."), Diagnosis("b", "`mu` is transposed.")
SUMMARIES = {
    "passes": (item("passed"), [None], "`estep` passes its only case."),
    "passes all": (item("passed", "passed"), [None, None], "`estep` passes all 2 cases."),
    "passes all that count": (item("passed", "passed", remark="failed"), [], "`estep` passes all 2 cases."),
    "fails": (item("failed"), [None], "`estep` does not pass."),
    "fails, and why": (item("failed"), [A_MISTAKE], "`estep` does not pass: The logarithm is missing."),
    "fails all": (item("failed", "timeout"), [None, None], "`estep` passes none of its 2 cases."),
    "fails all, and why": (
        item("failed", "failed"), [A_MISTAKE, A_MISTAKE],
        "`estep` passes none of its 2 cases: The logarithm is missing."),
    "fails some": (item("passed", "failed", "error"), [None] * 3, "`estep` fails 2 of 3 cases."),
    "fails some, and why": (
        item("passed", "failed", "failed", "failed"), [None, ANOTHER, None, A_MISTAKE],
        "`estep` fails 3 of 4 cases: `mu` is transposed. The logarithm is missing."),
}  # fmt: skip


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_function_is_summed_up(name):
    result, diagnoses, summary = SUMMARIES[name]
    told = explain.summed_up(result, diagnoses)
    assert told.summary == summary
    assert (told.name, told.cases) == (result.name, result.cases)


# --- values ----------------------------------------------------------------------------------------------------------

VALUES = {
    "a number": (3, "3"),
    "a long number": (2 / 3, "0.66667"),
    "a large number": (-1388.0818, "-1388.1"),
    "not a number": (float("nan"), "nan"),
    "nothing": (None, "None"),
    "a truth": (True, "True"),
    "a text": ("toy", "'toy'"),
    "a complex number": (1 + 2j, "(1+2j)"),
    "a list": ([3, 1.0, "x"], "[3, 1, 'x']"),
    "a tuple": ((1, (2, 3)), "[1, [2, 3]]"),
    "an array": (A([0.5, 1 / 3]), "[0.5, 0.33333]"),
    "a matrix": (A([[1.0, 2.0], [3.0, np.nan]]), "[[1, 2], [3, nan]]"),
    "whole numbers": (A([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
    "truths": (A([True, False]), "[True, False]"),
    "an array of no dimension": (A(2.5), "2.5"),
    "an empty array": (np.zeros((0, 3)), "[]"),
    "the largest array that is shown whole": (np.arange(12), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"),
    "an array that is larger": (np.arange(13), "array of shape (13,) [0, 1, 2, 3, …]"),
    "a large matrix": (np.full((250, 2), 1 / 3), "array of shape (250, 2) [0.33333, 0.33333, 0.33333, 0.33333, …]"),
    "a record": (
        Record("GaussianMixture", {"mu": A([[1.0], [2.0]]), "p": A([0.5, 0.5])}),
        "GaussianMixture(mu=[[1], [2]], p=[0.5, 0.5])"),
    "a record of large arrays": (Record("M", {"mu": np.zeros((8, 2))}), "M(mu=array of shape (8, 2) [0, 0, 0, 0, …])"),
    "a list of large arrays": ([np.zeros(20), 1], "[array of shape (20,) [0, 0, 0, 0, …], 1]"),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_shown(name):
    value, expected = VALUES[name]
    assert explain.of_value(value) == expected


@pytest.mark.parametrize(
    "value", ["x" * 10**6, b"x" * 10**6, {n: n for n in range(10**4)}], ids=["text", "bytes", "dict"]
)
def test_a_long_value_is_cut(value):
    told = explain.of_value(value)
    assert len(told) < 100
    assert repr(value).startswith(told[:80])


def test_arguments_are_shown_by_their_names():
    args = {"X": np.zeros((250, 2)), "K": 3, "name": "toy", "weights": [0.5, 0.5]}
    expected = "X = array of shape (250, 2) [0, 0, 0, 0, …], K = 3, name = 'toy', weights = [0.5, 0.5]"
    assert explain.of_inputs(args) == expected
    assert explain.of_inputs({}) == ""


@pytest.mark.parametrize(
    "args",
    [{"xs": list(range(10**4))}, {f"argument_{n}": 1.0 for n in range(100)}, {"m": [[1.0] * 50] * 50}],
    ids=["a long list", "many", "nested lists"],
)
def test_arguments_are_shown_in_no_more_than_some_lines(args):
    told = explain.of_inputs(args)
    assert len(told) == 600
    assert told.endswith(" …")
    assert told.startswith(f"{next(iter(args))} = ")
