"""What notebooks cost: beside nbgrader, beside the same code as a module, and to read one with its pictures.

nbgrader is installed by the benchmark's extra; it grades in a process that has imported it and made its course ready,
as the grader does with its fork server running, so what is compared is what each submission costs.
"""

import base64
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from grader import assignment, engine, notebook, submission
from grader.parts import Place
from grader.prepare import prepare
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.servers import CELL_TIMES
from grader.variants import Variants
from tests.benchmarks.timing import expect_at_most, in_turn, seconds
from tests.conftest import INPUTS, NAIVE_EM, SOLUTION, SPEC, write
from tests.notebooks import cell, markdown
from tests.notebooks import notebook as written

pytestmark = pytest.mark.benchmark

CLASS = 10
"""How many submissions follow each other, as they do in a class."""
TIMES_AS_FAST = 10


@contextlib.contextmanager
def ours(course, folder, *, functions):
    """Return an action that grades each submission in a folder once, and what it last found."""
    loaded = assignment.load(course)
    submissions = submission.collect([folder], loaded.spec.submission)
    found = {}
    with (
        ForkServer(Zygote(), loaded.spec.limits, loaded.spec.packages, functions=functions + CELL_TIMES) as server,
        contextlib.closing(Variants(prepare(loaded))) as variants,
    ):

        def grade():
            for one in submissions:
                found[one.id] = engine.grade_one(variants, Place(server), one)

        yield grade, found


# --- beside nbgrader ---------------------------------------------------------------------------------------------------

NBGRADER = """
import json, logging, time
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

config = Config()
config.CourseDirectory.course_id = "course"
config.CourseDirectory.root = "."
config.NbGrader.logfile = ""
api = NbGraderAPI(config=config)
api.log.setLevel(logging.ERROR)
made = api.generate_assignment("hw")
assert made["success"], made
took = []
for student in ["warm", "right", "wrong", "right", "wrong"]:
    began = time.perf_counter()
    done = api.autograde("hw", student)
    took.append(time.perf_counter() - began)
    assert done["success"], done
with Gradebook(f"sqlite:///gradebook.db") as book:
    scores = {
        student: {grade.name: grade.score for grade in book.find_submission_notebook("work", "hw", student).grades}
        for student in ("right", "wrong")
    }
print(json.dumps({"seconds": took[1:], "scores": scores}))
"""
"""The first submission of each process takes longer, and is left out."""
TESTS = {
    "double": ("import numpy as np\nassert double(3) == 6\nxs = np.random.default_rng(0).normal(size=4)\n"
               "np.testing.assert_allclose(double(xs), 2 * xs, rtol=1e-6)", 1),
    "pair": ("assert pair([3, 1, 2]) == (1, 3)", 2),
}  # fmt: skip
RIGHT = {"double": "def double(x):\n    return 2 * x", "pair": "def pair(xs):\n    return min(xs), max(xs)"}
WRONG = RIGHT | {"double": "def double(x):\n    return x"}


def nbgrader_cell(source, name, *, points=None):
    """Return a cell with nbgrader's metadata: a solution, or a test that is worth points."""
    is_test = points is not None
    metadata = {
        "grade": is_test,
        "solution": not is_test,
        "locked": is_test,
        "schema_version": 3,
        "grade_id": name,
        "task": False,
    }
    return cell(source, metadata={"nbgrader": metadata | ({"points": points} if is_test else {})})


def homework(functions):
    """Return a notebook as nbgrader's students hand it in."""
    cells = [markdown("# Homework"), "import numpy as np"]
    for name, source in functions.items():
        test, points = TESTS[name]
        cells += [nbgrader_cell(source, f"solve_{name}"), nbgrader_cell(test, name, points=points)]
    return written(*cells)


def nbgrader(folder):
    """Grade with nbgrader in a course of its own; return its scores, and the median of its seconds."""
    handed = {"right": RIGHT, "wrong": WRONG, "warm": RIGHT}
    write(folder, {"source/hw/work.ipynb": homework(RIGHT)})
    write(folder, {f"submitted/{name}/hw/work.ipynb": homework(functions) for name, functions in handed.items()})
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )  # it starts alembic by its name
    at_home = {
        "HOME": str(folder),
        "IPYTHONDIR": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PATH": path,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NBGRADER], cwd=folder, env=os.environ | at_home, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return told["scores"], statistics.median(told["seconds"])


@pytest.mark.skipif(not find_spec("nbgrader"), reason="nbgrader is not installed: pip install 'proofgrade[benchmark]'")
def test_a_notebook_is_graded_ten_times_as_fast_as_by_nbgrader_and_alike(tmp_path):
    spec = SPEC.replace("{file: work.py}", "{notebook: work.ipynb}")
    write(tmp_path / "small", {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": SOLUTION})
    handed = {"right": homework(RIGHT), "wrong": homework(WRONG)}
    write(tmp_path / "class", {f"{name}/work.ipynb": book for name, book in handed.items()})
    with ours(tmp_path / "small", tmp_path / "class", functions=2) as (grade, found):
        grade()
        each = seconds(grade, CLASS) / len(handed)
    scores = {name: {item.name: item.score for item in result.items} for name, result in found.items()}
    theirs, their_seconds = nbgrader(write(tmp_path / "course", {}))
    print(
        f"\nnbgrader {1000 * their_seconds:.1f} ms   ours {1000 * each:.1f} ms   {their_seconds / each:.0f} times as fast"
    )
    assert scores == theirs == {"right": {"double": 1, "pair": 2}, "wrong": {"double": 0, "pair": 2}}
    assert their_seconds >= TIMES_AS_FAST * each


# --- beside a module ---------------------------------------------------------------------------------------------------


def test_a_notebook_costs_little_more_than_the_same_code_as_a_module(tmp_path):
    """Its cells are sent and answered one by one."""
    course = tmp_path / "naive_em"
    shutil.copytree(NAIVE_EM, course, ignore=shutil.ignore_patterns("samples"))
    text = (course / "assignment.yaml").read_text()
    write(course, {"assignment.yaml": text.replace("{file: naive_em.py}", "{notebook: naive_em.ipynb}")})
    module = NAIVE_EM / "samples" / "right_vectorised"
    cells = re.split(r"\n+(?=def )", (module / "naive_em.py").read_text())
    assert len(cells) > 3
    write(tmp_path / "ann", {"naive_em.ipynb": written(*cells)})
    with (
        ours(NAIVE_EM, module, functions=3) as (as_module, _),
        ours(course, tmp_path / "ann", functions=3) as (as_notebook, found),
    ):
        times = in_turn(CLASS, as_module=as_module, as_notebook=as_notebook)
    assert (found["ann"].score, found["ann"].notes) == (found["ann"].max_score, ())
    expect_at_most(times["as_notebook"], 1.2 * times["as_module"] + 2)


def test_to_read_a_notebook_costs_half_as_much_again_as_its_json_and_its_pictures():
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3 * 2**18)).decode()
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture, "text/plain": "<Figure>"}}
    ]
    cells = [cell(f"plt.plot(x{n})", outputs=outputs) for n in range(5)]
    data = written(*cells, *[f"def f{n}(x):\n    return x" for n in range(50)])
    assert len(data) > 5 * 2**20
    assert sum(len(one.pictures) for one in notebook.read("hw.ipynb", data).cells) == 5

    def raw():
        for one in json.loads(data)["cells"][:5]:
            base64.b64decode(one["outputs"][0]["data"]["image/png"])

    times = in_turn(raw=raw, read=lambda: notebook.read("hw.ipynb", data))
    expect_at_most(times["read"], 1.5 * times["raw"], fails_beyond=1.5)
