"""What is wrong with a question of a spec is told with its line and path, before a student meets it."""

import pytest

from grader.answers.number import DEFAULT, Range
from grader.assignment import load
from grader.model import Part
from grader.questions import KINDS, PlotQuestion
from grader.tolerances import Closeness
from tests.conftest import write
from tests.test_spec import mistakes

GOOD = """\
name: work
submission: {answers: answers.yaml}
questions:
  n:
    kind: number
    points: 1
    answer: -24.5
    decimals: 1
  f:
    kind: formula
    points: 1
    answer: x/y
    variables: {x: [0, 1], y: [1, 2]}
  c:
    kind: choice
    points: 1
    options: [red, green, blue]
    answer: [red, blue]
  b:
    kind: choice
    points: 1
    options: [up, down]
    blanks: {x0: up, x1: down}
  t:
    kind: text
    points: 1
"""


def spec_with(tmp_path, *changes):
    """Write the good spec with some of its text replaced, where it stands first."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return write(tmp_path, {"assignment.yaml": text})


def questions(tmp_path, *changes):
    return load(spec_with(tmp_path, *changes)).spec.questions


N, F, C, B, T = (f"$.questions.{name}" for name in "nfcbt")
HOW = "write it as -1.5, 2/3 or 1e-3, or a range as [5, 7)"
NAMED = "must be a name, as x, gamma_k1 or hatmu_k, and of no function"
BLANKS = "blanks: {x0: up, x1: down}"
BROKEN = {
    # of any kind
    "no kind": (("    kind: text\n", ""), [(24, T, "needs a `kind`: number, formula, choice, text or plot")]),
    "another kind": (("kind: text", "kind: prose"), [(24, T, "`kind` must be number, formula, choice, text or plot (got 'prose')")]),
    "a number for a kind": (("kind: text", "kind: 3"), [(24, T, "`kind` must be number, formula, choice, text or plot (got 3)")]),
    "no points": (("kind: text\n    points: 1", "kind: text"), [(24, f"{T}.points", "this key is required")]),
    "points below zero": (("points: 1", "points: -1"), [(6, f"{N}.points", "must be greater than or equal to 0 (got -1)")]),
    "points that are none": (("points: 1", "points: .nan"), [(6, f"{N}.points", "must be a finite number (got nan)")]),
    "an unknown key": (("kind: text", "kind: text\n    promt: Why?"), [(26, f"{T}.promt", "unknown key (did you mean 'prompt'?)")]),
    "a key of another kind": (("answer: x/y", "answer: x/y\n    decimals: 1"), [(13, f"{F}.decimals", "this key is not for this kind")]),
    "no attempt": (("decimals: 1", "attempts: 0"), [(8, f"{N}.attempts", "must be greater than or equal to 1 (got 0)")]),
    "attempts in words": (("decimals: 1", "attempts: two"), [(8, f"{N}.attempts", "must be a whole number (got 'two')")]),
    "an explanation that is no text": (("decimals: 1", "explanation: 3"), [(8, f"{N}.explanation", "must be a text (got 3)")]),
    "an explanation at another time": (("decimals: 1", "explain: later"), [
        (8, f"{N}.explain", "must be 'answered', 'last_attempt', 'due' or 'never' (got 'later')")]),
    "an explanation when nothing is due": (("decimals: 1", "explain: due"), [(8, f"{N}.explain", "the spec does not say when it is `due`")]),
    "another visibility": (("decimals: 1", "visibility: secret"), [(8, f"{N}.visibility", "must be 'public' or 'hidden' (got 'secret')")]),
    "a name that is none": (("  t:", "  2t:"), [(24, "$.questions.2t", "must be a Python name")]),
    "two of one name": (("  t:", "  b:"), [(24, B, "the key stands here twice")]),
    "no sheet": (("{answers: answers.yaml}", "{}"), [
        (2, "$.submission", "`answers` names what is handed in for the `questions`: give both, or neither")]),
    "a sheet in a folder": (("answers.yaml", "a/answers.yaml"), [
        (2, "$.submission.answers", "must be the name of a .yaml, .yml, .json, .csv file, without a folder")]),
    "a sheet of another kind": (("answers.yaml", "answers.txt"), [
        (2, "$.submission.answers", "must be the name of a .yaml, .yml, .json, .csv file, without a folder")]),
    "a function of the same name": (
        ("{answers: answers.yaml}", "{answers: answers.yaml, file: w.py}\n"
         "functions: {t: {points: 1, returns: [y], cases: [{name: a, expect: {y: 1}}]}}"), [(25, T, "a function has this name too")]),
    "due without a zone": (("name: work", "name: work\ndue: 2026-12-01 10:00:00"), [
        (2, "$.due", "must be a time with its zone, as 2026-12-01T23:59:00+01:00, not 2026-12-01 10:00:00")]),
    "due some day": (("name: work", "name: work\ndue: soon"), [
        (2, "$.due", "must be a time with its zone, as 2026-12-01T23:59:00+01:00, not soon")]),
    # numbers
    "a number in words": (("-24.5", "five"), [(7, f"{N}.answer", f"`five` is not a number: {HOW}")]),
    "a number with a unit": (("-24.5", "5 cm"), [
        (7, f"{N}.answer", "`5 cm` has a unit: write the number alone, 5, or a range as [5, 7)")]),
    "a number with a comma": (("-24.5", "'24,5'"), [
        (7, f"{N}.answer", "`24,5` has a decimal comma: write 24.5, or a range as [5, 7)")]),
    "a number that is none": (("-24.5", ".nan"), [(7, f"{N}.answer", f"`nan` is not a number: {HOW}")]),
    "no number": (("-24.5", ""), [(7, f"{N}.answer", "must be a text (got None)")]),
    "an empty text for a number": (("-24.5", "''"), [(7, f"{N}.answer", "must not be empty")]),
    "a truth for a number": (("-24.5", "yes"), [(7, f"{N}.answer", 'must be a text (got True) (YAML reads yes, no, on and off as true and false: put them in "quotes")')]),
    "a mapping for a number": (("-24.5", "{a: 1}"), [(7, f"{N}.answer", "must be a text (got {'a': 1})")]),
    "no numbers": (("-24.5", "[]"), [(7, f"{N}.answer", "must not be empty")]),
    "one of several numbers": (("-24.5", "[1, x]"), [(7, f"{N}.answer[1]", f"`x` is not a number: {HOW}")]),
    "a range that is empty": (("-24.5", "'[7, 5)'"), [(7, f"{N}.answer", "the range [7, 5) is empty")]),
    "a range without quotation marks": (("-24.5", "[5, 7)"), [
        (8, "$", "while parsing a flow sequence; did not find expected ',' or ']'")]),
    "two kinds of nearness": (("decimals: 1", "decimals: 1\n    digits: 2"), [
        (4, N, "give rtol and atol, or decimals, or digits, or percent: only one of the four")]),
    "no digits": (("decimals: 1", "digits: 0"), [(8, f"{N}.digits", "must be greater than or equal to 1 (got 0)")]),
    "no percent": (("decimals: 1", "percent: 0"), [(8, f"{N}.percent", "must be greater than 0 (got 0)")]),
    "a number that YAML reads as text": (("decimals: 1", "rtol: 1e-6"), [
        (8, f"{N}.rtol", "must be a number (got the text '1e-6': YAML reads 1e-6 as text, write 1.0e-6)")]),
    "half a decimal": (("decimals: 1", "decimals: 1.5"), [(8, f"{N}.decimals", "must be a whole number (got 1.5)")]),
    "rounded to nothing": (("decimals: 1", "rounded: true"), [(8, f"{N}.rounded", "say to how many `decimals` or `digits`")]),
    "rounded to a distance": (("decimals: 1", "atol: 1\n    rounded: true"), [
        (9, f"{N}.rounded", "say to how many `decimals` or `digits`")]),
    "rounded, perhaps": (("decimals: 1", "rounded: maybe"), [(8, f"{N}.rounded", "must be true or false (got 'maybe')")]),
    "close without a distance": (("decimals: 1", "close: {credit: 0.5}"), [
        (8, f"{N}.close", "say how near is close: rtol and atol, or decimals, or digits, or percent")]),
    "close in two ways": (("decimals: 1", "close: {atol: 1, digits: 1}"), [
        (8, f"{N}.close", "give rtol and atol, or decimals, or digits, or percent: only one of the four")]),
    "close for full credit": (("decimals: 1", "close: {atol: 1, credit: 1}"), [(8, f"{N}.close.credit", "must be less than 1 (got 1)")]),
    "close for no credit": (("decimals: 1", "close: {atol: 1, credit: 0}"), [(8, f"{N}.close.credit", "must be greater than 0 (got 0)")]),
    "close with an unknown key": (("decimals: 1", "close: {atol: 1, credits: 1}"), [
        (8, f"{N}.close.credits", "unknown key (did you mean 'credit'?)")]),
    "close as a number": (("decimals: 1", "close: 3"), [(8, f"{N}.close", "must be a mapping (got 3)")]),
    # formulas
    "a formula that ends early": (("x/y", "x/"), [(12, f"{F}.answer", "the formula ends after `/`: something is missing")]),
    "a formula of another name": (("x/y", "x/z"), [(12, f"{F}.answer", "there is no `z` in this question; it is about x, y, pi, e")]),
    "a formula without a star": (("x/y", "2x"), [(12, f"{F}.answer", "a `*` is missing at character 2: did you mean 2*x?")]),
    "a formula that is nowhere a number": (("x/y", "ln(-x)"), [
        (12, f"{F}.answer", "the answer is undefined nearly everywhere in these ranges")]),
    "no formula": (("x/y", "''"), [(12, f"{F}.answer", "must not be empty")]),
    "a list for a formula": (("x/y", "[x]"), [(12, f"{F}.answer", "must be a text (got ['x'])")]),
    "no variables": (("    variables: {x: [0, 1], y: [1, 2]}\n", ""), [(9, f"{F}.variables", "this key is required")]),
    "variables without ranges": (("{x: [0, 1], y: [1, 2]}", "[x, y]"), [(13, f"{F}.variables", "must be a mapping (got ['x', 'y'])")]),
    "a variable that no formula can name": (("{x: [0, 1]", "{x: [0, 1], 2x: [0, 1]"), [(13, f"{F}.variables.2x", NAMED)]),
    "a variable that is called as a function": (("{x: [0, 1]", "{x: [0, 1], ln: [0, 1]"), [(13, f"{F}.variables.ln", NAMED)]),
    "a constant that no formula can name": (("x/y", "x/y\n    constants: {n-1: 1}"), [(13, f"{F}.constants.n-1", NAMED)]),
    "a constant that is a variable": (("x/y", "x/y\n    constants: {x: 1}"), [(13, f"{F}.constants.x", "is a variable already")]),
    "a constant in words": (("x/y", "x/y\n    constants: {n: two}"), [(13, f"{F}.constants.n", "must be a number (got 'two')")]),
    "constants without numbers": (("x/y", "x/y\n    constants: [n]"), [(13, f"{F}.constants", "must be a mapping (got ['n'])")]),
    "a range backwards": (("[0, 1]", "[1, 0]"), [(13, f"{F}.variables.x", "the range must go from a number to a larger one")]),
    "a range of nothing": (("[0, 1]", "[.nan, 1]"), [(13, f"{F}.variables.x", "the range must go from a number to a larger one")]),
    "a number for a range": (("[0, 1]", "3"), [(13, f"{F}.variables.x", "must be a list (got 3)")]),
    "a range in words": (("[0, 1]", "[0, one]"), [(13, f"{F}.variables.x[1]", "must be a number (got 'one')")]),
    "a range without end": (("[0, 1]", "[0, .inf]"), [(12, f"{F}.answer", "a range is too wide to draw numbers from")]),
    "an answer that is forbidden": (("x/y", "x/y\n    forbid: [ln, /]"), [(13, f"{F}.forbid[1]", "the answer itself has `/`")]),
    "an answer without what is required": (("x/y", "x/y\n    require: [ln]"), [
        (13, f"{F}.require[0]", "the answer itself does not have `ln`")]),
    "an empty piece": (("x/y", "x/y\n    require: ['']"), [(13, f"{F}.require[0]", "must not be empty")]),
    "a text for pieces": (("x/y", "x/y\n    forbid: ln"), [(13, f"{F}.forbid", "must be a list (got 'ln')")]),
    # choices
    "two options that are the same": (("[red, green, blue]", "[red, Red, blue]"), [(17, f"{C}.options", "two options are the same")]),
    "an option that is a truth": (("[red, green, blue]", "[red, blue, yes]"), [(17, f"{C}.options[2]", 'must be a text (got True) (YAML reads yes, no, on and off as true and false: put them in "quotes")')]),
    "a text for options": (("[red, green, blue]", "red"), [(17, f"{C}.options", "must be a list (got 'red')")]),
    "an answer that is no option": (("[red, blue]", "purple"), [(18, f"{C}.answer", "'purple' is none of the options")]),
    "one of the answers that is no option": (("[red, blue]", "[red, purple]"), [(18, f"{C}.answer[1]", "'purple' is none of the options")]),
    "a blank that wants no option": (("x1: down", "x1: left"), [(23, f"{B}.blanks.x1", "'left' is none of the options")]),
    "neither an answer nor blanks": (("    answer: [red, blue]\n", ""), [(14, C, "a choice has either an `answer` or `blanks`")]),
    "both an answer and blanks": ((BLANKS, f"{BLANKS}\n    answer: up"), [(19, B, "a choice has either an `answer` or `blanks`")]),
    "no blanks": ((BLANKS, "blanks: {}"), [(23, f"{B}.blanks", "must not be empty")]),
    "blanks without names": ((BLANKS, "blanks: [up]"), [(23, f"{B}.blanks", "must be a mapping (got ['up'])")]),
    "two options for a blank": (("x0: up", "x0: [up, down]"), [(23, f"{B}.blanks.x0", "must be a text (got ['up', 'down'])")]),
    "another credit": (("[red, blue]", "[red, blue]\n    credit: some"), [
        (19, f"{C}.credit", "must be 'all', 'each' or 'halves' (got 'some')")]),
    "credit for a part of one": (("[red, blue]", "red\n    credit: each"), [
        (19, f"{C}.credit", "only where several are ticked (`answer` is a list) can an answer be partly right")]),
    "credit for a part of a blank": ((BLANKS, f"{BLANKS}\n    credit: each"), [
        (24, f"{B}.credit", "only where several are ticked (`answer` is a list) can an answer be partly right")]),
    "a seed that is none": (("[red, blue]", "[red, blue]\n    shuffle: yes"), [(19, f"{C}.shuffle", "must be a whole number (got True)")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_question_is_refused_with(name, tmp_path):
    change, expected = BROKEN[name]
    assert mistakes(spec_with(tmp_path, change)) == expected


def test_the_mistakes_of_all_questions_are_told_at_once(tmp_path):
    folder = spec_with(tmp_path, ("-24.5", "five"), ("x/y", "x/z"), ("[red, blue]", "purple"), ("x1: down", "x1: left"))
    assert [line for line, _, _ in mistakes(folder)] == [7, 12, 18, 23]


def test_good_questions_are_read(tmp_path):
    asked = questions(tmp_path)
    assert [question.kind for question in asked.values()] == ["number", "formula", "choice", "choice", "text"]
    assert {type(question) for question in asked.values()} == {*KINDS} - {PlotQuestion}  # which takes a notebook
    assert all(isinstance(question, Part) for question in asked.values())
    plain = asked["t"]
    assert (plain.attempts, plain.explain, plain.visibility, plain.explanation) == (None, "last_attempt", "hidden", "")


RULES = {
    "decimals": (("decimals: 1", "decimals: 1"), [-24.5], Closeness(decimals=1)),
    "digits": (("decimals: 1", "digits: 3"), [-24.5], Closeness(digits=3)),
    "a distance": (("decimals: 1", "atol: 1\n    rtol: 0.1"), [-24.5], Closeness(atol=1, rtol=0.1)),
    "percent": (("decimals: 1", "percent: 5"), [-24.5], Closeness(percent=5)),
    "nothing": (("decimals: 1", "rounded: false"), [-24.5], DEFAULT),
    "a fraction": (("-24.5", "2/3"), [2 / 3], Closeness(decimals=1)),
    "a whole number": (("-24.5", "2"), [2], Closeness(decimals=1)),
    "several": (("-24.5", "[0.5, 1/3, '[5, 7)']"), [0.5, 1 / 3, Range(5, 7, True, False)], Closeness(decimals=1)),
    "a range": (("-24.5", "'(5, 7]'"), [Range(5, 7, False, True)], Closeness(decimals=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_number_is_wanted_with(name, tmp_path):
    change, answers, nearness = RULES[name]
    rules = questions(tmp_path, change)["n"].rules
    assert rules.answers == answers
    assert {key: getattr(rules.nearness, key) for key in Closeness.model_fields} == nearness.model_dump()


def test_close_is_half_of_the_points_where_nothing_else_is_said(tmp_path):
    rules = questions(tmp_path, ("decimals: 1", "close: {atol: 1}"))["n"].rules
    assert (rules.close.atol, rules.credit) == (1, 0.5)


def test_a_formula_may_be_a_number_and_have_no_variables(tmp_path):
    asked = questions(tmp_path, ("x/y", "2"), ("{x: [0, 1], y: [1, 2]}", "{}"))["f"]
    assert (asked.answer, asked.ranges) == ("2", {})


def test_options_may_be_numbers(tmp_path):
    asked = questions(tmp_path, ("[red, green, blue]", "[1, 2.5, blue]"), ("[red, blue]", "[2.5, blue]"))["c"]
    assert (asked.options, asked.right) == (["1", "2.5", "blue"], ["2.5", "blue"])


def test_a_time_with_its_zone_is_due_as_yaml_or_as_text(tmp_path):
    for written in ("2026-12-01T10:00:00+01:00", "'2026-12-01T10:00:00+01:00'", "2026-12-01 09:00:00Z"):
        spec = load(spec_with(tmp_path, ("name: work", f"name: work\ndue: {written}"))).spec
        assert spec.due.isoformat() in {"2026-12-01T10:00:00+01:00", "2026-12-01T09:00:00+00:00"}
