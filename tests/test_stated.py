"""What a cell states as an answer: as it was typed, and never run."""

import pytest

from grader.magics import python
from grader.notebook import Cell, Notebook, Picture, read
from grader.stated import LONGEST, MOST, Stated, answer, stated
from tests.notebooks import notebook


def code(source):
    return stated(Cell(1, "code", source))


STATED = {
    "a number": ("-24.50", "-24.50"),
    "a number below a marker": ("# answer: q\n-24.5  # rounded", "-24.5"),
    "a number in a comment": ("# answer: q\n# -24.5", "-24.5"),
    "a number with a comma": ("-24,5", "-24,5"),
    "a formula": ("(gamma_k1 + gamma_k2)/2", "(gamma_k1 + gamma_k2)/2"),
    "a formula over lines": ("(a +\n  b)", "a + b"),
    "a formula that is no Python": (r"\frac{a}{b}", r"\frac{a}{b}"),
    "a formula in a text": (r"'\frac{\beta}{\n}'", r"\frac{\beta}{\n}"),
    "a formula in a raw text": (r"r'\frac{a}{b}'", r"\frac{a}{b}"),
    "letters beyond ASCII": ("'é' + µ/2", "'é' + µ/2"),
    "a number that is given a name": ("ll = -24.50", "-24.50"),
    "a number with a type": ("ll: float = 1e-3", "1e-3"),
    "blanks that are given a name": ("q = {'pi': 'b'}", {"pi": "b"}),
    "an option": ("'b'", "b"),
    "prose": ("'''\nIt falls.\n'''", "It falls."),
    "several options": ("['a', 'b']", ["a", "b"]),
    "several options without brackets": ("'a', 'b'", ["a", "b"]),
    "several letters": ("a, b", "a, b"),
    "blanks": ("{'pi': 'b', 'mu': 1.50}", {"pi": "b", "mu": "1.50"}),
    "the last of several lines": ("import numpy\nx = 3\n4", "4"),
    "a statement that states nothing": ("if x: 3", "if x: 3"),
    "a mapping that is no blanks": ("{1: 2}", "{1: 2}"),
    "many parts": (f"[{'1, ' * (MOST + 1)}]", f"[{'1, ' * (MOST + 1)}]"),
}


@pytest.mark.parametrize("name", STATED)
def test_code_states_its_last_expression_as_it_was_typed(name):
    source, raw = STATED[name]
    assert code(source) == Stated(raw)


@pytest.mark.parametrize(
    ("source", "raw", "variable"),
    [
        ("ll_total", "ll_total", "ll_total"),
        ("print('the likelihood', ll)", "ll", "ll"),
        ("ll = 1/3", "1/3", "ll"),
        ("ll: float = 2 * x", "2 * x", "ll"),
        ("_, ll = estep(X, mixture)\nloglik = ll", "ll", "ll"),
        ("loglik = estep(X, mixture)[1]", "estep(X, mixture)[1]", "loglik"),
        ("ll += 1", "ll += 1", "ll"),
        ("answers['ll'] = 3", "3", None),
    ],
)
def test_a_variable_that_holds_the_answer_is_named(source, raw, variable):
    assert code(source) == Stated(raw, variable)


def test_magics_above_an_answer_are_no_matter():
    source = "# answer: q\n%matplotlib inline\nll"
    assert stated(Cell(1, "code", source, *python([source]))) == Stated("ll", "ll")


@pytest.mark.parametrize(
    "source",
    ["", "\n\n", "# answer: q", "# YOUR CODE HERE", "# YOUR CODE HERE\nraise NotImplementedError()", "q = None", "q = ...", "pass", "''", "[]"],
)  # fmt: skip
def test_a_cell_that_is_still_empty_states_nothing(source):
    assert code(source) is None


@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("It **falls**.\n\n$x$", "It **falls**.\n\n$x$"),
        ("<!-- answer: prose -->\nIt falls.", "It falls."),
        ("### Answer : prose\nIt falls.\nYOUR ANSWER HERE", "It falls."),
    ],
)
def test_markdown_states_its_text(source, raw):
    assert stated(Cell(0, "markdown", source)) == Stated(raw)


def test_markdown_with_the_placeholder_alone_states_nothing():
    assert stated(Cell(0, "markdown", "<!-- answer: prose -->\n*YOUR ANSWER HERE*\n")) is None


def test_long_code_is_not_looked_into():
    short, long = (f"# {'x' * n}\n3" for n in (LONGEST - 4, LONGEST))
    assert (code(short).raw, code(long).raw) == ("3", long)


@pytest.mark.parametrize("bomb", ["(" * 5000, "-" * 9000 + "1", "1" + "+1" * 8000, "x\0"])
def test_code_that_cannot_be_taken_apart_is_its_text(bomb):
    assert code(bomb) == Stated(bomb)


def tagged(*cells):
    return Notebook(tuple(Cell(n, "code", source, tags=frozenset(tags)) for n, (source, tags) in enumerate(cells, 1)))


def test_of_a_cell_that_is_there_twice_the_last_that_states_something_counts():
    notebook = tagged(("1", ["a"]), ("2", ["a", "b"]), ("", ["a"]), ("4", ["c"]))
    assert [answer(notebook, tag) and answer(notebook, tag).number for tag in "abcd"] == [2, 2, 4, None]


def test_a_picture_is_an_answer_too():
    plot = Cell(1, "code", "", tags=frozenset({"plot"}), pictures=(Picture("image/png", b"\x89PNG"),))
    assert answer(Notebook((plot, *tagged(("# nothing", ["other"])).cells)), "plot") == plot


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_lines_may_end_as_on_any_system(end):
    (cell,) = read("x.ipynb", notebook(f"# note{end}x = 1{end}3.5")).cells
    assert stated(cell).raw == "3.5"
