from helpers import component_log_densities, weighted_moments
from helpers.stopping import converged
from common import *


def estep(X, mixture):
    f = component_log_densities(X, *mixture)
    total = np.logaddexp.reduce(f, axis=1)
    return np.exp(f - total[:, None]), total.sum()


def mstep(X, post):
    return GaussianMixture(*weighted_moments(X, post))


def run(X, mixture, post):
    history = []
    while not converged(history):
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        history.append(ll)
    return mixture, post, history[-1]
