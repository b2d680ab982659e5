"""Row by row, component by component, category by category."""
import math
import numpy as np
from common import CategoricalMixture


def log_prob(y, theta_k):
    s = 0.0
    for c in range(len(y)):
        if y[c] == 0:
            continue
        if theta_k[c] == 0:
            return -math.inf
        s += y[c] * math.log(theta_k[c])
    return s


def estep(Y, mixture):
    n, K = len(Y), len(mixture.p)
    post = np.zeros((n, K))
    ll = 0.0
    for i in range(n):
        logs = [math.log(mixture.p[k]) + log_prob(Y[i], mixture.theta[k]) for k in range(K)]
        biggest = max(logs)
        evidence = 0.0
        for k in range(K):
            post[i, k] = math.exp(logs[k] - biggest)
            evidence += post[i, k]
        post[i] /= evidence
        ll += biggest + math.log(evidence)
    return post, ll


def mstep(Y, post):
    n, C = Y.shape
    K = post.shape[1]
    theta, p = np.zeros((K, C)), np.zeros(K)
    for k in range(K):
        draws = 0
        for i in range(n):
            p[k] += post[i, k] / n
            for c in range(C):
                theta[k, c] += post[i, k] * Y[i, c]
                draws += post[i, k] * Y[i, c]
        theta[k] /= draws
    return CategoricalMixture(theta, p)


def run(Y, mixture):
    previous, ll = None, None
    while previous is None or ll - previous > 1e-6 * abs(ll):
        previous = ll
        post, ll = estep(Y, mixture)
        mixture = mstep(Y, post)
    return mixture, post, ll
