"""Canvas, Moodle and what reads nbgrader's tables find in ours what they look for."""

import csv
import html
import io
import re
from importlib import metadata

import pytest

from grader.model import Attempt
from grader.report import canvas, moodle, nbgrader
from grader.roster import Student
from tests.results import HOSTILE, case, classroom, faulty, hostile, item, result

ADA = Student("s1", "Ada King Lovelace", "ada@x.org")
LIST = {"alice": ADA}
WRONG = item("double", case(), case("b", "failed", message="`y` is 1 < 2"))


def table(reporter, *results, **changes):
    return list(csv.reader(io.StringIO("".join(reporter.render(classroom(*results, **changes))), newline="")))


# --- Canvas ----------------------------------------------------------------------------------------------------------


def as_canvas(rows):
    """What Canvas's importer takes from a table: who, how many points, and what the assignment is worth.

    It wants `Student`, `ID`, and either `SIS Login ID` or `SIS User ID` and `SIS Login ID`, then `Section`; columns
    after that are assignments, and a first cell with `Points Possible` marks the row of what they are worth.
    """
    header, *below = rows
    assert len(header) > 3
    assert "Student" in header[0]
    assert "ID" in header[1]
    assert re.match(r"SIS\s+User\s+ID", header[2])
    assert re.match(r"SIS\s+Login\s+ID", header[3])
    assert "Section" in header[4]
    worth = [row[5] for row in below if "Points Possible" in row[0]]
    students = [row for row in below if "Points Possible" not in row[0]]
    assert not any(row[1] for row in students), "an `ID` is the number that Canvas gave to a student"
    return header[5:], worth, {row[2] or row[3] or row[0]: row[5] for row in students}


def test_canvas_finds_the_student_the_points_and_their_most():
    assert as_canvas(table(canvas, result("alice", WRONG), students=LIST)) == (["small"], ["2"], {"s1": "1"})


def test_canvas_gets_a_name_where_there_is_one():
    rows = table(canvas, result("alice"), result("eve"), students=LIST)
    assert [row[0] for row in rows[2:]] == ["Ada King Lovelace", "eve"]


def test_canvas_keeps_its_points_where_there_are_none():
    rows = table(canvas, result("alice"), faulty("bob"), missing=[Student("carl")])
    assert as_canvas(rows)[2] == {"alice": "1"}


def test_canvas_gets_a_whole_table_of_nobody():
    assert table(canvas, results=[]) == [[*canvas.COLUMNS, "small"], [canvas.POINTS, *[""] * 5]]


# --- Moodle ----------------------------------------------------------------------------------------------------------


def as_moodle(rows):
    """What Moodle's importer takes from a table, column 0 mapped to the student: points and feedback.

    An empty cell for the student leaves the one of the row above.
    """
    header, *below = rows
    whose, found = None, {}
    for row in below:
        whose = row[0] or whose
        found[whose] = (row[-2], row[-1])
    return header, found


def test_moodle_finds_the_student_the_points_and_what_to_mend():
    header, found = as_moodle(table(moodle, result("alice", WRONG, penalty=0.5), students=LIST))
    assert header == ["ID number", "Email address", "small", "small (Feedback)"]
    assert found == {"s1": ("0.5", "double: 1 of 2. `y` is 1 &lt; 2\nHanded in late: 0.5 taken off.")}


def test_moodle_gets_no_addresses_where_one_has_none_for_it_would_take_the_row_for_the_one_above():
    students = {"alice": ADA, "bob": Student("s2", "Bob")}
    assert table(moodle, result("alice"), result("bob"), students=students)[0] == [
        "ID number",
        "small",
        "small (Feedback)",
    ]


def test_moodle_gets_nobody_whom_it_would_not_find_for_it_would_stop_there():
    rows = table(moodle, result("alice"), result("eve"), students=LIST, unknown=["eve"])
    assert [row[0] for row in rows[1:]] == ["s1"]


def test_moodle_gets_no_feedback_without_points():
    _, found = as_moodle(table(moodle, result("alice"), faulty("bob"), missing=[Student("carl")]))
    assert found == {"alice": ("1", "double: 1 of 1.")}


def test_moodles_feedback_says_what_is_still_to_be_marked():
    _, found = as_moodle(table(moodle, result("alice", item("why", case("answer", "pending")))))
    assert found == {"alice": ("0", "why: still to be marked.")}


# --- nbgrader --------------------------------------------------------------------------------------------------------


def test_the_columns_are_those_of_nbgrader():
    try:  # it is read, and not imported, which takes seconds
        files = metadata.files("nbgrader")
    except metadata.PackageNotFoundError:
        pytest.skip("nbgrader is not installed (it comes with the extra `benchmark`)")
    (export,) = [file for file in files if file.match("nbgrader/plugins/export.py")]
    theirs = re.search(r"keys = \[(.*?)\]", export.read_text(), re.DOTALL)
    assert re.findall(r'"(\w+)"', theirs[1]) == list(nbgrader.COLUMNS)


def rows_of(*results, **changes):
    header, *rows = table(nbgrader, *results, **changes)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_row_of_nbgraders_says_when_and_what_was_taken_off():
    attempts = (Attempt(1, "0", 1.0, handed_in="2026-03-01"), Attempt(2, "1", 2.0, handed_in="2026-03-03", counts=True))
    (row,) = rows_of(result("alice", WRONG, penalty=0.25, attempts=attempts), students=LIST, due="2026-03-02")
    assert row == {
        "assignment": "small", "duedate": "2026-03-02", "timestamp": "2026-03-03", "student_id": "s1",
        "last_name": "Lovelace", "first_name": "Ada King", "email": "ada@x.org",
        "raw_score": "1", "late_submission_penalty": "0.25", "score": "0.75", "max_score": "2",
    }  # fmt: skip


def test_one_who_handed_in_nothing_has_0_as_in_nbgraders():
    row = rows_of(missing=[Student("carl", "Gauss, Carl")])[1]
    assert (row["last_name"], row["first_name"], row["score"], row["max_score"]) == ("Gauss", "Carl", "0", "1")


def test_a_fault_of_ours_is_no_0():
    (row,) = rows_of(faulty("bob"))
    assert (row["student_id"], row["raw_score"], row["score"], row["max_score"]) == ("bob", "", "", "1")


# --- all -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("reporter", [canvas, moodle, nbgrader], ids=["canvas", "moodle", "nbgrader"])
def test_what_a_student_chooses_stays_in_its_cell(reporter, text):
    written = "".join(reporter.render(hostile(text))).encode().decode()
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not any(cell[:1] in {"=", "+", "-", "@"} for row in rows for cell in row)
    assert len(rows) == (3 if reporter is canvas else 2)
    assert not re.search(r"<\w", rows[-1][-1])


def test_feedback_is_short_where_messages_are_long():
    text = HOSTILE["a long line"]
    feedback = html.unescape(table(moodle, *hostile(text).results)[1][-1])
    assert "(999700 more characters)" in feedback
    assert len(feedback) < 1_000
