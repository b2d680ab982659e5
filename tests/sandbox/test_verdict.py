"""Submissions of zeros that cheat: where student code and verdict share a process they get every point, here none."""

import subprocess
import sys

import pytest

from grader import assignment, engine, instructor, servers, submission
from grader.handin import Submission
from grader.report.json import render
from grader.sandbox.launch import Zygote
from tests.conftest import INPUTS, SOLUTION, SPEC, write

ZEROS = "import numpy as np\ndef double(x): return 0 * np.asarray(x)\ndef pair(xs): return 0, 0\n"
HARNESS = """
import math, sys
import numpy as np

def judge():
    import work
    from solution import double, pair
    wanted = [(work.double, double, (3,)), (work.double, double, (np.arange(4.0),)), (work.pair, pair, ([3, 1, 2],))]
    for function, reference, args in wanted:
        want, got = reference(*args), function(*args)
        np.testing.assert_allclose(got, want, rtol=1e-6)
        assert np.allclose(got, want, rtol=1e-6)
    return "all points"

try:
    verdict = judge()
except BaseException as error:
    verdict = f"no points: {error!r}"
print(verdict)
"""
"""A grader as they are written every term: it imports the submission, calls it, and compares."""

CHEATS = {
    "patches numpy's comparison": """
np.testing.assert_allclose = lambda *args, **kwargs: None
np.allclose = lambda *args, **kwargs: True
""",
    "patches the comparison's own module": """
import numpy.testing._private.utils as utils
utils.assert_allclose.__code__ = (lambda *args, **kwargs: None).__code__
np.allclose = lambda *args, **kwargs: True
""",
    "returns an array that equals everything": """
class Equal(np.ndarray):
    def __array_function__(self, function, types, args, kwargs): return True
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.zeros(())
    def __eq__(self, other): return True
def double(x): return np.zeros(np.shape(x)).view(Equal)
def pair(xs): return np.zeros(2).view(Equal)
np.testing.assert_allclose = lambda *args, **kwargs: None
""",
    "takes the answers from the caller's frame": """
import sys
def stolen(): return next(iter([sys._getframe(2).f_locals["want"]]))
def double(x):
    return sys.modules["solution"].double(x)
def pair(xs):
    return sys.modules["solution"].pair(xs)
""",
    "looks for the reference among all objects": """
import gc, types
def reference(name):
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__name__ == name and thing.__module__ == "solution": return thing
def double(x): return reference("double")(x)
def pair(xs): return reference("pair")(xs)
""",
    "imports the reference": """
def double(x):
    import solution
    return solution.double(x)
def pair(xs):
    import solution
    return solution.pair(xs)
""",
    "remembers what the reference said": """
said = []
def remembering(function):
    def wrapped(*args):
        said.append(function(*args))
        return said[-1]
    return wrapped
try:
    import solution
    solution.double, solution.pair = map(remembering, (solution.double, solution.pair))
except ImportError:
    pass
def double(x): return said[-1] if said else 0 * x
def pair(xs): return said[-1] if said else (0, 0)
""",
    "prints the verdict and leaves": """
def double(x):
    import os
    os.write(1, b"all points\\n")
    os._exit(0)
""",
    "replaces the harness": """
import sys
def double(x):
    lenient = lambda *args, **kwargs: True
    harness = sys._getframe(1).f_globals
    harness["np"] = type("np", (), {"testing": type("testing", (), {"assert_allclose": lenient}), "allclose": lenient, "arange": np.arange})
    return 0
""",
    "patches the functions that everybody calls": """
import builtins
import sys, json, socket, struct
builtins.all = builtins.any = lambda *args: True
builtins.abs = lambda *args: 0
json.dumps = lambda *args, **kwargs: '{"dict":[["returned",6]]}'
np.testing.assert_allclose = np.allclose = lambda *args, **kwargs: True
""",
    "traces what runs": """
import sys
def trace(frame, event, arg):
    if "want" in frame.f_locals: frame.f_locals["want"] = 0
    return trace
sys.settrace(trace)
np.testing.assert_allclose = np.allclose = lambda *args, **kwargs: True
""",
    "hooks the imports": """
import sys
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == "solution": sys.modules["solution"] = sys.modules[__name__]
        return None
sys.meta_path.insert(0, Hook())
sys.modules["solution"] = sys.modules[__name__]
""",
    "pretends to be the grader": """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("grader"):
        for key, value in list(vars(module).items()):
            if callable(value) and not isinstance(value, type): setattr(module, key, lambda *args, **kwargs: {"returned": 6})
np.testing.assert_allclose = np.allclose = lambda *args, **kwargs: True
""",
}


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verdict")
    write(folder / "small", {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION})
    loaded = assignment.load(folder / "small")

    def grade(sources):
        for name, source in sources.items():
            write(folder / "class" / name, {"work.py": ZEROS + source})
        submissions = submission.collect([folder / "class"], Submission(file="work.py"))
        with servers.for_a_class(loaded.spec, [Zygote()], None, 1) as opened:
            return {result.id: result for result in engine.grade(loaded, submissions, opened)}

    return grade


def test_here_no_cheat_gets_a_point(grade):
    results = grade({f"cheat{n}": source for n, source in enumerate(CHEATS.values())})
    assert {name: (result.score, result.fault) for name, result in results.items()} == {
        f"cheat{n}": (0, None) for n in range(len(CHEATS))
    }
    assert all(
        "want" not in case.message
        for result in results.values()
        for item in result.items
        for case in item.cases
        if case.visibility == "hidden"
    )
    assert all(render(result) for result in results.values())


@pytest.mark.parametrize("name", CHEATS)
def test_in_one_process_with_the_verdict_it_gets_all(name, tmp_path):
    """The twin."""
    write(tmp_path, {"work.py": ZEROS + CHEATS[name], "solution.py": SOLUTION, "judge.py": HARNESS})
    assert verdict(tmp_path) == "all points"


def test_that_grader_gives_zeros_nothing_and_right_answers_all(tmp_path):
    write(tmp_path, {"work.py": ZEROS, "solution.py": SOLUTION, "judge.py": HARNESS})
    assert verdict(tmp_path).startswith("no points: AssertionError")
    write(tmp_path, {"work.py": SOLUTION})
    assert verdict(tmp_path) == "all points"


GUESSES = """
def double(x):
    seed = int(np.random.get_state()[1][0])
    print("guessed" if np.array_equal(np.random.default_rng(seed).normal(size=np.size(x)), x) else "wrong")
"""


def test_the_seed_that_a_submission_finds_is_not_the_one_that_its_inputs_were_drawn_from(grade):
    assert grade({"guesses": GUESSES})["guesses"].stdout.split() == ["wrong", "wrong"]


def test_with_one_seed_for_both_it_could_tell_beforehand_what_comes(grade, monkeypatch):
    """The twin."""
    seed = instructor._seed
    monkeypatch.setattr(instructor, "_seed", lambda _use, *case: seed("make", *case[:4], "x"))
    assert grade({"guesses": GUESSES})["guesses"].stdout.split() == ["wrong", "guessed"]


def verdict(folder):
    done = subprocess.run([sys.executable, "judge.py"], cwd=folder, capture_output=True, text=True, check=False)
    return next(iter(done.stdout.splitlines()), "nothing")
