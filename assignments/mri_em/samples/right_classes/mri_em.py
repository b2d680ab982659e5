from dataclasses import dataclass


@dataclass
class Tissue:
    mean: np.ndarray
    variance: np.ndarray

    def distance(self, X: np.ndarray) -> np.ndarray:
        """Mean over the coordinates that are there; NaN only where there are none."""
        gaps = np.ma.masked_invalid(X - self.mean)
        return np.sqrt((gaps ** 2).mean(axis=1)).filled(0)

    def update(self, points: np.ndarray):
        points = np.ma.masked_invalid(points)
        if len(points):
            self.mean = np.ma.filled(points.mean(axis=0), np.nan)
            self.variance = np.ma.filled(points.var(axis=0), np.nan)
        else:
            self.mean = self.variance = np.full(points.shape[1], np.nan)

    def or_else(self, old):
        gone = np.isnan(self.mean)
        return Tissue(np.where(gone, old.mean, self.mean), np.where(gone, old.variance, self.variance))


def estep(X: np.ndarray, mu: np.ndarray) -> np.ndarray:
    D = np.vstack([Tissue(m, m).distance(X) for m in mu])
    return np.eye(len(mu))[:, np.argmin(D, axis=0)]


def mstep(X: np.ndarray, R: np.ndarray, mu: np.ndarray, var: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    tissues = []
    for row, m, v in zip(R.astype(bool), mu, var):
        new = Tissue(m, v)
        new.update(X[row])
        tissues.append(new.or_else(Tissue(m, v)))
    return np.array([t.mean for t in tissues]), np.array([t.variance for t in tissues])


def run(X: np.ndarray, mu: np.ndarray, var: np.ndarray, max_steps: int = 100):
    R = estep(X, mu)
    new_mu, new_var = mstep(X, R, mu, var)
    if max_steps == 1 or np.array_equal(estep(X, new_mu), R):
        return new_mu, new_var, R
    return run(X, new_mu, new_var, max_steps - 1)
