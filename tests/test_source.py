"""The reference is handed in like a submission, as it is or changed in one place of what the graded functions use."""

import ast
import json
import subprocess
import sys

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


def named(name):
    return {"assignment.yaml": SPEC.replace("reference: solution", f"reference: {name}")}


def imports(name):
    """Return the file that is handed in for a reference of this name."""
    return f"from {name} import double, pair\n".encode()


def returned(handed, folder):
    """Return what the functions handed in return, when Python itself runs them: of 3, and of some numbers."""
    write(folder, handed.files)
    code = f"import json, {source.MAIN[:-3]} as it; print(json.dumps([it.double(3), it.pair([3, 1, 2])]))"
    done = subprocess.run([sys.executable, "-B", "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


# --- as a submission -------------------------------------------------------------------------------------------------


def test_what_is_handed_in_imports_the_graded_functions_from_the_reference_as_it_is(small, tmp_path):
    handed = reference(small)
    assert (handed.main, next(iter(handed.files))) == (source.MAIN, source.MAIN)
    assert handed.files == {
        source.MAIN: imports("solution"),
        "solution.py": (small / "solution.py").read_bytes(),
    }
    assert returned(handed, tmp_path / "run") == [6, [1, 3]]


def test_modules_beside_it_come_with_it_and_the_instructors_other_python_does_not(small):
    others = dict.fromkeys(["inputs.py", "slips.py", "accepted.py", "checks.py"], "raise RuntimeError")
    write(small, {**others, "helpers.py": "", "given/common.py": "", "samples/ann/work.py": "", "data/make.py": ""})
    assert sorted(reference(small).files) == [source.MAIN, "helpers.py", "solution.py"]


def test_a_module_of_a_package_beside_the_spec_comes_with_its_package_alone(small, tmp_path):
    write(small, {
        **named("ref.small"), "helpers.py": "",
        "ref/__init__.py": "", "ref/small.py": MODULE, "ref/tools.py": TOOLS, "ref/deep/more.py": "", "ref/a.txt": "",
    })  # fmt: skip
    handed = reference(small)
    assert handed.files[source.MAIN] == imports("ref.small")
    assert sorted(handed.files) == [
        source.MAIN, "ref/__init__.py", "ref/deep/more.py", "ref/small.py", "ref/tools.py",
    ]  # fmt: skip
    assert returned(handed, tmp_path / "run") == [6, [1, 3]]


def test_a_package_may_itself_be_the_reference(small, tmp_path):
    write(small, {**named("ref"), "ref/__init__.py": "from ref.small import double, pair", "ref/small.py": MODULE,
                  "ref/tools.py": TOOLS})  # fmt: skip
    handed = reference(small)
    assert handed.files[source.MAIN] == imports("ref")
    assert returned(handed, tmp_path / "run") == [6, [1, 3]]


def test_the_reference_may_be_called_like_the_submission(small):
    text = (small / "solution.py").read_text()
    (small / "solution.py").unlink()
    write(small, {**named("work"), "work.py": text})
    assert reference(small).files == {source.MAIN: imports("work"), "work.py": text.encode()}


def test_a_file_beside_it_of_the_submissions_name_does_not_take_its_place(small):
    write(small, {"work.py": "raise RuntimeError"})
    handed = reference(small)
    assert (handed.main, handed.files[source.MAIN]) == (source.MAIN, imports("solution"))


def test_nor_does_a_file_of_the_name_that_is_handed_in(small):
    write(small, {source.MAIN: "raise RuntimeError"})
    assert reference(small).files[source.MAIN] == imports("solution")


def test_a_folder_of_the_references_name_does_not_hide_it(small):
    write(small, {"solution/derivation.txt": ""})
    assert reference(small).files["solution.py"] == (small / "solution.py").read_bytes()


@pytest.mark.parametrize(
    ("files", "name"),
    [({"installed_one.py": MODULE}, "installed_one"),
     ({"installed_two/__init__.py": "", "installed_two/small.py": MODULE, "installed_two/tools.py": TOOLS},
      "installed_two.small"),
     ({"installed_three/small.py": MODULE}, "installed_three.small"),
     ({"installed_four/__init__.py": MODULE}, "installed_four")],
    ids=["a module", "of a package", "of a package without __init__", "a package"],
)  # fmt: skip
def test_an_installed_reference_is_found_where_it_is_installed(small, tmp_path, monkeypatch, files, name):
    write(tmp_path / "site", files)
    monkeypatch.syspath_prepend(tmp_path / "site")
    write(small, named(name))
    assert reference(small).files == {
        source.MAIN: imports(name),
        **{path: text.encode() for path, text in files.items()},
    }


def test_what_lies_beside_the_spec_comes_before_what_is_installed(small, tmp_path, monkeypatch):
    write(tmp_path / "site", {"solution.py": "raise RuntimeError"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert reference(small).files["solution.py"] == (small / "solution.py").read_bytes()


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
    [QUESTIONS, EXPECTED,
     QUESTIONS + "reference: solution",
     SPEC.replace("reference: solution", "reference: not_there"),
     SPEC.replace("reference: solution", "reference: numpy.not_there"),
     SPEC.replace("reference: solution", "reference: sys")],
    ids=["questions alone", "all values expected", "questions alone beside one", "not installed", "not in its package", "built in"],
)  # fmt: skip
def test_where_there_is_no_reference_nothing_is_handed_in(small, spec):
    write(small, {"assignment.yaml": spec})
    assert reference(small) is None


# --- changed in one place --------------------------------------------------------------------------------------------


def handed(functions, **files):
    """Return a reference of these files, of whose `main` the functions are graded."""
    paths = {"main": "solution.py", "package": "ref/__init__.py", "tools": "ref/tools.py", "more": "ref/more.py"}
    first = f"from solution import {', '.join(functions)}\n"
    return Handed(
        source.MAIN, {source.MAIN: first.encode(), **{paths[name]: text.encode() for name, text in files.items()}}
    )


def changed(reference, functions):
    """Return the functions in which something is changed, by their files."""
    return {(path, mutant.function) for path, mutant, _ in source.variations(reference, functions)}


USED = {
    "a function that is graded": (
        {"main": "def f(x):\n    return 2 * x\ndef g(x):\n    return 3 * x\n"}, ["f"], {("solution.py", "f")}),
    "each that is graded": (
        {"main": "def f(x):\n    return 2 * x\ndef g(x):\n    return 3 * x\n"}, ["f", "g"],
        {("solution.py", "f"), ("solution.py", "g")}),
    "what it calls, and what that calls": (
        {"main": "def f(x):\n    return g(x)\ndef g(x):\n    return h(x)\ndef h(x):\n    return 2 * x\n"
                 "def unused(x):\n    return 3 * x\n"}, ["f"], {("solution.py", "h")}),
    "functions that call each other": (
        {"main": "def f(x):\n    return g(x - 1)\ndef g(x):\n    return f(x - 1)\n"}, ["f"],
        {("solution.py", "f"), ("solution.py", "g")}),
    "what is inside it": (
        {"main": "def f(x):\n    def inner(y):\n        return 2 * y\n    return inner(x)\n"
                 "def inner(y):\n    return [3 * y]\n"}, ["f"], {("solution.py", "f.inner"), ("solution.py", "inner")}),
    "a class that it makes": (
        {"main": "class M:\n    def area(self):\n        return 2 * self.r\nclass N:\n    def area(self):\n"
                 "        return 3 * self.r\ndef f(x):\n    return M(x)\n"}, ["f"], {("solution.py", "M.area")}),
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
    "what it imports relatively": (
        {"main": "from ref.more import four\ndef f(x):\n    return four(x)\n",
         "more": "from .tools import twice\ndef four(x):\n    return twice(twice(x))\n", "tools": TOOLS}, ["f"],
        {("ref/tools.py", "twice")}),
    "what it imports from a package": (
        {"main": "from ref import twice\ndef f(x):\n    return twice(x)\n",
         "package": "def twice(x):\n    return 2 * x\ndef thrice(x):\n    return 3 * x\n"}, ["f"],
        {("ref/__init__.py", "twice")}),
    "what the package imports in turn": (
        {"main": "from ref import twice\ndef f(x):\n    return twice(x)\n",
         "package": "from .tools import thrice, twice\n", "tools": TOOLS}, ["f"], {("ref/tools.py", "twice")}),
    "what it imports from the package that it is in": (
        {"main": "from ref.more import four\ndef f(x):\n    return four(x)\n",
         "more": "from . import twice\ndef four(x):\n    return twice(twice(x))\n",
         "package": "def twice(x):\n    return 2 * x\n"}, ["f"], {("ref/__init__.py", "twice")}),
    "what is imported to be graded": (
        {"main": "from ref.tools import twice\ndef g(x):\n    return 3 * x\n", "tools": TOOLS}, ["twice"],
        {("ref/tools.py", "twice")}),
    "what is imported to be graded under another name": (
        {"main": "from ref.tools import thrice as f\n", "tools": TOOLS}, ["f"], {("ref/tools.py", "thrice")}),
    "what another name is given to": (
        {"main": "def _f(x):\n    return 2 * x\ndef _g(x):\n    return 3 * x\nf = _f\n"}, ["f"],
        {("solution.py", "_f")}),
    "what is imported and given another name": (
        {"main": "from ref.tools import twice\nf = twice\n", "tools": TOOLS}, ["f"], {("ref/tools.py", "twice")}),
    "what a value that it uses is made with": (
        {"main": "def _table(n):\n    return 2 * n\nTABLE = _table(x)\ndef f(x):\n    return TABLE[x]\n"}, ["f"],
        {("solution.py", "_table")}),
    "nothing of what lies elsewhere": (
        {"main": "from statistics import mean\ndef f(x):\n    return mean(x)\n", "tools": TOOLS}, ["f"], set()),
    "nothing of what is not there": ({"main": "def f(x):\n    return 2 * x\n"}, ["g"], set()),
}  # fmt: skip


@pytest.mark.parametrize("name", USED)
def test_variations_are_of(name):
    files, functions, expected = USED[name]
    assert changed(handed(functions, **files), functions) == expected


def test_a_variation_has_one_place_of_one_file_changed():
    reference = handed(["double"], main=MODULE, tools=TOOLS)
    found = list(source.variations(reference, ["double"]))
    assert {(path, mutant.was, mutant.now) for path, mutant, _ in found} == {
        ("ref/tools.py", "2 * x", "2 / x"), ("ref/tools.py", "2", "3"), ("ref/tools.py", "2", "1"),
    }  # fmt: skip
    for path, mutant, whole in found:
        assert whole == Handed(source.MAIN, {**reference.files, path: mutant.source.encode()})
        assert ast.dump(ast.parse(whole.files[path])) != ast.dump(ast.parse(reference.files[path]))


def test_the_file_that_is_handed_in_is_never_what_is_varied(small):
    assert changed(reference(small), ["double", "pair"]) == {("solution.py", "double"), ("solution.py", "pair")}


def test_a_reference_that_imports_relatively_is_graded_and_varied(small, tmp_path):
    write(small, {**named("ref.small"), "ref/__init__.py": "", "ref/small.py": MODULE.replace("ref.tools", ".tools"),
                  "ref/tools.py": TOOLS})  # fmt: skip
    handed = reference(small)
    assert returned(handed, tmp_path / "run") == [6, [1, 3]]
    found = list(source.variations(handed, ["double", "pair"]))
    assert {(path, mutant.function) for path, mutant, _ in found} == {
        ("ref/tools.py", "twice"), ("ref/small.py", "pair"),
    }  # fmt: skip
    for n, (_, _, whole) in enumerate(found):
        assert returned(whole, tmp_path / f"run{n}") != [6, [1, 3]]


ENCODED = "def double(x):\n    return len('é') * x * 2\ndef pair(xs):\n    return min(xs), max(xs)\n"


@pytest.mark.parametrize(
    "data",
    [ENCODED.encode(), ENCODED.encode("utf-8-sig"), f"# coding: latin-1\n{ENCODED}".encode("latin-1"),
     f"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n{ENCODED}".encode("cp1252"),
     ENCODED.replace("\n", "\r\n").encode("utf-8-sig")],
    ids=["UTF-8", "with a mark at its beginning", "latin-1", "another, on the second line", "of Windows"],
)  # fmt: skip
def test_a_reference_may_be_encoded_as_python_allows(small, tmp_path, data):
    write(small, {"solution.py": data})
    handed = reference(small)
    assert handed.files["solution.py"] == data
    assert returned(handed, tmp_path / "run") == [6, [1, 3]]
    found = list(source.variations(handed, ["double", "pair"]))
    assert {mutant.function for _, mutant, _ in found} == {"double", "pair"}
    for path, mutant, whole in found:
        assert "'é'" in mutant.source
        assert ast.dump(ast.parse(whole.files[path])) == ast.dump(ast.parse(mutant.source))


@pytest.mark.parametrize(
    "stray",
    [b"# \xe9\n", b"print 'of Python 2'\n"],
    ids=["in no encoding", "not Python"],
)  # fmt: skip
def test_a_file_that_is_not_used_need_not_be_readable(small, stray):
    write(small, {"stray.py": stray})
    assert changed(reference(small), ["double"]) == {("solution.py", "double")}


def test_a_shipped_reference_is_varied_through_its_imports():
    """Of its package those functions are varied that `estep` consists of, and nothing of other modules."""
    found = changed(reference(NAIVE_EM), ["estep"])
    files = {path for path, _ in found}
    assert {"reference/naive_em.py", "reference/logspace.py", "reference/mixture.py"} <= files
    assert not files & {"reference/init.py", "reference/gmm_full.py", "reference/loop.py"}
