"""What the reference's algorithms share: the loop, the start, the sums, the measures of fit."""

import math

import numpy as np
import pytest

from reference.criteria import bic, rmse
from reference.init import init
from reference.logspace import logsumexp
from reference.loop import LikelihoodFellError, climb, steps
from reference.mixture import GaussianMixture, squared_distances


def climbing(*lls):
    """An E-step that gives these log-likelihoods in turn, and an M-step that counts."""
    series = iter(lls)
    return lambda _X, _count: (np.zeros((1, 1)), next(series))


def mstep(_X, _post):
    return "next"


X = np.zeros((1, 1))


def test_the_loop_stops_when_the_rise_is_a_millionth():
    estep = climbing(-200.0, -100.0, -99.9999, -99.99985, -50.0)
    assert [ll for _, _, ll in steps(estep, mstep, X, "first")] == [-200.0, -100.0, -99.9999, -99.99985]


@pytest.mark.parametrize("fallen", [-100.1, -100.00001, -1e9])
def test_a_falling_likelihood_raises(fallen):
    with pytest.raises(LikelihoodFellError, match="fell from -100.0"):
        climb(climbing(-100.0, fallen), mstep, X, "first")


def test_a_fall_within_rounding_is_convergence():
    assert climb(climbing(-100.0, -100.00000000001), mstep, X, "first")[2] == -100.00000000001


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


def test_logsumexp_neither_underflows_nor_overflows():
    f = np.array([[-1000.0, -1000.0], [1000.0, 1000.0], [0.0, -np.inf], [-np.inf, -np.inf]])
    np.testing.assert_allclose(logsumexp(f), [-1000 + math.log(2), 1000 + math.log(2), 0, -np.inf])


def test_squared_distances_are_those_of_the_definition_and_never_negative():
    rng = np.random.default_rng(0)
    points, mu = rng.normal(size=(9, 3)), rng.normal(size=(4, 3))
    np.testing.assert_allclose(squared_distances(points, mu), ((points[:, None] - mu) ** 2).sum(axis=2))
    assert np.all(squared_distances(points + 1e8, points + 1e8) >= 0)


def test_bic_counts_the_free_parameters():
    mixture = GaussianMixture(np.zeros((3, 2)), np.ones(3), np.full(3, 1 / 3))
    assert bic(np.zeros((100, 2)), mixture, -50.0) == pytest.approx(-50 - (6 + 3 + 2) / 2 * math.log(100))


def test_rmse_is_the_root_of_the_mean_square():
    assert rmse(np.array([[1.0, 2.0]]), np.array([[4.0, -2.0]])) == pytest.approx(math.sqrt((9 + 16) / 2))


def test_rmse_refuses_what_merely_broadcasts():
    with pytest.raises(ValueError, match=r"the shapes differ: \(2, 2\) and \(2,\)"):
        rmse(np.zeros((2, 2)), np.zeros(2))
