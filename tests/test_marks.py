"""Marks belong to what was seen: they outlive a regrade, and where the answer changed they are shown and do not count."""

import json
import os
from dataclasses import replace

import pytest

from grader import markfile
from grader.content import Content, RubricLine
from grader.errors import UsageError
from grader.marks import Answer, Marks, answers, apply, give, points
from grader.model import CaseResult, ItemResult, Result
from grader.report.json import parse, render

LINES = (RubricLine(1.5, "The axes are named."), RubricLine(0.5, "the curve never falls"))


def item(name="why", text="Because.", rubric=(), worth=2.0, **changes):
    case = CaseResult("answer", "pending", "hidden", 0.0, worth, 0.0, "A person marks this.")
    return ItemResult(**{
        "name": name, "kind": "text", "status": "pending", "score": 0.0, "max_score": worth, "cases": (case,),
        "content": Content(text), "rubric": rubric, **changes,
    })  # fmt: skip


def result(*items, name="alice"):
    done = ItemResult("estep", "function", "passed", 1.0, 1.0, ())
    return Result("hw", name, (), "0", (done, *(items or (item(),))), 3.0, "", (), 0.1)


def answer(of):
    return Answer(of, of.items[1])


def marked(of, got, comment="", *, now=None):
    """The result after a regrade (which gave `now`), where it was given so much before."""
    return apply(now or of, Marks.of([give(answer(of), got, comment)]))


def test_full_points_pass():
    got = marked(result(), [2.0], "Well said.")
    assert (got.score, got.items[1].status, got.items[1].score, got.lost) == (3.0, "passed", 2.0, False)
    (case,) = got.items[1].cases
    assert (case.status, case.score, case.message) == ("passed", 2.0, "Well said.")


def test_fewer_points_fail_and_keep_what_they_earned():
    got = marked(result(), [0.5])
    assert (got.score, got.items[1].status, got.items[1].cases[0].score, got.lost) == (1.5, "failed", 0.5, True)
    assert got.items[1].cases[0].message == "Marked by a person: 0.5 of 2."


def test_a_rubric_is_told_line_by_line_after_the_comment():
    got = marked(result(item(rubric=LINES)), [1.5, 0.25], "Nearly.")
    assert got.items[1].score == 1.75
    assert (
        got.items[1].cases[0].message == "Nearly. (The axes are named: 1.5 of 1.5; the curve never falls: 0.25 of 0.5)"
    )


def test_all_lines_of_a_rubric_earn_whole_points_whatever_their_sum_rounds_to():
    rubric = tuple(RubricLine(0.1, str(n)) for n in range(3))
    assert marked(result(item(rubric=rubric, worth=0.3)), [0.1] * 3).items[1].status == "passed"
    assert marked(result(item(rubric=rubric, worth=0.3)), [0.1, 0.1, 0.0]).items[1].status == "failed"


OTHERS = {
    "another answer": result(item(text="Since it is so.")),
    "other points": result(item(worth=4.0)),
    "another rubric": result(item(rubric=LINES)),
}


@pytest.mark.parametrize("now", OTHERS.values(), ids=OTHERS)
def test_what_has_changed_is_pending_and_carries_the_old_mark(now):
    got = marked(result(), [2.0], "Good.", now=now).items[1]
    assert (got.status, got.score, got.cases) == ("pending", 0.0, now.items[1].cases)
    assert (got.mark.score, got.mark.comment) == (2.0, "Good.")


STRANGERS = {
    "another submission": result(name="bob"),
    "another question": result(item("other")),
    "another assignment": replace(result(), assignment="hw2"),
    "nothing to mark": result(item(content=None)),
    "what was judged": result(item(status="error")),
}


@pytest.mark.parametrize("now", STRANGERS.values(), ids=STRANGERS)
def test_what_a_mark_is_not_for_stays_as_it_is(now):
    assert marked(result(), [2.0], now=now) == now


def test_the_latest_mark_holds_also_on_a_result_that_has_one():
    first, second = give(answer(result()), [2.0], ""), give(answer(result()), [1.0], "On second thoughts.")
    once = apply(result(), Marks.of([first]))
    assert apply(once, Marks.of([first, second])) == apply(result(), Marks.of([second]))
    assert apply(once, Marks()) == once


def test_a_mark_counts_again_when_the_answer_is_again_what_it_was():
    was, now = result(), result(item(text="Other."))
    marks = Marks.of([give(answer(was), [2.0], ""), give(answer(now), [0.0], "")])
    assert [apply(of, marks).items[1].score for of in (was, now)] == [2.0, 0.0]


def test_answers_come_question_by_question_in_an_order_that_tells_no_names():
    klass = [result(item("why"), item("shape"), name=name) for name in "abcdef"]
    found = answers(klass)
    assert [one.item.name for one in found] == ["why"] * 6 + ["shape"] * 6
    orders = [[one.result.id for one in part] for part in (found[:6], found[6:])]
    assert [sorted(order) for order in orders] == [list("abcdef")] * 2
    assert list("abcdef") not in orders
    assert orders[0] != orders[1]
    assert [one.result.id for one in answers(klass, names=True)] == list("abcdef") * 2


def test_only_what_people_mark_is_among_the_answers():
    assert answers([result(item(status="missing")), result(item(content=None), name="b")]) == []


TYPED = {"2": 2.0, "0": 0.0, " 1.5 ": 1.5, "1,5": 1.5, ".5": 0.5, "1/2": 1.0, "3 / 4": 1.5, "0/3": 0.0, "2.": 2.0}


@pytest.mark.parametrize(("text", "wanted"), TYPED.items(), ids=TYPED)
def test_points_are_a_number_or_a_share_of_all(text, wanted):
    assert points(text, 2.0) == wanted


@pytest.mark.parametrize("text", ["", "x", "-1", "1e3", "nan", "1/0", "1/2/3", "٢", "1.5.2", "inf"])
def test_what_is_no_number_of_points_is_refused(text):
    with pytest.raises(ValueError, match="is no number of points: give one from 0 to 2, or a share as 1/2"):
        points(text, 2.0)


@pytest.mark.parametrize("text", ["2.01", "3/2", "9" * 5000])
def test_more_points_than_there_are_are_refused(text):
    with pytest.raises(ValueError, match=r"is more than there is: 2 at most"):
        points(text, 2.0)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text("".join(f"{render(result(name=name))}\n" for name in ("alice", "bob")))
    return path


def kept(path):
    return [json.loads(line)["score"] for line in markfile.marks_of(path).read_text().splitlines()]


def test_marks_lie_beside_the_results_and_outlive_a_regrade(path):
    alice, _ = markfile.read(path)
    mark = give(answer(alice), [1.0], "Ünd?\n")
    markfile.add(path, [mark])
    assert markfile.marks_of(path).name == "results.marks.jsonl"
    assert apply(result(), markfile.beside(path)) == apply(result(), Marks.of([mark]))


def test_nothing_is_taken_out_of_the_file_of_marks(path):
    for got in (1.0, 2.0):
        markfile.add(path, [give(answer(result(name="gone")), [got], "")])
    markfile.marks_of(path).write_bytes(markfile.marks_of(path).read_bytes().removesuffix(b"\n"))  # as an editor may
    markfile.add(path, [give(answer(result()), [0.5], "")])
    assert kept(path) == [1.0, 2.0, 0.5]


def test_a_write_that_fails_leaves_the_marks_as_they_were(path, monkeypatch):
    markfile.add(path, [give(answer(result()), [1.0], "")])
    monkeypatch.setattr(os, "fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        markfile.add(path, [give(answer(result()), [2.0], "")])
    assert kept(path) == [1.0]
    assert sorted(one.name for one in path.parent.iterdir()) == ["results.jsonl", "results.marks.jsonl"]


def test_a_new_file_has_the_mode_of_the_one_before_and_a_link_stays_one(path, tmp_path):
    markfile.add(path, [give(answer(result()), [1.0], "")])
    marks = markfile.marks_of(path)
    real = marks.rename(tmp_path / "elsewhere.jsonl")
    real.chmod(0o640)
    marks.symlink_to(real)
    markfile.add(path, [give(answer(result()), [2.0], "")])
    assert (marks.is_symlink(), real.stat().st_mode & 0o777, kept(path)) == (True, 0o640, [1.0, 2.0])


def test_results_get_their_marks_and_the_other_lines_stay_as_they_are(path):
    odd = path.read_text().replace('"submission": {"id": "bob"', '"new": 1,  "submission":  {"id": "bob"')
    path.write_text(odd)
    markfile.add(path, [give(answer(result()), [2.0], "")])
    markfile.update(path)
    first, second = path.read_text().splitlines()
    assert parse(first).score == 3.0
    assert second == odd.splitlines()[1]


BROKEN = {
    "no JSON": ("{", "Invalid JSON: "),
    "a part missing": ("{}", "$.assignment: Field required"),
    "no points": ('{"assignment": "", "submission": "", "item": "", "sha256": "", "comment": "", "worth": [], "score": -1}', "$.score: Input should be greater"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "why"), BROKEN.values(), ids=BROKEN)
def test_a_line_that_is_no_mark_is_told_with_its_place(path, line, why):
    markfile.add(path, [give(answer(result()), [2.0], "")])
    markfile.marks_of(path).write_text(f"{markfile.marks_of(path).read_text()}\n{line}\n")
    with pytest.raises(UsageError) as raised:
        markfile.beside(path)
    assert str(raised.value).startswith(f"{markfile.marks_of(path)}:3: this is no mark: {why}")


def test_where_there_are_no_marks_yet_there_are_none(tmp_path):
    assert markfile.beside(tmp_path / "nowhere" / "results.jsonl") == Marks()
