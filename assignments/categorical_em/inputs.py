"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

import numpy as np
from common import CategoricalMixture, init, one_hot


def start(Y: np.ndarray, K: int, seed: int) -> CategoricalMixture:
    """Return the course's seeded start on Y (n, C)."""
    return init(Y, K, seed)


def alike(Y: np.ndarray, K: int) -> CategoricalMixture:
    """Return K components that are all uniform over the categories."""
    C = Y.shape[1]
    return CategoricalMixture(np.full((K, C), 1 / C), np.full(K, 1 / K))


def rows(rng: np.random.Generator, n: int, C: int, least: int = 1, most: int = 20) -> np.ndarray:
    """Return counts (n, C) from three distributions, each row of `least` to `most` draws."""
    theta = rng.dirichlet(np.ones(C), size=3)
    draws = rng.integers(least, most + 1, size=n)
    return rng.multinomial(draws, theta[rng.integers(3, size=n)]).astype(float)


def one_hot_rows(rng: np.random.Generator, n: int, C: int) -> np.ndarray:
    """Return n one-hot rows (n, C)."""
    return one_hot(rng.choice(C, size=n, p=rng.dirichlet(np.ones(C))), C)


def rows_some_empty(rng: np.random.Generator, n: int, C: int) -> np.ndarray:
    """Return counts (n, C), in every fourth row of which nothing was observed."""
    Y = rows(rng, n, C)
    Y[::4] = 0
    return Y


def rows_without(rng: np.random.Generator, n: int, C: int, category: int) -> np.ndarray:
    """Return counts (n, C) in which nobody observed one of the categories."""
    return np.insert(rows(rng, n, C - 1), category, 0, axis=1)


def random_mixture(rng: np.random.Generator, Y: np.ndarray, K: int) -> CategoricalMixture:
    """Return K components with unequal mixing proportions."""
    theta = rng.dirichlet(np.full(Y.shape[1], 2.0), size=K)
    return CategoricalMixture(theta, rng.dirichlet(np.full(K, 3.0)))


def mixture_without(rng: np.random.Generator, Y: np.ndarray, K: int, category: int) -> CategoricalMixture:
    """Return K components under which one of the categories is impossible."""
    mixture = random_mixture(rng, Y, K)
    mixture.theta[:, category] = 0
    return mixture._replace(theta=mixture.theta / mixture.theta.sum(axis=1, keepdims=True))


def mixture_with_zeros(rng: np.random.Generator, Y: np.ndarray, K: int) -> CategoricalMixture:
    """Return K components, each of which but the last makes one category impossible."""
    mixture = random_mixture(rng, Y, K)
    for j in range(K - 1):
        mixture.theta[j, j] = 0
    return mixture._replace(theta=mixture.theta / mixture.theta.sum(axis=1, keepdims=True))


def ruled_out_by_one(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return long rows of four counts (n, 4) that `nearly_right` fits but for a single draw of the last category."""
    Y = rng.multinomial(200, [0.6, 0.3, 0.1, 0.0], size=n).astype(float)
    Y[::2, 3] = 1
    return Y


def nearly_right() -> CategoricalMixture:
    """Return two components: one fits the rows of `ruled_out_by_one` but for their last category, one fits nothing."""
    theta = np.array([[0.6, 0.3, 0.1, 0.0], [0.1, 0.2, 0.3, 0.4]])
    return CategoricalMixture(theta, np.array([0.7, 0.3]))


def random_post(rng: np.random.Generator, Y: np.ndarray, K: int) -> np.ndarray:
    """Return random responsibilities (n, K), whose rows sum to one and whose columns weigh differently."""
    return rng.dirichlet(np.linspace(0.5, 2, K), size=len(Y))
