"""Full covariances against scipy's densities, scikit-learn's steps, and what EM promises."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitMixture

from reference import gmm_1d, naive_em
from reference.gmm_full import FullMixture, estep, mstep, run
from reference.mixture import GaussianMixture
from tests.reference.test_shared import by_hand, falls


def blobs(n=60, d=2, seed=0):
    """Return stretched, tilted blobs about three centres."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 4 * rng.integers(3, size=(n, 1))


def random_mixture(K=3, d=2, seed=1):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(K, d, d))
    return FullMixture(rng.normal(2, 3, size=(K, d)), A @ A.transpose(0, 2, 1) + np.eye(d), rng.dirichlet(np.ones(K)))


def random_post(n=60, K=3, seed=3):
    return np.random.default_rng(seed).dirichlet(np.ones(K), n)


def steps_of(X):
    return lambda mixture: estep(X, mixture), lambda post, _: mstep(X, post)


def in_the_plane(x, mu, cov):
    """Return the density of a point of the plane, with the inverse of a 2 x 2 matrix written out."""
    (a, b), (_, c) = cov
    u, v = x[0] - mu[0], x[1] - mu[1]
    det = a * c - b * b
    return math.exp(-(c * u * u - 2 * b * u * v + a * v * v) / (2 * det)) / (2 * math.pi * math.sqrt(det))


# What independent sums give


@pytest.mark.parametrize("K", [1, 2, 4])
def test_estep_agrees_with_densities_written_out(K):
    X, mixture = blobs(9), random_mixture(K)
    joint = np.array(
        [
            [p * in_the_plane(x, mu, cov) for mu, cov, p in zip(*map(np.ndarray.tolist, mixture), strict=True)]
            for x in X.tolist()
        ]
    )
    post, ll = estep(X, mixture)
    np.testing.assert_allclose(post, joint / joint.sum(axis=1, keepdims=True), rtol=1e-9)
    assert ll == pytest.approx(sum(map(math.log, joint.sum(axis=1))), rel=1e-12)


@pytest.mark.parametrize("d", [1, 3, 6])
def test_estep_agrees_with_scipys_densities(d):
    X, mixture = blobs(20, d), random_mixture(3, d)
    joint = np.column_stack(
        [p * multivariate_normal.pdf(X, mu, cov).reshape(20) for mu, cov, p in zip(*mixture, strict=True)]
    )
    post, ll = estep(X, mixture)
    np.testing.assert_allclose(post, joint / joint.sum(axis=1, keepdims=True), rtol=1e-8)
    assert ll == pytest.approx(np.log(joint.sum(axis=1)).sum(), rel=1e-10)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_mstep_is_the_weighted_mean_and_covariance(d):
    X, post = blobs(60, d), random_post()
    mixture = mstep(X, post)
    for j, weights in enumerate(post.T):
        mean = [math.fsum(weights * column) / math.fsum(weights) for column in X.T]
        np.testing.assert_allclose(mixture.mu[j], mean)
        np.testing.assert_allclose(mixture.cov[j], np.cov(X.T, aweights=weights, bias=True).reshape(d, d))
        assert mixture.p[j] == pytest.approx(math.fsum(weights) / 60)


def test_the_data_tell_the_new_means_from_others():
    X, post = blobs(), random_post()
    about_the_mean_of_all = np.einsum("tj,tk,tl->jkl", post, X - X.mean(axis=0), X - X.mean(axis=0))
    wrong = about_the_mean_of_all / post.sum(axis=0)[:, None, None]
    assert np.abs(mstep(X, post).cov - wrong).max() > 0.01


def test_covariances_are_symmetric_to_the_last_digit():
    cov = mstep(blobs(60, 5), random_post()).cov
    np.testing.assert_array_equal(cov, cov.transpose(0, 2, 1))


@pytest.mark.parametrize(("d", "count"), [(1, 1), (2, 1), (2, 8), (4, 5)])
def test_steps_agree_with_scikit_learn(d, count):
    X, mixture = blobs(80, d), random_mixture(3, d)
    theirs = ScikitMixture(
        3, covariance_type="full", reg_covar=0, tol=0, max_iter=count, init_params="random",
        weights_init=mixture.p, means_init=mixture.mu, precisions_init=np.linalg.inv(mixture.cov),
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X)
    for _ in range(count):
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
    np.testing.assert_allclose(mixture.mu, theirs.means_, rtol=1e-7)
    np.testing.assert_allclose(mixture.cov, theirs.covariances_, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(mixture.p, theirs.weights_, rtol=1e-7)
    assert ll == pytest.approx(80 * theirs.lower_bound_)


# Where other models are the same


@pytest.mark.parametrize("d", [1, 2, 5])
def test_with_spherical_covariances_its_estep_is_that_of_naive_em(d):
    X, mixture = blobs(30, d), random_mixture(3, d)
    var = np.array([0.5, 1.0, 2.0])
    post, ll = estep(X, mixture._replace(cov=var[:, None, None] * np.eye(d)))
    want_post, want_ll = naive_em.estep(X, GaussianMixture(mixture.mu, var, mixture.p))
    np.testing.assert_allclose(post, want_post, rtol=1e-8, atol=1e-14)
    assert ll == pytest.approx(want_ll)


def test_of_data_that_are_spherical_about_each_mean_it_is_naive_em():
    """Points at equal distances along every axis, to both sides of two centres."""
    axes = np.vstack([np.eye(3), -np.eye(3)])
    X, post = np.vstack([2 * axes, 10 + 3 * axes]), np.repeat(np.eye(2), 6, axis=0)
    full, naive = mstep(X, post), naive_em.mstep(X, post)
    np.testing.assert_allclose(full.cov, [4 / 3 * np.eye(3), 9 / 3 * np.eye(3)], atol=1e-12)
    np.testing.assert_allclose(naive.var, [4 / 3, 9 / 3])
    np.testing.assert_allclose(full.mu, naive.mu, atol=1e-12)
    np.testing.assert_allclose(estep(X, full)[0], naive_em.estep(X, naive)[0], atol=1e-12)


def test_its_covariances_have_the_variances_of_naive_em_as_mean_diagonals():
    X, post = blobs(60, 4), random_post()
    full, naive = mstep(X, post), naive_em.mstep(X, post)
    np.testing.assert_allclose(np.trace(full.cov, axis1=1, axis2=2) / 4, naive.var)
    np.testing.assert_allclose(full.mu, naive.mu)


def test_on_the_line_it_is_the_mixture_on_the_line():
    x, theta = blobs(40, 1)[:, 0], np.array([0.3, 0.0, 1.0, 0.3, 4.0, 1.0, 8.0, 2.0])
    pi, mu, sigma = gmm_1d.components(theta)
    mixture, post, ll = run(x[:, None], FullMixture(mu[:, None], (sigma**2)[:, None, None], pi))
    on_the_line, Z, want_ll = gmm_1d.run(x, theta)
    pi, mu, sigma = gmm_1d.components(on_the_line)
    np.testing.assert_allclose(mixture.mu[:, 0], mu)
    np.testing.assert_allclose(mixture.cov[:, 0, 0], sigma**2)
    np.testing.assert_allclose(post, Z, atol=1e-10)
    assert ll == pytest.approx(want_ll)


# What EM promises


def test_run_is_the_steps_in_turn_until_the_likelihood_stops_rising():
    X, start = blobs(), random_mixture()
    want, want_post, history = by_hand(*steps_of(X), start)
    mixture, post, ll = run(X, start)
    assert len(history) > 3
    np.testing.assert_allclose(mixture.cov, want.cov)
    np.testing.assert_allclose(mixture.mu, want.mu)
    np.testing.assert_allclose(post, want_post)
    assert ll == pytest.approx(history[-1])


@pytest.mark.parametrize("seed", range(10))
def test_the_likelihood_never_falls(seed):
    _, _, history = by_hand(*steps_of(blobs(90, 3, seed)), random_mixture(3, 3, seed))
    assert len(history) > 3
    assert falls(history) == []
    assert history[-1] > history[0]


def test_responsibilities_of_a_point_sum_to_one_however_far_it_is():
    post, ll = estep(np.vstack([blobs(), np.full((1, 2), 1e6)]), random_mixture())
    np.testing.assert_allclose(post.sum(axis=1), 1)
    assert np.isfinite(ll)


def test_renaming_components_renames_the_result():
    X, mixture, order = blobs(), random_mixture(), [2, 0, 1]
    renamed = FullMixture(*(part[order] for part in mixture))
    post, ll = estep(X, mixture)
    np.testing.assert_allclose(estep(X, renamed)[0], post[:, order])
    assert estep(X, renamed)[1] == pytest.approx(ll)
    np.testing.assert_allclose(run(X, renamed)[0].cov, run(X, mixture)[0].cov[order])


@pytest.mark.parametrize("to", [0, 100, 1e6], ids=lambda to: f"by {to:g}")
def test_an_affine_map_of_the_data_maps_the_mixture(to):
    """Shift, scale, shear: log |det A| is what each point of the likelihood loses."""
    X, mixture, A = blobs(60, 3), random_mixture(3, 3), np.array([[2.0, 1, 0], [0, 3, 1], [1, 0, 1]])
    mapped, shape = X @ A.T + to, mixture._replace(mu=mixture.mu @ A.T + to, cov=A @ mixture.cov @ A.T)
    post, ll = estep(X, mixture)
    mapped_post, mapped_ll = estep(mapped, shape)
    np.testing.assert_allclose(mapped_post, post, rtol=1e-5, atol=1e-9)
    assert mapped_ll == pytest.approx(ll - 60 * math.log(np.linalg.det(A)), rel=1e-8)
    found, want = mstep(mapped, post), mstep(X, post)
    np.testing.assert_allclose(found.mu, want.mu @ A.T + to)
    np.testing.assert_allclose(found.cov, A @ want.cov @ A.T, rtol=1e-7)


# What is decided


def on_a_line(n=8):
    steps = np.arange(n, dtype=float)
    return np.column_stack([steps, 3 - 2 * steps])


def beside(points):
    """Return the points of one component, and five of another, with the responsibilities of each for its own."""
    n, d = np.shape(points)
    other = np.random.default_rng(7).normal(6, 1, size=(d + 4, d))
    return np.vstack([points, other]), np.repeat(np.eye(2), [n, d + 4], axis=0)


@pytest.mark.parametrize(
    ("X", "post"),
    [
        pytest.param(blobs(4), np.eye(4), id="as many components as points"),
        pytest.param(blobs(4) + 1e6, np.eye(4), id="and far from the origin"),
        pytest.param(*beside([[1.0, 2.0]] * 5), id="duplicated points"),
        pytest.param(*beside([[0.1, 0.2]] * 7), id="duplicated points that no mean of theirs meets"),
        pytest.param(*beside([[3.0]] * 4), id="duplicated points on the line"),
        pytest.param(*beside([[1.0, 7], [2, 7], [4, 7]]), id="a constant column"),
        pytest.param(np.array([[1.0, 0.1], [2, 0.1], [4, 0.1]]), np.ones((3, 1)), id="of all the data"),
        pytest.param(*beside(on_a_line()), id="a line in the plane"),
        pytest.param(blobs(3, 5), np.ones((3, 1)), id="fewer points than dimensions"),
    ],
)
def test_points_in_a_hyperplane_are_an_error_of_the_next_estep(X, post):
    mixture = mstep(X, post)
    with pytest.raises(ValueError, match="the covariance of component 0 is not positive definite: it collapsed"):
        estep(X, mixture)


def collapsed(X, post):
    """Tell whether the E-step refuses the covariance of the first component."""
    try:
        estep(X, mstep(X, post))
    except ValueError as error:
        return "component 0 is not positive definite" in str(error)
    return False


def flat(case, value):
    """Return points in a hyperplane that is not met by what their mean, or their scatter, is rounded to."""
    rng = np.random.default_rng(round(100 * value))
    steps = rng.normal(size=rng.integers(3, 9))
    return {
        "a line in the plane": beside(np.column_stack([steps, value * steps + 0.1])),
        "duplicated points on the line": beside([[value]] * len(steps)),
        "a constant column": beside(np.column_stack([steps, np.full(len(steps), value)])),
        "a plane in space": (rng.normal(size=(3, 3)) @ [[1, 2, 0], [0, 0.01, 0], [0, 0, 1]], np.ones((3, 1))),
    }[case]


@pytest.mark.parametrize(
    "case",
    [
        "a line in the plane",
        "duplicated points on the line",
        "a constant column",
        "a plane in space",
    ],
)
def test_points_in_a_hyperplane_are_an_error_of_the_next_estep_however_they_are_rounded(case):
    values = [hundredths / 100 for hundredths in range(1, 201)]
    assert [value for value in values if not collapsed(*flat(case, value))] == []


def test_nothing_is_added_to_the_diagonal():
    X = blobs() * 1e-6
    np.testing.assert_allclose(mstep(X, np.ones((60, 1))).cov[0], np.cov(X.T, bias=True), rtol=1e-10)
    assert np.isfinite(estep(X, mstep(X, np.ones((60, 1))))[1])


@pytest.mark.parametrize(
    "cov", [[[1.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]
)
def test_a_covariance_that_is_none_is_an_error_that_names_the_component(cov):
    mixture = random_mixture()
    mixture.cov[1] = cov
    with pytest.raises(ValueError, match="the covariance of component 1 is not positive definite: it collapsed"):
        estep(blobs(), mixture)


def test_a_component_without_points_is_an_error_of_the_mstep_that_names_it():
    with pytest.raises(ValueError, match="component 1 is responsible for no point: its mean is undefined"):
        mstep(blobs(4), np.array([[1.0, 0.0]] * 4))


def test_a_mixing_proportion_of_zero_is_a_component_that_takes_nothing():
    X, mixture = blobs(), random_mixture()._replace(p=np.array([0.4, 0.6, 0.0]))
    post, ll = estep(X, mixture)
    np.testing.assert_array_equal(post[:, 2], np.zeros(60))
    assert ll == pytest.approx(estep(X, FullMixture(*(part[:2] for part in mixture)))[1])


def test_one_component_is_the_datas_mean_and_covariance_after_one_step():
    X, start = blobs(60, 3), random_mixture(1, 3)
    S = np.cov(X.T, bias=True)
    mixture, post, ll = run(X, start)
    for found in (mixture, mstep(X, estep(X, start)[0])):
        np.testing.assert_allclose(found.mu, [X.mean(axis=0)])
        np.testing.assert_allclose(found.cov, [S])
        np.testing.assert_array_equal(found.p, [1])
    np.testing.assert_array_equal(post, np.ones((60, 1)))
    assert ll == pytest.approx(-30 * (3 * math.log(2 * math.pi) + math.log(np.linalg.det(S)) + 3))
