"""What students hand in and begin with: each mistake in that part of a spec is told, and what is right is read."""

import pytest

from grader.assignment import load
from grader.errors import SpecError
from grader.handin import Execute
from tests.conftest import write

SPEC = """\
name: lab
submission: {notebook: lab.ipynb}
questions:
  ll: {kind: number, points: 1, answer: 2}
  shape: {kind: plot, points: 2, rubric: [{points: 1, text: axes}, {points: 1, text: clusters}]}
"""
FUNCTION = "functions: {f: {points: 1, returns: [y], cases: [{name: one, args: {x: 1}, expect: {y: 1}}]}}\n"


def spec(tmp_path, *changes, more=""):
    text = SPEC + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load(write(tmp_path, {"assignment.yaml": text, "data/a.csv": "1", "secret": ""})).spec


SHEET = "must be the name of a .yaml, .yml, .json, .csv file, without a folder"
MISTAKES = {
    "a script and a notebook": ("{notebook: lab.ipynb}", "{notebook: lab.ipynb, file: lab.py}", 2, "$.submission",
                                "students hand in a `file` or a `notebook`, not both"),
    "a notebook of another name": ("lab.ipynb", "my lab.ipynb", 2, "$.submission.notebook", "must be the name of a .ipynb file, without a folder"),
    "a script as a notebook": ("lab.ipynb", "lab.py", 2, "$.submission.notebook", "must be the name of a .ipynb file, without a folder"),
    "cells without a notebook": ("{notebook: lab.ipynb}", "{answers: {ll: {tag: ll}}}", 2, "$.submission",
                                 "`answers` are found in cells only where a `notebook` is handed in: name a sheet"),
    "answers in nothing": ("{notebook: lab.ipynb}", "{notebook: lab.ipynb, answers: notes.txt}", 2, "$.submission.answers", SHEET),
    "an answer of no question": ("lab.ipynb}", "lab.ipynb, answers: {l: {tag: x}}}", 2, "$.submission.answers.l", "no question is called 'l' (did you mean 'll'?)"),
    "a place that is none": ("lab.ipynb}", "lab.ipynb, answers: {ll: {}}}", 2, "$.submission.answers.ll", "give either the `tag` of a cell or a `variable`"),
    "two places": ("lab.ipynb}", "lab.ipynb, answers: {ll: {tag: a, variable: b}}}", 2, "$.submission.answers.ll",
                   "give either the `tag` of a cell or a `variable`"),
    "a misspelt place": ("lab.ipynb}", "lab.ipynb, answers: {ll: {tagg: a}}}", 2, "$.submission.answers.ll.tagg", "unknown key (did you mean 'tag'?)"),
    "a plot in a variable": ("lab.ipynb}", "lab.ipynb, answers: {shape: {variable: a}}}", 2, "$.submission.answers.shape",
                             "a plot is in a cell with a `tag`, not in a variable"),
    "a plot in a sheet": ("lab.ipynb}", "lab.ipynb, answers: a.yaml}", 5, "$.questions.shape", "a plot is handed in with a `notebook`, not with a sheet"),
    "a rubric that does not add up": ("text: axes}", "text: axes}, {points: 3, text: more}", 5, "$.questions.shape.rubric", "its lines have 5 points, and the question 2"),
    "a misspelt rubric": ("text: axes", "texts: axes", 5, "$.questions.shape.rubric[0].texts", "unknown key (did you mean 'text'?)"),
    "nothing executed": ("questions:", "execute: 3\nquestions:", 3, "$.execute", "must be true, false or a mapping, as {seconds: 60}, not 3"),
    "time that is none": ("questions:", "execute: {cell_seconds: 0}\nquestions:", 3, "$.execute.cell_seconds", "must be greater than 0 (got 0)"),
    "a data file that is not there": ("questions:", "data: [data/b.csv]\nquestions:", 3, "$.data[0]", "there is no file data/b.csv in the assignment's folder"),
    "a data file outside": ("questions:", "data: [../x.csv]\nquestions:", 3, "$.data[0]", "../x.csv is outside the assignment's folder"),
    "a starter from nowhere": ("questions:", "starter: here\nquestions:", 3, "$.starter", "must be 'reference' (got 'here')"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(name, tmp_path):
    old, new, line, path, message = MISTAKES[name]
    with pytest.raises(SpecError) as caught:
        spec(tmp_path, (old, new))
    told = [one.partition("assignment.yaml:")[2] for one in str(caught.value).splitlines()]
    assert f"{line}: {path}: {message}" in told


def test_what_is_executed_is_a_notebook(tmp_path):
    text = "name: n\nsubmission: {file: work.py}\nexecute: true\n" + FUNCTION
    with pytest.raises(SpecError, match="what is executed is a `notebook`, and `submission` names none"):
        load(write(tmp_path, {"assignment.yaml": text}))


def test_no_function_is_called_as_the_execution(tmp_path):
    with pytest.raises(SpecError, match="its result is called 'notebook', as a function or question here is"):
        spec(tmp_path, ("ll:", "notebook:"), ("questions:", "execute: true\nquestions:"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("true", Execute()), ("false", None), ("{points: 2, cell_seconds: 5}", Execute(points=2, cell_seconds=5))],
)
def test_how_a_notebook_is_executed(text, wanted, tmp_path):
    assert spec(tmp_path, more=f"execute: {text}\n").execute == wanted


def test_functions_and_answers_may_both_be_in_a_notebook(tmp_path):
    found = spec(
        tmp_path, ("lab.ipynb}", "lab.ipynb, answers: {ll: {variable: total}}}"), more=f"data: [data/a.csv]\n{FUNCTION}"
    )
    assert (found.submission.code, found.submission.sheet, found.data) == ("lab.ipynb", None, ["data/a.csv"])
    assert found.submission.places["ll"].variable == "total"


def test_a_notebook_may_come_with_a_sheet(tmp_path):
    found = spec(tmp_path, ("lab.ipynb}", "lab.ipynb, answers: a.yaml}"), ("kind: plot", "kind: text"))
    assert (found.submission.sheet, found.submission.places) == ("a.yaml", {})
