import numpy as np
from common import FullMixture


def estep(X, mixture):
    n, K = len(X), len(mixture.p)
    post = np.zeros((n, K))
    for k in range(K):
        # all points at once, in logs
        e = X - mixture.mu[k]
        q = np.einsum("ni,ij,nj->n", e, np.linalg.inv(mixture.cov[k]), e)
        post[:, k] = np.log(mixture.p[k]) - 0.5 * (q + np.linalg.slogdet(2 * np.pi * mixture.cov[k])[1])
    biggest = post.max(axis=1)
    likelihood = np.exp(post - biggest[:, None]).sum(axis=1)
    post = np.exp(post - biggest[:, None]) / likelihood[:, None]
    return post, (np.log(likelihood) + biggest).sum()


def mstep(X, post):
    n, d = X.shape
    K = post.shape[1]
    mu = np.zeros((K, d))
    cov = np.zeros((K, d, d), dtype=np.float)
    for k in range(K):
        n_k = post[:, k].sum()
        mu[k] = (post[:, [k]] * X).sum(axis=0) / n_k
        for i in range(n):
            cov[k] += post[i, k] * np.outer(X[i] - mu[k], X[i] - mu[k])
        cov[k] /= n_k
    return FullMixture(mu, cov, post.sum(axis=0) / n)


def run(X, mixture):
    prev = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if prev is not None and ll - prev <= 1e-6 * np.abs(ll):
            return mixture, post, ll
        prev = ll
