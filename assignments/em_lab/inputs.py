"""Makes the arguments of the cases. `rng` is seeded by the grader for each case; earlier arguments come by name."""

import numpy as np
from common import init


def start(x: np.ndarray, seed: int) -> np.ndarray:
    """Return the course's seeded start on x (n,)."""
    return init(x, seed)


def line(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return (n,) points around two random centres, with two random widths."""
    near = rng.random(n) < rng.uniform(0.3, 0.7)
    mu = np.array([rng.uniform(-2, 0), rng.uniform(2, 4)])
    sigma = rng.uniform(0.6, 1.5, 2)
    return np.where(near, mu[0], mu[1]) + np.where(near, sigma[0], sigma[1]) * rng.normal(size=n)


def narrow_line(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return (n,) points that lie within some hundredths, so that densities are large."""
    return line(rng, n) / 50


def far_line(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return (n,) points some hundred standard deviations away from where `random_theta` puts its means."""
    return 300 + rng.normal(size=n)


def random_theta(rng: np.random.Generator) -> np.ndarray:
    """Return a theta (5,) of unequal weights and widths."""
    pi_1 = rng.choice([rng.uniform(0.15, 0.35), rng.uniform(0.65, 0.85)])
    return np.array([pi_1, rng.uniform(-2, 0), rng.uniform(0.5, 0.9), rng.uniform(1, 4), rng.uniform(1.2, 2.5)])


def random_Z(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:  # noqa: N802  Z is the course's name
    """Return random responsibilities (n, 2), whose rows sum to one and whose columns weigh differently."""
    return rng.dirichlet([0.6, 1.5], size=len(x))
