def log_joint(X: np.ndarray, mixture: FullMixture) -> np.ndarray:
    """log p_j N(x_t; mu_j, cov_j), (n, K). Imports nothing: np, Tuple and FullMixture are there."""
    f = np.empty((X.shape[0], len(mixture.p)))
    for j, (m, S, p) in enumerate(zip(mixture.mu, mixture.cov, mixture.p)):
        E = X - m
        sign, logdet = np.linalg.slogdet(2 * np.pi * S)
        f[:, j] = np.log(p) - (logdet + np.sum(E * np.linalg.solve(S, E.T).T, axis=1)) / 2
    return f


def estep(X: np.ndarray, mixture: FullMixture) -> Tuple[np.ndarray, float]:
    f = log_joint(X, mixture)
    shift = np.max(f, 1)[:, np.newaxis]
    g = np.exp(f - shift)
    return g / g.sum(1)[:, np.newaxis], np.sum(shift) + np.sum(np.log(g.sum(1)))


def mstep(X: np.ndarray, post: np.ndarray) -> FullMixture:
    mu, cov = [], []
    for w in post.T:
        mu.append(np.average(X, axis=0, weights=w))
        cov.append(np.atleast_2d(np.cov(X, rowvar=False, aweights=w, bias=True)))
    return FullMixture(np.array(mu), np.array(cov), post.mean(axis=0))


def run(X: np.ndarray, mixture: FullMixture) -> Tuple[FullMixture, np.ndarray, float]:
    post, new = estep(X, mixture)
    mixture = mstep(X, post)
    while True:
        old = new
        post, new = estep(X, mixture)
        mixture = mstep(X, post)
        if new - old <= 1e-6 * abs(new):
            break
    return mixture, post, new
