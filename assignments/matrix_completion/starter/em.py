"""Matrix completion with a mixture of Gaussians. A 0 in X stands for a missing rating."""

from typing import Tuple

import numpy as np
from common import GaussianMixture


def estep(X: np.ndarray, mixture: GaussianMixture) -> Tuple[np.ndarray, float]:
    """E-step: assign every user softly to the components, by the ratings that the user gave.

    Args:
        X: (n, d) ratings, 0 where there is none
        mixture: the current mixture

    Returns:
        (n, K) responsibilities of the components for the users, and the log-likelihood of the ratings
    """
    raise NotImplementedError


def mstep(X: np.ndarray, post: np.ndarray, mixture: GaussianMixture, min_variance: float = 0.25) -> GaussianMixture:
    """M-step: the mixture that fits the softly assigned ratings best.

    Args:
        X: (n, d) ratings, 0 where there is none
        post: (n, K) responsibilities
        mixture: the current mixture; a mean keeps its value where too few ratings support a new one
        min_variance: the least variance that a component may have

    Returns:
        the new mixture
    """
    raise NotImplementedError


def run(X: np.ndarray, mixture: GaussianMixture, post: np.ndarray) -> Tuple[GaussianMixture, np.ndarray, float]:
    """Run EM to convergence.

    Args:
        X: (n, d) ratings, 0 where there is none
        mixture: the mixture to start from
        post: (n, K) responsibilities to start from

    Returns:
        the mixture after the last M-step, the responsibilities and the log-likelihood of the last E-step
    """
    raise NotImplementedError


def fill_matrix(X: np.ndarray, mixture: GaussianMixture) -> np.ndarray:
    """Fill in the missing ratings with what the mixture expects them to be.

    Args:
        X: (n, d) ratings, 0 where there is none
        mixture: a mixture that fits them

    Returns:
        (n, d) ratings, those of X and the expected ones
    """
    raise NotImplementedError
