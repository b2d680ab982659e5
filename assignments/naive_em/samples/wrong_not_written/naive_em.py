import numpy as np

from common import GaussianMixture


def estep(X, mixture):
    d = X.shape[1]
    sq = ((X[:, None, :] - mixture.mu) ** 2).sum(axis=2)
    f = np.log(mixture.p) - d / 2 * np.log(2 * np.pi * mixture.var) - sq / (2 * mixture.var)
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - total), float(total.sum())

def mstep(X, post):
    raise NotImplementedError

def run(X, mixture, post):
    raise NotImplementedError
