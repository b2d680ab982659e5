"""The reference is handed in like a submission, as it is or changed in one place of what the graded functions use."""

import ast

import pytest

from grader import assignment, source
from grader.submission import Handed
from tests.conftest import NAIVE_EM, SPEC, write

MODULE = """
from ref.tools import twice

def double(x):
    return twice(x)

def pair(xs):
    return min(xs), max(xs)
"""
TOOLS = """
def twice(x):
    return 2 * x

def thrice(x):
    return 3 * x
"""


def reference(folder):
    return source.reference(assignment.load(folder))


# --- as a submission -------------------------------------------------------------------------------------------------


def test_a_module_beside_the_spec_is_handed_in_under_the_submissions_name(small):
    handed = reference(small)
    text = (small / "solution.py").read_bytes()
    assert (handed.main, next(iter(handed.files))) == ("work.py", "work.py")
    assert handed.files == {"work.py": text, "solution.py": text}


def test_modules_beside_it_come_with_it_and_the_instructors_other_python_does_not(small):
    others = dict.fromkeys(["inputs.py", "slips.py", "accepted.py", "checks.py"], "raise RuntimeError")
    write(small, {**others, "helpers.py": "", "given/common.py": "", "samples/ann/work.py": "", "data/make.py": ""})
    assert sorted(reference(small).files) == ["helpers.py", "solution.py", "work.py"]


def test_a_module_of_a_package_beside_the_spec_comes_with_its_package_alone(small):
    write(small, {
        "assignment.yaml": SPEC.replace("reference: solution", "reference: ref.small"), "helpers.py": "",
        "ref/__init__.py": "", "ref/small.py": MODULE, "ref/tools.py": TOOLS, "ref/deep/more.py": "", "ref/a.txt": "",
    })  # fmt: skip
    handed = reference(small)
    assert handed.files["work.py"].decode() == MODULE
    assert sorted(handed.files) == ["ref/__init__.py", "ref/deep/more.py", "ref/small.py", "ref/tools.py", "work.py"]


def test_a_module_beside_the_spec_of_the_submissions_name_is_handed_in_once(small):
    text = (small / "solution.py").read_text()
    (small / "solution.py").unlink()
    write(small, {"assignment.yaml": SPEC.replace("reference: solution", "reference: work"), "work.py": text})
    assert reference(small).files == {"work.py": text.encode()}


def test_a_file_beside_it_of_the_submissions_name_does_not_take_its_place(small):
    write(small, {"work.py": "raise RuntimeError"})
    assert reference(small).files["work.py"] == (small / "solution.py").read_bytes()


@pytest.mark.parametrize(
    ("files", "name"),
    [({"installed_one.py": MODULE}, "installed_one"),
     ({"installed_two/__init__.py": "", "installed_two/small.py": MODULE, "installed_two/tools.py": TOOLS},
      "installed_two.small"),
     ({"installed_three/small.py": MODULE}, "installed_three.small")],
    ids=["a module", "of a package", "of a package without __init__"],
)  # fmt: skip
def test_an_installed_reference_is_found_where_it_is_installed(small, tmp_path, monkeypatch, files, name):
    write(tmp_path / "site", files)
    monkeypatch.syspath_prepend(tmp_path / "site")
    write(small, {"assignment.yaml": SPEC.replace("reference: solution", f"reference: {name}")})
    assert reference(small).files == {
        "work.py": MODULE.encode(),
        **{path: text.encode() for path, text in files.items()},
    }


def test_what_lies_beside_the_spec_comes_before_what_is_installed(small, tmp_path, monkeypatch):
    write(tmp_path / "site", {"solution.py": "raise RuntimeError"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert reference(small).files["work.py"] == (small / "solution.py").read_bytes()


QUESTIONS = """
name: small
submission: {answers: answers.yaml}
questions: {x: {kind: number, points: 1, answer: 1}}
"""
EXPECTED = """
name: small
submission: {file: work.py}
functions: {double: {points: 1, returns: [y], cases: [{name: three, args: {x: 3}, expect: {y: 6}}]}}
"""


@pytest.mark.parametrize(
    "spec",
    [QUESTIONS, EXPECTED, SPEC.replace("reference: solution", "reference: not_there"),
     SPEC.replace("reference: solution", "reference: numpy.not_there"),
     SPEC.replace("reference: solution", "reference: sys")],
    ids=["questions alone", "all values expected", "not installed", "not in its package", "built in"],
)  # fmt: skip
def test_where_there_is_no_reference_nothing_is_handed_in(small, spec):
    write(small, {"assignment.yaml": spec})
    assert reference(small) is None


# --- changed in one place --------------------------------------------------------------------------------------------


def handed(**files):
    """Return a reference of these files, of which `main` is handed in."""
    paths = {"main": "work.py", "tools": "ref/tools.py", "more": "ref/more.py"}
    return Handed("work.py", {paths[name]: text.encode() for name, text in files.items()})


def changed(reference, *functions):
    """Return the functions in which something is changed, by their files."""
    return {(path, mutant.function) for path, mutant, _ in source.variations(reference, functions)}


USED = {
    "a function that is graded": (
        {"main": "def f(x):\n    return 2 * x\ndef g(x):\n    return 3 * x\n"}, ["f"], {("work.py", "f")}),
    "each that is graded": (
        {"main": "def f(x):\n    return 2 * x\ndef g(x):\n    return 3 * x\n"}, ["f", "g"],
        {("work.py", "f"), ("work.py", "g")}),
    "what it calls, and what that calls": (
        {"main": "def f(x):\n    return g(x)\ndef g(x):\n    return h(x)\ndef h(x):\n    return 2 * x\n"
                 "def unused(x):\n    return 3 * x\n"}, ["f"], {("work.py", "h")}),
    "functions that call each other": (
        {"main": "def f(x):\n    return g(x - 1)\ndef g(x):\n    return f(x - 1)\n"}, ["f"],
        {("work.py", "f"), ("work.py", "g")}),
    "what is inside it": (
        {"main": "def f(x):\n    def inner(y):\n        return 2 * y\n    return inner(x)\n"
                 "def inner(y):\n    return [3 * y]\n"}, ["f"], {("work.py", "f.inner"), ("work.py", "inner")}),
    "a class that it makes": (
        {"main": "class M:\n    def area(self):\n        return 2 * self.r\nclass N:\n    def area(self):\n"
                 "        return 3 * self.r\ndef f(x):\n    return M(x)\n"}, ["f"], {("work.py", "M.area")}),
    "what it imports": (
        {"main": "from ref.tools import twice\ndef f(x):\n    return twice(x)\n", "tools": TOOLS}, ["f"],
        {("ref/tools.py", "twice")}),
    "what it imports under another name": (
        {"main": "from ref.tools import thrice as twice\ndef f(x):\n    return twice(x)\n", "tools": TOOLS}, ["f"],
        {("ref/tools.py", "thrice")}),
    "what it imports inside": (
        {"main": "def f(x):\n    from ref.tools import twice\n    return twice(x)\n", "tools": TOOLS}, ["f"],
        {("ref/tools.py", "twice")}),
    "what is imported from what imports it": (
        {"main": "from ref.more import four\ndef f(x):\n    return four(x)\n",
         "more": "from ref.tools import twice\ndef four(x):\n    return twice(twice(x))\n", "tools": TOOLS}, ["f"],
        {("ref/tools.py", "twice")}),
    "what is imported for another function": (
        {"main": "from ref.tools import thrice, twice\ndef f(x):\n    return twice(x)\n"
                 "def g(x):\n    return thrice(x)\n", "tools": TOOLS}, ["g"], {("ref/tools.py", "thrice")}),
    "nothing of what lies elsewhere": (
        {"main": "from statistics import mean\ndef f(x):\n    return mean(x)\n", "tools": TOOLS}, ["f"], set()),
    "nothing of what is not there": ({"main": "def f(x):\n    return 2 * x\n"}, ["g"], set()),
}  # fmt: skip


@pytest.mark.parametrize("name", USED)
def test_variations_are_of(name):
    files, functions, expected = USED[name]
    assert changed(handed(**files), *functions) == expected


def test_a_variation_has_one_place_of_one_file_changed():
    reference = handed(main=MODULE, tools=TOOLS)
    found = list(source.variations(reference, ["double"]))
    assert {(path, mutant.was, mutant.now) for path, mutant, _ in found} == {
        ("ref/tools.py", "2 * x", "2 / x"), ("ref/tools.py", "2", "3"), ("ref/tools.py", "2", "1"),
    }  # fmt: skip
    for path, mutant, whole in found:
        assert whole == Handed("work.py", {**reference.files, path: mutant.source.encode()})
        assert ast.dump(ast.parse(whole.files[path])) != ast.dump(ast.parse(reference.files[path]))


def test_a_shipped_reference_is_varied_through_its_imports():
    """Of its package those functions are varied that `estep` consists of, and nothing of other modules."""
    found = changed(reference(NAIVE_EM), "estep")
    files = {path for path, _ in found}
    assert {"reference/logspace.py", "reference/mixture.py"} <= files
    assert not files & {"reference/init.py", "reference/gmm_full.py", "reference/loop.py"}
