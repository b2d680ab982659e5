"""How good a fitted mixture is."""

import numpy as np

from reference.mixture import Array, GaussianMixture


def bic(X: Array, mixture: GaussianMixture, ll: float) -> float:
    """Return the Bayesian information criterion, ll - (m / 2) log n, in nats: the larger the better.

    m counts the free parameters of K spherical Gaussians in d dimensions: K d means, K variances and K - 1
    mixing proportions. Source: Schwarz, "Estimating the dimension of a model" (1978), in the sign of the course.
    """
    K, d = mixture.mu.shape
    m = K * d + K + K - 1
    return float(ll - m / 2 * np.log(X.shape[0]))


def rmse(X: Array, Y: Array) -> float:
    """Return the root of the mean squared difference between two arrays of one shape.

    Raises:
        ValueError: the shapes differ (an array that merely broadcasts is a mistake here).
    """
    if X.shape != Y.shape:
        raise ValueError(f"the shapes differ: {X.shape} and {Y.shape}")
    return float(np.sqrt(np.mean((X - Y) ** 2)))
