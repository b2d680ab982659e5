import numpy as np
from common import *


def estep(X, mixture):
    X[X == 0] = np.nan
    counts = np.count_nonzero(~np.isnan(X), axis=1)
    f = []
    for mu, var, p in zip(*mixture):
        f.append(np.log(p + 1e-16) - counts * np.log(2 * np.pi * var) / 2 - np.nansum((X - mu) ** 2, axis=1) / (2 * var))
    post = np.array(f).T
    top = post.max(axis=1)
    post -= top[:, None]
    ll = np.sum(top + np.log(np.exp(post).sum(axis=1)))
    np.exp(post, out=post)
    post /= post.sum(axis=1)[:, None]
    return post, ll


def mstep(X, post, mixture, min_variance=.25):
    X[X == 0] = np.nan
    mu, var, p = mixture
    known = ~np.isnan(X)
    for j in range(len(p)):
        weights = post[:, j][:, None] * known
        support = weights.sum(axis=0)
        for l in np.flatnonzero(support >= 1):
            mu[j, l] = np.nansum(weights[:, l] * X[:, l]) / support[l]
        if support.sum() > 0:
            var[j] = np.nansum(weights * (X - mu[j]) ** 2) / support.sum()
            if var[j] < min_variance:
                var[j] = min_variance
        p[j] = post[:, j].mean()
    return mixture


def run(X, mixture, post):
    lls = []
    while len(lls) < 2 or lls[-1] - lls[-2] > 1e-6 * abs(lls[-1]):
        post[:], ll = estep(X, mixture)
        mstep(X, post, mixture)
        lls.append(ll)
    return mixture, post, lls[-1]


def fill_matrix(X, mixture):
    post, _ = estep(X, mixture)
    gaps = np.isnan(X)
    X[gaps] = post.dot(mixture.mu)[gaps]
    return X
