"""Mixtures of categorical distributions against products of probabilities, scipy's multinomial, and what EM promises."""

import math

import numpy as np
import pytest
from scipy.stats import multinomial

from reference.categorical_em import CategoricalMixture, estep, mstep, run
from tests.reference.test_shared import by_hand, falls


def random_mixture(K=3, C=4, seed=1):
    rng = np.random.default_rng(seed)
    return CategoricalMixture(rng.dirichlet(np.ones(C), K), rng.dirichlet(np.ones(K)))


def one_hot(n=20, C=4, seed=0):
    return np.eye(C)[np.random.default_rng(seed).integers(C, size=n)]


def counts(n=20, C=4, seed=0):
    """Return counts of 1 to 7 draws, each row from one of two distributions."""
    rng = np.random.default_rng(seed)
    theta = rng.dirichlet(np.full(C, 0.5), 2)
    return np.array([rng.multinomial(rng.integers(1, 8), theta[rng.integers(2)]) for _ in range(n)], dtype=float)


DATA = pytest.mark.parametrize("Y", [one_hot(), counts()], ids=["one-hot", "counts"])


def steps_of(Y):
    return lambda mixture: estep(Y, mixture), lambda post, _: mstep(Y, post)


def estep_by_products(Y, mixture):
    post, ll = [], 0.0
    for row in Y.tolist():
        joint = [
            p * math.prod(theta**y for theta, y in zip(thetas, row, strict=True))
            for thetas, p in zip(mixture.theta.tolist(), mixture.p.tolist(), strict=True)
        ]
        post.append([value / sum(joint) for value in joint])
        ll += math.log(sum(joint))
    return np.array(post), ll


# What independent sums give


@DATA
@pytest.mark.parametrize("K", [1, 2, 5])
def test_estep_agrees_with_products_of_probabilities(Y, K):
    mixture = random_mixture(K)
    post, ll = estep(Y, mixture)
    want_post, want_ll = estep_by_products(Y, mixture)
    np.testing.assert_allclose(post, want_post, rtol=1e-11)
    assert ll == pytest.approx(want_ll, rel=1e-12)


@DATA
def test_the_likelihood_is_the_multinomials_without_its_coefficient(Y):
    mixture = random_mixture()
    likelihoods = [
        sum(p * multinomial.pmf(row, row.sum(), theta) for theta, p in zip(mixture.theta, mixture.p, strict=True))
        for row in Y
    ]
    ways = [math.factorial(int(row.sum())) / math.prod(math.factorial(int(y)) for y in row) for row in Y]
    assert estep(Y, mixture)[1] == pytest.approx(sum(map(math.log, likelihoods)) - sum(map(math.log, ways)))


def test_mstep_of_one_hot_rows_is_the_weighted_mean():
    Y, post = one_hot(30), np.random.default_rng(3).dirichlet(np.ones(3), 30)
    theta, p = mstep(Y, post)
    for j in range(3):
        np.testing.assert_allclose(theta[j], np.average(Y, axis=0, weights=post[:, j]))
        assert p[j] == pytest.approx(math.fsum(post[:, j]) / 30)


def test_mstep_of_counts_is_the_share_of_all_the_draws():
    Y, post = counts(30), np.random.default_rng(3).dirichlet(np.ones(3), 30)
    theta, p = mstep(Y, post)
    for j in range(3):
        draws = [math.fsum(post[t, j] * Y[t, c] for t in range(30)) for c in range(4)]
        np.testing.assert_allclose(theta[j], np.array(draws) / math.fsum(draws))
        assert p[j] == pytest.approx(math.fsum(post[:, j]) / 30)


def test_the_counts_tell_the_share_of_draws_from_the_mean_of_shares():
    """The mistake of dividing each row by its sum first, which one-hot rows would not show."""
    Y, post = counts(30), np.random.default_rng(3).dirichlet(np.ones(3), 30)
    shares = Y / Y.sum(axis=1, keepdims=True)
    assert np.abs(mstep(Y, post).theta - mstep(shares, post).theta).max() > 0.01


@pytest.mark.parametrize("seed", range(5))
def test_mstep_is_the_maximum_of_the_expected_log_likelihood(seed):
    Y, post = counts(), np.random.default_rng(seed).dirichlet(np.ones(3), 20)

    def expected(mixture):
        return (post * (np.log(mixture.p) + Y @ np.log(mixture.theta).T)).sum()

    best = mstep(Y, post)
    nudged = random_mixture(seed=seed)
    others = [
        CategoricalMixture(*((1 - step) * one + step * other for one, other in zip(best, nudged, strict=True)))
        for step in (1e-3, 1e-2, 0.5)
    ]
    assert all(expected(best) > expected(other) for other in others)


# What EM promises


@DATA
def test_run_is_the_steps_in_turn_until_the_likelihood_stops_rising(Y):
    start = random_mixture(2)
    want, want_post, history = by_hand(*steps_of(Y), start)
    mixture, post, ll = run(Y, start)
    assert len(history) > 2
    np.testing.assert_allclose(mixture.theta, want.theta, atol=1e-12)
    np.testing.assert_allclose(mixture.p, want.p)
    np.testing.assert_allclose(post, want_post)
    assert ll == pytest.approx(history[-1])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("make", [one_hot, counts])
def test_the_likelihood_never_falls(make, seed):
    _, _, history = by_hand(*steps_of(make(40, 4, seed)), random_mixture(3, 4, seed))
    assert len(history) > 2
    assert falls(history) == []
    assert history[-1] > history[0]


@DATA
def test_responsibilities_probabilities_and_proportions_sum_to_one(Y):
    mixture, post, _ = run(Y, random_mixture())
    np.testing.assert_allclose(post.sum(axis=1), 1)
    np.testing.assert_allclose(mixture.theta.sum(axis=1), 1)
    assert mixture.p.sum() == pytest.approx(1)


def test_thousands_of_draws_underflow_nothing():
    post, ll = estep(np.full((2, 4), 5000.0), random_mixture())
    np.testing.assert_allclose(post.sum(axis=1), 1)
    assert np.isfinite(ll)


@DATA
def test_renaming_components_renames_the_result(Y):
    mixture, order = random_mixture(), [2, 0, 1]
    renamed = CategoricalMixture(*(part[order] for part in mixture))
    post, ll = estep(Y, mixture)
    np.testing.assert_allclose(estep(Y, renamed)[0], post[:, order])
    assert estep(Y, renamed)[1] == pytest.approx(ll)
    np.testing.assert_allclose(mstep(Y, post[:, order]).theta, mstep(Y, post).theta[order])


@DATA
def test_renaming_categories_renames_theta(Y):
    mixture, order = random_mixture(), [3, 1, 0, 2]
    post, ll = estep(Y, mixture)
    renamed_post, renamed_ll = estep(Y[:, order], mixture._replace(theta=mixture.theta[:, order]))
    np.testing.assert_allclose(renamed_post, post)
    assert renamed_ll == pytest.approx(ll)
    np.testing.assert_allclose(mstep(Y[:, order], post).theta, mstep(Y, post).theta[:, order])


def test_splitting_a_category_by_the_same_coin_for_all_changes_no_responsibility():
    Y, mixture = counts(), random_mixture()
    halved = np.hstack([Y[:, :1], np.zeros((20, 1)), Y[:, 1:]])
    theta = np.hstack([0.3 * mixture.theta[:, :1], 0.7 * mixture.theta[:, :1], mixture.theta[:, 1:]])
    post, ll = estep(Y, mixture)
    split_post, split_ll = estep(halved, mixture._replace(theta=theta))
    np.testing.assert_allclose(split_post, post)
    assert split_ll == pytest.approx(ll + Y[:, 0].sum() * math.log(0.3))


# What is decided


def test_a_category_of_probability_zero_that_was_not_observed_changes_nothing():
    Y, mixture = counts(), random_mixture()
    more = np.hstack([Y, np.zeros((20, 1))])
    post, ll = estep(Y, mixture)
    with_zero = estep(more, mixture._replace(theta=np.hstack([mixture.theta, np.zeros((3, 1))])))
    np.testing.assert_allclose(with_zero[0], post)
    assert with_zero[1] == pytest.approx(ll)
    np.testing.assert_array_equal(mstep(more, post).theta[:, 4], np.zeros(3))


def test_a_category_of_probability_zero_that_was_observed_makes_the_component_impossible():
    Y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0], [3.0, 0.0, 1.0]])
    mixture = CategoricalMixture(np.array([[0.0, 0.4, 0.6], [0.2, 0.3, 0.5]]), np.array([0.7, 0.3]))
    post, ll = estep(Y, mixture)
    second = 0.7 * 0.4 * 0.6**2, 0.3 * 0.3 * 0.5**2
    np.testing.assert_allclose(post, [[0, 1], np.array(second) / sum(second), [0, 1]])
    assert post[0, 0] == post[2, 0] == 0
    assert ll == pytest.approx(math.log(0.3 * 0.2) + math.log(sum(second)) + math.log(0.3 * 0.2**3 * 0.5))


@pytest.mark.parametrize("call", [estep, run])
def test_an_observation_that_is_impossible_under_every_component_is_an_error(call):
    mixture = CategoricalMixture(np.array([[0.5, 0.5, 0.0], [0.1, 0.9, 0.0]]), np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="row 1 of the data is impossible under every component"):
        call(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]), mixture)


@pytest.mark.parametrize("last", [[1.0, 0.0], [0.0, 1.0]], ids=["no row", "a row of nothing"])
def test_a_component_that_is_responsible_for_nothing_is_an_error_that_names_it(last):
    Y = np.vstack([one_hot(3), np.zeros((1, 4))])
    with pytest.raises(ValueError, match="component 1 is responsible for nothing: its theta is undefined"):
        mstep(Y, np.array([[1.0, 0.0]] * 3 + [last]))


def test_an_observation_of_nothing_has_the_mixing_proportions_as_responsibilities():
    Y, mixture = counts(), random_mixture()
    longer = np.vstack([Y, np.zeros((1, 4))])
    post, ll = estep(longer, mixture)
    np.testing.assert_allclose(post[20], mixture.p)
    assert ll == pytest.approx(estep(Y, mixture)[1])
    np.testing.assert_allclose(mstep(longer, post).theta, mstep(Y, post[:20]).theta)
    np.testing.assert_allclose(mstep(longer, post).p, post.sum(axis=0) / 21)


@DATA
@pytest.mark.parametrize("theta", [[0.25] * 4, [0.1, 0.2, 0.3, 0.4]], ids=["uniform", "alike"])
def test_components_that_begin_alike_stay_alike_and_run_warns_of_it(Y, theta):
    start = CategoricalMixture(np.array([theta] * 3), np.array([0.5, 0.3, 0.2]))
    with pytest.warns(
        UserWarning, match="all components begin with the same theta: EM will never tell them apart"
    ) as w:
        mixture, post, ll = run(Y, start)
    assert [warning.filename for warning in w] == [__file__]
    frequencies = Y.sum(axis=0) / Y.sum()
    np.testing.assert_allclose(mixture.theta, [frequencies] * 3)
    np.testing.assert_allclose(mixture.p, start.p)
    np.testing.assert_allclose(post, [start.p] * 20)
    assert ll == pytest.approx(sum(y * math.log(f) for y, f in zip(Y.sum(axis=0), frequencies, strict=True) if y))
    again = mstep(Y, estep(Y, mixture)[0])
    np.testing.assert_allclose(again.theta, mixture.theta)


def test_two_components_of_three_that_begin_alike_stay_alike():
    theta = random_mixture().theta[[0, 0, 1]]
    mixture, post, _ = run(counts(), CategoricalMixture(theta, np.full(3, 1 / 3)))
    np.testing.assert_allclose(mixture.theta[0], mixture.theta[1])
    np.testing.assert_allclose(post[:, 0], post[:, 1])
    assert np.abs(mixture.theta[0] - mixture.theta[2]).max() > 0.1


@DATA
def test_one_component_is_the_frequencies_after_one_step_and_no_cause_for_a_warning(Y):
    start = random_mixture(1)
    frequencies = Y.sum(axis=0) / Y.sum()
    for mixture in (mstep(Y, estep(Y, start)[0]), run(Y, start)[0]):
        np.testing.assert_allclose(mixture.theta, [frequencies])
        np.testing.assert_array_equal(mixture.p, [1])
    assert run(Y, start)[2] == pytest.approx((Y.sum(axis=0) * np.log(frequencies)).sum())


@DATA
def test_duplicated_observations_count_twice(Y):
    twice, mixture = np.vstack([Y, Y]), random_mixture()
    post, ll = estep(twice, mixture)
    np.testing.assert_allclose(post[:20], post[20:])
    assert ll == pytest.approx(2 * estep(Y, mixture)[1])
    np.testing.assert_allclose(run(twice, mixture)[0].theta, run(Y, mixture)[0].theta, atol=1e-12)


def test_as_many_components_as_observations_find_one_each():
    mixture, post, ll = run(20 * np.eye(4), CategoricalMixture(0.7 * np.eye(4) + 0.075, np.full(4, 0.25)))
    np.testing.assert_allclose(post, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(mixture.theta, np.eye(4), atol=1e-9)
    assert ll == pytest.approx(4 * math.log(0.25))


def test_a_mixing_proportion_of_zero_is_a_component_that_takes_nothing():
    mixture = random_mixture()._replace(p=np.array([0.4, 0.6, 0.0]))
    post, ll = estep(counts(), mixture)
    np.testing.assert_array_equal(post[:, 2], np.zeros(20))
    assert ll == pytest.approx(estep(counts(), CategoricalMixture(mixture.theta[:2], mixture.p[:2]))[1])


def test_observations_of_a_single_category_have_the_likelihood_zero():
    for seed in range(50):
        assert run(np.eye(3)[[0] * 7], random_mixture(3, 3, seed))[2] == pytest.approx(0)
