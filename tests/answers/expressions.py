"""Random formulas, for the tests that hold what the grader makes of them against something that it did not write."""

import numpy as np
from hypothesis import strategies as st

from grader.answers import formula

NAMES = ("x", "y", "gamma_k1", "hatmu_k")
POINTS = {name: np.array([0.3, 1.7, -0.8]) * (n + 1) for n, name in enumerate(NAMES)}


def _larger(smaller):
    signs = st.sampled_from(["+", "-", "*", "/", "^", "**"])
    functions = st.sampled_from(["sqrt", "abs", "exp", "ln"])
    return st.one_of(
        st.tuples(smaller, signs, smaller).map("".join),
        st.tuples(smaller, signs, smaller).map(lambda parts: "({})".format(f"){parts[1]}(".join(parts[::2]))),
        st.tuples(functions, smaller).map(lambda parts: f"{parts[0]}({parts[1]})"),
        smaller.map(lambda text: f"-{text}"),
        smaller.map(lambda text: f"-({text})"),
    )


FORMULAS = st.recursive(st.sampled_from([*NAMES, "2", "3", ".5", "1e1", "0.25"]), _larger, max_leaves=10)


def value(text):
    """Return a formula's values at the points."""
    return np.broadcast_to(formula.value(formula.read(text, NAMES, {}), POINTS), 3)
