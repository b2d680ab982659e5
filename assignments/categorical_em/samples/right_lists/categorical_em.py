from math import exp, fsum, log

from common import CategoricalMixture


def weigh(y, theta, p):
    """log of p * prod theta ** y, or None where that is zero"""
    if any(count > 0 and prob == 0 for count, prob in zip(y, theta)):
        return None
    return log(p) + fsum(count * log(prob) for count, prob in zip(y, theta) if count)


def estep(Y, mixture):
    post, lls = [], []
    theta = [list(row) for row in mixture.theta]
    for y in Y.tolist():
        f = [weigh(y, row, p) for row, p in zip(theta, mixture.p)]
        top = max(v for v in f if v is not None)
        e = [0.0 if v is None else exp(v - top) for v in f]
        post.append([v / sum(e) for v in e])
        lls.append(top + log(sum(e)))
    return post, fsum(lls)


def mstep(Y, post):
    theta, p = [], []
    columns = list(zip(*Y.tolist()))
    for q in zip(*[list(row) for row in post]):
        counts = [fsum(a * b for a, b in zip(q, column)) for column in columns]
        theta.append([c / fsum(counts) for c in counts])
        p.append(fsum(q) / len(q))
    return theta, p


def run(Y, mixture):
    lls = []
    while len(lls) < 2 or lls[-1] - lls[-2] > 1e-6 * abs(lls[-1]):
        post, ll = estep(Y, mixture)
        mixture = CategoricalMixture(*mstep(Y, post))
        lls.append(ll)
    return mixture, post, lls[-1]
