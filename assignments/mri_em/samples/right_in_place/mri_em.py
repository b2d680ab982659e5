import numpy as np


def estep(X, mu):
    K, n = mu.shape[0], X.shape[0]
    missing = np.isnan(X)
    X[missing] = 0
    present = (~missing).astype(float)
    D = X ** 2 @ np.ones((X.shape[1], K)) - 2 * X @ mu.T + present @ (mu ** 2).T
    X[missing] = np.nan
    R = np.zeros((K, n), dtype=int)
    for i, row in enumerate(D):
        R[row.argmin(), i] = 1
    return R


def mstep(X, R, mu, var):
    """The new values overwrite the old ones."""
    labels = np.argmax(R, axis=0)
    for (j, l), _ in np.ndenumerate(mu):
        column = X[labels == j, l]
        column = column[~np.isnan(column)]
        if column.size == 0:
            continue
        mu[j, l] = column.mean()
        var[j, l] = column.var()
    return mu, var


def run(X, mu, var, max_steps):
    R = estep(X, mu)
    mstep(X, R, mu, var)
    for _ in range(max_steps - 1):
        new = estep(X, mu)
        if not (new != R).any():
            break
        R = new
        mstep(X, R, mu, var)
    return mu, var, R
