"""No arrays inside: lists, and a Cholesky factor by hand."""
import math

from common import FullMixture


def factor(A):
    d = len(A)
    L = [[0.0] * d for _ in range(d)]
    for i in range(d):
        for j in range(i + 1):
            s = A[i][j] - sum(L[i][k] * L[j][k] for k in range(j))
            L[i][j] = math.sqrt(s) if i == j else s / L[j][j]
    return L


def log_density(x, m, L):
    z = []
    for i in range(len(x)):
        z.append((x[i] - m[i] - sum(L[i][k] * z[k] for k in range(i))) / L[i][i])
    return -sum(v * v / 2 + math.log(L[i][i]) for i, v in enumerate(z)) - len(x) / 2 * math.log(2 * math.pi)


def estep(X, mixture):
    mu, p = [list(map(float, m)) for m in mixture.mu], [float(q) for q in mixture.p]
    Ls = [factor([list(map(float, row)) for row in c]) for c in mixture.cov]
    post, ll = [], 0
    for x in X.tolist():
        f = [math.log(p[k]) + log_density(x, mu[k], Ls[k]) for k in range(len(p))]
        top = max(f)
        e = [math.exp(v - top) for v in f]
        post.append([v / sum(e) for v in e])
        ll += top + math.log(sum(e))
    return post, ll


def mstep(X, post):
    points, weights = [list(map(float, x)) for x in X], [list(map(float, q)) for q in post]
    d, mu, cov, p = len(points[0]), [], [], []
    for w in zip(*weights):
        total = math.fsum(w)
        m = [sum(q * x[i] for q, x in zip(w, points)) / total for i in range(d)]
        e = [[x[i] - m[i] for i in range(d)] for x in points]
        mu.append(m)
        cov.append([[sum(q * v[i] * v[j] for q, v in zip(w, e)) / total for j in range(d)] for i in range(d)])
        p.append(total / len(points))
    return FullMixture(mu, cov, p)


def run(X, mixture):
    lls = []
    while len(lls) < 2 or lls[-1] - lls[-2] > 1e-6 * abs(lls[-1]):
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        lls.append(ll)
    return [mixture, post, lls[-1]]
