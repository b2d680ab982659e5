"""EM for matrix completion: a mixture of spherical Gaussians over ratings of which some are missing (0).

The row of user u is drawn from one component, restricted to C_u, the columns that u has rated; every sum over columns
goes over C_u. All is made of products of (n, d) and (d, K) matrices: there is no temporary of n x K x d.

Decided, where the formulas leave it open: a row with nothing observed has the mixing proportions as responsibilities,
adds log 1 to the likelihood and counts for p alone. A component that is responsible for nothing keeps its means and
its variance. A variance at the floor is no error, so duplicated rows and K = n are none either. K = 1 works as any
other. The M-step never lowers the likelihood of variances that were at least `min_variance`; lifting smaller ones may,
and then `run` says so.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reference.logspace import posterior
from reference.loop import climb
from reference.mixture import Array, GaussianMixture

EPSILON = 1e-16
"""Added to a mixing proportion before its logarithm is taken."""


class _Ratings(NamedTuple):
    """A matrix of ratings, taken apart."""

    values: Array
    """(n, d) ratings, 0 where there is none."""
    known: Array
    """(n, d) 1 where there is a rating, else 0."""
    squares: Array
    """(n,) sum of a row's squared ratings."""
    counts: Array
    """(n,) |C_u|, how many ratings a row has."""


def _ratings(X: ArrayLike) -> _Ratings:
    values = np.asarray(X, dtype=np.float64)
    known = (values != 0).astype(np.float64)
    return _Ratings(values, known, np.einsum("ul,ul->u", values, values), known @ np.ones(known.shape[1]))


def estep(X: ArrayLike, mixture: GaussianMixture) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood, in nats, of the ratings X (n, d), 0 = missing.

        f(u, j) = log(p_j + 1e-16) - |C_u|/2 log(2 pi var_j) - sum_{l in C_u} (x_ul - mu_jl)^2 / (2 var_j)
        post = exp(f - logsumexp_j f);  ll = sum_u logsumexp_j f

    Source: the project's handout, part on matrix completion.

    Raises:
        ValueError: a variance is not positive.
    """
    return _estep(_ratings(X), mixture)


def _estep(ratings: _Ratings, mixture: GaussianMixture) -> tuple[Array, float]:
    mu, var, p = mixture
    if not np.all(var > 0):
        raise ValueError(f"every variance must be positive, not {var.min()}")
    f = ratings.values @ (-2 * mu.T) + ratings.known @ (mu * mu).T  # |x - mu|^2 over C_u, but for |x|^2
    f += ratings.squares[:, None]
    f /= -2 * var
    f -= ratings.counts[:, None] * (np.log(2 * np.pi * var) / 2)
    f += np.log(p + EPSILON)
    return posterior(f)


def mstep(X: ArrayLike, post: Array, mixture: GaussianMixture, min_variance: float = 0.25) -> GaussianMixture:
    """Return the next mixture from ratings X (n, d), 0 = missing, responsibilities post (n, K) and the mixture before.

        mu_jl = sum_{u has l} post[u, j] x_ul / sum_{u has l} post[u, j], where that support is at least 1, else the old
        var_j = max(min_variance, sum_u post[u, j] sum_{l in C_u} (x_ul - mu_jl)^2 / sum_u post[u, j] |C_u|)
        p_j = sum_u post[u, j] / n

    with the new mu in var.

    Source: the project's handout, part on matrix completion.
    """
    return _mstep(_ratings(X), post, mixture, min_variance)


def _mstep(ratings: _Ratings, post: Array, mixture: GaussianMixture, min_variance: float) -> GaussianMixture:
    sums, support = post.T @ ratings.values, post.T @ ratings.known
    mu = np.where(support >= 1, sums / np.maximum(support, 1), mixture.mu)
    # the square is multiplied out, because its sums over users are at hand
    errors = ratings.squares @ post - 2 * np.einsum("jl,jl->j", mu, sums) + np.einsum("jl,jl->j", mu * mu, support)
    weight = ratings.counts @ post
    var = np.where(weight > 0, np.maximum(min_variance, errors / np.where(weight > 0, weight, 1)), mixture.var)
    return GaussianMixture(mu, var, post.mean(axis=0))


def run(X: ArrayLike, mixture: GaussianMixture, post: Array) -> tuple[GaussianMixture, Array, float]:
    """Return the mixture after the last M-step, and the post (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|`. The post that is passed in belongs to the
    course's signature; the first E-step replaces it. Source: the project's handout.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep`.
    """
    del post
    ratings = _ratings(X)
    return climb(
        lambda mixture: _estep(ratings, mixture), lambda post, mixture: _mstep(ratings, post, mixture, 0.25), mixture
    )


def fill_matrix(X: ArrayLike, mixture: GaussianMixture) -> Array:
    """Return X (n, d) with each missing rating (0) replaced by its expectation, sum_j post[u, j] mu_jl.

    Known ratings stay as they are. Source: the project's handout.

    Raises:
        ValueError: as `estep`.
    """
    ratings = _ratings(X)
    post, _ = _estep(ratings, mixture)
    return np.where(ratings.known > 0, ratings.values, post @ mixture.mu)
