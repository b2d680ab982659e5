"""EM for a mixture of K categorical distributions over C categories.

An observation is one-hot, or holds counts of several draws of one component. The likelihood of counts leaves out the
multinomial coefficient, which does not depend on the parameters.

Decided, where the formulas leave it open: a category of probability zero that was not observed changes nothing
(0 log 0 = 0), and one that was makes the component impossible; an observation that is impossible under every component
is an error, as is a component that is responsible for nothing. An observation of nothing (a row of zeros) has the
mixing proportions as responsibilities. Components that begin alike stay alike: from a uniform start EM finds the
frequencies of the whole data for each of them and never moves again, and `run` warns of it. K = 1 needs one step.
Duplicated observations and K = n are as any other.
"""

import warnings
from typing import NamedTuple

import numpy as np

from reference.logspace import posterior
from reference.loop import climb
from reference.mixture import Array


class CategoricalMixture(NamedTuple):
    """A mixture of K categorical distributions over C categories."""

    theta: Array
    """(K, C) probabilities of the categories; each row sums to one."""
    p: Array
    """(K,) mixing proportions, which sum to one."""


def estep(Y: Array, mixture: CategoricalMixture) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood, in nats, of one-hot rows or counts Y (n, C).

        post[t, j] = p_j prod_c theta_jc^Y_tc / sum_i p_i prod_c theta_ic^Y_tc
        ll = sum_t log sum_j p_j prod_c theta_jc^Y_tc

    Source: Bishop, "Pattern Recognition and Machine Learning", 9.3.3, with categories for Bernoulli variables; the
    project "EM for GMM and CMM", 2.2.

    Raises:
        ValueError: a row is impossible under every component.
    """
    theta, p = mixture
    impossible = Y @ (theta == 0).T > 0
    with np.errstate(divide="ignore"):  # log 0 = -inf: a component of no weight
        f = np.log(p) + Y @ np.log(np.where(theta > 0, theta, 1)).T
    f[impossible] = -np.inf
    return posterior(f)


def mstep(Y: Array, post: Array) -> CategoricalMixture:
    """Return the mixture that fits Y (n, C) best under the responsibilities post (n, K).

        theta_jc = sum_t post[t, j] Y_tc / sum_t post[t, j] sum_c Y_tc;  p_j = sum_t post[t, j] / n

    For one-hot rows sum_c Y_tc is 1. Source: as `estep`.

    Raises:
        ValueError: a component has no responsibility for any observation.
    """
    counts = post.T @ Y
    total = counts.sum(axis=1, keepdims=True)
    if not np.all(total > 0):
        raise ValueError(f"component {int(np.argmin(total))} is responsible for nothing: its theta is undefined")
    return CategoricalMixture(counts / total, post.mean(axis=0))


def run(Y: Array, mixture: CategoricalMixture) -> tuple[CategoricalMixture, Array, float]:
    """Return the mixture after the last M-step, and the post (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|`.

    Warns:
        UserWarning: all components begin with the same theta, and so will stay the same.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep` and `mstep`.
    """
    if len(mixture.theta) > 1 and np.all(mixture.theta == mixture.theta[0]):
        warnings.warn("all components begin with the same theta: EM will never tell them apart", stacklevel=2)
    return climb(lambda mixture: estep(Y, mixture), lambda post, _: mstep(Y, post), mixture)
