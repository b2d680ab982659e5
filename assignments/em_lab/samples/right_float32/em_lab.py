from typing import Tuple


def estep(x: np.ndarray, theta: np.ndarray) -> Tuple[np.ndarray, float]:
    """Distances in single precision, sums in double."""
    weights = np.array([theta[0], 1 - theta[0]])
    mu, sigma = theta[[1, 3]], theta[[2, 4]]
    z = np.float32(x)[:, np.newaxis] - np.float32(mu)
    joint = weights / sigma / np.sqrt(2 * np.pi) * np.exp(-z.astype(float) ** 2 / (2 * sigma ** 2))
    Z = joint / np.sum(joint, axis=1, keepdims=True)
    return Z, np.log(joint.sum(axis=1)).sum()


def mstep(x: np.ndarray, Z: np.ndarray) -> np.ndarray:
    n_j = np.sum(Z, axis=0)
    theta = np.zeros(5)
    theta[0] = n_j[0] / len(Z)
    theta[[1, 3]] = Z.T.dot(x) / n_j
    theta[[2, 4]] = np.sqrt(Z.T.dot(x ** 2) / n_j - theta[[1, 3]] ** 2)
    return theta


def run(x, theta):
    Z, ll = estep(x, theta)
    return climb(x, mstep(x, Z), ll)


def climb(x, theta, old):
    Z, ll = estep(x, theta)
    theta = mstep(x, Z)
    return (theta, Z, ll) if ll - old <= 1e-6 * abs(ll) else climb(x, theta, ll)
