"""EM for a mixture of spherical Gaussians where the component of some points is known.

What is maximised is prod_{unlabelled} sum_j p(x, j) * prod_{labelled} p(x, y): a labelled point is of its component, of
which the E-step does not make up its mind anew.

Decided, where the formulas leave it open: as in `naive_em`, and besides: with all points labelled one M-step is the
answer; a component without a label is found as any other; a point labelled with a component of mixing proportion zero
is impossible, which is an error.
"""

import numpy as np
from numpy.typing import NDArray

from reference.logspace import posterior
from reference.loop import climb
from reference.mixture import Array, GaussianMixture, log_joint, maximise

UNLABELLED = -1


def estep(X: Array, y: NDArray[np.int_], mixture: GaussianMixture) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood, in nats, of points X (n, d) with labels y (n,).

    post[t] is one-hot where y[t] is the number of a component, and as in `naive_em` where y[t] is -1, for unlabelled.
    ll = sum_{unlabelled t} log sum_j p_j N(x_t; mu_j, var_j I) + sum_{labelled t} log p_y N(x_t; mu_y, var_y I)

    Source: "GMM and EM questions", question 3; Nigam et al., "Text classification from labeled and unlabeled documents
    using EM" (2000).

    Raises:
        ValueError: a label is neither -1 nor a component's number, a variance is not positive, or a point is labelled
            with a component of mixing proportion zero.
    """
    K = len(mixture.p)
    if not np.all((y >= UNLABELLED) & (y < K)):
        raise ValueError(f"a label must be between 0 and {K - 1}, or -1 for none")
    f = log_joint(X, mixture)
    f[(y[:, None] != UNLABELLED) & (y[:, None] != np.arange(K))] = -np.inf
    return posterior(f)


def mstep(X: Array, post: Array) -> GaussianMixture:
    """Return the mixture that fits X (n, d) best when point t counts as post[t, j] points of component j.

    Source: as `estep`; the formulas stand in `mixture.maximise`.

    Raises:
        ValueError: a component has no responsibility for any point.
    """
    return maximise(X, post)


def run(X: Array, y: NDArray[np.int_], mixture: GaussianMixture) -> tuple[GaussianMixture, Array, float]:
    """Return the mixture after the last M-step, and the post (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|`.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep` and `mstep`.
    """
    return climb(lambda mixture: estep(X, y, mixture), lambda post, _: mstep(X, post), mixture)
