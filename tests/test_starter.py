"""What students begin with: no solution is left in it, and it can be run as it is."""

import ast
import json

import pytest

from grader import starter
from grader.errors import SpecError
from grader.spec import Spec

MARKED = """\
import numpy as np

def double(x):
    # BEGIN SOLUTION
    y = 2 * x
    return y
    # END SOLUTION

def pair(xs):
    ordered = sorted(xs)
    ### BEGIN SOLUTION
    low = ordered[0]
    ### END SOLUTION
    return low, ordered[-1]

# BEGIN SOLUTION
SECRET = 4
# END SOLUTION
"""
REFERENCE = '''
"""Decided: the helper knows the answer."""

from __future__ import annotations
import math
import os.path as paths
from typing import NamedTuple, Tuple as Pair

from package.inner import Array, solve
from .beside import thing

LARGEST = 10
_HIDDEN = 3
ROOM = solve(1)
Number = float | int


class Shape(NamedTuple):
    """Of what is returned."""

    height: int


class Solver:
    """Knows how."""

    def solve(self): return 42


def helper(x):
    return math.sqrt(x)


@helper
def double(x: Number, *, by: int = _HIDDEN) -> Array:
    """Return twice x.

    For every x.
    """
    return helper(x) * 2  # the answer


def pair(xs: Array, ys: Pair[int, int], gm: Mixture) -> Shape:
    return helper(xs), 42
'''


def spec(**more):
    cases = [{"name": "one", "args": {"x": 1}}]
    function = {"points": 1, "returns": ["y"], "cases": cases}
    made = {
        "name": "small", "title": "Doubles", "reference": "package.solution", "submission": {"file": "work.py"},
        "names": {"np": "numpy", "Mixture": "common.Mixture"},
        "functions": {"double": function, "pair": function}, **more,
    }  # fmt: skip
    return Spec.model_validate(made)


# --- marks ---


def test_a_marked_solution_is_replaced_where_it_stood():
    assert starter.without_solutions(MARKED, "work.py") == (
        "import numpy as np\n\ndef double(x):\n    raise NotImplementedError  # your code here\n\n"
        "def pair(xs):\n    ordered = sorted(xs)\n    raise NotImplementedError  # your code here\n"
        "    return low, ordered[-1]\n\n# your code here\n"
    )


def test_the_rest_is_left_as_it_is():
    source = "x = 1  # BEGIN SOLUTION is a word here\r\n\r\ny = 2\n"
    assert starter.without_solutions(source, "work.py") == source
    assert not starter.has_marks(source)
    assert starter.has_marks(MARKED)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n# BEGIN SOLUTION\ny = 2\n", "work.py:2: BEGIN SOLUTION, and no END SOLUTION below it"),
        ("x = 1\n\n# END SOLUTION\n", "work.py:3: END SOLUTION, and no BEGIN SOLUTION above it"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION\n", "work.py:2: BEGIN SOLUTION, and the SOLUTION that begins in line 1 has not ended"),
        ("# BEGIN SOLUTION\n# END HIDDEN TESTS\n", "work.py:2: END HIDDEN TESTS, and no BEGIN HIDDEN TESTS above it"),
        ("x = 1\n### BEGIN HIDDEN TESTS\n", "work.py:2: BEGIN HIDDEN TESTS, and no END HIDDEN TESTS below it"),
    ],
    ids=["no end", "no beginning", "one in another", "the end of another", "no end of tests"],
)  # fmt: skip
def test_a_mark_without_its_counterpart_is_told_with_its_line(source, told):
    with pytest.raises(SpecError) as raised:
        starter.without_solutions(source, "work.py")
    assert str(raised.value) == told


HIDDEN_TESTS = "assert f(1) == 1\n### BEGIN HIDDEN TESTS\nassert f(2) == 42\n### END HIDDEN TESTS\nx = 1\n"


def test_hidden_tests_are_taken_out_and_nothing_stands_for_them():
    assert starter.without_solutions(HIDDEN_TESTS, "work.py") == "assert f(1) == 1\nx = 1\n"


def test_hidden_tests_in_a_reference_mark_no_solution():
    assert not starter.has_marks(HIDDEN_TESTS)
    made = starter.from_reference(REFERENCE + HIDDEN_TESTS, spec(), "solution.py")
    assert "raise NotImplementedError" in made
    assert "the answer" not in made


# --- from the reference ---


def test_of_a_reference_with_marks_only_what_is_marked_goes():
    assert starter.from_reference(MARKED, spec(), "solution.py") == starter.without_solutions(MARKED, "solution.py")


def test_of_a_reference_without_marks_signatures_and_docstrings_stay():
    made = starter.from_reference(REFERENCE, spec(), "solution.py")
    tree = ast.parse(made)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert list(functions) == ["double", "pair"]
    assert ast.unparse(functions["double"].args) == "x: Number, *, by: int=_HIDDEN"
    assert ast.get_docstring(functions["double"]) == "Return twice x.\n\nFor every x."
    for function in functions.values():
        assert ast.unparse(function.body[-1]) == "raise NotImplementedError"
    assert ast.get_docstring(tree) == "Doubles."


def test_types_that_students_do_not_have_are_left_out_of_signatures():
    made = starter.from_reference(REFERENCE, spec(), "solution.py")
    assert "def double(x: Number, *, by: int=_HIDDEN):" in made
    assert "def pair(xs, ys: Pair[int, int], gm: Mixture) -> Shape:" in made


def test_what_signatures_need_and_public_constants_stay_and_nothing_else():
    made = starter.from_reference(REFERENCE, spec(), "solution.py")
    first, _, _ = made.partition("def double")
    assert first.split("\n") == [
        '"""Doubles."""', "", "from __future__ import annotations", "from common import Mixture",
        "from typing import NamedTuple", "from typing import Tuple as Pair", "import numpy as np", "", "",
        "LARGEST = 10", "_HIDDEN = 3", "Number = float | int", "class Shape(NamedTuple):",
        '    """Of what is returned."""', "    height: int", "", "", "",
    ]  # fmt: skip
    for solution in ("helper", "solve", "Solver", "Decided", "the answer", "42", "package", "beside", "paths", "math"):
        assert solution not in made


def test_a_starter_made_from_the_reference_raises_when_it_is_called(tmp_path, monkeypatch):
    (tmp_path / "common.py").write_text("Mixture = object")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = {}
    exec(starter.from_reference(REFERENCE, spec(), "solution.py"), names)  # ours, made above
    with pytest.raises(NotImplementedError):
        names["double"](1)


def test_a_reference_that_only_passes_a_function_on_makes_no_starter():
    with pytest.raises(SpecError, match=r"^solution.py does not define pair, so no starter can be made from it"):
        starter.from_reference("def double(x): return x\nfrom other import pair", spec(), "solution.py")


# --- notebooks ---

QUESTIONS = {
    "loglik": {"kind": "number", "points": 1, "answer": -24.5, "prompt": "How large?"},
    "held": {"kind": "number", "points": 1, "answer": 3},
    "why": {"kind": "text", "points": 2, "prompt": "Say why."},
    "shape": {"kind": "plot", "points": 2, "prompt": "Draw it."},
}


@pytest.fixture
def made():
    answers = {"held": {"variable": "ll"}, "shape": {"tag": "q4"}}
    wanted = spec(submission={"notebook": "work.ipynb", "answers": answers}, questions=QUESTIONS)
    return json.loads(starter.notebook(wanted, starter.from_reference(REFERENCE, wanted, "solution.py")))


def sources(notebook, kind="code"):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_a_notebook_has_a_cell_for_the_imports_and_one_for_each_function(made):
    imports, double, pair, *_ = sources(made)
    assert imports.startswith("from __future__ import annotations\nfrom common import Mixture\n")
    assert double.startswith("def double(")
    assert double.endswith("raise NotImplementedError")
    assert pair.startswith("def pair(")
    assert sources(made, "markdown")[0] == "# Doubles"


def test_a_notebook_has_a_prompt_and_a_cell_for_each_answer(made):
    assert sources(made)[3:] == ["# answer: loglik", "# leave your answer in the variable ll", "# answer: q4"]
    prompts = sources(made, "markdown")
    assert "How large?" in prompts[1]
    assert prompts[4] == "<!-- answer: why -->\n\nYOUR ANSWER HERE"
    tags = [cell["metadata"].get("tags") for cell in made["cells"]]
    assert [tag for tag in tags if tag] == [["loglik"], ["why"], ["q4"]]


def test_a_notebook_is_valid_and_has_no_answer_in_it(made):
    import nbformat

    nbformat.validate(made)
    assert "24.5" not in json.dumps(made)


SHOWN = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {"widgets": {"state": "the answer"}},
    "cells": [
        {"cell_type": "code", "id": "a", "execution_count": 7, "metadata": {"execution": {"at": "noon"}, "tags": ["q"]},
         "source": ["def f():\n", "    # BEGIN SOLUTION\n", "    return 42\n", "    # END SOLUTION"],
         "outputs": [{"output_type": "stream", "name": "stdout", "text": ["42"]}]},
        {"cell_type": "code", "id": "b", "execution_count": 8, "metadata": {}, "outputs": [],
         "source": "# BEGIN SOLUTION\nll = 42\n# END SOLUTION"},
        {"cell_type": "markdown", "id": "c", "metadata": {},
         "source": ["<!-- BEGIN SOLUTION -->\n", "Because of 42.\n", "<!-- END SOLUTION -->"]},
    ],
}  # fmt: skip


def test_a_notebook_loses_its_solutions_and_what_running_it_left_there():
    cleaned = starter.notebook_without_solutions(json.dumps(SHOWN).encode(), "starter/work.ipynb")
    made = json.loads(cleaned)
    assert b"42" not in cleaned
    assert b"noon" not in cleaned
    assert b"widgets" not in cleaned
    assert sources(made) == ["def f():\n    raise NotImplementedError  # your code here", "# your code here"]
    assert sources(made, "markdown") == ["YOUR ANSWER HERE"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in made["cells"][:2]] == [([], None)] * 2
    assert made["cells"][0]["metadata"] == {"tags": ["q"]}


def cell(kind, source, **more):
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def cleaned(*cells):
    made = starter.notebook_without_solutions(json.dumps({"cells": cells, "metadata": {}}).encode(), "work.ipynb")
    return json.loads(made)["cells"]


def test_an_attached_picture_goes_with_the_solution_that_showed_it():
    source = [
        "![q](attachment:a%20b.png) <img src='attachment:c (1).png'>\n", "<!-- BEGIN SOLUTION -->\n", "![s](attachment:b.png) ![t](attachment:a)\n",
        "<!-- END SOLUTION -->",
    ]  # fmt: skip
    pictures = {name: {"image/png": name} for name in ("a b.png", "b.png", "a", "never shown.png", "c (1).png")}
    (one,) = cleaned(cell("markdown", source, attachments=pictures))
    assert one["attachments"] == {name: {"image/png": name} for name in ("a b.png", "c (1).png")}
    (none,) = cleaned(cell("markdown", source[1:], attachments=pictures))
    assert "attachments" not in none


def test_hidden_tests_in_cells_are_taken_out():
    (one,) = cleaned(cell("code", HIDDEN_TESTS))
    assert one["source"] == ["assert f(1) == 1\n", "x = 1"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<html>", "starter/work.ipynb is not a notebook of format 4: save it with a newer Jupyter"),
        (b'{"worksheets": [], "nbformat": 3}', "starter/work.ipynb is not a notebook of format 4: save it with a newer Jupyter"),
        (
            json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": "# END SOLUTION"}], "metadata": {}}).encode(),
            "starter/work.ipynb: cell 1:1: END SOLUTION, and no BEGIN SOLUTION above it",
        ),
    ],
    ids=["no JSON", "version 3", "a mark alone"],
)  # fmt: skip
def test_a_notebook_that_cannot_be_cleaned_is_an_error(data, told):
    with pytest.raises(SpecError) as raised:
        starter.notebook_without_solutions(data, "starter/work.ipynb")
    assert str(raised.value) == told
