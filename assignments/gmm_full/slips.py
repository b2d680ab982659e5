"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import math

import numpy as np
from common import FullMixture, init


def estep(  # noqa: PLR0913
    X, mixture, *, prior=1.0, cov="full", metric="inverse", half=0.5, det=0.5, two_pi="d/2", shift=True,
    post="shares", loglik="log", average=False, base=math.e,
):  # fmt: skip
    matrices = mixture.cov * np.eye(X.shape[1]) if cov == "diagonal" else mixture.cov
    f = prior * np.log(mixture.p) - half * squares(X, mixture.mu, matrices, metric)
    f -= log_normaliser(matrices, det, two_pi)
    top = f.max(axis=1, keepdims=True) if shift else 0.0
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    post = responsibilities(f, top, post)
    ll = log_likelihood(f, total, post, loglik)
    return post, ll / math.log(base) / (len(X) if average else 1)


def squares(X, mu, cov, metric):
    """(x - mu)^T cov^-1 (x - mu), (n, K)."""
    differences = X - mu[:, None]
    matrices = {"inverse": np.linalg.inv, "itself": np.copy, "entries": np.reciprocal}[metric](cov)
    return (differences @ matrices * differences).sum(axis=2).T


def log_normaliser(cov, det, two_pi):
    """The logarithm of (2 pi)^(d/2) det(cov)^det, (K,)."""
    d = cov.shape[1]
    power = {"d/2": d / 2, "1/2": 1 / 2, "d": d, "0": 0}[two_pi]
    return power * np.log(2 * np.pi) + det * np.linalg.slogdet(cov)[1]


def responsibilities(f, top, post):
    """From the logarithms f of the joint densities, (n, K), and what is taken out of each row, (n, 1)."""
    if post == "hard":
        return np.eye(f.shape[1])[f.argmax(axis=1)]
    if post == "joint":
        return np.exp(f)
    weight = np.exp(f - (f.max(axis=0) if post == "over_points" else top))
    return weight / weight.sum(axis=0 if post == "over_points" else 1, keepdims=True)


def log_likelihood(f, total, post, loglik):
    if loglik == "no_log":
        return float(np.exp(total).sum())
    if loglik == "log_outside":
        return float(np.log(np.exp(total).sum()))
    if loglik == "log_inside":
        return float(f.sum())
    if loglik == "complete":
        return float((post * f).sum())
    return float(f.max(axis=1).sum() if loglik == "largest" else total.sum())


def mstep(  # noqa: PLR0913
    X, post, *, weights="post", mu_over="own", centre="own", cov_weights="post", cov_over="own", shape="full",
    ridge=0.0, p="mean",
):  # fmt: skip
    K = post.shape[1]
    if weights == "hard":
        post = np.eye(K)[post.argmax(axis=1)]
    sizes = post.sum(axis=0)
    mu = post.T @ X / (len(X) if mu_over == "n" else sizes[:, None])
    if cov_weights == "equal":
        post = np.ones_like(post)
    around = {"own": mu, "data": np.tile(X.mean(axis=0), (K, 1)), "origin": 0 * mu}[centre]
    cov = scatter(X, post, around) / divisor(post, cov_over)[:, None, None]
    cov = shaped(X, cov, sizes, shape) + ridge * np.eye(X.shape[1])
    return FullMixture(mu, cov, {"mean": sizes / len(X), "sum": sizes, "equal": np.full(K, 1 / K)}[p])


def scatter(X, post, mu):
    """sum_t post[t, j] (x_t - mu_j)(x_t - mu_j)^T, (K, d, d)."""
    differences = X - mu[:, None]
    return (post.T[:, :, None] * differences).transpose(0, 2, 1) @ differences


def divisor(post, over):
    sizes = post.sum(axis=0)
    if over == "n":
        return np.full(len(sizes), len(post))
    return sizes - {"own": 0, "less_one": 1, "less_weights": (post**2).sum(axis=0) / sizes}[over]


def shaped(X, cov, sizes, shape):
    if shape == "diagonal":
        return cov * np.eye(X.shape[1])
    if shape == "pooled":
        return np.tile(np.average(cov, axis=0, weights=sizes), (len(cov), 1, 1))
    if shape == "data":
        return np.tile(scatter(X, np.ones((len(X), 1)), X.mean(axis=0)[None]) / len(X), (len(cov), 1, 1))
    return cov


def run(  # noqa: PLR0913
    X, mixture, *, start="given", first=-np.inf, stop="relative", tolerance=1e-6, rounds=300, means="new", p="new",
    result="last", again=False,
):  # fmt: skip
    if start == "seed_0":
        mixture = init(X, len(mixture.p), 0)
    old = first
    for _ in range(rounds):
        before = mixture
        post, ll = estep(X, before)
        mixture = mstep(X, post)
        if means == "old":
            step = mixture.mu - before.mu
            mixture = mixture._replace(cov=mixture.cov + step[:, :, None] * step[:, None, :])
        if p == "kept":
            mixture = mixture._replace(p=before.p)
        if ended(stop, tolerance, (old, ll), (before, mixture)):
            break
        old = ll
    if again:
        post, ll = estep(X, mixture)
    return (before if result == "before" else mixture), post, ll


def ended(stop, tolerance, lls, mixtures):
    old, ll = lls
    before, mixture = mixtures
    if stop == "never":
        return False
    if stop == "mu":
        return np.allclose(before.mu, mixture.mu)
    limits = {"relative": abs(ll), "absolute": 1, "without_abs": ll, "minus": -ll, "ratio": ll if ll > 0 else math.inf}
    return ll - old <= tolerance * limits[stop] and not math.isinf(old)


# fmt: off
SLIPS = [
    {"id": "no_prior", "function": "estep", "change": {"prior": 0.0},
     "what": "The mixing proportions are left out of the responsibilities and the log-likelihood.",
     "look": "What weighs a component's density in Bayes' rule?"},
    {"id": "determinant_without_root", "function": "estep", "change": {"det": 1.0},
     "what": "The determinant stands in the density without its square root.",
     "look": "How far does the square root in the density reach?"},
    {"id": "no_determinant", "function": "estep", "change": {"det": 0.0},
     "what": "The determinant of the covariance matrix is missing in the density.",
     "look": "By what is a density divided when its cloud is larger?"},
    {"id": "two_pi_of_one_dimension", "function": "estep", "change": {"two_pi": "1/2"},
     "what": "The power of 2 pi in the density is that of one dimension, whatever the dimension of the points.",
     "look": "How does the power of 2 pi depend on the number of columns of `X`?"},
    {"id": "two_pi_without_root", "function": "estep", "change": {"two_pi": "d"},
     "what": "The power of 2 pi stands in the density without its square root.",
     "look": "How far does the square root in the density reach?"},
    {"id": "no_two_pi", "function": "estep", "change": {"two_pi": "0"},
     "what": "The factor with 2 pi is missing in the density, so the log-likelihood is shifted.",
     "look": "Which constants of the density cancel in the responsibilities, and do they in the log-likelihood?"},
    {"id": "no_root", "function": "estep", "change": {"det": 1.0, "two_pi": "d"},
     "what": "The square root is missing in what the density is divided by.",
     "look": "Compare what you divide by with the density in the handout."},
    {"id": "no_half_in_exponent", "function": "estep", "change": {"half": 1.0},
     "what": "The factor 1/2 is missing in the exponent of the density.",
     "look": "Compare what stands in your `exp` with the density in the handout, factor by factor."},
    {"id": "cov_not_inverted", "function": "estep", "change": {"metric": "itself"},
     "what": "The covariance matrix stands in the exponent without being inverted.",
     "look": "Is a point at a given distance more or less probable when the covariance grows?"},
    {"id": "cov_entries_inverted", "function": "estep", "change": {"metric": "entries"},
     "what": "Each entry of the covariance matrix is inverted by itself.",
     "look": "Which product with the covariance matrix must the inverse give?"},
    {"id": "density_of_variances", "function": "estep", "change": {"cov": "diagonal"},
     "what": "The density uses only the diagonals of the covariance matrices.",
     "look": "Where do the covariances between two columns of `X` come in?"},
    {"id": "underflow", "function": "estep", "change": {"shift": False},
     "what": "The densities of points far from every mean become zero, and what is divided by them is lost.",
     "look": "What has to be done with the logarithms of a row before you exponentiate?"},
    {"id": "post_over_points", "function": "estep", "change": {"post": "over_points"},
     "what": "The responsibilities are normalised over the points instead of over the components.",
     "look": "Along which axis must `post` sum to one?"},
    {"id": "post_hard", "function": "estep", "change": {"post": "hard"},
     "what": "Each point is given wholly to its most probable component.",
     "look": "Are responsibilities decisions or probabilities?"},
    {"id": "post_not_normalised", "function": "estep", "change": {"post": "joint"},
     "what": "The responsibilities are the joint densities of point and component, not divided by anything.",
     "look": "What do the responsibilities for one point sum to?"},
    {"id": "ll_without_log", "function": "estep", "change": {"loglik": "no_log"},
     "what": "The log-likelihood is the sum of the densities of the points, without a logarithm.",
     "look": "What is added up in `ll`?"},
    {"id": "ll_log_outside", "function": "estep", "change": {"loglik": "log_outside"},
     "what": "The log-likelihood is the logarithm of the sum over all points.",
     "look": "Points are independent: how do their densities combine before the logarithm is taken?"},
    {"id": "ll_log_inside", "function": "estep", "change": {"loglik": "log_inside"},
     "what": "The log-likelihood adds up the logarithms of the components' terms, as if p(x) were their product.",
     "look": "How do the components combine to p(x) before the logarithm is taken?"},
    {"id": "ll_complete", "function": "estep", "change": {"loglik": "complete"},
     "what": "The log-likelihood is the expected one of points and components together.",
     "look": "Which of the two does `ll` ask for: what the M-step maximises, or log p(X)?"},
    {"id": "ll_of_the_largest", "function": "estep", "change": {"loglik": "largest"},
     "what": "The log-likelihood has only the largest component's term of each point.",
     "look": "What becomes of the largest term of a row after it was taken out, and of the others?"},
    {"id": "ll_mean", "function": "estep", "change": {"average": True},
     "what": "The log-likelihood is the mean over the points.",
     "look": "How do the terms of the points combine in `ll`?"},
    {"id": "ll_log10", "function": "estep", "change": {"base": 10.0},
     "what": "The log-likelihood is in logarithms of base ten.",
     "look": "Which logarithms does the handout want?"},
    {"id": "mu_over_n", "function": "mstep", "change": {"mu_over": "n"},
     "what": "The means are divided by the number of all points.",
     "look": "What do the weights of a weighted mean add up to, for one component?"},
    {"id": "cov_over_n", "function": "mstep", "change": {"cov_over": "n"},
     "what": "The covariances are divided by the number of all points.",
     "look": "How many points does component j have?"},
    {"id": "cov_unbiased", "function": "mstep", "change": {"cov_over": "less_one"},
     "what": "The covariances are divided by one less than the component's number of points.",
     "look": "Does the handout ask for the likeliest covariance or for an unbiased one?"},
    {"id": "cov_unbiased_weights", "function": "mstep", "change": {"cov_over": "less_weights"},
     "what": "The covariances are the unbiased ones of weighted points, as a library gives them by default.",
     "look": "What is the covariance divided by, in the handout and by the function that you call?"},
    {"id": "cov_diagonal", "function": "mstep", "change": {"shape": "diagonal"},
     "what": "Only the variances are computed, and the rest of each covariance matrix is zero.",
     "look": "Which entries of (x - mu)(x - mu)^T are not on its diagonal?"},
    {"id": "cov_shared", "function": "mstep", "change": {"shape": "pooled"},
     "what": "All components share one covariance matrix, the mean of their own.",
     "look": "How many covariance matrices does the mixture have, and of which points is each?"},
    {"id": "cov_of_all_points", "function": "mstep", "change": {"shape": "data"},
     "what": "Each component has the covariance matrix of all the points.",
     "look": "Where do the responsibilities come in?"},
    {"id": "cov_around_data_mean", "function": "mstep", "change": {"centre": "data"},
     "what": "The covariances are taken around the mean of all the points.",
     "look": "From which point should component j measure its distances?"},
    {"id": "cov_around_origin", "function": "mstep", "change": {"centre": "origin"},
     "what": "The covariances are taken around the origin: no mean is subtracted.",
     "look": "From which point should component j measure its distances?"},
    {"id": "cov_without_weights", "function": "mstep", "change": {"cov_weights": "equal"},
     "what": "All points weigh the same in the covariances, whatever the responsibilities are.",
     "look": "Point t counts as how many points of component j?"},
    {"id": "ridge_1e_6", "function": "mstep", "change": {"ridge": 1e-6},
     "what": "1e-6 is added to the diagonal of each covariance matrix.",
     "look": "What does the handout say about the diagonal?"},
    {"id": "ridge_1e_4", "function": "mstep", "change": {"ridge": 1e-4},
     "what": "1e-4 is added to the diagonal of each covariance matrix.",
     "look": "What does the handout say about the diagonal?"},
    {"id": "ridge_1e_3", "function": "mstep", "change": {"ridge": 1e-3},
     "what": "1e-3 is added to the diagonal of each covariance matrix.",
     "look": "What does the handout say about the diagonal?"},
    {"id": "p_not_divided", "function": "mstep", "change": {"p": "sum"},
     "what": "The mixing proportions are numbers of points, not shares of them.",
     "look": "What must `p` sum to?"},
    {"id": "p_equal", "function": "mstep", "change": {"p": "equal"},
     "what": "The mixing proportions are all equal, whatever the responsibilities are.",
     "look": "Which parameters besides the Gaussians' does the M-step find anew?"},
    {"id": "hard_counts", "function": "mstep", "change": {"weights": "hard"},
     "what": "Each point counts wholly for the component with its largest responsibility.",
     "look": "Point t counts as how many points of component j?"},
    {"id": "tolerance_1e_4", "function": "run", "change": {"tolerance": 1e-4},
     "what": "The run ends when the log-likelihood rises by 1e-4 of its size or less, which is too early.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_5", "function": "run", "change": {"tolerance": 1e-5},
     "what": "The run ends when the log-likelihood rises by 1e-5 of its size or less, which is too early.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_8", "function": "run", "change": {"tolerance": 1e-8},
     "what": "The run ends when the log-likelihood rises by 1e-8 of its size or less, which is too late.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "absolute_tolerance", "function": "run", "change": {"stop": "absolute"},
     "what": "The rise of the log-likelihood is compared with a fixed number.",
     "look": "What is the tolerance of the handout multiplied by?"},
    {"id": "without_abs", "function": "run", "change": {"stop": "without_abs"},
     "what": "The loop goes on long after the log-likelihood has all but stopped rising.",
     "look": "Which sign has the right side of your stopping rule, and can it ever hold?"},
    {"id": "minus_for_abs", "function": "run", "change": {"stop": "minus"},
     "what": "The stopping rule takes for granted that the log-likelihood is negative.",
     "look": "Can a log-likelihood be positive, and what does your stopping rule do then?"},
    {"id": "ratio_without_abs", "function": "run", "change": {"stop": "ratio"},
     "what": "The rise is divided by a log-likelihood that may be negative, and then the second round is the last.",
     "look": "Which sign has the ratio in your stopping rule?"},
    {"id": "starts_from_zero", "function": "run", "change": {"first": 0.0},
     "what": "The first log-likelihood is compared with zero, and where it is negative, the first round is the last.",
     "look": "From which E-step on is there a log-likelihood to compare with?"},
    {"id": "stops_on_mu", "function": "run", "change": {"stop": "mu"},
     "what": "The run goes on until the means hardly change any more.",
     "look": "Which quantity does the handout watch from round to round?"},
    {"id": "ten_rounds", "function": "run", "change": {"stop": "never", "rounds": 10},
     "what": "The run always takes ten rounds.",
     "look": "What decides which round is the last?"},
    {"id": "twenty_rounds", "function": "run", "change": {"stop": "never", "rounds": 20},
     "what": "The run always takes twenty rounds.",
     "look": "What decides which round is the last?"},
    {"id": "hundred_rounds", "function": "run", "change": {"stop": "never", "rounds": 100},
     "what": "The run always takes a hundred rounds.",
     "look": "What decides which round is the last?"},
    {"id": "own_start", "function": "run", "change": {"start": "seed_0"},
     "what": "The run begins with a mixture that it makes itself, from the seed 0.",
     "look": "Which mixture does the first E-step use?"},
    {"id": "cov_around_old_means", "function": "run", "change": {"means": "old"},
     "what": "The covariances are taken around the means from before the M-step.",
     "look": "Which means does the handout want in the covariances, and when do you have them?"},
    {"id": "mixture_one_step_early", "function": "run", "change": {"result": "before"},
     "what": "The mixture that comes back is the one before the last M-step.",
     "look": "What is still done in the last round?"},
    {"id": "one_more_estep", "function": "run", "change": {"again": True},
     "what": "The responsibilities and the log-likelihood are of one more E-step, after the last M-step.",
     "look": "Which E-step do the `post` and `ll` that you return belong to?"},
]
# fmt: on
