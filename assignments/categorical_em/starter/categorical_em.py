"""EM for a mixture of categorical distributions."""

from typing import Tuple

import numpy as np
from common import CategoricalMixture


def estep(Y: np.ndarray, mixture: CategoricalMixture) -> Tuple[np.ndarray, float]:
    """E-step: assign every row softly to the components.

    Args:
        Y: (n, C) counts
        mixture: the current mixture

    Returns:
        (n, K) responsibilities of the components for the rows, and the log-likelihood of the data
    """
    raise NotImplementedError


def mstep(Y: np.ndarray, post: np.ndarray) -> CategoricalMixture:
    """M-step: the mixture that fits the softly assigned rows best.

    Args:
        Y: (n, C) counts
        post: (n, K) responsibilities

    Returns:
        the new mixture
    """
    raise NotImplementedError


def run(Y: np.ndarray, mixture: CategoricalMixture) -> Tuple[CategoricalMixture, np.ndarray, float]:
    """Run EM to convergence.

    Args:
        Y: (n, C) counts
        mixture: the mixture to start from

    Returns:
        the mixture after the last M-step, the responsibilities and the log-likelihood of the last E-step
    """
    raise NotImplementedError
