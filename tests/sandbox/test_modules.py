"""What a submission can import, and what it finds there."""

import pytest

from grader import model
from grader.model import Limits
from grader.sandbox.client import Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.requests import call_request, load_request
from tests.sandbox.conftest import soon

GIVEN = {"common.py": b"def source(): return 'the course'\ndef init(): return 'init'\n"}


@pytest.fixture(scope="module")
def server():
    with ForkServer(Zygote(), Limits(), ["numpy"]) as server:
        yield server


@pytest.fixture
def load(server):
    """Load files (the first is the graded one) and return what its `answer()` returns, or how loading failed."""
    children = []

    def load(files, names=None):
        child = server.child(Output())
        children.append(child)
        sources = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        frame = load_request(next(iter(files)), sources, GIVEN, names or {})
        outcome = child.ask(frame, soon())
        if outcome is None:
            outcome = child.ask(call_request("answer", [], 0), soon())
        return outcome.value if isinstance(outcome, model.Returned) else outcome

    yield load
    for child in children:
        child.close()


HELPER = "def source(): return 'the student'\n"
IMPORTS = {
    "what the course gives": ({"work.py": "import common\ndef answer(): return common.source()"}, "the course"),
    "a module beside it": ({"work.py": "from aid import source as answer", "aid.py": HELPER}, "the student"),
    "its own copy of a given module": (
        {"work.py": "from common import source as answer", "common.py": HELPER}, "the student"),
    "a package beside it": (
        {"work.py": "from aid.inner import source as answer", "aid/inner.py": HELPER}, "the student"),
    "a package with an __init__": (
        {"work.py": "from aid import answer", "aid/__init__.py": "from .inner import source as answer",
         "aid/inner.py": HELPER}, "the student"),
    "a module beside it in a folder": (
        {"src/work.py": "from aid import source as answer", "src/aid.py": HELPER}, "the student"),
    "a module as seen from above": (
        {"src/work.py": "from src.aid import source as answer", "src/aid.py": HELPER}, "the student"),
    "a module above its folder": (
        {"src/work.py": "from lib.aid import source as answer", "lib/aid.py": HELPER}, "the student"),
    "a package that was left behind": ({"work.py": "from src.common import source as answer"}, "the course"),
    "a module of a package that was left behind": (
        {"work.py": "from src import common\ndef answer(): return common.source()"}, "the course"),
    "one module under two names": (
        {"work.py": "import src.common, common\ndef answer(): return src.common is common"}, True),
    "the standard library": ({"work.py": "import statistics\ndef answer(): return statistics.mean([1, 3])"}, 2),
    "numpy's parts": ({"work.py": "import numpy.linalg as la\ndef answer(): return float(la.norm([3, 4]))"}, 5.0),
    "its own file before the library's": (
        {"work.py": "from tempfile import source as answer", "tempfile.py": HELPER}, "the student"),
    "its own path": (
        {"work.py": "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\ndef answer(): return os.path.isdir(HERE)"},
        True),
    "itself under its name": ({"work.py": "def answer(): return __name__"}, "work"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPORTS)
def test_a_submission_finds(load, name):
    files, answer = IMPORTS[name]
    assert load(files) == answer


@pytest.mark.parametrize("module", ["reference", "reference.naive_em", "pydantic", "rich", "src"])
def test_a_submission_does_not_find(load, module):
    outcome = load({"work.py": f"import {module}"})
    assert (outcome.type, outcome.message) == (
        "ModuleNotFoundError", f"No module named {module.partition('.')[0]!r} in this assignment")  # fmt: skip


@pytest.mark.parametrize(
    "source", ["import grader", "from grader import engine as grader", "import grader.engine as grader"]
)
def test_of_the_grader_it_finds_what_does_nothing(load, source):
    """A notebook may check itself; what it finds is not the grader."""
    text = f"{source}\nfrom grader.sandbox.standins import Anything\ndef answer(): return bool(grader.check('f', answer)), hasattr(grader, '__file__')"
    assert load({"work.py": text}) == (True, False)


def test_names_are_there_without_an_import(load):
    names = {"np": "numpy", "Tuple": "typing.Tuple", "init": "common.init"}
    source = "def answer() -> Tuple[int, int]: return np.__name__, Tuple.__name__, init()"
    assert load({"work.py": source}, names) == ("numpy", "Tuple", "init")


def test_a_copy_that_lacks_a_given_name_is_completed_by_the_courses(load):
    files = {"work.py": "import common\ndef answer(): return init(), common.source()", "common.py": HELPER}
    assert load(files, {"init": "common.init"}) == ("init", "the student")


def test_a_guarded_block_does_not_run(load):
    source = "def answer(): return 1\nif __name__ == '__main__':\n    raise SystemExit"
    assert load({"work.py": source}) == 1


SOURCES = {
    "UTF-8 with a byte order mark": b"\xef\xbb\xbfdef answer(): return '\xc3\xa9'",
    "declared latin-1": b"# -*- coding: latin-1 -*-\ndef answer(): return '\xe9'",
    "CRLF": b"def answer():\r\n    return '\xc3\xa9'\r\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_may_be_in(load, name):
    assert load({"work.py": SOURCES[name]}) == "é"


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        (b"def answer(:", "SyntaxError", 1),
        (b"x = 1\n\ty = 2", "IndentationError", 2),
        (b"x = '\xe9'", "SyntaxError", 1),
        (b"x = 1\nraise ValueError('no')", "ValueError", 2),
        (b"import missing_module", "ModuleNotFoundError", 1),
        (b"(" * 1000, "SyntaxError", 1),
    ],
)
def test_a_file_that_does_not_load_says_where(load, source, kind, line):
    outcome = load({"work.py": source})
    assert (outcome.type, outcome.frames[-1].file, outcome.frames[-1].line) == (kind, "work.py", line)


PLOTS = {
    "calls": "plt.figure(figsize=(3, 4)).add_subplot(111).plot([1], [2], 'r-', label='x').foo.bar()",
    "unpacking": "fig, ax = plt.subplots(); n, bins, patches = plt.hist([1]); first, *rest = plt.plot()",
    "nested unpacking": "fig, ((a, b), (c, d)) = plt.subplots(2, 2); a.set_title('a')",
    "indexing": "fig, axes = plt.subplots(2); axes[0].plot(); axes[1, 0] = 3; axes.flat[2].set(xlabel='x')",
    "loops": "for axes in plt.subplots(2)[1]: axes.plot()",
    "with": "with plt.style.context('dark'): plt.show()",
    "arithmetic": "x = 2 * plt.cm.jet(0.5) + 1 - plt.x / 3; y = float(x), len(x), range(plt.n), bool(x), -x",
    "inheriting": "from matplotlib.axes import Axes\nclass Mine(Axes):\n    pass\nMine().plot()",
    "parts": "import mpl_toolkits.mplot3d, seaborn.objects, plotly.express as px; from matplotlib import cm, colors; px.bar()",
    "star": "from pylab import *",
    "bars": "from tqdm import tqdm, trange; assert list(tqdm([1, 2])) == [1, 2] and list(trange(2)) == [0, 1]",
    "bars in use": "from tqdm.auto import tqdm\nbar = tqdm(total=3)\nbar.update(1)\nbar.close()",
    "bars with": "from tqdm import tqdm\nwith tqdm([4]) as bar:\n    bar.set_description('x')",
    "bars that write": "from tqdm import tqdm\ntqdm.write('x')\ntqdm.monitor_interval = 0",
    "annotations": "def show(ax: plt.Axes | None = None) -> 'plt.Axes': pass\nabs(plt.x), plt.x > 3, 2 in plt.x",
    "a module called": "import tqdm\nassert list(tqdm.tqdm([1])) == [1] and list(tqdm.trange(1)) == [0]",
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_stray_plot_costs_nothing(load, name):
    source = f"import matplotlib.pyplot as plt\n{PLOTS[name]}\ndef answer(): return 'graded'"
    assert load({"work.py": source}) == "graded"
