"""What the reference's algorithms share: the loop, the start, the sums, the measures of fit."""

import ast
import copy
import importlib
import itertools
import math
import tracemalloc

import numpy as np
import pytest

from reference.categorical_em import CategoricalMixture
from reference.criteria import bic, rmse
from reference.gmm_full import FullMixture
from reference.init import init
from reference.logspace import posterior
from reference.loop import LikelihoodFellError, climb, steps
from reference.mixture import GaussianMixture, log_joint, maximise
from tests.conftest import ROOT

SHARED = {"__init__", "criteria", "init", "logspace", "loop", "mixture"}
ALGORITHMS = sorted({path.stem for path in ROOT.glob("reference/*.py")} - SHARED)
POINTS = np.random.default_rng(0).normal(size=(12, 2)) + np.repeat([0, 5], 6)[:, None]
MIXTURE = GaussianMixture(np.array([[0.0, 1.0], [3.0, 5.0]]), np.array([1.0, 2.0]), np.array([0.25, 0.75]))
POST = np.full((12, 2), 0.5)
HOLES = np.random.default_rng(1).random((12, 2)) < 0.2
EXAMPLES = {
    "naive_em": (POINTS, MIXTURE, POST),
    "em": (np.where(HOLES, 0, POINTS), MIXTURE, POST),
    "categorical_em": (
        np.eye(3)[[0, 1, 2, 0, 0, 1]],
        CategoricalMixture(np.array([[0.5, 0.5, 0.0], [0.1, 0.4, 0.5]]), np.array([0.3, 0.7])),
    ),
    "gmm_full": (POINTS, FullMixture(MIXTURE.mu, np.stack([np.eye(2)] * 2), MIXTURE.p)),
    "gmm_1d": (POINTS[:, 0], np.array([0.5, 0.0, 1.0, 4.0, 2.0])),
    "hard_em": (np.where(HOLES, np.nan, POINTS), MIXTURE.mu, np.ones((2, 2))),
    "semi_supervised_em": (POINTS, np.repeat([0, -1, 1], 4), MIXTURE),
}
"""For each algorithm, what its `run` can be called with."""


def by_hand(estep, mstep, model):
    """Alternate the steps as the handout says: return the last model, the last post, and all the log-likelihoods."""
    history = []
    while len(history) < 2 or history[-1] - history[-2] > 1e-6 * abs(history[-1]):
        post, ll = estep(model)
        model = mstep(post, model)
        history.append(ll)
    return model, post, history


def falls(history):
    """Return where a series falls by more than rounding: nowhere, is what EM promises of the log-likelihood."""
    return [
        n for n, (one, next_) in enumerate(itertools.pairwise(history)) if not next_ >= one - 1e-9 * max(1, abs(one))
    ]


def peak(action):
    """Return how many bytes the action had in use at once, beyond what there was before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def siblings(source):
    """Return the algorithms that a module of the reference imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, ["reference" if node.level else "", node.module]))
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return [name for name in ALGORITHMS if f"reference.{name}" in found]


def climbing(*lls):
    """An E-step that gives these log-likelihoods in turn, and an M-step that counts."""
    series = iter(lls)
    return lambda _model: (np.zeros((1, 1)), next(series))


def mstep(_post, _model):
    return "next"


@pytest.mark.parametrize(
    ("history", "where"),
    [
        ([-3.0, -2.0, -2.0, -1.5], []),
        ([-3.0, -2.0, -2.1, -1.0], [1]),
        ([-1e6, -1e6 - 0.01, -2e6], [0, 1]),
        ([0.0, -1e-12], []),
        ([-1.0, math.nan, 0.0], [0, 1]),
    ],
)
def test_a_series_that_falls_is_found_out(history, where):
    assert falls(history) == where


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_has_the_three_functions_and_says_what_they_return(name):
    module = importlib.import_module(f"reference.{name}")
    for function in (module.estep, module.mstep, module.run):
        assert function.__doc__.startswith("Return the ")
        assert function.__module__ == module.__name__


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_imports_no_other(name):
    assert siblings((ROOT / f"reference/{name}.py").read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "import reference.em",
        "import numpy, reference.em as other",
        "from reference.em import estep",
        "from reference import em",
        "from . import em",
        "from .em import estep",
        "def run():\n    from reference import init, em",
    ],
)
def test_an_import_of_another_algorithm_is_found_out(source):
    assert siblings(source) == ["em"]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_leaves_its_arguments_as_they_were(name):
    arguments = copy.deepcopy(EXAMPLES[name])
    importlib.import_module(f"reference.{name}").run(*arguments)
    np.testing.assert_equal(arguments, EXAMPLES[name])


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


def test_small_clusters_far_apart_keep_their_digits():
    """A sum of squares by subtraction, and distances by a matrix product, would lose them all."""
    small = 0.01 * np.random.default_rng(0).normal(size=(50, 2))
    points, post = np.vstack([small, small + 1e6]), np.repeat(np.eye(2), 50, axis=0)
    mixture = maximise(points, post)
    np.testing.assert_allclose(mixture.var, small.var(axis=0).mean(), rtol=1e-6)
    np.testing.assert_allclose(mixture.mu, [small.mean(axis=0), small.mean(axis=0) + 1e6], rtol=0, atol=1e-9)
    alone = maximise(small, np.ones((50, 1)))
    np.testing.assert_allclose(log_joint(points, mixture)[:50, 0], log_joint(small, alone)[:, 0] - np.log(2), rtol=1e-5)


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
