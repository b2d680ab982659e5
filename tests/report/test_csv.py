"""The gradebook has a row a student and a column an item, says what is not known, and runs nowhere."""

import csv
import io
from dataclasses import replace

import pytest

from grader import cells
from grader.report.csv import render
from grader.roster import Student
from tests.results import HOSTILE, case, classroom, faulty, hostile, item, result


def table(*results, **changes):
    return list(csv.reader(io.StringIO("".join(render(classroom(*results, **changes))), newline="")))


PENDING = item("why", case("answer", "pending"), kind="text")
HALF = item("pair", case("a"), case("b", "failed"))


def test_the_columns_are_id_one_an_item_total_and_max():
    assert table(result("alice", item("double"), HALF)) == [
        ["id", "double", "pair", "total", "max"], ["alice", "1", "1", "2", "3"]]  # fmt: skip


def test_points_are_read_back_as_they_were():
    third = item("double", case(score=1 / 3), case(score=1e-5))
    (_, row) = table(result("alice", third))
    assert [float(cell) for cell in row[1:]] == pytest.approx([1 / 3 + 1e-5, 1 / 3 + 1e-5, 2], abs=1e-6)


def test_a_list_adds_names_and_those_who_are_missing():
    rows = table(
        students={"alice": Student("alice", "Ada L", "ada@x.org")}, missing=[Student("carl", "Carl G", "carl@x.org")]
    )
    assert rows == [
        ["id", "name", "email", "double", "status", "total", "max"],
        ["alice", "Ada L", "ada@x.org", "1", "graded", "1", "1"],
        ["carl", "Carl G", "carl@x.org", "", "missing", "", ""],
    ]


def test_one_who_is_not_on_the_list_has_no_name():
    rows = table(result("alice"), result("eve"), students={"alice": Student("alice", "Ada")}, unknown=["eve"])
    assert rows[2] == ["eve", "", "", "1", "1", "1"]


def test_a_fault_of_ours_is_empty_and_no_0():
    rows = table(result("alice"), faulty("bob"), result("carl", fault="it came after some items"))
    assert rows[0] == ["id", "double", "status", "total", "max"]
    assert rows[2:] == [["bob", "", "fault", "", "1"], ["carl", "", "fault", "", "1"]]


def test_what_a_person_has_to_mark_is_empty_and_the_rest_counts():
    assert table(result("alice", item("double"), PENDING)) == [
        ["id", "double", "why", "status", "total", "max"], ["alice", "1", "", "pending", "1", "2"]]  # fmt: skip


def test_what_is_taken_off_is_told_where_it_is_anything():
    rows = table(result("alice", penalty=0.5), result("bob"))
    assert rows == [
        ["id", "double", "penalty", "total", "max"],
        ["alice", "1", "0.5", "0.5", "1"],
        ["bob", "1", "0", "1", "1"],
    ]


def test_an_item_that_only_some_have_is_empty_for_the_others():
    rows = table(result("alice"), result("bob", item("double"), item("new")))
    assert [row[1:3] for row in rows] == [["double", "new"], ["1", ""], ["1", "1"]]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_student_chooses_is_one_cell_that_runs_nowhere(text):
    written = "".join(render(hostile(text))).encode().decode()
    ((_, (cell, *points)),) = [csv.reader(io.StringIO(written, newline=""))]
    assert points == ["0", "1", "1", "3"]
    assert not any(
        part.strip(" '\"")[:1] in {"=", "+", "-", "@"} and part[0] != "'" for part in cell.split(";") if part
    )
    assert all(char.isprintable() or char == "\n" for char in cell)


def test_what_is_escaped_comes_back():
    for text in HOSTILE.values():
        assert cells.unescaped(cells.escaped(text)) == text


def test_a_class_is_never_all_in_memory():
    one = result()
    many = classroom()
    read = []

    class Results:
        def __iter__(self):
            for n in range(5):
                read.append(n)
                yield one

    lines = render(replace(many, results=Results()))
    next(lines), next(lines)
    assert read == [0, 1, 2, 3, 4, 0]
