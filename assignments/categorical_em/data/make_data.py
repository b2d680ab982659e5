"""Make counts.txt: 150 rows of counts over six categories, from three kinds of rows.

`python make_data.py [FOLDER]` writes it into FOLDER, or else beside this script.
"""

import sys
from pathlib import Path

import numpy as np


def counts() -> np.ndarray:
    """Draw 150 rows, each of four to fifteen draws from one of three distributions over six categories."""
    rng = np.random.default_rng(2028)
    theta = np.array(
        [
            [0.40, 0.25, 0.15, 0.10, 0.05, 0.05],
            [0.05, 0.10, 0.15, 0.20, 0.30, 0.20],
            [0.10, 0.05, 0.45, 0.05, 0.05, 0.30],
        ]
    )
    component = rng.choice(3, size=150, p=[0.5, 0.3, 0.2])
    draws = rng.integers(4, 16, size=150)
    return rng.multinomial(draws, theta[component])


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    np.savetxt(folder / "counts.txt", counts(), fmt="%d")
