"""EM for a mixture of two Gaussians on the line."""

from typing import Tuple

import numpy as np


def estep(x: np.ndarray, theta: np.ndarray) -> Tuple[np.ndarray, float]:
    """E-step: how likely each point is to come from either component.

    Args:
        x: (n,) data
        theta: (5,) parameters pi_1, mu_1, sigma_1, mu_2, sigma_2

    Returns:
        (n, 2) responsibilities, and the log-likelihood of the data
    """
    raise NotImplementedError


def mstep(x: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """M-step: the parameters that fit the softly assigned points best.

    Args:
        x: (n,) data
        Z: (n, 2) responsibilities

    Returns:
        (5,) parameters pi_1, mu_1, sigma_1, mu_2, sigma_2
    """
    raise NotImplementedError


def run(x: np.ndarray, theta: np.ndarray) -> Tuple[np.ndarray, np.ndarray, float]:
    """Run EM to convergence.

    Args:
        x: (n,) data
        theta: (5,) parameters to start from

    Returns:
        the parameters after the last M-step, the responsibilities and the log-likelihood of the last E-step
    """
    raise NotImplementedError
