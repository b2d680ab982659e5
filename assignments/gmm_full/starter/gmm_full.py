"""EM for a mixture of Gaussians with full covariance matrices."""

from typing import Tuple

import numpy as np
from common import FullMixture


def estep(X: np.ndarray, mixture: FullMixture) -> Tuple[np.ndarray, float]:
    """E-step: assign every point softly to the components.

    Args:
        X: (n, d) data
        mixture: the current mixture

    Returns:
        (n, K) responsibilities of the components for the points, and the log-likelihood of the data
    """
    raise NotImplementedError


def mstep(X: np.ndarray, post: np.ndarray) -> FullMixture:
    """M-step: the mixture that fits the softly assigned points best.

    Args:
        X: (n, d) data
        post: (n, K) responsibilities

    Returns:
        the new mixture
    """
    raise NotImplementedError


def run(X: np.ndarray, mixture: FullMixture) -> Tuple[FullMixture, np.ndarray, float]:
    """Run EM to convergence.

    Args:
        X: (n, d) data
        mixture: the mixture to start from

    Returns:
        the mixture after the last M-step, the responsibilities and the log-likelihood of the last E-step
    """
    raise NotImplementedError
