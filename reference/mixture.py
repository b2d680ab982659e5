"""The parameters of a mixture of spherical Gaussians."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class GaussianMixture(NamedTuple):
    """A mixture of K spherical Gaussians in d dimensions: component j is N(x; mu_j, var_j I)."""

    mu: Array
    """(K, d) means, one a row."""
    var: Array
    """(K,) variances, each shared by all d dimensions."""
    p: Array
    """(K,) mixing proportions, which sum to one."""


def squared_distances(X: Array, mu: Array) -> Array:
    """Return the (n, K) squared Euclidean distances between the rows of X (n, d) and of mu (K, d).

    |x - m|^2 = |x|^2 - 2 x.m + |m|^2 needs one matrix product and no n x K x d temporary. It cancels badly when
    the data lie far from the origin, so both are shifted by the mean of X first; what rounding leaves below zero
    is zero.
    """
    centre = X.mean(axis=0)
    X, mu = X - centre, mu - centre
    squares = np.einsum("td,td->t", X, X)[:, None] - 2 * X @ mu.T + np.einsum("jd,jd->j", mu, mu)
    return np.asarray(np.maximum(squares, 0, out=squares))
