import numpy as np


def estep(X, mu):
    distances = np.nansum((X[None, :, :] - mu[:, None, :]) ** 2, axis=2)
    R = np.zeros(distances.shape)
    R[np.argmin(distances, axis=0), np.arange(len(X))] = 1
    return R


def mstep(X, R, mu, var):
    raise NotImplementedError


def run(X, mu, var, max_steps):
    raise NotImplementedError
