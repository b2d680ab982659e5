"""What all tests share."""

import fcntl
import os
import pickle
import re
import tempfile
import textwrap
from pathlib import Path

import hypothesis
import pytest

from tests import leftovers

hypothesis.settings.register_profile(
    "ours",
    database=None,  # nothing is left in the folder
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # others may be using the machine
)
hypothesis.settings.load_profile("ours")

ROOT = Path(__file__).parents[1]
NAIVE_EM = ROOT / "assignments" / "naive_em"
COURSE_DATA = ROOT.parent / "shared" / "data"


def pytest_addoption(parser):
    parser.addoption(
        "--class-size", type=int, default=1000, help="how many submissions a benchmark's largest class has"
    )
    parser.addoption("--frames", type=int, default=5000, help="how many damaged frames the fuzzer sends")
    parser.addoption(
        "--screenshots", metavar="DIR", help="where pictures of the pages are kept, and not in a new folder"
    )


def pytest_configure(config):
    """Name the folder once, for the processes that share the tests get the options as they are now."""
    if config.option.screenshots is None:
        config.option.screenshots = str(Path(tempfile.gettempdir(), f"proofgrade-screenshots-{os.getpid()}"))
    leftovers.adopt_orphans()


def pytest_xdist_auto_num_workers(config):
    """Share all tests among the cores; a part that is named, or what measures time, has one process for itself."""
    whole = (
        config.args_source == config.ArgsSource.TESTPATHS and config.option.markexpr == "not benchmark and not docker"
    )
    return os.cpu_count() if whole else 0


def is_alone(item):
    return item is not None and item.get_closest_marker("alone") is not None


def pytest_collection_modifyitems(items):
    """Put those first that run alone, one after another, so that the others wait for them once."""
    items.sort(key=is_alone, reverse=True)


_room = []
"""The descriptor by which this process is in the room where tests run, while it is."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Let tests that are marked `alone` run while no other does, also of those that share the machine with them."""
    if not _room:
        _room.append(entered(fcntl.LOCK_EX if is_alone(item) else fcntl.LOCK_SH))
    try:
        return (yield)
    finally:
        if not (is_alone(item) and is_alone(nextitem)):
            os.close(_room.pop())


def entered(how):
    """Wait until this process may enter the room, alone or with others, and return what is closed on leaving."""
    room, queue = (os.open(ROOT / name, os.O_RDONLY) for name in ("tests", "tests/sandbox"))
    fcntl.flock(queue, fcntl.LOCK_EX)  # who waits for the room lets nobody pass
    fcntl.flock(room, how)
    os.close(queue)
    return room


def pytest_terminal_summary(terminalreporter, config):
    if os.path.isdir(config.option.screenshots):
        terminalreporter.write_line(f"screenshots: {config.option.screenshots}")


@pytest.fixture(scope="session")
def screenshots(request):
    """The folder for pictures of pages, which stays when the tests are over."""
    folder = Path(request.config.option.screenshots).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep what tests make out of the user's cache; processes that share the tests share this one."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ["XDG_CACHE_HOME"] = str(shared / "cache")


@pytest.fixture
def course_data():
    if not COURSE_DATA.is_dir():
        pytest.skip("the course's data is not ours to ship, and not on this machine")
    return COURSE_DATA


def made_once(name, make):
    """Return what `make` makes, once for all processes that share the tests."""
    path = Path(os.environ["XDG_CACHE_HOME"]).with_name(f"{name}.pickle")
    with open(f"{path}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_bytes(pickle.dumps(make()))
    return pickle.loads(path.read_bytes())  # noqa: S301  our own


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


def in_short(value):
    """Name a value in a test's id, alike in all processes that share the tests, where its address is not."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))[:40]


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
