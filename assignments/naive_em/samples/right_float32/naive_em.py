import numpy as np

from common import GaussianMixture


def estep(X, mixture):
    """Distances in single precision, sums in double."""
    d = X.shape[1]
    sq = ((X.astype(np.float32)[:, None, :] - mixture.mu.astype(np.float32)) ** 2).sum(axis=2)
    f = np.log(mixture.p) - d / 2 * np.log(2 * np.pi * mixture.var) - sq / (2 * mixture.var)
    total = np.logaddexp.reduce(f, axis=1)
    return np.exp(f - total[:, None]), total.sum()

def mstep(X, post):
    n, d = X.shape
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    sq = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    return GaussianMixture(mu, (post * sq).sum(axis=0) / (d * weight), weight / n)

def run(X, mixture, post):
    old = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
