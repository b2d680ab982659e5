from tools.logs import softmax_and_sum, xlogy

from common import CategoricalMixture


def normalise(a):
    return a / a.sum(axis=-1, keepdims=True)


def estep(Y, mixture):
    f = xlogy(Y[:, None], mixture.theta).sum(axis=2) + xlogy(1.0, mixture.p)
    return softmax_and_sum(f)


def mstep(Y, post):
    return CategoricalMixture(theta=normalise(post.T @ Y), p=normalise(post.sum(axis=0)))


def steps(Y, mixture):
    while True:
        post, ll = estep(Y, mixture)
        mixture = mstep(Y, post)
        yield mixture, post, ll


def run(Y, mixture):
    before = None
    for mixture, post, ll in steps(Y, mixture):
        if before is not None and ll - before <= abs(ll) / 1e6:
            return mixture, post, ll
        before = ll
