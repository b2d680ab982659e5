"""The last attempt that counts is judged, what cannot be read costs none, and what is shown is what may be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from grader.answers import judge
from grader.answers.judge import UNTOLD, Asked
from grader.answers.sheet import Sheet, parse
from grader.model import Attempts, Result
from grader.questions import Question
from grader.report import json as lines
from grader.report import terminal


def question(kind, **keys):
    return TypeAdapter(Question).validate_python({"kind": kind, "points": 3.0, **keys})


NUMBER = {"kind": "number", "answer": "5"}
FORMULA = {"kind": "formula", "answer": "x/y", "variables": {"x": [0.5, 1.0], "y": [1.0, 2.0]}}
TICKS = {"kind": "choice", "options": list("abcde"), "answer": ["a", "b"]}
BLANKS = {"kind": "choice", "options": ["up", "down", "left"], "blanks": {"x": "up", "y": "down", "z": "up"}}
TEXT = {"kind": "text"}


def judged(keys, *attempts, told=True, due=False, **more):
    """Return the result of a question that is asked with these keys and answered with these attempts."""
    asked = Asked("q", question(**keys, **more), "work/q", is_due=due, told=told)
    return judge.judge(asked, list(attempts))


def outcome(item):
    return item.status, item.score, item.attempts.used


def said(item):
    (message,) = {case.message for case in item.cases}
    return message


# --- what an answer is worth --------------------------------------------------------------------------------------------

WORTH = {
    "a right number": (NUMBER, "5", "passed", 3, ""),
    "a wrong number": (NUMBER, "6", "failed", 0, "6 is not right."),
    "a number that is close": ({**NUMBER, "close": {"atol": 1, "credit": 0.5}}, "6", "failed", 1.5, "6 is close, but not right."),
    "a right formula": (FORMULA, "x*y^-1", "passed", 3, ""),
    "right ticks": (TICKS, "a, b", "passed", 3, ""),
    "ticks, all or nothing": (TICKS, "a", "failed", 0, "Wrongly ticked or left out: 1 of 5 options."),
    "ticks, each a decision": ({**TICKS, "credit": "each"}, "a", "failed", 2.4, "Wrongly ticked or left out: 1 of 5 options."),
    "ticks, halves for one error": ({**TICKS, "credit": "halves"}, "a", "failed", 1.5, "Wrongly ticked or left out: 1 of 5 options."),
    "ticks, halves for two errors": ({**TICKS, "credit": "halves"}, ["a", "c"], "failed", 0.75, "Wrongly ticked or left out: 2 of 5 options."),
    "ticks, halves for three errors": ({**TICKS, "credit": "halves"}, "a c d", "failed", 0, "Wrongly ticked or left out: 3 of 5 options."),
    "text": (TEXT, "Because.", "pending", 0, "A person marks this."),
    "a text of signs": (TEXT, "{}[]: <b> \u202e", "pending", 0, "A person marks this."),
}  # fmt: skip


@pytest.mark.parametrize("name", WORTH)
def test_an_answer_is_worth(name):
    keys, answer, status, score, message = WORTH[name]
    item = judged(keys, answer)
    assert outcome(item) == (status, pytest.approx(score), 1)
    assert (item.max_score, said(item), item.kind) == (3, message, keys["kind"])


def test_a_wrong_formula_learns_where_it_differs():
    item = judged(FORMULA, "x*y")
    assert outcome(item) == ("failed", 0, 1)
    assert said(item).startswith("Not right: it differs at x = 0.")


def test_a_formula_is_shown_as_it_was_understood():
    assert judged(FORMULA, "x/y*2").latex == r"\frac{x}{y} \cdot 2"
    assert judged(FORMULA, "x/").latex is None
    assert judged(NUMBER, "5").latex is None


PIECES = {
    "without what is forbidden": ("x/y", "passed", ""),
    "with what is forbidden": ("x/y+0*ln(x)", "failed", "It must not have `ln` in it."),
    "without what is required": ("x*y^-1", "failed", "It must have `/` in it."),
    "wrong, and with what is forbidden": ("ln(x)/y", "failed", "It must not have `ln` in it."),
}


@pytest.mark.parametrize("name", PIECES)
def test_a_formula_may_have_to_have_pieces(name):
    text, status, message = PIECES[name]
    item = judged(FORMULA, text, forbid=["ln"], require=["/"])
    assert (outcome(item), said(item)) == ((status, 3 if status == "passed" else 0, 1), message)


def test_other_points_decide_for_another_question():
    def place(seed):
        return judge.judge(Asked("q", question(**FORMULA), seed), ["x*y"]).cases[0].message

    assert place("work/q") == place("work/q")
    assert place("work/q") != place("work/r")


# --- blanks -------------------------------------------------------------------------------------------------------------


def test_blanks_share_the_points():
    item = judged(BLANKS, {"x": "up", "y": "left", "z": "UP"})
    assert [(case.name, case.status, case.score, case.max_score) for case in item.cases] == [
        ("x", "passed", 1, 1), ("y", "failed", 0, 1), ("z", "passed", 1, 1)]  # fmt: skip
    assert [case.message for case in item.cases] == ["", "That is not right.", ""]
    assert outcome(item) == ("failed", 2, 1)


def test_a_blank_without_an_answer_leaves_the_others_alone():
    item = judged(BLANKS, {"x": "up", "z": ""})
    assert [(case.status, case.message) for case in item.cases] == [
        ("passed", ""), ("missing", "There is no answer for `y`."), ("missing", "There is no answer for `z`.")]  # fmt: skip
    assert outcome(item) == ("missing", 1, 1)


def test_an_unreadable_blank_leaves_the_others_alone():
    item = judged(BLANKS, {"x": "up", "y": "dawn", "z": "left"})
    assert [(case.name, case.status, case.message) for case in item.cases] == [
        ("x", "passed", ""), ("y", "error", "`dawn` is none of the options (did you mean 'down'?)."),
        ("z", "failed", "That is not right.")]  # fmt: skip
    assert outcome(item) == ("error", 1, 1)


def test_blanks_of_which_none_can_be_read_cost_no_attempt():
    item = judged(BLANKS, {"x": "upp", "y": ""})
    assert said(item).startswith("`upp` is none of the options")
    assert outcome(item) == ("error", 0, 0)


def test_a_blank_that_is_none_is_told_at_all_and_costs_no_attempt():
    item = judged(BLANKS, {"x": "up", "y": "down", "w": "up"})
    assert said(item) == "There is no blank `w`: they are x, y, z."
    assert outcome(item) == ("error", 0, 0)


# --- attempts -----------------------------------------------------------------------------------------------------------

BAD = "A `*` is missing at character 2: did you mean 2*x?"
TRIES = {
    "none": ([], 3, ("missing", 0, 0), "There is no answer `q`."),
    "an empty one": ([" "], 3, ("missing", 0, 0), "There is no answer `q`."),
    "empty lists": ([[], [""], {}, {"x": " "}, [[]]], 3, ("missing", 0, 0), "There is no answer `q`."),
    "the last one right": (["x", "x/y"], 3, ("passed", 3, 2), ""),
    "the last one wrong": (["x/y", "1"], 3, ("failed", 0, 2), None),
    "as many as allowed": (["1", "2", "x/y"], 3, ("passed", 3, 3), ""),
    "right, but too late": (["1", "2", "x/y"], 2, ("failed", 0, 2), "1 of 3 attempts came after the 2 that count."),
    "right, and wrong too late": (["1", "x/y", "3", "4"], 2, ("passed", 3, 2), "2 of 4 attempts came after the 2 that count."),
    "any number": (["1"] * 50 + ["x/y"], None, ("passed", 3, 51), ""),
    "unreadable": (["2x"], 3, ("error", 0, 0), BAD),
    "unreadable and then right": (["2x", "x+", "x/y"], 1, ("passed", 3, 1), ""),
    "right and then unreadable": (["x/y", "2x"], 3, ("passed", 3, 1), BAD),
    "wrong and then unreadable": (["1", "2x"], 1, ("failed", 0, 1), BAD),
    "unreadable in between": (["1", "2x", "x/y"], 2, ("passed", 3, 2), ""),
    "unreadable and then empty": (["2x", ""], 3, ("error", 0, 0), BAD),
    "right and then empty": (["x/y", ""], 3, ("passed", 3, 1), ""),
    "a list for a formula": ([["x/y"]], 3, ("error", 0, 0),
                             'One answer is wanted, not several (put a text that begins with a sign in "quotes").'),
    "a mapping for a formula": ([{"a": "x/y"}], 3, ("error", 0, 0),
                                'One answer is wanted, not several (put a text that begins with a sign in "quotes").'),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIES)
def test_of_attempts(name):
    attempts, allowed, expected, message = TRIES[name]
    item = judged(FORMULA, *attempts, attempts=allowed)
    assert outcome(item) == expected
    assert item.attempts == Attempts(expected[2], allowed)
    assert said(item).endswith(message) if message is not None else said(item).startswith("Not right")


UNREADABLE = {
    "a number": (NUMBER, "5 cm", "`5 cm` has a unit: write the number alone, 5."),
    "several numbers": (NUMBER, ["5"], 'One answer is wanted, not several (put a text that begins with a sign in "quotes").'),
    "a formula": (FORMULA, "(x", "The `(` at character 1 is never closed."),
    "an option": (TICKS, "z", "`z` is none of the options: a, b, c, d, e."),
    "blanks": (BLANKS, "up", "3 answers are wanted (x, y, z), not 1."),
    "texts": (TEXT, ["a", "b"], 'One answer is wanted, not several (put a text that begins with a sign in "quotes").'),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_costs_no_attempt(name):
    keys, answer, message = UNREADABLE[name]
    item = judged(keys, answer, attempts=1)
    assert (*outcome(item), said(item)) == ("error", 0, 0, message)


# --- what may be told ---------------------------------------------------------------------------------------------------

ALL = {"number": (NUMBER, "5", "6"), "formula": (FORMULA, "x/y", "x"), "ticks": (TICKS, "a, b", "c")}


@pytest.mark.parametrize("kind", ALL)
def test_what_may_not_be_told_is_the_same_for_right_and_wrong_and_costs_no_attempt(kind):
    keys, right, wrong = ALL[kind]
    items = [judged(keys, answer, told=False, explanation="Because.", explain="answered") for answer in (right, wrong)]
    for item in items:
        assert (*outcome(item), said(item), item.explanation) == ("pending", 0, 0, UNTOLD, None)


def test_what_may_not_be_told_is_still_told_where_it_cannot_be_read():
    assert said(judged(FORMULA, "2x", told=False)) == BAD
    assert judged(FORMULA, "x", told=False).latex == "x"
    item = judged(BLANKS, {"x": "up"}, told=False)
    assert [case.status for case in item.cases] == ["pending", "missing", "missing"]


EXPLAINED = {
    "answered, with a wrong answer": ("answered", ["6"], {}, True),
    "answered, with none": ("answered", [], {}, False),
    "answered, with one that cannot be read": ("answered", ["x"], {}, False),
    "answered, but not to be told": ("answered", ["6"], {"told": False}, False),
    "last attempt, with the first": ("last_attempt", ["6"], {}, False),
    "last attempt, with the last": ("last_attempt", ["6", "7"], {}, True),
    "last attempt, with more than the last": ("last_attempt", ["6", "7", "8"], {}, True),
    "last attempt, with a right one before": ("last_attempt", ["5"], {}, True),
    "last attempt, with one that cannot be read": ("last_attempt", ["6", "x"], {}, False),
    "last attempt, but not to be told": ("last_attempt", ["6", "5"], {"told": False}, False),
    "due, before": ("due", ["5", "5"], {}, False),
    "due, after": ("due", ["6"], {"due": True}, True),
    "due, after and without an answer": ("due", [], {"due": True}, True),
    "never": ("never", ["5", "5"], {"due": True}, False),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_an_explanation_is_shown(name):
    explain, attempts, more, shown = EXPLAINED[name]
    item = judged(NUMBER, *attempts, attempts=2, explanation="Because.", explain=explain, **more)
    assert item.explanation == ("Because." if shown else None)


def test_without_an_end_to_the_attempts_only_a_right_answer_is_explained():
    for answer, shown in (("6", None), ("5", "Because.")):
        assert judged(NUMBER, answer, explanation="Because.", explain="last_attempt").explanation == shown


def test_no_explanation_is_none():
    assert judged(NUMBER, "5", explain="answered").explanation is None


# --- a sheet ------------------------------------------------------------------------------------------------------------

ASKED = [
    Asked(name, question(**keys), f"work/{name}")
    for name, keys in {"n": NUMBER, "f": FORMULA, "c": TICKS, "b": BLANKS, "t": TEXT}.items()
]


def test_each_question_gets_its_answer():
    sheet = Sheet({"t": ["Because."], "n": ["4", "5"], "b": ["up down up"], "c": [["a", "b"]], "f": ["x/y"]})
    items = judge.judge_sheet(ASKED, sheet)
    assert [(item.name, item.status) for item in items] == [
        ("n", "passed"), ("f", "passed"), ("c", "passed"), ("b", "passed"), ("t", "pending")]  # fmt: skip


def test_a_problem_with_one_answer_leaves_the_others_alone():
    items = judge.judge_sheet(ASKED[:2], Sheet({"n": ["5"], "f": ["x/y"]}, {"n": "a.yaml, line 2: twice"}))
    assert [(item.status, said(item)) for item in items] == [("error", "a.yaml, line 2: twice."), ("passed", "")]


STRAYS = {
    "no others": ([], "There is no answer `n`."),
    "another": (["m"], "There is no answer `n`. The sheet has `m`, which no question is called."),
    "many others": (list("opqrsu"), "There is no answer `n`. The sheet has `o`, `p`, `q`, `r`, `s`, which no question is called."),
    "a long one": (["m" * 100], f"There is no answer `n`. The sheet has `{'m' * 80}…`, which no question is called."),
    "one of two lines": (["m\n✓"], r"There is no answer `n`. The sheet has `m\n✓`, which no question is called."),
}  # fmt: skip


@pytest.mark.parametrize("name", STRAYS)
def test_a_missing_answer_is_told_with_the_names_that_fit_no_question(name):
    strays, message = STRAYS[name]
    (item,) = judge.judge_sheet(ASKED[:1], Sheet({stray: ["5"] for stray in strays}))
    assert (item.status, said(item)) == ("missing", message)


ODD = st.text("aq.,;:!&*{}[]\"'|>-?<=%@`#\\0\n\t ²π\u202e\ufeff\0xy+^/()5", max_size=20)
RAW = st.recursive(ODD, lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(ODD, part, max_size=3)))


@given(st.dictionaries(st.sampled_from(["n", "f", "c", "b", "t", "zz\x1b[2J"]), st.lists(RAW, max_size=2)))
def test_whatever_is_answered_can_be_shown(attempts):
    """On a terminal on the lines that are its own, and in JSON on a single line."""
    text = json.dumps({name: {"attempts": tries} for name, tries in attempts.items()})
    items = judge.judge_sheet(ASKED, parse("answers.json", text.encode()))
    result = Result("work", "ann", ("answers.json",), "", items, 15.0, "", (), 0.0)
    assert all(0 <= item.score <= item.max_score for item in items)
    for message in [case.message for item in items for case in item.cases]:
        assert message.isprintable()
    assert json.loads(lines.render(result).encode())["items"]
    assert "\n" not in lines.render(result)
    assert "\x1b" not in terminal.render([result], "work")


def test_half_a_character_does_not_keep_a_result_from_being_written():
    sheet = parse("answers.json", rb'{"n": "\ud800", "\udfff": 5, "b": {"\ud800": "up"}}')
    for item in judge.judge_sheet(ASKED, sheet):
        result = Result("work", "ann", (), "", (item,), 3.0, "", (), 0.0)
        assert "?" in lines.render(result).encode().decode() or item.name in {"f", "c", "t"}


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ({"LOGLIK": ["1"]}, "The sheet has `LOGLIK`: is that meant?"),
        ({"loglk": ["1"], "other": ["1"]}, "The sheet has `loglk`: is that meant?"),
        ({"x" * 10_000: ["1"]}, f"The sheet has `{'x' * 80}…`, which no question is called."),
        ({}, ""),
    ],
    ids=["in other letters", "misspelt", "something else", "nothing"],
)
def test_an_answer_under_another_name_is_pointed_out(sheet, said):
    (item,) = judge.judge_sheet([Asked("loglik", question(**NUMBER), "seed")], Sheet(sheet))
    assert item.cases[0].message == f"There is no answer `loglik`. {said}".strip()
