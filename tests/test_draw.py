"""What a spec asks to be drawn is drawn: what right functions return, and beside it what came, if that can be drawn."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
import yaml

from grader import assignment, engine, submission
from grader.content import Clusters, Curve, Scatter
from grader.draw import MOST_COMPONENTS, MOST_NUMBERS, MOST_POINTS, MOST_ROUNDS, DrawCurve, DrawScatter, series
from grader.errors import SpecError
from grader.parts import Place
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.values import Record
from grader.variants import Variants
from tests.conftest import write

SCATTER = DrawScatter(scatter="X", means="mixture.mu", variances="mixture.var", weights="mixture.p")
X = np.arange(12.0).reshape(4, 3)
MU, P = np.array([[1.0, 2.0, 9.0], [3.0, 4.0, 9.0]]), np.array([0.25, 0.75])
POINTS = ((0.0, 1.0), (3.0, 4.0), (6.0, 7.0), (9.0, 10.0))
MEANS = ((1.0, 2.0), (3.0, 4.0))
WEIGHTS = (0.25, 0.75)


def mixture(mu=MU, var=(2.0, 3.0), p=P):
    return (Record("Mixture", {"mu": mu, "var": np.asarray(var) if isinstance(var, tuple) else var, "p": p}), 1.0)


def drawn(got, want=None, x=X):
    right = SCATTER.right("case", {"X": x}, want or mixture(), ("mixture", "ll"))
    return replace(right, got=SCATTER.clusters(got, ("mixture", "ll"))) if right else None


# --- points and components -------------------------------------------------------------------------------------------


def test_components_are_drawn_over_the_points_in_two_columns():
    right = Clusters(MEANS, (((2.0, 0.0), (0.0, 2.0)), ((3.0, 0.0), (0.0, 3.0))), WEIGHTS)
    assert drawn(mixture()) == Scatter("case", POINTS, right, right)


SHAPES = {
    "a variance each": ([2.0, 3.0], (((2.0, 0.0), (0.0, 2.0)), ((3.0, 0.0), (0.0, 3.0)))),
    "a variance a column": ([[1.0, 2.0, 9.0], [3.0, 4.0, 9.0]], (((1.0, 0.0), (0.0, 2.0)), ((3.0, 0.0), (0.0, 4.0)))),
    "matrices": (np.arange(18.0).reshape(2, 3, 3), (((0.0, 1.0), (3.0, 4.0)), ((9.0, 10.0), (12.0, 13.0)))),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_variances_may_have_any_of_three_shapes(shape):
    variances, covariances = SHAPES[shape]
    assert drawn(mixture(var=np.array(variances))).got.covariances == covariances


WRONG = {
    "nothing": None,
    "no tuple": 3.0,
    "no record": ((MU, P, P), 1.0),
    "a text": mixture(mu="mu"),
    "ragged": mixture(mu=[[1.0, 2.0], [3.0]]),
    "infinite": mixture(mu=np.full((2, 3), np.inf)),
    "not a number": mixture(p=np.array([np.nan, 1.0])),
    "complex": mixture(var=np.array([1j, 2.0])),
    "far away": mixture(mu=MU * 1e13),
    "in one dimension": mixture(mu=MU[:, :1]),
    "flat": mixture(mu=MU[0]),
    "empty": mixture(mu=np.zeros((0, 3)), var=np.zeros(0), p=np.zeros(0)),
    "variances of another shape": mixture(var=np.ones((3, 2))),
    "weights of another shape": mixture(p=np.ones(3)),
    "too many": mixture(np.ones((MOST_COMPONENTS + 1, 2)), np.ones(MOST_COMPONENTS + 1), np.ones(MOST_COMPONENTS + 1)),
    "too large": mixture(mu=np.zeros((2, MOST_NUMBERS), np.int8)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_came_is_not_drawn_if_it_has_not_the_form(wrong):
    assert drawn(WRONG[wrong]).got is None


@pytest.mark.parametrize("wrong", WRONG)
def test_where_what_is_wanted_has_not_the_form_there_is_no_drawing(wrong):
    assert drawn(mixture(), WRONG[wrong] or (None, 1.0)) is None


@pytest.mark.parametrize("x", [None, "X", X[:, :1], X[0], np.full((3, 2), np.nan), X * 1j], ids=str)
def test_without_points_in_the_plane_there_is_no_drawing(x):
    assert drawn(mixture(), x=x) is None


def test_more_or_fewer_components_than_are_wanted_are_drawn():
    assert len(drawn(mixture(MU[:1], (2.0,), P[:1])).got.means) == 1


def test_of_many_points_some_are_drawn_evenly_and_numbers_are_short():
    x = np.stack([np.linspace(0, 1, 100_001), np.full(100_001, 1 / 3)], axis=1)
    points = drawn(mixture(), x=x).points
    assert len(points) == MOST_POINTS
    assert (points[0], points[-1]) == ((0.0, 0.33333), (1.0, 0.33333))
    assert max(b[0] - a[0] for a, b in zip(points, points[1:], strict=False)) < 1.1 / MOST_POINTS


# --- curves ----------------------------------------------------------------------------------------------------------

HALVES = [-(0.5**n) - 1 for n in range(100)]


def test_a_curve_ends_where_it_settles_or_has_rounds_enough_or_what_cannot_be_drawn():
    assert len(series(HALVES)) == 21
    assert len(series(range(1000))) == MOST_ROUNDS
    assert series([1.0, np.array([2.0]), float("nan"), 3.0]) == (1.0, 2.0)
    assert series([1.0, "2", 3.0]) == (1.0,)


@pytest.mark.parametrize(
    "got", [None, 1.0, "text", [], [None], ["a"], [float("inf")], (1.0, 2.0), {"a": 1.0}, [[1.0, 2.0]]]
)
def test_what_a_child_answers_is_a_list_of_numbers_or_nothing(got):
    assert DrawCurve(curve="ll").drawn("case", got, (1.0, 2.0)) is None


def test_a_curve_is_no_longer_than_the_references():
    made = DrawCurve(curve="ll").drawn("case", [float(n) for n in range(100_000)], (1.0, 2.0, 3.0))
    assert made == Curve("case", "ll", (0.0, 1.0, 2.0), (1.0, 2.0, 3.0))
    assert DrawCurve(curve="ll").drawn("case", [1.0], (1.0,)) is None


# --- in a spec -------------------------------------------------------------------------------------------------------

DRAW = [{"scatter": "X", "means": "mu", "variances": "var", "weights": "p"}, {"curve": "cost"}]
TOY = {"make": "blobs"}
START = {"array": [[0.0, 0.0], [4.0, 4.0]]}


def spec(draw=DRAW, **case):
    one = {"name": "toy", "args": {"X": TOY, "mu": START}, **case}
    return yaml.safe_dump(
        {
            "name": "means",
            "reference": "solution",
            "submission": {"file": "work.py"},
            "limits": {"seconds": 3},
            "functions": {
                "step": {
                    "points": 1,
                    "returns": ["mu", "var", "p", "cost"],
                    "cases": [{"name": "one", "args": {"X": TOY, "mu": START}}],
                },
                "run": {
                    "points": 1,
                    "returns": ["mu", "var", "p"],
                    "steps": {"step": ["X", "mu"]},
                    "draw": draw,
                    "cases": [one, {"name": "other", "args": {"X": TOY, "mu": START}, "visibility": "hidden"}],
                },
            },
        },
        sort_keys=False,
    )


INPUTS = """
import numpy as np

def blobs(rng):
    return np.concatenate([rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 5])
"""
SOLUTION = """
import numpy as np

def step(X, mu):
    distances = np.square(X[:, None] - mu).sum(axis=-1)
    nearest = distances.argmin(axis=1)
    return np.array([X[nearest == k].mean(axis=0) for k in range(len(mu))]), np.ones(2), np.full(2, 0.5), distances.min(axis=1).sum()

def run(X, mu):
    for _ in range(4):
        mu, var, p, cost = step(X, mu)
    return mu, np.ones(2), np.full(2, 0.5)
"""
STEP, RUN = SOLUTION.split("\ndef run")
RUN = "\ndef run" + RUN
WRONG_RUN = RUN.replace("range(4)", "range(0)")


def errors(tmp_path, draw, **case):
    files = {"assignment.yaml": spec(draw, **case), "inputs.py": INPUTS, "solution.py": SOLUTION}
    with pytest.raises(SpecError) as error:
        assignment.load(write(tmp_path, files))
    return str(error.value)


MISTAKES = [
    ([{**DRAW[0], "scatter": "x"}], ".draw[0].scatter: 'x' is not an argument of a public case whose values are compared (known: X, mu)"),
    ([{**DRAW[0], "means": "mus.x"}], ".draw[0].means: 'mus' is not one of the returns (did you mean 'mu'?)"),
    ([DRAW[0], {"curve": "costs"}], ".draw[1].curve: 'costs' is not returned by one of the `steps` (did you mean 'cost'?)"),
    ([{"curve": "X"}], ".draw[0].curve: 'X' is not returned by one of the `steps` (known: mu, var, p, cost)"),
    ([{"scatter": "X"}], ".draw[0].means: this key is required"),
    ([{"curve": "cost", "colour": "red"}], ".draw[0].colour: unknown key (known: curve, means, scatter, variances, weights)"),
    ([{"curve": "cost", "scatter": "X"}], ".draw[0]: must be a mapping with `scatter` or `curve`, as {curve: ll}"),
    (["cost"], ".draw[0]: must be a mapping with `scatter` or `curve`, as {curve: ll}"),
]  # fmt: skip


@pytest.mark.parametrize(("draw", "message"), MISTAKES)
def test_a_spec_that_draws_what_there_is_not_is_told_so(tmp_path, draw, message):
    assert message in errors(tmp_path, draw)


@pytest.mark.parametrize(
    "case", [{"visibility": "hidden"}, {"reveal": "got"}, {"compare": "shapes"}, {"using": "reference"}]
)
def test_only_a_case_that_may_all_be_shown_can_be_drawn(tmp_path, case):
    assert "is not an argument of a public case" in errors(tmp_path, DRAW[:1], **case)


# --- end to end ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Grade a text by the spec, and return what is drawn of `run`, and the whole result."""
    folder = tmp_path_factory.mktemp("means")
    loaded = assignment.load(write(folder, {"assignment.yaml": spec(), "inputs.py": INPUTS, "solution.py": SOLUTION}))
    with contextlib.ExitStack() as opened:
        variants = opened.enter_context(contextlib.closing(Variants(engine.prepare(loaded))))
        server = opened.enter_context(ForkServer(Zygote(), loaded.spec.limits, ["numpy"], functions=2))

        def run(text, known=variants):
            (handed,) = submission.collect(
                [write(tmp_path_factory.mktemp("ann"), {"work.py": text})], loaded.spec.submission
            )
            result = engine.grade_one(known, Place(server), handed)
            assert result.fault is None
            return result.items[1].drawings, result

        run.variants = variants
        yield run


def test_of_a_function_that_passes_its_own_components_are_drawn_and_no_curve(run):
    (scatter,), result = run(SOLUTION)
    assert result.score == 2
    assert (scatter.title, len(scatter.points), scatter.got) == ("toy", 40, scatter.want)


def test_of_one_that_fails_the_curve_is_of_its_own_steps(run):
    wrong = STEP.replace(".sum()", ".sum() + 100")
    (scatter, curve), result = run(wrong + WRONG_RUN)
    assert result.score == 0
    assert scatter.got.means == ((0.0, 0.0), (4.0, 4.0))
    assert (curve.title, curve.label) == ("toy", "cost")
    assert np.array(curve.got) == pytest.approx(np.array(curve.want) + 100, rel=1e-4)
    assert curve.want[0] > curve.want[-1]


def test_what_has_not_the_form_is_not_drawn(run):
    (scatter, curve), _ = run(STEP + "\ndef run(X, mu): return 'mu', 'var', 'p'\n")
    assert (scatter.got, len(curve.got)) == (None, len(curve.want))


@pytest.mark.parametrize(
    "step",
    [
        "raise KeyError",
        "return 1",
        "return mu, 1, 1, 'low'",
        "return mu, 1, 1, np.ones(2)",
        "return mu, 1, 1, np.nan",
        "return mu, 1, 1, 1j",
        "import os; os._exit(3)",
    ],
)
def test_steps_that_give_no_numbers_make_no_curve_and_change_no_verdict(run, step):
    """The loop itself doesn't call them, and fails; all that is graded besides is untouched."""
    (scatter,), result = run(f"import numpy as np\n\ndef step(X, mu):\n    {step}\n" + WRONG_RUN)
    assert isinstance(scatter, Scatter)
    assert [item.score for item in result.items] == [0, 0]


def test_a_function_that_returned_nothing_has_no_drawing(run):
    assert run(STEP)[0] == ()
    assert run(STEP + "\ndef run(X, mu): raise NotImplementedError\n")[0] == ()


def test_a_check_has_no_drawings(run):
    """It is read on a terminal, and from a bundle nobody could say what to draw."""
    with contextlib.closing(Variants(run.variants.plan.public())) as known:
        assert run(SOLUTION, known)[0] == ()


def test_a_bundle_says_nothing_of_it(run):
    from pathlib import Path

    from grader import bundle, packing

    made = bundle.contents(packing.pack(run.variants.plan, run.variants, {}), Path(".grader"))
    assert "draw" not in made["spec"]["functions"]["run"]
