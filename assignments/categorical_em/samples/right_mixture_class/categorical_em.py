import numpy as np
import common

rng_seed = 0


class CMM:
    """Categorical mixture with fit(), like in sklearn."""

    def __init__(self, theta, p, tol=1e-6):
        self.theta, self.p, self.tol = np.array(theta), np.array(p), tol
        self.history = []

    def score(self, Y):
        log = np.full((Y.shape[0], len(self.p)), 0.0)
        for k, (row, weight) in enumerate(zip(self.theta, self.p)):
            possible = row > 0
            log[:, k] = Y[:, possible] @ np.log(row[possible]) + np.log(weight)
            log[Y[:, ~possible].any(axis=1), k] = -np.inf
        return log

    def expect(self, Y):
        log = self.score(Y)
        shift = np.amax(log, axis=1)
        q = np.exp((log.T - shift).T)
        self.history.append(float(np.sum(shift + np.log(q.sum(axis=1)))))
        return q / np.sum(q, axis=1, keepdims=True)

    def maximise(self, Y, q):
        for k in range(q.shape[1]):
            self.theta[k] = np.average(Y, axis=0, weights=q[:, k])
        self.theta /= self.theta.sum(axis=1)[:, None]
        self.p = np.mean(q, axis=0)

    @property
    def converged(self):
        if len(self.history) < 2:
            return False
        old, new = self.history[-2:]
        return new - old <= self.tol * abs(new)

    def fit(self, Y):
        while not self.converged:
            q = self.expect(Y)
            self.maximise(Y, q)
        return q

    def result(self):
        return common.CategoricalMixture(self.theta, self.p)


def estep(Y, mixture):
    model = CMM(*mixture)
    return model.expect(Y), model.history[-1]


def mstep(Y, post):
    model = CMM(np.zeros((post.shape[1], Y.shape[1])), np.zeros(post.shape[1]))
    model.maximise(Y, post)
    return model.result()


def run(Y, mixture):
    model = CMM(*mixture)
    q = model.fit(Y)
    return model.result(), q, model.history[-1]
