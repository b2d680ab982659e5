import numpy as np
from common import GaussianMixture


def log_normal(x, mean, variance):
    d = len(x)
    return -d / 2 * np.log(2 * np.pi * variance) - np.sum((x - mean) ** 2, axis=1) / (2 * variance)


def estep(X, y, mixture):
    n, K = len(X), len(mixture.p)
    post = np.zeros((n, K))
    ll = 0.0
    for t in range(n):
        joint = np.log(mixture.p) + log_normal(X[t], mixture.mu, mixture.var)
        if y[t] == -1:
            top = joint.max()
            evidence = top + np.log(np.sum(np.exp(joint - top)))
            post[t] = np.exp(joint - evidence)
            ll += evidence
        else:
            post[t, y[t]] = 1
            ll += joint[y[t]]
    return post, ll


def mstep(X, post):
    n, d = X.shape
    K = post.shape[1]
    mu, var, p = np.zeros((K, d)), np.zeros(K), np.zeros(K)
    for j in range(K):
        n_j = post[:, j].sum()
        p[j] = n_j / n
        mu[j] = post[:, j] @ X / n_j
        var[j] = post[:, j] @ np.sum((X - mu[j]) ** 2, axis=1) / n_j
    return GaussianMixture(mu=mu, var=var, p=p)


def run(X, y, mixture):
    lls = []
    while len(lls) < 2 or (lls[-1] - lls[-2] > 1e-6 * abs(lls[-1]) and len(lls) < 500):
        post, ll = estep(X, y, mixture)
        mixture = mstep(X, post)
        lls.append(ll)
    return mixture, post, ll
