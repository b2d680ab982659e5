"""EM for a mixture of K spherical Gaussians, p(x) = sum_j p_j N(x; mu_j, var_j I).

Decided, where the formulas leave it open: a component that is responsible for no point is an error of the M-step (its
mean is undefined), and one whose points coincide (K = n, or duplicated points) has the variance zero, which is an error
of the next E-step (its density is unbounded). A mixing proportion of zero is a component that takes nothing. K = 1 is
the Gaussian of the data's mean and variance, after one step.
"""

from reference.logspace import posterior
from reference.loop import climb
from reference.mixture import Array, GaussianMixture, log_joint, maximise


def estep(X: Array, mixture: GaussianMixture) -> tuple[Array, float]:
    """Return the responsibilities post (n, K) and the log-likelihood of the data X (n, d), in nats.

        post[t, j] = p_j N(x_t; mu_j, var_j I) / sum_i p_i N(x_t; mu_i, var_i I)
        ll = sum_t log sum_j p_j N(x_t; mu_j, var_j I)

    computed in the log domain, so a point far from every mean keeps its responsibilities. Source: the project's
    handout, part 3; Bishop, "Pattern Recognition and Machine Learning", 9.23 and 9.14.

    Raises:
        ValueError: a variance is not positive.
    """
    return posterior(log_joint(X, mixture))


def mstep(X: Array, post: Array) -> GaussianMixture:
    """Return the mixture that fits X (n, d) best when point t counts as post[t, j] points of component j.

    Source: the project's handout, part 3; the formulas stand in `mixture.maximise`.

    Raises:
        ValueError: a component has no responsibility for any point.
    """
    return maximise(X, post)


def run(X: Array, mixture: GaussianMixture, post: Array) -> tuple[GaussianMixture, Array, float]:
    """Return the mixture after the last M-step, and the post (n, K) and log-likelihood of the last E-step.

    E-step and M-step alternate until `ll - previous ll <= 1e-6 |ll|` (project handout, part 3). The post that is
    passed in belongs to the course's signature; the first E-step replaces it.

    Raises:
        LikelihoodFellError: the log-likelihood fell.
        ValueError: as `estep` and `mstep`.
    """
    del post
    return climb(lambda mixture: estep(X, mixture), lambda post, _: mstep(X, post), mixture)
