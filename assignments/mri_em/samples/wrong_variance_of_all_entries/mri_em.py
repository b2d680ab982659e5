import warnings

import numpy as np

warnings.simplefilter("ignore")


def nearest(X, mu):
    d2 = np.array([np.nansum((X - m) ** 2, axis=1) for m in mu])
    return np.argmin(d2, axis=0)


def one_hot(labels, K):
    return (labels == np.arange(K).reshape(-1, 1)).astype(float)


def estep(X, mu):
    return one_hot(nearest(X, mu), len(mu))


def mstep(X, R, mu, var):
    means, variances = mu.copy(), [v.mean() for v in var]
    for k in range(len(R)):
        group = X[R[k] == 1]
        m, v = np.nanmean(group, axis=0), np.nanvar(group)
        ok = ~np.isnan(m)
        means[k, ok] = m[ok]
        variances[k] = v if len(group) else variances[k]
    return means, np.array(variances)


def run(X, mu, var, max_steps):
    history = []
    while len(history) < max_steps:
        R = estep(X, mu)
        mu, var = mstep(X, R, mu, var)
        history.append(R)
        if len(history) > 1 and np.all(history[-1] == history[-2]):
            break
    return mu, var, history[-1]
