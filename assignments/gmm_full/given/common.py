"""What the course gives: the mixture, a seeded start and a plot."""

from typing import NamedTuple

import numpy as np


class FullMixture(NamedTuple):
    """A mixture of K Gaussians in d dimensions, each with a covariance matrix of its own."""

    mu: np.ndarray  # (K, d) means, one a row
    cov: np.ndarray  # (K, d, d) covariance matrices
    p: np.ndarray  # (K,) mixing proportions


def init(X: np.ndarray, K: int, seed: int = 0) -> FullMixture:
    """Return a mixture to start from.

    X is (n, d). The means are K different points of X, the mixing proportions are equal, and the covariance matrix of
    a component is the mean of (x - mean)(x - mean)^T over all points x.
    """
    np.random.seed(seed)
    n = X.shape[0]
    mu = X[np.random.choice(n, K, replace=False)]
    cov = np.array([(X - mean).T @ (X - mean) / n for mean in mu])
    return FullMixture(mu, cov, np.full(K, 1 / K))


def plot(X: np.ndarray, mixture: FullMixture, post: np.ndarray, title: str = "") -> None:
    """Draw points in the plane, coloured by their most responsible component, with an ellipse of one sigma for each."""
    import matplotlib.pyplot as plt

    angle = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    _, axes = plt.subplots()
    axes.scatter(X[:, 0], X[:, 1], c=np.argmax(post, axis=1), cmap="tab10", s=12)
    for mean, cov in zip(mixture.mu, mixture.cov):
        axes.plot(*(mean[:, None] + np.linalg.cholesky(cov) @ circle), color="black")
    axes.set_aspect("equal")
    axes.set_title(title)
    plt.show()
