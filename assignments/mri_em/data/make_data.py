"""Make Image1.csv and Image2.csv: 600 points each, of three tissues, with entries missing.

`python make_data.py [FOLDER]` writes the files into FOLDER, or into the folder that this script lies in.
"""

import sys
from pathlib import Path

import numpy as np

MEANS = {"Image1": [[12.0, 15.0], [48.0, 38.0], [66.0, 62.0]], "Image2": [[20.0, 24.0], [58.0, 33.0], [52.0, 78.0]]}
"""Of background, normal tissue and tumour: the brightness in the first scan and in the second."""
DEVIATIONS = {"Image1": [[5.0, 4.0], [9.0, 8.0], [7.0, 9.0]], "Image2": [[8.0, 9.0], [8.0, 12.0], [13.0, 11.0]]}
MISSING = {"Image1": 0.06, "Image2": 0.15}
"""The share of entries that are missing."""


def image(name: str, rng: np.random.Generator) -> np.ndarray:
    """Draw 200 points of each tissue, in the order of the tissues, and lose some entries."""
    tissue = np.repeat([0, 1, 2], 200)
    points = np.array(MEANS[name])[tissue] + np.array(DEVIATIONS[name])[tissue] * rng.standard_normal((600, 2))
    points[rng.random((600, 2)) < MISSING[name]] = np.nan
    points[rng.choice(600, 3, replace=False)] = np.nan
    return points


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    rng = np.random.default_rng(2026)
    np.savetxt(folder / "Image1.csv", image("Image1", rng), fmt="%.3f", delimiter=",")
    np.savetxt(folder / "Image2.csv", rng.permutation(image("Image2", rng)), fmt="%.3f", delimiter=",")
