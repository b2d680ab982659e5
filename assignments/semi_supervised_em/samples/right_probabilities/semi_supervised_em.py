import math

import numpy as np
from common import GaussianMixture


def density(x, mean, variance):
    square = sum((a - b) ** 2 for a, b in zip(x, mean))
    return math.exp(-square / (2 * variance)) / (2 * math.pi * variance) ** (len(x) / 2)


def estep(X, y, mixture):
    post, ll = [], 0
    for x, label in zip(X.tolist(), y):
        joint = [float(p) * density(x, m, float(v)) for m, v, p in zip(mixture.mu.tolist(), mixture.var, mixture.p)]
        if label < 0:
            total = sum(joint)
            post.append([q / total for q in joint])
        else:
            total = joint[label]
            post.append([float(j == label) for j in range(len(joint))])
        ll += math.log(total)
    return np.array(post), [ll]


def mstep(X, post):
    n, d = X.shape
    mu, var, p = [], [], []
    for w in np.transpose(post):
        soft = math.fsum(w)
        m = [math.fsum(w * column) / soft for column in X.T]
        mu.append(m)
        var.append(math.fsum(w * ((X - m) ** 2).sum(axis=1)) / (d * soft))
        p.append(soft / n)
    return np.array(mu), np.array(var), np.array(p)


def run(X, y, mixture):
    old = -float("inf")
    while True:
        post, [ll] = estep(X, y, mixture)
        mixture = GaussianMixture(*mstep(X, post))
        if ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
