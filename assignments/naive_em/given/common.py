"""What the course gives: the mixture, the seeded start, a plot, and two measures of fit."""

from typing import NamedTuple

import numpy as np


class GaussianMixture(NamedTuple):
    """A mixture of K spherical Gaussians in d dimensions."""

    mu: np.ndarray  # (K, d) means, one a row
    var: np.ndarray  # (K,) variances
    p: np.ndarray  # (K,) mixing proportions


def init(X: np.ndarray, K: int, seed: int = 0) -> tuple[GaussianMixture, np.ndarray]:
    """Return a mixture to start from, and responsibilities of 1/K.

    X is (n, d). The means are K different points of X, the mixing proportions are equal, and the variance of a
    component is the mean squared entry of X minus its mean.
    """
    np.random.seed(seed)
    n = X.shape[0]
    p = np.full(K, 1 / K)
    mu = X[np.random.choice(n, K, replace=False)]
    var = np.array([np.mean((X - mean) ** 2) for mean in mu])
    return GaussianMixture(mu, var, p), np.full((n, K), 1 / K)


def plot(X: np.ndarray, mixture: GaussianMixture, post: np.ndarray, title: str = "") -> None:
    """Draw points in the plane, coloured by their most responsible component, with a circle of one sigma for each."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots()
    axes.scatter(X[:, 0], X[:, 1], c=np.argmax(post, axis=1), cmap="tab10", s=12)
    for mean, variance in zip(mixture.mu, mixture.var):
        axes.add_patch(plt.Circle(tuple(mean), np.sqrt(variance), fill=False))
    axes.set_aspect("equal")
    axes.set_title(title)
    plt.show()


def rmse(X: np.ndarray, Y: np.ndarray) -> float:
    """Return the root of the mean squared difference of two arrays of one shape."""
    return float(np.sqrt(np.mean((X - Y) ** 2)))


def bic(X: np.ndarray, mixture: GaussianMixture, ll: float) -> float:
    """Return the Bayesian information criterion of a mixture on X (n, d): the larger the better."""
    K, d = mixture.mu.shape
    free_parameters = K * d + K + (K - 1)
    return float(ll - free_parameters / 2 * np.log(X.shape[0]))
