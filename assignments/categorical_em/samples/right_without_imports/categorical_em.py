def log_likelihoods(Y: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """(n, K). As on the course's page: np, Tuple and CategoricalMixture need no import."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = Y[:, None, :] * np.log(theta)[None]
    return np.where(Y[:, None, :] == 0, 0.0, terms).sum(axis=2)


def estep(Y: np.ndarray, mixture: CategoricalMixture) -> Tuple[np.ndarray, float]:
    f = log_likelihoods(Y, mixture.theta) + np.log(mixture.p)
    evidence = np.logaddexp.reduce(f, axis=1)
    return np.exp(f - evidence[:, np.newaxis]), np.sum(evidence)


def mstep(Y: np.ndarray, post: np.ndarray) -> CategoricalMixture:
    theta = np.einsum("nk,nc->kc", post, Y)
    theta = theta / (post * Y.sum(axis=1)[:, None]).sum(axis=0)[:, None]
    return CategoricalMixture(theta=theta, p=post.sum(axis=0) / Y.shape[0])


def run(Y: np.ndarray, mixture: CategoricalMixture) -> Tuple[CategoricalMixture, np.ndarray, float]:
    post, new = estep(Y, mixture)
    mixture = mstep(Y, post)
    while True:
        old = new
        post, new = estep(Y, mixture)
        mixture = mstep(Y, post)
        if new - old <= 1e-6 * abs(new):
            break
    return mixture, post, new
