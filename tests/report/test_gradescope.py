"""Gradescope's file fits what Gradescope documents, its points add up, and a fault of ours is no 0."""

import json
from dataclasses import replace

import jsonschema
import pytest

from grader.report import gradescope
from tests.results import HOSTILE, case, faulty, hostile, item, result

FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"}, "execution_time": {"type": "number"}, "output": {"type": "string"},
        "output_format": FORMAT, "test_output_format": FORMAT, "test_name_format": FORMAT,
        "visibility": VISIBILITY, "stdout_visibility": VISIBILITY, "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"}, "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]}, "name": {"type": "string"}, "name_format": FORMAT,
                    "number": {"type": "string", "pattern": r"^\d+(\.\d+)*$"}, "output": {"type": "string"},
                    "output_format": FORMAT, "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY, "extra_data": {"type": "object"},
                },
            },
        },
    },
}  # fmt: skip
"""What the documentation of Gradescope's autograders says of the file."""


def read(one):
    told = json.loads(gradescope.render_one(one))
    jsonschema.validate(told, SCHEMA)
    return told


def test_a_test_is_a_case_with_its_number():
    wrong = item("double", case("a"), case("b", "failed", message="`y` is wrong", inputs="x = 3"))
    assert read(result("alice", item("pair"), wrong))["tests"] == [
        {"number": "1.1", "name": "pair: three", "output": "", "score": 1.0, "max_score": 1.0, "status": "passed"},
        {"number": "2.1", "name": "double: a", "output": "", "score": 1.0, "max_score": 1.0, "status": "passed"},
        {"number": "2.2", "name": "double: b", "output": "`y` is wrong\ncalled with x = 3", "score": 0.0, "max_score": 1.0,
         "status": "failed"},
    ]  # fmt: skip


RESULTS = {
    "thirds": result(
        "a", item("f", *(case(str(n), score=1 / 3, max_score=1 / 3) for n in range(3)), score=1.0, max_score=1.0)
    ),
    "all or nothing": result("a", item("f", case("a", score=0.0), case("b", "failed"))),
    "a marked answer": result("a", item("why", case("answer", "failed", score=0.5), kind="text")),
    "points that the cases do not tell": result("a", item("f", case("a", "failed"), score=0.7)),
    "an item without cases": result("a", replace(item("f"), cases=())),
    "a pending answer": result("a", item("f"), item("why", case("answer", "pending"))),
    "a remark": result("a", item("f", case(), case("style", "failed", remark=True, max_score=0.0))),
}


@pytest.mark.parametrize("one", RESULTS.values(), ids=RESULTS)
def test_the_tests_points_add_up_to_the_score(one):
    told = read(one)
    assert sum(test.get("score", 0) for test in told["tests"]) == pytest.approx(told["score"], abs=1e-5)
    assert told["score"] == pytest.approx(one.score)


def test_what_is_taken_off_overrides_the_sum_and_is_told():
    told = read(result("alice", penalty=0.25))
    assert (told["score"], told["output"]) == (0.75, "Handed in late: 0.25 taken off the points of the tests.")


def test_what_a_person_has_to_mark_has_no_points_yet():
    assert read(RESULTS["a pending answer"])["tests"][1] == {
        "number": "2", "name": "why", "output": "Still to be marked: worth 1."}  # fmt: skip


def test_a_remark_has_no_points_and_does_not_fail():
    assert set(read(RESULTS["a remark"])["tests"][1]) == {"number", "name", "output"}


def test_nothing_is_hidden_for_a_hidden_test_would_hide_the_total():
    told = read(result("alice", item("double", case(visibility="hidden"))))
    assert not any("visibility" in part for part in [told, *told["tests"]])


def test_a_fault_of_ours_has_no_score_and_no_tests():
    told = read(faulty("bob", "no sandbox"))
    assert not told.keys() & {"score", "tests"}
    assert told["output"] == "Not graded, and nothing is lost: no sandbox. Your teachers can have it graded again."


def test_notes_and_what_was_printed_are_told():
    told = read(result("alice", notes=("cell [3] failed",), stdout="hello\n"))
    assert (told["output"], told["execution_time"]) == ("cell [3] failed\n\nIt printed:\nhello\n", 0.25)


def test_what_may_be_the_arguments_of_a_hidden_case_is_not_shown():
    told = read(result("alice", item("f", case("a", visibility="hidden")), stdout="X = zebra"))
    assert told["output"] == "What it printed is not shown, since some cases are hidden."


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_student_chooses_is_short_text_without_control_characters(text):
    told = read(*hostile(text).results)
    texts = [told["output"], *(test["output"] for test in told["tests"])]
    assert all(char.isprintable() or char == "\n" for char in "".join(texts))
    assert max(map(len, texts)) < 3 * gradescope.LONGEST
    assert json.dumps(told, ensure_ascii=False).encode()
