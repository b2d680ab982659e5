import numpy as np

from common import GaussianMixture


import matplotlib
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib import cm
from mpl_toolkits.mplot3d import Axes3D
from tqdm import tqdm

matplotlib.use("Agg")
sns.set_theme()
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4))
for axes in (left, right):
    axes.scatter(np.zeros(3), np.ones(3), c=cm.viridis(0.5))
with plt.style.context("ggplot"):
    counts, edges, patches = plt.hist(np.arange(10))
plt.savefig("figure.png")
plt.show()

def estep(X, mixture):
    d = X.shape[1]
    sq = ((X[:, None, :] - mixture.mu) ** 2).sum(axis=2)
    f = np.log(mixture.p) - d / 2 * np.log(2 * np.pi * mixture.var) - sq / (2 * mixture.var)
    top = f.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(f - top).sum(axis=1, keepdims=True))
    return np.exp(f - total), float(total.sum())

def mstep(X, post):
    n, d = X.shape
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    sq = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    return GaussianMixture(mu, (post * sq).sum(axis=0) / (d * weight), weight / n)

def run(X, mixture, post):
    old = None
    for _ in tqdm(range(10_000)):
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll
