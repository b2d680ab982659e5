"""What the course gives: the mixture, the seeded start, a picture of a matrix, and a measure of fit."""

from typing import NamedTuple

import numpy as np


class GaussianMixture(NamedTuple):
    """A mixture of K spherical Gaussians in d dimensions."""

    mu: np.ndarray  # (K, d) means, one a row
    var: np.ndarray  # (K,) variances
    p: np.ndarray  # (K,) mixing proportions


def init(X: np.ndarray, K: int, seed: int = 0) -> tuple[GaussianMixture, np.ndarray]:
    """Return a mixture to start from, and responsibilities of 1/K.

    X is (n, d). The means are K different rows of X, the mixing proportions are equal, and the variance of a
    component is the mean squared entry of X minus its mean. A missing rating counts as the 0 that stands for it.
    """
    np.random.seed(seed)
    n = X.shape[0]
    p = np.full(K, 1 / K)
    mu = X[np.random.choice(n, K, replace=False)]
    var = np.array([np.mean((X - mean) ** 2) for mean in mu])
    return GaussianMixture(mu, var, p), np.full((n, K), 1 / K)


def plot(X: np.ndarray, title: str = "") -> None:
    """Draw a matrix of ratings, users down and films across; what is missing stays white."""
    import matplotlib.pyplot as plt

    _, axes = plt.subplots()
    picture = axes.imshow(np.ma.masked_equal(X, 0), aspect="auto", interpolation="nearest")
    plt.colorbar(picture, ax=axes, label="rating")
    axes.set(title=title, xlabel="film", ylabel="user")
    plt.show()


def rmse(X: np.ndarray, Y: np.ndarray) -> float:
    """Return the root of the mean squared difference of two arrays of one shape."""
    return float(np.sqrt(np.mean((X - Y) ** 2)))
