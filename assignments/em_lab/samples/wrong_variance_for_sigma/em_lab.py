import numpy as np


def log_dnorm(x, mean, sd):
    return -(x - mean) ** 2 / (2 * sd ** 2) - np.log(np.sqrt(2 * np.pi) * sd)


def estep(x, theta):
    first = np.log(theta[0]) + log_dnorm(x, theta[1], theta[2])
    second = np.log(1 - theta[0]) + log_dnorm(x, theta[3], theta[4])
    log_p = np.logaddexp(first, second)
    Z = np.column_stack((np.exp(first - log_p), np.exp(second - log_p)))
    return Z, np.sum(log_p)


def mstep(x, Z):
    z1, z2 = Z[:, 0], Z[:, 1]
    mu1 = np.sum(z1 * x) / np.sum(z1)
    mu2 = np.sum(z2 * x) / np.sum(z2)
    var1 = np.sum(z1 * (x - mu1) ** 2) / np.sum(z1)
    var2 = np.sum(z2 * (x - mu2) ** 2) / np.sum(z2)
    return np.array([np.mean(z1), mu1, var1, mu2, var2])


def run(x, theta):
    Z, old = estep(x, theta)
    theta = mstep(x, Z)
    for _ in range(500):
        Z, new = estep(x, theta)
        theta = mstep(x, Z)
        if new - old <= 1e-6 * np.abs(new):
            break
        old = new
    return theta, Z, new
