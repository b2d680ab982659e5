"""Known mistakes: the formulas once more, written plainly, with a keyword for each way to get them wrong."""

import numpy as np

MOST_STEPS = 1000


def estep(  # noqa: PLR0913
    X, mu, *, metric="euclidean", missing="left out", choice="nearest", ties="first", unknown="first",
):  # fmt: skip
    D = distances(filled(X, missing), mu, metric, missing)
    if choice == "soft":
        R = np.exp((D.min(axis=0) - D) / 2)
        return R / R.sum(axis=0)
    R = one_hot(-D if choice == "farthest" else D, ties)
    if unknown == "none":
        R[:, np.isnan(X).all(axis=1)] = 0
    return R


def filled(X, missing):
    if missing == "zero":
        return np.nan_to_num(X)
    return np.where(np.isnan(X), np.nanmean(X, axis=0), X) if missing == "column mean" else X


def distances(X, mu, metric, missing="left out"):
    gaps = X[None] - mu[:, None]
    if metric == "first coordinate":
        gaps = gaps[:, :, :1]
    sizes = np.abs(gaps) if metric in {"manhattan", "largest"} else gaps * gaps
    if missing != "spreads":
        sizes = np.nan_to_num(sizes)
    return sizes.max(axis=2) if metric == "largest" else sizes.sum(axis=2)


def one_hot(D, ties="first"):
    K = len(D)
    if ties == "all":
        return (D.min(axis=0) == D).astype(float)
    component = K - 1 - D[::-1].argmin(axis=0) if ties == "last" else D.argmin(axis=0)
    return (np.arange(K)[:, None] == component).astype(float)


def mstep(  # noqa: PLR0913
    X, R, mu, var, *, missing="left out", empty="kept", centre="new", less=0, root=False, coordinates="each",
):  # fmt: skip
    X = filled(X, missing)
    known = ~np.isnan(X)
    if missing == "rows left out":
        known &= known.all(axis=1, keepdims=True)
    count = R @ (np.ones(X.shape) if missing == "counted" else known)
    there, divisor = count > 0, np.maximum(count, 1)
    new_mu = R @ np.where(known, X, 0) / divisor
    gaps = np.where(known, X - (mu if centre == "old" else new_mu)[:, None], 0)
    new_var = np.einsum("ji,jil->jl", R, gaps * gaps) / (divisor - less)
    if root:
        new_var = np.sqrt(new_var)
    if empty == "row kept":
        there = there.all(axis=1, keepdims=True)
    if empty == "overall":
        nobody = ~there.any(axis=1, keepdims=True)
        mu, var = np.where(nobody, np.nanmean(X, axis=0), mu), np.where(nobody, np.nanvar(X, axis=0), var)
    else:
        mu, var = {"zero": (0, 0), "nan": (np.nan, np.nan), "mean kept": (mu, 0)}.get(empty, (mu, var))
    new_mu, new_var = np.where(there, new_mu, mu), np.where(there, new_var, var)
    if coordinates == "averaged":
        new_var = np.repeat(new_var.mean(axis=1, keepdims=True), X.shape[1], axis=1)
    return new_mu, new_var


def run(  # noqa: PLR0913
    X, mu, var, max_steps, *, more=0, limit="max_steps", stop="same R", close=1.0, means="last", result="R",
    metric="euclidean", old="step before", spread="new",
):  # fmt: skip
    before = first = mu, var
    R = R_before = assign(X, mu, var, metric)
    for step in range({"max_steps": max_steps + more, "none": MOST_STEPS, "one": 1}[limit]):
        before, R_before, R = (mu, var), R, assign(X, mu, var, metric)
        mu, var = mstep(X, R, *(first if old == "start" else before))
        if step > 0 and np.array_equal(R_before, R):
            break
        if stop == "close means" and np.abs(mu - before[0]).max() < close:
            break
    if means == "before":
        mu, var = before
    if result != "R":
        R = R_before if result == "R before" else assign(X, mu, var, metric)
    return mu, first[1] if spread == "start" else var, R


def assign(X, mu, var, metric):
    if metric == "variances":
        return one_hot(np.nansum((X[None] - mu[:, None]) ** 2 / var[:, None], axis=2))
    return one_hot(distances(X, mu, metric))


# fmt: off
SLIPS = [
    {"id": "manhattan", "function": "estep", "change": {"metric": "manhattan"},
     "what": "The distance is the sum of the absolute differences.",
     "look": "Which distance does the handout ask for?"},
    {"id": "largest_difference", "function": "estep", "change": {"metric": "largest"},
     "what": "The distance is the largest of the differences.",
     "look": "Which distance does the handout ask for?"},
    {"id": "first_coordinate_only", "function": "estep", "change": {"metric": "first coordinate"},
     "what": "The distance is taken over the first coordinate alone.",
     "look": "Over which axis of your array do you sum?"},
    {"id": "farthest", "function": "estep", "change": {"choice": "farthest"},
     "what": "Each point goes to the farthest mean.",
     "look": "Should the distance be small or large?"},
    {"id": "soft", "function": "estep", "change": {"choice": "soft"},
     "what": "The points are shared among the components.",
     "look": "Which values may R have, when EM is hard?"},
    {"id": "nan_as_zero", "function": "estep", "change": {"missing": "zero"},
     "what": "A missing entry is taken for 0.",
     "look": "What does a missing entry contribute to a distance?"},
    {"id": "nan_in_distance", "function": "estep", "change": {"missing": "spreads"},
     "what": "With a missing entry every distance of a point is `nan`, so that it goes to the first component.",
     "look": "What is a sum with `nan` in it, and what does `argmin` make of it?"},
    {"id": "mean_in_place_of_nan", "function": "estep", "change": {"missing": "column mean"},
     "what": "A missing entry is filled with the mean of its column.",
     "look": "What does a missing entry contribute to a distance?"},
    {"id": "last_of_ties", "function": "estep", "change": {"ties": "last"},
     "what": "Of means that are equally near, the last is taken.",
     "look": "What happens in your comparison when two distances are equal?"},
    {"id": "all_of_ties", "function": "estep", "change": {"ties": "all"},
     "what": "A point goes to all the means that are equally near.",
     "look": "How many ones does a column of R have?"},
    {"id": "unknown_to_none", "function": "estep", "change": {"unknown": "none"},
     "what": "A point of which nothing is known goes to no component.",
     "look": "How many ones does a column of R have?"},
    {"id": "count_of_points", "function": "mstep", "change": {"missing": "counted"},
     "what": "The sums are divided by the number of points, and missing entries are counted in it.",
     "look": "What is counted in N_jl?"},
    {"id": "zeros_in_mean", "function": "mstep", "change": {"missing": "zero"},
     "what": "A missing entry is taken for 0 in means and variances.",
     "look": "Which entries do the sums run over?"},
    {"id": "filled_with_mean", "function": "mstep", "change": {"missing": "column mean"},
     "what": "A missing entry is filled with the mean of its column in means and variances.",
     "look": "Which entries do the sums run over?"},
    {"id": "rows_left_out", "function": "mstep", "change": {"missing": "rows left out"},
     "what": "A point that has lost one entry is left out altogether.",
     "look": "What becomes of the entries that such a point still has?"},
    {"id": "empty_gives_nan", "function": "mstep", "change": {"empty": "nan"},
     "what": "Where there is no entry the new mean and variance are `nan`.",
     "look": "What are the arguments `mu` and `var` for?"},
    {"id": "empty_gives_zero", "function": "mstep", "change": {"empty": "zero"},
     "what": "Where there is no entry the new mean and variance are 0.",
     "look": "What are the arguments `mu` and `var` for?"},
    {"id": "empty_gives_overall", "function": "mstep", "change": {"empty": "overall"},
     "what": "A component without points gets the mean and the variance of all points.",
     "look": "What are the arguments `mu` and `var` for?"},
    {"id": "keeps_mean_only", "function": "mstep", "change": {"empty": "mean kept"},
     "what": "Where there is no entry the mean stays but the variance becomes 0.",
     "look": "What are the arguments `mu` and `var` for?"},
    {"id": "keeps_whole_row", "function": "mstep", "change": {"empty": "row kept"},
     "what": "A component that has no entry in one coordinate keeps its mean and variance in all of them.",
     "look": "In which coordinates are there entries to take a mean of?"},
    {"id": "old_means", "function": "mstep", "change": {"centre": "old"},
     "what": "The variances are taken around the means of the step before.",
     "look": "Which means does the formula for var_jl use?"},
    {"id": "unbiased", "function": "mstep", "change": {"less": 1},
     "what": "The variances are divided by N_jl - 1, as unbiased ones are.",
     "look": "What is the variance of a component with a single entry?"},
    {"id": "deviation_for_variance", "function": "mstep", "change": {"root": True},
     "what": "`var` holds standard deviations.",
     "look": "In which unit is `var`, if x is in metres?"},
    {"id": "one_variance", "function": "mstep", "change": {"coordinates": "averaged"},
     "what": "A component has the same variance in every coordinate, the mean of them.",
     "look": "Which axis are the squares summed over?"},
    {"id": "max_steps_ignored", "function": "run", "change": {"limit": "none"},
     "what": "It goes on after `max_steps` steps.",
     "look": "Where does your loop look at `max_steps`?"},
    {"id": "one_step_only", "function": "run", "change": {"limit": "one"},
     "what": "There is only one step.",
     "look": "Is a return or a break inside your loop that should come later?"},
    {"id": "one_step_too_few", "function": "run", "change": {"more": -1},
     "what": "There is one step less than `max_steps` allows.",
     "look": "How many E-steps and M-steps are there with `max_steps = 1`?"},
    {"id": "one_step_too_many", "function": "run", "change": {"more": 1},
     "what": "There is one step more than `max_steps` allows.",
     "look": "How many E-steps and M-steps are there with `max_steps = 1`?"},
    {"id": "stops_when_close", "function": "run", "change": {"stop": "close means"},
     "what": "It stops when no mean moves by 1 or more.",
     "look": "What must two E-steps have in common at the end?"},
    {"id": "last_mstep_missing", "function": "run", "change": {"means": "before"},
     "what": "The M-step after the last E-step is missing.",
     "look": "What is a step made of, and is the last one whole?"},
    {"id": "R_made_anew", "function": "run", "change": {"result": "R anew"},
     "what": "R is made anew from the last means.",
     "look": "Which E-step does the R that you return come from?"},
    {"id": "previous_R", "function": "run", "change": {"result": "R before"},
     "what": "R is that of the E-step before the last.",
     "look": "Which E-step does the R that you return come from?"},
    {"id": "variance_in_distance", "function": "run", "change": {"metric": "variances"},
     "what": "The squares in the distance are divided by the variances.",
     "look": "What does the E-step know about the components?"},
    {"id": "start_in_place_of_old", "function": "run", "change": {"old": "start"},
     "what": "Each M-step gets the means and variances of the start, not those of the step before.",
     "look": "What does a component keep that loses its points in the third step?"},
    {"id": "variance_of_start", "function": "run", "change": {"spread": "start"},
     "what": "The variances that are returned are those of the start.",
     "look": "What becomes of the second value that `mstep` returns?"},
]
# fmt: on
