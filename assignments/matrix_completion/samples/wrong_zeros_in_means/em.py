import numpy as np

from common import GaussianMixture


def estep(X, mixture):
    mu, var, p = mixture
    M = (X != 0).astype(float)
    sq = (X ** 2).sum(axis=1, keepdims=True) - 2 * X @ mu.T + M @ (mu ** 2).T
    f = np.log(p + 1e-16) - M.sum(axis=1, keepdims=True) / 2 * np.log(2 * np.pi * var) - sq / (2 * var)
    top = f.max(axis=1, keepdims=True)
    s = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - s), float(s.sum())


def mstep(X, post, mixture, min_variance=.25):
    n, d = X.shape
    M = (X != 0).astype(float)
    support = post.T @ M
    mu = np.where(support >= 1, post.T @ X / post.sum(axis=0)[:, None], mixture.mu)
    sq = (X ** 2).sum(axis=1, keepdims=True) - 2 * X @ mu.T + M @ (mu ** 2).T
    weight = post.T @ M.sum(axis=1)
    var = mixture.var.copy()
    some = weight > 0
    var[some] = np.maximum(min_variance, (post * sq).sum(axis=0)[some] / weight[some])
    return GaussianMixture(mu, var, post.sum(axis=0) / n)


def run(X, mixture, post):
    old = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post, mixture)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll


def fill_matrix(X, mixture):
    post, _ = estep(X, mixture)
    return np.where(X == 0, post @ mixture.mu, X)
