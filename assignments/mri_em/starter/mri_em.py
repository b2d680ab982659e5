"""Hard EM on points of which some entries are missing (NaN)."""

from typing import Tuple

import numpy as np


def estep(X: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """E-step: give every point to the component with the nearest mean.

    Args:
        X: (n, d) data, with NaN where an entry is missing
        mu: (K, d) means

    Returns:
        (K, n) assignment, with exactly one 1 in each column
    """
    raise NotImplementedError


def mstep(X: np.ndarray, R: np.ndarray, mu: np.ndarray, var: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """M-step: the means and variances of each component's points.

    Args:
        X: (n, d) data, with NaN where an entry is missing
        R: (K, n) assignment
        mu: (K, d) means before this step
        var: (K, d) variances before this step

    Returns:
        (K, d) new means, and (K, d) new variances
    """
    raise NotImplementedError


def run(X: np.ndarray, mu: np.ndarray, var: np.ndarray, max_steps: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run hard EM until nothing changes, but for no more than max_steps steps.

    Args:
        X: (n, d) data, with NaN where an entry is missing
        mu: (K, d) means to start from
        var: (K, d) variances to start from
        max_steps: how many steps to take at most, 1 or more

    Returns:
        the means and variances of the last M-step, and the assignment of the last E-step
    """
    raise NotImplementedError
