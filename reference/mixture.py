"""Mixtures of spherical Gaussians: their parameters, their densities, and the maximum of their likelihood."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROUNDING = 16 * np.finfo(np.float64).eps
"""What a difference of two sums may be, relative to them, and still be nothing but rounding."""


class GaussianMixture(NamedTuple):
    """A mixture of K spherical Gaussians in d dimensions: component j is N(x; mu_j, var_j I)."""

    mu: Array
    """(K, d) means, one a row."""
    var: Array
    """(K,) variances, each shared by all d dimensions."""
    p: Array
    """(K,) mixing proportions, which sum to one."""


def log_joint(X: Array, mixture: GaussianMixture) -> Array:
    """Return log(p_j N(x_t; mu_j, var_j I)) for every row t of X (n, d) and component j, as (n, K).

    |x - mu|^2 = |x|^2 - 2 x.mu + |mu|^2 needs one matrix product and no n x K x d temporary. It cancels badly when
    the data lie far from the origin, so both are shifted by the mean of X first. Source: Bishop, "Pattern Recognition
    and Machine Learning", 2.43 with a spherical covariance.

    Raises:
        ValueError: a variance is not positive (the component collapsed onto a point; its density is unbounded).
    """
    mu, var, p = mixture
    d = X.shape[1]
    if not np.all(var > 0):
        raise ValueError(f"every variance must be positive, not {var.min()}: a component collapsed onto a point")
    X, mu = _centred(X, mu)
    with np.errstate(divide="ignore"):  # log 0 = -inf: a component of no weight
        weights = np.log(p) - d / 2 * np.log(2 * np.pi * var)
    distances = X @ (-2 * mu.T)
    distances += np.einsum("td,td->t", X, X)[:, None]
    distances += np.einsum("jd,jd->j", mu, mu)
    np.maximum(distances, 0, out=distances)  # what rounding leaves below
    distances *= -1 / (2 * var)
    distances += weights
    return distances


def maximise(X: Array, post: Array) -> GaussianMixture:
    """Return the mixture that maximises the expected log-likelihood of X (n, d) under the responsibilities post (n, K).

    n_j = sum_t post[t, j];  p_j = n_j / n;  mu_j = sum_t post[t, j] x_t / n_j;
    var_j = sum_t post[t, j] |x_t - mu_j|^2 / (d n_j), with the new mu_j

    The sum of squares is taken as sum_t post[t, j] |x_t|^2 - n_j |mu_j|^2, on X shifted by its mean; where the two are
    equal but for rounding, all the points of a component coincide and its variance is zero. Source: Bishop, 9.24 to
    9.27, for a spherical covariance.

    Raises:
        ValueError: a component has no responsibility for any point, so that its mean is undefined.
    """
    n, d = X.shape
    n_j = post.sum(axis=0)
    if not np.all(n_j > 0):
        raise ValueError(f"component {int(np.argmin(n_j))} is responsible for no point: its mean is undefined")
    centre = X.mean(axis=0)
    X = X - centre
    mu = post.T @ X / n_j[:, None]
    total = np.einsum("td,td->t", X, X) @ post
    squares = total - n_j * np.einsum("jd,jd->j", mu, mu)
    squares[squares < ROUNDING * total] = 0
    return GaussianMixture(mu + centre, squares / (d * n_j), n_j / n)


def _centred(X: Array, mu: Array) -> tuple[Array, Array]:
    centre = X.mean(axis=0)
    return X - centre, mu - centre
