"""The grammar of formulas, as a tree.

    sum      = product { ("+" | "-") product }
    product  = sign { ("*" | "/") sign }
    sign     = { "+" | "-" } power
    power    = atom [ ("^" | "**") sign ]
    atom     = number | name | function "(" sum { "," sum } ")" | "(" sum ")"

`-x^2` is `-(x^2)` and `a^b^c` is `a^(b^c)`. A name may have subscripts: `pi_k`, `gamma_k1`, `hatmu_k`, also
`gamma_{k1}` and with Greek letters. Nothing is left out between factors: `2x` is an error that says so.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from grader.answers.verdict import UnreadableAnswer, quoted

LONGEST = 1000
"""How long a formula may be, in characters."""
DEEPEST = 50
"""How deep brackets, powers and functions may be nested."""

GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_SMALL = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", GREEK, strict=True))
_OTHER = {"ς": "sigma", "ϕ": "phi", "ϵ": "epsilon", "µ": "mu"}
_LARGE = {letter.upper(): name.capitalize() for letter, name in _SMALL.items()}
_LETTERS = str.maketrans(_SMALL | _LARGE | _OTHER | {"{": "", "}": ""})
SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/"})  # noqa: RUF001
"""Signs as they are copied from a page, and what they stand for."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, with the text that was typed."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms, each with its sign, added up."""

    terms: tuple[tuple[int, "Tree"], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, each of which multiplies (1) or divides (-1), from left to right."""

    factors: tuple[tuple[int, "Tree"], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """A base to an exponent."""

    base: "Tree"
    exponent: "Tree"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    function: str
    arguments: tuple["Tree", ...]


Tree = Number | Name | Sum | Product | Power | Call


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_TOKENS = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+(?![\w.]))?)"
    rf"|(?P<raised>[{_RAISED}]+)"
    rf"|(?P<name>[^\W\d_](?:[^\W{_RAISED}]|\{{\w+\}})*)"
    r"|(?P<sign>\*\*|[-+*/^(),])"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)"
)


def parse(text: str, names: Collection[str], functions: Mapping[str, int | None]) -> Tree:
    """Return the tree of a formula in these names and functions (with their number of arguments, None for any).

    Raises:
        UnreadableAnswer: it is none; the text says where and what to do.
    """
    if len(text) > LONGEST:
        raise UnreadableAnswer(f"a formula may have {LONGEST} characters, not {len(text)}")
    return _Parser(text.translate(SIGNS), names, functions).whole()


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each token of a formula: its names, numbers and signs."""
    for token in _tokens(text.translate(SIGNS)):
        yield token.kind, token.text


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKENS.finditer(text):
        kind = match.lastgroup or "other"
        place = match.start() + 1
        if kind == "name":
            yield _Token(kind, match[0].translate(_LETTERS), place)
        elif kind == "raised":
            yield _Token("sign", "^", place)
            yield _Token("number", unicodedata.normalize("NFKC", match[0]), place)
        elif kind != "space":
            yield _Token(kind, "^" if match[0] == "**" else match[0], place)
    yield _Token("end", "", len(text) + 1)


class _Parser:
    def __init__(self, text: str, names: Collection[str], functions: Mapping[str, int | None]) -> None:
        self.names, self.functions = names, functions
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0
        self.open: list[_Token] = []

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> _Token | None:
        """Return the next token and go on, if it is one of these signs."""
        token = self.token
        if token.kind != "sign" or token.text not in texts:
            return None
        self.at += 1
        return token

    def whole(self) -> Tree:
        if self.token.kind == "end":
            raise UnreadableAnswer("the formula is empty")
        if any(token.text == "=" for token in self.tokens):
            raise UnreadableAnswer("write what stands on the right of the `=` alone")
        tree = self.sum()
        if self.token.kind != "end":
            raise self.unexpected()
        return tree

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnreadableAnswer(f"brackets and powers are nested more than {DEEPEST} deep")
        terms = [(1, self.product())]
        while sign := self.take("+", "-"):
            terms.append((1 if sign.text == "+" else -1, self.product()))
        self.depth -= 1
        return Sum(tuple(terms)) if len(terms) > 1 else terms[0][1]

    def product(self) -> Tree:
        factors = [(1, self.sign())]
        while sign := self.take("*", "/"):
            factors.append((1 if sign.text == "*" else -1, self.sign()))
        self.nothing_left_out()
        return Product(tuple(factors)) if len(factors) > 1 else factors[0][1]

    def sign(self) -> Tree:
        negative = False
        while sign := self.take("+", "-"):
            negative ^= sign.text == "-"
        tree = self.power()
        return Sum(((-1, tree),)) if negative else tree

    def power(self) -> Tree:
        base = self.atom()
        if not self.take("^"):
            return base
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnreadableAnswer(f"brackets and powers are nested more than {DEEPEST} deep")
        tree = Power(base, self.sign())
        self.depth -= 1
        return tree

    def atom(self) -> Tree:
        token = self.token
        if token.kind == "number":
            self.at += 1
            return Number(float(token.text), token.text)
        if token.kind == "name":
            self.at += 1
            return self.named(token)
        if self.take("("):
            return self.bracketed(token)[0]
        raise self.unexpected()

    def named(self, token: _Token) -> Tree:
        if token.text in self.functions:
            opening = self.token
            if not self.take("("):
                raise UnreadableAnswer(f"`{token.text}` needs its argument in brackets: {token.text}(...)")
            arguments = self.bracketed(opening, several=True)
            takes = self.functions[token.text]
            if takes not in {None, len(arguments)}:
                raise UnreadableAnswer(f"`{token.text}` takes {takes} argument, not {len(arguments)}")
            return Call(token.text, arguments)
        if token.text in self.names:
            return Name(token.text)
        raise UnreadableAnswer(self.unknown(token))

    def bracketed(self, opening: _Token, *, several: bool = False) -> tuple[Tree, ...]:
        """Return what stands between an opening bracket and its closing one."""
        self.open.append(opening)
        trees = [self.sum()]
        while several and self.take(","):
            trees.append(self.sum())
        if not self.take(")"):
            raise self.unexpected()
        self.open.pop()
        return tuple(trees)

    def nothing_left_out(self) -> None:
        """Say where a `*` is missing, which is where a factor follows another."""
        token = self.token
        if token.kind in {"number", "name"} or token.text == "(":
            before = self.tokens[self.at - 1]
            one = "(...)" if before.text == ")" else before.text
            other = "(...)" if token.text == "(" else token.text
            raise UnreadableAnswer(f"a `*` is missing at character {token.place}: did you mean {one}*{other}?")

    def unknown(self, token: _Token) -> str:
        """Return what to say of a name that is none of the question's."""
        text = f"there is no {quoted(token.text)} in this question"
        parts = _factors(token.text, self.names)
        if parts:
            return f"{text}: did you mean {'*'.join(parts)}?"
        known = [*self.names, *self.functions]
        plain = unicodedata.normalize("NFKC", token.text)
        near = [name for name in known if sorted(name.lower()) == sorted(plain.lower())]
        near = near or difflib.get_close_matches(plain, known, n=1)
        return f"{text}: did you mean {near[0]}?" if near else f"{text}; it is about {', '.join(self.names)}"

    def unexpected(self) -> UnreadableAnswer:
        """Return the error for a token that cannot stand where it stands."""
        token = self.token
        if token.text == ")" and not self.open:
            return UnreadableAnswer(f"the `)` at character {token.place} closes no bracket")
        if token.kind == "end":
            if self.open:
                return UnreadableAnswer(f"the `(` at character {self.open[-1].place} is never closed")
            return UnreadableAnswer(f"the formula ends after `{self.tokens[self.at - 1].text}`: something is missing")
        if token.text == ",":
            return UnreadableAnswer(
                f"the comma at character {token.place} stands between no arguments: write decimals with a point, 0.5"
            )
        hint = ": brackets are ( and )" if token.text in {"[", "]", "{", "}"} else ""
        return UnreadableAnswer(f"{quoted(token.text)} cannot stand at character {token.place}{hint}")


def _factors(text: str, names: Collection[str]) -> list[str]:
    """Return known names which, one after another, make up an unknown one: `xy` is x and y."""
    for name in names:
        rest = text.removeprefix(name)
        if rest in names and rest != text:
            return [name, rest]
    return []
