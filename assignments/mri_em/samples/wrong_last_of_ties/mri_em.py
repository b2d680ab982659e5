import math

import numpy as np


def distance(x, mean):
    total = 0.0
    for l in range(len(x)):
        if not math.isnan(x[l]):
            total += (x[l] - mean[l]) ** 2
    return math.sqrt(total)


def estep(X, mu):
    n, K = len(X), len(mu)
    R = np.zeros((K, n))
    for i in range(n):
        best, smallest = 0, math.inf
        for j in range(K):
            gap = distance(X[i], mu[j])
            if gap <= smallest:
                best, smallest = j, gap
        R[best, i] = 1.0
    return R


def mstep(X, R, mu, var):
    K, d = mu.shape
    new_mu, new_var = mu.copy(), var.copy()
    for j in range(K):
        for l in range(d):
            entries = []
            for i in range(len(X)):
                if R[j, i] == 1 and not math.isnan(X[i, l]):
                    entries.append(X[i, l])
            if entries:
                mean = sum(entries) / len(entries)
                new_mu[j, l] = mean
                new_var[j, l] = sum((e - mean) ** 2 for e in entries) / len(entries)
    return new_mu, new_var


def run(X, mu, var, max_steps):
    steps = 0
    R = None
    while steps < max_steps:
        before = R
        R = estep(X, mu)
        mu, var = mstep(X, R, mu, var)
        steps += 1
        if before is not None and (before == R).all():
            break
    return mu, var, R
