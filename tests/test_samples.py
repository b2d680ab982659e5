"""What each sample must get is held against what it got, and every difference is told."""

from dataclasses import replace

import pytest

from grader import samples
from grader.errors import SpecError
from grader.model import CaseResult, ItemResult, Result
from tests.conftest import write


def read(folder, text):
    return samples.expected(write(folder, {"samples/expected.yaml": text}))


def test_what_is_expected_is_read_by_sample(tmp_path):
    text = "# a remark\nright: {others: passed, score: 3}\nwrong_axis: {estep: failed, diagnosis: [a, b], says: no}\n"
    assert read(tmp_path, text) == {
        "right": {"others": "passed", "score": 3},
        "wrong_axis": {"estep": "failed", "diagnosis": ["a", "b"], "says": False},
    }


@pytest.mark.parametrize("files", [{}, {"samples/ann/work.py": ""}], ids=["no samples", "samples alone"])
def test_without_a_file_nothing_is_expected(tmp_path, files):
    assert samples.expected(write(tmp_path, files)) == {}


FORM = "it must have a line `sample: {item: status, score: number}` for each sample"
UNREADABLE = {
    "a list": ("- right\n", FORM),
    "a text": ("right\n", FORM),
    "a status for a sample": ("right: passed\n", FORM),
    "nothing for a sample": ("right: {score: 3}\nwrong:\n", FORM),
    "no YAML": ("right: {score: 3\n", "expected ',' or '}'"),
    "a Python object": ("right: !!python/object:os.system {}\n", "could not determine a constructor"),
    "not UTF-8": (b"right: {says: \xff}\n", "can't decode byte 0xff"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_used_is_told_on_one_line(tmp_path, name):
    text, what = UNREADABLE[name]
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'samples' / 'expected.yaml'}: ")
    assert what in told
    assert "\n" not in told


# --- held against what came ------------------------------------------------------------------------------------------


def case(status="passed", message="", diagnosis=None):
    return CaseResult("a case", status, "public", 0, 0, 0, message, diagnosis=diagnosis)


def item(name, status, score, *cases):
    return ItemResult(name, "function", status, score, 1, cases)


PASSED = item("estep", "passed", 1, case())
FAILED = item(
    "mstep", "failed", 0,
    case("failed", "`var` is transposed. Look.", "transposed"), case("failed", "`var` differs.", "transposed"),
    case(), case("failed", "The variance is too large.", "biased"),
)  # fmt: skip
RESULT = Result("naive_em", "sample", (), "", (PASSED, FAILED), 2, "", (), 0)
FIRST = "'`var` is transposed. Look.'"

AS_EXPECTED = {
    "nothing": {},
    "each status": {"estep": "passed", "mstep": "failed"},
    "the status of one": {"mstep": "failed"},
    "the status of the others": {"mstep": "failed", "others": "passed"},
    "the score": {"score": 1},
    "words of the first message": {"says": "is transposed"},
    "the diagnoses, in any order": {"diagnosis": ["transposed", "biased"]},
}


@pytest.mark.parametrize("name", AS_EXPECTED)
def test_what_came_as_expected_is_no_difference(name):
    assert list(samples.differences(AS_EXPECTED[name], RESULT)) == []


DIFFERENCES = {
    "a status": ({"estep": "failed", "mstep": "failed"}, [("estep", "failed", "passed")]),
    "the status of the others": ({"estep": "passed", "others": "passed"}, [("mstep", "passed", "failed")]),
    "its own status and not the others'": (
        {"mstep": "error", "others": "failed"}, [("estep", "failed", "passed"), ("mstep", "error", "failed")]),
    "the score": ({"score": 2}, [("score", "2", "1")]),
    "no score": ({"score": 0}, [("score", "0", "1")]),
    "the first message": ({"says": "The variance"}, [("the first message", "'The variance'", FIRST)]),
    "a diagnosis": ({"diagnosis": "transposed"}, [("diagnosis", "transposed", ["biased", "transposed"])]),
    "no diagnosis": ({"diagnosis": []}, [("diagnosis", [], ["biased", "transposed"])]),
    "none for a diagnosis": ({"diagnosis": None}, [("diagnosis", None, ["biased", "transposed"])]),
    "everything": (
        {"others": "error", "score": 3, "says": "nothing", "diagnosis": ["a", "b"]},
        [("estep", "error", "passed"), ("mstep", "error", "failed"), ("score", "3", "1"),
         ("the first message", "'nothing'", FIRST), ("diagnosis", ["a", "b"], ["biased", "transposed"])]),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_what_came_otherwise_is_told(name):
    expected, differences = DIFFERENCES[name]
    assert list(samples.differences(expected, RESULT)) == differences


def test_one_diagnosis_is_written_without_a_list():
    alone = replace(RESULT, items=(item("mstep", "failed", 0, case("failed", "Odd.", "biased")),))
    assert list(samples.differences({"diagnosis": "biased"}, alone)) == []
    assert list(samples.differences({"diagnosis": ["biased"]}, alone)) == []


def test_the_first_message_is_that_of_the_first_case_which_has_one_and_waits_for_nobody():
    waiting = item("why", "pending", 0, case("pending", "A person marks it."))
    result = replace(RESULT, items=(waiting, PASSED, FAILED))
    assert list(samples.differences({"says": "`var` is transposed"}, result)) == []
    said = list(samples.differences({"says": "A person"}, result))
    assert said == [("the first message", "'A person'", FIRST)]


def test_where_nothing_was_said_words_are_missing():
    silent = replace(RESULT, items=(PASSED,))
    assert list(samples.differences({"says": "Odd."}, silent)) == [("the first message", "'Odd.'", "''")]
    assert list(samples.differences({"says": ""}, silent)) == []


def test_a_sample_that_was_not_graded_has_no_score():
    faulty = replace(RESULT, items=(), fault="the machine is at fault")
    assert list(samples.differences({"score": 0}, faulty)) == [("score", "0", "none")]
