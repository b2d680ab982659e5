import numpy as np
from common import FullMixture


def log_normal(X, mean, S):
    d = X.shape[1]
    diff = X - mean
    maha = np.sum(diff @ np.linalg.inv(S) * diff, axis=1)
    return -0.5 * (d * np.log(2 * np.pi) + np.log(np.linalg.det(S)) + maha)


def estep(X, mixture):
    K = mixture.mu.shape[0]
    log_post = np.zeros((X.shape[0], K))
    for k in range(K):
        log_post[:, k] = np.log(mixture.p[k]) + log_normal(X, mixture.mu[k], mixture.cov[k])
    norm = np.logaddexp.reduce(log_post, axis=1, keepdims=True)
    return np.exp(log_post - norm), np.sum(norm)


def mstep(X, post):
    n, d = X.shape
    K = post.shape[1]
    n_k = post.sum(axis=0)
    mu = post.T @ X / n_k[:, None]
    cov = [None] * K
    for k in range(K):
        diff = X - mu[k]
        cov[k] = (post[:, k, None] * diff) @ diff.T / n_k[k]
    return FullMixture(mu, np.array(cov), n_k / n)


def run(X, mixture):
    old_ll = -np.inf
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if ll - old_ll <= 1e-6 * abs(ll):
            break
        old_ll = ll
    return mixture, post, ll
