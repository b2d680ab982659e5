"""A notebook as code and as a sheet of answers: where each answer is found, and what a value stands for."""

import base64

import numpy as np
import pytest
from pydantic import TypeAdapter

from grader.answers.judge import Asked, judge_sheet
from grader.content import Picture
from grader.handin import Submission as Wanted
from grader.model import Killed, Missing, Raised, Returned, TimedOut, Unreadable
from grader.notebook import read
from grader.pages import LONGEST, MOST, Answers, opened
from grader.questions import Question
from grader.sandbox.values import Opaque, Record
from grader.submission import Cell, Handed
from tests.notebooks import cell, markdown, notebook

PNG = b"\x89PNG\r\n\x1a\n"
NUMBER = {"kind": "number", "answer": "-24.5", "decimals": 1}
FORMULA = {"kind": "formula", "answer": "x/y", "variables": {"x": [0.5, 1.0], "y": [1.0, 2.0]}}
TICKS = {"kind": "choice", "options": ["red", "green", "blue"], "answer": ["red", "blue"]}
BLANKS = {"kind": "choice", "options": ["up", "down"], "blanks": {"mu": "up", "var": "down"}}
TEXT = {"kind": "text"}
PLOT = {"kind": "plot"}


def answers(*cells, places=None, **questions):
    """Return the answers in a notebook to questions with these keys."""
    asked = {name: TypeAdapter(Question).validate_python({"points": 1.0, **keys}) for name, keys in questions.items()}
    wanted = Wanted.model_validate({"notebook": "hw.ipynb", "answers": places or {}})
    return Answers(asked, wanted, read("hw.ipynb", notebook(*cells)))


def sheet(*cells, values=None, executed=None, **more):
    copy = read("hw.ipynb", notebook(*executed)) if executed else None
    return answers(*cells, **more).sheet(values or {}, copy)


def status(keys, value):
    """Return how an answer that a variable holds is judged, and what is said of it."""
    asked = TypeAdapter(Question).validate_python({"points": 1.0, **keys})
    found = answers("x", places={"q": {"variable": "it"}}, q=keys).sheet({"q": Returned(value)}, None)
    (item,) = judge_sheet([Asked("q", asked, "work/q")], found)
    return item.status, item.cases[0].message


def tagged(source, *tags, kind="code", **more):
    return cell(source, kind, metadata={"tags": list(tags)}, **more)


def shows(data):
    return {
        "outputs": [
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": base64.b64encode(data).decode()}}
        ]
    }


# --- what is opened ----------------------------------------------------------------------------------------------------


def test_a_notebook_becomes_cells_with_their_numbers_and_the_files_beside_it():
    data = notebook("x = 1", markdown("# EM"), " ", "%time y = 2")
    pages = opened(Handed("hw.ipynb", {"hw.ipynb": data, "aid.py": b"A = 3"}))
    timed = b"get_ipython().run_line_magic('time', 'y = 2')\n"
    assert pages.code.cells == (Cell("cell [1]", b"x = 1"), Cell("cell [2]", timed))
    assert (pages.code.main, pages.code.files, len(pages.book.cells)) == ("hw.ipynb", {"aid.py": b"A = 3"}, 4)


@pytest.mark.parametrize(
    "handed",
    [Handed("hw.py", {"hw.py": b"x = 1"}), Handed("hw.ipynb", problem="no hw.ipynb was handed in", absent=True), Handed()],
    ids=["a module", "nothing", "no code"],
)  # fmt: skip
def test_what_is_no_notebook_stays_as_it_is(handed):
    assert (opened(handed).code, opened(handed).book) == (handed, None)


def test_a_notebook_that_cannot_be_read_says_why():
    pages = opened(Handed("hw.ipynb", {"hw.ipynb": b"<html>"}))
    assert (pages.book, pages.code.absent) == (None, False)
    assert pages.code.problem.startswith("hw.ipynb is not JSON: it is a web page")


# --- where an answer is ------------------------------------------------------------------------------------------------

STATED = {
    "a number in a tagged cell": (NUMBER, tagged("-24.5", "q"), "-24.5"),
    "a number below a marker": (NUMBER, "# answer: q\n-24.5", "-24.5"),
    "a number in a text": (NUMBER, markdown("<!-- answer: q -->\n-24,5"), "-24,5"),
    "a formula as it was typed": (FORMULA, tagged("x / y  # by Bayes", "q"), "x / y"),
    "a formula in a variable as it was typed": (FORMULA, tagged("f = x / y", "q"), "x / y"),
    "a formula in LaTeX": (FORMULA, markdown("<!-- answer: q -->\n\\frac{x}{y}"), "\\frac{x}{y}"),
    "options": (TICKS, tagged("['red', 'blue']", "q"), ["red", "blue"]),
    "blanks": (BLANKS, tagged("{'mu': 'up', 'var': 'down'}", "q"), {"mu": "up", "var": "down"}),
    "prose": (TEXT, tagged("It **falls**.", "q", kind="markdown"), "It **falls**."),
    "prose in code": (TEXT, tagged("'It falls.'", "q"), "It falls."),
    "the placeholder alone": (TEXT, tagged("YOUR ANSWER HERE", "q", kind="markdown"), ""),
}


@pytest.mark.parametrize("name", STATED)
def test_an_answer_is_as_it_was_typed(name):
    question, source, raw = STATED[name]
    assert sheet(source, q=question).attempts == {"q": [raw]}


def test_a_question_without_a_cell_has_no_answer():
    assert sheet("# answer: other\n3", q=NUMBER).attempts == {}


def test_another_tag_may_be_named_and_then_the_question_s_name_is_none():
    cells = [tagged("1", "q"), tagged("2", "q1")]
    assert sheet(*cells, places={"q": {"tag": "q1"}}, q=NUMBER).attempts == {"q": ["2"]}


# --- what is computed --------------------------------------------------------------------------------------------------

COMPUTED = {
    "a variable": (NUMBER, "ll", "ll"),
    "a variable that is given its value there": (NUMBER, "loglik = estep(X, mixture)[1]", "loglik"),
    "a variable that is printed": (NUMBER, "print('ll', ll)", "ll"),
    "a call": (NUMBER, "estep(X, mixture)[1]", "estep(X, mixture)[1]"),
    "options in a variable": (TICKS, "chosen", "chosen"),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_the_value_is_the_answer_of(name):
    question, source, expression = COMPUTED[name]
    found = answers(tagged(source, "q"), q=question)
    assert found.computed == {"q": expression}
    assert found.sheet({"q": Returned("the value")}, None).attempts == {"q": ["the value"]}


@pytest.mark.parametrize(
    ("keys", "source"),
    [(NUMBER, "-24.5"), (NUMBER, "(-24.5)"), (NUMBER, ""), (FORMULA, "f = x/y"), (FORMULA, "exp(x)"), (TEXT, "prose = 'It falls.'"), (TICKS, "'red'")],
)  # fmt: skip
def test_nothing_is_computed_of_what_was_typed(keys, source):
    assert answers(tagged(source, "q"), q=keys).computed == {}


@pytest.mark.parametrize("keys", [NUMBER, FORMULA, TICKS, TEXT])
def test_the_variable_that_the_spec_names_holds_the_answer_of_any_question(keys):
    found = answers(tagged("other", "q"), places={"q": {"variable": "ll"}}, q=keys)
    assert found.computed == {"q": "ll"}
    assert found.sheet({"q": Returned("held")}, None).attempts == {"q": ["held"]}


@pytest.mark.parametrize(
    "outcome", [Raised("NameError", "name 'll' is not defined"), Missing(()), TimedOut(), Killed("signal SIGKILL"), Unreadable("x")]
)  # fmt: skip
def test_where_there_is_no_value_what_was_typed_counts(outcome):
    places = {"q": {"variable": "ll"}}
    assert sheet(tagged("ll = -24.5", "q"), values={"q": outcome}, places=places, q=NUMBER).attempts == {"q": ["-24.5"]}
    assert sheet("ll = -24.5", values={"q": outcome}, places=places, q=NUMBER).attempts == {}


RIGHT = {
    "a float": (NUMBER, -24.5),
    "a number as a text": (NUMBER, "-24.5"),
    "an array of no dimension": (NUMBER, np.array(-24.5)),
    "an array of one": (NUMBER, np.array([[-24.5]])),
    "a narrow float": (NUMBER, np.float32(-24.5)),
    "a whole number": ({**NUMBER, "answer": "3"}, 3),
    "numpy's whole number": ({**NUMBER, "answer": "3"}, np.int64(3)),
    "a formula as a text": (FORMULA, "x*y^-1"),
    "a list of options": (TICKS, ["red", "blue"]),
    "a tuple of options": (TICKS, ("blue", "red")),
    "options on one line": (TICKS, "red, blue"),
    "blanks": (BLANKS, {"mu": "up", "var": "down"}),
    "blanks in their order": (BLANKS, ["up", "down"]),
    "a truth value": ({"kind": "choice", "options": ["true", "false"], "answer": "true"}, np.bool_(True)),
    "Python's truth value": ({"kind": "choice", "options": ["True", "False"], "answer": "False"}, False),
    "a number among options": ({"kind": "choice", "options": ["2", "3"], "answer": "3"}, 3),
    "an array of options": ({"kind": "choice", "options": ["1", "2", "3"], "answer": ["1", "3"]}, np.array([1, 3])),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_value_may_be(name):
    assert status(*RIGHT[name]) == ("passed", "")


@pytest.mark.parametrize("value", [None, "", " \n", [], (), {}, np.empty(0), [None, ""]])
@pytest.mark.parametrize("keys", [NUMBER, TICKS, TEXT])
def test_an_empty_value_is_no_answer(keys, value):
    assert status(keys, value) == ("missing", "There is no answer `q`.")


WRONG = {
    "another number": (NUMBER, -24.0, "failed", "-24 is not right."),
    "a long number": (NUMBER, 10**300, "error", "A number may have"),
    "no number": (NUMBER, float("nan"), "error", "`nan` is not a number"),
    "infinite": (NUMBER, np.array(np.inf), "error", "`inf` is not a number"),
    "several numbers": (NUMBER, (np.ones(2), -24.5), "error", "One answer is wanted, not several"),
    "bytes": (NUMBER, b"-24.5", "error", "`it` is of the type bytes."),
    "a large array": (NUMBER, np.zeros(MOST + 1), "error", f"`it` is a value of more than {MOST} entries."),
    "many lists": (TICKS, [["red"] * 10] * MOST, "error", f"`it` is a value of more than {MOST} entries."),
    "a mapping with a large value": (BLANKS, {"mu": [1] * (MOST + 1)}, "error", "`it` is a value of more than"),
    "nested lists": (TICKS, [["red"], ["blue"]], "error", "One answer is wanted, not several"),
    "a long text": (TICKS, "x" * 10**6, "error", f"`it` is a text of more than {LONGEST} characters."),
    "a record": (NUMBER, Record("Point", {"x": 1}), "error", "`it` is of the type"),
    "a record with a large array": (NUMBER, Record("Point", {"x": np.zeros(10**4)}), "error", "`it` is a value"),
    "what does not cross": (NUMBER, Opaque("matplotlib Figure"), "error", "`it` is of the type"),
    "a list of what does not cross": (TICKS, [Opaque("set")], "error", "`it` is of the type"),
    "a blank that is none": (BLANKS, {"x" * 10**6: "up"}, "error", "There is no blank `xxx"),
    "keys that are no texts": (BLANKS, {3: "up"}, "error", "There is no blank `3`"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_value_may_not_be(name):
    keys, value, wanted, says = WRONG[name]
    found, message = status(keys, value)
    assert found == wanted
    assert message.startswith(says)
    assert len(message) < 500


# --- pictures ----------------------------------------------------------------------------------------------------------


def pictures(*cells, executed=None):
    return [picture.data for picture in sheet(*cells, executed=executed, q=PLOT).pictures["q"]]


def test_a_plot_is_what_its_cell_shows():
    assert sheet(tagged("plt.show()", "q", **shows(PNG)), q=PLOT).pictures == {"q": (Picture("image/png", PNG),)}


def test_the_executed_copy_has_the_newest_plot():
    assert pictures(
        tagged("plt.show()", "q", **shows(PNG)), executed=[tagged("plt.show()", "q", **shows(PNG + b"new"))]
    ) == [PNG + b"new"]


def test_where_the_executed_copy_has_no_plot_the_one_that_was_handed_in_counts():
    assert pictures(tagged("plt.show()", "q", **shows(PNG)), executed=[tagged("plt.show()", "q")]) == [PNG]


def test_of_several_cells_the_last_with_a_plot_counts():
    assert pictures(tagged("1", "q", **shows(PNG)), tagged("2", "q", **shows(PNG + b"2")), tagged("", "q")) == [
        PNG + b"2"
    ]


def test_a_plot_that_was_not_run_has_a_cell_and_one_that_was_deleted_has_none():
    there, gone = sheet(tagged("plt.show()", "q"), q=PLOT), sheet("plt.show()", q=PLOT)
    assert (there.pictures, gone.pictures) == ({"q": ()}, {"q": ()})
    assert ("q" in there.attempts, "q" in gone.attempts) == (True, False)


def test_prose_may_have_pictures():
    text = markdown(
        "<!-- answer: q -->\nIt falls.", attachments={"a.png": {"image/png": base64.b64encode(PNG).decode()}}
    )
    assert sheet(text, q=TEXT).pictures == {"q": (Picture("image/png", PNG),)}


@pytest.mark.parametrize("value", [np.float64(-24.5), [np.float64(-24.5)][0]])
def test_numpy_s_own_float_is_a_number(value):
    assert status(NUMBER, value)[0] == "passed"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(Opaque("set"), "set"), (Opaque("matplotlib Figure"), "matplotlib Figure"), (Record("Point", {}), "Point")],
)
def test_what_is_no_answer_is_told_by_its_own_type(value, kind):
    assert status(NUMBER, value)[1] == f"`it` is of the type {kind}."


def test_a_set_of_options_is_taken_as_it_was_typed():
    assert sheet(tagged("q = {'red', 'blue'}", "q"), values={"q": Returned(Opaque("set"))}, q=TICKS).attempts == {
        "q": [["red", "blue"]]
    }


@pytest.mark.parametrize(
    "value",
    [np.empty((10**6, 0)), [[]] * 10**5, {b"x" * 10**6: 1}],
    ids=["rows of nothing", "lists of nothing", "a long key"],
)
def test_what_is_large_and_has_no_entries_is_not_unfolded(value):
    found = sheet("x", places={"q": {"variable": "it"}}, values={"q": Returned(value)}, q=TICKS)
    assert len(str(found.attempts)) < 10**5


def test_prose_below_a_plot_does_not_hide_it():
    assert pictures(tagged("plt.show()", "q", **shows(PNG)), tagged("It falls.", "q", kind="markdown")) == [PNG]


def test_a_decimal_comma_is_two_numbers_to_python_and_is_told_as_what_it_is():
    found = sheet(tagged("q = 61,2", "q"), values={"q": Returned((61, 2))}, q=NUMBER)
    assert found.attempts == {"q": ["61,2"]}
