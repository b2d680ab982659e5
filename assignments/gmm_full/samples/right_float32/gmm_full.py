import numpy as np
from common import FullMixture


def estep(X, mixture):
    """The responsibilities take half the room in single precision."""
    K, d = mixture.mu.shape
    f = np.zeros((K, X.shape[0]))
    for k in range(K):
        centred = X - mixture.mu[k]
        precision = np.linalg.inv(mixture.cov[k])
        f[k] = -0.5 * ((centred @ precision) * centred).sum(1)
        f[k] += np.log(mixture.p[k]) + 0.5 * np.linalg.slogdet(precision / (2 * np.pi))[1]
    total = np.logaddexp.reduce(f)
    return np.exp(f - total).T.astype(np.float32), total.sum()


def mstep(X, post):
    n_k = post.sum(axis=0, dtype=np.float64)
    mu = (X.T @ post / n_k).T
    cov = np.stack([(X - mu[k]).T @ ((X - mu[k]) * post[:, [k]]) / n_k[k] for k in range(len(n_k))])
    return FullMixture(mu, cov, n_k / len(X))


def run(X, mixture):
    lls = []
    while True:
        post, ll = estep(X, mixture)
        lls += [ll]
        mixture = mstep(X, post)
        if len(lls) >= 2 and lls[-1] - lls[-2] <= 1e-6 * abs(lls[-1]):
            return mixture, post, lls[-1]
