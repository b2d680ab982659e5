"""EM for a mixture of K Gaussians with full covariance matrices, p(x) = sum_j p_j N(x; mu_j, cov_j).

A covariance enters through its Cholesky factor, cov = L L^T: the Mahalanobis distance is |L^-1 (x - mu)|^2 and
log det cov is twice the sum of log diag L. Nothing is inverted, and a covariance that is none has no factor.

Decided, where the formulas leave it open: nothing is added to the diagonal, so a component whose points lie in a
hyperplane (K = n, duplicated points, a constant column) has a singular covariance, which is an error of the next
E-step; a component that is responsible for no point is an error of the M-step. A mixing proportion of zero is a
component that takes nothing. K = 1 is the Gaussian of the data's mean and covariance, after one step.
"""

from typing import NamedTuple

import numpy as np

from reference.logspace import posterior
from reference.loop import climb
from reference.mixture import Array, noise, weights

SINGULAR = 1e-13
"""A correlation matrix whose smallest eigenvalue is no larger than this is singular but for rounding."""


class FullMixture(NamedTuple):
    """A mixture of K Gaussians in d dimensions."""

    mu: Array
    """(K, d) means, one a row."""
    cov: Array
    """(K, d, d) covariance matrices, symmetric and positive definite."""
    p: Array
    """(K,) mixing proportions, which sum to one."""


def estep(X: Array, mixture: FullMixture) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood of the data X (n, d), in nats.

        post[t, j] = p_j N(x_t; mu_j, cov_j) / sum_i p_i N(x_t; mu_i, cov_i)
        ll = sum_t log sum_j p_j N(x_t; mu_j, cov_j)

    Source: Bishop, "Pattern Recognition and Machine Learning", 9.23 and 9.14; the project "EM for GMM and CMM", 2.1.

    Raises:
        ValueError: a covariance is not positive definite.
    """
    with np.errstate(divide="ignore"):  # log 0 = -inf: a component of no weight
        f = np.tile(np.log(mixture.p), (len(X), 1))
    smallest = (noise(len(X)) * np.abs(X).max(axis=0)) ** 2
    for j, (mu, cov) in enumerate(zip(mixture.mu, mixture.cov, strict=True)):
        f[:, j] += _log_density(X, mu, _cholesky(cov, smallest, j))
    return posterior(f)


def _cholesky(cov: Array, smallest: Array, j: int) -> Array:
    """Return the factor of component j's covariance, in which variances below `smallest` (d,) are only rounding."""
    variances = np.diag(cov)
    if np.all(variances > smallest):
        deviations = np.sqrt(variances)
        if np.linalg.eigvalsh(cov / np.outer(deviations, deviations))[0] > SINGULAR:
            return np.asarray(np.linalg.cholesky(cov), dtype=np.float64)
    raise ValueError(f"the covariance of component {j} is not positive definite: it collapsed")


def _log_density(X: Array, mu: Array, L: Array) -> Array:
    """Return log N(x; mu, L L^T) of each row of X (n, d), as (n,)."""
    z = np.linalg.solve(L, (X - mu).T)
    log_det = 2 * np.log(np.diag(L)).sum()
    squares: Array = np.einsum("dt,dt->t", z, z)
    return np.asarray(-(len(mu) * np.log(2 * np.pi) + log_det + squares) / 2)


def mstep(X: Array, post: Array) -> FullMixture:
    """Return the mixture that fits X (n, d) best under the responsibilities post (n, K).

        n_j = sum_t post[t, j];  p_j = n_j / n;  mu_j = sum_t post[t, j] x_t / n_j
        cov_j = sum_t post[t, j] (x_t - mu_j)(x_t - mu_j)^T / n_j, with the new mu_j

    Source: as `estep`; Bishop, 9.24 to 9.27.

    Raises:
        ValueError: a component has no responsibility for any point.
    """
    n_j = weights(post)
    centre = X.mean(axis=0)  # so that the means of data far from the origin keep their digits
    mu = post.T @ (X - centre) / n_j[:, None] + centre
    cov = np.stack([_scatter(X - mean, column) for mean, column in zip(mu, post.T, strict=True)])
    return FullMixture(mu, cov / n_j[:, None, None], n_j / len(X))


def _scatter(X: Array, column: Array) -> Array:
    """Return sum_t column_t x_t x_t^T, which is symmetric to the last digit."""
    scatter = (column[:, None] * X).T @ X
    return np.asarray((scatter + scatter.T) / 2)


def run(X: Array, mixture: FullMixture) -> tuple[FullMixture, Array, float]:
    """Return the mixture after the last M-step, and the post (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|`.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep` and `mstep`.
    """
    return climb(lambda mixture: estep(X, mixture), lambda post, _: mstep(X, post), mixture)
