"""EM for a mixture of K Gaussians on the line, p(x) = sum_j pi_j N(x; mu_j, sigma_j^2).

The parameters are one vector, theta = (pi_1, mu_1, sigma_1, pi_2, mu_2, sigma_2, ... mu_K, sigma_K), without the last
mixing proportion, which the others give. For two components that is the lab's (pi_1, mu_1, sigma_1, mu_2, sigma_2), and
for one it is (mu, sigma).

Decided, where the formulas leave it open: a component that is responsible for no point is an error of the M-step, and
one whose points coincide (K = n, duplicated points) has the standard deviation zero, which is an error of the next
E-step. A mixing proportion of zero is a component that takes nothing. K = 1 is the data's mean and deviation, after one
step.
"""

import numpy as np

from reference.logspace import posterior
from reference.loop import climb
from reference.mixture import ROUNDING, Array, noise, weights


def components(theta: Array) -> tuple[Array, Array, Array]:
    """Return the mixing proportions pi (K,), means mu (K,) and standard deviations sigma (K,) of theta (3K - 1,).

    Raises:
        ValueError: theta has another length, or its mixing proportions are none.
    """
    if np.ndim(theta) != 1 or len(theta) % 3 != 2:
        raise ValueError(f"theta must have 2, 5, 8, ... entries, not the shape {np.shape(theta)}")
    rows = np.array([*theta[:-2], 0.0, *theta[-2:]]).reshape(-1, 3)
    pi, mu, sigma = rows.T
    pi[-1] = 1 - pi[:-1].sum()
    if not np.all(pi >= -ROUNDING):
        raise ValueError(f"the mixing proportions {pi} must not be negative")
    return np.maximum(pi, 0), mu, sigma


def parameters(pi: Array, mu: Array, sigma: Array) -> Array:
    """Return theta (3K - 1,): the opposite of `components`."""
    theta = np.column_stack([pi, mu, sigma]).ravel()
    return np.delete(theta, -3)


def estep(x: Array, theta: Array) -> tuple[Array, float]:
    """Return the responsibilities Z (n, K) and the log-likelihood, in nats, of the points x (n,).

        Z[i, j] = pi_j phi((x_i - mu_j) / sigma_j) / sigma_j / (the sum of that over j), phi the standard normal density
        ll = sum_i log sum_j pi_j N(x_i; mu_j, sigma_j^2)

    Source: the lab "EM for a two-component mixture"; Bishop, "Pattern Recognition and Machine Learning", 9.23.

    Raises:
        ValueError: theta is none, or a standard deviation is not positive.
    """
    pi, mu, sigma = components(theta)
    if not np.all(sigma > 0):
        raise ValueError(f"every standard deviation must be positive, not {sigma.min()}")
    z = (x[:, None] - mu) / sigma
    with np.errstate(divide="ignore"):  # log 0 = -inf: a component of no weight
        return posterior(np.log(pi) - np.log(2 * np.pi) / 2 - np.log(sigma) - z * z / 2)


def mstep(x: Array, Z: Array) -> Array:
    """Return the theta (3K - 1,) that fits the points x (n,) best under the responsibilities Z (n, K).

        pi_j = sum_i Z[i, j] / n;  mu_j = sum_i Z[i, j] x_i / sum_i Z[i, j]
        sigma_j^2 = sum_i Z[i, j] (x_i - mu_j)^2 / sum_i Z[i, j], with the new mu_j

    Source: as `estep`; Bishop, 9.24 to 9.27.

    Raises:
        ValueError: a component has no responsibility for any point.
    """
    n_j = weights(Z)
    mu = x @ Z / n_j
    var = np.einsum("ij,ij->j", Z, (x[:, None] - mu) ** 2) / n_j
    var[var < noise(len(x)) ** 2 * (x * x).max()] = 0  # the points coincide
    return parameters(n_j / len(x), mu, np.sqrt(var))


def run(x: Array, theta: Array) -> tuple[Array, Array, float]:
    """Return the theta after the last M-step, and the Z (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|`.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep` and `mstep`.
    """
    return climb(lambda theta: estep(x, theta), lambda Z, _: mstep(x, Z), theta)
