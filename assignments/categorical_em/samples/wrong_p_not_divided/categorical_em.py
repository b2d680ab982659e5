import numpy as np
from common import CategoricalMixture


def estep(Y, mixture):
    n, K = Y.shape[0], mixture.p.shape[0]
    log_post = np.zeros((n, K))
    for k in range(K):
        with np.errstate(divide="ignore", invalid="ignore"):
            log_theta = np.log(mixture.theta[k])
            log_post[:, k] = np.log(mixture.p[k]) + np.where(Y > 0, Y * log_theta, 0).sum(axis=1)
    norm = np.logaddexp.reduce(log_post, axis=1, keepdims=True)
    return np.exp(log_post - norm), np.sum(norm)


def mstep(Y, post):
    n, C = Y.shape
    K = post.shape[1]
    theta = np.zeros((K, C))
    for k in range(K):
        theta[k] = (post[:, [k]] * Y).sum(axis=0)
        theta[k] /= theta[k].sum()
    p = post.sum(axis=0)
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
