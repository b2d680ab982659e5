"""What the course gives: the mixture, a seeded start, one-hot rows and a plot."""

from typing import NamedTuple

import numpy as np


class CategoricalMixture(NamedTuple):
    """A mixture of K categorical distributions over C categories."""

    theta: np.ndarray  # (K, C) probabilities of the categories; each row sums to one
    p: np.ndarray  # (K,) mixing proportions


def init(Y: np.ndarray, K: int, seed: int = 0) -> CategoricalMixture:
    """Return a mixture to start from.

    Y is (n, C). The mixing proportions are equal. Each row of theta is drawn at random among all distributions over
    the C categories, so that no two components begin alike.
    """
    np.random.seed(seed)
    theta = np.random.dirichlet(np.ones(Y.shape[1]), size=K)
    return CategoricalMixture(theta, np.full(K, 1 / K))


def one_hot(labels: np.ndarray, C: int) -> np.ndarray:
    """Return categories 0 ... C - 1, (n,), as rows (n, C) with a single 1."""
    return np.eye(C)[labels]


def plot(mixture: CategoricalMixture, title: str = "") -> None:
    """Draw the probabilities of the categories, a group of bars for each component."""
    import matplotlib.pyplot as plt

    K, C = mixture.theta.shape
    _, axes = plt.subplots()
    for j in range(K):
        axes.bar(np.arange(C) + 0.8 * j / K, mixture.theta[j], width=0.8 / K, label=f"p = {mixture.p[j]:.2f}")
    axes.set_xlabel("category")
    axes.legend()
    axes.set_title(title)
    plt.show()
