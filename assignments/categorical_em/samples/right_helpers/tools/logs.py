import numpy as np


def xlogy(x, y):
    """x log y, and 0 where x is 0."""
    x, y = np.broadcast_arrays(x, y)
    out = np.zeros(x.shape)
    inside = x != 0
    with np.errstate(divide="ignore"):
        out[inside] = x[inside] * np.log(y[inside])
    return out


def softmax_and_sum(f):
    top = f.max(axis=-1, keepdims=True)
    e = np.exp(f - top)
    s = e.sum(axis=-1, keepdims=True)
    return e / s, (top + np.log(s)).sum()
