"""One point and one component at a time."""
from math import exp, log, pi

import numpy as np
from common import FullMixture


def log_gauss(x, mean, inverse, determinant):
    d = len(x)
    e = x - mean
    return -0.5 * (e @ inverse @ e) - 0.5 * log((2 * pi) ** d * determinant)


def estep(X, mixture):
    n, K = len(X), len(mixture.p)
    inverses = [np.linalg.inv(mixture.cov[k]) for k in range(K)]
    dets = [np.linalg.det(mixture.cov[k]) for k in range(K)]
    post = np.zeros((n, K))
    ll = 0.0
    for i in range(n):
        logs = []
        for k in range(K):
            logs.append(log(mixture.p[k]) + log_gauss(X[i], mixture.mu[k], inverses[k], dets[k]))
        m = max(logs)
        evidence = m + log(sum(exp(l - m) for l in logs))
        for k in range(K):
            post[i, k] = exp(logs[k] - evidence)
        ll += evidence
    return post, ll


def mstep(X, post):
    n, d = X.shape
    K = post.shape[1]
    mu, cov, p = np.zeros((K, d)), np.zeros((K, d, d)), np.zeros(K)
    for k in range(K):
        n_k = 0.0
        for i in range(n):
            n_k += post[i, k]
            mu[k] += post[i, k] * X[i]
        mu[k] /= n_k
        for i in range(n):
            e = (X[i] - mu[k]).reshape(d, 1)
            cov[k] += post[i, k] * (e @ e.T)
        cov[k] /= n_k
        p[k] = n_k / n
    return FullMixture(mu, cov, p)


def run(X, mixture):
    previous, ll = None, None
    while previous is None or ll - previous > 1e-6 * abs(ll):
        previous = ll
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
    return mixture, post, ll
