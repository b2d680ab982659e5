import numpy as np


def dnorm(x, mean, sd):
    return np.exp(-(x - mean) ** 2 / (2 * sd ** 2)) / (np.sqrt(2 * np.pi) * sd)


def estep(x, theta):
    first = theta[0] * dnorm(x, theta[1], theta[2])
    second = (1 - theta[0]) * dnorm(x, theta[3], theta[4])
    p = first + second
    Z = np.column_stack((first / p, second / p))
    return Z, np.sum(np.log(p))


def mstep(x, Z):
    z1, z2 = Z[:, 0], Z[:, 1]
    mu1 = np.sum(z1 * x) / np.sum(z1)
    mu2 = np.sum(z2 * x) / np.sum(z2)
    sigma1 = np.sqrt(np.sum(z1 * (x - mu1) ** 2) / np.sum(z1))
    sigma2 = np.sqrt(np.sum(z2 * (x - mu2) ** 2) / np.sum(z2))
    return np.array([np.mean(z1), mu1, sigma1, mu2, sigma2])


def run(x, theta):
    Z, old = estep(x, theta)
    theta = mstep(x, Z)
    converged = False
    while not converged:
        Z, new = estep(x, theta)
        theta = mstep(x, Z)
        converged = new - old <= 1e-6 * np.abs(new)
        old = new
    return theta, Z, new
