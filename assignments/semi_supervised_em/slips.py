"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import numpy as np
from common import GaussianMixture


def squares(X, mu):
    gap = X[:, None, :] - mu
    return np.einsum("tjl,tjl->tj", gap, gap)


def estep(  # noqa: PLR0913
    X, y, mixture, *, dimension="d", exponent=0.5, two_pi=True, prior=1.0, labelled="0 and more", first=0,
    free="bayes", fixed="one-hot", ll_free="evidence", ll_fixed="joint", total="sum",
):  # fmt: skip
    mu, var, p = mixture
    half_d = {"d": X.shape[1], "1": 1}[dimension] / 2
    density = -half_d * np.log(2 * np.pi * var if two_pi else var) - exponent * squares(X, mu) / var
    joint = density + prior * np.log(p)
    evidence = np.logaddexp.reduce(joint, axis=1)
    post = responsibilities(density, joint, evidence, free)
    terms = evidence if ll_free == "evidence" else (np.exp(joint - evidence[:, None]) * joint).sum(axis=1)
    known = np.flatnonzero({"0 and more": y >= 0, "1 and more": y > 0, "all": y >= -1, "none": y < -1}[labelled])
    component = y[known] - first
    if fixed == "one-hot":
        post[known] = 0
    if fixed != "free":
        post[known, component] = 1
    terms[known] = {
        "joint": joint[known, component],
        "density": density[known, component],
        "evidence": evidence[known],
        "posterior": joint[known, component] - evidence[known],
        "nothing": 0.0,
    }[ll_fixed]
    return post, terms.mean() if total == "mean" else terms.sum()


def responsibilities(density, joint, evidence, free):
    if free == "equal":
        return np.full(joint.shape, 1 / joint.shape[1])
    if free == "hard":
        return np.eye(joint.shape[1])[joint.argmax(axis=1)]
    if free == "no prior":
        return np.exp(density - np.logaddexp.reduce(density, axis=1, keepdims=True))
    return np.exp(joint - evidence[:, None])


def mstep(  # noqa: PLR0913
    X, post, *, mean_by="n_j", var_by="n_j", dimension="d", centre="new", root=False, share="n",
):  # fmt: skip
    n, d = X.shape
    n_j = post.sum(axis=0)
    mu = post.T @ X / (n if mean_by == "n" else n_j[:, None])
    around = X.mean(axis=0)[None] if centre == "overall" else mu
    var = (post * squares(X, around)).sum(axis=0) / {"n_j": n_j, "n": n}[var_by] / {"d": d, "1": 1}[dimension]
    p = n_j / n if share == "n" else np.full(len(n_j), 1 / len(n_j)) if share == "equal" else n_j / len(n_j)
    return GaussianMixture(mu, np.sqrt(var) if root else var, p)


def run(  # noqa: PLR0913
    X, y, mixture, *, stop="relative", tolerance=1e-6, rounds=300, before_first="nothing", last="M-step",
    labels="always", points="all", share="all", centre="new", post_of="last",
):  # fmt: skip
    old = 0.0 if before_first == "zero" else None
    nobody = np.full(len(X), -1)
    for step in range(rounds):
        seen = y if labels == "always" or (labels == "at first" and step == 0) else nobody
        post, ll = estep(X, seen, mixture)
        if step == 0:
            first = post
        before = mixture
        mixture = update(X, y, post, before, points, share, centre)
        enough = tolerance * {"relative": abs(ll), "signed": ll, "absolute": 1.0}[stop]
        if old is not None and not ll - old > enough:  # NaN stops too
            break
        old = ll
    if last == "E-step before":
        mixture = before
    elif last == "E-step after":
        post, ll = estep(X, seen, mixture)
    return mixture, first if post_of == "first" else post, ll


def update(X, y, post, before, points, share, centre):  # noqa: PLR0913, PLR0917
    chosen = {"all": y >= -1, "unlabelled": y == -1, "labelled": y >= 0}
    used = chosen[points]
    mixture = mstep(X[used], post[used])
    if centre == "old":
        mixture = mixture._replace(var=(post * squares(X, before.mu)).sum(axis=0) / post.sum(axis=0) / X.shape[1])
    if share == "kept":
        return mixture._replace(p=before.p)
    return mixture if share == "all" else mixture._replace(p=post[chosen[share]].mean(axis=0))


# fmt: off
SLIPS = [
    {"id": "no_prior", "function": "estep", "change": {"prior": 0.0},
     "what": "The mixing proportions are left out of the joint densities.",
     "look": "In p(x, j), what stands before the density?"},
    {"id": "d_missing_in_density", "function": "estep", "change": {"dimension": "1"},
     "what": "The density is normalised as in one dimension, whatever the number of coordinates is.",
     "look": "To which power does 2 pi var stand in the density?"},
    {"id": "no_half", "function": "estep", "change": {"exponent": 1.0},
     "what": "The exponent of the density is not halved.",
     "look": "What is the squared distance divided by, in the exponent of the density?"},
    {"id": "no_two_pi", "function": "estep", "change": {"two_pi": False},
     "what": "The constant with pi = 3.14 is missing from the density.",
     "look": "What is the integral of your density over the plane?"},
    {"id": "labels_ignored", "function": "estep", "change": {"labelled": "none"},
     "what": "The labels are not used: all points are treated as if they had none.",
     "look": "What is known of a point with a label, and in which of the two results must it show?"},
    {"id": "zero_is_unlabelled", "function": "estep", "change": {"labelled": "1 and more"},
     "what": "Points with the label 0 are treated as if they had none.",
     "look": "Which number marks a point without a label, and is 0 true or false in Python?"},
    {"id": "minus_one_is_last", "function": "estep", "change": {"labelled": "all"},
     "what": "Points without a label are treated as if they had that of the last component.",
     "look": "What does numpy make of the index -1?"},
    {"id": "counts_from_one", "function": "estep", "change": {"first": 1},
     "what": "The labels are read as if they counted from one.",
     "look": "Which number does the first component have?"},
    {"id": "labels_in_ll_only", "function": "estep", "change": {"fixed": "free"},
     "what": "The labels are used in the log-likelihood, but the responsibilities are made without them.",
     "look": "What must the row of a point with a label be?"},
    {"id": "row_not_cleared", "function": "estep", "change": {"fixed": "not cleared"},
     "what": "In the row of a point with a label the other components keep their responsibilities.",
     "look": "What do the rows of `post` sum to?"},
    {"id": "unlabelled_without_p", "function": "estep", "change": {"free": "no prior"},
     "what": "The mixing proportions are left out of the responsibilities of points without a label.",
     "look": "What weighs a component's density in Bayes' rule?"},
    {"id": "unlabelled_equal", "function": "estep", "change": {"free": "equal"},
     "what": "Points without a label get the same responsibility from every component.",
     "look": "Does it matter for your `post` where a point without a label lies?"},
    {"id": "hard_for_all", "function": "estep", "change": {"free": "hard"},
     "what": "Points without a label are given wholly to one component.",
     "look": "Which points have rows of ones and zeros?"},
    {"id": "ll_of_all_as_unlabelled", "function": "estep", "change": {"ll_fixed": "evidence"},
     "what": "In the log-likelihood the points with a label count as if they had none.",
     "look": "What has been seen of a point with a label, and what is its probability?"},
    {"id": "ll_without_labelled", "function": "estep", "change": {"ll_fixed": "nothing"},
     "what": "The log-likelihood is that of the points without a label alone.",
     "look": "Which points does the log-likelihood sum over?"},
    {"id": "ll_of_labelled_without_p", "function": "estep", "change": {"ll_fixed": "density"},
     "what": "In the log-likelihood the mixing proportion is missing for the points with a label.",
     "look": "Is it p(x, y) or p(x | y) that you add for a point with a label?"},
    {"id": "ll_of_posterior", "function": "estep", "change": {"ll_fixed": "posterior"},
     "what": "In the log-likelihood a point with a label counts with the probability of its label, given the point.",
     "look": "Is it p(x, y) or p(y | x) that you add for a point with a label?"},
    {"id": "ll_expected", "function": "estep", "change": {"ll_free": "expected"},
     "what": "For points without a label log p(x, j) is averaged with `post`: that is the expected log-likelihood.",
     "look": "For a point without a label, which comes first: the sum over the components or the logarithm?"},
    {"id": "ll_mean", "function": "estep", "change": {"total": "mean"},
     "what": "The log-likelihood is the mean over the points.",
     "look": "Does ll grow with the number of points?"},
    {"id": "mean_by_n", "function": "mstep", "change": {"mean_by": "n"},
     "what": "The means are divided by the number of all points.",
     "look": "How many points does a component have, when they count by their responsibilities?"},
    {"id": "variance_by_n", "function": "mstep", "change": {"var_by": "n"},
     "what": "The variances are divided by the number of all points.",
     "look": "What do the weights post[t, j] of component j sum to?"},
    {"id": "variance_not_by_d", "function": "mstep", "change": {"dimension": "1"},
     "what": "The variance is not divided by the number of coordinates.",
     "look": "How many squares are summed in |x - mu|^2?"},
    {"id": "mean_of_all", "function": "mstep", "change": {"centre": "overall"},
     "what": "The distances are taken from the mean of all points.",
     "look": "Around which mean does component j spread?"},
    {"id": "deviation_for_variance", "function": "mstep", "change": {"root": True},
     "what": "`var` holds standard deviations.",
     "look": "In which unit is `var`, if x is in metres?"},
    {"id": "p_by_components", "function": "mstep", "change": {"share": "K"},
     "what": "The mixing proportions are divided by the number of components, not of points.",
     "look": "What must the mixing proportions sum to?"},
    {"id": "p_equal", "function": "mstep", "change": {"share": "equal"},
     "what": "The mixing proportions are all equal.",
     "look": "Which share of the points does a component have?"},
    {"id": "absolute_tolerance", "function": "run", "change": {"stop": "absolute"},
     "what": "It stops by a rise of a fixed size, not by a millionth of the log-likelihood's size.",
     "look": "What is the rise of the log-likelihood compared with?"},
    {"id": "no_abs", "function": "run", "change": {"stop": "signed"},
     "what": "The loop goes on long after the log-likelihood has all but stopped rising.",
     "look": "Can your test for stopping ever hold when the log-likelihood is below zero?"},
    {"id": "stops_early", "function": "run", "change": {"tolerance": 1e-3},
     "what": "It stops at a rise of 1e-3 of the log-likelihood's size, which is too early.",
     "look": "How small must the rise be?"},
    {"id": "one_round", "function": "run", "change": {"rounds": 1},
     "what": "There is only one E-step and one M-step.",
     "look": "What is the first log-likelihood compared with, and is there a return inside your loop?"},
    {"id": "previous_mixture", "function": "run", "change": {"last": "E-step before"},
     "what": "The M-step after the last E-step is missing.",
     "look": "What is still to be done once the test for stopping holds?"},
    {"id": "one_more_estep", "function": "run", "change": {"last": "E-step after"},
     "what": "`post` and `ll` are those of one E-step too many, made with the mixture that is returned.",
     "look": "Which E-step do the `post` and `ll` that you return come from?"},
    {"id": "post_is_first", "function": "run", "change": {"post_of": "first"},
     "what": "`post` is that of the first E-step.",
     "look": "Which of your variables holds the result of the last E-step?"},
    {"id": "labels_at_first_only", "function": "run", "change": {"labels": "at first"},
     "what": "The labels are used in the first E-step alone.",
     "look": "In which of the E-steps do the labels hold?"},
    {"id": "labels_never", "function": "run", "change": {"labels": "never"},
     "what": "The labels are not used in any E-step.",
     "look": "What do you give to `estep` for y?"},
    {"id": "mstep_without_labelled", "function": "run", "change": {"points": "unlabelled"},
     "what": "The M-step is made of the points without a label alone.",
     "look": "Which points does the M-step count?"},
    {"id": "mstep_of_labelled_alone", "function": "run", "change": {"points": "labelled"},
     "what": "The M-step is made of the points with a label alone.",
     "look": "Which points does the M-step count?"},
    {"id": "p_of_unlabelled", "function": "run", "change": {"share": "unlabelled"},
     "what": "The mixing proportions are the shares of the points without a label alone.",
     "look": "Which points are counted in n_j and in n?"},
    {"id": "p_kept", "function": "run", "change": {"share": "kept"},
     "what": "The mixing proportions stay as they were at the start.",
     "look": "Which of `mu`, `var` and `p` change in your M-step?"},
    {"id": "old_means", "function": "run", "change": {"centre": "old"},
     "what": "The variances are taken around the means of the round before.",
     "look": "Which means does the formula for var_j use?"},
]
# fmt: on
