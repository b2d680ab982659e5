import numpy as np
from common import *


def log_joint(X, mixture):
    n, d = X.shape
    columns = []
    for m, v, p in zip(mixture.mu, mixture.var, mixture.p):
        columns.append(np.log(p) - np.sum((X - m) ** 2, axis=1) / (2 * v) - d * np.log(2 * np.pi * v) / 2)
    return np.column_stack(columns)


def naive_estep(X, mixture):
    f = log_joint(X, mixture)
    top = np.max(f, axis=1, keepdims=True)
    log_p = top + np.log(np.sum(np.exp(f - top), axis=1, keepdims=True))
    return np.exp(f - log_p), log_p.ravel()


def estep(X, y, mixture):
    K = len(mixture.p)
    post, log_p = naive_estep(X, mixture)
    labelled = y != -1
    one_hot = np.eye(K)[y[labelled]]
    post[labelled] = one_hot
    ll = np.sum(log_p[~labelled])
    ll += np.sum(one_hot * log_joint(X[labelled], mixture))
    return post, ll


def mstep(X, post):
    p = post.mean(axis=0)
    mu = np.array([np.average(X, axis=0, weights=w) for w in post.T])
    var = np.array([np.average(np.mean((X - m) ** 2, axis=1), weights=w) for m, w in zip(mu, post.T)])
    return GaussianMixture(mu, var, p)


def run(X, y, mixture):
    post, old = estep(X, y, mixture)
    mixture = mstep(X, post)
    steps = 0
    while steps < 1000:
        post, new = estep(X, y, mixture)
        mixture = mstep(X, post)
        if new - old <= 1e-6:
            break
        old = new
        steps += 1
    return mixture, post, new
