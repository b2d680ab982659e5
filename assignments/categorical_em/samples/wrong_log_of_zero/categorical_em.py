import numpy as np

from common import CategoricalMixture


def estep(Y, mixture):
    theta, p = mixture
    f = np.log(p) + Y @ np.log(theta).T
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - total), float(total.sum())


def mstep(Y, post):
    counts = post.T @ Y
    return CategoricalMixture(counts / counts.sum(axis=1, keepdims=True), post.mean(axis=0))


def run(Y, mixture):
    old = None
    for _ in range(500):
        post, ll = estep(Y, mixture)
        mixture = mstep(Y, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
    return mixture, post, ll
