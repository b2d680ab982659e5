"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

import numpy as np
from common import FullMixture, init


def start(X: np.ndarray, K: int, seed: int) -> FullMixture:
    """Return the course's seeded start on X (n, d)."""
    return init(X, K, seed)


def clouds(rng: np.random.Generator, n: int, d: int, scale: float = 1.0) -> np.ndarray:
    """Return (n, d) points of three clouds, each with its own covariance; `scale` multiplies them all."""
    centres = rng.normal(scale=3, size=(3, d))
    maps = linear_maps(rng, 3, d)
    component = rng.integers(3, size=n)
    noise = rng.normal(size=(n, d))
    return scale * (centres[component] + np.einsum("nij,nj->ni", maps[component], noise))


def far_cloud(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) points a hundred standard deviations and more away from where `random_mixture` puts its means."""
    return 300 + rng.normal(size=(n, d))


def random_mixture(rng: np.random.Generator, X: np.ndarray, K: int) -> FullMixture:
    """Return K components near the origin, with unequal mixing proportions and covariances."""
    d = X.shape[1]
    maps = linear_maps(rng, K, d)
    return FullMixture(rng.normal(scale=2, size=(K, d)), maps @ maps.transpose(0, 2, 1), rng.dirichlet(np.full(K, 3.0)))


def random_post(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return random responsibilities (n, K), whose rows sum to one and whose columns weigh differently."""
    return rng.dirichlet(rng.permutation(np.linspace(0.5, 2, K)), size=len(X))


def linear_maps(rng: np.random.Generator, K: int, d: int) -> np.ndarray:
    """Return K matrices (K, d, d) that stretch and shear, none of them flat."""
    return rng.uniform(-1, 1, size=(K, d, d)) + 1.5 * np.eye(d)
