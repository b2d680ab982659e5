import numpy as np
from common import CategoricalMixture


def estep(Y, mixture):
    theta, p = mixture
    zero = theta == 0
    theta[zero] = 1
    f = np.dot(Y, np.log(theta, out=theta).T)
    np.exp(theta, out=theta)
    theta[zero] = 0
    f += np.log(p)
    f[np.dot(Y, zero.T) > 0] = -np.inf
    top = f.max(axis=1)
    f -= top[:, None]
    np.exp(f, out=f)
    s = f.sum(axis=1)
    f /= s[:, None]
    return f, np.array([np.sum(top) + np.sum(np.log(s))])


def mstep(Y, post):
    p = post.mean(axis=0)
    Y *= 1.0
    post /= (post.T @ Y).sum(axis=1)
    return CategoricalMixture(post.T @ Y, p)


def run(Y, mixture):
    """Writes the new parameters over those that it is given."""
    old = -np.inf
    while True:
        post, ll = estep(Y, mixture)
        new = mstep(Y, post.copy())
        mixture.theta[:], mixture.p[:] = new.theta, new.p
        if ll[0] - old <= 1e-6 * abs(ll[0]):
            return mixture, post, ll
        old = ll[0]
