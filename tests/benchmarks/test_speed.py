"""What isolation costs, side by side in one run.

    python -m pytest -m benchmark -s

Each benchmark prints what it measured and what is wanted, and fails beyond twice that: what else runs on a machine
changes a ratio by tens of percent, a mistake in the design (a fresh process a submission) by far more.
"""

import contextlib
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader import assignment, engine, submission
from grader.function import Trial
from grader.handin import Submission
from grader.model import Limits
from grader.parts import Place
from grader.prepare import prepare
from grader.sandbox import protocol
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.variants import Variants
from tests.benchmarks.timing import expect_at_most, in_turn, tell
from tests.conftest import NAIVE_EM

pytestmark = pytest.mark.benchmark

CLASS = 10
"""How many submissions follow each other, as they do in a class."""
SAMPLE = NAIVE_EM / "samples" / "right_vectorised"


def command(*arguments, cwd):
    def run():
        subprocess.run([sys.executable, *arguments], cwd=cwd, check=True, capture_output=True)

    return run


@pytest.fixture(scope="module")
def plan():
    """The calls that are compared; properties make calls of their own."""
    whole = prepare(assignment.load(NAIVE_EM))
    return replace(whole, calls={name: tuple(c for c in calls if not c.holds) for name, calls in whole.calls.items()})


def requests(plan):
    """Return the calls as (function, header, body), so that each round unpacks fresh arguments, as a child does."""
    frames = [(name, call.frame) for name, calls in plan.calls.items() for call in calls]
    found = []
    for name, frame in frames:
        header, _ = protocol.lengths(frame[: protocol.PREFIX])
        end = protocol.PREFIX + header
        found.append((name, frame[protocol.PREFIX : end], frame[end:]))
    return found


def without_isolation(plan, source):
    """Return an action that makes the same calls in this very process."""
    common = types.ModuleType("common")
    exec((NAIVE_EM / "given" / "common.py").read_text(), vars(common))
    calls = requests(plan)

    @np.errstate(all="ignore")  # what the sample warns of far from every mean
    def run():
        sys.modules["common"] = common
        student = {"__name__": "naive_em"}
        exec(compile(source, "naive_em.py", "exec"), student)
        for name, header, body in calls:
            args = protocol.unpack(header, bytearray(body), lambda r: common.GaussianMixture(**r.fields))["call"][
                "args"
            ]
            student[name](*args)

    return run


def fresh_process(source, folder):
    """Return an action that starts a process for the submission, which imports numpy and runs its file."""
    (folder / "common.py").write_text((NAIVE_EM / "given" / "common.py").read_text())
    (folder / "naive_em.py").write_bytes(source)
    return command("-c", "import numpy, naive_em", cwd=folder)


@pytest.mark.parametrize("name", ["right_vectorised", "right_float32", "wrong_variance_not_by_d"])
def test_isolation_costs_at_most_half_and_six_milliseconds(plan, name, tmp_path, monkeypatch):
    """The same calls in each: what fails is neither called once more nor diagnosed (see `test_diagnosis`).

    Six milliseconds are more on a busy machine; so it fails where isolation costs a third of a fresh process.
    """
    for more in ("_try_with_right_parts", "_diagnose"):
        monkeypatch.setattr(Trial, more, lambda _self: None)
    (work,) = submission.collect([NAIVE_EM / "samples" / name], Submission(file="naive_em.py"))
    source = work.files["naive_em.py"]
    with (
        ForkServer(Zygote(), Limits(), ["numpy"], functions=3) as server,
        contextlib.closing(Variants(plan)) as variants,
    ):
        times = in_turn(
            CLASS,
            in_process=without_isolation(plan, source),
            ours=lambda: engine.grade_one(variants, Place(server), work),
            fresh_process=fresh_process(source, tmp_path),
        )
    tell(times["ours"], 1.5 * times["in_process"] + 6)
    assert times["ours"] - times["in_process"] <= times["fresh_process"] / 3


def test_help_answers_at_once():
    times = in_turn(
        argparse=command("-c", "import argparse", cwd=Path("/")), help=command("-m", "grader", "--help", cwd=NAIVE_EM)
    )
    expect_at_most(times["help"], 1.5 * times["argparse"] + 60)


def test_a_check_takes_no_longer_than_importing_numpy_four_times():
    times = in_turn(
        numpy=command("-c", "import numpy", cwd=Path("/")),
        check=command("-m", "grader", "check", "--assignment", "../..", cwd=SAMPLE),
    )
    expect_at_most(times["check"], 4 * times["numpy"])
