"""What the course gives: the mixture, a seeded start, and a plot."""

from typing import NamedTuple

import numpy as np


class GaussianMixture(NamedTuple):
    """A mixture of K spherical Gaussians in d dimensions."""

    mu: np.ndarray  # (K, d) means, one a row
    var: np.ndarray  # (K,) variances
    p: np.ndarray  # (K,) mixing proportions


def init(X: np.ndarray, K: int, seed: int = 0) -> GaussianMixture:
    """Return a mixture to start from, which knows nothing of labels.

    X is (n, d). The means are K different points of X, the mixing proportions are equal, and the variance of a
    component is the mean squared entry of X minus its mean.
    """
    np.random.seed(seed)
    mu = X[np.random.choice(X.shape[0], K, replace=False)]
    var = np.array([np.mean((X - mean) ** 2) for mean in mu])
    return GaussianMixture(mu, var, np.full(K, 1 / K))


def plot(X: np.ndarray, y: np.ndarray, mixture: GaussianMixture, post: np.ndarray, title: str = "") -> None:
    """Draw points in the plane, coloured by their most responsible component, with a circle of one sigma for each.

    Points with a label have a black edge.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots()
    edges = np.where(y == -1, "none", "black")
    axes.scatter(X[:, 0], X[:, 1], c=np.argmax(post, axis=1), cmap="tab10", s=16, edgecolors=edges)
    for mean, variance in zip(mixture.mu, mixture.var):
        axes.add_patch(plt.Circle(tuple(mean), np.sqrt(variance), fill=False))
    axes.set_aspect("equal")
    axes.set_title(title)
    plt.show()
