import numpy as np
from common import *


def estep(Y, mixture):
    """Responsibilities in single precision, to save room."""
    f = np.tile(np.log(mixture.p), (len(Y), 1))
    for c in range(Y.shape[1]):
        drawn = Y[:, c] > 0
        with np.errstate(divide="ignore"):
            f[drawn] += Y[drawn, c][:, None] * np.log(mixture.theta[:, c])
    ll_rows = np.logaddexp.reduce(f, axis=1)
    return np.exp(f - ll_rows[:, None]).astype(np.float32), ll_rows.sum()


def mstep(Y, post):
    total = np.zeros((post.shape[1], Y.shape[1]))
    for t in range(len(Y)):
        total += np.outer(post[t], Y[t])
    p = post.sum(axis=0, dtype=np.float64) / len(post)
    return CategoricalMixture((total.T / total.sum(axis=1)).T, p)


def run(Y, mixture):
    lls = []
    while True:
        post, ll = estep(Y, mixture)
        lls += [ll]
        mixture = mstep(Y, post)
        if len(lls) >= 2 and lls[-1] - lls[-2] <= 1e-6 * abs(lls[-1]):
            return mixture, post, lls[-1]
