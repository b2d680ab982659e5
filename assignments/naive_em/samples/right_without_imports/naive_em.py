def estep(X: np.ndarray, mixture: GaussianMixture) -> Tuple[np.ndarray, float]:
    """Uses np, Tuple and GaussianMixture as the course's page has them: without importing anything."""
    density = np.stack([
        p * np.exp(-np.sum((X - mu) ** 2, axis=1) / (2 * var)) / (2 * np.pi * var) ** (X.shape[1] / 2)
        for mu, var, p in zip(mixture.mu, mixture.var, mixture.p)
    ], axis=1)
    evidence = density.sum(axis=1, keepdims=True)
    return density / evidence, np.log(evidence).sum()


def mstep(X: np.ndarray, post: np.ndarray) -> GaussianMixture:
    soft = post.sum(axis=0)
    mu = (post.T @ X) / soft.reshape(-1, 1)
    var = [np.average(np.mean((X - m) ** 2, axis=1), weights=w) for m, w in zip(mu, post.T)]
    return GaussianMixture(mu, np.array(var), soft / len(X))


def run(X: np.ndarray, mixture: GaussianMixture, post: np.ndarray) -> Tuple[GaussianMixture, np.ndarray, float]:
    post, new = estep(X, mixture)
    mixture = mstep(X, post)
    while True:
        old = new
        post, new = estep(X, mixture)
        mixture = mstep(X, post)
        if new - old <= 1e-6 * abs(new):
            break
    return mixture, post, new
