"""A notebook graded end to end: its functions, its answers, its execution, and what a person is to mark."""

import base64
import json
import types

import pytest

from grader import assignment, engine, model, submission
from grader.content import Picture, RubricLine
from grader.execution import CellRun, Executed
from grader.notebook import plain, read
from grader.parts import MOST_NOTES, Place
from grader.report.json import parse, render
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.servers import CELL_TIMES
from grader.submission import Handed, Submission
from grader.variants import Variants
from tests.conftest import INPUTS, SOLUTION, SPEC, write
from tests.notebooks import cell, markdown, notebook

QUESTIONS = """
execute: {points: 2, cell_seconds: 7, seconds: 30}
questions:
  ll: {kind: number, points: 1, answer: -24.5, decimals: 1}
  step: {kind: formula, points: 1, answer: x/y, variables: {x: [0.5, 1], y: [1, 2]}}
  fewer: {kind: choice, points: 1, options: [red, green], answer: green}
  why: {kind: text, points: 2, prompt: Why does it fall?, rubric: [{points: 1.5, text: names the bound}, {points: 0.5, text: is clear}]}
  shape: {kind: plot, points: 1}
"""
PNG = b"\x89PNG\r\n\x1a\n"


def shows(data):
    return [{"output_type": "display_data", "metadata": {}, "data": {"image/png": base64.b64encode(data).decode()}}]


PLOT = cell("# answer: shape\nplt.plot([1])", outputs=shows(PNG))
DOUBLE = "def double(x):\n    return 2 * x"
PAIR = "def pair(xs):\n    return min(xs), max(xs)"
CELLS = [
    "import numpy as np\nimport matplotlib.pyplot as plt",
    DOUBLE,
    PAIR,
    "def total(xs):\n    return sum(xs) / 2\n# answer: ll\nll = np.array([total([-24, -25])])",
    markdown("<!-- answer: step -->\nx / y"),
    "# answer: fewer\n'green'",
    markdown("<!-- answer: why -->\nBy *Jensen's* inequality."),
    PLOT,
]
FULL = {
    "double": "passed", "pair": "passed", "ll": "passed", "step": "passed", "fewer": "passed", "why": "pending", "shape": "pending",
}  # fmt: skip
BOOK = notebook(*CELLS)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The small assignment as a notebook's, prepared once, and a server for it."""
    folder = tmp_path_factory.mktemp("parts")
    spec = (
        SPEC.replace("{file: work.py}", "{notebook: work.ipynb}").replace("seconds: 2", "seconds: 2, memory_mib: 512")
        + QUESTIONS
    )
    write(folder, {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": SOLUTION})
    loaded = assignment.load(folder)
    functions = 2 + CELL_TIMES
    with ForkServer(Zygote(), loaded.spec.limits, ["numpy"], functions=functions) as server:
        yield types.SimpleNamespace(variants=Variants(engine.prepare(loaded)), server=server, spec=loaded.spec)


class Kernel:
    """Stands for an executor: returns what it is told to, for so many cells or all, and keeps what it was given."""

    def __init__(self, outcome, *problems, notebook=b"", cells=None):
        self.outcome, self.problems, self.notebook, self.cells = outcome, problems, notebook, cells
        self.given = []

    def execute(self, notebook, files, _output):
        self.given.append((notebook, files))
        number = sum(cell["cell_type"] == "code" for cell in json.loads(notebook)["cells"])
        rest = number - len(self.problems) if isinstance(self.outcome, model.Returned) else 0
        problems = [*self.problems, *[None] * rest][: self.cells]
        return Executed(self.outcome, self.notebook, tuple(CellRun(n, one) for n, one in enumerate(problems, 1)), 1.5)

    def close(self):
        pass


@pytest.fixture
def grade(course):
    """Grade cells, or the bytes of a notebook, or what was not handed in."""

    def grade(handed, kernel=None, files=()):
        if isinstance(handed, list):
            handed = notebook(*handed)
        if isinstance(handed, bytes):
            handed = Handed("work.ipynb", {"work.ipynb": handed, **dict(files)})
        place = Place(course.server, kernel, {"data/a.csv": b"1,2", "aid.py": b"the course's"})
        return engine.grade_one(course.variants, place, Submission("ann", handed))

    return grade


def statuses(result):
    return {item.name: item.status for item in result.items}


def item(result, name):
    return next(one for one in result.items if one.name == name)


def said(result, name):
    (message,) = {case.message for case in item(result, name).cases}
    return message


# --- functions and answers ---------------------------------------------------------------------------------------------


def test_all_parts_of_a_notebook_are_graded_in_the_order_of_the_spec(grade):
    result = grade(BOOK)
    assert (statuses(result), result.notes, result.fault) == (FULL, (), None)
    assert [one.name for one in result.items] == [*FULL]
    assert (result.score, result.max_score, result.lost) == (6, 11, False)


def test_what_a_person_marks_is_in_the_result_with_its_rubric(grade):
    result = grade(BOOK)
    why, shape = item(result, "why"), item(result, "shape")
    assert (why.content.text, why.content.pictures) == ("By *Jensen's* inequality.", ())
    assert why.rubric == (RubricLine(1.5, "names the bound"), RubricLine(0.5, "is clear"))
    assert (shape.content.text, shape.content.pictures) == ("", (Picture("image/png", PNG),))
    assert [one.name for one in result.items if one.content] == ["why", "shape"]
    assert [one.content for one in parse(render(result)).items] == [one.content for one in result.items]


WRONG = {
    "a wrong function": ({1: "def double(x):\n    return x"}, {"double": "failed"}),
    "a wrong value": ({3: "# answer: ll\nll = -24.0"}, {"ll": "failed"}),
    "a wrong formula": ({4: markdown("<!-- answer: step -->\ny / x")}, {"step": "failed"}),
    "a wrong option": ({5: "# answer: fewer\n'red'"}, {"fewer": "failed"}),
    "an option that is none": ({5: "# answer: fewer\n'blue'"}, {"fewer": "error"}),
    "a formula that cannot be read": ({4: markdown("<!-- answer: step -->\nx /")}, {"step": "error"}),
    "a value that is late": ({3: "def late():\n    while True: pass\n# answer: ll\nlate()"}, {"ll": "error"}),
    "a plot that was not run": ({7: cell("# answer: shape\nplt.plot([1])")}, {"shape": "missing"}),
    "prose that was not written": ({6: markdown("<!-- answer: why -->\nYOUR ANSWER HERE")}, {"why": "missing"}),
    "prose that was deleted": ({6: ""}, {"why": "missing"}),
    "a function that was deleted": ({2: ""}, {"pair": "missing"}),
    "a function that ends the process": ({1: "def double(x):\n    import os; os._exit(1)"}, {"double": "killed"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_part_is_graded_by_itself_where_there_is(grade, name):
    changes, lost = WRONG[name]
    result = grade([changes.get(n, one) for n, one in enumerate(CELLS)])
    worth = {one.name: one.max_score for one in result.items}
    assert statuses(result) == FULL | lost
    assert result.score == 6 - sum(worth[name] for name in lost if FULL[name] == "passed")


def test_what_is_missing_is_told_with_what_to_do(grade):
    result = grade([DOUBLE, cell("# answer: shape\nplt.plot([1])")])
    assert said(result, "why") == "There is no answer `why`."
    assert (
        said(result, "shape") == "The cell `shape` shows no picture: run it, and save the notebook with what it shows."
    )
    assert said(grade([DOUBLE]), "shape") == "There is no cell `shape`."


def test_a_cell_that_fails_is_a_note_and_costs_what_it_defines_alone(grade):
    result = grade([*CELLS[:2], "1 / 0", "raise OSError\nif True:\n    def pair(xs): pass", *CELLS[3:]])
    assert statuses(result) == FULL | {"pair": "missing"}
    assert result.notes == (
        "cell [3] raised ZeroDivisionError: division by zero (line 1: `1 / 0`).",
        "cell [4] raised OSError (line 1: `raise OSError`).",
        "What is defined before and after is graded.",
    )
    assert said(result, "pair").startswith(
        "There is no function `pair`, for the cell that defines it fails: cell [4] raised OSError"
    )


def test_of_many_cells_that_fail_some_are_told_and_the_others_counted(grade):
    notes = grade([*CELLS, *["1 / 0"] * (MOST_NOTES + 2)]).notes
    assert len(notes) == MOST_NOTES + 2
    assert notes[-2:] == ("2 more cells failed.", "What is defined before and after is graded.")


def test_notes_and_messages_of_a_hostile_notebook_are_short(grade):
    name = "raise type('E' * 10**6, (Exception,), {})('x' * 10**6)"
    result = grade([*CELLS, *[name] * 20])
    assert (statuses(result), len(render(result)) < 30_000) == (FULL, True)


def test_a_notebook_whose_cells_all_end_the_process_is_graded_as_typed(grade):
    """Its functions are lost, and what was computed is; what was typed is not."""
    result = grade([*CELLS, *["import os; os._exit(1)"] * 4])
    lost = {"double": "error", "pair": "error", "ll": "error"}
    assert statuses(result) == FULL | lost
    assert said(result, "double").startswith(
        "Nothing could be graded: too many of its cells end the process or take too long: cell ["
    )


# --- what is not there, or cannot be read ------------------------------------------------------------------------------


def test_a_notebook_that_cannot_be_read_is_an_error_of_each_part_with_the_reason(grade):
    result = grade(b"<html>", Kernel(model.Returned(None)))
    assert set(statuses(result).values()) == {"error"}
    assert {case.message for one in result.items for case in one.cases} == {
        "Nothing could be graded: work.ipynb is not JSON: it is a web page that was saved in place of the notebook: "
        "download the notebook itself."
    }
    assert (result.score, result.notes) == (0, ())


def test_a_notebook_that_was_not_handed_in_is_missing(grade):
    kernel = Kernel(model.Returned(None))
    result = grade(Handed("work.ipynb", problem="no work.ipynb was handed in", absent=True), kernel)
    assert set(statuses(result).values()) == {"missing"}
    assert {case.message for one in result.items for case in one.cases} == {
        "Nothing could be graded: no work.ipynb was handed in."
    }
    assert (result.score, kernel.given) == (0, [])


# --- its execution -----------------------------------------------------------------------------------------------------


def execution(result):
    one = item(result, "notebook")
    return one.kind, one.status, one.score, one.max_score


def test_a_notebook_that_runs_to_its_end_gets_the_points_of_that(grade):
    kernel = Kernel(model.Returned(None), None, None)
    result = grade(BOOK, kernel)
    assert (execution(result), said(result, "notebook")) == (("notebook", "passed", 2, 2), "")
    assert statuses(result) == {**dict([*FULL.items()][:2]), "notebook": "passed", **FULL}
    assert (result.score, item(result, "notebook").cases[0].seconds) == (8, 1.5)


RAISED = model.Raised("ValueError", "no such class")
FAILS = {
    "a cell raised": ((model.Returned(None), None, RAISED), "error", "cell [2] raised ValueError: no such class."),
    "a cell was late": ((model.Returned(None), model.TimedOut()), "timeout", "cell [1] was still running when its 7 s were over: does its loop end?"),
    "two cells failed": (
        (model.Returned(None), RAISED, None, RAISED), "error", "cell [1] raised ValueError: no such class. cell [3] raised ValueError: no such class."),
    "the kernel ended": ((model.Killed("signal SIGSEGV"), None), "killed", "signal SIGSEGV."),
    "it needed too much memory": ((model.OutOfMemory(),), "memory", "needed more than the 512 MiB of memory it may have."),
    "it was late as a whole": ((model.TimedOut(), None), "timeout", "does its loop end?"),
    "what executed it was forged": ((model.BadValue("what executed it sent something that is no executed notebook"),), "failed", "no executed notebook."),
    "it cannot be read there": ((model.Raised("NotJSONError", "x"),), "error", "raised NotJSONError: x."),
    "it is too large": ((model.TooLarge("a notebook of more than 32 MiB"),), "error", "a notebook of more than 32 MiB."),
    "a cell failed and then the kernel ended": ((model.Killed("signal SIGKILL"), RAISED, None), "killed", "signal SIGKILL."),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILS)
def test_the_execution_costs_its_points_alone_when(grade, name):
    executed, status, says = FAILS[name]
    result = grade(BOOK, Kernel(*executed))
    assert execution(result) == ("notebook", status, 0, 2)
    assert said(result, "notebook").endswith(says)
    assert (statuses(result) | FULL, result.score) == (statuses(result), 6)


def test_many_cells_that_fail_do_not_make_a_long_message(grade):
    result = grade(BOOK, Kernel(model.Returned(None), *[model.Raised("E" * 300, "x" * 2000)] * 500))
    assert len(said(result, "notebook")) < 4000


def test_it_is_executed_with_what_the_course_gives_and_with_its_own_modules(grade):
    kernel = Kernel(model.Returned(None))
    grade(BOOK, kernel, files={"aid.py": b"its own"})
    assert kernel.given == [(plain(read("", BOOK)), {"data/a.csv": b"1,2", "aid.py": b"its own"})]


def test_what_is_executed_are_the_cells_that_are_graded(grade):
    """A notebook may have the cells of two formats: `worksheets` and `cells`."""
    kernel = Kernel(model.Returned(None))
    book = {"nbformat": 3, "worksheets": [], "metadata": {}, "cells": json.loads(BOOK)["cells"]}
    grade(json.dumps(book).encode(), kernel)
    assert kernel.given[0][0] == plain(read("", BOOK))


def test_a_notebook_has_not_passed_if_a_cell_was_not_run(grade):
    result = grade(BOOK, Kernel(model.Returned(None), cells=2))
    assert (execution(result)[1], said(result, "notebook")) == (
        "failed", "The notebook did not run as it should: not all of its cells were run.")  # fmt: skip


def test_a_notebook_without_code_has_not_passed(grade):
    result = grade(notebook(markdown("To do.")), Kernel(model.Returned(None)))
    assert (execution(result)[1], said(result, "notebook")) == (
        "missing", "Nothing could be graded: work.ipynb has no code.")  # fmt: skip


def test_plots_are_those_of_the_executed_copy_and_it_is_kept(grade):
    copy = notebook(*CELLS[:-1], PLOT | {"outputs": shows(PNG + b"new")})
    result = grade(BOOK, Kernel(model.Returned(None), notebook=copy))
    assert item(result, "shape").content.pictures == (Picture("image/png", PNG + b"new"),)
    assert result.executed == copy


@pytest.mark.parametrize(
    "copy", [b"", b"{}", notebook(*CELLS[:-1]), b"[" * 10**5], ids=["none", "odd", "without it", "a bomb"]
)
def test_plots_that_the_executed_copy_has_not_are_those_that_were_handed_in(grade, copy):
    result = grade(BOOK, Kernel(model.Killed("signal SIGKILL"), notebook=copy))
    assert item(result, "shape").content.pictures == (Picture("image/png", PNG),)


def test_answers_come_from_what_was_handed_in_and_not_from_the_executed_copy(grade):
    """It was made beside the student's code, and is for people to look at."""
    copy = notebook(*CELLS)
    wrong = [*CELLS[:3], "# answer: ll\n-1", markdown("<!-- answer: step -->\ny"), "# answer: fewer\n'red'", *CELLS[6:]]
    lost = {"ll": "failed", "step": "failed", "fewer": "failed"}
    assert statuses(grade(wrong, Kernel(model.Returned(None), notebook=copy))) | FULL | lost == FULL | lost | {
        "notebook": "passed"
    }


def test_a_fault_of_the_executor_costs_nobody_points(grade):
    def execute(*_):
        raise engine.FaultError("no kernel starts on this machine")

    kernel = Kernel(model.Returned(None))
    kernel.execute = execute
    result = grade(BOOK, kernel)
    assert (result.score, result.fault, result.items) == (None, "no kernel starts on this machine", ())


def test_where_no_code_is_run_its_answers_are_graded_as_they_were_typed(course):
    handed = Handed(
        "work.ipynb", {"work.ipynb": notebook("# answer: ll\nll = -24.5", markdown("<!-- answer: why -->\nSo."))}
    )
    found = statuses(engine.grade_one(course.variants, Place(None), Submission("ann", handed)))
    assert found == {"ll": "passed", "step": "missing", "fewer": "missing", "why": "pending", "shape": "missing"}


def test_a_notebook_in_a_folder_is_graded_with_what_lies_beside_it(course, tmp_path):
    book = notebook(CELLS[0], "from aid import twice as double", *CELLS[2:])
    write(
        tmp_path / "class" / "ann",
        {"hw/work.ipynb": book, "hw/aid.py": "def twice(x): return 2 * x", "hw/other.py": "1 / 0"},
    )
    (one,) = submission.collect([tmp_path / "class"], course.spec.submission)
    result = engine.grade_one(course.variants, Place(course.server), one)
    assert (statuses(result), result.files) == (FULL, ("hw/work.ipynb", "hw/aid.py"))


def test_a_result_is_one_line_whatever_the_notebook_has(grade):
    result = grade(
        [
            *CELLS[:6],
            markdown("<!-- answer: why -->\nSo\u2028it \x00 falls."),
            cell("# answer: shape", outputs=shows(b"\x89PNG" + bytes(9))),
        ]
    )
    assert json.loads(render(result))["items"][-2]["content"]["text"] == "So\u2028it \x00 falls."
    assert "\n" not in render(result)


def test_why_there_is_no_value_is_told(grade):
    result = grade([*CELLS[:3], "1 / 0\nll = -24.5", "# answer: ll\nll"])
    assert "name 'll' is not defined" in said(result, "ll")


def test_why_there_is_no_named_variable_is_told(course, tmp_path):
    spec = (
        SPEC.replace("{file: work.py}", "{notebook: work.ipynb, answers: {n: {variable: total}}}")
        + "questions:\n  n: {kind: number, points: 1, answer: 2}\n"
    )
    write(tmp_path, {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": SOLUTION})
    variants = Variants(engine.prepare(assignment.load(tmp_path)))
    result = engine.grade_one(
        variants,
        Place(course.server),
        Submission("ann", Handed("work.ipynb", {"work.ipynb": notebook("x = 1")})),
    )
    assert "`total`" in said(result, "n")


def test_beside_a_notebook_a_sheet_has_the_answers(course, tmp_path):
    spec = (
        SPEC.replace("{file: work.py}", "{notebook: work.ipynb, answers: answers.yaml}")
        + "questions:\n  n: {kind: number, points: 1, answer: 2}\n"
    )
    write(tmp_path, {"c/assignment.yaml": spec, "c/inputs.py": INPUTS, "c/solution.py": SOLUTION})
    loaded = assignment.load(tmp_path / "c")
    write(tmp_path / "ann", {"work.ipynb": notebook(*CELLS[:3]), "answers.yaml": "n: 2"})
    (one,) = submission.collect([tmp_path / "ann"], loaded.spec.submission)
    result = engine.grade_one(Variants(engine.prepare(loaded)), Place(course.server), one)
    assert statuses(result) == {"double": "passed", "pair": "passed", "n": "passed"}


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (model.TimedOut(), "The notebook was still running when its 30 s were over"),
        (model.Killed("signal SIGSEGV"), "The process ended while the notebook ran: signal SIGSEGV."),
    ],
)
def test_how_a_notebook_ended_is_told_in_words(grade, outcome, says):
    assert said(grade(BOOK, Kernel(outcome, None)), "notebook").startswith(says)
