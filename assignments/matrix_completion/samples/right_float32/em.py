import numpy as np
from common import GaussianMixture
from masked import Ratings


def estep(X, mixture):
    data = Ratings(X)
    f = np.log(mixture.p + 1e-16) - np.outer(data.count, np.log(2 * np.pi * mixture.var) / 2)
    f -= data.errors(mixture.mu) / (2 * mixture.var)
    total = np.logaddexp.reduce(f, axis=1)
    return np.exp(f - total[:, None]).astype(np.float32), total.sum()

def mstep(X, post, mixture, min_variance=.25):
    data = Ratings(X)
    support = post.T @ data.mask
    with np.errstate(divide="ignore", invalid="ignore"):
        mu = np.where(support >= 1, (post.T @ data.values) / support, mixture.mu)
        var = (post * data.errors(mu)).sum(axis=0) / (post.T @ data.count)
    return GaussianMixture(mu, np.fmax(var, min_variance), post.mean(axis=0))

def run(X, mixture, post):
    old = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post, mixture)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll

def fill_matrix(X, mixture):
    return Ratings(X).filled(estep(X, mixture)[0] @ mixture.mu)
