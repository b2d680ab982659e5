import numpy as np


def estep(x, theta):
    f = np.empty((2, x.size))
    for row, (weight, mu, sigma) in zip(f, [(theta[0], *theta[1:3]), (1 - theta[0], *theta[3:])]):
        np.subtract(x, mu, out=row)
        row /= sigma
        row *= row
        row /= -2
        row += np.log(weight / (sigma * np.sqrt(2 * np.pi)))
    top = f.max(axis=0)
    f -= top
    np.exp(f, out=f)
    evidence = f.sum(axis=0)
    f /= evidence
    return f.T, np.array([(np.log(evidence) + top).sum()])


def mstep(x, Z):
    x = x.reshape(-1, 1)
    soft = Z.sum(axis=0)
    pi_1 = soft[0] / len(x)
    Z /= soft
    mu = (Z * x).sum(axis=0)
    x = x - mu
    x *= x
    x *= Z
    sigma = np.sqrt(x.sum(axis=0))
    return np.array([pi_1, mu[0], sigma[0], mu[1], sigma[1]])


def run(x, theta):
    old = None
    while True:
        Z, ll = estep(x, theta)
        theta[:] = mstep(x, Z.copy())
        if old is not None and ll[0] - old[0] <= 1e-6 * abs(ll[0]):
            return theta, Z, ll
        old = ll
