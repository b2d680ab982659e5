import numpy as np
from common import FullMixture


def estep(X, mixture):
    n, d = X.shape
    mu, cov, p = mixture
    out = np.empty((n, len(p)))
    for j in range(len(p)):
        X -= mu[j]
        half = np.linalg.solve(np.linalg.cholesky(cov[j]), X.T)
        out[:, j] = -0.5 * np.square(half, out=half).sum(axis=0)
        out[:, j] -= 0.5 * (d * np.log(2 * np.pi) + np.log(np.linalg.det(cov[j])))
        X += mu[j]
    out += np.log(p)
    top = out.max(axis=1)
    out -= top[:, None]
    np.exp(out, out=out)
    s = out.sum(axis=1)
    out /= s[:, None]
    return out, np.array([np.sum(top) + np.sum(np.log(s))])


def mstep(X, post):
    n, d = X.shape
    p = post.mean(axis=0)
    post /= post.sum(axis=0)
    mu = post.T @ X
    cov = np.empty((len(p), d, d))
    for j in range(len(p)):
        X -= mu[j]
        cov[j] = X.T @ (post[:, j:j + 1] * X)
        X += mu[j]
    return FullMixture(mu, cov, p)


def run(X, mixture):
    """Writes the new parameters over those that it is given."""
    old = -np.inf
    while True:
        post, ll = estep(X, mixture)
        new = mstep(X, post.copy())
        for mine, theirs in zip(mixture, new):
            mine[:] = theirs
        if ll[0] - old <= 1e-6 * abs(ll[0]):
            return mixture, post, ll
        old = ll[0]
