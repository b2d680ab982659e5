"""Labels against densities written out, the model without labels, means of classes, and what EM promises."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from reference import naive_em
from reference.init import init
from reference.mixture import GaussianMixture
from reference.semi_supervised_em import UNLABELLED, estep, mstep, run
from tests.reference.test_shared import by_hand, falls

CLASSES = np.random.default_rng(5).integers(3, size=40)
"""The class of each of the points of `blobs`."""
SOME = np.where(np.arange(40) % 4 == 0, CLASSES, UNLABELLED)
"""Labels for a fourth of them."""
NONE = np.full(40, UNLABELLED)


def blobs(d=3, seed=0, apart=2.0):
    return np.random.default_rng(seed).normal(size=(40, d)) + apart * CLASSES[:, None]


def random_mixture(K=3, d=3, seed=1):
    rng = np.random.default_rng(seed)
    return GaussianMixture(rng.normal(2, 2, size=(K, d)), rng.uniform(0.5, 2, K), rng.dirichlet(np.ones(K)))


def steps_of(X, y):
    return lambda mixture: estep(X, y, mixture), lambda post, _: mstep(X, post)


def brute_force(X, y, mixture):
    """Take the density of a labelled point from its own component alone, and of another from all of them."""
    post, ll = [], 0.0
    for x, label in zip(X.tolist(), y, strict=True):
        joint = [
            p * math.exp(-(math.dist(x, mu) ** 2) / (2 * var)) / (2 * math.pi * var) ** (len(x) / 2)
            if label in {UNLABELLED, j}
            else 0.0
            for j, (mu, var, p) in enumerate(zip(*map(np.ndarray.tolist, mixture), strict=True))
        ]
        post.append([value / sum(joint) for value in joint])
        ll += math.log(sum(joint))
    return np.array(post), ll


# What independent sums give


@pytest.mark.parametrize("y", [NONE, SOME, CLASSES], ids=["no label", "some", "all"])
@pytest.mark.parametrize("d", [1, 3])
def test_estep_agrees_with_brute_force(d, y):
    X, mixture = blobs(d), random_mixture(d=d)
    post, ll = estep(X, y, mixture)
    want_post, want_ll = brute_force(X, y, mixture)
    np.testing.assert_allclose(post, want_post, rtol=1e-9, atol=1e-14)
    assert ll == pytest.approx(want_ll, rel=1e-12)


def test_the_likelihood_is_that_of_the_labelled_and_of_the_unlabelled():
    X, mixture = blobs(), random_mixture()
    joint = np.column_stack(
        [p * multivariate_normal.pdf(X, mu, var * np.eye(3)) for mu, var, p in zip(*mixture, strict=True)]
    )
    unlabelled = np.log(joint[SOME == UNLABELLED].sum(axis=1)).sum()
    labelled = sum(math.log(joint[t, label]) for t, label in enumerate(SOME) if label != UNLABELLED)
    assert estep(X, SOME, mixture)[1] == pytest.approx(unlabelled + labelled)
    assert abs(estep(X, SOME, mixture)[1] - unlabelled) > 1


def test_mstep_is_the_weighted_mean_and_variance():
    X, post = blobs(), np.random.default_rng(3).dirichlet(np.ones(3), 40)
    mixture = mstep(X, post)
    for j, weights in enumerate(post.T):
        mean = np.average(X, axis=0, weights=weights)
        np.testing.assert_allclose(mixture.mu[j], mean)
        assert mixture.var[j] == pytest.approx(np.average(((X - mean) ** 2).mean(axis=1), weights=weights))
        assert mixture.p[j] == pytest.approx(math.fsum(weights) / 40)


def test_a_labelled_point_is_of_its_component_however_far_that_is():
    X = blobs()
    X[::4] += 1e4
    post, ll = estep(X, SOME, random_mixture())
    np.testing.assert_array_equal(post[::4], np.eye(3)[CLASSES[::4]])
    assert np.isfinite(ll)


def test_an_unlabelled_point_has_the_responsibilities_of_naive_em():
    X, mixture = blobs(), random_mixture()
    unlabelled = SOME == UNLABELLED
    np.testing.assert_allclose(estep(X, SOME, mixture)[0][unlabelled], naive_em.estep(X, mixture)[0][unlabelled])


def test_with_no_label_it_is_naive_em():
    X, (start, uniform) = blobs(), init(blobs(), 3, 0)
    for found, want in zip(estep(X, NONE, start), naive_em.estep(X, start), strict=True):
        np.testing.assert_array_equal(found, want)
    (mixture, post, ll), (naive, naive_post, naive_ll) = run(X, NONE, start), naive_em.run(X, start, uniform)
    np.testing.assert_array_equal(post, naive_post)
    assert ll == naive_ll
    for found, want in zip(mixture, naive, strict=True):
        np.testing.assert_array_equal(found, want)


def test_with_all_labels_one_mstep_is_the_answer_and_it_is_the_classes_means_and_variances():
    X, start = blobs(), random_mixture()
    mixture, post, ll = run(X, CLASSES, start)
    np.testing.assert_array_equal(post, np.eye(3)[CLASSES])
    once = mstep(X, estep(X, CLASSES, start)[0])
    for found in (mixture, once):
        for j in range(3):
            mine = X[j == CLASSES]
            np.testing.assert_allclose(found.mu[j], mine.mean(axis=0))
            assert found.var[j] == pytest.approx(((mine - mine.mean(axis=0)) ** 2).mean())
            assert found.p[j] == pytest.approx(len(mine) / 40)
    assert ll == pytest.approx(brute_force(X, CLASSES, once)[1])


# What EM promises


def test_run_is_the_steps_in_turn_until_the_likelihood_stops_rising():
    X, start = blobs(), random_mixture()
    want, want_post, history = by_hand(*steps_of(X, SOME), start)
    mixture, post, ll = run(X, SOME, start)
    assert len(history) > 3
    np.testing.assert_allclose(mixture.mu, want.mu)
    np.testing.assert_allclose(post, want_post)
    assert ll == pytest.approx(history[-1])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_the_likelihood_never_falls(seed, share):
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(40) < share, rng.permutation(CLASSES), UNLABELLED)
    _, _, history = by_hand(*steps_of(blobs(2, seed), y), random_mixture(3, 2, seed))
    assert len(history) > 3
    assert falls(history) == []
    assert history[-1] > history[0]


def test_responsibilities_sum_to_one():
    np.testing.assert_allclose(estep(blobs(), SOME, random_mixture())[0].sum(axis=1), 1)


def test_renaming_components_and_labels_renames_the_result():
    X, mixture, order = blobs(), random_mixture(), np.array([2, 0, 1])
    renamed = GaussianMixture(*(part[order] for part in mixture))
    y = np.where(SOME == UNLABELLED, UNLABELLED, np.argsort(order)[SOME])
    post, ll = estep(X, SOME, mixture)
    np.testing.assert_allclose(estep(X, y, renamed)[0], post[:, order])
    assert estep(X, y, renamed)[1] == pytest.approx(ll)
    np.testing.assert_allclose(run(X, y, renamed)[0].mu, run(X, SOME, mixture)[0].mu[order])


def test_renaming_components_without_their_labels_is_another_model():
    X, mixture, order = blobs(), random_mixture(), [2, 0, 1]
    renamed = GaussianMixture(*(part[order] for part in mixture))
    assert abs(estep(X, SOME, renamed)[1] - estep(X, SOME, mixture)[1]) > 1


def test_labels_say_which_component_is_which_wherever_it_starts():
    X = blobs(apart=6)
    start = GaussianMixture(np.full((3, 3), 6.0), np.full(3, 9.0), np.full(3, 1 / 3))
    post = run(X, SOME, start)[1]
    np.testing.assert_array_equal(post.argmax(axis=1), CLASSES)


@pytest.mark.parametrize("to", [5.0, 1e6])
def test_moving_the_data_moves_the_means_even_far_from_the_origin(to):
    X, mixture = blobs(), random_mixture()
    moved = mixture._replace(mu=mixture.mu + to)
    post, ll = estep(X, SOME, mixture)
    assert estep(X + to, SOME, moved)[1] == pytest.approx(ll, rel=1e-7)
    np.testing.assert_allclose(mstep(X + to, post).var, mstep(X, post).var, rtol=1e-7)
    np.testing.assert_allclose(mstep(X + to, post).mu, mstep(X, post).mu + to)


def test_scaling_the_data_lowers_the_likelihood_by_n_d_log_s():
    X, mixture = blobs(), random_mixture()
    scaled = GaussianMixture(3 * mixture.mu, 9 * mixture.var, mixture.p)
    (post, ll), (scaled_post, scaled_ll) = estep(X, SOME, mixture), estep(3 * X, SOME, scaled)
    np.testing.assert_allclose(scaled_post, post)
    assert scaled_ll == pytest.approx(ll - X.size * math.log(3))
    np.testing.assert_allclose(mstep(3 * X, post).var, 9 * mstep(X, post).var)


# What is decided


def test_a_component_without_a_label_is_found_as_any_other():
    X = blobs(apart=6)
    y = np.where(SOME == 2, UNLABELLED, SOME)
    start = GaussianMixture(np.array([[3.0] * 3, [4.0] * 3, [9.0] * 3]), np.full(3, 9.0), np.full(3, 1 / 3))
    mixture, post, _ = run(X, y, start)
    np.testing.assert_array_equal(post.argmax(axis=1), CLASSES)
    np.testing.assert_allclose(mixture.mu[2], X[CLASSES == 2].mean(axis=0), atol=0.1)


@pytest.mark.parametrize("call", [estep, run])
def test_a_point_labelled_with_a_component_of_no_weight_is_an_error_that_names_its_row(call):
    y = np.where(np.arange(40) == 7, 1, UNLABELLED)
    with pytest.raises(ValueError, match="row 7 of the data is impossible under every component"):
        call(blobs(), y, random_mixture()._replace(p=np.array([0.5, 0.0, 0.5])))


@pytest.mark.parametrize("call", [estep, run])
@pytest.mark.parametrize("label", [-2, 3, 100])
def test_a_label_that_is_no_components_is_an_error(call, label):
    y = np.where(np.arange(40) == 7, label, SOME)
    with pytest.raises(ValueError, match="a label must be between 0 and 2, or -1 for none"):
        call(blobs(), y, random_mixture())


def test_a_mixing_proportion_of_zero_is_a_component_that_takes_nothing():
    X, mixture = blobs(), random_mixture()._replace(p=np.array([0.4, 0.6, 0.0]))
    y = np.where(SOME == 2, UNLABELLED, SOME)
    post, ll = estep(X, y, mixture)
    np.testing.assert_array_equal(post[:, 2], np.zeros(40))
    assert ll == pytest.approx(estep(X, y, GaussianMixture(*(part[:2] for part in mixture)))[1])


def test_a_component_without_points_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="component 1 is responsible for no point: its mean is undefined"):
        run(blobs(), np.where(CLASSES == 1, 0, CLASSES), random_mixture())


@pytest.mark.parametrize(
    ("X", "y"),
    [(blobs()[:3], np.arange(3)), (np.vstack([blobs(), [[0.1, 0.2, 0.3]] * 7]), np.r_[np.zeros(40, int), [1] * 7])],
    ids=["as many components as points", "duplicated points"],
)
def test_labelled_points_that_coincide_are_the_variance_zero_and_an_error_of_the_next_estep(X, y):
    start = random_mixture(y.max() + 1)
    assert mstep(X, estep(X, y, start)[0]).var[-1] == 0
    with pytest.raises(ValueError, match="every variance must be positive, not 0.0: a component collapsed"):
        run(X, y, start)


@pytest.mark.parametrize("y", [NONE, np.where(SOME == UNLABELLED, UNLABELLED, 0)], ids=["no label", "some"])
def test_one_component_is_the_datas_mean_and_variance_labelled_or_not(y):
    X = blobs()
    mixture, post, _ = run(X, y, random_mixture(1))
    np.testing.assert_allclose(mixture.mu, [X.mean(axis=0)])
    np.testing.assert_allclose(mixture.var, [((X - X.mean(axis=0)) ** 2).mean()])
    np.testing.assert_array_equal(post, np.ones((40, 1)))
