import numpy as np
from common import *

# cov = E[x x^T] - mu mu^T


def second_moment(X, w):
    return sum(wi * np.outer(x, x) for wi, x in zip(w, X))


def mstep(X, post):
    n_k = np.sum(post, axis=0)
    mu = np.dot(post.T, X) / n_k[:, np.newaxis]
    cov = [second_moment(X, post[:, k]) / n_k[k] - np.outer(mu[k], mu[k]) for k in range(len(n_k))]
    return FullMixture(mu, np.array(cov), n_k / n_k.sum())


def estep(X, mixture):
    d = X.shape[1]
    log_p = np.zeros((len(X), len(mixture.p)))
    for k in range(len(mixture.p)):
        values, vectors = np.linalg.eigh(mixture.cov[k])
        rotated = (X - mixture.mu[k]) @ vectors
        log_p[:, k] = np.log(mixture.p[k]) - d * np.log(2 * np.pi) / 2 - np.log(values).sum() / 2
        log_p[:, k] -= (rotated ** 2 / values).sum(axis=1) / 2
    best = log_p.max(axis=1)
    ratio = np.exp(log_p - best.reshape(-1, 1))
    return ratio / ratio.sum(axis=1).reshape(-1, 1), (best + np.log(ratio.sum(axis=1))).sum()


def run(X, mixture):
    history = [-np.inf]
    converged = False
    while not converged:
        post, ll = estep(X, mixture)
        history.append(ll)
        mixture = mstep(X, post)
        converged = len(history) > 2 and history[-1] - history[-2] <= 1e-6 * np.abs(history[-1])
    return mixture, post, ll
