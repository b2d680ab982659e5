"""Hard EM: every point belongs to the component with the nearest mean; entries of points may be missing (NaN).

The assignment matrix R is (K, n), with exactly one 1 in each column. A distance is taken over the coordinates that the
point has, which are the same for every component, so that they can be compared; means and variances are those of the
entries that are there.

Decided, where the course leaves it open: of means that are equally near the first is taken, so a point with nothing
observed belongs to component 0, and changes nothing there. A component without points, or without an entry in some
coordinate, keeps its old mean and variance there. A variance of zero (K = n, duplicated points) is as good as any,
because only distances to means decide. K = 1 takes all points.
"""

import numpy as np

from reference.mixture import Array


def estep(X: Array, mu: Array) -> Array:
    """Return the assignment R (K, n) of the points X (n, d), NaN = missing, to the nearest of the means mu (K, d).

        R[j, i] = 1 where j minimises sum_l (x_il - mu_jl)^2 over the coordinates l that point i has, else 0.

    Source: the project "EM for GMM and CMM", simulation question 2; Lloyd, "Least squares quantization in PCM" (1982).
    """
    distances = np.stack([np.nansum((X - mean) ** 2, axis=1) for mean in mu])
    return np.asarray(np.arange(len(mu))[:, None] == distances.argmin(axis=0), dtype=np.float64)


def mstep(X: Array, R: Array, mu: Array, var: Array) -> tuple[Array, Array]:
    """Return the new means (K, d) and variances (K, d) of the points X (n, d), NaN = missing, assigned by R (K, n).

    With the sums over the points i of component j that have coordinate l, N_jl of them:
    mu_jl = sum_i x_il / N_jl;  var_jl = sum_i (x_il - mu_jl)^2 / N_jl, with the new mu_jl

    Where N_jl is zero, the old `mu` and `var` (K, d) stay. Source: as `estep`, simulation question 3.
    """
    known = ~np.isnan(X)
    count = R @ known
    there, count = count > 0, np.maximum(count, 1)
    new_mu = np.where(there, R @ np.where(known, X, 0) / count, mu)
    squares = [row @ np.where(known, X - mean, 0) ** 2 for row, mean in zip(R, new_mu, strict=True)]
    return new_mu, np.where(there, np.stack(squares) / count, var)


def run(X: Array, mu: Array, var: Array, max_steps: int = 100) -> tuple[Array, Array, Array]:
    """Return the means (K, d), the variances (K, d) and the assignment R (K, n) after the last step.

    E-step and M-step alternate until the E-step changes no assignment, or for `max_steps` steps. The R that is returned
    is that of the last E-step, the means and variances are those that the M-step made of it. Source: as `estep`,
    simulation question 4.

    Raises:
        ValueError: `max_steps` is less than 1.
    """
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, not {max_steps}")
    R = estep(X, mu)
    mu, var = mstep(X, R, mu, var)
    for _ in range(max_steps - 1):
        before, R = R, estep(X, mu)
        if np.array_equal(before, R):
            break
        mu, var = mstep(X, R, mu, var)
    return mu, var, R
