"""What a whole class costs: beside pytest, with more workers, with more submissions, and in memory.

    python -m pytest -m benchmark -s tests/benchmarks/test_class.py --class-size 20000

Without the option the class is a twentieth as large, so that it takes a minute.
"""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import INPUTS, NAIVE_EM, SOLUTION, SPEC, write

pytestmark = pytest.mark.benchmark

TIMES_AS_FAST = 10
"""How many times as long pytest takes for a submission."""
MEMORY_MIB = 200
"""What the grader's own process may have."""
SLOW = ("loops", "prints_thousands")
"""Samples whose own work takes seconds, by what is in their names: it would be all that is measured."""
TESTS = """
import numpy as np
import pytest
import naive_em
from common import GaussianMixture

X = np.loadtxt("toy.txt")

def start(K, seed):
    np.random.seed(seed)
    mu = X[np.random.choice(len(X), K, replace=False)]
    var = np.array([((X - mu[j]) ** 2).mean() for j in range(K)])
    return GaussianMixture(mu, var, np.ones(K) / K)

@pytest.mark.parametrize("K", [1, 2, 3, 4])
def test_estep(K):
    post, ll = naive_em.estep(X, start(K, 0))
    np.testing.assert_allclose(post.sum(axis=1), 1)
    assert np.isfinite(ll)

@pytest.mark.parametrize("K", [1, 2, 3, 4])
def test_mstep(K):
    post, _ = naive_em.estep(X, start(K, 0))
    assert np.isclose(naive_em.mstep(X, post).p.sum(), 1)

@pytest.mark.parametrize("K", [1, 2, 3, 4])
def test_run(K):
    mixture, post, ll = naive_em.run(X, start(K, 0), np.ones((len(X), K)) / K)
    assert np.isfinite(ll)
"""


def samples():
    """Return the samples of an assignment that a grader of any kind can run in a moment."""
    found = sorted(path for path in (NAIVE_EM / "samples").iterdir() if (path / "naive_em.py").is_file())
    return [path for path in found if not any(word in path.name for word in SLOW)]


def varied(folder, number):
    """Write so many submissions, no two of which are the same."""
    texts = [(path / "naive_em.py").read_text(errors="replace") for path in samples()]
    return write(folder, {f"s{n:05}/naive_em.py": f"{texts[n % len(texts)]}\n# {n}\n" for n in range(number)})


def trivial(folder, number):
    """Write submissions of functions that take no time."""
    right, wrong = "return 2 * x", "return x"
    text = "def double(x):\n    {}\n\ndef pair(xs):\n    return min(xs), max(xs)\n# {}\n"
    return write(folder, {f"s{n:05}/work.py": text.format(wrong if n % 3 else right, n) for n in range(number)})


def graded(assignment, class_, *options, cwd):
    """Grade a class, and return the seconds and the most memory that the grader's own process had, in MiB."""
    command = [sys.executable, "-m", "grader", "grade", str(assignment), str(class_), *options]
    began, most = time.perf_counter(), 0
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with contextlib.suppress(OSError, IndexError, ValueError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                most = max(most, int(status.split("VmHWM:")[1].split()[0]))
            time.sleep(0.05)
    assert process.returncode == 1  # wrong ones lose points; nothing else went wrong
    return time.perf_counter() - began, most / 1024


@pytest.fixture
def folder(tmp_path):
    os.environ["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    return tmp_path


def test_a_class_takes_a_tenth_of_pytest(folder, request):
    number = request.config.getoption("--class-size") // 10
    class_ = varied(folder / "class", number)
    right = [n for n, path in enumerate(samples()) if path.name.startswith("right")]  # others may never end
    sample = [class_ / f"s{n + len(samples()):05}" for n in right]
    for one in sample:
        write(one, {"test_naive_em.py": TESTS, "common.py": (NAIVE_EM / "given" / "common.py").read_bytes()})
        write(one, {"toy.txt": (NAIVE_EM / "data" / "toy.txt").read_bytes()})
    began = time.perf_counter()
    for one in sample:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        subprocess.run(command, cwd=one, capture_output=True, check=False, timeout=120)
    pytest_s = (time.perf_counter() - began) / len(sample)
    for one in sample:  # what pytest brought is no part of a submission
        for name in ("test_naive_em.py", "common.py", "toy.txt"):
            (one / name).unlink()
    alone, _ = graded(NAIVE_EM, class_, "--jobs", "1", cwd=folder)
    both, _ = graded(NAIVE_EM, class_, "--jobs", "2", cwd=folder)
    kept, memory = graded(NAIVE_EM, class_, "--jobs", "2", "--out", "out", cwd=folder)
    again, _ = graded(NAIVE_EM, class_, "--jobs", "2", "--out", "out", cwd=folder)
    print(
        f"\n{number} submissions: one job {alone:.1f} s, two {both:.1f} s, with --out {kept:.1f} s, again {again:.1f} s;"
        f"\neach: pytest {1000 * pytest_s:.0f} ms, one job {1000 * alone / number:.1f} ms = {pytest_s * number / alone:.1f}"
        f" times as fast, two jobs {pytest_s * number / both:.1f} times (wanted {TIMES_AS_FAST}); memory {memory:.0f} MiB"
    )
    assert pytest_s * number / both >= TIMES_AS_FAST / 2
    assert both < alone
    assert memory < MEMORY_MIB


def test_the_cost_of_a_class_is_linear_and_its_memory_is_not(folder, request):
    number = request.config.getoption("--class-size")
    write(folder / "small", {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION})
    each = {}
    for many in (number // 10, number):
        class_ = trivial(folder / f"class{many}", many)
        seconds, memory = graded("small", class_, "--out", f"out{many}", cwd=folder)
        each[many] = seconds / many
        print(f"\n{many} submissions: {seconds:.1f} s, {1000 * each[many]:.2f} ms each, {memory:.0f} MiB")
    assert memory < MEMORY_MIB
    assert each[number] < 1.5 * each[number // 10]
