"""The EM iteration, common to all the models."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from reference.mixture import Array

Model = TypeVar("Model")

TOLERANCE = 1e-6
"""Stop when the log-likelihood has risen by no more than this times its magnitude (project handout, part 3)."""

ROUNDING = 1e-9
"""A fall of this times the log-likelihood's magnitude (or 1) is taken for rounding, a larger one for a mistake."""


class LikelihoodFellError(ArithmeticError):
    """An EM step lowered the log-likelihood, which a right E-step and M-step never do."""


def steps(
    estep: Callable[[Model], tuple[Array, float]], mstep: Callable[[Array, Model], Model], model: Model
) -> Iterator[tuple[Model, Array, float]]:
    """Yield (model, post, ll) after each E-step and M-step, until convergence.

    `estep(model)` gives the responsibilities and the log-likelihood, and `mstep(post, model)` the next model; the data
    are theirs to know. `post` and `ll` are those of the E-step, `model` is what the M-step made of them. Convergence is
    `ll - previous <= 1e-6 |ll|`, tested after each E-step but the first.

    Raises:
        LikelihoodFellError: the log-likelihood fell by more than rounding explains.
    """
    previous = None
    while True:
        post, ll = estep(model)
        model = mstep(post, model)
        yield model, post, ll
        if previous is not None:
            if ll < previous - ROUNDING * max(abs(previous), 1):
                raise LikelihoodFellError(f"the log-likelihood fell from {previous} to {ll}")
            if ll - previous <= TOLERANCE * abs(ll):
                return
        previous = ll


def climb(
    estep: Callable[[Model], tuple[Array, float]], mstep: Callable[[Array, Model], Model], model: Model
) -> tuple[Model, Array, float]:
    """Return the last of `steps`: the model of the last M-step, the post and ll of the last E-step."""
    return deque(steps(estep, mstep, model), maxlen=1)[0]
