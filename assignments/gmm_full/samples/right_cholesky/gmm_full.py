import numpy as np
import common


class Gaussian:
    def __init__(self, mean, cov):
        self.mean = mean
        self.L = np.linalg.cholesky(cov)

    @classmethod
    def fit(cls, X, w):
        w = w / w.sum()
        mean = w @ X
        S = np.sqrt(w)[:, None] * (X - mean)
        return mean, S.T @ S

    def logpdf(self, X):
        z = np.linalg.solve(self.L, (X - self.mean).T)
        return -0.5 * (z ** 2).sum(axis=0) - np.log(np.diag(self.L)).sum() - len(self.mean) / 2 * np.log(2 * np.pi)


def estep(X, mixture):
    parts = [np.log(p) + Gaussian(m, c).logpdf(X) for m, c, p in zip(*mixture)]
    f = np.column_stack(parts)
    evidence = np.logaddexp.reduce(f, axis=1)
    return np.exp(f.T - evidence).T, evidence.sum()


def mstep(X, post):
    fits = [Gaussian.fit(X, w) for w in post.T]
    return common.FullMixture(
        mu=np.array([m for m, _ in fits]), cov=np.array([c for _, c in fits]), p=post.mean(axis=0)
    )


class Stopping:
    """Remembers the last log-likelihood."""
    def __init__(self, tol=1e-6):
        self.tol, self.last = tol, -np.inf

    def __call__(self, ll):
        done = ll - self.last <= self.tol * abs(ll)
        self.last = ll
        return done


def run(X, mixture, verbose=False):
    done = Stopping()
    for step in range(1000):
        post, ll = estep(X, mixture)
        if verbose:
            print(step, ll)
        mixture = mstep(X, post)
        if done(ll):
            break
    return mixture, post, ll
