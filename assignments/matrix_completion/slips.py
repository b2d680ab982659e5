"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import numpy as np
from common import GaussianMixture

MOST_ROUNDS = 1000


def squares(X, mu, *, zeros=False):
    """Squared distances (n, K) over what is rated, or with the zeros; multiplied out, so all are matrix products."""
    known = np.ones_like(X) if zeros else (X != 0) * 1.0
    return (X * X).sum(axis=1)[:, None] - 2 * X @ mu.T + known @ (mu * mu).T


def log_joint(  # noqa: PLR0913
    X,
    mixture,
    *,
    prior=True,
    epsilon=1e-16,
    zeros=False,
    columns="rated",
    half=0.5,
    two_pi=True,
    exponent=0.5,
    power=1,
):
    mu, var, p = mixture
    spread = var**power
    rated = np.count_nonzero(X, axis=1)[:, None]
    count = {"rated": rated, "d": X.shape[1], "one": 1}[columns]
    normaliser = half * count * np.log(2 * np.pi * spread if two_pi else spread)
    f = -normaliser - exponent * squares(X, mu, zeros=zeros) / spread
    return f + np.log(p + epsilon) if prior else f


def log_sum(f, *, stable):
    """Logarithms (n, 1) of the sums of exp(f); if it is not stable -inf where all of a row underflows."""
    top = f.max(axis=1, keepdims=True) if stable else 0
    return top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))


def estep(X, mixture, *, normalise="log_sum_exp", post="normalised", ll="sum", **density):
    f = log_joint(X, mixture, **density)
    total = log_sum(f, stable=normalise == "log_sum_exp")
    shares = np.exp(f) / np.exp(total) if normalise == "divide" else np.exp(f - total)
    value = {"sum": np.sum, "mean": np.mean}[ll](total) if ll != "expected" else np.sum(shares * f)
    if post == "logs":
        return f - total, value
    return np.exp(f) if post == "joint" else shares, value


def means(  # noqa: PLR0913
    X, post, mixture, *, divisor="support", support="one", unrated="kept", below="kept"
):
    known = (X != 0) * 1.0
    weight, total = post.T @ known, post.sum(axis=0)[:, None]
    if support == "component":
        enough = np.broadcast_to(total >= 1, weight.shape)
    else:
        enough = {"one": weight >= 1, "above_one": weight > 1, "ignored": weight >= 0}[support]
    if unrated == "kept":
        enough = enough & (weight > 0)
    by = {"support": weight, "users": total, "raters": known.sum(axis=0)}[divisor]
    if unrated == "zero":
        by = np.maximum(by, 1e-16)
    mu = mixture.mu * 1.0 if below == "kept" else np.zeros(mixture.mu.shape)
    return np.divide(post.T @ X, by, out=mu, where=enough)


def variances(X, post, mu, *, zeros, columns):
    """Variances (K,) without the minimum; NaN for a component that is responsible for nothing."""
    users = post.sum(axis=0)
    weight = {"rated": np.count_nonzero(X, axis=1) @ post, "d": X.shape[1] * users, "one": users}[columns]
    errors = np.einsum("uj,uj->j", post, squares(X, mu, zeros=zeros))
    return np.divide(errors, weight, out=np.full(len(users), np.nan), where=weight > 0)


def limited(var, floor, min_variance):
    if floor == "none":
        return var
    if floor == "added":
        return var + min_variance
    if floor == "always":
        return np.full(len(var), min_variance)
    if floor == "at_most":
        return np.minimum(var, min_variance)
    return np.maximum(var, 0.25 if floor == "fixed" else min_variance)


def proportions(X, post, share_of):
    if share_of == "ratings":
        return np.count_nonzero(X, axis=1) @ post / np.count_nonzero(X)
    if share_of == "raters":
        return post[X.any(axis=1)].mean(axis=0)
    return post.sum(axis=0) / (len(X) if share_of == "users" else 1)


def mstep(  # noqa: PLR0913
    X,
    post,
    mixture,
    min_variance=0.25,
    *,
    around="new",
    zeros=False,
    columns="rated",
    floor="at_least",
    share_of="users",
    **updates,
):
    mu = means(X, post, mixture, **updates)
    var = variances(X, post, mu if around == "new" else mixture.mu, zeros=zeros, columns=columns)
    var = np.where(post.any(axis=0), limited(var, floor, min_variance), mixture.var)
    return GaussianMixture(mu, var, proportions(X, post, share_of))


def run(  # noqa: PLR0913
    X, mixture, post, *, first="estep", tolerance=1e-6, relative=True, rounds=MOST_ROUNDS, last="mstep"
):
    if first == "mstep":
        mixture = mstep(X, post, mixture)
    old, before = -np.inf, mixture
    for _ in range(rounds):
        before = mixture
        post, ll = estep(X, before)
        mixture = mstep(X, post, before)
        if ll - old <= tolerance * (abs(ll) if relative else 1):
            break
        old = ll
    if last == "estep":
        return mixture, *estep(X, mixture)
    return before if last == "before" else mixture, post, ll


def fill_matrix(X, mixture, *, weights="post", known="kept", rounded=False):
    post, _ = estep(X, mixture)
    if weights == "largest":
        post = np.eye(len(mixture.p))[post.argmax(axis=1)]
    elif weights != "post":
        share = mixture.p if weights == "p" else np.full(len(mixture.p), 1 / len(mixture.p))
        post = np.broadcast_to(share, post.shape)
    guess = post @ mixture.mu
    if rounded:
        guess = np.rint(guess)
    if known == "kept":
        return np.where(X == 0, guess, X)
    return guess if known == "overwritten" else np.where(X == 0, X, guess)


# fmt: off
SLIPS = [
    {"id": "zeros_in_distance", "function": "estep", "change": {"zeros": True},
     "what": "The zeros of missing ratings are counted in the squared distances, as if they were ratings.",
     "look": "Over which columns does the sum of squares of a user go?"},
    {"id": "normaliser_by_d", "function": "estep", "change": {"columns": "d"},
     "what": "The normaliser of a user's density has the number of all films in it, d.",
     "look": "In how many dimensions is a density that has only a user's own ratings in it?"},
    {"id": "normaliser_of_one_dimension", "function": "estep", "change": {"columns": "one"},
     "what": "The normaliser of a user's density is that of a single rating, however many there are.",
     "look": "How often does the normaliser of one rating appear in a product over a user's ratings?"},
    {"id": "normaliser_not_halved", "function": "estep", "change": {"half": 1.0},
     "what": "The square root is missing in the normaliser, so log(2 pi var) has twice its weight.",
     "look": "With which power does 2 pi var stand in a Gaussian density of one dimension?"},
    {"id": "no_two_pi", "function": "estep", "change": {"two_pi": False},
     "what": "The 2 pi is left out of the normaliser.",
     "look": "Which constant of a density cancels in the responsibilities, but not in the log-likelihood?"},
    {"id": "exponent_not_halved", "function": "estep", "change": {"exponent": 1.0},
     "what": "The squared distance in the exponent is divided by the variance alone.",
     "look": "Compare the exponent with that of a Gaussian density, factor by factor."},
    {"id": "variance_squared", "function": "estep", "change": {"power": 2},
     "what": "The variance is squared, as if it were a standard deviation.",
     "look": "Is what the mixture holds in `var` a standard deviation or its square?"},
    {"id": "no_prior", "function": "estep", "change": {"prior": False},
     "what": "The mixing proportions are left out.",
     "look": "What weighs the density of a component in Bayes' rule?"},
    {"id": "no_epsilon", "function": "estep", "change": {"epsilon": 0.0},
     "what": "The small number that is added to the mixing proportions before the logarithm is missing.",
     "look": "What is the logarithm of a mixing proportion that is 0?"},
    {"id": "underflow", "function": "estep", "change": {"normalise": "divide"},
     "what": "The densities underflow: where a user's are all 0 in floating point, they are divided by 0.",
     "look": "How do you normalise exponentials whose exponents are all far below zero?"},
    {"id": "underflow_in_log", "function": "estep", "change": {"normalise": "subtract"},
     "what": "The densities underflow: where a user's are all 0 in floating point, the logarithm of their sum is -inf.",
     "look": "How do you take the logarithm of a sum of exponentials whose exponents are all far below zero?"},
    {"id": "post_not_normalised", "function": "estep", "change": {"post": "joint"},
     "what": "The responsibilities are joint densities, which do not sum to 1 over the components.",
     "look": "What must each row of `post` sum to?"},
    {"id": "post_in_logs", "function": "estep", "change": {"post": "logs"},
     "what": "The responsibilities are given as logarithms.",
     "look": "In which range do probabilities lie, and in which do yours?"},
    {"id": "ll_mean", "function": "estep", "change": {"ll": "mean"},
     "what": "The log-likelihood is the mean over the users.",
     "look": "How do the log-likelihoods of independent users make up that of all of them?"},
    {"id": "ll_expected", "function": "estep", "change": {"ll": "expected"},
     "what": "The log-likelihood is the sum of the log joint densities, weighted with the responsibilities.",
     "look": "Where does the sum over the components stand in the log-likelihood, inside the logarithm or outside?"},
    {"id": "zeros_in_mean", "function": "mstep", "change": {"divisor": "users"},
     "what": "The missing ratings are counted in the means, as if they were ratings of 0.",
     "look": "Which users' responsibilities make up the weight that a film's mean is divided by?"},
    {"id": "mean_by_raters", "function": "mstep", "change": {"divisor": "raters"},
     "what": "The weighted sum of a film's ratings is divided by the number of users who rated it.",
     "look": "What do the weights of a weighted mean sum to?"},
    {"id": "support_ignored", "function": "mstep", "change": {"support": "ignored"},
     "what": "The means are updated whatever their support, so long as it is not zero.",
     "look": "When is a film's support in a component large enough to trust the new mean?"},
    {"id": "support_of_component", "function": "mstep", "change": {"support": "component"},
     "what": "The support is taken for a whole component, not for each film in it.",
     "look": "Can one row of `mu` have new entries and old ones?"},
    {"id": "support_ignored_zero", "function": "mstep", "change": {"support": "ignored", "unrated": "zero"},
     "what": "The means are updated whatever their support, and without any support they become 0.",
     "look": "When is a film's support in a component large enough to trust the new mean?"},
    {"id": "support_ignored_nan", "function": "mstep", "change": {"support": "ignored", "unrated": "divided"},
     "what": "The means are updated whatever their support, and without any support they are 0 divided by 0.",
     "look": "When is a film's support in a component large enough to trust the new mean?"},
    {"id": "support_of_component_zero", "function": "mstep", "change": {"support": "component", "unrated": "zero"},
     "what": "The support is taken for a whole component, and a film in it that nobody rated gets a mean of 0.",
     "look": "Can one row of `mu` have new entries and old ones?"},
    {"id": "support_above_one", "function": "mstep", "change": {"support": "above_one"},
     "what": "A mean whose support is exactly 1 is not updated.",
     "look": "Look at the comparison of the support with 1."},
    {"id": "mean_zeroed", "function": "mstep", "change": {"below": "zero"},
     "what": "The means of too little support become 0.",
     "look": "Why is `mstep` given the mixture of before?"},
    {"id": "old_means", "function": "mstep", "change": {"around": "old"},
     "what": "The variance is taken around the means of before.",
     "look": "From which means are the distances in the variance measured?"},
    {"id": "zeros_in_variance", "function": "mstep", "change": {"zeros": True},
     "what": "The zeros of missing ratings are counted in the squares of the variance, as if they were ratings.",
     "look": "Over which columns does the sum of squares of a user go?"},
    {"id": "variance_by_d", "function": "mstep", "change": {"columns": "d"},
     "what": "The sum of squares in the variance is divided by d for each user.",
     "look": "How many squares has a user added to the sum above the line?"},
    {"id": "variance_by_users", "function": "mstep", "change": {"columns": "one"},
     "what": "The sum of squares in the variance is divided by the number of users, not of ratings.",
     "look": "How many squares has a user added to the sum above the line?"},
    {"id": "no_minimum", "function": "mstep", "change": {"floor": "none"},
     "what": "The variances have no minimum, or too small a one.",
     "look": "What is the argument `min_variance` for?"},
    {"id": "minimum_always", "function": "mstep", "change": {"floor": "always"},
     "what": "Every variance is set to the minimum.",
     "look": "Which variances does the minimum concern, and which not?"},
    {"id": "minimum_added", "function": "mstep", "change": {"floor": "added"},
     "what": "The minimum is added to the variances.",
     "look": "What should the minimum do to a variance that is larger?"},
    {"id": "minimum_fixed", "function": "mstep", "change": {"floor": "fixed"},
     "what": "The minimum is 0.25 whatever `min_variance` says.",
     "look": "Where do you use the argument `min_variance`?"},
    {"id": "minimum_as_maximum", "function": "mstep", "change": {"floor": "at_most"},
     "what": "The minimum is used as a maximum: larger variances are lowered to it.",
     "look": "Which of the variance and `min_variance` should win, the smaller or the larger?"},
    {"id": "p_by_ratings", "function": "mstep", "change": {"share_of": "ratings"},
     "what": "The mixing proportions are shares of the ratings, so users with many ratings count more.",
     "look": "What does a component have a share of, users or ratings?"},
    {"id": "p_not_divided", "function": "mstep", "change": {"share_of": "sums"},
     "what": "The mixing proportions are sums of responsibilities.",
     "look": "What must the mixing proportions sum to?"},
    {"id": "empty_users_dropped", "function": "mstep", "change": {"share_of": "raters"},
     "what": "The users who rated nothing are left out of the mixing proportions.",
     "look": "Does a user without ratings count among the n users?"},
    {"id": "mstep_first", "function": "run", "change": {"first": "mstep", "last": "before"},
     "what": "Each round begins with the M-step, and the first one uses the `post` that is passed in.",
     "look": "Which step comes first, and what is the `post` that `run` is given used for?"},
    {"id": "no_last_mstep", "function": "run", "change": {"last": "before"},
     "what": "The mixture is that of before the last M-step.",
     "look": "What is still to be done when the log-likelihood has stopped rising?"},
    {"id": "estep_after_the_last", "function": "run", "change": {"last": "estep"},
     "what": "The responsibilities and the log-likelihood are those of one more E-step, after the last M-step.",
     "look": "Which E-step do the `post` and `ll` to be returned belong to?"},
    {"id": "stops_early", "function": "run", "change": {"tolerance": 1e-4},
     "what": "The rounds stop too early, at a rise of a ten-thousandth.",
     "look": "How small a rise of the log-likelihood ends the rounds?"},
    {"id": "stops_at_absolute", "function": "run", "change": {"relative": False},
     "what": "The rise of the log-likelihood is compared with a fixed number.",
     "look": "What is the smallest rise measured against?"},
    {"id": "one_round", "function": "run", "change": {"rounds": 1},
     "what": "The rounds end after the first one.",
     "look": "What is the log-likelihood of the first E-step compared with?"},
    {"id": "known_overwritten", "function": "fill_matrix", "change": {"known": "overwritten"},
     "what": "The ratings that were there are overwritten too.",
     "look": "What should happen to the entries that are not missing?"},
    {"id": "known_and_missing_swapped", "function": "fill_matrix", "change": {"known": "swapped"},
     "what": "The ratings that were there are replaced, and the missing ones stay 0.",
     "look": "Which entries does your mask select?"},
    {"id": "largest_component", "function": "fill_matrix", "change": {"weights": "largest"},
     "what": "The gaps are filled with the means of the user's most likely component alone.",
     "look": "What is the expectation of a rating when the user may belong to several components?"},
    {"id": "plain_mean_of_means", "function": "fill_matrix", "change": {"weights": "equal"},
     "what": "The gaps are filled with the plain mean of the components' means, the same for every user.",
     "look": "How does what a user has rated enter the guess?"},
    {"id": "mean_by_proportions", "function": "fill_matrix", "change": {"weights": "p"},
     "what": "The gaps are filled with the means weighted by the mixing proportions, the same for every user.",
     "look": "How does what a user has rated enter the guess?"},
    {"id": "rounded", "function": "fill_matrix", "change": {"rounded": True},
     "what": "The guesses are rounded to whole ratings.",
     "look": "Is an expectation a whole number?"},
]
# fmt: on
