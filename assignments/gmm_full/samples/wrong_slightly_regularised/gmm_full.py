import numpy as np

from common import FullMixture


def estep(X, mixture):
    mu, cov, p = mixture
    d = X.shape[1]
    diff = X[:, None, :] - mu
    maha = np.einsum("nki,kij,nkj->nk", diff, np.linalg.inv(cov), diff)
    f = np.log(p) - 0.5 * (d * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + maha)
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - total), float(total.sum())


def mstep(X, post):
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    diff = X[:, None, :] - mu
    cov = np.einsum("nk,nki,nkj->kij", post, diff, diff) / weight[:, None, None]
    cov += 1e-6 * np.eye(X.shape[1])
    return FullMixture(mu, cov, weight / len(X))


def run(X, mixture):
    old = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
