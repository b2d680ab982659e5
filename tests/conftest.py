"""What all tests share."""

import os
import textwrap
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("ours", database=None, deadline=None)  # nothing is left in the folder
hypothesis.settings.load_profile("ours")

ROOT = Path(__file__).parents[1]
NAIVE_EM = ROOT / "assignments" / "naive_em"
COURSE_DATA = ROOT.parent / "shared" / "data"


def pytest_addoption(parser):
    parser.addoption("--frames", type=int, default=5000, help="how many damaged frames the fuzzer sends")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep what tests make out of the user's cache, and out of each other's way."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def course_data():
    if not COURSE_DATA.is_dir():
        pytest.skip("the course's data is not ours to ship, and not on this machine")
    return COURSE_DATA


SPEC = """
name: small
reference: solution
submission: {file: work.py}
limits: {seconds: 2}
functions:
  double:
    points: 1
    returns: [y]
    cases:
      - {name: three, args: {x: 3}}
      - {name: an array, args: {x: {make: numbers, n: 4}}, visibility: hidden}
  pair:
    points: 2
    returns: [low, high]
    cases:
      - {name: of a list, args: {xs: [3, 1, 2]}}
"""
INPUTS = """
def numbers(rng, n):
    return rng.normal(size=n)
"""
SOLUTION = """
def double(x):
    return 2 * x

def pair(xs):
    return min(xs), max(xs)
"""


def write(folder, files):
    """Write files (name: text or bytes) into a folder, and return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
    return folder


@pytest.fixture
def small(tmp_path):
    """An assignment's folder, small and quick."""
    return write(tmp_path / "small", {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION})
