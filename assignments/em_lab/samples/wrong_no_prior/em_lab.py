import math

import numpy as np


def gaussian(x, mu, sigma):
    return math.exp(-0.5 * ((x - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


def estep(x, theta):
    n = len(x)
    Z = np.zeros((n, 2))
    ll = 0.0
    for i in range(n):
        Z[i, 0] = gaussian(x[i], theta[1], theta[2])
        Z[i, 1] = gaussian(x[i], theta[3], theta[4])
        total = Z[i, 0] + Z[i, 1]
        ll += math.log(total)
        for j in range(2):
            Z[i, j] /= total
    return Z, ll


def mstep(x, Z):
    n = len(x)
    theta = np.zeros(5)
    for j in range(2):
        soft = sum(Z[:, j])
        mean = 0.0
        for i in range(n):
            mean += Z[i, j] * x[i]
        mean /= soft
        square = 0.0
        for i in range(n):
            square += Z[i, j] * (x[i] - mean) ** 2
        theta[1 + 2 * j] = mean
        theta[2 + 2 * j] = math.sqrt(square / soft)
    theta[0] = sum(Z[:, 0]) / n
    return theta


def run(x, theta):
    history = []
    while len(history) < 2 or history[-1] - history[-2] > 1e-6 * abs(history[-1]):
        Z, ll = estep(x, theta)
        theta = mstep(x, Z)
        history.append(ll)
    return theta, Z, ll
