"""Make toy.txt: 250 points in the plane, on which the handout's published figure holds.

`python make_data.py [FOLDER]` writes it into FOLDER, or else beside this script.
"""

import sys
from pathlib import Path

import numpy as np

from reference.init import init
from reference.naive_em import estep

PUBLISHED = -1388.0818
"""The log-likelihood of the first E-step for K = 3 and seed 0, as the course's handout prints it."""


def points() -> np.ndarray:
    """Draw 250 points from three spherical Gaussians in the plane."""
    rng = np.random.default_rng(2026)
    component = rng.choice(3, size=250, p=[0.5, 0.3, 0.2])
    mu = np.array([[0.0, 0.0], [5.0, 2.0], [1.0, 6.0]])
    sigma = np.array([1.5, 1.0, 0.7])
    return mu[component] + sigma[component, None] * rng.standard_normal((250, 2))


def scaled(X: np.ndarray) -> np.ndarray:
    """Scale X so that the first E-step's log-likelihood is the published one.

    Scaling by s scales the start's means by s and its variances by s^2, so every density falls by s^-d and the
    log-likelihood by exactly n d log s.
    """
    mixture, _ = init(X, 3, 0)
    _, ll = estep(X, mixture)
    return X * np.exp((ll - PUBLISHED) / X.size)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    np.savetxt(folder / "toy.txt", scaled(points()), fmt="%.12f")
