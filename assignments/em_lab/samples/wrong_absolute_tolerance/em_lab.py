import numpy as np


def estep(x, theta):
    pi_1, mu_1, sigma_1, mu_2, sigma_2 = theta
    pi, mu, sigma = np.array([pi_1, 1 - pi_1]), np.array([mu_1, mu_2]), np.array([sigma_1, sigma_2])
    f = np.log(pi) - np.log(sigma) - 0.5 * np.log(2 * np.pi) - 0.5 * ((x[:, None] - mu) / sigma) ** 2
    total = np.logaddexp(f[:, 0], f[:, 1])
    return np.exp(f - total[:, None]), total.sum()


def mstep(x, Z):
    weight = Z.sum(axis=0)
    mu = x @ Z / weight
    sigma = np.sqrt((Z * (x[:, None] - mu) ** 2).sum(axis=0) / weight)
    return np.array([weight[0] / len(x), mu[0], sigma[0], mu[1], sigma[1]])


def run(x, theta):
    old = -np.inf
    while True:
        Z, ll = estep(x, theta)
        theta = mstep(x, Z)
        if ll - old <= 1e-6:
            return theta, Z, ll
        old = ll
