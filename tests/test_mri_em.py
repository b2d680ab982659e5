"""The assignment that is handed in as a notebook: what its students begin with, and what reaches who marks it."""

import json

import nbformat
import pytest

from grader import assignment, engine, execution, handout, notebook, servers, stated, submission
from grader.sandbox.launch import Zygote
from tests.conftest import write
from tests.test_assignments import FOLDERS, MARKED, SPECS, results

FOLDER, SPEC = FOLDERS["mri_em"], SPECS["mri_em"]
STARTER = FOLDER / "starter" / "mri_em.ipynb"
NOTEBOOKS = {path.parent.name: path for path in [STARTER, *sorted(FOLDER.glob("samples/*/*.ipynb"))]}
COMPARED = (
    "Means 1: (66, 61), (49, 37), (12, 15). Means 2: (58, 34), (19, 22), (54, 79). Variances are larger in Image2, "
    "most of all the tumour's. Image1 is easier because its groups are narrow and fewer entries are missing."
)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_is_one_that_jupyter_opens(name):
    assert nbformat.validator.isvalid(json.loads(NOTEBOOKS[name].read_text()))


def test_the_starter_has_nothing_in_it_that_comes_of_running_it():
    code = [cell for cell in json.loads(STARTER.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)


@pytest.mark.parametrize(("n", "name"), [*enumerate(SPEC.questions, 1)])
def test_the_starter_asks_each_question_above_an_empty_cell_for_its_answer(n, name):
    book = notebook.read(STARTER.name, STARTER.read_bytes())
    (cell,) = book.tagged(name)
    assert stated.answer(book, name) is None
    above = book.cells[book.cells.index(cell) - 1]
    assert above.source == handout.section(n, name, SPEC.questions[name]).rstrip("\n")


def marked(result):
    return {item.name: item for item in result.items if item.kind in MARKED}


def test_who_marks_gets_the_prose_the_pictures_and_the_rubric():
    items = marked(results("mri_em")["right_loops"])
    assert " ".join(items["compare"].content.text.split()) == COMPARED
    assert [picture.media for picture in items["tissues_1"].content.pictures] == ["image/png"]
    assert {name: sum(line.points for line in item.rubric) for name, item in items.items()} == {
        name: SPEC.questions[name].points for name in items
    }


def test_pictures_may_be_drawn_in_any_form_and_more_than_one():
    pictures = marked(results("mri_em")["right_lists"])["scatter"].content.pictures
    assert [picture.media for picture in pictures] == ["image/svg+xml"] * 2


def test_that_there_are_no_files_costs_nothing_and_is_not_told():
    result = results("mri_em")["right_own_path"]
    assert (result.score, result.lost, result.notes) == (9, False, ())
    assert results("mri_em")["wrong_not_written"].notes == ()


# --- executed --------------------------------------------------------------------------------------------------------


def without_outputs(path):
    book = json.loads(path.read_text())
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    return json.dumps(book)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Return the results of two samples, which are executed: one whose pictures were not saved, and one that fails."""
    for package in execution.NEEDED:
        pytest.importorskip(package, reason="notebooks are executed with what the extra `execute` installs")
    unsaved = write(tmp_path_factory.mktemp("mri_em") / "unsaved", {STARTER.name: ""})
    (unsaved / STARTER.name).write_text(without_outputs(NOTEBOOKS["right_lists"]))
    loaded = assignment.load(FOLDER)
    handed = submission.collect([unsaved, NOTEBOOKS["right_own_path"].parent], SPEC.submission)
    opened, executors = servers.for_a_class(SPEC, [Zygote()], None, 1), execution.for_a_class(SPEC, None, 1)
    with opened as places, executors as kernels:
        found = {result.id: result for result in engine.grade(loaded, handed, places, kernels)}
    if "namespaces" in (found["unsaved"].fault or ""):
        pytest.skip(f"this machine or user cannot execute notebooks: {found['unsaved'].fault}")
    return found


def test_a_notebook_that_was_not_saved_as_it_ran_gets_its_pictures_from_the_executed_copy(executed):
    result = executed["unsaved"]
    assert (result.fault, result.score) == (None, 9)
    assert {item.status for item in result.items if item.name == "notebook"} == {"passed"}
    saved = marked(results("mri_em")["right_lists"])
    assert {name: item.content for name, item in marked(result).items()} == {
        name: item.content for name, item in saved.items()
    }


def test_a_notebook_that_fails_keeps_the_pictures_that_it_was_handed_in_with(executed):
    result = executed["right_own_path"]
    (item,) = [item for item in result.items if item.name == "notebook"]
    assert (result.score, item.status, item.max_score) == (9, "error", 0)
    assert "cell [7] raised FileNotFoundError: C:/Users/kim/Downloads/mri/Image1.csv" in item.cases[0].message
    assert marked(result)["scatter"].content == marked(results("mri_em")["right_own_path"])["scatter"].content
