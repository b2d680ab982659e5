"""Loops over points and components, with probabilities instead of their logarithms."""
import numpy as np
from common import GaussianMixture


def gauss(x, mean, variance):
    norm = (2 * np.pi * variance) ** (len(x) / 2)
    return np.exp(-np.sum((x - mean) ** 2) / (2 * variance)) / norm


def estep(X, mixture):
    n, K = len(X), len(mixture.p)
    post = np.empty((n, K))
    ll = 0.0
    for i in range(n):
        for k in range(K):
            post[i, k] = mixture.p[k] * gauss(X[i], mixture.mu[k], mixture.var[k])
        evidence = sum(post[i])
        post[i] /= evidence
        ll += np.log(evidence)
    return post, ll


def mstep(X, post):
    n, d = X.shape
    K = post.shape[1]
    mu, var, p = np.zeros((K, d)), np.zeros(K), np.zeros(K)
    for k in range(K):
        soft = sum(post[:, k])
        p[k] = soft / n
        for i in range(n):
            mu[k] += post[i, k] * X[i] / soft
        for i in range(n):
            var[k] += post[i, k] * np.dot(X[i] - mu[k], X[i] - mu[k])
        var[k] /= d * soft
    return GaussianMixture(mu, var, p)


def run(X, mixture, post):
    previous, ll = None, None
    while previous is None or ll - previous > 1e-6 * np.abs(ll):
        previous = ll
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
    return mixture, post, ll
