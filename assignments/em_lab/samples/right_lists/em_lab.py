from math import exp, log, pi, sqrt


def estep(x, theta):
    p, m, s, m2, s2 = [float(t) for t in theta]
    Z, ll = [], 0
    for value in [float(v) for v in x]:
        a = p / s * exp(-((value - m) / s) ** 2 / 2)
        b = (1 - p) / s2 * exp(-((value - m2) / s2) ** 2 / 2)
        Z.append([a / (a + b), b / (a + b)])
        ll += log((a + b) / sqrt(2 * pi))
    return Z, ll


def mstep(x, Z):
    theta = [sum(row[0] for row in Z) / len(Z)]
    for j in (0, 1):
        z = [row[j] for row in Z]
        mean = sum(w * v for w, v in zip(z, x)) / sum(z)
        var = sum(w * (v - mean) ** 2 for w, v in zip(z, x)) / sum(z)
        theta += [float(mean), sqrt(var)]
    return theta


def run(x, theta):
    Z, ll = estep(x, theta)
    while True:
        theta = mstep(x, Z)
        before = ll
        Z, ll = estep(x, theta)
        if ll - before <= 1e-6 * abs(ll):
            return mstep(x, Z), Z, ll
