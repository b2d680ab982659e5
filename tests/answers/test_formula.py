"""Formulas are equal that have equal values, and no others."""

# ruff: noqa: RUF001  letters that look alike are what is tested

import re

import numpy as np
import pytest
from hypothesis import given

from grader.answers import formula
from grader.answers.verdict import Judgement, UnreadableAnswer
from tests.answers.expressions import FORMULAS, NAMES, POINTS, value

RANGES = {"x": (0.1, 2.0), "y": (-3.0, -1.0), "z": (-1.0, 1.0)}
CONSTANTS = {"n": 2.0}


def read(text):
    return formula.read(text, list(RANGES), CONSTANTS)


def judge(text, answer, ranges=RANGES, seed=0):
    tree, wanted = (formula.read(each, list(ranges), CONSTANTS) for each in (text, answer))
    return formula.judge(tree, wanted, formula.draw(wanted, ranges, CONSTANTS, seed), list(ranges))


@given(FORMULAS)
def test_values_are_those_of_python(text):
    """Python's precedence is that of mathematics; its numbers are made numpy's, which divide by zero."""
    python = re.sub(r"(?<![\w.])(\d+\.?\d*(?:e\d+)?|\.\d+)(?!\w)", r"number(\1)", text.replace("^", "**"))
    names = {**POINTS, "number": np.float64, "sqrt": np.sqrt, "abs": np.abs, "exp": np.exp, "ln": np.log}
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(eval(python, names), 3)  # noqa: S307  the test's own text
    np.testing.assert_allclose(value(text), expected, rtol=1e-12)


VALUES = {
    "-2^2": -4, "(-2)^2": 4, "2^-2": 0.25, "2^3^2": 512, "8/4/2": 1, "8/(4/2)": 4, "8-4-2": 2, "8-(4-2)": 6, "8/4*2": 4, "-2*-3": 6,
    "2*-3^2": -18, "1-2*3": -5, "0^0": 1, "ln(e)": 1, "log(e^2)": 2, "log10(1000)": 3, "log2(8)": 3, "exp(1)": np.e, "sqrt(9)": 3,
    "abs(-3)": 3, "sin(pi/2)": 1, "cos(pi)": -1, "tan(pi/4)": 1, "sum(1, 2, 3)": 6, "sum(4)": 4, "min(3, 1, 2)": 1, "max(3, 1, 2)": 3,
    "1/0": np.inf, "-1/0": -np.inf, "0/0": np.nan, "ln(0)": -np.inf, "ln(-1)": np.nan, "sqrt(-1)": np.nan, "(-8)^(1/3)": np.nan,
    "9**9**9**9": np.inf, "1e308*10": np.inf, "exp(1000)": np.inf, "1e999": np.inf, "n": 2,
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_a_value_is_what_it_is_by_hand(text):
    points = {**formula.CONSTANTS, **CONSTANTS}
    assert float(formula.value(read(text), points)) == pytest.approx(VALUES[text], nan_ok=True)


def test_every_function_has_a_value():
    assert {name for name in formula.FUNCTIONS if f"{name}(" not in " ".join(VALUES)} == set()


EQUAL = {
    "itself": ("x/(x+y)", "x/(x+y)"),
    "another order": ("(y+x)*z", "z*(x+y)"),
    "multiplied out": ("x^2+2*x*y+y^2", "(x+y)^2"),
    "another bracket": ("x-y-z", "x-(y+z)"),
    "one fraction": ("x/y+z/y", "(x+z)/y"),
    "nested fractions": ("x/(y/z)", "x*z/y"),
    "a negative power": ("x*y^-1", "x/y"),
    "a root as a power": ("x^0.5", "sqrt(x)"),
    "a power of e": ("e^-z", "exp(-z)"),
    "log is natural": ("log(x)", "ln(x)"),
    "a sum of logarithms": ("ln(x)+ln(x)", "ln(x^2)"),
    "a sum as a function": ("sum(x, y, z)", "x+y+z"),
    "the question's constant": ("(x+y)/n", "(x+y)/2"),
    "six digits of pi": ("3.14159*x", "pi*x"),
    "a difference that nearly cancels": ("(x+1e6)-1e6", "x"),
    "zero in another way": ("(x+y)-y-x", "x-x"),
    "zero": ("0", "x-x"),
    "undefined at some points": ("0.5*ln(z^2)+0*sqrt(z)", "ln(z)"),
}


@pytest.mark.parametrize("name", EQUAL)
def test_what_is_equal_is_right_in_whatever_form(name):
    assert judge(*EQUAL[name]) == Judgement(1.0)


DIFFERENT = {
    "another sign": ("x-y", "x+y"),
    "without a bracket": ("x/x+y", "x/(x+y)"),
    "another precedence": ("-x^2", "(-x)^2"),
    "a factor": ("2*x", "x"),
    "a hundred-thousandth more": ("1.00001*x", "x"),
    "a constant more": ("x+0.0001", "x"),
    "five digits of pi": ("3.1416*x", "pi*x"),
    "another logarithm": ("log10(x)", "ln(x)"),
    "a variable for another": ("y/z", "x/z"),
    "equal for positive numbers alone": ("sqrt(z^2)", "z"),
    "equal where one is larger": ("max(z, 0)", "z"),
    "not zero": ("1e-6*x", "x-x"),
    "small where the answer is small": ("1e-12", "1e-12*x"),
    "large where the answer is large": ("1e300*x", "1e300*x*x"),
    "the other end of the numbers": ("1.7e308", "-1.7e308"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_anywhere_is_wrong(name):
    judgement = judge(*DIFFERENT[name])
    assert judgement.credit == 0
    assert judgement.message.startswith("Not right: it differs at x = ")


UNDEFINED = ["1/0", "0/0", "ln(-x)", "sqrt(z)", "9**9**9**9", "1e999*x", "exp(1000*x)/exp(1000*x)", "x^(1e9)^(1e9)/0"]


@pytest.mark.parametrize("text", UNDEFINED)
def test_what_is_undefined_where_the_answer_is_not_is_wrong(text):
    judgement = judge(text, "x")
    assert judgement.credit == 0
    assert re.fullmatch(
        r"Not right: it is undefined at x = [\d.]+, y = -[\d.]+, z = -?[\d.]+, where the answer is not\.",
        judgement.message,
    )


def test_a_wrong_formula_learns_where_and_its_own_value_there():
    said = judge("x+x", "x*x", {"x": (1.0, 1.0)}).message
    assert said == "Not right: it differs at x = 1, for instance, where yours is 2."


def test_a_formula_of_no_variables_is_judged_too():
    assert judge("6.283185307", "2*pi", {}) == Judgement(1.0)
    assert judge("3", "2*pi", {}).message == "Not right: it differs, for instance, where yours is 3."
    assert judge("1/0", "2*pi", {}).message == "Not right: it is undefined, where the answer is not."


def test_a_variable_hides_a_constant_of_its_name():
    assert judge("e", "e", {"e": (5.0, 6.0)}) == Judgement(1.0)
    assert judge("exp(1)", "e", {"e": (5.0, 6.0)}).credit == 0


# --- points -------------------------------------------------------------------------------------------------------------


def test_points_lie_in_their_ranges_and_come_anew_with_another_seed():
    points = formula.draw(read("x+y"), RANGES, CONSTANTS, 1)
    for name, (low, high) in RANGES.items():
        assert len(set(points[name])) == formula.POINTS
        assert np.all((low <= points[name]) & (points[name] <= high))
    assert set(points["n"]) == {2.0}
    again, other = (formula.draw(read("x+y"), RANGES, CONSTANTS, seed) for seed in (1, 2))
    np.testing.assert_array_equal(points["x"], again["x"])
    assert not np.any(points["x"] == other["x"])


def test_points_are_drawn_again_where_the_answer_is_undefined():
    points = formula.draw(read("sqrt(z-0.8)"), RANGES, CONSTANTS, 1)
    assert len(points["z"]) == formula.POINTS
    assert np.all(points["z"] >= 0.8)


@pytest.mark.parametrize("answer", ["sqrt(y)", "1/(x-x)", "exp(1e5*x)", "ln(z-0.9999)"])
def test_an_answer_that_is_nowhere_a_number_is_refused(answer):
    with pytest.raises(ValueError, match=r"^the answer is undefined nearly everywhere in these ranges$"):
        formula.draw(read(answer), RANGES, CONSTANTS, 1)


@pytest.mark.parametrize("wide", [(0.0, np.inf), (-np.inf, 0.0), (-1e308, 1e308)])
def test_a_range_without_end_is_refused(wide):
    with pytest.raises(ValueError, match=r"^a range is too wide to draw numbers from$"):
        formula.draw(read("x"), {**RANGES, "x": wide}, CONSTANTS, 1)


# --- pieces -------------------------------------------------------------------------------------------------------------

USES = {
    "a function": ("2*ln(x)", "ln", True),
    "a name": ("x*y", "y", True),
    "a name with a Greek letter": ("γ_k1", "gamma_{k1}", True),
    "a sign": ("x/y", "/", True),
    "a power as two stars": ("x**2", "^", True),
    "a raised number": ("x²", "^2", True),
    "a piece with other spaces": ("( x+y )*2", "(x + y)", True),
    "a number": ("2*x", "2", True),
    "no part of a name": ("exp(x)", "x_1", False),
    "no end of a name": ("gamma_x", "x", False),
    "no beginning of a function": ("log10(x)", "log", False),
    "no part of a number": ("25*x", "2", False),
    "no pieces apart": ("x*y+1", "x+1", False),
    "not the other way round": ("x-y", "y-x", False),
}


@pytest.mark.parametrize("name", USES)
def test_a_piece_is_found_as_a_whole(name):
    text, piece, expected = USES[name]
    assert formula.uses(text, piece) == expected


def test_every_question_has_its_names_and_the_constants():
    for name in (*RANGES, "n", "pi", "e"):
        assert read(name).name == name
    with pytest.raises(UnreadableAnswer, match="it is about x, y, z, n, pi, e$"):
        read("qqq")


NAMED = {"x": True, "gamma_k1": True, "hatmu_k": True, "pi": True, "n2": True, "é": True, "2x": False, "": False, "a b": False, "x-1": False, "_x": False,
         "x_{1}": False, "γ": False, "x²": False, "ln": False, "sum": False}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_variable_is_called_as_it_can_be_typed(name):
    assert formula.is_name(name) == NAMED[name]


LONG = {
    "terms": "x" + "+x" * 499,
    "quotients": "x" + "/x" * 499,
    "arguments": f"sum({','.join('x' * 490)})",
    "powers": "x" + "+x^9^9" * 166,
    "functions": "x" + "+exp(x)" * 142,
    "deep functions": "exp(" * 49 + "x" + ")" * 49,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_formula_has_a_value(name):
    assert judge(LONG[name], "x").credit == 0


def test_the_names_of_the_random_formulas_are_all_used():
    assert set(POINTS) == set(NAMES)
