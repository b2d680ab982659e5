"""Sums in the log domain."""

import numpy as np

from reference.mixture import Array


def logsumexp(f: Array) -> Array:
    """Return log(sum_j exp(f[t, j])) for each row t of f (n, K), as (n,).

    The largest entry of a row is taken out before exponentiating, so that at least one term is exp(0) = 1 and
    the sum neither underflows nor overflows. A row of -inf (zero under every component) gives -inf.
    """
    top = f.max(axis=1, keepdims=True)
    top[~np.isfinite(top)] = 0
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(f - top).sum(axis=1)) + top[:, 0])
