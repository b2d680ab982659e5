"""A formula as LaTeX, as it was understood."""

import re

from grader.answers.grammar import GREEK, Call, Name, Number, Power, Product, Sum, Tree

_CAPITALS = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
"""The Greek ones that do not look like Latin ones: LaTeX has commands for no others."""
_FUNCTIONS = {"ln", "log", "exp", "sin", "cos", "tan", "min", "max"}
_SUM, _PRODUCT, _ATOM = 1, 2, 3
"""How tightly a piece holds together."""


def latex(tree: Tree) -> str:
    """Return a formula's LaTeX, without dollar signs."""
    return _latex(tree)[0]


def _latex(tree: Tree) -> tuple[str, int]:
    match tree:
        case Number(_, text):
            mantissa, _, exponent = text.lower().partition("e")
            return (f"{mantissa} \\cdot 10^{{{int(exponent)}}}", _PRODUCT) if exponent else (mantissa, _ATOM)
        case Name(name):
            return _name(name), _ATOM
        case Sum(terms):
            text = "".join(_term(n, sign, term) for n, (sign, term) in enumerate(terms))
            return text, _SUM
        case Product(factors):
            return _product(factors)
        case Power(base, exponent):
            return f"{_bracketed(base, _ATOM)}^{{{latex(exponent)}}}", _PRODUCT
        case Call(function, arguments):
            return _call(function, ", ".join(map(latex, arguments))), _ATOM


def _bracketed(tree: Tree, least: int) -> str:
    text, holds = _latex(tree)
    return text if holds >= least else rf"\left({text}\right)"


def _term(n: int, sign: int, term: Tree) -> str:
    if n == 0 and sign == 1:
        return latex(term)
    text = _bracketed(term, _PRODUCT)
    return f"-{text}" if n == 0 else f" {'+' if sign == 1 else '-'} {text}"


def _product(factors: tuple[tuple[int, Tree], ...]) -> tuple[str, int]:
    """Return factors from left to right: each division puts all that stands before it over what follows."""
    (_, first), *rest = factors
    over, text = latex(first), _bracketed(first, _PRODUCT)
    for exponent, factor in rest:
        if exponent == -1:
            over = text = rf"\frac{{{over}}}{{{latex(factor)}}}"
        else:
            over = text = rf"{text} \cdot {_bracketed(factor, _PRODUCT)}"
    return text, _PRODUCT


def _call(function: str, arguments: str) -> str:
    if function == "sqrt":
        return rf"\sqrt{{{arguments}}}"
    if function == "abs":
        return rf"\left|{arguments}\right|"
    name = rf"\{function}" if function in _FUNCTIONS else rf"\operatorname{{{function}}}"
    return rf"{name}\left({arguments}\right)"


def _name(name: str) -> str:
    """Return a name with its subscripts: `hatmu_k` is mu with a hat and the subscript k."""
    base, _, subscript = re.sub(r"^([^\W\d_]+)(\d+)$", r"\1_\2", name).partition("_")
    return _base(base) + (f"_{{{_subscript(subscript)}}}" if subscript else "")


def _base(base: str) -> str:
    hat = base.removeprefix("hat")
    if hat and hat != base:
        return rf"\hat{{{_base(hat)}}}"
    if base == "omicron" or (base.lower() in GREEK and base.istitle() and base not in _CAPITALS):
        return rf"\mathrm{{{base[0]}}}"
    if base in GREEK or base in _CAPITALS:
        return rf"\{base}"
    return base if len(base) == 1 else rf"\mathrm{{{base}}}"


def _subscript(text: str) -> str:
    return ", ".join(_base(part) if part in GREEK else part for part in re.split("_+", text))
