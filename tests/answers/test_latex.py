"""The LaTeX of a formula means what was read."""

import re

import numpy as np
import pytest
from hypothesis import given

from grader.answers import formula
from grader.answers.latex import latex
from tests.answers.expressions import FORMULAS, NAMES, value

LETTERS = ["a", "b", "c", "x", "y"]


def shown(text, names=LETTERS):
    return latex(formula.read(text, names, {}))


FORMS = {
    "a+b-c": r"a + b - c",
    "a-(b-c)": r"a - \left(b - c\right)",
    "a-(b+c)": r"a - \left(b + c\right)",
    "(a-b)-c": r"a - b - c",
    "a+(-b)": r"a + \left(-b\right)",
    "-a+b": r"-a + b",
    "-(a+b)": r"-\left(a + b\right)",
    "a*b*c": r"a \cdot b \cdot c",
    "a*(b+c)": r"a \cdot \left(b + c\right)",
    "(a+b)*c": r"\left(a + b\right) \cdot c",
    "a*-b": r"a \cdot \left(-b\right)",
    "-a*b": r"\left(-a\right) \cdot b",
    "a/b": r"\frac{a}{b}",
    "(a+b)/(b-c)": r"\frac{a + b}{b - c}",
    "a/(b*c)": r"\frac{a}{b \cdot c}",
    "a/b*c": r"\frac{a}{b} \cdot c",
    "a*b/c": r"\frac{a \cdot b}{c}",
    "a/b/c": r"\frac{\frac{a}{b}}{c}",
    "a/(b/c)": r"\frac{a}{\frac{b}{c}}",
    "-a/b": r"\frac{-a}{b}",
    "a+b/c": r"a + \frac{b}{c}",
    "(a/b)^c": r"\left(\frac{a}{b}\right)^{c}",
    "a/b^c": r"\frac{a}{b^{c}}",
    "a^b^c": r"a^{b^{c}}",
    "(a^b)^c": r"\left(a^{b}\right)^{c}",
    "a^(b+c)": r"a^{b + c}",
    "(a*b)^2": r"\left(a \cdot b\right)^{2}",
    "-x^2": r"-x^{2}",
    "(-x)^2": r"\left(-x\right)^{2}",
    "2^-x": r"2^{-x}",
    "2*x^2": r"2 \cdot x^{2}",
    "--x": r"x",
    "x²": r"x^{2}",
    "ln(x)": r"\ln\left(x\right)",
    "log(x)^2": r"\log\left(x\right)^{2}",
    "sqrt(x+y)": r"\sqrt{x + y}",
    "abs(x)": r"\left|x\right|",
    "log10(x)": r"\operatorname{log10}\left(x\right)",
    "sum(a, b)": r"\operatorname{sum}\left(a, b\right)",
    "max(a, b)": r"\max\left(a, b\right)",
    "1.50": r"1.50",
    "1e-3": r"1 \cdot 10^{-3}",
    "1E+05*x": r"1 \cdot 10^{5} \cdot x",
    "x^1e2": r"x^{1 \cdot 10^{2}}",
    "1e2^x": r"\left(1 \cdot 10^{2}\right)^{x}",
    "pi*x": r"\pi \cdot x",
    "e^x": r"e^{x}",
}


@pytest.mark.parametrize("text", FORMS)
def test_a_formula_is_shown_as_it_was_understood(text):
    assert shown(text) == FORMS[text]


NAMED = {
    "x": "x", "x_1": "x_{1}", "x1": "x_{1}", "x_i_j": "x_{i, j}", "mean": r"\mathrm{mean}", "mean_k": r"\mathrm{mean}_{k}",
    "pi_k": r"\pi_{k}", "gamma_k1": r"\gamma_{k1}", "x_mu": r"x_{\mu}", "hatmu_k": r"\hat{\mu}_{k}", "hatp": r"\hat{p}",
    "hat": r"\mathrm{hat}", "sigma2": r"\sigma_{2}", "Sigma_k": r"\Sigma_{k}", "Alpha": r"\mathrm{A}", "Mu": r"\mathrm{M}",
    "omicron": r"\mathrm{o}", "PI": r"\mathrm{PI}", "N_k": "N_{k}",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_name_has_its_subscripts_and_greek_letters(name):
    assert shown(name, [name]) == NAMED[name]


def plain(text):
    """Return what a text of LaTeX means, as a formula: a small reader of its own."""
    text = re.sub(r"\\(left|right)(?=[()])|\\(?=ln|exp)", "", text).replace(r"\cdot", "*")
    text = text.replace(r"\left|", "abs(").replace(r"\right|", ")")
    text = text.replace(r"\gamma_{k1}", "gamma_k1").replace(r"\hat{\mu}_{k}", "hatmu_k")
    while (start := max(text.rfind(mark) for mark in (r"\frac{", r"\sqrt{", "^{"))) >= 0:  # the innermost are the last
        command, rest = text[start:].partition("{")[::2]
        first, rest = _group(rest)
        if command == r"\frac":
            second, rest = _group(rest[1:])
            text = f"{text[:start]}(({first})/({second})){rest}"
        else:
            text = f"{text[:start]}{command.removeprefix(chr(92))}({first}){rest}"
    return text


def _group(text):
    """Return what stands before the brace that closes, and after it."""
    inner, _, rest = text.partition("}")
    return inner, rest


@given(FORMULAS)
def test_latex_read_back_has_the_same_value(text):
    tree = formula.read(text, NAMES, {})
    np.testing.assert_allclose(value(plain(latex(tree))), value(text), rtol=1e-9)


def test_the_reader_of_this_test_tells_a_lost_bracket():
    assert plain(r"\frac{x}{y^{2}}") == "((x)/(y^(2)))"
    assert not np.allclose(value(plain(r"x - x - y")), value("x-(x-y)"))
