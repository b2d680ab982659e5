import numpy as np
from common import CategoricalMixture


def estep(Y, mixture):
    n, K = Y.shape[0], mixture.p.shape[0]
    post = np.zeros((n, K))
    for k in range(K):
        post[:, k] = mixture.p[k] * np.prod(mixture.theta[k] ** Y, axis=1)
    evidence = post.sum(axis=1, keepdims=True)
    return post / evidence, np.log(evidence).sum()


def mstep(Y, post):
    n, C = Y.shape
    K = post.shape[1]
    theta = np.zeros((K, C))
    for k in range(K):
        theta[k] = (post[:, [k]] * Y).sum(axis=0)
        theta[k] /= theta[k].sum()
    p = post.sum(axis=0) / n
    return CategoricalMixture(theta, p)


def run(Y, mixture):
    old_ll = -np.inf
    while True:
        post, ll = estep(Y, mixture)
        mixture = mstep(Y, post)
        if ll - old_ll <= 1e-6 * abs(ll):
            break
        old_ll = ll
    return mixture, post, ll
