"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

import numpy as np
from common import GaussianMixture, init


def start(X: np.ndarray, K: int, seed: int) -> GaussianMixture:
    """Return the course's seeded start on X (n, d)."""
    mixture, _ = init(X, K, seed)
    return mixture


def equal_post(X: np.ndarray, K: int) -> np.ndarray:
    """Return the course's responsibilities to begin with, (n, K) times 1/K."""
    return np.full((len(X), K), 1 / K)


def blobs(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) points around three random centres."""
    centres = rng.normal(scale=3, size=(3, d))
    return centres[rng.integers(3, size=n)] + rng.normal(size=(n, d))


def far_blobs(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) points some hundred standard deviations away from where `random_mixture` puts its means."""
    return 300 + rng.normal(size=(n, d))


def random_mixture(rng: np.random.Generator, X: np.ndarray, K: int) -> GaussianMixture:
    """Return K components near the origin, with unequal mixing proportions and variances."""
    mu = rng.normal(scale=2, size=(K, X.shape[1]))
    return GaussianMixture(mu, rng.uniform(0.5, 3, size=K), rng.dirichlet(np.full(K, 3.0)))


def random_post(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return random responsibilities (n, K), whose rows sum to one and whose columns weigh differently."""
    return rng.dirichlet(rng.permutation(np.linspace(0.5, 2, K)), size=len(X))
