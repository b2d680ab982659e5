"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import numpy as np
from common import GaussianMixture

MOST_ROUNDS = 1000  # a wrong test must not keep the grader for ever


def squares(X, mu):
    difference = X[:, None, :] - mu
    return np.einsum("tjl,tjl->tj", difference, difference)


def log_normaliser(var, d, power, determinant, two_pi):
    """The logarithm of (2 pi)^a var^b, where a = b = d/2 is right."""
    a = {"d/2": d / 2, "1/2": 1 / 2, "d": d}[power]
    b = {"d": a, "1": 1 / 2}[determinant]
    return b * np.log(var) + (a * np.log(2 * np.pi) if two_pi else 0)


def responsibilities(f, evidence, over):
    """From the logarithms f of the joint densities, and of their sum over the components."""
    if over == "points":
        joint = np.exp(f - f.max(axis=0))
        return joint / joint.sum(axis=0)
    if over == "nothing":
        return np.exp(f)
    if over == "best":
        return np.eye(f.shape[1])[f.argmax(axis=1)]
    return np.exp(f - evidence[:, None])


def terms(f, evidence, ll):
    """What is summed over the points."""
    if ll == "likelihoods":
        return np.exp(evidence)
    if ll == "maxima":
        return f.max(axis=1)
    if ll == "expected":
        return (np.exp(f - evidence[:, None]) * f).sum(axis=1)
    if ll == "log of sum":
        return np.log(np.exp(evidence).sum())
    return evidence


def estep(  # noqa: PLR0913
    X,
    mixture,
    *,
    prior=1.0,
    spread=1.0,
    exponent=0.5,
    power="d/2",
    determinant="d",
    two_pi=True,
    over="components",
    ll="logs",
    average=False,
    base=np.e,
):
    var = mixture.var**spread
    f = -exponent * squares(X, mixture.mu) / var - log_normaliser(var, X.shape[1], power, determinant, two_pi)
    f += prior * np.log(mixture.p)
    top = f.max(axis=1)
    evidence = top + np.log(np.exp(f - top[:, None]).sum(axis=1))
    total = terms(f, evidence, ll).sum() / np.log(base)
    return responsibilities(f, evidence, over), float(total / len(X) if average else total)


def mstep(  # noqa: PLR0913
    X,
    post,
    *,
    by_d=True,
    var_over="n_j",
    mu_over="n_j",
    correction="none",
    centre="mu",
    root=False,
    p="n_j/n",
):
    n, d = X.shape
    K = post.shape[1]
    n_j = post.sum(axis=0)
    over = {"n_j": n_j, "n": np.full(K, float(n))}
    mu = post.T @ X / over[mu_over][:, None]
    numbers = over[var_over] - (correction == "points")
    numbers = numbers * (d if by_d else 1) - (correction == "numbers")
    around = {"mu": mu, "data": X.mean(axis=0)[None]}[centre]
    var = (post * squares(X, around)).sum(axis=0) / numbers
    proportions = {"n_j/n": n_j / n, "1/K": np.full(K, 1 / K), "n_j": n_j}[p]
    return GaussianMixture(mu, np.sqrt(var) if root else var, proportions)


def converged(ll, previous, threshold, tolerance):
    return ll - previous <= tolerance * (abs(ll) if threshold == "relative" else 1)


def kmeans_cost(X, mixture):
    return float(squares(X, mixture.mu).min(axis=1).sum())


def run(  # noqa: PLR0913
    X,
    mixture,
    post,
    *,
    threshold="relative",
    tolerance=1e-6,
    rounds=0,
    means="new",
    mixture_of="last",
    post_of="last",
    ll_of="last",
    once_more=False,
):
    previous = None
    for _ in range(rounds or MOST_ROUNDS):
        old = mixture
        last, ll = estep(X, old)
        mixture = mstep(X, last) if mixture_of != "start" else old
        if means == "old":
            var = (last * squares(X, old.mu)).sum(axis=0) / (X.shape[1] * last.sum(axis=0))
            mixture = mixture._replace(var=var)
        if not rounds and previous is not None and converged(ll, previous, threshold, tolerance):
            break
        previous = ll
    if once_more:
        last, ll = estep(X, mixture)
    if ll_of == "kmeans":
        ll = kmeans_cost(X, mixture)
    return old if mixture_of == "previous" else mixture, post if post_of == "start" else last, ll


# fmt: off
SLIPS = [
    {"id": "deviation_for_variance", "function": "estep", "change": {"spread": 0.5},
     "what": "The standard deviation is used in the density where the variance belongs.",
     "look": "What does `mixture.var` hold, and which of the two stands in the density's formula?"},
    {"id": "variance_squared", "function": "estep", "change": {"spread": 2.0},
     "what": "The variance is squared in the density, as if it were a standard deviation.",
     "look": "What does `mixture.var` hold, and which of the two stands in the density's formula?"},
    {"id": "no_prior", "function": "estep", "change": {"prior": 0.0},
     "what": "The mixing proportions are left out of the responsibilities and the log-likelihood.",
     "look": "What weighs a component's density in Bayes' rule?"},
    {"id": "prior_twice", "function": "estep", "change": {"prior": 2.0},
     "what": "The mixing proportions are multiplied in twice.",
     "look": "In how many places of your code do the mixing proportions come in?"},
    {"id": "no_half_in_exponent", "function": "estep", "change": {"exponent": 1.0},
     "what": "The factor 1/2 is missing in the exponent of the Gaussian density.",
     "look": "Compare what stands in your `exp` with the density of a Gaussian, factor by factor."},
    {"id": "normaliser_of_one_dimension", "function": "estep", "change": {"power": "1/2"},
     "what": "The normaliser of the density is that of one dimension, whatever the dimension of the points.",
     "look": "How does the normaliser of a spherical Gaussian depend on the dimension d?"},
    {"id": "normaliser_without_root", "function": "estep", "change": {"power": "d"},
     "what": "The square root is missing in the normaliser of the density.",
     "look": "To which power is 2 pi var taken in the density of one dimension, and to which in d dimensions?"},
    {"id": "determinant_is_variance", "function": "estep", "change": {"determinant": "1"},
     "what": "The normaliser has the variance itself where the determinant of the covariance matrix belongs.",
     "look": "What is the determinant of the d x d matrix var I?"},
    {"id": "no_two_pi", "function": "estep", "change": {"two_pi": False},
     "what": "The factor 2 pi is missing in the normaliser of the density, so the log-likelihood is shifted.",
     "look": "Which constants of the density cancel in the responsibilities, and do they in the log-likelihood?"},
    {"id": "ll_without_log", "function": "estep", "change": {"ll": "likelihoods"},
     "what": "The log-likelihood is the sum of the points' likelihoods, without a logarithm.",
     "look": "Where does the logarithm stand in the handout's formula for `ll`?"},
    {"id": "ll_log_of_sum", "function": "estep", "change": {"ll": "log of sum"},
     "what": "The logarithm is taken of the sum of the points' likelihoods.",
     "look": "The points are independent: how do their likelihoods combine before you take the logarithm?"},
    {"id": "ll_of_maxima", "function": "estep", "change": {"ll": "maxima"},
     "what": "The log-likelihood counts only the likeliest component of each point.",
     "look": "Which components can have produced a point, and which of them are in p(x)?"},
    {"id": "ll_expected", "function": "estep", "change": {"ll": "expected"},
     "what": "The log-likelihood is the expected one, of points and components together.",
     "look": "Is the logarithm in p(x) inside the sum over the components, or outside?"},
    {"id": "ll_mean", "function": "estep", "change": {"average": True},
     "what": "The log-likelihood is the mean over the points.",
     "look": "How do the terms of the points combine in the handout's formula for `ll`?"},
    {"id": "ll_log10", "function": "estep", "change": {"base": 10.0},
     "what": "The log-likelihood is in logarithms to the base 10.",
     "look": "Which logarithm does the handout ask for, and which does your function compute?"},
    {"id": "post_not_normalised", "function": "estep", "change": {"over": "nothing"},
     "what": "The responsibilities are not normalised.",
     "look": "What should the responsibilities of all components for one point add up to?"},
    {"id": "post_over_points", "function": "estep", "change": {"over": "points"},
     "what": "The responsibilities are normalised over the points.",
     "look": "Do the rows of `post` add up to one, or its columns?"},
    {"id": "post_hard", "function": "estep", "change": {"over": "best"},
     "what": "Each point is given entirely to its likeliest component.",
     "look": "How does EM's assignment of a point differ from that of K-means?"},
    {"id": "var_not_by_d", "function": "mstep", "change": {"by_d": False},
     "what": "The variance is not divided by the number of dimensions d.",
     "look": "How many squared differences add up to |x - mu|^2, and how many should the variance be the mean of?"},
    {"id": "var_over_n", "function": "mstep", "change": {"var_over": "n"},
     "what": "The variance is divided by n, the number of all points.",
     "look": "How many points does component j have?"},
    {"id": "mu_over_n", "function": "mstep", "change": {"mu_over": "n"},
     "what": "The means are divided by n, the number of all points.",
     "look": "What do the weights of a weighted mean add up to, for one component?"},
    {"id": "var_numbers_minus_one", "function": "mstep", "change": {"correction": "numbers"},
     "what": "The variance is divided by one less than the d n_j numbers that it is a mean of.",
     "look": "Does the handout ask for the likeliest variance or for an unbiased one?"},
    {"id": "var_points_minus_one", "function": "mstep", "change": {"correction": "points"},
     "what": "The variance is divided by n_j - 1 in place of n_j, as an unbiased one would be.",
     "look": "Does the handout ask for the likeliest variance or for an unbiased one?"},
    {"id": "var_around_data_mean", "function": "mstep", "change": {"centre": "data"},
     "what": "The variance is taken around the mean of all the data.",
     "look": "From which point should component j measure its distances?"},
    {"id": "deviation_returned", "function": "mstep", "change": {"root": True},
     "what": "The standard deviation is returned where the variance belongs.",
     "look": "What does the field `var` of a `GaussianMixture` hold?"},
    {"id": "p_uniform", "function": "mstep", "change": {"p": "1/K"},
     "what": "The mixing proportions are all 1/K, whatever the responsibilities.",
     "look": "Which share of all the points does component j have?"},
    {"id": "p_counts", "function": "mstep", "change": {"p": "n_j"},
     "what": "The mixing proportions are numbers of points, not shares of them.",
     "look": "What should the mixing proportions add up to?"},
    {"id": "never_updated", "function": "run", "change": {"mixture_of": "start"},
     "what": "The mixture is never updated: what the M-step returns is lost.",
     "look": "Which mixture does the second E-step get?"},
    {"id": "absolute_tolerance", "function": "run", "change": {"threshold": "absolute"},
     "what": "The rise of the log-likelihood is compared with a fixed number.",
     "look": "A millionth of what does the handout let the log-likelihood rise by?"},
    {"id": "tolerance_1e_7", "function": "run", "change": {"tolerance": 1e-07},
     "what": "The tolerance of the convergence test is 1e-7, which is ten times too strict.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_5", "function": "run", "change": {"tolerance": 1e-05},
     "what": "The tolerance of the convergence test is 1e-5, which is ten times too loose.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_4", "function": "run", "change": {"tolerance": 0.0001},
     "what": "The tolerance of the convergence test is 1e-4, which is a hundred times too loose.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "one_round", "function": "run", "change": {"rounds": 1},
     "what": "The iteration stops after the first round.",
     "look": "With what do you compare the first log-likelihood, and what does your test say then?"},
    {"id": "ten_rounds", "function": "run", "change": {"rounds": 10},
     "what": "The iteration makes ten rounds, whether it has converged or not.",
     "look": "What does the handout say about when to stop?"},
    {"id": "hundred_rounds", "function": "run", "change": {"rounds": 100},
     "what": "The iteration makes a hundred rounds, whether it has converged or not.",
     "look": "What does the handout say about when to stop?"},
    {"id": "var_around_old_means", "function": "run", "change": {"means": "old"},
     "what": "The variance is taken around the means from before the M-step.",
     "look": "Which means are meant in the handout's formula for the variance, and when do you have them?"},
    {"id": "returns_starting_post", "function": "run", "change": {"post_of": "start"},
     "what": "The `post` that is returned is the one that `run` was given.",
     "look": "Which E-step's `post` does the handout ask for, and which variable holds it at the end?"},
    {"id": "returns_previous_mixture", "function": "run", "change": {"mixture_of": "previous"},
     "what": "The mixture that is returned is the one from before the last M-step.",
     "look": "What is still to do after the convergence test has said to stop?"},
    {"id": "returns_kmeans_cost", "function": "run", "change": {"ll_of": "kmeans"},
     "what": "The third value that is returned is the cost of K-means, not the log-likelihood.",
     "look": "Which of your functions computes what `run` should return last?"},
    {"id": "one_estep_more", "function": "run", "change": {"once_more": True},
     "what": "The `post` and the log-likelihood are those of one more E-step after the last M-step.",
     "look": "In which order are the last E-step and the last M-step, and which of them gives `ll`?"},
]
# fmt: on
