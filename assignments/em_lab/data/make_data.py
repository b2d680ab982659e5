"""Make x.txt: 200 points on the line, from two bells that overlap.

`python make_data.py [FOLDER]` writes the file into FOLDER, or into the folder that this script lies in.
"""

import sys
from pathlib import Path

import numpy as np


def points() -> np.ndarray:
    """Draw 200 points: some 40% from N(1, 0.8^2), the others from N(3.5, 1.5^2)."""
    rng = np.random.default_rng(2026)
    first = rng.random(200) < 0.4
    return np.where(first, 1 + 0.8 * rng.standard_normal(200), 3.5 + 1.5 * rng.standard_normal(200))


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    np.savetxt(folder / "x.txt", points(), fmt="%.6f")
