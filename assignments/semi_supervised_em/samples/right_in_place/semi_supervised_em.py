import numpy as np
from common import GaussianMixture


class Model:
    """Holds the parameters and overwrites them."""

    def __init__(self, mixture):
        self.mu, self.var, self.p = mixture.mu, mixture.var, mixture.p

    def log_joint(self, X):
        f = np.tile(np.log(self.p), (len(X), 1))
        for j in range(len(self.p)):
            X -= self.mu[j]
            f[:, j] -= (X * X).sum(axis=1) / (2 * self.var[j]) + X.shape[1] * np.log(2 * np.pi * self.var[j]) / 2
            X += self.mu[j]
        return f

    def fit(self, X, post):
        for j, w in enumerate(post.T / post.sum(axis=0)[:, None]):
            self.mu[j] = w @ X
            self.var[j] = w @ ((X - self.mu[j]) ** 2).mean(axis=1)
            self.p[j] = post[:, j].mean()

    def mixture(self):
        return GaussianMixture(self.mu, self.var, self.p)


def estep(X, y, mixture):
    f = Model(mixture).log_joint(X)
    chosen = y > -1
    ll = f[chosen, y[chosen]].sum()
    f[chosen, :] = -1e6
    f[chosen, y[chosen]] = 0
    top = f.max(axis=1)
    f -= top[:, np.newaxis]
    post = np.exp(f)
    row = post.sum(axis=1)
    post /= row[:, np.newaxis]
    return post, ll + (top + np.log(row))[y == -1].sum()


def mstep(X, post):
    K, d = post.shape[1], X.shape[1]
    model = Model(GaussianMixture(np.empty((K, d)), np.empty(K), np.empty(K)))
    model.fit(X, post)
    return model.mixture()


def run(X, y, mixture):
    model, lls = Model(mixture), [-np.inf]
    while True:
        post, ll = estep(X, y, model.mixture())
        model.fit(X, post)
        lls.append(ll)
        if lls[-1] - lls[-2] <= 1e-6 * abs(lls[-1]):
            return model.mixture(), post, ll
