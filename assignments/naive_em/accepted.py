"""Right answers that are not the reference's: each must pass every case that counts."""

import numpy as np
import slips
from common import GaussianMixture


def estep(X, mixture, *, domain):
    """Return post and the log-likelihood from probabilities or from their logarithms."""
    if domain == "logarithms":
        return slips.estep(X, mixture)
    mu, var, p = mixture
    squares = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    joint = p * np.exp(-squares / (2 * var)) / (2 * np.pi * var) ** (X.shape[1] / 2)
    evidence = joint.sum(axis=1, keepdims=True)
    return joint / evidence, np.log(evidence).sum()


def mstep(X, post, *, variance):
    """Return the mixture, with the variance from the second moments or from the distances to the means."""
    if variance == "distances":
        return slips.mstep(X, post)
    n, d = X.shape
    n_j = post.sum(axis=0)
    mu = post.T @ X / n_j[:, None]
    moments = post.T @ (X**2).sum(axis=1) / n_j - (mu**2).sum(axis=1)
    return GaussianMixture(mu, moments / d, n_j / n)


def run(X, mixture, post, *, relative_to):
    """Return the fit, ended when the log-likelihood has risen by no more than 1e-6 of its new or of its old value."""
    previous = None
    while True:
        post, ll = slips.estep(X, mixture)
        mixture = slips.mstep(X, post)
        if previous is not None and ll - previous <= 1e-6 * abs(previous if relative_to == "old" else ll):
            return mixture, post, ll
        previous = ll


ACCEPTED = [
    {
        "id": "probabilities",
        "function": "estep",
        "change": {"domain": "probabilities"},
        "what": "Densities are multiplied, not their logarithms added.",
    },
    {
        "id": "moments",
        "function": "mstep",
        "change": {"variance": "moments"},
        "what": "The variance is the mean of the squares less the square of the mean.",
    },
    {
        "id": "relative_to_old",
        "function": "run",
        "change": {"relative_to": "old"},
        "what": "The rise of the log-likelihood is held against its old value.",
    },
]
