import numpy as np
from common import GaussianMixture


def estep(X, y, mixture):
    mu, var, p = mixture
    d = X.shape[1]
    sq = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    f = np.log(p) - d / 2 * np.log(2 * np.pi * var) - sq / (2 * var)
    total = np.logaddexp.reduce(f, axis=1)
    post = np.exp(f - total[:, None])
    known = np.flatnonzero(y >= 0)
    post[known] = 0
    post[known, y[known]] = 1
    total[known] = f[known, y[known]]
    return post, total.sum()


def mstep(X, post):
    n, d = X.shape
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    sq = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    return GaussianMixture(mu, (post * sq).sum(axis=0) / (d * weight), weight / n)


def run(X, y, mixture):
    old = None
    for _ in range(1000):
        post, ll = estep(X, y, mixture)
        mixture = mstep(X, post)
        if old is not None and ll - old <= 1e-3 * abs(ll):
            break
        old = ll
    return mixture, post, ll
