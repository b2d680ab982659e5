import numpy as np


def component_log_densities(X, mu, var, p):
    log_prior = np.log(p)
    squares = np.square(X[:, np.newaxis] - mu[np.newaxis]).sum(-1)
    return log_prior - 0.5 * (X.shape[1] * np.log(2 * np.pi * var) + squares / var)


def weighted_moments(X, post):
    total = post.sum(0)
    mu = np.einsum("nk,nd->kd", post, X) / total[:, None]
    squares = np.square(X[:, None] - mu[None]).sum(-1)
    return mu, np.einsum("nk,nk->k", post, squares) / (X.shape[1] * total), total / total.sum()
