"""The course's seeded start."""

import numpy as np

from reference.mixture import Array, GaussianMixture


def init(X: Array, K: int, seed: int = 0) -> tuple[GaussianMixture, Array]:
    """Return the mixture and the (n, K) responsibilities that EM begins with.

    Equal mixing proportions; means are K different rows of X (n, d), drawn as `np.random.seed(seed)` followed by
    `np.random.choice(n, K, replace=False)` draws them, without touching the global generator; the variance of a
    component is the mean of the squared entries of X - mu_j over rows and columns; responsibilities are 1/K.

    Source: the initialisation that the course hands out with the project.

    Raises:
        ValueError: K is not between 1 and n.
    """
    n = X.shape[0]
    if not 1 <= K <= n:
        raise ValueError(f"K must be between 1 and the {n} points, not {K}")
    mu = X[np.random.RandomState(seed).choice(n, K, replace=False)]
    var = np.array([((X - mean) ** 2).mean() for mean in mu])
    return GaussianMixture(mu, var, np.full(K, 1 / K)), np.full((n, K), 1 / K)
