from typing import Tuple
import numpy as np
from common import GaussianMixture


def squares(X, mu):
    """(n, K) squared distances over what is known."""
    known = (X > 0)[:, None, :]
    return np.sum(known * (X[:, None, :] - mu[None, :, :]) ** 2, axis=2)


def estep(X: np.ndarray, mixture: GaussianMixture) -> Tuple[np.ndarray, float]:
    count = np.sum(X > 0, axis=1)[:, None]
    f = np.log(mixture.p) - count * np.log(2 * np.pi * mixture.var) / 2 - squares(X, mixture.mu) / mixture.var / 2
    total = np.logaddexp.reduce(f, axis=1)
    return np.exp(f - total[:, None]), total.sum()


def mstep(X: np.ndarray, post: np.ndarray, mixture: GaussianMixture, min_variance: float = .25) -> GaussianMixture:
    known = (X > 0) * 1.0
    support = np.einsum("uj,ul->jl", post, known)
    mean = np.einsum("uj,ul->jl", post, X) / np.where(support > 0, support, 1)
    mu = np.where(support < 1, mixture.mu, mean)
    weight = np.sum(support, axis=1)
    var = np.where(weight > 0, np.sum(post * squares(X, mu), axis=0) / np.where(weight > 0, weight, 1), mixture.var)
    var[var < min_variance] = min_variance
    return GaussianMixture(mu, var, np.mean(post, axis=0))


def run(X: np.ndarray, mixture: GaussianMixture, post: np.ndarray) -> Tuple[GaussianMixture, np.ndarray, float]:
    post, new = estep(X, mixture)
    mixture = mstep(X, post, mixture)
    while True:
        old = new
        post, new = estep(X, mixture)
        mixture = mstep(X, post, mixture)
        if new - old <= 1e-6 * abs(new):
            return mixture, post, new


def fill_matrix(X: np.ndarray, mixture: GaussianMixture) -> np.ndarray:
    post, _ = estep(X, mixture)
    return X + (X == 0) * (post @ mixture.mu)
