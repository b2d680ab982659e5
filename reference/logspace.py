"""From the logarithms of joint densities to responsibilities and the log-likelihood, without underflow."""

import numpy as np

from reference.mixture import Array


def posterior(f: Array) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood, in nats, of joint densities exp(f), f (n, K).

        post[t, j] = exp(f[t, j]) / sum_i exp(f[t, i]);  ll = sum_t log sum_j exp(f[t, j])

    The largest entry of a row is taken out before exponentiating, so that at least one term is exp(0) = 1 and the sum
    neither underflows nor overflows (the log-sum-exp). f is overwritten.

    Raises:
        ValueError: a row is -inf throughout (zero under every component), so that it has no responsibilities.
    """
    top = f.max(axis=1, keepdims=True)
    if not np.all(np.isfinite(top)):
        raise ValueError(f"row {int(np.argmin(np.isfinite(top)))} of the data is impossible under every component")
    f -= top
    post = np.exp(f, out=f)
    total = (post @ np.ones(post.shape[1]))[:, None]
    post /= total
    return post, float(top.sum() + np.log(total).sum())
