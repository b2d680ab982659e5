"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

from pathlib import Path

import numpy as np
from common import GaussianMixture, init


def labels() -> np.ndarray:
    """Return the labels of data/labels.txt as whole numbers (n,)."""
    return np.loadtxt(Path(__file__).parent / "data" / "labels.txt").astype(int)


def start(X: np.ndarray, K: int, seed: int) -> GaussianMixture:
    """Return the course's seeded start on X (n, d)."""
    return init(X, K, seed)


def mixture(mu: list[list[float]], var: list[float], p: list[float]) -> GaussianMixture:
    """Return the mixture that is written out in the case."""
    return GaussianMixture(np.array(mu), np.array(var), np.array(p))


def blobs(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) points around three random centres."""
    centres = rng.normal(scale=2.5, size=(3, d))
    return centres[rng.integers(3, size=n)] + rng.normal(size=(n, d))


def far_blobs(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) points some hundred standard deviations away from where `random_mixture` puts its means."""
    return 300 + rng.normal(size=(n, d))


def some_labels(rng: np.random.Generator, X: np.ndarray, among: int) -> np.ndarray:
    """Return labels (n,): for every third point, at random, a component before `among`, and -1 for the others."""
    return np.where(rng.random(len(X)) < 1 / 3, rng.integers(among, size=len(X)), -1)


def all_labels(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return a label for every point, (n,), each of the K at least once, and the first more often."""
    return np.minimum(np.arange(len(X)) % (K + 1), rng.permutation(len(X)) % K)


def no_labels(X: np.ndarray) -> np.ndarray:
    """Return -1 for every point, (n,)."""
    return np.full(len(X), -1)


def random_mixture(rng: np.random.Generator, X: np.ndarray, K: int) -> GaussianMixture:
    """Return K components near the origin, with unequal mixing proportions and variances."""
    mu = rng.normal(scale=2, size=(K, X.shape[1]))
    return GaussianMixture(mu, rng.uniform(0.5, 3, size=K), rng.dirichlet(np.full(K, 3.0)))


def random_post(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return random responsibilities (n, K), of which every third row is one-hot."""
    post = rng.dirichlet(np.linspace(0.5, 2, K), size=len(X))
    known = rng.random(len(X)) < 1 / 3
    post[known] = np.eye(K)[rng.integers(K, size=known.sum())]
    return post
