"""Matrix completion against published figures, loops over single ratings, and what it promises."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from reference import naive_em
from reference.em import estep, fill_matrix, mstep, run
from reference.init import init
from reference.loop import LikelihoodFellError
from reference.mixture import GaussianMixture
from tests.reference.test_shared import by_hand, falls, peak

TINY = 1e-12
"""A least variance that lifts none."""


def ratings(n=12, d=5, seed=0, missing=0.3):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, d)) < missing, 0.0, rng.integers(1, 6, size=(n, d)))


def random_mixture(K=3, d=5, seed=1):
    rng = np.random.default_rng(seed)
    return GaussianMixture(rng.uniform(1, 5, (K, d)), rng.uniform(0.3, 2, K), rng.dirichlet(np.ones(K)))


def steps_of(X):
    return lambda mixture: estep(X, mixture), lambda post, mixture: mstep(X, post, mixture)


def root_mean_square(difference):
    return math.sqrt((difference**2).mean())


def ratings_that_make_every_rule_bite():
    """Return X, post and a mixture: rare columns, a component at the floor, a single rating, a row of nothing."""
    X = np.array([
        [4, 4, 2, 5, 1, 0],
        [4, 4, 2, 0, 1, 0],
        [4, 0, 2, 5, 1, 0],
        [4, 4, 2, 4, 1, 0],
        [0, 0, 3, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [1, 5, 4, 0, 3, 2],
        [5, 2, 1, 0, 4, 5],
        [2, 1, 5, 1, 5, 0],
    ], dtype=float)  # fmt: skip
    post = np.array([[0.96, 0.02, 0.02]] * 4 + [[0.1, 0.3, 0.6]] * 2 + [[0.02, 0.5, 0.48]] * 3)
    return X, post, random_mixture(3, 6)


def estep_by_loops(X, mixture):
    """Multiply the densities of single ratings, with math alone."""
    post, ll = [], 0.0
    for row in X.tolist():
        joint = []
        for mu, var, p in zip(mixture.mu.tolist(), mixture.var.tolist(), mixture.p.tolist(), strict=True):
            seen = [(x, m) for x, m in zip(row, mu, strict=True) if x != 0]
            densities = [math.exp(-((x - m) ** 2) / (2 * var)) / math.sqrt(2 * math.pi * var) for x, m in seen]
            joint.append((p + 1e-16) * math.prod(densities))
        post.append([value / sum(joint) for value in joint])
        ll += math.log(sum(joint))
    return np.array(post), ll


def mstep_by_loops(X, post, before, floor=0.25, *, least=1.0, old_means=False, zeros_count=False, by_columns=False):
    """Sum over single ratings; the options are the mistakes that students make."""
    n, d = X.shape
    mu, var = before.mu.copy(), before.var.copy()
    cells = [(u, c) for u in range(n) for c in range(d) if X[u, c] != 0 or zeros_count]
    for j in range(len(before.p)):
        for c in range(d):
            raters = [u for u, column in cells if column == c]
            support = math.fsum(post[u, j] for u in raters)
            if support >= least:
                mu[j, c] = math.fsum(post[u, j] * X[u, c] for u in raters) / support
        centre = (before if old_means else GaussianMixture(mu, var, before.p)).mu
        squares = math.fsum(post[u, j] * (X[u, c] - centre[j, c]) ** 2 for u, c in cells)
        weight = d * math.fsum(post[:, j]) if by_columns else math.fsum(post[u, j] for u, _ in cells)
        var[j] = max(floor, squares / weight)
    return GaussianMixture(mu, var, np.array([math.fsum(column) / n for column in post.T]))


def equal(ours, theirs, rtol=1e-10):
    return all(np.allclose(part, other, rtol=rtol, atol=1e-12) for part, other in zip(ours, theirs, strict=True))


# What is published


def test_the_courses_table_holds_for_the_small_matrix(course_data):
    X, complete = (np.loadtxt(course_data / f"test_{name}.txt") for name in ("incomplete", "complete"))
    start, post = init(X, 4, 0)
    first, ll = estep(X, start)
    assert ll == pytest.approx(-152.16319226209848, rel=1e-12)
    np.testing.assert_allclose(mstep(X, first, start).p, [0.13810266, 0.17175435, 0.46575794, 0.22438505], atol=5e-9)
    mixture, _, ll = run(X, start, post)
    assert ll == pytest.approx(-84.98451993042474, rel=1e-10)
    np.testing.assert_allclose(mixture.var, [0.25, 0.25, 0.44961685, 0.27930039], atol=5e-9)
    assert root_mean_square(fill_matrix(X, mixture) - complete) == pytest.approx(0.3152301205749675, rel=1e-9)


@pytest.fixture(scope="module")
def runs():
    """What `by_hand` found from a number of components and a seed, so that no test needs to find it again."""
    return {}


@pytest.fixture
def netflix(course_data, runs):
    """Return the ratings, the complete ones, and a function that fits K components from a seed."""
    with np.load(course_data / "netflix.npz") as arrays:
        X, complete = arrays["incomplete"].astype(float), arrays["complete"].astype(float)

    def fit(K, seed):
        if (K, seed) not in runs:
            runs[K, seed] = by_hand(*steps_of(X), init(X, K, seed)[0])
        return runs[K, seed]

    return X, complete, fit


@pytest.mark.parametrize(("K", "seed", "ll", "count"), [(1, 0, -1521060.9539852473, 3), (12, 1, -1390234.4223469, 27)])
def test_the_courses_table_holds_for_the_large_matrix(netflix, K, seed, ll, count):
    X, _, fit = netflix
    start, post = init(X, K, seed)
    assert run(X, start, post)[2] == pytest.approx(ll, rel=1e-10)
    assert len(fit(K, seed)[2]) == count


def test_the_large_matrix_is_completed_as_well_as_published(netflix):
    X, complete, fit = netflix
    assert root_mean_square(fill_matrix(X, fit(12, 1)[0]) - complete) == pytest.approx(0.48049085, abs=5e-9)


def test_the_second_seed_is_the_best_of_five_for_the_large_matrix(netflix):
    *_, fit = netflix
    assert max(range(5), key=lambda seed: fit(12, seed)[2][-1]) == 1


def test_ratings_may_be_whole_numbers(course_data):
    """As they are stored; a square of 8 bits would overflow."""
    with np.load(course_data / "netflix.npz") as arrays:
        X = arrays["incomplete"][:50, :70]
    mixture = random_mixture(3, 70)
    assert X.dtype == np.uint8
    np.testing.assert_array_equal(estep(X, mixture)[0], estep(X.astype(float), mixture)[0])
    np.testing.assert_array_equal(fill_matrix(X * 40, mixture), fill_matrix(X * 40.0, mixture))


# What independent sums give


@pytest.mark.parametrize(("n", "d", "K"), [(5, 1, 1), (6, 1, 3), (7, 2, 2), (8, 5, 4)])
@pytest.mark.parametrize("missing", [0, 0.4, 0.9])
def test_estep_agrees_with_products_of_single_densities(n, d, K, missing):
    X, mixture = ratings(n, d, missing=missing), random_mixture(K, d)
    post, ll = estep(X, mixture)
    want_post, want_ll = estep_by_loops(X, mixture)
    np.testing.assert_allclose(post, want_post, rtol=1e-9, atol=1e-13)
    assert ll == pytest.approx(want_ll, rel=1e-11, abs=1e-12)


def test_estep_agrees_with_scipys_densities():
    X, mixture = ratings(30), random_mixture()
    logs = norm.logpdf(X[:, None], mixture.mu, np.sqrt(mixture.var)[:, None])
    f = np.log(mixture.p) + np.where(X[:, None] != 0, logs, 0).sum(axis=2)
    post, ll = estep(X, mixture)
    np.testing.assert_allclose(post, np.exp(f) / np.exp(f).sum(axis=1, keepdims=True))
    assert ll == pytest.approx(np.log(np.exp(f).sum(axis=1)).sum())


@pytest.mark.parametrize("floor", [0.25, TINY, 3.0])
def test_mstep_agrees_with_sums_over_single_ratings(floor):
    X, post, mixture = ratings_that_make_every_rule_bite()
    assert equal(mstep(X, post, mixture, floor), mstep_by_loops(X, post, mixture, floor))


def test_the_floor_is_a_quarter_unless_another_is_passed():
    X, post, mixture = ratings_that_make_every_rule_bite()
    np.testing.assert_array_equal(mstep(X, post, mixture).var, mstep(X, post, mixture, min_variance=0.25).var)


@pytest.mark.parametrize(
    "mistake",
    [{"floor": 0}, {"least": TINY}, {"old_means": True}, {"zeros_count": True}, {"by_columns": True}],
    ids=str,
)
def test_the_ratings_tell_each_wrong_rule_from_the_right_one(mistake):
    X, post, mixture = ratings_that_make_every_rule_bite()
    assert not equal(mstep(X, post, mixture), mstep_by_loops(X, post, mixture, **mistake), rtol=1e-3)


def test_the_ratings_have_what_makes_every_rule_bite():
    X, post, mixture = ratings_that_make_every_rule_bite()
    support = post.T @ (X != 0)
    assert np.any((support < 1) & (support > 0), axis=1).all()
    assert np.any(support > 1, axis=1).all()
    assert mstep(X, post, mixture).var.min() == 0.25
    assert sorted((X != 0).sum(axis=1))[:2] == [0, 1]


def test_a_support_of_exactly_one_is_enough():
    X, before = np.array([[3.0, 2.0], [4.0, 0.0], [5.0, 0.0]]), random_mixture(2, 2)
    post = np.array([[0.5, 0.5], [0.25, 0.75], [0.25, 0.75]])
    mu = mstep(X, post, before).mu
    assert mu[0, 0] == 0.5 * 3 + 0.25 * 4 + 0.25 * 5
    np.testing.assert_array_equal(mu[:, 1], before.mu[:, 1])


def test_fill_matrix_replaces_what_is_missing_by_its_expectation():
    X, mixture = ratings(), random_mixture()
    filled = fill_matrix(X, mixture)
    post, _ = estep_by_loops(X, mixture)
    for (u, c), x in np.ndenumerate(X):
        want = x or math.fsum(post[u, j] * mixture.mu[j, c] for j in range(3))
        assert filled[u, c] == pytest.approx(want)


# What EM promises


def test_run_is_the_steps_in_turn_until_the_likelihood_stops_rising():
    X, start = ratings(40), random_mixture()
    want, want_post, history = by_hand(*steps_of(X), start)
    mixture, post, ll = run(X, start, np.zeros((40, 3)))
    assert len(history) > 3
    np.testing.assert_allclose(mixture.mu, want.mu)
    np.testing.assert_allclose(post, want_post, atol=1e-12)
    assert ll == pytest.approx(history[-1])


@pytest.mark.parametrize("seed", range(20))
def test_the_likelihood_never_falls_from_variances_of_at_least_the_floor(seed):
    rng = np.random.default_rng(seed)
    X = ratings(30, 6, seed, missing=rng.uniform(0, 0.8))
    start = GaussianMixture(rng.uniform(0, 6, (4, 6)), rng.uniform(0.25, 3, 4), rng.dirichlet(np.ones(4)))
    _, _, history = by_hand(*steps_of(X), start)
    assert falls(history) == []
    assert history[-1] > history[0]


def test_lifting_a_smaller_variance_may_lower_the_likelihood_and_run_says_so():
    X = np.array([[3.0, 4.1], [3.1, 4.0], [3.0, 4.0]])
    start = GaussianMixture(X.mean(axis=0)[None], np.array([X.var(axis=0).mean()]), np.ones(1))
    assert falls(by_hand(*steps_of(X), start)[2]) == [0]
    with pytest.raises(LikelihoodFellError, match="the log-likelihood fell from"):
        run(X, start, np.ones((3, 1)))


def test_responsibilities_of_a_row_sum_to_one_however_far_it_is():
    X = np.vstack([ratings(), np.full((1, 5), 1e6)])
    post, ll = estep(X, random_mixture())
    np.testing.assert_allclose(post.sum(axis=1), 1)
    assert np.isfinite(ll)


def test_renaming_components_renames_the_result():
    X, post, mixture = ratings_that_make_every_rule_bite()
    order = [2, 0, 1]
    renamed = GaussianMixture(*(part[order] for part in mixture))
    np.testing.assert_allclose(estep(X, renamed)[0], estep(X, mixture)[0][:, order])
    assert estep(X, renamed)[1] == pytest.approx(estep(X, mixture)[1])
    assert equal(mstep(X, post[:, order], renamed), [part[order] for part in mstep(X, post, mixture)])
    np.testing.assert_allclose(fill_matrix(X, renamed), fill_matrix(X, mixture))


def test_the_order_of_users_and_of_columns_does_not_matter():
    X, post, mixture = ratings_that_make_every_rule_bite()
    users, columns = np.random.default_rng(0).permutation(9), [3, 5, 0, 1, 4, 2]
    shuffled = mixture._replace(mu=mixture.mu[:, columns])
    assert estep(X[users][:, columns], shuffled)[1] == pytest.approx(estep(X, mixture)[1])
    want = mstep(X, post, mixture)
    assert equal(mstep(X[users][:, columns], post[users], shuffled), want._replace(mu=want.mu[:, columns]))


def test_scaling_the_ratings_lowers_the_likelihood_by_log_s_for_each():
    X, post, mixture = ratings_that_make_every_rule_bite()
    scaled = GaussianMixture(3 * mixture.mu, 9 * mixture.var, mixture.p)
    assert estep(3 * X, scaled)[1] == pytest.approx(estep(X, mixture)[1] - (X != 0).sum() * math.log(3))
    want = mstep(X, post, mixture)
    assert equal(mstep(3 * X, post, scaled, 9 * 0.25), (3 * want.mu, 9 * want.var, want.p))


def test_moving_what_is_known_moves_the_means_and_moving_what_is_missing_does_not():
    """Zero means missing: the model knows no shift of the whole matrix."""
    X, post, mixture = ratings_that_make_every_rule_bite()
    moved = mixture._replace(mu=mixture.mu + 7)
    ll, want = estep(X, mixture)[1], mstep(X, post, mixture)
    only_known = np.where(X != 0, X + 7, 0)
    assert estep(only_known, moved)[1] == pytest.approx(ll)
    assert equal(mstep(only_known, post, moved), want._replace(mu=want.mu + 7))
    assert estep(X + 7, moved)[1] < ll - 1
    assert not equal(mstep(X + 7, post, moved), want._replace(mu=want.mu + 7), rtol=1e-3)


# What is missing


def test_a_missing_rating_is_as_if_there_were_no_such_column():
    X, mixture = ratings(1, 5, missing=0), random_mixture()
    for c in range(5):
        holed = X.copy()
        holed[0, c] = 0
        post, ll = estep(holed, mixture)
        dropped, without = np.delete(X, c, axis=1), mixture._replace(mu=np.delete(mixture.mu, c, axis=1))
        for want_post, want_ll in (estep(dropped, without), naive_em.estep(dropped, without)):
            np.testing.assert_allclose(post, want_post, rtol=1e-10)
            assert ll == pytest.approx(want_ll)


def test_a_missing_rating_is_integrated_out():
    mixture, grid = random_mixture(3, 2), np.arange(-9.95, 16, 0.1)
    densities = [math.exp(estep([[3.0, value]], mixture)[1]) for value in grid]
    assert math.log(0.1 * math.fsum(densities)) == pytest.approx(estep([[3.0, 0.0]], mixture)[1], rel=1e-10)


def test_with_nothing_missing_it_is_naive_em():
    X, mixture = ratings(40, 4, missing=0), random_mixture(3, 4)
    naive = mixture
    for _ in range(10):
        (post, ll), (naive_post, naive_ll) = estep(X, mixture), naive_em.estep(X, naive)
        np.testing.assert_allclose(post, naive_post, rtol=1e-8, atol=1e-12)
        assert ll == pytest.approx(naive_ll, rel=1e-10)
        mixture, naive = mstep(X, post, mixture, min_variance=TINY), naive_em.mstep(X, naive_post)
        assert equal(mixture, naive, rtol=1e-8)


# What is decided


def test_a_row_with_nothing_observed_has_the_proportions_adds_nothing_and_counts_for_p_alone():
    X, mixture = ratings(6), random_mixture()
    longer = np.vstack([X, np.zeros((2, 5))])
    post, ll = estep(longer, mixture)
    np.testing.assert_allclose(post[6:], [mixture.p] * 2)
    assert ll == pytest.approx(estep(X, mixture)[1], rel=1e-14)
    with_them, without = mstep(longer, post, mixture), mstep(X, post[:6], mixture)
    assert equal(with_them[:2], without[:2], rtol=1e-14)
    np.testing.assert_allclose(with_them.p, (6 * without.p + 2 * mixture.p) / 8)
    np.testing.assert_allclose(fill_matrix(longer, mixture)[6], mixture.p @ mixture.mu)


@pytest.mark.parametrize("of_nothing", [0.0, 1.0], ids=["no row", "a row with nothing observed"])
def test_a_component_responsible_for_nothing_keeps_its_means_and_its_variance(of_nothing):
    X, before = np.vstack([ratings(6, missing=0), np.zeros((1, 5))]), random_mixture(2)
    post = np.array([[1.0, 0.0]] * 6 + [[1 - of_nothing, of_nothing]])
    after = mstep(X, post, before)
    np.testing.assert_array_equal(after.mu[1], before.mu[1])
    assert after.var[1] == before.var[1]
    assert after.p[1] == of_nothing / 7
    assert equal([part[:1] for part in after[:2]], [part[:1] for part in mstep(X[:6], post[:6], before)[:2]])


def test_a_mixing_proportion_of_zero_weighs_as_little_as_the_formula_says():
    X, mixture = ratings(), random_mixture(2)._replace(p=np.array([1.0, 0.0]))
    post, ll = estep(X, mixture)
    np.testing.assert_allclose(post, estep_by_loops(X, mixture)[0], rtol=1e-9, atol=0)
    assert 0 < post[:, 1].max() < 1e-6
    assert np.isfinite(ll)


@pytest.mark.parametrize(
    ("X", "K"),
    [(np.tile(ratings(1, missing=0), (8, 1)), 2), (ratings(6), 6), (ratings(6), 1)],
    ids=["duplicated rows", "as many components as rows", "one component"],
)
def test_run_takes_what_leaves_a_variance_at_the_floor(X, K):
    start, post = init(X, K, 0)
    start = start._replace(var=np.maximum(start.var, 0.25))
    mixture, post, ll = run(X, start, post)
    assert np.all(mixture.var >= 0.25)
    assert K == 1 or np.any(mixture.var == 0.25)
    np.testing.assert_allclose(post.sum(axis=1), 1)
    assert ll >= estep(X, start)[1] - 1e-9


def test_one_component_is_the_mean_of_each_column_and_the_variance_about_it():
    X, start = ratings(20), random_mixture(1)
    X[:, 4] = 0
    mixture, post, ll = run(X, start, np.ones((20, 1)))
    means = [np.mean(column[column != 0]) for column in X.T[:4]]
    squares = [(x - means[c]) ** 2 for (_, c), x in np.ndenumerate(X) if x != 0]
    np.testing.assert_allclose(mixture.mu, [[*means, start.mu[0, 4]]])
    np.testing.assert_allclose(mixture.var, [np.mean(squares)])
    np.testing.assert_array_equal(mixture.p, [1])
    np.testing.assert_array_equal(post, np.ones((20, 1)))
    assert ll == pytest.approx(-len(squares) / 2 * (math.log(2 * math.pi * np.mean(squares)) + 1))


@pytest.mark.parametrize("function", [estep, fill_matrix, lambda X, mixture: run(X, mixture, np.ones((12, 3)))])
@pytest.mark.parametrize("var", [0.0, -1.0])
def test_a_variance_that_is_not_positive_is_an_error(function, var):
    with pytest.raises(ValueError, match=f"every variance must be positive, not {var}"):
        function(ratings(), random_mixture()._replace(var=np.array([1.0, var, 1.0])))


def test_a_matrix_with_nothing_observed_has_the_likelihood_zero():
    for seed in range(50):
        assert run(np.zeros((6, 5)), random_mixture(seed=seed), np.ones((6, 3)))[2] == pytest.approx(0)


# What it costs

SIZES = 400, 300, 50
"""n, d, K of the tests of memory."""


def broadcast(X, mixture):
    """Return what the exponents of the E-step need, by the formula as it stands."""
    return (((X[:, None] - mixture.mu) ** 2) * (X != 0)[:, None]).sum(axis=2)


@pytest.mark.parametrize(
    "function", [estep, fill_matrix, lambda X, mixture: mstep(X, np.full((400, 50), 0.02), mixture)]
)
def test_a_pass_holds_nothing_of_n_times_k_times_d(function):
    n, d, K = SIZES
    X, mixture = ratings(n, d), random_mixture(K, d)
    assert peak(lambda: function(X, mixture)) < n * K * d * 8 / 8


def test_the_formula_by_broadcasting_holds_n_times_k_times_d():
    n, d, K = SIZES
    X, mixture = ratings(n, d), random_mixture(K, d)
    assert peak(lambda: broadcast(X, mixture)) > n * K * d * 8
