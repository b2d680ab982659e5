"""Properties of this assignment: of arguments and what was returned, by name; what is wrong is told to the student."""

import numpy as np


def labels_stay(y, post):
    """Return what is wrong where a labelled point (y >= 0) does not belong to its component alone."""
    rows = np.flatnonzero(y >= 0)
    if np.shape(post)[:1] != np.shape(y):
        return "`post` does not have a row for every point."
    astray = rows[np.asarray(post)[rows, y[rows]] != 1]
    if len(astray):
        return f"{len(astray)} of {len(rows)} labelled points do not belong to their component alone."
    return None
