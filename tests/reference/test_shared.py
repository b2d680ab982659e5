"""What the reference's algorithms share: the loop, the start, the sums, the measures of fit."""

import math

import numpy as np
import pytest

from reference.criteria import bic, rmse
from reference.init import init
from reference.logspace import posterior
from reference.loop import LikelihoodFellError, climb, steps
from reference.mixture import GaussianMixture, log_joint, maximise


def climbing(*lls):
    """An E-step that gives these log-likelihoods in turn, and an M-step that counts."""
    series = iter(lls)
    return lambda _model: (np.zeros((1, 1)), next(series))


def mstep(_post, _model):
    return "next"


def test_the_loop_stops_when_the_rise_is_a_millionth():
    estep = climbing(-200.0, -100.0, -99.9999, -99.99985, -50.0)
    assert [ll for _, _, ll in steps(estep, mstep, "first")] == [-200.0, -100.0, -99.9999, -99.99985]


@pytest.mark.parametrize("fallen", [-100.1, -100.00001, -1e9])
def test_a_falling_likelihood_raises(fallen):
    with pytest.raises(LikelihoodFellError, match="fell from -100.0"):
        climb(climbing(-100.0, fallen), mstep, "first")


def test_a_fall_within_rounding_is_convergence():
    assert climb(climbing(-100.0, -100.00000000001), mstep, "first")[2] == -100.00000000001


def test_the_start_is_that_of_the_course():
    """Drawn as the course's own code draws it, from numpy's global generator."""
    data = np.random.default_rng(0).normal(size=(20, 2))
    np.random.seed(7)  # noqa: NPY002
    rows = np.random.choice(20, 3, replace=False)  # noqa: NPY002
    mixture, post = init(data, 3, 7)
    np.testing.assert_array_equal(mixture.mu, data[rows])
    np.testing.assert_allclose(mixture.var, [((data - data[row]) ** 2).mean() for row in rows])
    np.testing.assert_array_equal(mixture.p, [1 / 3] * 3)
    np.testing.assert_array_equal(post, np.full((20, 3), 1 / 3))


@pytest.mark.parametrize("K", [0, 6])
def test_the_start_refuses_a_number_of_components_that_cannot_be(K):
    with pytest.raises(ValueError, match=f"between 1 and the 5 points, not {K}"):
        init(np.zeros((5, 2)), K)


def test_responsibilities_neither_underflow_nor_overflow():
    f = np.array([[-1000.0, -1000.0], [1000.0, 1000.0], [0.0, -np.inf]])
    post, ll = posterior(f.copy())
    np.testing.assert_allclose(post, [[0.5, 0.5], [0.5, 0.5], [1, 0]])
    assert ll == pytest.approx(2 * math.log(2))


def test_a_row_that_is_impossible_has_no_responsibilities():
    with pytest.raises(ValueError, match="row 1 of the data is impossible under every component"):
        posterior(np.array([[0.0, -1.0], [-np.inf, -np.inf]]))


def test_densities_are_those_of_the_definition_also_far_from_the_origin():
    """Squared distances by a matrix product would lose every digit there without the shift to the mean."""
    rng = np.random.default_rng(0)
    points, mu, var, p = rng.normal(size=(9, 3)), rng.normal(size=(4, 3)), rng.uniform(1, 2, 4), np.full(4, 0.25)
    squares = ((points[:, None] - mu) ** 2).sum(axis=2)
    want = np.log(p) - 1.5 * np.log(2 * np.pi * var) - squares / (2 * var)
    np.testing.assert_allclose(log_joint(points, GaussianMixture(mu, var, p)), want)
    np.testing.assert_allclose(log_joint(points + 1e6, GaussianMixture(mu + 1e6, var, p)), want, rtol=1e-8)


def test_points_that_coincide_have_no_variance_at_all():
    """Not one of 1e-17, under which a density would be a number, and huge."""
    points = np.repeat(np.random.default_rng(0).normal(size=(3, 5)), 7, axis=0)
    post = np.repeat(np.eye(3), 7, axis=0)
    np.testing.assert_array_equal(maximise(points, post).var, np.zeros(3))


def test_bic_counts_the_free_parameters():
    mixture = GaussianMixture(np.zeros((3, 2)), np.ones(3), np.full(3, 1 / 3))
    assert bic(np.zeros((100, 2)), mixture, -50.0) == pytest.approx(-50 - (6 + 3 + 2) / 2 * math.log(100))


def test_rmse_is_the_root_of_the_mean_square():
    assert rmse(np.array([[1.0, 2.0]]), np.array([[4.0, -2.0]])) == pytest.approx(math.sqrt((9 + 16) / 2))


def test_rmse_refuses_what_merely_broadcasts():
    with pytest.raises(ValueError, match=r"the shapes differ: \(2, 2\) and \(2,\)"):
        rmse(np.zeros((2, 2)), np.zeros(2))
