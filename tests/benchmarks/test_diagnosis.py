"""What it costs to name mistakes, in a class in which half the submissions fail; both ways side by side in one run."""

import contextlib
from dataclasses import replace

import pytest

from grader import assignment, engine, submission
from grader.function import Trial
from grader.parts import Place
from grader.prepare import prepare
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.variants import Variants
from tests.benchmarks.timing import expect_at_most, in_turn
from tests.conftest import NAIVE_EM

pytestmark = pytest.mark.benchmark

TIMED_OUT = {"wrong_loops_forever"}
"""Left out, since its ten seconds would hide the rest."""


def a_class():
    """Return the wrong samples, and as many right submissions."""
    spec = assignment.load(NAIVE_EM).spec
    wrong = [path for path in sorted((NAIVE_EM / "samples").glob("wrong_*")) if path.name not in TIMED_OUT]
    (right,) = submission.collect([NAIVE_EM / "samples" / "right_vectorised"], spec.submission)
    return [*submission.collect(wrong, spec.submission), *(replace(right, id=path.name) for path in wrong)]


def test_naming_mistakes_costs_at_most_a_fifth(monkeypatch):
    """The same class with and without the comparison with slips and relations; what they return is kept by then."""
    handed, plan = a_class(), prepare(assignment.load(NAIVE_EM))
    limits, names = plan.assignment.spec.limits, Trial.name_mistake
    with ForkServer(Zygote(), limits, ["numpy"], functions=3) as server, contextlib.closing(Variants(plan)) as variants:

        def graded(naming):
            monkeypatch.setattr(Trial, "name_mistake", naming)
            return [engine.grade_one(variants, Place(server), one) for one in handed]

        times = in_turn(rounds=3, with_diagnosis=lambda: graded(names), without=lambda: graded(lambda _self: None))
    expect_at_most(times["with_diagnosis"], 1.2 * times["without"])


def test_right_parts_cost_at_most_fifteen_right_submissions():
    """What it costs to call a wrong `mstep`'s `run` once more, with two questions a round over the wire."""
    plan = prepare(assignment.load(NAIVE_EM))
    (handed,) = submission.collect([NAIVE_EM / "samples" / "wrong_variance_not_by_d"], plan.assignment.spec.submission)
    (right,) = submission.collect([NAIVE_EM / "samples" / "right_vectorised"], plan.assignment.spec.submission)
    limits = plan.assignment.spec.limits
    with ForkServer(Zygote(), limits, ["numpy"], functions=3) as server, contextlib.closing(Variants(plan)) as variants:
        times = in_turn(
            rounds=5,
            wrong_mstep=lambda: engine.grade_one(variants, Place(server), handed),
            right=lambda: engine.grade_one(variants, Place(server), right),
        )
    expect_at_most(times["wrong_mstep"], 15 * times["right"])
