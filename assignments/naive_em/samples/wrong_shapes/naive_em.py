import numpy as np

from common import GaussianMixture


def estep(X, mixture):
    d = X.shape[1]
    sq = ((X[:, None, :] - mixture.mu) ** 2).sum(axis=2)
    f = np.log(mixture.p) - d / 2 * np.log(2 * np.pi * mixture.var) - sq / (2 * mixture.var)
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - total), float(total.sum())

def mstep(X, post):
    n, d = X.shape
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    sq = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    var = (post * sq).sum(axis=0) / (d * weight)
    return GaussianMixture(mu.T, var[:, None], weight / n)

def run(X, mixture, post):
    old = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
