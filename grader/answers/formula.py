"""Formulas, compared by value: two are equal that are equal at many random points."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from grader.answers.grammar import Call, Name, Number, Power, Product, Sum, Tree, parse, tokens
from grader.answers.verdict import Judgement

POINTS = 24
"""At how many points formulas are compared."""
DRAWS = 100
"""How often so many points are drawn anew for those at which the answer is undefined."""
RTOL, ATOL = 1e-6, 1e-9
"""How near is equal: relative to the value at the point, and to the largest at any (or 1, where all are zero)."""

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Points = Mapping[str, Numbers]
_Function = Callable[..., Any]

FUNCTIONS: dict[str, tuple[_Function, int | None]] = {
    "ln": (np.log, 1), "log": (np.log, 1), "log10": (np.log10, 1), "log2": (np.log2, 1), "exp": (np.exp, 1),
    "sqrt": (np.sqrt, 1), "abs": (np.abs, 1), "sin": (np.sin, 1), "cos": (np.cos, 1), "tan": (np.tan, 1),
    "sum": (lambda *terms: reduce(np.add, terms), None), "min": (lambda *terms: reduce(np.minimum, terms), None),
    "max": (lambda *terms: reduce(np.maximum, terms), None),
}  # fmt: skip
"""What a formula may call, with how many arguments; None is any number."""
CONSTANTS = {"pi": np.pi, "e": np.e}
"""What every formula may name, where the question has no variable of that name."""


def read(text: str, variables: Sequence[str], constants: Mapping[str, float]) -> Tree:
    """Return the tree of a formula in a question's variables and constants.

    Raises:
        UnreadableAnswer: it is none.
    """
    arities = {name: takes for name, (_, takes) in FUNCTIONS.items()}
    return parse(text, list(dict.fromkeys([*variables, *constants, *CONSTANTS])), arities)


def value(tree: Tree, points: Points) -> Numbers:
    """Return a formula's values at points: NaN or infinite where it is undefined."""
    with np.errstate(all="ignore"):
        return np.asarray(_value(tree, points), dtype=np.float64)


def _value(tree: Tree, points: Points) -> Any:
    match tree:
        case Number(number):
            return np.float64(number)
        case Name(name):
            return points[name]
        case Sum(terms):
            return reduce(np.add, (sign * _value(term, points) for sign, term in terms))
        case Product(factors):
            result: Any = np.float64(1)
            for exponent, factor in factors:
                other = _value(factor, points)
                result = result * other if exponent == 1 else result / other
            return result
        case Power(base, exponent):
            return np.power(_value(base, points), _value(exponent, points))
        case Call(function, arguments):
            return FUNCTIONS[function][0](*(_value(argument, points) for argument in arguments))


def draw(
    answer: Tree,
    ranges: Mapping[str, tuple[float, float]],
    constants: Mapping[str, float],
    seed: int,
    draws: int = DRAWS,
) -> dict[str, Numbers]:
    """Return random points of the variables' ranges at which the answer is a number, with the constants.

    Raises:
        ValueError: it is a number hardly anywhere in these ranges, or one of them is endless.
    """
    if not np.isfinite([high - low for low, high in ranges.values()]).all():
        raise ValueError("a range is too wide to draw numbers from")
    rng = np.random.default_rng(seed)
    found: list[dict[str, Numbers]] = []
    count = 0
    for _ in range(draws):
        points = {name: rng.uniform(low, high, POINTS) for name, (low, high) in ranges.items()}
        fixed = {name: np.full(POINTS, number) for name, number in {**CONSTANTS, **constants}.items()}
        points = {**fixed, **points}
        good = np.isfinite(np.broadcast_to(value(answer, points), POINTS))
        found.append({name: column[good] for name, column in points.items()})
        count += int(good.sum())
        if count >= POINTS:
            return {name: np.concatenate([part[name] for part in found])[:POINTS] for name in points}
    raise ValueError("the answer is undefined nearly everywhere in these ranges")


def judge(tree: Tree, answer: Tree, points: Points, ranges: Sequence[str]) -> Judgement:
    """Compare a formula with the answer, and say where they differ by the values of the variables there."""
    got, want = (np.broadcast_to(value(each, points), POINTS) for each in (tree, answer))
    allowed = RTOL * np.abs(want) + ATOL * (np.abs(want).max() or 1.0)
    with np.errstate(all="ignore"):
        bad = ~(np.abs(got - want) <= allowed)
    if not bad.any():
        return Judgement(1.0)
    n = int(np.argmax(bad))
    place = ", ".join(f"{name} = {points[name][n]:.4g}" for name in ranges)
    where = f" at {place}" if place else ""
    if not np.isfinite(got[n]):
        return Judgement(0.0, f"Not right: it is undefined{where}, where the answer is not.")
    return Judgement(0.0, f"Not right: it differs{where}, for instance, where yours is {got[n]:.6g}.")


def is_name(text: str) -> bool:
    """Tell whether a variable or a constant may be called so."""
    return list(tokens(text)) == [("name", text), ("end", "")] and text not in FUNCTIONS


def uses(text: str, wanted: str) -> bool:
    """Tell whether a formula has a piece in it: a function or a name as a whole, anything else as it is written."""
    pieces = [piece for _, piece in tokens(text)]
    sought = [piece for _, piece in tokens(wanted)][:-1]
    return any(pieces[n : n + len(sought)] == sought for n in range(len(pieces)))
