"""Where a case went wrong is told in rows and by a line, and of a hidden case no more than its message tells."""

import typing

import pytest

from grader import judged, model, rows
from grader.compare import Rules
from grader.model import Frame, Returned, Row, Spot
from grader.prepare import Call
from grader.problems import Comparison, Differs, Mismatch, Unequal, WrongParts, WrongShape, WrongType
from grader.run import Answer
from grader.spec import Spec
from grader.submission import Cell, Handed

SPEC = Spec.model_validate(
    {
        "name": "rows",
        "submission": {"file": "em.py"},
        "functions": {
            "f": {"points": 1, "returns": ["x"], "cases": [{"name": "a", "args": {"n": 1}, "expect": {"x": 1}}]}
        },
    }
)


def worst(*entries):
    return tuple(Mismatch(index, got, want, 1.0, 1e-6) for index, got, want in entries)


PROBLEMS = [
    (Differs("post", 2, 60, 0, worst(((4, 1), 0.31, 0.62), ((0, 0), float("nan"), 1.0))),
     [("post[4, 1]", "0.31", "0.62"), ("post[0, 0]", "nan", "1")]),
    (Differs("ll", 1, 1, 0, worst(((), -12.5, -13.25))), [("ll", "-12.5", "-13.25")]),
    (Differs("mu[0]", 1, 3, 0, worst(((2,), 1j, 2.0))), [("mu[0][2]", "0+1j", "2")]),
    (WrongShape("post", (3, 250), (250, 3)), [("shape of post", "(3, 250)", "(250, 3)")]),
    (WrongType("", "None", "2 values: post, ll"), [("what is returned", "None", "2 values: post, ll")]),
    (WrongParts("", ("a number",), ("post", "ll")), [("parts of what is returned", "a number", "post, ll")]),
    (Unequal("done", True, False), [("done", "True", "False")]),
    (Unequal("word", "a\n" * 1000, "b"), [("word", repr("a\n" * 40)[:78] + " …", "'b'")]),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "entries"), PROBLEMS)
def test_a_problem_makes_a_row_for_each_of_its_worst_entries(problem, entries):
    assert rows.of_comparison(Comparison((problem,)), "all") == tuple(Row(*entry) for entry in entries)


def test_every_kind_of_problem_is_tried():
    from grader.problems import Problem

    assert {type(problem) for problem, _ in PROBLEMS} == set(typing.get_args(Problem))


@pytest.mark.parametrize(("reveal", "told"), [("title", 0), ("diagnosis", 0), ("got", 1), ("all", 2)])
@pytest.mark.parametrize(("problem", "entries"), PROBLEMS)
def test_of_a_hidden_case_there_is_no_more_than_may_be_told(problem, entries, reveal, told):
    found = rows.of_comparison(Comparison((problem,)), reveal)
    assert found == tuple(Row(where, got, want if told == 2 else "") for where, got, want in entries if told)


def test_there_are_few_rows_of_few_characters():
    """Names and texts may come from a submission."""
    many = tuple(WrongParts(f"part_{n}", ("x" * 200,) * 1000, ("y",)) for n in range(9))
    found = rows.of_comparison(Comparison(many), "all")
    assert len(found) == rows.MOST
    assert max(len(text) for row in found for text in (row.where, row.got, row.want)) == rows.LONGEST


# --- the line --------------------------------------------------------------------------------------------------------

GIVEN, OWN, DEEPER = Frame("common.py", 3, "g", ""), Frame("em.py", 7, "f", ""), Frame("cell [3]", 2, "h", "")
EVALUATED = Frame("<string>", 1, "<module>", "")


@pytest.mark.parametrize(
    ("frames", "spot"),
    [
        ((OWN, DEEPER), Spot("cell [3]", 2)),
        ((OWN, GIVEN), Spot("em.py", 7)),
        ((OWN, EVALUATED), Spot("em.py", 7)),
        ((GIVEN,), None),
        ((), None),
        ((Frame("em.py", 0, "", ""),), None),
        ((Frame("em.py", 2**31, "", ""),), None),
    ],
    ids=["the innermost", "not the course's", "not a text's", "none of theirs", "none", "no line", "no such line"],
)
@pytest.mark.parametrize("outcome", [lambda frames: model.Raised("E", "", frames), lambda f: model.Blocked("w", f)])
def test_the_line_is_the_innermost_of_the_students_own(outcome, frames, spot):
    assert rows.spot(outcome(frames), {"em.py", "cell [3]"}) == spot


def test_what_returned_ended_in_no_line():
    assert rows.spot(Returned(1), {"em.py"}) is None


# --- in a case's result ----------------------------------------------------------------------------------------------


def result(outcome, *, reveal="all", visibility="public", diagnosis=None):
    call = Call(("f", 0, 0), "a", {"n": 31337}, 0, 4242.5, Rules(("x",)), visibility, remark=False, reveal=reveal)
    one = judged.Judged(call, Answer(outcome, 0.1), diagnosis=diagnosis)
    return one.result("f", Handed("em.py", {"em.py": b""}, (Cell("cell [3]", b""),)), SPEC)


def test_a_case_has_the_rows_of_its_value_and_the_line_of_its_exception():
    assert result(Returned(17.25)).rows == (Row("x", "17.25", "4242.5"),)
    assert result(Returned(4242.5)).rows == ()
    raised = result(model.Raised("KeyError", "", (OWN, EVALUATED)))
    assert (raised.spot, raised.rows) == (Spot("em.py", 7), ())


@pytest.mark.parametrize("reveal", ["title", "diagnosis", "got"])
def test_a_hidden_case_leaks_nothing_by_its_rows(reveal):
    told = str(result(Returned(17.25), reveal=reveal, visibility="hidden").rows)
    assert "4242" not in told
    assert "31337" not in told
    assert ("17.25" in told) == (reveal == "got")


def test_a_case_that_fails_because_of_another_function_has_neither():
    """Its values are not told either: what is to be mended is elsewhere."""
    from grader.diagnose import Diagnosis

    because = Diagnosis("because_of_g", "It fails because `g` is wrong.", elsewhere=True)
    told = [result(outcome, diagnosis=because) for outcome in (Returned(1.0), model.Raised("E", "", (OWN,)))]
    assert [(one.spot, one.rows) for one in told] == [(None, ()), (None, ())]
