"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import math

import numpy as np
from common import CategoricalMixture, init


def estep(  # noqa: PLR0913
    Y, mixture, *, prior=1.0, draws="counts", added=0.0, unseen="skipped", impossible="excluded", orders=False,
    shift=True, post="shares", loglik="log", average=False, base=math.e, sign=1.0,
):  # fmt: skip
    f = prior * np.log(mixture.p) + log_likelihoods(counted(Y, draws), mixture.theta + added, unseen, impossible)
    if orders:
        f += log_orders(Y)[:, None]
    top = f.max(axis=1, keepdims=True) if shift else 0.0
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    post = responsibilities(f, top, post)
    ll = log_likelihood(f, total, post, loglik)
    return post, sign * ll / math.log(base) / (len(Y) if average else 1)


def counted(Y, draws):
    """What counts as the draws of a row."""
    if draws == "frequencies":
        return Y / Y.sum(axis=1, keepdims=True)
    if draws == "seen":
        return (Y > 0).astype(float)
    if draws == "most":
        return np.eye(Y.shape[1])[Y.argmax(axis=1)]
    return Y


def log_likelihoods(Y, theta, unseen, impossible):
    """log p(y | j), (n, K)."""
    if unseen == "multiplied":
        return Y @ np.log(theta).T
    f = Y @ np.log(np.where(theta == 0, 1, theta)).T
    if impossible == "excluded":
        f[Y @ (theta == 0).T > 0] = -np.inf
    return f


def log_orders(Y):
    """The logarithm of the number of orders in which a row's draws can come, (n,)."""
    factorials = np.append(0, np.cumsum(np.log(np.arange(1, Y.sum(axis=1).max() + 1))))
    whole = Y.astype(int)
    return factorials[whole.sum(axis=1)] - factorials[whole].sum(axis=1)


def responsibilities(f, top, post):
    """From the logarithms f of the joint probabilities, (n, K), and what is taken out of each row, (n, 1)."""
    if post == "hard":
        return np.eye(f.shape[1])[f.argmax(axis=1)]
    if post == "joint":
        return np.exp(f)
    weight = np.exp(f - (f.max(axis=0) if post == "over_rows" else top))
    return weight / weight.sum(axis=0 if post == "over_rows" else 1, keepdims=True)


def log_likelihood(f, total, post, loglik):
    if loglik == "no_log":
        return float(np.exp(total).sum())
    if loglik == "log_outside":
        return float(np.log(np.exp(total).sum()))
    if loglik == "log_inside":
        return float(f.sum())
    if loglik == "complete":
        return float((post * np.where(post > 0, f, 0)).sum())
    return float(f.max(axis=1).sum() if loglik == "largest" else total.sum())


def mstep(  # noqa: PLR0913
    Y, post, *, weights="post", draws="counts", smoothing=0.0, theta_over="draws", p="rows",
):  # fmt: skip
    if weights == "hard":
        post = np.eye(post.shape[1])[post.argmax(axis=1)]
    counts = post.T @ counted(Y, draws) + smoothing
    over = {
        "draws": counts.sum(axis=1, keepdims=True),
        "points": post.sum(axis=0)[:, None],
        "all": Y.sum(),
        "components": counts.sum(axis=0),
        "nothing": 1.0,
    }[theta_over]
    return CategoricalMixture(counts / over, proportions(Y, post, p))


def proportions(Y, post, p):
    if p == "draws":
        return Y.sum(axis=1) @ post / Y.sum()
    if p == "sum":
        return post.sum(axis=0)
    return np.full(post.shape[1], 1 / post.shape[1]) if p == "equal" else post.mean(axis=0)


def run(  # noqa: PLR0913
    Y, mixture, *, start="given", first=-np.inf, stop="relative", tolerance=1e-6, rounds=300, p="new", result="last",
    again=False,
):  # fmt: skip
    if start == "seed_0":
        mixture = init(Y, len(mixture.p), 0)
    old = first
    for _ in range(rounds):
        before = mixture
        post, ll = estep(Y, before)
        mixture = mstep(Y, post)
        if p == "kept":
            mixture = mixture._replace(p=before.p)
        if ended(stop, tolerance, (old, ll), (before, mixture)):
            break
        old = ll
    if again:
        post, ll = estep(Y, mixture)
    return (before if result == "before" else mixture), post, ll


def ended(stop, tolerance, lls, mixtures):
    old, ll = lls
    before, mixture = mixtures
    if stop == "never":
        return False
    if stop == "theta":
        return np.allclose(before.theta, mixture.theta)
    limit = {"relative": abs(ll), "absolute": 1.0, "without_abs": ll, "fraction": math.inf}[stop]
    return ll - old <= tolerance * limit and not math.isinf(old)


# fmt: off
SLIPS = [
    {"id": "no_prior", "function": "estep", "change": {"prior": 0.0},
     "what": "The mixing proportions are left out of the responsibilities and the log-likelihood.",
     "look": "What weighs a component's probability of a row in Bayes' rule?"},
    {"id": "draws_seen_or_not", "function": "estep", "change": {"draws": "seen"},
     "what": "A category counts once in a row, however often it was drawn.",
     "look": "What is the part of `Y[t, c]` in the probability of a row?"},
    {"id": "draws_as_frequencies", "function": "estep", "change": {"draws": "frequencies"},
     "what": "The counts of a row are divided by their sum, so that a long row says no more than a short one.",
     "look": "Should a row of a hundred draws be worth as much as a row of one?"},
    {"id": "one_category_a_row", "function": "estep", "change": {"draws": "most"},
     "what": "Of each row only the category with the most draws is used, as if it were one-hot.",
     "look": "Which draws of a row does p(y) have a factor for?"},
    {"id": "epsilon_1e_6", "function": "estep", "change": {"added": 1e-6},
     "what": "A small number, 1e-6, keeps the probabilities away from zero before their logarithms are taken.",
     "look": "Can a component be responsible for a row that it makes impossible, however well it fits the rest?"},
    {"id": "epsilon_1e_8", "function": "estep", "change": {"added": 1e-8},
     "what": "A small number, 1e-8, keeps the probabilities away from zero before their logarithms are taken.",
     "look": "Can a component be responsible for a row that it makes impossible, however well it fits the rest?"},
    {"id": "epsilon_1e_10", "function": "estep", "change": {"added": 1e-10},
     "what": "A small number, 1e-10, keeps the probabilities away from zero before their logarithms are taken.",
     "look": "Can a component be responsible for a row that it makes impossible, however well it fits the rest?"},
    {"id": "epsilon_1e_12", "function": "estep", "change": {"added": 1e-12},
     "what": "A small number, 1e-12, keeps the probabilities away from zero before their logarithms are taken.",
     "look": "Can a component be responsible for a row that it makes impossible, however well it fits the rest?"},
    {"id": "epsilon_1e_16", "function": "estep", "change": {"added": 1e-16},
     "what": "A small number, 1e-16, keeps the probabilities away from zero before their logarithms are taken.",
     "look": "Can a component be responsible for a row that it makes impossible, however well it fits the rest?"},
    {"id": "zero_ignored", "function": "estep", "change": {"impossible": "ignored"},
     "what": "A category that a component makes impossible is passed over even where it was drawn.",
     "look": "What is the probability of a row with a draw that a component cannot give?"},
    {"id": "zero_times_log_zero", "function": "estep", "change": {"unseen": "multiplied"},
     "what": "Zero draws are multiplied by the logarithm of a zero probability, which is not a number.",
     "look": "What does the handout say about 0 log 0?"},
    {"id": "counts_the_orders", "function": "estep", "change": {"orders": True},
     "what": "The log-likelihood has the multinomial coefficient in it, the number of orders of a row's draws.",
     "look": "Compare your p(y) with the one that the handout defines."},
    {"id": "underflow", "function": "estep", "change": {"shift": False},
     "what": "The probabilities of long rows become zero in floating point, and what is divided by them is lost.",
     "look": "What has to be done with the logarithms of a row before you exponentiate?"},
    {"id": "post_over_rows", "function": "estep", "change": {"post": "over_rows"},
     "what": "The responsibilities are normalised over the rows of `Y` instead of over the components.",
     "look": "Along which axis must `post` sum to one?"},
    {"id": "post_hard", "function": "estep", "change": {"post": "hard"},
     "what": "Each row is given wholly to its most probable component.",
     "look": "Are responsibilities decisions or probabilities?"},
    {"id": "post_not_normalised", "function": "estep", "change": {"post": "joint"},
     "what": "The responsibilities are the joint probabilities of row and component, not divided by anything.",
     "look": "What do the responsibilities for one row sum to?"},
    {"id": "ll_without_log", "function": "estep", "change": {"loglik": "no_log"},
     "what": "The log-likelihood is the sum of the probabilities of the rows, without a logarithm.",
     "look": "What is added up in `ll`?"},
    {"id": "ll_log_outside", "function": "estep", "change": {"loglik": "log_outside"},
     "what": "The log-likelihood is the logarithm of the sum over all rows.",
     "look": "Rows are independent: does the logarithm come before or after they are put together?"},
    {"id": "ll_log_inside", "function": "estep", "change": {"loglik": "log_inside"},
     "what": "The log-likelihood adds up the logarithms of the components' terms, as if p(y) were their product.",
     "look": "How do the components combine to p(y) before the logarithm is taken?"},
    {"id": "ll_complete", "function": "estep", "change": {"loglik": "complete"},
     "what": "The log-likelihood is the expected one of the complete data, weighted with the responsibilities.",
     "look": "Which of the two does `ll` ask for: the bound that the M-step maximises, or log p(Y)?"},
    {"id": "ll_of_the_largest", "function": "estep", "change": {"loglik": "largest"},
     "what": "The log-likelihood has only the largest component's term of each row.",
     "look": "What becomes of the largest term of a row after it was taken out, and of the others?"},
    {"id": "ll_mean", "function": "estep", "change": {"average": True},
     "what": "The log-likelihood is the mean over the rows.",
     "look": "Is `ll` a sum or a mean over the rows?"},
    {"id": "ll_negative", "function": "estep", "change": {"sign": -1.0},
     "what": "The log-likelihood has the wrong sign.",
     "look": "Is the logarithm of a probability positive or negative?"},
    {"id": "ll_log10", "function": "estep", "change": {"base": 10.0},
     "what": "The log-likelihood is in logarithms of base ten.",
     "look": "Which logarithms does the handout want?"},
    {"id": "theta_over_points", "function": "mstep", "change": {"theta_over": "points"},
     "what": "The counts of a component are divided by its number of rows, not of draws.",
     "look": "What must the entries of one row of `theta` sum to, when rows of `Y` have several draws?"},
    {"id": "theta_over_all", "function": "mstep", "change": {"theta_over": "all"},
     "what": "The counts of a component are divided by the number of all draws in the data.",
     "look": "Whose draws is a component's share of a category a share of?"},
    {"id": "theta_over_components", "function": "mstep", "change": {"theta_over": "components"},
     "what": "The probabilities are normalised over the components, so that the columns of `theta` sum to one.",
     "look": "Along which axis must `theta` sum to one?"},
    {"id": "theta_not_divided", "function": "mstep", "change": {"theta_over": "nothing"},
     "what": "The rows of `theta` are weighted counts that were never divided.",
     "look": "What must each row of `theta` sum to?"},
    {"id": "frequencies_averaged", "function": "mstep", "change": {"draws": "frequencies"},
     "what": "The frequencies of the rows are averaged, so that a short row weighs as much as a long one.",
     "look": "Does each row count the same in `theta`, or each draw?"},
    {"id": "theta_of_seen_or_not", "function": "mstep", "change": {"draws": "seen"},
     "what": "A category counts once in a row, however often it was drawn.",
     "look": "What does `theta` add up for each category?"},
    {"id": "one_added", "function": "mstep", "change": {"smoothing": 1.0},
     "what": "1 is added to every count before `theta` is normalised.",
     "look": "What does the handout say about smoothing?"},
    {"id": "tenth_added", "function": "mstep", "change": {"smoothing": 0.1},
     "what": "0.1 is added to every count before `theta` is normalised.",
     "look": "What does the handout say about smoothing?"},
    {"id": "hundredth_added", "function": "mstep", "change": {"smoothing": 0.01},
     "what": "0.01 is added to every count before `theta` is normalised.",
     "look": "What does the handout say about smoothing?"},
    {"id": "thousandth_added", "function": "mstep", "change": {"smoothing": 0.001},
     "what": "0.001 is added to every count before `theta` is normalised.",
     "look": "What does the handout say about smoothing?"},
    {"id": "p_by_draws", "function": "mstep", "change": {"p": "draws"},
     "what": "The mixing proportions are shares of the draws, so that long rows weigh more than short ones.",
     "look": "How much does a row of a hundred draws weigh in `p`, and a row of one?"},
    {"id": "p_not_divided", "function": "mstep", "change": {"p": "sum"},
     "what": "The mixing proportions are the sums of the responsibilities, not divided by anything.",
     "look": "What must `p` sum to?"},
    {"id": "p_equal", "function": "mstep", "change": {"p": "equal"},
     "what": "The mixing proportions are all equal, whatever the responsibilities are.",
     "look": "Which parameters besides `theta` does the M-step find anew?"},
    {"id": "hard_counts", "function": "mstep", "change": {"weights": "hard"},
     "what": "Each row counts wholly for the component with its largest responsibility.",
     "look": "How many rows of component j is row t to count as?"},
    {"id": "tolerance_1e_3", "function": "run", "change": {"tolerance": 1e-3},
     "what": "The run ends when the log-likelihood rises by 1e-3 of its size or less, which is too early.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_4", "function": "run", "change": {"tolerance": 1e-4},
     "what": "The run ends when the log-likelihood rises by 1e-4 of its size or less, which is too early.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_5", "function": "run", "change": {"tolerance": 1e-5},
     "what": "The run ends when the log-likelihood rises by 1e-5 of its size or less, which is too early.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_7", "function": "run", "change": {"tolerance": 1e-7},
     "what": "The run ends when the log-likelihood rises by 1e-7 of its size or less, which is too late.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_8", "function": "run", "change": {"tolerance": 1e-8},
     "what": "The run ends when the log-likelihood rises by 1e-8 of its size or less, which is too late.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "tolerance_1e_9", "function": "run", "change": {"tolerance": 1e-9},
     "what": "The run ends when the log-likelihood rises by 1e-9 of its size or less, which is too late.",
     "look": "Count the zeros of the tolerance in the handout and in your code."},
    {"id": "absolute_tolerance", "function": "run", "change": {"stop": "absolute"},
     "what": "The rise of the log-likelihood is compared with a fixed number.",
     "look": "What is the tolerance of the handout multiplied by?"},
    {"id": "stops_on_theta", "function": "run", "change": {"stop": "theta"},
     "what": "The run goes on until `theta` hardly changes any more.",
     "look": "Which quantity does the handout watch from round to round?"},
    {"id": "without_abs", "function": "run", "change": {"stop": "without_abs"},
     "what": "The loop goes on long after the log-likelihood has all but stopped rising.",
     "look": "Which sign has the right side of your stopping rule, and can it ever hold?"},
    {"id": "ratio_without_abs", "function": "run", "change": {"stop": "fraction"},
     "what": "The rise is divided by a negative log-likelihood, so that the run ends in the second round.",
     "look": "Which sign has the ratio in your stopping rule?"},
    {"id": "starts_from_zero", "function": "run", "change": {"first": 0.0},
     "what": "The first log-likelihood is compared with zero, so that the run ends after one round.",
     "look": "From which E-step on is there a log-likelihood to compare with?"},
    {"id": "ten_rounds", "function": "run", "change": {"stop": "never", "rounds": 10},
     "what": "The run ends after ten rounds, whether it has converged or not.",
     "look": "What decides which round is the last?"},
    {"id": "hundred_rounds", "function": "run", "change": {"stop": "never", "rounds": 100},
     "what": "The run always takes a hundred rounds.",
     "look": "What decides which round is the last?"},
    {"id": "own_start", "function": "run", "change": {"start": "seed_0"},
     "what": "The run begins with a mixture that it makes itself, from the seed 0.",
     "look": "Which mixture does the first E-step use?"},
    {"id": "p_never_new", "function": "run", "change": {"p": "kept"},
     "what": "The mixing proportions stay what they were at the start.",
     "look": "What of the M-step's mixture goes into the next round?"},
    {"id": "mixture_one_step_early", "function": "run", "change": {"result": "before"},
     "what": "The mixture that comes back is the one before the last M-step.",
     "look": "What is still done in the last round?"},
    {"id": "one_more_estep", "function": "run", "change": {"again": True},
     "what": "The responsibilities and the log-likelihood are of one more E-step, after the last M-step.",
     "look": "Which E-step do the `post` and `ll` that you return belong to?"},
]
# fmt: on
