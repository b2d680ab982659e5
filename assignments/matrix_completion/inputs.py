"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

from pathlib import Path

import numpy as np
from common import GaussianMixture, init

from reference import em

DATA = Path(__file__).parent / "data"


# --- ratings ---------------------------------------------------------------------------------------------------------


def ratings() -> np.ndarray:
    """Return the larger matrix of ratings, as floats."""
    with np.load(DATA / "ratings.npz") as arrays:
        return arrays["incomplete"].astype(np.float64)


def some_ratings(rng: np.random.Generator, n: int, d: int, missing: float = 0.4) -> np.ndarray:
    """Return (n, d) ratings by users of three kinds, a share of them missing, and at least one in each row."""
    known = rng.random((n, d)) >= missing
    known[np.arange(n), rng.integers(d, size=n)] = True
    tastes = rng.uniform(1, 5, size=(3, d))
    return known * np.clip(np.rint(rng.normal(tastes[rng.integers(3, size=n)], 0.7)), 1, 5)


def single_ratings(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) ratings with exactly one in each row."""
    X = np.zeros((n, d))
    X[np.arange(n), rng.integers(d, size=n)] = rng.integers(1, 6, size=n)
    return X


def with_empty_rows(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) ratings with nothing in the second row and the last."""
    X = some_ratings(rng, n, d)
    X[[1, -1]] = 0
    return X


def rare_columns(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return (n, 7) ratings of films that n, n/2, n/4, 3, 2, 1 and 0 users have rated."""
    raters = [n, n // 2, n // 4, 3, 2, 1, 0]
    return np.stack([rng.permutation(np.arange(n) < r) * rng.integers(1, 6, size=n) for r in raters], axis=1) * 1.0


def two_groups(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return (n, d) ratings: the first half of the users agree, the others do not; a quarter of all is missing."""
    X = rng.integers(1, 6, size=(n, d)) * 1.0
    X[: n // 2] = X[0]
    return X * (rng.permutation(np.arange(n * d) % 4).reshape(n, d) > 0)


# --- mixtures --------------------------------------------------------------------------------------------------------


def start(X: np.ndarray, K: int, seed: int) -> GaussianMixture:
    """Return the course's seeded start on X (n, d)."""
    mixture, _ = init(X, K, seed)
    return mixture


def converged(X: np.ndarray, K: int, seed: int) -> GaussianMixture:
    """Return what the reference's `run` makes of the course's seeded start."""
    mixture, _, _ = em.run(X, *init(X, K, seed))
    return mixture


def random_mixture(rng: np.random.Generator, X: np.ndarray, K: int) -> GaussianMixture:
    """Return K components among the ratings, with unequal mixing proportions and variances."""
    p = rng.dirichlet(np.full(K, 3.0))
    return GaussianMixture(rng.uniform(1, 5, size=(K, X.shape[1])), rng.uniform(0.4, 2, size=K), p)


def narrow_mixture(rng: np.random.Generator, X: np.ndarray, K: int) -> GaussianMixture:
    """Return K components so narrow that every user is hundreds of standard deviations away from each."""
    mixture = random_mixture(rng, X, K)
    return mixture._replace(mu=mixture.mu + 6, var=mixture.var * 1e-4)


def idle_component(rng: np.random.Generator, X: np.ndarray, K: int) -> GaussianMixture:
    """Return K components: the first has no mixing proportion, yet the user with most ratings is at its mean alone."""
    user = X[np.argmax((X != 0).sum(axis=1))]
    mu = np.where(user < 3, 5, 1) + rng.uniform(-0.5, 0.5, size=(K, X.shape[1]))
    mu[0] = user
    p = np.append(0, rng.dirichlet(np.full(K - 1, 3.0)))
    return GaussianMixture(mu, rng.uniform(0.05, 0.1, size=K), p)


# --- responsibilities ------------------------------------------------------------------------------------------------


def equal_post(X: np.ndarray, K: int) -> np.ndarray:
    """Return the course's responsibilities to begin with, (n, K) times 1/K."""
    return np.full((len(X), K), 1 / K)


def first_post(X: np.ndarray, K: int, seed: int) -> np.ndarray:
    """Return the responsibilities (n, K) of the first E-step from the course's seeded start."""
    post, _ = em.estep(X, start(X, K, seed))
    return post


def random_post(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return random responsibilities (n, K), whose rows sum to one and whose columns weigh differently."""
    return rng.dirichlet(np.linspace(0.5, 2, K), size=len(X))


def group_post(X: np.ndarray) -> np.ndarray:
    """Return responsibilities (n, 2) that tell the halves of `two_groups` apart, but for 3%."""
    first = np.where(np.arange(len(X)) < len(X) // 2, 0.97, 0.03)
    return np.stack([first, 1 - first], axis=1)


def idle_post(rng: np.random.Generator, X: np.ndarray, K: int) -> np.ndarray:
    """Return random responsibilities (n, K) of which the first component has none."""
    return np.hstack([np.zeros((len(X), 1)), random_post(rng, X, K - 1)])
