"""The line against the homework's answers, densities written out, scikit-learn's steps, and what EM promises."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitMixture

from reference.gmm_1d import components, estep, mstep, parameters, run
from tests.reference.test_shared import by_hand, falls

HOMEWORK = np.array([-1.0, 0.0, 4.0, 5.0, 6.0])
THETA_0 = np.array([0.5, 6.0, 1.0, 7.0, 2.0])
"""pi .5 .5, mu 6 7, variances 1 4."""


def points(n=50, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n) * rng.uniform(0.5, 2, n) + 5 * rng.integers(3, size=n)


def random_theta(K=3, seed=1):
    rng = np.random.default_rng(seed)
    return parameters(rng.dirichlet(np.ones(K)), rng.normal(5, 4, K), rng.uniform(0.5, 3, K))


def random_post(n=50, K=3, seed=3):
    return np.random.default_rng(seed).dirichlet(np.ones(K), n)


def steps_of(x):
    return lambda theta: estep(x, theta), lambda Z, _: mstep(x, Z)


# What is published


def test_the_homeworks_likelihood_holds():
    assert estep(HOMEWORK, THETA_0)[1] == pytest.approx(-24.512532330086675, rel=1e-14)


def test_the_homeworks_weights_hold():
    Z, _ = estep(HOMEWORK, THETA_0)
    assert [1 + int(row.argmax()) for row in Z] == [2, 2, 2, 1, 1]


def test_the_homeworks_first_step_holds():
    _, mu, sigma = components(mstep(HOMEWORK, estep(HOMEWORK, THETA_0)[0]))
    assert [round(value, 4) for value in mu] == [5.1317, 1.4710]
    assert [round(value, 4) for value in sigma] == [0.7846, 2.6395]
    assert 7 - mu[1] > 6 - mu[0] > 0  # the second mean shifts left more
    assert sigma[1] ** 2 - 4 > sigma[0] ** 2 - 1  # and its variance increases more


def test_the_homeworks_variances_after_convergence_hold():
    """The points 4 5 6 are left to the first component, -1 and 0 to the second."""
    theta, Z, _ = run(HOMEWORK, THETA_0)
    pi, mu, sigma = components(theta)
    np.testing.assert_allclose(sigma**2, [2 / 3, 0.25], atol=1e-6)
    np.testing.assert_allclose(mu, [5, -0.5], atol=1e-6)
    np.testing.assert_allclose(pi, [0.6, 0.4], atol=1e-6)
    np.testing.assert_allclose(Z, np.eye(2)[[1, 1, 0, 0, 0]], atol=1e-6)


def test_the_questions_weighted_means_hold():
    first = np.array([0.2, 0.2, 0.8, 0.9, 0.9])
    pi, mu, _ = components(mstep(np.array([5.0, 15, 25, 30, 40]), np.column_stack([first, 1 - first])))
    np.testing.assert_allclose(pi, [0.6, 0.4])
    np.testing.assert_allclose(mu, [29, 14])


def test_the_questions_shared_mean_has_the_exact_responsibilities_and_those_of_the_sheet():
    Z, _ = estep(np.array([4.0, 4.6, 2.0]), np.array([0.5, 4, 1, 4, 2]))
    narrow, wide = (np.array([math.exp(-t * t / (2 * var)) / math.sqrt(var) for t in (0, 0.6, 2)]) for var in (1, 4))
    np.testing.assert_allclose(Z[:, 0], narrow / (narrow + wide))
    np.testing.assert_allclose(Z[:, 0], [0.6667, 0.6360, 0.3085], atol=1e-4)
    np.testing.assert_allclose(Z[:, 0], [2 / 3, 33 / 52, 5 / 17], atol=0.015)


# What independent sums give


def density(x, pi, mu, sigma):
    return pi * math.exp(-((x - mu) ** 2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("K", [1, 2, 4])
def test_estep_agrees_with_densities_written_out(K):
    x, theta = points(9), random_theta(K)
    rows = [*zip(*(part.tolist() for part in components(theta)), strict=True)]
    joint = np.array([[density(value, *row) for row in rows] for value in x.tolist()])
    Z, ll = estep(x, theta)
    np.testing.assert_allclose(Z, joint / joint.sum(axis=1, keepdims=True), rtol=1e-11)
    assert ll == pytest.approx(math.fsum(map(math.log, joint.sum(axis=1))), rel=1e-13)


def test_estep_of_the_labs_theta_agrees_with_scipys_densities():
    x = points()
    Z, ll = estep(x, np.array([0.3, 1.0, 0.5, 6.0, 3.0]))
    joint = np.column_stack([0.3 * norm.pdf(x, 1.0, 0.5), 0.7 * norm.pdf(x, 6.0, 3.0)])
    np.testing.assert_allclose(Z, joint / joint.sum(axis=1, keepdims=True))
    assert ll == pytest.approx(np.log(joint.sum(axis=1)).sum())


def test_the_density_is_one_in_all():
    theta = random_theta()
    assert quad(lambda value: math.exp(estep(np.array([value]), theta)[1]), -40, 50, limit=200)[0] == pytest.approx(1)


def test_mstep_is_the_weighted_mean_and_deviation():
    x, Z = points(), random_post()
    pi, mu, sigma = components(mstep(x, Z))
    for j, weights in enumerate(Z.T.tolist()):
        total = math.fsum(weights)
        mean = math.fsum(w * value for w, value in zip(weights, x, strict=True)) / total
        squares = math.fsum(w * (value - mean) ** 2 for w, value in zip(weights, x, strict=True))
        assert pi[j] == pytest.approx(total / 50)
        assert mu[j] == pytest.approx(mean)
        assert sigma[j] == pytest.approx(math.sqrt(squares / total))


@pytest.mark.parametrize("count", [1, 7])
def test_steps_agree_with_scikit_learn(count):
    x, theta = points(), random_theta()
    pi, mu, sigma = components(theta)
    theirs = ScikitMixture(
        3, covariance_type="full", reg_covar=0, tol=0, max_iter=count, init_params="random",
        weights_init=pi, means_init=mu[:, None], precisions_init=(1 / sigma**2)[:, None, None],
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        theirs.fit(x[:, None])
    for _ in range(count):
        Z, ll = estep(x, theta)
        theta = mstep(x, Z)
    pi, mu, sigma = components(theta)
    np.testing.assert_allclose(pi, theirs.weights_, rtol=1e-8)
    np.testing.assert_allclose(mu, theirs.means_[:, 0], rtol=1e-8)
    np.testing.assert_allclose(sigma**2, theirs.covariances_[:, 0, 0], rtol=1e-8)
    assert ll == pytest.approx(50 * theirs.lower_bound_)


# What EM promises


def test_run_is_the_steps_in_turn_until_the_likelihood_stops_rising():
    x, start = points(), random_theta()
    want, want_Z, history = by_hand(*steps_of(x), start)
    theta, Z, ll = run(x, start)
    assert len(history) > 3
    np.testing.assert_allclose(theta, want)
    np.testing.assert_allclose(Z, want_Z)
    assert ll == pytest.approx(history[-1])


@pytest.mark.parametrize("seed", range(10))
def test_the_likelihood_never_falls(seed):
    _, _, history = by_hand(*steps_of(points(60, seed)), random_theta(3, seed))
    assert len(history) > 3
    assert falls(history) == []
    assert history[-1] > history[0]


def test_responsibilities_of_a_point_sum_to_one_however_far_it_is():
    Z, ll = estep(np.array([*points(), 1e6, -1e6]), random_theta())
    np.testing.assert_allclose(Z.sum(axis=1), 1)
    assert np.isfinite(ll)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))][1:], ids=str)
def test_renaming_components_renames_the_result(order):
    x, theta, order = points(), random_theta(), list(order)
    renamed = parameters(*(part[order] for part in components(theta)))
    Z, ll = estep(x, theta)
    np.testing.assert_allclose(estep(x, renamed)[0], Z[:, order])
    assert estep(x, renamed)[1] == pytest.approx(ll)
    for found, want in zip(components(run(x, renamed)[0]), components(run(x, theta)[0]), strict=True):
        np.testing.assert_allclose(found, want[order])


def test_moving_the_data_moves_the_means_even_far_from_the_origin():
    x, theta, Z = points(), random_theta(), random_post()
    pi, mu, sigma = components(theta)
    assert estep(x + 1e6, parameters(pi, mu + 1e6, sigma))[1] == pytest.approx(estep(x, theta)[1], rel=1e-8)
    moved, still = components(mstep(x + 1e6, Z)), components(mstep(x, Z))
    np.testing.assert_allclose(moved[1] - 1e6, still[1], rtol=1e-7)
    np.testing.assert_allclose(moved[2], still[2], rtol=1e-7)


@pytest.mark.parametrize("factor", [3.0, -0.01])
def test_scaling_the_data_lowers_the_likelihood_by_n_log_s(factor):
    x, theta, Z = points(), random_theta(), random_post()
    pi, mu, sigma = components(theta)
    scaled = parameters(pi, factor * mu, abs(factor) * sigma)
    assert estep(factor * x, scaled)[1] == pytest.approx(estep(x, theta)[1] - 50 * math.log(abs(factor)))
    pi, mu, sigma = components(mstep(x, Z))
    np.testing.assert_allclose(mstep(factor * x, Z), parameters(pi, factor * mu, abs(factor) * sigma))


# How theta is written


@pytest.mark.parametrize(
    ("theta", "want"),
    [
        ([7.0, 2.0], ([1.0], [7.0], [2.0])),
        ([0.25, 1, 2, 3, 4], ([0.25, 0.75], [1, 3], [2, 4])),
        ([0.25, 1, 2, 0.5, 3, 4, 5, 6], ([0.25, 0.5, 0.25], [1, 3, 5], [2, 4, 6])),
    ],
)
def test_theta_is_one_vector_without_the_last_proportion(theta, want):
    for found, part in zip(components(np.array(theta)), want, strict=True):
        np.testing.assert_array_equal(found, part)
    np.testing.assert_array_equal(parameters(*map(np.array, want)), theta)


@pytest.mark.parametrize("shape", [(0,), (1,), (3,), (4,), (6,), (7,), (), (1, 5), (2, 2)], ids=str)
@pytest.mark.parametrize(
    "function", [components, lambda theta: estep(points(), theta), lambda theta: run(points(), theta)]
)
def test_a_theta_of_another_length_is_an_error(function, shape):
    with pytest.raises(ValueError, match=r"theta must have 2, 5, 8, ... entries, not the shape \("):
        function(np.ones(shape))


@pytest.mark.parametrize("theta", [[-0.1, 0, 1, 0, 1], [1.1, 0, 1, 0, 1], [0.6, 0, 1, 0.6, 0, 1, 0, 1]], ids=str)
def test_proportions_that_are_none_are_an_error(theta):
    with pytest.raises(ValueError, match=r"the mixing proportions \[.*\] must not be negative"):
        estep(points(), np.array(theta))


# What is decided


def test_a_component_without_points_is_an_error_of_the_mstep_that_names_it():
    with pytest.raises(ValueError, match="component 1 is responsible for no point: its mean is undefined"):
        mstep(points(4), np.array([[1.0, 0.0]] * 4))


@pytest.mark.parametrize(
    ("x", "owner"),
    [([1.0, 4.0, 9.0], [0, 1, 2]), ([3.0, 3, 3, 7, 8, 9], [0, 0, 0, 1, 1, 1]), ([5.0] * 4, [0, 0, 1, 1])],
    ids=["as many components as points", "duplicated points", "nothing but duplicates"],
)
def test_points_that_coincide_have_the_deviation_zero_which_is_an_error_of_the_next_estep(x, owner):
    theta = mstep(np.array(x), np.eye(max(owner) + 1)[owner])
    assert components(theta)[2][0] == 0
    with pytest.raises(ValueError, match="every standard deviation must be positive, not 0.0"):
        estep(np.array(x), theta)


def test_points_that_coincide_have_the_deviation_zero_however_their_mean_is_rounded():
    cases = [(count, tenths / 10) for count in range(2, 10) for tenths in range(1, 21)]
    deviations = {
        case: mstep(np.array([case[1]] * case[0] + [5.0, 6, 7]), np.repeat(np.eye(2), [case[0], 3], axis=0))[2]
        for case in cases
    }
    assert {case: deviation for case, deviation in deviations.items() if deviation != 0} == {}


@pytest.mark.parametrize("sigma", [0.0, -1.0])
def test_a_deviation_that_is_not_positive_is_an_error(sigma):
    with pytest.raises(ValueError, match=f"every standard deviation must be positive, not {sigma}"):
        estep(points(), np.array([0.5, 0, 1, 0, sigma]))


@pytest.mark.parametrize(
    ("theta", "nothing", "alone"), [([0.0, 1, 2, 3, 4], 0, [3.0, 4]), ([1.0, 1, 2, 3, 4], 1, [1.0, 2])]
)
def test_a_mixing_proportion_of_zero_is_a_component_that_takes_nothing(theta, nothing, alone):
    Z, ll = estep(points(), np.array(theta))
    np.testing.assert_array_equal(Z[:, nothing], np.zeros(50))
    assert ll == pytest.approx(norm.logpdf(points(), *alone).sum())


def test_a_last_component_responsible_for_nearly_nothing_is_no_error_of_the_next_estep():
    """(1 + 6 + 3 + 3) / 13, summed in doubles, is more than one."""
    for shares in itertools.product(range(1, 7), repeat=4):
        n = sum(shares)
        Z = np.column_stack([np.repeat(np.eye(4), shares, axis=0), np.full(n, 1e-20)])
        assert components(mstep(points(n), Z))[0][-1] == pytest.approx(0, abs=1e-15)


def test_one_component_is_the_datas_mean_and_deviation_after_one_step():
    x = points()
    theta, Z, ll = run(x, np.array([100.0, 3.0]))
    for found in (theta, mstep(x, estep(x, np.array([100.0, 3.0]))[0])):
        np.testing.assert_allclose(found, [x.mean(), x.std()])
    np.testing.assert_array_equal(Z, np.ones((50, 1)))
    assert ll == pytest.approx(norm.logpdf(x, x.mean(), x.std()).sum())
