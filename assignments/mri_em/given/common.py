"""What the course gives: a seeded start, and a plot."""

import numpy as np


def init(X: np.ndarray, K: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the means (K, d) and variances (K, d) to start from on the points X (n, d), where NaN is missing.

    The means are K different points that have all their entries; the variances are those of the columns of X, the
    same for every component.
    """
    np.random.seed(seed)
    whole = X[~np.isnan(X).any(axis=1)]
    mu = whole[np.random.choice(len(whole), K, replace=False)]
    return mu, np.tile(np.nanvar(X, axis=0), (K, 1))


def plot(X: np.ndarray, mu: np.ndarray, var: np.ndarray, R: np.ndarray, title: str = "") -> None:
    """Draw the points in the plane that have both entries, coloured by their component in R (K, n).

    Each component has an ellipse of one standard deviation.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Ellipse

    _, axes = plt.subplots()
    axes.scatter(X[:, 0], X[:, 1], c=np.argmax(R, axis=0), cmap="tab10", s=12)
    for mean, (width, height) in zip(mu, 2 * np.sqrt(var)):
        axes.add_patch(Ellipse(tuple(mean), width, height, fill=False))
    axes.set_title(title)
    plt.show()
