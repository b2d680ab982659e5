"""EM for a mixture of K spherical Gaussians, p(x) = sum_j p_j N(x; mu_j, var_j I)."""

import numpy as np

from reference.logspace import logsumexp
from reference.loop import climb
from reference.mixture import Array, GaussianMixture, squared_distances


def estep(X: Array, mixture: GaussianMixture) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood of the data X (n, d), in nats.

    post[t, j] = p_j N(x_t; mu_j, var_j I) / sum_i p_i N(x_t; mu_i, var_i I)
    ll = sum_t log sum_j p_j N(x_t; mu_j, var_j I)

    computed in the log domain, so a point far from every mean keeps its responsibilities. Source: the project's
    handout, part 3; Bishop, "Pattern Recognition and Machine Learning", 9.23 and 9.14.

    Raises:
        ValueError: a variance is not positive (the component collapsed onto a point; its density is unbounded).
    """
    mu, var, p = mixture
    d = X.shape[1]
    if not np.all(var > 0):
        raise ValueError(f"every variance must be positive, not {var.min()}: a component collapsed onto a point")
    with np.errstate(divide="ignore"):
        f = np.log(p) - d / 2 * np.log(2 * np.pi * var) - squared_distances(X, mu) / (2 * var)
    log_density = logsumexp(f)
    return np.exp(f - log_density[:, None]), float(log_density.sum())


def mstep(X: Array, post: Array) -> GaussianMixture:
    """Return the mixture that maximises the expected log-likelihood of X (n, d) under the responsibilities post (n, K).

    n_j = sum_t post[t, j];  p_j = n_j / n;  mu_j = sum_t post[t, j] x_t / n_j;
    var_j = sum_t post[t, j] |x_t - mu_j|^2 / (d n_j), with the new mu_j

    Source: the project's handout, part 3; Bishop, 9.24 to 9.27, for a spherical covariance.

    Raises:
        ValueError: a component has no responsibility for any point, so that its mean is undefined.
    """
    n, d = X.shape
    n_j = post.sum(axis=0)
    if not np.all(n_j > 0):
        raise ValueError(f"component {int(np.argmin(n_j))} is responsible for no point: its mean is undefined")
    p = n_j / n
    mu = post.T @ X / n_j[:, None]
    var = np.einsum("tj,tj->j", post, squared_distances(X, mu)) / (d * n_j)
    return GaussianMixture(mu, var, p)


def run(X: Array, mixture: GaussianMixture, post: Array) -> tuple[GaussianMixture, Array, float]:
    """Return the mixture after the last M-step, and the post (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|` (project handout, part 3). The post that is
    passed in belongs to the course's signature; the first E-step replaces it.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep` and `mstep`.
    """
    del post
    return climb(estep, mstep, X, mixture)
