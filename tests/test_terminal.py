"""On a terminal a class is a table of a reasonable size, and a student's attempts and what was late are told."""

import weakref

import pytest

from grader.classroom import Classroom
from grader.model import Attempt, CaseResult, ItemResult, Result
from grader.report import terminal
from grader.roster import Student

HALF = CaseResult("half", "failed", "public", 0, 1, 0, "`y` differs.")
WHOLE = CaseResult("whole", "passed", "public", 1, 1, 0, "")
FAILED = ItemResult("f", "function", "failed", 0, 1, (HALF,))
PASSED = ItemResult("g", "function", "passed", 2, 2, (WHOLE,))
TIME = "2026-12-01T12:00:00+01:00"


def result(name="ann", *, items=(FAILED, PASSED), kind=Result, **more):
    return kind("work", name, ("work.py",), name, items, 3.0, "", (), 0.0, **more)


def shown(results, **more):
    return [line.rstrip() for line in terminal.render(results, "work", **more).splitlines()]


def test_what_is_late_is_told_with_the_points():
    late = Attempt(1, "a", 2.0, 0.4, TIME, 2, counts=True, why="2 days late: 20% taken off")
    lines = shown([result(attempts=(late,), penalty=0.4)])
    assert lines[1] == f"Attempt 1 ({TIME}): 2 of 3, 2 days late: 20% taken off (this one counts)"
    assert lines[-1] == "Score: 1.6 of 3 (2, less 0.4: 2 days late)"


def test_every_attempt_has_a_line():
    attempts = (
        Attempt(1, "a", 1.0),
        Attempt(2, "b", 2.0, counts=True),
        Attempt(3, "c", None, why="after 2 attempts it does not count"),
    )
    assert shown([result(attempts=attempts)])[1:4] == [
        "Attempt 1: 1 of 3",
        "Attempt 2: 2 of 3 (this one counts)",
        "Attempt 3: not graded, after 2 attempts it does not count",
    ]


@pytest.mark.parametrize("attempts", [(), (Attempt(1, "a", 2.0, handed_in=TIME, counts=True),)], ids=["none", "one"])
def test_of_an_attempt_in_time_nothing_is_said(attempts):
    lines = shown([result(attempts=attempts)])
    assert not any("Attempt" in line for line in lines)
    assert lines[-1] == "Score: 2 of 3"


def test_of_very_many_attempts_the_last_are_told_and_the_one_that_counts():
    attempts = tuple(Attempt(n, str(n), 1.0, counts=n == 3) for n in range(1, 1001))
    lines = shown([result(attempts=attempts)])
    assert lines[1:4] == ["… 990 earlier attempts", "Attempt 3: 1 of 3 (this one counts)", "Attempt 991: 1 of 3"]
    assert sum(line.startswith("Attempt ") for line in lines) == 11


def test_an_attempt_cannot_write_over_the_screen():
    wild = Attempt(1, "a", 2.0, handed_in="\x1b[2J", why="\x1b]0;x\x07", counts=True)
    assert "\x1b" not in terminal.render([result(attempts=(wild,))], "work")


def test_a_fault_that_was_late_loses_nothing():
    attempt = Attempt(1, "a", None, 0.0, TIME, 1, counts=True, why="1 day late: 10% taken off")
    assert shown([result(items=(), fault="no room", attempts=(attempt,))])[-1] == "Score: none"


def test_in_a_table_what_was_late_stands_with_the_points():
    late = result("bob", attempts=(Attempt(1, "b", 2.0, 0.2, TIME, 1, counts=True),), penalty=0.2)
    lines = shown([result(), late])
    assert lines[2].split() == ["ann", "failed", "passed", "2", "of", "3", "`y`", "differs."]
    assert lines[3].split()[3:] == ["1.8", "of", "3,", "1", "day", "late", "`y`", "differs."]


def test_what_passed_everything_and_was_late_lost_points():
    late = result("bob", items=(PASSED,), attempts=(Attempt(1, "b", 2.0, 0.2, TIME, 1, counts=True),), penalty=0.2)
    assert shown([result(items=(PASSED,)), late])[-1] == (
        "2 submissions: 1 passed everything, 1 lost points; mean 1.90"
    )


def test_a_large_class_has_some_rows_and_all_are_counted():
    lines = shown(result(f"s{n}", items=(PASSED,) if n else (FAILED, PASSED)) for n in range(1003))
    assert sum(line.startswith("s") for line in lines[2:]) == terminal.MOST_ROWS == 500
    assert lines[-2:] == [
        "… 503 more, see summary.html in the folder of --out",
        "1003 submissions: 1002 passed everything, 1 lost points; mean 2.00",
    ]


class Watched(Result):
    """A result of which one can tell that it is gone."""


def test_of_a_large_class_no_result_is_kept():
    alive = []
    most = 0

    def results():
        nonlocal alive, most
        for n in range(700):
            made = result(f"s{n}", kind=Watched)
            alive = [one for one in [*alive, weakref.ref(made)] if one() is not None]
            most = max(most, len(alive))
            yield made

    terminal.render(results(), "work")
    assert most <= 5


def test_a_class_of_none_is_a_table_of_none():
    assert shown([])[-1] == "0 submissions: 0 passed everything, 0 lost points; mean 0.00"


def test_a_name_or_fault_that_is_very_long_does_not_fill_the_screen():
    long = [result("x" * 100_000), result("b", items=(), fault="y " * 100_000)]
    assert len(terminal.render(long, "work", width=300)) < 5000


def names(*numbers):
    return [f"s{n}" for n in numbers]


REMARKS = {
    "nothing": ({}, []),
    "one": ({"missing": [Student("ann")], "unknown": ["bob"], "refused": ["a.zip: ../x leads out of it"]}, [
        "1 of the class's list handed in nothing: ann",
        "1 who handed in is not on the class's list: bob",
        "a.zip: ../x leads out of it"]),
    "ten": ({"missing": [Student(one) for one in names(*range(10))], "unknown": names(*range(10))}, [
        f"10 of the class's list handed in nothing: {', '.join(names(*range(10)))}",
        f"10 who handed in are not on the class's list: {', '.join(names(*range(10)))}"]),
    "many": ({"missing": [Student(one) for one in names(*range(30))], "unknown": names(*range(11)), "refused": names(*range(12))}, [
        f"30 of the class's list handed in nothing: {', '.join(names(*range(10)))}, and 20 more",
        f"11 who handed in are not on the class's list: {', '.join(names(*range(10)))}, and 1 more",
        *names(*range(10)), "and 2 more that were refused"]),
    "hostile": ({"unknown": ["a\n\x1b[2Jb"], "refused": ["z" * 300]}, [
        "1 who handed in is not on the class's list: a \\x1b[2Jb", "z" * 200 + " … (100 more characters)"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REMARKS)
def test_of_a_class_is_remarked(name):
    parts, expected = REMARKS[name]
    assert terminal.remarks(Classroom("work", [], **parts)) == expected


def test_remarks_stand_above_the_sum():
    lines = shown([result(), result("bob")], remarks=["1 of the class's list handed in nothing: cid"])
    assert lines[-2] == "1 of the class's list handed in nothing: cid"
    assert shown([result()], remarks=["so it is"])[-2:] == ["so it is", "Score: 2 of 3"]
