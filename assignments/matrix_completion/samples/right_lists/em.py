from math import exp, log, pi
import numpy as np
from common import GaussianMixture


def rated(x):
    columns = np.array([l for l, value in enumerate(x.tolist()) if value], dtype=int)
    return columns, x[columns]


def distance(user, mean):
    columns, values = user
    gap = values - mean[columns]
    return float(gap @ gap)


def estep(X, mixture):
    post, ll = [], 0.0
    for user in map(rated, X):
        f = [log(p + 1e-16) - len(user[0]) * log(2 * pi * v) / 2 - distance(user, m) / (2 * v)
             for m, v, p in zip(*mixture)]
        top = max(f)
        s = top + log(sum(exp(value - top) for value in f))
        post.append([exp(value - s) for value in f])
        ll += s
    return post, ll


def mstep(X, post, mixture, min_variance=.25):
    users = [rated(x) for x in X]
    mu, var, p = [], [], []
    for weights, mean, variance in zip(zip(*post), mixture.mu, mixture.var):
        support, total, mean = np.zeros(len(mean)), np.zeros(len(mean)), mean.copy()
        for w, (columns, values) in zip(weights, users):
            support[columns] += w
            total[columns] += w * values
        for l in range(len(mean)):
            if support[l] >= 1:
                mean[l] = total[l] / support[l]
        squares = sum(w * distance(user, mean) for w, user in zip(weights, users))
        mu.append(mean)
        var.append(max(min_variance, squares / sum(support)) if any(support) else variance)
        p.append(sum(weights) / len(users))
    return GaussianMixture(np.array(mu), var, p)


def run(X, mixture, post):
    lls = []
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post, mixture)
        lls.append(ll)
        if len(lls) > 1 and lls[-1] - lls[-2] <= 1e-6 * abs(lls[-1]):
            return mixture, post, ll


def fill_matrix(X, mixture):
    post, _ = estep(X, mixture)
    rows = []
    for x, r in zip(X.tolist(), post):
        guess = sum(weight * mean for weight, mean in zip(r, mixture.mu)).tolist()
        rows.append([value or other for value, other in zip(x, guess)])
    return rows
