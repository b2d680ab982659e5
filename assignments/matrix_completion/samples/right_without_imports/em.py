def estep(X: np.ndarray, mixture: GaussianMixture) -> Tuple[np.ndarray, float]:
    R = np.ma.masked_equal(X, 0)
    counts = R.count(axis=1)
    f = np.column_stack([
        np.log(p + 1e-16) - counts / 2 * np.log(2 * np.pi * var) - ((R - mu) ** 2).sum(axis=1).filled(0) / (2 * var)
        for mu, var, p in zip(mixture.mu, mixture.var, mixture.p)
    ])
    total = logsumexp(f, axis=1)
    return np.exp(f - total.reshape(-1, 1)), np.sum(total)


def mstep(X: np.ndarray, post: np.ndarray, mixture: GaussianMixture, min_variance: float = .25) -> GaussianMixture:
    seen = X.astype(bool)
    support = post.T @ seen
    new_mu = np.array(mixture.mu)
    new_mu[support >= 1] = (post.T @ X)[support >= 1] / support[support >= 1]
    new_var = np.array([
        np.average(((X - m) ** 2)[seen], weights=np.broadcast_to(r[:, None], X.shape)[seen]) if r.sum() > 0 else v
        for m, r, v in zip(new_mu, post.T, mixture.var)
    ])
    return GaussianMixture(new_mu, new_var.clip(min=np.where(post.sum(axis=0) > 0, min_variance, 0)), post.mean(axis=0))


def run(X: np.ndarray, mixture: GaussianMixture, post: np.ndarray) -> Tuple[GaussianMixture, np.ndarray, float]:
    history = []
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post, mixture)
        history += [ll]
        if len(history) > 1 and history[-1] - history[-2] <= 1e-6 * abs(history[-1]):
            return mixture, post, ll


def fill_matrix(X: np.ndarray, mixture: GaussianMixture) -> np.ndarray:
    return np.choose(X == 0, [X, estep(X, mixture)[0] @ mixture.mu])
