import numpy as np


def estep(X, mu):
    distances = np.nansum((X[None, :, :] - mu[:, None, :]) ** 2, axis=2)
    R = np.zeros(distances.shape)
    R[np.argmin(distances, axis=0), np.arange(len(X))] = 1
    return R


def mstep(X, R, mu, var):
    known = ~np.isnan(X)
    values = np.where(known, X, 0)
    count = R @ known
    safe = np.where(count > 0, count, 1)
    new_mu = np.where(count > 0, R @ values / safe, mu)
    squares = np.where(known, (X - new_mu[:, None, :]) ** 2, 0)
    new_var = np.where(count > 0, (R[:, :, None] * squares).sum(axis=1) / safe, var)
    new_var[:] = new_var.mean(axis=1, keepdims=True)
    return new_mu, new_var


def run(X, mu, var, max_steps):
    old = None
    for step in range(max_steps):
        R = estep(X, mu)
        if old is not None and np.array_equal(R, old):
            break
        mu, var = mstep(X, R, mu, var)
        old = R
    return mu, var, R
