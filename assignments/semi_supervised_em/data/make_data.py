"""Make points.txt and labels.txt: 150 points in the plane, some of which say what component they are of.

`python make_data.py [FOLDER]` writes the files into FOLDER, or into the folder that this script lies in.
"""

import sys
from pathlib import Path

import numpy as np


def labelled_points() -> tuple[np.ndarray, np.ndarray]:
    """Draw 150 points from three round clouds that overlap, and lose three labels of four."""
    rng = np.random.default_rng(2026)
    component = rng.choice(3, size=150, p=[0.5, 0.3, 0.2])
    mu = np.array([[0.0, 0.0], [3.0, 1.0], [0.5, 4.0]])
    sigma = np.array([1.4, 1.0, 1.2])
    X = mu[component] + sigma[component, None] * rng.standard_normal((150, 2))
    y = np.where(rng.random(150) < 0.25, component, -1)
    return X, y


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    X, y = labelled_points()
    np.savetxt(folder / "points.txt", X, fmt="%.6f")
    np.savetxt(folder / "labels.txt", y, fmt="%d")
