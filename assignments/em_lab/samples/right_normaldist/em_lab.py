from statistics import NormalDist

import numpy as np


class Mixture:
    """Two weighted bells."""

    def __init__(self, theta):
        self.weights = theta[0], 1 - theta[0]
        self.bells = NormalDist(theta[1], theta[2]), NormalDist(theta[3], theta[4])

    def joint(self, value):
        return [w * bell.pdf(value) for w, bell in zip(self.weights, self.bells)]


def estep(x, theta):
    mixture = Mixture(theta)
    joint = np.array([mixture.joint(value) for value in x])
    evidence = joint.sum(axis=1, keepdims=True)
    return joint / evidence, np.log(evidence).sum()


def mstep(x, Z):
    means = [np.average(x, weights=z) for z in Z.T]
    deviations = [np.average((x - m) ** 2, weights=z) ** 0.5 for m, z in zip(means, Z.T)]
    return np.array([Z[:, 0].mean(), means[0], deviations[0], means[1], deviations[1]])


def run(x, theta, rtol=1e-6):
    lls = []
    for step in range(10_000):
        Z, ll = estep(x, theta)
        theta = mstep(x, Z)
        lls.append(ll)
        if step > 0 and lls[step] - lls[step - 1] <= rtol * abs(lls[step]):
            break
    return theta, Z, ll
