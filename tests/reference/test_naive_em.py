"""The reference against published figures, an independent oracle and what EM promises."""

import math

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitMixture

from reference.init import init
from reference.loop import steps
from reference.mixture import GaussianMixture
from reference.naive_em import estep, mstep, run
from tests.conftest import NAIVE_EM
from tests.reference.test_shared import peak

PUBLISHED = {1: (-1573.2228, -1307.2234, 3), 2: (-1383.6736, -1175.7147, 10), 3: (-1388.0818, -1138.8909, 33),
             4: (-1378.0461, -1138.6979, 47)}  # fmt: skip
"""By K, on the course's toy data from seed 0: the first E-step's log-likelihood, the last one's, and their number."""


def blobs(n=40, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 4 * rng.integers(3, size=(n, 1))


def random_mixture(K=3, d=3, seed=1):
    rng = np.random.default_rng(seed)
    return GaussianMixture(rng.normal(size=(K, d)) * 3, rng.uniform(0.5, 2, K), rng.dirichlet(np.ones(K)))


def steps_from(X, mixture):
    return steps(lambda mixture: estep(X, mixture), lambda post, _: mstep(X, post), mixture)


def brute_force(X, mixture):
    """Sum densities point by point and component by component, with math alone."""
    post, ll = [], 0.0
    for x in X.tolist():
        joint = [
            p * math.exp(-(math.dist(x, mu) ** 2) / (2 * var)) / (2 * math.pi * var) ** (len(x) / 2)
            for mu, var, p in zip(mixture.mu.tolist(), mixture.var.tolist(), mixture.p.tolist(), strict=True)
        ]
        post.append([value / sum(joint) for value in joint])
        ll += math.log(sum(joint))
    return np.array(post), ll


@pytest.mark.parametrize("K", PUBLISHED)
def test_the_courses_table_holds_on_the_courses_data(K, course_data):
    X = np.loadtxt(course_data / "toy_data.txt")
    start, post = init(X, K, 0)
    first, last, count = PUBLISHED[K]
    assert round(estep(X, start)[1], 4) == first
    assert round(run(X, start, post)[2], 4) == last
    assert sum(1 for _ in steps_from(X, start)) == count


def test_the_handouts_figure_holds_on_our_toy_data():
    X = np.loadtxt(NAIVE_EM / "data" / "toy.txt")
    assert X.shape == (250, 2)
    assert round(estep(X, init(X, 3, 0)[0])[1], 4) == -1388.0818


@pytest.mark.parametrize(("n", "d", "K"), [(5, 1, 1), (6, 1, 3), (7, 2, 2), (8, 5, 4)])
def test_estep_agrees_with_brute_force(n, d, K):
    X, mixture = blobs(n, d), random_mixture(K, d)
    post, ll = estep(X, mixture)
    want_post, want_ll = brute_force(X, mixture)
    np.testing.assert_allclose(post, want_post, rtol=1e-10, atol=1e-14)
    assert ll == pytest.approx(want_ll, rel=1e-12)


def test_five_steps_agree_with_scikit_learn():
    X, mixture = blobs(60), random_mixture()
    theirs = ScikitMixture(
        3, covariance_type="spherical", reg_covar=0, tol=0, max_iter=5, init_params="random",
        weights_init=mixture.p, means_init=mixture.mu, precisions_init=1 / mixture.var,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X)
    for _ in range(5):
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
    np.testing.assert_allclose(mixture.mu, theirs.means_, rtol=1e-9)
    np.testing.assert_allclose(mixture.var, theirs.covariances_, rtol=1e-9)
    np.testing.assert_allclose(mixture.p, theirs.weights_, rtol=1e-9)
    assert ll == pytest.approx(60 * theirs.lower_bound_)


def test_mstep_is_the_weighted_mean_and_variance():
    X = blobs(30, 2)
    post = np.random.default_rng(3).dirichlet(np.ones(3), 30)
    mixture = mstep(X, post)
    for j in range(3):
        mean = np.average(X, axis=0, weights=post[:, j])
        np.testing.assert_allclose(mixture.mu[j], mean)
        variance = np.average(((X - mean) ** 2).mean(axis=1), weights=post[:, j])
        assert mixture.var[j] == pytest.approx(variance)
        assert mixture.p[j] == pytest.approx(post[:, j].mean())


def test_responsibilities_of_a_point_sum_to_one_however_far_it_is():
    X = np.vstack([blobs(), np.full((1, 3), 1e6)])
    post, ll = estep(X, random_mixture())
    np.testing.assert_allclose(post.sum(axis=1), 1)
    assert np.isfinite(ll)


@pytest.mark.parametrize("seed", range(4))
def test_the_likelihood_never_falls(seed):
    X = blobs(60, 2, seed)
    history = [ll for _, _, ll in steps_from(X, init(X, 3, seed)[0])]
    assert len(history) > 3
    assert all(later >= earlier - 1e-9 * abs(earlier) for earlier, later in zip(history, history[1:], strict=False))


def test_renaming_components_renames_the_result():
    X, mixture = blobs(), random_mixture()
    order = [2, 0, 1]
    renamed = GaussianMixture(*(part[order] for part in mixture))
    post, ll = estep(X, mixture)
    np.testing.assert_allclose(estep(X, renamed)[0], post[:, order])
    assert estep(X, renamed)[1] == pytest.approx(ll)
    np.testing.assert_allclose(run(X, renamed, post)[0].mu, run(X, mixture, post)[0].mu[order])


def test_moving_the_data_moves_the_means_even_far_from_the_origin():
    """Squared distances by a matrix product would lose every digit here without the shift to the mean."""
    X, mixture = blobs(), random_mixture()
    moved = mixture._replace(mu=mixture.mu + 1e6)
    post, ll = estep(X, mixture)
    assert estep(X + 1e6, moved)[1] == pytest.approx(ll, rel=1e-7)
    np.testing.assert_allclose(mstep(X + 1e6, post).var, mstep(X, post).var, rtol=1e-7)


def test_scaling_the_data_lowers_the_likelihood_by_n_d_log_s():
    X = blobs()
    ll = estep(X, init(X, 3, 0)[0])[1]
    assert estep(3 * X, init(3 * X, 3, 0)[0])[1] == pytest.approx(ll - X.size * math.log(3))


def test_run_returns_the_mixture_after_the_posteriors_it_returns():
    X = blobs()
    mixture, post, _ = run(X, init(X, 2, 0)[0], np.zeros((40, 2)))
    np.testing.assert_array_equal(mixture.mu, mstep(X, post).mu)


def test_a_component_without_points_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="component 1 is responsible for no point"):
        mstep(blobs(4), np.array([[1.0, 0.0]] * 4))


def test_a_collapsed_component_is_an_error():
    with pytest.raises(ValueError, match="every variance must be positive"):
        estep(blobs(), random_mixture()._replace(var=np.array([1.0, 0.0, 1.0])))


def test_a_mixing_proportion_of_zero_is_a_component_that_takes_nothing():
    post, ll = estep(blobs(), random_mixture()._replace(p=np.array([0.5, 0.5, 0.0])))
    assert np.all(post[:, 2] == 0)
    assert np.isfinite(ll)


def test_one_component_is_the_datas_mean_and_variance_after_one_step():
    X, start = blobs(), random_mixture(1)
    mixture, post, ll = run(X, start, np.zeros((40, 1)))
    variance = ((X - X.mean(axis=0)) ** 2).mean()
    for found in (mixture, mstep(X, estep(X, start)[0])):
        np.testing.assert_allclose(found.mu, [X.mean(axis=0)])
        np.testing.assert_allclose(found.var, [variance])
        np.testing.assert_array_equal(found.p, [1])
    np.testing.assert_array_equal(post, np.ones((40, 1)))
    assert ll == pytest.approx(-X.size / 2 * (math.log(2 * math.pi * variance) + 1))


@pytest.mark.parametrize(
    ("X", "owner"),
    [(blobs(3), [0, 1, 2]), (np.vstack([blobs(4), [[0.1, 0.2, 0.3]] * 7]), [0] * 4 + [1] * 7)],
    ids=["as many components as points", "duplicated points"],
)
def test_points_that_coincide_are_the_variance_zero_and_an_error_of_the_next_estep(X, owner):
    mixture = mstep(X, np.eye(max(owner) + 1)[owner])
    assert mixture.var[-1] == 0
    with pytest.raises(ValueError, match="every variance must be positive, not 0.0: a component collapsed"):
        estep(X, mixture)


SIZES = 400, 300, 50
"""n, d, K of the tests of memory."""


def test_a_pass_holds_nothing_of_n_times_k_times_d():
    n, d, K = SIZES
    X, mixture, post = blobs(n, d), random_mixture(K, d), np.full((n, K), 1 / K)
    assert peak(lambda: estep(X, mixture)) < n * K * d * 8 / 8
    assert peak(lambda: mstep(X, post)) < n * K * d * 8 / 8


def test_the_formula_by_broadcasting_holds_n_times_k_times_d():
    n, d, K = SIZES
    X, mixture = blobs(n, d), random_mixture(K, d)
    assert peak(lambda: ((X[:, None] - mixture.mu) ** 2).sum(axis=2)) > n * K * d * 8
