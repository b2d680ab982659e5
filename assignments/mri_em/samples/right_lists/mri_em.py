def same(a):
    return a == a


def nearest(x, mu):
    costs = [sum((v - m) ** 2 for v, m in zip(x, mean) if same(v)) for mean in mu]
    return costs.index(min(costs))


def estep(X, mu):
    X, mu = X.tolist(), [list(m) for m in mu]
    winners = [nearest(x, mu) for x in X]
    return [[1.0 if w == j else 0.0 for w in winners] for j in range(len(mu))]


def mstep(X, R, mu, var):
    mu, var = [list(m) for m in mu], [list(v) for v in var]
    for j, row in enumerate(R):
        mine = [x for x, r in zip(X.tolist(), row) if r]
        for l, column in enumerate(zip(*mine)):
            column = [v for v in column if same(v)]
            if column:
                mu[j][l] = sum(column) / len(column)
                var[j][l] = sum((v - mu[j][l]) ** 2 for v in column) / len(column)
    return mu, var


def run(X, mu, var, max_steps):
    R = None
    while max_steps > 0:
        max_steps -= 1
        R, last = estep(X, mu), R
        if R == last:
            break
        mu, var = mstep(X, R, mu, var)
    return mu, var, R
