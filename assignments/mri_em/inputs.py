"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

import numpy as np
from common import init


def start_mu(X: np.ndarray, K: int, seed: int) -> np.ndarray:
    """Return the means (K, d) of the course's seeded start on X (n, d)."""
    mu, _ = init(X, K, seed)
    return mu


def start_var(X: np.ndarray, K: int, seed: int) -> np.ndarray:
    """Return the variances (K, d) of the course's seeded start on X (n, d)."""
    _, var = init(X, K, seed)
    return var


def blobs(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) points around three random centres, of which every fifth entry is missing."""
    centres = rng.uniform(0, 100, size=(3, d))
    X = centres[rng.integers(3, size=n)] + rng.normal(scale=12, size=(n, d))
    return np.where(rng.random((n, d)) < 0.2, np.nan, X)


def random_mu(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return K random means (K, d) where the points X (n, d) are."""
    return rng.uniform(10, 90, size=(K, X.shape[1]))


def random_var(rng: np.random.Generator, mu: np.ndarray) -> np.ndarray:
    """Return random variances of the shape of mu, (K, d)."""
    return rng.uniform(20, 200, size=mu.shape)


def random_R(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:  # noqa: N802  R is the course's name
    """Return a random assignment (K, n) with exactly one 1 in each column, where the first components have more."""
    component = rng.choice(K, size=len(X), p=np.arange(K, 0, -1) / (K * (K + 1) / 2))
    return (np.arange(K)[:, None] == component).astype(float)
