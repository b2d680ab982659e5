"""Nearest means against loops over single entries, scikit-learn's k-means, and what the steps promise."""

import itertools
import math

import numpy as np
import pytest
from sklearn.cluster import KMeans

from reference import hard_em
from reference.hard_em import estep, mstep, run
from tests.reference.test_shared import falls

NOWHERE = np.nan


def blobs(n=40, d=3, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 4 * rng.integers(3, size=(n, 1))
    return np.where(rng.random((n, d)) < missing, NOWHERE, X)


def random_start(K=3, d=3, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(4, 4, size=(K, d)), rng.uniform(0.5, 2, (K, d))


def estep_by_loops(X, mu):
    R = np.zeros((len(mu), len(X)))
    for i, x in enumerate(X.tolist()):
        distances = [
            math.fsum((a - b) ** 2 for a, b in zip(x, mean, strict=True) if not math.isnan(a)) for mean in mu.tolist()
        ]
        R[distances.index(min(distances)), i] = 1
    return R


def mstep_by_loops(X, R, mu, var):
    mu, var = mu.copy(), var.copy()
    for j, c in np.ndindex(mu.shape):
        mine = [X[i, c] for i in range(len(X)) if R[j, i] == 1 and not math.isnan(X[i, c])]
        if mine:
            mu[j, c] = math.fsum(mine) / len(mine)
            var[j, c] = math.fsum((x - mu[j, c]) ** 2 for x in mine) / len(mine)
    return mu, var


def run_by_hand(X, mu, var, max_steps=1000):
    """Return what `run` does, and how far the points were from their means after each E-step and each M-step."""
    distances, R = [], None
    for _ in range(max_steps):
        before, R = R, estep_by_loops(X, mu)
        if before is not None and (before == R).all():
            break
        distances.append(np.nansum((X - R.T @ mu) ** 2))
        mu, var = mstep_by_loops(X, R, mu, var)
        distances.append(np.nansum((X - R.T @ mu) ** 2))
    return mu, var, R, distances


# What independent sums give


@pytest.mark.parametrize(("n", "d", "K"), [(1, 1, 1), (9, 1, 3), (20, 3, 2), (30, 5, 7)])
@pytest.mark.parametrize("missing", [0, 0.3, 0.8])
def test_estep_agrees_with_distances_summed_one_by_one(n, d, K, missing):
    X, (mu, _) = blobs(n, d, missing=missing), random_start(K, d)
    np.testing.assert_array_equal(estep(X, mu), estep_by_loops(X, mu))


@pytest.mark.parametrize("missing", [0, 0.3, 0.8])
@pytest.mark.parametrize("K", [1, 3, 7])
def test_mstep_agrees_with_means_and_variances_of_single_entries(K, missing):
    X, (mu, var) = blobs(30, missing=missing), random_start(K)
    R = np.eye(K)[:, np.random.default_rng(2).integers(K, size=30)]
    new_mu, new_var = mstep(X, R, mu, var)
    want_mu, want_var = mstep_by_loops(X, R, mu, var)
    np.testing.assert_allclose(new_mu, want_mu)
    np.testing.assert_allclose(new_var, want_var, atol=1e-15)


def test_mstep_is_numpys_mean_and_variance_without_what_is_missing():
    X, (mu, var) = blobs(), random_start()
    R = estep(X, np.array([[0.0] * 3, [4.0] * 3, [8.0] * 3]))
    new_mu, new_var = mstep(X, R, mu, var)
    for j in range(3):
        np.testing.assert_allclose(new_mu[j], np.nanmean(X[R[j] == 1], axis=0))
        np.testing.assert_allclose(new_var[j], np.nanvar(X[R[j] == 1], axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_run_agrees_with_scikit_learns_k_means(seed):
    X = blobs(80, 2, seed, missing=0)
    mu, var = X[:3], np.ones((3, 2))
    theirs = KMeans(3, init=mu, n_init=1, algorithm="lloyd", tol=0, max_iter=100).fit(X)
    mu, var, R = run(X, mu, var)
    np.testing.assert_allclose(mu, theirs.cluster_centers_)
    np.testing.assert_array_equal(R.argmax(axis=0), theirs.labels_)
    within = sum(R[j].sum() * var[j].sum() for j in range(3))
    assert within == pytest.approx(theirs.inertia_)


@pytest.mark.parametrize("seed", range(5))
def test_run_is_the_steps_in_turn_until_no_assignment_changes(seed):
    X, (mu, var) = blobs(60, seed=seed), random_start(4, seed=seed)
    want_mu, want_var, want_R, distances = run_by_hand(X, mu, var)
    found_mu, found_var, R = run(X, mu, var)
    assert len(distances) >= 4
    np.testing.assert_array_equal(R, want_R)
    np.testing.assert_allclose(found_mu, want_mu)
    np.testing.assert_allclose(found_var, want_var, atol=1e-15)


@pytest.mark.parametrize("max_steps", [1, 2, 3, 100])
def test_run_makes_no_more_than_the_steps_it_is_given(max_steps):
    """Means, variances and assignment belong together whenever it stops."""
    X, (mu, var) = blobs(200, 2, missing=0.1), random_start(5, 2)
    found_mu, found_var, R = run(X, mu, var, max_steps)
    want_mu, want_var, want_R, distances = run_by_hand(X, mu, var, max_steps)
    assert len(distances) == 2 * max_steps or max_steps == 100
    np.testing.assert_array_equal(R, want_R)
    np.testing.assert_allclose(found_mu, want_mu)
    np.testing.assert_allclose(found_var, want_var)
    for found, again in zip((found_mu, found_var), mstep(X, R, found_mu, found_var), strict=True):
        np.testing.assert_array_equal(found, again)


def test_run_stops_at_the_first_estep_that_changes_no_assignment(monkeypatch):
    calls = []
    monkeypatch.setattr(hard_em, "estep", lambda X, mu: calls.append(estep(X, mu)) or calls[-1])
    X, (mu, var) = blobs(200, 2), random_start(5, 2)
    run(X, mu, var)
    assert [np.array_equal(one, next_) for one, next_ in itertools.pairwise(calls)] == [False] * (len(calls) - 2) + [
        True
    ]


def test_a_hundred_steps_are_enough_unless_fewer_are_asked_for():
    X, start = blobs(200, 2), random_start(5, 2)
    mu, _, R = run(X, *start)
    np.testing.assert_array_equal(estep(X, mu), R)
    mu, _, R = run(X, *start, max_steps=1)
    assert not np.array_equal(estep(X, mu), R)


@pytest.mark.parametrize("max_steps", [0, -1])
def test_fewer_steps_than_one_are_an_error(max_steps):
    with pytest.raises(ValueError, match=f"max_steps must be at least 1, not {max_steps}"):
        run(blobs(), *random_start(), max_steps)


def test_three_tissues_are_found_though_a_tenth_is_missing():
    rng = np.random.default_rng(0)
    truth, spread = np.array([[0.0, 0.0], [6.0, 1.0], [2.0, 8.0]]), np.array([[1.0, 0.5], [0.5, 1.0], [0.7, 0.7]])
    X = np.repeat(truth, 200, axis=0) + rng.normal(size=(600, 2)) * np.repeat(spread, 200, axis=0)
    holed = np.where(rng.random((600, 2)) < 0.1, NOWHERE, X)
    mu, var, R = run(holed, truth + 1, np.ones((3, 2)))
    assert R.shape == (3, 600)
    np.testing.assert_allclose(mu, truth, atol=0.25)
    np.testing.assert_allclose(np.sqrt(var), spread, atol=0.25)
    assert (R.argmax(axis=0) == np.repeat([0, 1, 2], 200)).mean() > 0.95


# What the steps promise


@pytest.mark.parametrize("missing", [0, 0.2, 0.9])
def test_each_point_has_exactly_one_component(missing):
    R = estep(blobs(600, missing=missing), random_start()[0])
    assert R.shape == (3, 600)
    assert set(R.ravel().tolist()) == {0.0, 1.0}
    np.testing.assert_array_equal(R.sum(axis=0), np.ones(600))


@pytest.mark.parametrize("seed", range(10))
def test_the_squared_distances_never_rise(seed):
    """Of the points from the means they are assigned to, over what is known: it is what both steps minimise."""
    X, (mu, var) = blobs(60, 4, seed), random_start(4, 4, seed)
    distances = []
    for _ in range(10):
        R = estep(X, mu)
        distances.append(np.nansum((X - R.T @ mu) ** 2))
        mu, var = mstep(X, R, mu, var)
        distances.append(np.nansum((X - R.T @ mu) ** 2))
    assert falls([-distance for distance in distances]) == []
    assert distances[-1] < distances[0]


def test_renaming_components_renames_the_result():
    X, (mu, var), order = blobs(), random_start(), [2, 0, 1]
    np.testing.assert_array_equal(estep(X, mu[order]), estep(X, mu)[order])
    for found, want in zip(run(X, mu[order], var[order]), run(X, mu, var), strict=True):
        np.testing.assert_array_equal(found, want[order])


def test_the_order_of_points_and_of_coordinates_does_not_matter():
    X, (mu, var), columns = blobs(), random_start(), [2, 0, 1]
    rows = np.random.default_rng(0).permutation(40)
    found_mu, found_var, R = run(X[rows][:, columns], mu[:, columns], var[:, columns])
    want_mu, want_var, want_R = run(X, mu, var)
    np.testing.assert_allclose(found_mu, want_mu[:, columns])
    np.testing.assert_allclose(found_var, want_var[:, columns])
    np.testing.assert_array_equal(R, want_R[:, rows])


@pytest.mark.parametrize(("factor", "to"), [(1, 1e6), (3, 0), (-0.5, 7)])
def test_moving_and_scaling_the_data_moves_and_scales_the_means(factor, to):
    X, (mu, var) = blobs(), random_start()
    found_mu, found_var, R = run(factor * X + to, factor * mu + to, factor**2 * var)
    want_mu, want_var, want_R = run(X, mu, var)
    np.testing.assert_array_equal(R, want_R)
    np.testing.assert_allclose(found_mu, factor * want_mu + to)
    np.testing.assert_allclose(found_var, factor**2 * want_var, rtol=1e-7)


# What is missing


def test_a_missing_entry_is_as_if_there_were_no_such_coordinate():
    X, (mu, _) = blobs(missing=0), random_start()
    for c in range(3):
        holed = X.copy()
        holed[:, c] = NOWHERE
        np.testing.assert_array_equal(estep(holed, mu), estep(np.delete(X, c, axis=1), np.delete(mu, c, axis=1)))


def test_a_missing_entry_is_left_out_of_its_coordinates_mean_alone():
    X, (mu, var) = blobs(missing=0), random_start()
    R = estep(X, mu)
    holed = X.copy()
    holed[5, 1] = NOWHERE
    found, want = mstep(holed, R, mu, var), mstep(X, R, mu, var)
    without = mstep(np.delete(X, 5, axis=0), np.delete(R, 5, axis=1), mu, var)
    for part, whole, fewer in zip(found, want, without, strict=True):
        np.testing.assert_allclose(part[:, [0, 2]], whole[:, [0, 2]])
        np.testing.assert_allclose(part[:, 1], fewer[:, 1])


def test_a_missing_entry_is_not_a_zero():
    X, mu = np.array([[NOWHERE, 9.0]]), np.array([[0.0, 0.0], [20.0, 8.0]])
    np.testing.assert_array_equal(estep(X, mu), [[0], [1]])
    np.testing.assert_array_equal(estep(np.nan_to_num(X), mu), [[1], [0]])


# What is decided


def test_of_means_that_are_equally_near_the_first_is_taken():
    R = estep(np.array([[1.0], [3.0]]), np.array([[9.0], [2.0], [2.0], [0.0], [4.0]]))
    np.testing.assert_array_equal(R.argmax(axis=0), [1, 1])


def test_a_point_with_nothing_observed_belongs_to_component_0_and_changes_nothing():
    X, (mu, var) = blobs(), random_start()
    longer = np.vstack([X, [[NOWHERE] * 3]])
    R = estep(longer, mu)
    np.testing.assert_array_equal(R[:, 40], [1, 0, 0])
    for found, want in zip(mstep(longer, R, mu, var), mstep(X, R[:, :40], mu, var), strict=True):
        np.testing.assert_array_equal(found, want)
    for found, want in zip(run(longer, mu, var)[:2], run(X, mu, var)[:2], strict=True):
        np.testing.assert_array_equal(found, want)


def test_a_component_without_points_keeps_its_mean_and_variance():
    X, (mu, var) = blobs(missing=0), random_start()
    mu[1] = 1e3
    found_mu, found_var, R = run(X, mu, var)
    assert R[1].sum() == 0
    np.testing.assert_array_equal(found_mu[1], mu[1])
    np.testing.assert_array_equal(found_var[1], var[1])


def test_a_component_without_an_entry_in_some_coordinate_keeps_what_it_had_there_and_only_there():
    X = np.array([[1.0, NOWHERE], [3.0, NOWHERE], [10.0, 4.0]])
    mu, var = np.array([[2.0, 7.0], [9.0, 9.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    found_mu, found_var = mstep(X, np.array([[1.0, 1, 0], [0, 0, 1]]), mu, var)
    np.testing.assert_array_equal(found_mu, [[2, 7], [10, 4]])
    np.testing.assert_array_equal(found_var, [[1, 6], [0, 0]])


@pytest.mark.parametrize(
    ("X", "K"), [(blobs(5, missing=0), 5), (np.repeat(blobs(3, missing=0), 4, axis=0), 3)], ids=["K = n", "duplicated"]
)
def test_a_variance_of_zero_is_as_good_as_any(X, K):
    start = X[:: len(X) // K]
    mu, var, R = run(X, start, np.ones((K, 3)))
    np.testing.assert_allclose(mu, start)
    np.testing.assert_allclose(var, np.zeros((K, 3)), atol=1e-29)
    np.testing.assert_array_equal(R, np.repeat(np.eye(K), len(X) // K, axis=1))


def test_one_component_takes_all_points():
    X, (mu, var) = blobs(), random_start(1)
    mu, var, R = run(X, mu, var)
    np.testing.assert_array_equal(R, np.ones((1, 40)))
    np.testing.assert_allclose(mu, [np.nanmean(X, axis=0)])
    np.testing.assert_allclose(var, [np.nanvar(X, axis=0)])
