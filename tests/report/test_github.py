"""GitHub shows what we tell and the points that we gave, and nobody's text becomes a command, a mention or Markdown."""

import json
import re
from base64 import b64decode

import pytest

from grader import actions
from grader.errors import UsageError
from grader.model import Spot
from grader.printable import cut
from grader.report import github
from tests.results import HOSTILE, case, classroom, faulty, hostile, item, result

WRONG = item("double", case(), case("b", "failed", message="`y` is 1 | 2", spot=Spot("work.py", 7)))
PENDING = item("why", case("answer", "pending"), kind="text")
LATE = result("alice", item("pair"), WRONG, PENDING, penalty=0.25)


def summary(*results, **changes):
    return "".join(github.render(classroom(*results, **changes)))


def annotations(*results):
    return list(github.annotations(classroom(*results)))


# --- the summary -----------------------------------------------------------------------------------------------------


def test_a_submission_is_told_item_by_item():
    assert summary(LATE, title="EM") == (
        "## EM\n\n"
        "**alice: 1.75 of 4 points, 0.25 taken off because it was late, 1 still to be marked**\n\n"
        "| item | status | points | first thing to mend |\n"
        "|---|---|---|---|\n"
        "| pair | passed | 1 of 1 |  |\n"
        "| double | failed | 1 of 2 | \\`y\\` is 1 \\| 2 |\n"
        "| why | pending | 0 of 1 |  |\n"
    )


def test_a_class_is_a_row_each():
    assert summary(result("alice"), result("bob", WRONG), faulty("carl", "no sandbox")).splitlines()[4:] == [
        "| alice | 1 of 1 points |  |",
        "| bob | 1 of 2 points | double: \\`y\\` is 1 \\| 2 |",
        "| carl | not graded | A fault of the grader or its machine, which costs no points: no sandbox |",
    ]


def test_a_fault_of_ours_is_told_as_one():
    assert summary(faulty("bob", "no sandbox")).endswith(
        "**bob: not graded**\n\nA fault of the grader or its machine, which costs no points: no sandbox\n"
    )


def test_a_summary_is_no_longer_than_github_takes_and_says_what_is_left_out():
    wrong = result("alice", item("double", case("b", "failed", message="é" * 1_000)))
    text = summary(*[wrong] * 1_200)
    shown = text.count("| alice |")
    assert len(text.encode()) < 2**20
    assert text.endswith(f"\n{1_200 - shown} more are not shown, for GitHub shows no more than 1 MiB.\n")


def shown(row):
    """The cells of a row of a table, as GitHub splits it: at pipes that no backslash stands before."""
    return re.split(r"(?<!\\)(?:\\\\)*\|", row)[1:-1]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_student_chooses_stays_in_its_cell_and_is_no_markdown(text):
    one, two = hostile(text).results[0], result("bob")
    for table, width in ((summary(one, title=text), 4), (summary(one, two), 3)):
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert {len(shown(row)) for row in rows} == {width}
        told = "".join(rows[2:]).replace("\\\\", "")
        assert not re.search(r"(?<!\\)[`*_\[\]<>~&$]", told)
        assert not re.search(r"@\w|(?<!\\)://|www\.", told)
        assert all(char.isprintable() or char in "\n\u200b" for char in table)
        assert all(line.startswith(("## ", "**", "Note: ", "|")) for line in table.splitlines() if line)
        assert len(table.encode()) < 10_000


# --- annotations -----------------------------------------------------------------------------------------------------


def as_workflow(line):
    """What a workflow takes from a line of a log: a command, its properties and its text."""
    command, properties, data = re.fullmatch(r"::(\w+) ([^\n]*?)::([^\n]*)\n", line).groups()
    undone = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text):
        return re.sub("%(?:0A|0D|3A|2C|25)", lambda found: undone[found[0]], text)

    return (
        command,
        {key: plain(value) for key, _, value in (one.partition("=") for one in properties.split(","))},
        plain(data),
    )


def test_an_annotation_says_where_and_what():
    (line,) = annotations(LATE)
    assert line == "::error file=work.py,line=7,title=alice%3A double::`y` is 1 | 2\n"
    assert as_workflow(line) == ("error", {"file": "work.py", "line": "7", "title": "alice: double"}, "`y` is 1 | 2")


@pytest.mark.parametrize(
    ("folder", "file"), [("", "work.py"), ("homework/1/", "homework/1/work.py"), ("./a", "a/work.py")]
)
def test_an_annotation_names_the_file_from_the_top_of_the_repository(tmp_path, folder, file):
    environment = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "SUBMISSION_FOLDER": folder}
    line = actions.write(classroom(LATE), environment)
    assert as_workflow(line)[1]["file"] == file


def test_a_cell_of_a_notebook_is_no_file():
    (line,) = annotations(result("alice", item("f", case("b", "error", message="m", spot=Spot("cell [3]", 1)))))
    assert as_workflow(line) == ("error", {"title": "alice: f"}, "m")


def test_what_passed_is_pending_or_is_a_remark_is_no_error():
    assert annotations(result("alice", item("f", case(), case("style", "failed", remark=True)), PENDING)) == []


def test_a_fault_of_ours_is_an_error_of_ours():
    (line,) = annotations(faulty("bob", "no sandbox"))
    assert as_workflow(line) == (
        "error", {"title": "bob was not graded"}, "a fault of the grader, which costs no points: no sandbox")  # fmt: skip


def test_there_are_no_more_than_github_shows():
    assert len(annotations(*[LATE] * 30)) == github.ANNOTATIONS


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_becomes_a_command_or_a_property(text):
    lines = annotations(*hostile(text).results)
    assert len(lines) == 1
    command, properties, data = as_workflow(lines[0])
    assert (command, set(properties) - {"file", "line"}) == ("error", {"title"})
    assert (properties["title"], data) == (cut(f"{text}: double", github.LONGEST), cut(text, github.LONGEST))
    assert len(lines[0]) < 5_000


# --- GitHub Classroom ------------------------------------------------------------------------------------------------


def as_classroom(one):
    """What GitHub Classroom's reporter takes from a step's `result`: the sum of the tests' scores, and the most.

    Where the most is 0 it reports no points. Every name and message goes to the log, where a line is a command if it
    begins with `::`.
    """
    encoded = github.payload(one)
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", encoded)
    told = json.loads(b64decode(encoded))
    assert (told["version"], told["status"] in {"pass", "fail", "error"}) == (3, True)
    for test in told["tests"]:
        assert set(test) == {"name", "status", "score", "message", "filename", "line_no", "duration"}
        assert test["status"] in {"pass", "fail", "error"}
        assert "\n" not in test["name"] + test["message"] + test["filename"]
    points = sum(test["score"] for test in told["tests"])
    return told["status"], (points, told["max_score"]) if told["max_score"] else None


PAYLOADS = {
    "all passed": (result("alice"), ("pass", (1.0, 1.0))),
    "something failed": (result("alice", WRONG), ("fail", (1.0, 2.0))),
    "late": (LATE, ("fail", (1.75, 4.0))),
    "later than there are points": (result("alice", penalty=3.0), ("fail", (0.0, 1.0))),
    "not marked yet": (result("alice", item("double"), PENDING), ("pass", (1.0, 2.0))),
    "a fault of ours, of which no points are reported": (faulty("bob"), ("error", None)),
}


@pytest.mark.parametrize(("one", "points"), PAYLOADS.values(), ids=PAYLOADS)
def test_github_classroom_reports_our_points(one, points):
    assert as_classroom(one) == points


def test_a_test_is_an_item_with_the_first_thing_to_mend():
    (test,) = json.loads(b64decode(github.payload(result("alice", WRONG))))["tests"]
    assert test == {"name": "double", "status": "fail", "score": 1.0, "message": "`y` is 1 | 2", "filename": "work.py",
                    "line_no": 7, "duration": 0.008}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_student_chooses_changes_no_points(text):
    assert as_classroom(*hostile(text).results) == ("fail", (1.0, 3.0))
    assert len(github.payload(*hostile(text).results)) < 10_000


# --- in a workflow ---------------------------------------------------------------------------------------------------


def test_in_a_workflow_each_thing_goes_where_github_looks_for_it(tmp_path):
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    (tmp_path / "summary").write_text("before\n")
    assert actions.write(classroom(LATE), files) == "".join(annotations(LATE))
    assert (tmp_path / "summary").read_text() == "before\n" + summary(LATE)
    assert (tmp_path / "output").read_text() == f"result={github.payload(LATE)}\n"


def test_of_a_class_there_are_no_points_for_github_classroom(tmp_path):
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    actions.write(classroom(LATE, result("bob")), files)
    assert not (tmp_path / "output").exists()


def test_elsewhere_the_summary_is_printed():
    assert actions.write(classroom(LATE), {}) == summary(LATE)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(UsageError, match=f"{tmp_path}: Is a directory"):
        actions.write(classroom(LATE), {"GITHUB_STEP_SUMMARY": str(tmp_path)})
