import numpy as np


class Ratings:
    """A matrix with gaps: single precision for the mask, double for the rest."""

    def __init__(self, X):
        self.values = X
        self.mask = (X != 0).astype(np.float32)
        self.count = self.mask.sum(axis=1)

    def errors(self, mu):
        return np.stack([((self.values - m) ** 2 * self.mask).sum(axis=1) for m in mu], axis=1)

    def filled(self, guess):
        return self.values * self.mask + guess * (1 - self.mask)
