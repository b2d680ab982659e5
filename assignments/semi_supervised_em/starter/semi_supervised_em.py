"""EM for a mixture of spherical Gaussians, where some points have a label."""

from typing import Tuple

import numpy as np
from common import GaussianMixture


def estep(X: np.ndarray, y: np.ndarray, mixture: GaussianMixture) -> Tuple[np.ndarray, float]:
    """E-step: assign the points softly to the components, and those with a label wholly to theirs.

    Args:
        X: (n, d) data
        y: (n,) labels: the number of a component, from 0, or -1 where it is not known
        mixture: the current mixture

    Returns:
        (n, K) responsibilities of the components for the points, and the log-likelihood of points and labels
    """
    raise NotImplementedError


def mstep(X: np.ndarray, post: np.ndarray) -> GaussianMixture:
    """M-step: the mixture that fits the softly assigned points best.

    Args:
        X: (n, d) data
        post: (n, K) responsibilities

    Returns:
        the new mixture
    """
    raise NotImplementedError


def run(X: np.ndarray, y: np.ndarray, mixture: GaussianMixture) -> Tuple[GaussianMixture, np.ndarray, float]:
    """Run EM to convergence.

    Args:
        X: (n, d) data
        y: (n,) labels, as above
        mixture: the mixture to start from

    Returns:
        the mixture after the last M-step, the responsibilities and the log-likelihood of the last E-step
    """
    raise NotImplementedError
