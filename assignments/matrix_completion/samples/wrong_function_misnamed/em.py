import numpy as np
from scipy.special import logsumexp
from common import GaussianMixture


def estep(X, mixture):
    mask = X != 0
    n_rated = mask.sum(axis=1)
    f = np.zeros((X.shape[0], mixture.mu.shape[0]))
    for j, (m, v, p) in enumerate(zip(*mixture)):
        dist = np.where(mask, (X - m)**2, 0).sum(axis=1)
        f[:, j] = np.log(p + 1e-16) - 0.5*n_rated*np.log(2*np.pi*v) - dist/(2*v)
    total = logsumexp(f, axis=1, keepdims=True)
    return np.exp(f - total), total.sum()


def mstep(X, post, mixture, min_variance=.25):
    mask = X != 0
    K = post.shape[1]
    mu = mixture.mu.copy()
    var = mixture.var.copy()
    for j in range(K):
        w = post[:, [j]] * mask
        support = w.sum(axis=0)
        enough = support >= 1
        mu[j, enough] = (w*X).sum(axis=0)[enough] / support[enough]
        if w.any():
            var[j] = max(min_variance, (w*(X - mu[j])**2).sum() / w.sum())
    return GaussianMixture(mu, var, post.mean(axis=0))


def run(X, mixture, post):
    prev = -np.inf
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post, mixture)
        if ll - prev <= 1e-6*abs(ll):
            break
        prev = ll
    return mixture, post, ll


def fill_matrx(X, mixture):
    X_pred = X.copy()
    post, _ = estep(X, mixture)
    missing = X == 0
    X_pred[missing] = (post @ mixture.mu)[missing]
    return X_pred
