"""Make the data files: a small matrix of ratings, on which a published figure holds, and a larger one.

Run it from anywhere where the project is installed: `python make_data.py [FOLDER]`.
"""

import sys
from pathlib import Path

import numpy as np

from reference.em import estep
from reference.init import init

PUBLISHED = -152.16319226209848
"""The log-likelihood of the first E-step for K = 4 and seed 0, on the course's own small matrix."""
SMALL, LARGE = 996, 45
"""Seeds. With these, EM ends well clear of its threshold, and the published figure asks for hardly any scaling."""


def tidy(ratings: np.ndarray) -> np.ndarray:
    """Round to whole ratings from 1 to 5."""
    return np.clip(np.rint(ratings), 1, 5)


def small() -> tuple[np.ndarray, np.ndarray]:
    """Return ratings of 20 users, of four kinds, for 5 films: with 19 missing, and complete."""
    rng = np.random.default_rng(SMALL)
    tastes = rng.uniform(1, 5, size=(4, 5))
    kind = rng.choice(4, size=20, p=[0.4, 0.3, 0.2, 0.1])
    complete = tidy(tastes[kind] + rng.normal(scale=0.6, size=(20, 5)))
    missing = rng.permutation(100).reshape(20, 5) < 19
    return np.where(missing, 0, complete), complete


def large() -> tuple[np.ndarray, np.ndarray]:
    """Return ratings of 240 users, 20 of each of twelve kinds, for 160 films: with 23% missing, and complete."""
    rng = np.random.default_rng(LARGE)
    tastes = rng.uniform(2.2, 4.4, size=160) + rng.normal(scale=0.8, size=(12, 160))
    kind = rng.permutation(np.arange(240) % 12)
    complete = tidy(tastes[kind] + rng.normal(scale=1.3, size=(240, 160)))
    missing = rng.random((240, 160)) < 0.23
    return np.where(missing, 0, complete).astype(np.uint8), complete.astype(np.uint8)


def scale(X: np.ndarray) -> float:
    """Return by what to multiply X so that the first E-step's log-likelihood is the published one.

    Scaling by s scales the start's means by s and its variances by s^2, so the density of a row with c ratings falls by
    s^-c, and the log-likelihood by the number of ratings times log s.
    """
    mixture, _ = init(X, 4, 0)
    _, ll = estep(X, mixture)
    return float(np.exp((ll - PUBLISHED) / np.count_nonzero(X)))


def write(folder: Path) -> None:
    """Write every data file into a folder."""
    incomplete, complete = small()
    s = scale(incomplete)
    np.savetxt(folder / "incomplete.txt", s * incomplete, fmt="%.14g")
    np.savetxt(folder / "complete.txt", s * complete, fmt="%.14g")
    incomplete, complete = large()
    np.savez_compressed(folder / "ratings.npz", incomplete=incomplete, complete=complete)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
