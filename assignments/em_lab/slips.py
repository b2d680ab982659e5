"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import numpy as np


def estep(  # noqa: PLR0913
    x, theta, *, weights="both", width="deviation", exponent=0.5, sigma_power=1.0, two_pi=0.5,
    divide="row", assign="soft", columns="in order", base="e", total="sum",
):  # fmt: skip
    pi_1, mu_1, sigma_1, mu_2, sigma_2 = theta
    pi_2 = 1 - pi_1
    pi = {"both": [pi_1, pi_2], "none": [1.0, 1.0], "first twice": [pi_1, pi_1], "swapped": [pi_2, pi_1]}[weights]
    sigma = np.array([sigma_1, sigma_2])
    if width == "variance":
        sigma = np.sqrt(sigma)
    z = (x[:, None] - np.array([mu_1, mu_2])) / sigma
    f = np.log(pi) - sigma_power * np.log(sigma) - two_pi * np.log(2 * np.pi) - exponent * z * z
    evidence = np.logaddexp(f[:, 0], f[:, 1])
    Z = responsibilities(f, evidence, divide, assign)
    ll = {"sum": np.sum, "mean": np.mean, "log of sum": np.logaddexp.reduce}[total](evidence)
    if columns == "swapped":
        Z = Z[:, ::-1]
    return Z, ll / np.log(10) if base == "10" else ll


def responsibilities(f, evidence, divide, assign):
    Z = np.exp(f - evidence[:, None]) if divide == "row" else np.exp(f)
    if divide == "column":
        Z = Z / Z.sum(axis=0)
    if assign == "hard":
        Z = np.eye(2)[Z.argmax(axis=1)]
    return Z


def mstep(  # noqa: PLR0913
    x, Z, *, mean_by="n_j", sigma_by="n_j", centre="new", root=True, order="by component", weight="first"
):  # fmt: skip
    n, n_j = len(x), Z.sum(axis=0)
    mu = x @ Z / (n if mean_by == "n" else n_j)
    gap = x[:, None] - (x.mean() if centre == "overall" else mu)
    sigma = (Z * gap * gap).sum(axis=0) / {"n_j": n_j, "n": n, "n_j - 1": n_j - 1}[sigma_by]
    if root:
        sigma = np.sqrt(sigma)
    pi = {"first": n_j[0] / n, "second": n_j[1] / n, "sum": n_j[0]}[weight]
    if order == "by kind":
        return np.array([pi, *mu, *sigma])
    return np.array([pi, mu[0], sigma[0], mu[1], sigma[1]])


def run(  # noqa: PLR0913
    x, theta, *, stop="relative", tolerance=1e-6, rounds=300, before_first="nothing", last="M-step", centre="new",
    weight="new",
):  # fmt: skip
    old = 0.0 if before_first == "zero" else None
    for _ in range(rounds):
        Z, ll = estep(x, theta)
        before = theta
        theta = mstep(x, Z) if centre == "new" else mstep_around(before, x, Z)
        if weight == "all kept":
            theta = before
        if weight == "kept":
            theta[0] = before[0]
        if stop == "parameters":
            if np.abs(theta - before).max() <= tolerance:
                break
        elif old is not None and not ll - old > tolerance * {"relative": abs(ll), "signed": ll, "absolute": 1.0}[stop]:
            break  # NaN stops too
        old = ll
    if last == "E-step before":
        theta = before
    elif last == "E-step after":
        Z, ll = estep(x, theta)
    return theta, Z, ll


def mstep_around(before, x, Z):
    """The standard deviations are those around the means of `before`."""
    theta = mstep(x, Z)
    theta[[2, 4]] = np.sqrt((Z * (x[:, None] - before[[1, 3]]) ** 2).sum(axis=0) / Z.sum(axis=0))
    return theta


# fmt: off
SLIPS = [
    {"id": "no_prior", "function": "estep", "change": {"weights": "none"},
     "what": "The weights of the two components, pi_1 and pi_2, are left out.",
     "look": "In p(x), what stands before each density?"},
    {"id": "same_weight_twice", "function": "estep", "change": {"weights": "first twice"},
     "what": "The second component has the weight pi_1, as the first has.",
     "look": "theta has no pi_2: what must the two weights sum to?"},
    {"id": "weights_swapped", "function": "estep", "change": {"weights": "swapped"},
     "what": "The weights of the two components are exchanged.",
     "look": "Whose weight is the first entry of theta?"},
    {"id": "sigma_as_variance", "function": "estep", "change": {"width": "variance"},
     "what": "The sigmas of theta are taken for variances.",
     "look": "What are the third and the fifth entry of theta, by the handout?"},
    {"id": "no_half", "function": "estep", "change": {"exponent": 1.0},
     "what": "The exponent of the density is not halved.",
     "look": "What is (x - mu)^2 divided by, in the exponent of the density?"},
    {"id": "no_sigma_in_density", "function": "estep", "change": {"sigma_power": 0.0},
     "what": "The density is not divided by sigma.",
     "look": "What stands in front of the exponential in N(x; mu, sigma^2)?"},
    {"id": "no_two_pi", "function": "estep", "change": {"two_pi": 0.0},
     "what": "The constant with pi = 3.14 is missing from the density.",
     "look": "What is the integral of your density over the line?"},
    {"id": "no_root_in_normaliser", "function": "estep", "change": {"two_pi": 1.0, "sigma_power": 2.0},
     "what": "The density is divided by 2 pi sigma^2: a root is missing.",
     "look": "Look at the factor in front of the exponential, in one dimension."},
    {"id": "not_normalised", "function": "estep", "change": {"divide": "none"},
     "what": "The rows of Z are not divided by p(x).",
     "look": "What must the two entries of a row of Z sum to?"},
    {"id": "normalised_over_points", "function": "estep", "change": {"divide": "column"},
     "what": "Z is normalised over the points, not over the components.",
     "look": "Which sums of Z should be one, those of its rows or those of its columns?"},
    {"id": "hard", "function": "estep", "change": {"assign": "hard"},
     "what": "Each point is given wholly to one component.",
     "look": "Z holds probabilities: should they be rounded?"},
    {"id": "columns_swapped", "function": "estep", "change": {"columns": "swapped"},
     "what": "The columns of Z are exchanged.",
     "look": "Which component does the first column belong to?"},
    {"id": "log10", "function": "estep", "change": {"base": "10"},
     "what": "The log-likelihood is in decimal logarithms.",
     "look": "Which logarithm does the handout ask for, and which one does your function compute?"},
    {"id": "ll_mean", "function": "estep", "change": {"total": "mean"},
     "what": "The log-likelihood is the mean over the points.",
     "look": "Does ll grow with the number of points?"},
    {"id": "ll_log_of_sum", "function": "estep", "change": {"total": "log of sum"},
     "what": "The log-likelihood is the logarithm of the sum of all p(x_i).",
     "look": "Which comes first, the sum over the points or the logarithm?"},
    {"id": "mean_by_n", "function": "mstep", "change": {"mean_by": "n"},
     "what": "The means are divided by the number of all points.",
     "look": "How many points does a component have, when they count by their responsibilities?"},
    {"id": "sigma_by_n", "function": "mstep", "change": {"sigma_by": "n"},
     "what": "The variances are divided by the number of all points.",
     "look": "What do the weights Z[i, j] of component j sum to?"},
    {"id": "unbiased", "function": "mstep", "change": {"sigma_by": "n_j - 1"},
     "what": "The variances are divided by n_j - 1, as unbiased ones are.",
     "look": "Which variance maximises the likelihood?"},
    {"id": "overall_mean", "function": "mstep", "change": {"centre": "overall"},
     "what": "The deviations are taken from the mean of all points.",
     "look": "Around which mean does component j spread?"},
    {"id": "variance_for_sigma", "function": "mstep", "change": {"root": False},
     "what": "The new theta has variances in place of standard deviations.",
     "look": "In which unit are the third and the fifth entry of theta, if x is in metres?"},
    {"id": "order_by_kind", "function": "mstep", "change": {"order": "by kind"},
     "what": "The new theta has both means first, then both standard deviations.",
     "look": "Compare the order of what you return with that of theta in the handout."},
    {"id": "weight_of_second", "function": "mstep", "change": {"weight": "second"},
     "what": "The new theta begins with the weight of the second component.",
     "look": "Which column of Z does pi_1 come from?"},
    {"id": "weight_not_a_share", "function": "mstep", "change": {"weight": "sum"},
     "what": "The weight is the sum of the responsibilities, not a share of the points.",
     "look": "Is your pi_1 between 0 and 1?"},
    {"id": "never_updated", "function": "run", "change": {"weight": "all kept"},
     "what": "Theta is never updated: what the M-step returns is lost.",
     "look": "Which theta does the second E-step get?"},
    {"id": "absolute_tolerance", "function": "run", "change": {"stop": "absolute"},
     "what": "It stops by a rise of a fixed size, not by a millionth of the log-likelihood's size.",
     "look": "What is the rise of the log-likelihood compared with?"},
    {"id": "no_abs", "function": "run", "change": {"stop": "signed"},
     "what": "The loop goes on long after the log-likelihood has all but stopped rising.",
     "look": "Can your test for stopping ever hold when the log-likelihood is below zero?"},
    {"id": "stops_by_parameters", "function": "run", "change": {"stop": "parameters"},
     "what": "The loop goes on until theta hardly changes any more, or longer.",
     "look": "Which number tells when to stop, by the handout, and how large may it still be?"},
    {"id": "stops_early", "function": "run", "change": {"tolerance": 1e-4},
     "what": "It stops at a rise of 1e-4 of the log-likelihood's size, which is too early.",
     "look": "How small must the rise be?"},
    {"id": "one_round", "function": "run", "change": {"rounds": 1},
     "what": "There is only one E-step and one M-step.",
     "look": "Is a return or a break inside your loop that should come later?"},
    {"id": "starts_from_zero", "function": "run", "change": {"before_first": "zero"},
     "what": "The first log-likelihood is compared with 0.",
     "look": "What is there to compare with after the first E-step, and is 0 larger than your first ll?"},
    {"id": "previous_theta", "function": "run", "change": {"last": "E-step before"},
     "what": "The M-step after the last E-step is missing.",
     "look": "What is still to be done once the test for stopping holds?"},
    {"id": "one_more_estep", "function": "run", "change": {"last": "E-step after"},
     "what": "Z and ll are those of one E-step too many, made with the theta that is returned.",
     "look": "Which E-step do the Z and ll that you return come from?"},
    {"id": "old_means", "function": "run", "change": {"centre": "old"},
     "what": "The standard deviations are taken around the means of the round before.",
     "look": "Which means does the formula for sigma_j use?"},
    {"id": "weight_kept", "function": "run", "change": {"weight": "kept"},
     "what": "The weight pi_1 stays as it was at the start.",
     "look": "Which entries of theta change in your M-step?"},
]
# fmt: on
