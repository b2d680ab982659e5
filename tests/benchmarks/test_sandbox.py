"""What the sandbox costs, how it scales, and that it leaves nothing behind; side by side in one run.

python -m pytest -m benchmark -s
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from grader import assignment, engine, servers, submission
from grader.handin import Submission
from grader.model import Limits
from grader.sandbox.client import Deadline, Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.lockdown import LAYERS
from grader.sandbox.requests import call_request, load_request
from tests.conftest import INPUTS, NAIVE_EM, SOLUTION, SPEC, write
from tests.leftovers import everything

pytestmark = pytest.mark.benchmark

ROUNDS, IN_A_ROW = 15, 10
SOURCE = b"import numpy as np\ndef f(x): return x[:, :3] * 2\n" + b"".join(
    b"def g%d(x):\n    return x + %d\n" % (n, n) for n in range(14)
)
"""A module of some thirty lines."""


def job(server):
    """Load a module, make one call that returns 250 x 3 numbers, and end."""
    child, deadline = server.child(Output()), Deadline(time.monotonic() + 10)
    assert child.ask(load_request("work.py", {"work.py": SOURCE}, {}, {}), deadline) is None
    child.ask(call_request("f", [np.ones((250, 4))], 0), deadline)
    child.close()


def test_all_layers_cost_at_most_a_third_of_the_fork():
    stacks = {"no layer": [], **{f"+ {name}": LAYERS[: n + 1] for n, name in enumerate(LAYERS)}}
    running = {name: ForkServer(Zygote(), Limits(), ["numpy"], layers=layers) for name, layers in stacks.items()}
    series = {name: [] for name in running}
    for n in range(ROUNDS + 1):
        for name, server in running.items():
            began = time.perf_counter()
            for _ in range(IN_A_ROW):
                job(server)
            if n:  # the first round warms up
                series[name].append(1000 * (time.perf_counter() - began) / IN_A_ROW)
    for server in running.values():
        server.close()
    medians = {name: statistics.median(values) for name, values in series.items()}
    print("\n" + "\n".join(f"{name:<14} {median:5.2f} ms" for name, median in medians.items()))
    ratio = medians[f"+ {LAYERS[-1]}"] / medians["no layer"]
    print(f"   all layers / none: {ratio:.2f}, wanted at most 1.3: {'met' if ratio <= 1.3 else 'MISSED'}")
    assert ratio <= 2


def graded(loaded, submissions, jobs):
    """Grade, and return how long that took without the start of the fork servers."""
    with servers.for_a_class(loaded.spec, [Zygote() for _ in range(jobs)], None, jobs) as opened:
        for server in opened:
            server.ready()
        began = time.perf_counter()
        for result in engine.grade(loaded, submissions, opened):
            assert result.fault is None
        return time.perf_counter() - began


def spun(number):
    """Return how long so many processes take that compute at the same time."""
    began = time.perf_counter()
    running = [subprocess.Popen([sys.executable, "-c", "sum(n * n for n in range(10**7))"]) for _ in range(number)]
    assert [one.wait() for one in running] == [0] * number
    return time.perf_counter() - began


def test_two_workers_grade_a_class_nearly_twice_as_fast_as_one():
    """Of a right answer, whose child has some work; of the quickest, one worker keeps more than a core busy.

    Beside it are plain processes: what a second one adds is up to the machine, and to who else uses it.
    """
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is only one core")
    loaded = assignment.load(NAIVE_EM)
    (work,) = submission.collect([NAIVE_EM / "samples/right_vectorised"], Submission(file="naive_em.py"))
    rounds = [(graded(loaded, [work] * 80, 1), graded(loaded, [work] * 80, 2), spun(1), spun(2)) for _ in range(3)]
    one, two, alone, both = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"\n80 submissions: one worker {one:.1f} s, two {two:.1f} s; plain processes: {2 * alone / both:.2f} times")
    print(f"   one / two: {one / two:.2f}, wanted at least 1.7: {'met' if one / two >= 1.7 else 'MISSED'}")
    assert one / two >= 0.6 * 2 * alone / both  # that is 1.2 where the machine gives each process a core of its own


def test_thousands_of_submissions_leave_nothing_and_the_grader_as_small_as_it_was(tmp_path, monkeypatch, request):
    number = 2 * request.config.getoption("--class-size")
    write(tmp_path / "small", {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION})
    (work,) = submission.collect([write(tmp_path / "ann", {"work.py": SOLUTION})], Submission(file="work.py"))
    loaded = assignment.load(tmp_path / "small")
    graded(loaded, [work] * 200, 2)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before, memory = everything(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lasted = graded(loaded, [work] * number, 2)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    each = 2000 * lasted / number
    print(
        f"\n{number} submissions: {lasted:.0f} s by two workers ({each:.1f} ms of one each), grown by {grown:.1f} MiB"
    )
    assert grown <= 20
    assert everything() - before == set()
    assert list(temporary.iterdir()) == []
