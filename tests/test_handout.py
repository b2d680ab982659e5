"""The handout lists what its answers are read by."""

import pytest

from grader import handout
from grader.answers import judge
from grader.answers.sheet import Sheet, parse
from grader.assignment import load
from tests.conftest import write

SPEC = """\
name: work
submission: {answers: answers.yaml}
questions:
  which:
    kind: choice
    points: 2
    attempts: 1
    prompt: Which of them is right?
    options: [the first of all options, the second of all options, the third of all options]
    answer: the second of all options
  ticks:
    kind: choice
    points: 1
    attempts: 2
    options: [the first of all options, the second of all options, the third of all options]
    answer: [the first of all options, the second of all options]
  short:
    kind: choice
    points: 0.5
    options: [red, green, blue]
    answer: [red, blue]
  blanks:
    kind: choice
    points: 1
    options: [up, down]
    blanks: {x0: up, x1: down}
  formula:
    kind: formula
    points: 1
    prompt: >-
      A long prompt that goes on and on, so that it does not fit on a line, and is wrapped where its words end, neither
      before nor after.
    answer: x/(n*y_1)
    variables: {x: [0, 1], y_1: [1, 2]}
    constants: {n: 2}
  number:
    kind: number
    points: 1
    answer: 2.5
  prose:
    kind: text
    points: 1
"""

HANDOUT = """\
### 1. `which` (2 points, 1 attempt)

Which of them is right?

a) the first of all options  
b) the second of all options  
c) the third of all options  

### 2. `ticks` (1 point, 2 attempts)

a) the first of all options  
b) the second of all options  
c) the third of all options  

Tick all that are right.

### 3. `short` (0.5 points)

Of: `red`, `green`, `blue`.

Tick all that are right.

### 4. `blanks` (1 point)

One of: `up`, `down`.

Answer for each of `x0`, `x1`.

### 5. `formula` (1 point)

A long prompt that goes on and on, so that it does not fit on a line, and is wrapped where its words
end, neither before nor after.

A formula in `x`, `y_1`, `n` (which is 2).

### 6. `number` (1 point)

### 7. `prose` (1 point)

### The sheet, `answers.yaml`

    which:
    ticks:
    short:
    blanks: {x0: , x1: }
    formula:
    number:
    prose:
"""  # noqa: W291  two spaces at the end are a new line in Markdown


def spec(tmp_path, *changes):
    text = SPEC
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return load(write(tmp_path, {"assignment.yaml": text})).spec


def test_a_handout_has_a_section_for_each_question_and_a_sheet(tmp_path):
    assert handout.render(spec(tmp_path)).partition("## Questions\n\n")[2] == HANDOUT


def test_a_handout_begins_with_how_to_answer_the_kinds_that_there_are(tmp_path):
    page = handout.render(spec(tmp_path))
    assert page.startswith("## How to answer\n\nWrite your answers into `answers.yaml` (or `answers.json`, or a table")
    kinds = ["Numbers", "Formulas", "Choices", "Text"]
    assert [kind for kind in kinds if f"- **{kind}**: " in page] == kinds
    alone = "name: work\nsubmission: {answers: answers.yaml}\nquestions:\n  q: {kind: text, points: 1}\n"
    page = handout.render(load(write(tmp_path, {"assignment.yaml": alone})).spec)
    assert [kind for kind in kinds if f"- **{kind}**: " in page] == ["Text"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("answer: x/(n*y_1)", "answer: x/(n*y_1)\n    forbid: [sqrt, ln]"), "(which is 2), without `sqrt` and `ln`."),
        (("answer: x/(n*y_1)", "answer: x/(n*y_1)\n    require: ['/']"), "(which is 2), with `/`."),
        (
            ("attempts: 2", "credit: halves"),
            "Tick all that are right. Ticks that are partly right earn a part of the points.",
        ),
        (("Which of them is right?", '"One.\\n\\nAnother."'), "\n\nOne.\n\nAnother.\n\n"),
    ],
    ids=["forbidden pieces", "required pieces", "partial credit", "paragraphs of a prompt"],
)
def test_a_handout_says(change, said, tmp_path):
    assert said in handout.render(spec(tmp_path, change))


ROUNDED = {
    "decimals": ("decimals: 2", "Rounded to 2 decimals."),
    "one decimal": ("decimals: 1", "Rounded to 1 decimal."),
    "digits": ("digits: 3", "Rounded to 3 significant digits."),
    "one digit": ("digits: 1", "Rounded to 1 significant digit."),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_a_number_that_must_be_rounded_says_how(name, tmp_path):
    key, said = ROUNDED[name]
    change = ("answer: 2.5", f"answer: 2.5\n    {key}\n    rounded: true")
    assert f"### 6. `number` (1 point)\n\n{said}\n" in handout.render(spec(tmp_path, change))
    assert said not in handout.render(spec(tmp_path, ("answer: 2.5", f"answer: 2.5\n    {key}")))


def letters(page, name):
    """Return the options by their letters, as a question's section lists them."""
    section = page.partition(f"`{name}`")[2].partition("###")[0]
    return {line[0]: line[3:].strip() for line in section.splitlines() if line[1:3] == ") "}


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_options_are_answered_by_the_letters_of_the_handout(seed, tmp_path):
    assignment = spec(tmp_path, ("attempts: 1", f"attempts: 1\n    shuffle: {seed}"))
    listed = letters(handout.render(assignment), "which")
    asked = [judge.Asked("which", assignment.questions["which"], "seed")]
    right = [
        letter for letter in "abc" if judge.judge_sheet(asked, Sheet({"which": [letter]}))[0].status == "passed"
    ]  # fmt: skip
    assert [listed[letter] for letter in right] == ["the second of all options"]


def test_seeds_shuffle_differently_and_the_same_seed_always_the_same(tmp_path):
    def listed(seed):
        return tuple(letters(handout.render(spec(tmp_path, ("attempts: 1", f"shuffle: {seed}"))), "which").values())

    assert listed(1) == listed(1)
    assert len({listed(seed) for seed in range(6)}) > 1


def test_the_empty_sheet_can_be_read_and_answers_nothing(tmp_path):
    assignment = spec(tmp_path)
    found = parse("answers.yaml", handout.sheet(assignment).encode())
    assert list(found.attempts) == list(assignment.questions)
    asks = [judge.Asked(name, question, "seed") for name, question in assignment.questions.items()]
    assert {item.status for item in judge.judge_sheet(asks, found)} == {"missing"}


def test_no_answer_is_in_the_handout(tmp_path):
    page = handout.render(spec(tmp_path))
    assert "x/(n*y_1)" not in page
    assert "2.5" not in page
