import warnings

import numpy as np

warnings.simplefilter("ignore")


def fill(X):
    return np.where(np.isnan(X), np.nanmean(X, axis=0), X)


def nearest(X, mu):
    X = fill(X)
    d2 = np.array([np.nansum((X - m) ** 2, axis=1) for m in mu])
    return np.argmin(d2, axis=0)


def one_hot(labels, K):
    return (labels == np.arange(K).reshape(-1, 1)).astype(float)


def estep(X, mu):
    return one_hot(nearest(X, mu), len(mu))


def mstep(X, R, mu, var):
    means, variances = mu.copy(), var.copy()
    for k in range(len(R)):
        group = X[R[k] == 1]
        m, v = np.nanmean(group, axis=0), np.nanvar(group, axis=0)
        ok = ~np.isnan(m)
        means[k, ok] = m[ok]
        variances[k, ok] = v[ok]
    return means, variances


def run(X, mu, var, max_steps):
    history = []
    while len(history) < max_steps:
        R = estep(X, mu)
        mu, var = mstep(X, R, mu, var)
        history.append(R)
        if len(history) > 1 and np.all(history[-1] == history[-2]):
            break
    return mu, var, history[-1]
