"""A formula is read as it is meant, or the student learns where it cannot be."""

# ruff: noqa: RUF001  letters that look alike are what is tested

import pytest

from grader.answers.grammar import DEEPEST, GREEK, LONGEST, Call, Name, Number, Power, Product, Sum, parse
from grader.answers.verdict import UnreadableAnswer

NAMES = ["x", "y", "x_1", "gamma_k1", "hatmu_k", "pi"]
FUNCTIONS = {"ln": 1, "log2": 1, "min": None}
X, Y, TWO, THREE = Name("x"), Name("y"), Number(2.0, "2"), Number(3.0, "3")


def read(text, names=NAMES):
    return parse(text, names, FUNCTIONS)


def minus(tree):
    return Sum(((-1, tree),))


def times(*trees):
    return Product(tuple((1, tree) for tree in trees))


def over(tree, *below):
    return Product(((1, tree), *((-1, one) for one in below)))


TREES = {
    "x": X,
    "x+y": Sum(((1, X), (1, Y))),
    "x-y-2": Sum(((1, X), (-1, Y), (-1, TWO))),
    "x-(y-2)": Sum(((1, X), (-1, Sum(((1, Y), (-1, TWO)))))),
    "x+y*2": Sum(((1, X), (1, times(Y, TWO)))),
    "(x+y)*2": times(Sum(((1, X), (1, Y))), TWO),
    "x/y/2": over(X, Y, TWO),
    "x/(y*2)": over(X, times(Y, TWO)),
    "x/y*2": Product(((1, X), (-1, Y), (1, TWO))),
    "-x^2": minus(Power(X, TWO)),
    "(-x)^2": Power(minus(X), TWO),
    "2^-x": Power(TWO, minus(X)),
    "x^y^2": Power(X, Power(Y, TWO)),
    "(x^y)^2": Power(Power(X, Y), TWO),
    "2*x^2": times(TWO, Power(X, TWO)),
    "(x/y)^2": Power(over(X, Y), TWO),
    "x*-y": times(X, minus(Y)),
    "x--y": Sum(((1, X), (-1, minus(Y)))),
    "--x": X,
    "+x": X,
    "-+-+-x": minus(X),
    "ln(x)": Call("ln", (X,)),
    "ln(x)^2": Power(Call("ln", (X,)), TWO),
    "min(x, y, 2)": Call("min", (X, Y, TWO)),
    "((x))": X,
}


@pytest.mark.parametrize("text", TREES)
def test_a_formula_is_read_as_it_is_meant(text):
    assert read(text) == TREES[text]


SAME = {
    "spaces do not count": (" x \t+\n y ", "x+y"),
    "two stars are a power": ("x**2", "x^2"),
    "a copied minus": ("x − y", "x-y"),
    "a dash": ("x – y", "x-y"),
    "a copied times": ("x×y", "x*y"),
    "a middle dot": ("x·y", "x*y"),
    "a copied division": ("x÷y", "x/y"),
    "a raised number": ("x²+y³", "x^2+y^3"),
    "a raised number of two digits": ("x¹⁰", "x^10"),
    "a Greek letter": ("γ_k1", "gamma_k1"),
    "a subscript in braces": ("gamma_{k1}", "gamma_k1"),
    "a Greek letter with a subscript in braces": ("γ_{k1}", "gamma_k1"),
    "the sign for micro": ("hatµ_k", "hatmu_k"),
    "a constant as a letter": ("π", "pi"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_written_otherwise_is_read_as_the_same(name):
    text, plain = SAME[name]
    assert read(text) == read(plain)


NUMBERS = {
    "2": 2.0, "2.": 2.0, ".5": 0.5, "0.50": 0.5, "1e3": 1000.0, "1E-3": 0.001, "1.5e+2": 150.0, "007": 7.0,
    "1e999": float("inf"), "٣": 3.0, "１２": 12.0,
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_decimal_in_every_script(text):
    assert read(text) == Number(NUMBERS[text], text)


@pytest.mark.parametrize("name", [*GREEK, *(name.capitalize() for name in GREEK)])
def test_every_greek_name_can_be_typed_as_a_letter(name):
    letter = dict(zip(GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True))[name.lower()]
    assert read(letter.upper() if name[0].isupper() else letter, [name]) == Name(name)


UNREADABLE = {
    "nothing": (" ", "the formula is empty"),
    "a bracket that is never closed": ("(x + (y", "the `(` at character 6 is never closed"),
    "a function's bracket that is never closed": ("ln(x", "the `(` at character 3 is never closed"),
    "a bracket that closes none": ("x) + y", "the `)` at character 2 closes no bracket"),
    "an empty bracket": ("()", "`)` cannot stand at character 2"),
    "a square bracket": ("[x]", "`[` cannot stand at character 1: brackets are ( and )"),
    "a brace": ("{x}", "`{` cannot stand at character 1: brackets are ( and )"),
    "another bracket at the end": ("(x]", "`]` cannot stand at character 3: brackets are ( and )"),
    "a number before a name": ("2x", "a `*` is missing at character 2: did you mean 2*x?"),
    "a number before a bracket": ("2(x)", "a `*` is missing at character 2: did you mean 2*(...)?"),
    "two brackets": ("(x)(y)", "a `*` is missing at character 4: did you mean (...)*(...)?"),
    "a bracket before a name": ("(x)y", "a `*` is missing at character 4: did you mean (...)*y?"),
    "a name before a bracket": ("x(y)", "a `*` is missing at character 2: did you mean x*(...)?"),
    "two names with a space": ("x y", "a `*` is missing at character 3: did you mean x*y?"),
    "two names without a space": ("xy", "there is no `xy` in this question: did you mean x*y?"),
    "a factor after a power": ("x^2y", "a `*` is missing at character 4: did you mean 2*y?"),
    "a number after a raised one": ("x²3", "a `*` is missing at character 3: did you mean 2*3?"),
    "an unfinished exponent": ("2e", "a `*` is missing at character 2: did you mean 2*e?"),
    "the place behind a raised number": ("x² + y)", "the `)` at character 7 closes no bracket"),
    "swapped letters of a name": ("gamma_1k", "there is no `gamma_1k` in this question: did you mean gamma_k1?"),
    "a name without its underscore": ("gammak1", "there is no `gammak1` in this question: did you mean gamma_k1?"),
    "another case": ("X", "there is no `X` in this question: did you mean x?"),
    "a function with a subscript": ("log_2(x)", "there is no `log_2` in this question: did you mean log2?"),
    "a letter of full width": ("ｘ", "there is no `ｘ` in this question: did you mean x?"),
    "a lowered number": ("x₁", "there is no `x₁` in this question: did you mean x_1?"),
    "a look-alike letter": ("х_1", "there is no `х_1` in this question: did you mean x_1?"),
    "a name of nothing": ("zzz", "there is no `zzz` in this question; it is about x, y, x_1, gamma_k1, hatmu_k, pi"),
    "a half": ("½", "there is no `½` in this question; it is about x, y, x_1, gamma_k1, hatmu_k, pi"),
    "a function without brackets": ("ln x", "`ln` needs its argument in brackets: ln(...)"),
    "a power of a function's name": ("ln^2(x)", "`ln` needs its argument in brackets: ln(...)"),
    "a function of nothing": ("ln()", "`)` cannot stand at character 4"),
    "a function of too much": ("ln(x, y)", "`ln` takes 1 argument, not 2"),
    "a decimal comma": ("0,5*x", "the comma at character 2 stands between no arguments: write decimals with a point, 0.5"),
    "an equation": ("x = y", "write what stands on the right of the `=` alone"),
    "an equation for a name of nothing": ("mean = x", "write what stands on the right of the `=` alone"),
    "an unfinished sum": ("x +", "the formula ends after `+`: something is missing"),
    "an unfinished power": ("x**", "the formula ends after `^`: something is missing"),
    "two signs": ("x */ y", "`/` cannot stand at character 4"),
    "an unfinished bracket": ("(x + )", "`)` cannot stand at character 6"),
    "LaTeX": (r"\frac{x}{y}", r"`\` cannot stand at character 1"),
    "bars": ("|x|", "`|` cannot stand at character 1"),
    "a percentage": ("5%", "`%` cannot stand at character 2"),
    "a quotation mark": ('"x"', '`"` cannot stand at character 1'),
    "a mark from right to left": ("\u202ex", r"`\u202e` cannot stand at character 1"),
    "a space of no width": ("x\u200b+y", r"`\u200b` cannot stand at character 2"),
    "a combining mark": ("x\u0302", r"`" + "\u0302" + "` cannot stand at character 2"),
    "a NUL": ("x\0", r"`\x00` cannot stand at character 2"),
    "half a character": ("x\ud800", r"`\ud800` cannot stand at character 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_told_with_its_place(name):
    text, message = UNREADABLE[name]
    with pytest.raises(UnreadableAnswer) as caught:
        read(text)
    assert str(caught.value) == message


TOO_DEEP = f"brackets and powers are nested more than {DEEPEST} deep"
HOSTILE = {
    "a megabyte": ("x" * 2**20, f"a formula may have {LONGEST} characters, not 1048576"),
    "one character too many": ("x" * (LONGEST + 1), f"a formula may have {LONGEST} characters, not {LONGEST + 1}"),
    "ten thousand brackets": ("(" * 10_000, f"a formula may have {LONGEST} characters, not 10000"),
    "as many brackets as fit": ("(" * LONGEST, TOO_DEEP),
    "closed brackets": ("(" * 400 + "x" + ")" * 400, TOO_DEEP),
    "calls": ("ln(" * 200 + "x" + ")" * 200, TOO_DEEP),
    "a tower of powers": ("9" + "**9" * 300, TOO_DEEP),
    "a tower of negative powers": ("9" + "^-9" * 300, TOO_DEEP),
    "raised numbers": ("x" + "² ³" * 300, TOO_DEEP),
    "Python": ("__import__('os').system('true')", "`_` cannot stand at character 1"),
    "an attribute": ("x.__class__", "`.` cannot stand at character 2"),
    "a long name": ("a" * LONGEST, f"there is no `{'a' * 80}…` in this question; it is about {', '.join(NAMES)}"),
    "a name of braces": ("a{" * 500, f"there is no `a` in this question; it is about {', '.join(NAMES)}"),
    "a name of closed braces": ("a" + "{b}" * 300, f"there is no `{'a' + 'b' * 79}…` in this question; it is about {', '.join(NAMES)}"),
    "a brace that is never closed": ("x{" + "b" * 900, "`{` cannot stand at character 2: brackets are ( and )"),
    "points": ("." * LONGEST, "`.` cannot stand at character 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_formula_gets_a_message(name):
    text, message = HOSTILE[name]
    with pytest.raises(UnreadableAnswer) as caught:
        read(text)
    assert str(caught.value) == message


GREEDY = {
    "signs": ("-" * (LONGEST - 1) + "x", minus(X)),
    "nested as deep as allowed": ("(" * (DEEPEST - 1) + "x" + ")" * (DEEPEST - 1), X),
    "terms": ("x" + "+x" * 499, Sum(((1, X),) * 500)),
    "digits": ("9" * LONGEST, Number(float("inf"), "9" * LONGEST)),
}


@pytest.mark.parametrize("name", GREEDY)
def test_a_long_formula_is_read_all_the_same(name):
    text, tree = GREEDY[name]
    assert read(text) == tree
