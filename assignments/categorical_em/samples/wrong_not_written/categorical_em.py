import numpy as np

from common import CategoricalMixture


def estep(Y, mixture):
    theta, p = mixture
    log_theta = np.log(theta, out=np.zeros_like(theta), where=theta > 0)
    f = np.log(p) + Y @ log_theta.T
    f[Y @ (theta == 0).T > 0] = -np.inf
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - total), float(total.sum())


def mstep(Y, post):
    raise NotImplementedError


def run(Y, mixture):
    old = None
    while True:
        post, ll = estep(Y, mixture)
        mixture = mstep(Y, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
