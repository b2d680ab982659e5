"""What counts is made anew each time: marks and policies hold for results that were there before them."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from grader import book
from grader.content import Content
from grader.errors import UsageError
from grader.intake import Entry, Intake
from grader.marks import Marks, answers, give
from grader.policy import Late, Policy, Resubmission
from grader.roster import Student
from grader.store import About, Arrival
from tests.results import case, faulty, item, result

DUE = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATE = Late(per_day=0.1)
ANN, BOB = Student("17", "Ann Lee", "ann@x.org"), Student("18", "Bob")


@pytest.fixture
def kept():
    with book.temporary() as kept:
        begin(kept)
        yield kept


def begin(kept, policy=None, name="small", **intake):
    kept.begin(
        SimpleNamespace(name=name, title="Small things"),
        policy or Policy(),
        Intake(**{"entries": (), "students": {}, **intake}),
    )


def add(kept, *results, handed_in=None):
    for one in results:
        kept.store.add(one, "key", Arrival(handed_in), {"work.py": f"# {one.id} {one.sha256}"})


def pending(sha256="0" * 64, text="Because.", name="alice"):
    why = item(
        "why", case("answer", "pending", message="A person marks this.", max_score=2.0),
        kind="text", status="pending", score=0.0, content=Content(text),
    )  # fmt: skip
    return result(name, item(), why, sha256=sha256)


def marks(result, points):
    return [give(answer, [points], "By hand.") for answer in answers([result])]


def scores(kept):
    return {one.id: one.score for one in kept.results()}


def test_a_student_without_marks_and_attempts_has_the_result_that_was_graded(kept):
    add(kept, result(), faulty())
    one, other = kept.results()
    assert (one.id, one.score, one.penalty, [attempt.counts for attempt in one.attempts]) == ("alice", 1.0, 0.0, [True])
    assert (other.id, other.score, other.fault) == ("bob", None, "the sandbox did not start")


def test_a_mark_counts_at_once_and_after_each_regrade(kept):
    add(kept, pending())
    assert scores(kept) == {"alice": 1.0}
    kept.add_marks(marks(pending(), 1.5))
    assert scores(kept) == {"alice": 2.5}
    add(kept, pending())
    assert scores(kept) == {"alice": 2.5}
    kept.add_marks(marks(pending(), 2.0))
    assert scores(kept) == {"alice": 3.0}


def test_a_mark_is_for_the_answer_that_was_seen(kept):
    add(kept, pending(), pending(name="bob"))
    kept.add_marks(marks(pending(text="Since it is."), 2.0))
    assert scores(kept) == {"alice": 1.0, "bob": 1.0}
    assert kept.result("alice").items[1].mark.score == 2.0


def test_marks_count_before_it_is_decided_which_attempt_is_best(kept):
    begin(kept, Policy(attempts=Resubmission(counts="best")))
    add(kept, pending("a", "One."), pending("b", "Two."))
    assert kept.result("alice").sha256 == "b"
    kept.add_marks(marks(pending("a", "One."), 1.0))
    best = kept.result("alice")
    assert (best.sha256, best.score, [one.score for one in best.attempts]) == ("a", 2.0, [2.0, 1.0])


def test_what_is_late_is_worth_less_by_the_policy_of_the_latest_run(kept):
    begin(kept, Policy(LATE, due=DUE))
    add(kept, pending(), handed_in=DUE + timedelta(hours=30))
    kept.add_marks(marks(pending(), 1.0))
    assert (kept.result("alice").score, kept.result("alice").penalty) == (1.6, 0.4)
    begin(kept, Policy(due=DUE))
    assert (kept.result("alice").score, kept.result("alice").attempts[0].days_late) == (2.0, 2)


def test_after_the_last_attempt_nothing_that_is_handed_in_again_makes_room_for_more(kept):
    begin(kept, Policy(attempts=Resubmission(most=2)))
    told = []
    for content in ("a", "b", "c", "a", "c", "b"):
        add(kept, pending(content, content))
        told.append([(one.number, one.sha256, one.counts) for one in kept.result("alice").attempts])
    counts = [[sha256 for _, sha256, counts in each if counts] for each in told]
    assert counts == [["a"], ["b"], ["b"], ["a"], ["a"], ["b"]]
    assert [[one[:2] for one in each] for each in told[2:]] == [[(1, "a"), (2, "b"), (3, "c")]] * 4


def test_marks_may_come_in_while_results_are_gone_through(kept):
    add(kept, *(pending(name=name) for name in ("alice", "bob", "cid")))
    each = kept.results()
    assert next(each).score == 1.0
    kept.add_marks(marks(pending(name="cid"), 2.0))
    assert [one.score for one in each] == [1.0, 3.0]


def test_results_come_in_the_order_of_what_was_handed_in(kept):
    entries = tuple(Entry(name, lambda: None) for name in ("cid", "alice", "alice", "bob"))
    begin(kept, entries=entries)
    add(kept, *map(result, ("alice", "bob", "cid")))
    assert list(scores(kept)) == ["cid", "alice", "bob"]


def test_a_classroom_has_all_that_reports_are_made_of(kept):
    begin(kept, Policy(due=DUE), students={"17": ANN}, missing=(BOB,), unknown=("zoe",), refused=("x.zip: too large",))
    add(kept, result("17", sha256="a"), result("17", sha256="b"), result("zoe"))
    room = kept.classroom()
    assert (room.assignment, room.title, room.due) == ("small", "Small things", "2026-12-01T12:00:00+00:00")
    assert (room.students, room.missing, room.unknown) == ({"17": ANN}, [BOB], ["zoe"])
    assert room.refused == ["x.zip: too large"]
    for _ in range(2):  # results can be gone through again
        assert [one.id for one in room.results] == ["17", "zoe"]
    assert [room.sources(one) for one in room.results] == [{"work.py": "# 17 b"}, {"work.py": f"# zoe {'0' * 64}"}]


def test_a_classroom_of_an_assignment_that_is_never_due_says_no_time(kept):
    assert kept.classroom().due == ""


def test_a_book_can_be_opened_from_its_folder_alone(tmp_path):
    with book.opened(tmp_path / "out", new=True) as kept:
        begin(kept, Policy(LATE, due=DUE))
        add(kept, pending(), handed_in=DUE + timedelta(hours=1))
    with book.opened(tmp_path / "out") as kept:
        kept.add_marks(marks(pending(), 1.0))
        assert scores(kept) == {"alice": 1.8}
    with book.opened(tmp_path / "out", new=True) as kept:
        assert (kept.classroom().assignment, scores(kept)) == ("small", {"alice": 1.8})


def test_a_folder_in_which_nothing_was_graded_is_told_and_left_alone(tmp_path):
    for folder in (tmp_path, tmp_path / "out"):
        with pytest.raises(UsageError) as caught, book.opened(folder):
            pass
        assert (
            str(caught.value) == f"{folder}: no store.sqlite in this folder (grader grade ... --out {folder} makes one)"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_class_is_not_noted_in_the_book_of_another_assignment(tmp_path):
    with book.opened(tmp_path, new=True) as kept:
        begin(kept, students={"17": ANN})
        with pytest.raises(UsageError, match="results of small are kept here, not of large"):
            begin(kept, name="large", students={"18": BOB})
        assert (kept.store.about, kept.classroom().students) == (About("small", "Small things"), {"17": ANN})


def test_what_was_answered_twice_is_marked_for_both(kept):
    """The content is the same in both attempts, so whichever counts has the mark."""
    add(kept, pending("a"), pending("b"))
    kept.add_marks(marks(pending("a"), 2.0))
    assert [one.score for one in kept.result("alice").attempts] == [3.0, 3.0]
    assert Marks.of(marks(pending(), 2.0)) == kept.store.marks("alice")
