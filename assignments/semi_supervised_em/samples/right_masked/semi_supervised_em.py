from typing import Tuple


def estep(X: np.ndarray, y: np.ndarray, mixture: GaussianMixture) -> Tuple[np.ndarray, float]:
    """Components that a label rules out get the probability zero."""
    K = mixture.mu.shape[0]
    allowed = (y[:, None] == np.arange(K)) | (y[:, None] < 0)
    sq = np.sum(X ** 2, axis=1)[:, None] - 2 * X @ mixture.mu.T + np.sum(mixture.mu ** 2, axis=1)
    f = np.log(mixture.p) - X.shape[1] / 2 * np.log(2 * np.pi * mixture.var) - sq / 2 / mixture.var
    f = np.where(allowed, f, -np.inf)
    top = f.max(axis=1)
    e = np.exp(f - top[:, None])
    total = e.sum(axis=1)
    return e / total[:, None], np.sum(top + np.log(total))


def mstep(X: np.ndarray, post: np.ndarray) -> GaussianMixture:
    n_j = post.sum(axis=0)
    mu = np.einsum("tj,tl->jl", post, X) / n_j[:, None]
    gap = X[:, None] - mu[None]
    return GaussianMixture(mu, np.einsum("tj,tjl,tjl->j", post, gap, gap) / n_j / X.shape[1], n_j / n_j.sum())


def run(X: np.ndarray, y: np.ndarray, mixture: GaussianMixture) -> Tuple[GaussianMixture, np.ndarray, float]:
    post, ll = estep(X, y, mixture)
    while True:
        mixture, before = mstep(X, post), ll
        post, ll = estep(X, y, mixture)
        if ll - before <= abs(ll) * 1e-6:
            return mstep(X, post), post, ll
