"""Users and components one by one."""
import numpy as np
from common import GaussianMixture


def log_density(x, mean, variance):
    seen = x != 0
    gap = x[seen] - mean[seen]
    return -len(gap) / 2 * np.log(2 * np.pi * variance) - gap.dot(gap) / (2 * variance)


def estep(X, mixture):
    n, K = len(X), len(mixture.p)
    post = np.zeros((n, K))
    ll = 0
    for u in range(n):
        f = np.zeros(K)
        for j in range(K):
            f[j] = np.log(mixture.p[j] + 1e-16) + log_density(X[u], mixture.mu[j], mixture.var[j])
        biggest = max(f)
        total = biggest + np.log(np.sum(np.exp(f - biggest)))
        post[u] = np.exp(f - total)
        ll += total
    return post, ll


def mstep(X, post, mixture, min_variance=.25):
    n, d = X.shape
    K = post.shape[1]
    mu, var, p = np.copy(mixture.mu), np.zeros(K), np.zeros(K)
    for j in range(K):
        p[j] = sum(post[:, j]) / n
        for l in range(d):
            seen = X[:, l] != 0
            support = post[seen, j].sum()
            if support >= 1:
                mu[j, l] = post[seen, j] @ X[seen, l] / support
        above, below = 0., 0.
        for u in range(n):
            seen = X[u] != 0
            gap = X[u, seen] - mu[j, seen]
            above += post[u, j] * gap.dot(gap)
            below += post[u, j] * len(gap)
        var[j] = max(min_variance, above / below)
    return GaussianMixture(mu, var, p)


def run(X, mixture, post):
    old_ll, ll = None, None
    while old_ll is None or ll - old_ll > 1e-6 * np.abs(ll):
        old_ll = ll
        post, ll = estep(X, mixture)
        mixture = mstep(X, post, mixture)
    return mixture, post, ll


def fill_matrix(X, mixture):
    filled = X.copy()
    post, _ = estep(X, mixture)
    for u, l in zip(*np.nonzero(X == 0)):
        filled[u, l] = post[u].dot(mixture.mu[:, l])
    return filled
