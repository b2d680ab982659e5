import numpy as np
from common import CategoricalMixture


def xlogy(x, y):
    safe = np.where(x == 0, 1, y)
    with np.errstate(divide="ignore"):
        return x * np.log(safe)


def estep(Y, mixture):
    scores = xlogy(Y[:, None, :], mixture.theta[None, :, :]).sum(axis=2)
    scores = scores + np.log(mixture.p)
    biggest = scores.max(axis=1)
    likelihood = np.exp(scores - biggest[:, None]).sum(axis=1)
    post = np.exp(scores - biggest[:, None]) / likelihood[:, None]
    return post, np.log(likelihood) + biggest


def mstep(Y, post):
    theta = np.einsum("nk,nc->kc", post, Y)
    theta = theta / theta.sum(axis=1)[:, None]
    return CategoricalMixture(theta, np.mean(post, axis=0))


def run(Y, mixture):
    prev = None
    for step in range(500):
        post, ll = estep(Y, mixture)
        mixture = mstep(Y, post)
        if prev is not None and ll - prev <= 1e-6 * np.abs(ll):
            return mixture, post, ll
        prev = ll
