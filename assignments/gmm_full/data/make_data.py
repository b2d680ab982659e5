"""Make points.txt: 200 points in the plane, in three elongated clouds.

`python make_data.py [FOLDER]` writes it into FOLDER, or else beside this script.
"""

import sys
from pathlib import Path

import numpy as np


def points() -> np.ndarray:
    """Draw 200 points from three Gaussians in the plane, each stretched in a direction of its own."""
    rng = np.random.default_rng(2027)
    component = rng.choice(3, size=200, p=[0.5, 0.3, 0.2])
    mu = np.array([[0.0, 0.0], [4.0, 3.0], [1.5, -3.5]])
    length, width = np.array([2.2, 1.6, 1.4]), np.array([0.6, 0.8, 0.4])
    angle = np.radians([35.0, 110.0, -20.0])
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    z = rng.standard_normal((200, 2))
    return (
        mu[component]
        + (length[component] * z[:, 0])[:, None] * along[component]
        + (width[component] * z[:, 1])[:, None] * across[component]
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    np.savetxt(folder / "points.txt", points(), fmt="%.6f")
