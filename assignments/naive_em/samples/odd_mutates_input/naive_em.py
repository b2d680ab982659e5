import numpy as np

from common import GaussianMixture


def estep(X, mixture):
    X_now = X.copy()
    d = X.shape[1]
    sq = ((X[:, None, :] - mixture.mu) ** 2).sum(axis=2)
    f = np.log(mixture.p) - d / 2 * np.log(2 * np.pi * mixture.var) - sq / (2 * mixture.var)
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    result = np.exp(f - total), np.array([total.sum()])
    X[:] = 0
    mixture.mu[:] = 0
    return result

def mstep(X, post):
    n, d = X.shape
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    sq = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    var = (post * sq).sum(axis=0) / (d * weight)
    post *= 0
    return GaussianMixture(mu, var.tolist(), weight / n)

def run(X, mixture, post):
    old = None
    while True:
        post, ll = estep(X.copy(), GaussianMixture(mixture.mu.copy(), np.array(mixture.var), mixture.p))
        mixture = mstep(X, post.copy())
        if old is not None and ll[0] - old <= 1e-6 * abs(ll[0]):
            return mixture, post, ll
        old = ll[0]
