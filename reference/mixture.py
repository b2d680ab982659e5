"""Mixtures of spherical Gaussians: their parameters, their densities, and the maximum of their likelihood."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROUNDING = 16 * np.finfo(np.float64).eps
"""What rounding may leave of a number, relative to those that it is the difference of."""
DIGITS = 1e-6
"""A difference of this size, relative to what it is the difference of, has lost too many digits."""


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

    Source: Bishop, "Pattern Recognition and Machine Learning", 2.43 with a spherical covariance.

    Raises:
        ValueError: a variance is not positive (the component collapsed onto a point; its density is unbounded).
    """
    mu, var, p = mixture
    d = X.shape[1]
    if not np.all(var > 0):
        raise ValueError(f"every variance must be positive, not {var.min()}: a component collapsed onto a point")
    with np.errstate(divide="ignore"):  # log 0 = -inf: a component of no weight
        constant = np.log(p) - d / 2 * np.log(2 * np.pi * var)
    f = squared_distances(X, mu, 1e-9 * var.min())
    f *= -1 / (2 * var)
    f += constant
    return f


def squared_distances(X: Array, mu: Array, error: float) -> Array:
    """Return |x_t - mu_j|^2 for all rows of X (n, d) and mu (K, d), as (n, K), with no more than this error.

    |x - mu|^2 = |x|^2 - 2 x.mu + |mu|^2 needs one matrix product and no n x K x d temporary. It cancels where points or
    means lie far from the origin, whence both are shifted by the mean of X first, or far from each other; where that
    costs too many digits, differences are taken one mean after another. Each column of the result lies together in
    memory, because what follows goes by columns.
    """
    centre = X.mean(axis=0)
    X, mu = X - centre, mu - centre
    squares, mu_squares = _squares(X), _squares(mu)
    if ROUNDING * max(squares.max(), mu_squares.max()) > error:
        return np.stack([_squares(X - mean) for mean in mu]).T
    distances = np.asarray((-2 * mu @ X.T).T)
    distances += squares[:, None]
    distances += mu_squares
    return np.maximum(distances, 0, out=distances)  # what rounding leaves below


def weights(post: Array) -> Array:
    """Return n_j = sum_t post[t, j], how many points each component has, as (K,).

    Raises:
        ValueError: a component has no responsibility for any point, so that its mean is undefined.
    """
    n_j = np.ones(len(post)) @ post
    if not np.all(n_j > 0):
        raise ValueError(f"component {int(np.argmin(n_j))} is responsible for no point: its mean is undefined")
    return np.asarray(n_j)


def noise(n: int) -> float:
    """Return what a sum of n numbers may be off by, relative to them: points that are no farther apart coincide."""
    return float((n + 16) * np.finfo(np.float64).eps)


def _squares(rows: Array) -> Array:
    return np.asarray(np.einsum("td,td->t", rows, rows))


def maximise(X: Array, post: Array) -> GaussianMixture:
    """Return the mixture that maximises the expected log-likelihood of X (n, d) under the responsibilities post (n, K).

        n_j = sum_t post[t, j];  p_j = n_j / n;  mu_j = sum_t post[t, j] x_t / n_j;
        var_j = sum_t post[t, j] |x_t - mu_j|^2 / (d n_j), with the new mu_j

    The sum of squares is sum_t post[t, j] |x_t|^2 - n_j |mu_j|^2 on X shifted by its mean, or as it stands here where
    that would lose digits. Where nothing but rounding is left of it, all the points of a component coincide and its
    variance is zero. Source: Bishop, 9.24 to 9.27, for a spherical covariance.

    Raises:
        ValueError: a component has no responsibility for any point, so that its mean is undefined.
    """
    n, d = X.shape
    n_j = weights(post)
    centre = X.mean(axis=0)
    X = X - centre
    mu = post.T @ X / n_j[:, None]
    total = _squares(X) @ post
    squares = total - n_j * _squares(mu)
    for j in np.flatnonzero(squares < DIGITS * total):
        squares[j] = post[:, j] @ _squares(X - mu[j])
    squares[squares < noise(n) ** 2 * total] = 0
    return GaussianMixture(mu + centre, squares / (d * n_j), n_j / n)
