"""Results lie where they were asked for, whole or under another name, and a regrade keeps the marks beside them."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader import markfile
from grader.errors import UsageError
from grader.keeping import keeping
from grader.marks import Answer, give
from grader.report.json import parse
from tests.conftest import SPEC, write
from tests.notebooks import notebook
from tests.test_cli import RIGHT, WRONG, grader
from tests.test_marks import item, marked, result

ALICE, BOB = (result(item(), name=name) for name in ("alice", "bob"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept(*results, jsonl=None, out=None):
    """Keep results, and return them as they were kept."""
    with keeping(jsonl, Path(out) if out else None) as kept:
        return [kept.keep(one) for one in results]


def lines(path):
    return [parse(line) for line in Path(path).read_text().splitlines()]


def files():
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def given(one, got):
    """Return the points that a person gives the last item."""
    return give(Answer(one, one.items[-1]), [got], "By hand.")


def lean(one):
    """Return a result without what a person marks: that is in the file."""
    return replace(one, items=tuple(replace(part, content=None) for part in one.items))


def test_a_folder_has_the_results_in_their_order():
    kept(BOB, ALICE, out="a/new/folder")
    assert (files(), [one.id for one in lines("a/new/folder/results.jsonl")]) == (
        ["a/new/folder/results.jsonl"],
        ["bob", "alice"],
    )


def test_results_may_go_to_a_file_and_a_folder_and_standard_output(capsys):
    kept(ALICE, jsonl="r.jsonl", out="out")
    assert files() == ["out/results.jsonl", "r.jsonl"]
    assert Path("r.jsonl").read_bytes() == Path("out/results.jsonl").read_bytes()
    kept(ALICE, jsonl="-", out="out")
    assert [parse(line) for line in capsys.readouterr().out.splitlines()] == lines("out/results.jsonl")


def test_without_a_place_nothing_is_written():
    assert kept(ALICE) == [lean(ALICE)]
    assert files() == []


def test_the_executed_notebooks_lie_beside_the_results_and_not_in_them():
    book = notebook("x = 1")
    kept(replace(ALICE, executed=book), BOB, out="out")
    assert files() == ["out/executed/alice.ipynb", "out/results.jsonl"]
    assert Path("out/executed/alice.ipynb").read_bytes() == book
    assert "executed" not in json.loads(Path("out/results.jsonl").read_text().splitlines()[0])


def test_a_file_of_results_has_no_executed_notebooks():
    kept(replace(ALICE, executed=b"{}"), jsonl="r.jsonl")
    assert files() == ["r.jsonl"]


@pytest.mark.parametrize("where", [{"jsonl": "r.jsonl"}, {"out": "out"}], ids=["a file", "a folder"])
def test_marks_that_lie_beside_are_applied(where):
    kept(ALICE, BOB, **where)
    results = Path(where.get("jsonl", "out/results.jsonl"))
    markfile.add(results, [given(ALICE, 1.5)])
    alice, bob = kept(ALICE, BOB, **where)
    assert (alice, bob) == (lean(marked(ALICE, [1.5], "By hand.")), lean(BOB))
    assert [one.score for one in lines(results)] == [alice.score, bob.score] == [2.5, 1.0]


def test_marks_for_an_answer_that_changed_are_shown_and_do_not_count():
    kept(ALICE, out="out")
    markfile.add(Path("out/results.jsonl"), [given(ALICE, 1.5)])
    (now,) = kept(result(item(text="Since it is so.")), out="out")
    assert (now.items[1].status, now.items[1].score, now.items[1].mark.score) == ("pending", 0.0, 1.5)


def test_until_all_is_written_results_have_another_name_and_earlier_ones_stay():
    kept(ALICE, out="out")
    before = Path("out/results.jsonl").read_bytes()
    with keeping(None, Path("out")) as keeper:
        keeper.keep(BOB)
        assert Path("out/results.jsonl").read_bytes() == before
        assert [one.id for one in lines("out/results.jsonl.part")] == ["bob"]
    assert (files(), [one.id for one in lines("out/results.jsonl")]) == (["out/results.jsonl"], ["bob"])


def interrupted(jsonl, out):
    """Return what an interrupted run says."""
    with contextlib.suppress(KeyboardInterrupt), keeping(jsonl, out) as keeper:
        keeper.keep(ALICE)
        told = keeper.unfinished()
        raise KeyboardInterrupt
    return told


@pytest.mark.parametrize(
    ("jsonl", "out", "told"),
    [("r.jsonl", None, "r.jsonl.part"), (None, Path("out"), "out/results.jsonl.part"), ("-", Path("out"), "out/results.jsonl.part")],
)  # fmt: skip
def test_an_interrupted_run_says_where_its_results_are(jsonl, out, told):
    assert interrupted(jsonl, out) == f"; their results are in {told}"
    assert (files(), [one.id for one in lines(told)]) == ([told], ["alice"])


@pytest.mark.parametrize("jsonl", [None, "-"])
def test_an_interrupted_run_without_a_file_says_nothing_of_one(jsonl):
    assert interrupted(jsonl, None) == ""


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"jsonl": "nowhere/r.jsonl"}, "nowhere/r.jsonl: No such file or directory"),
        ({"jsonl": "folder"}, "folder: Is a directory"),
        ({"out": "holds"}, "holds/results.jsonl: Is a directory"),
    ],
)
def test_a_place_that_is_none_is_told_before_anything_is_graded(where, says):
    write(Path(), {"folder/x": "", "holds/results.jsonl/x": ""})
    with pytest.raises(UsageError, match=f"^{says}$"):
        kept(**where)


def test_marks_that_cannot_be_read_are_told_and_nothing_is_overwritten():
    write(Path(), {"out/results.jsonl": "earlier\n", "out/results.marks.jsonl": "\nnonsense\n"})
    with pytest.raises(UsageError, match=r"^out/results.marks.jsonl:2: this is no mark: Invalid JSON"):
        kept(ALICE, out="out")
    assert Path("out/results.jsonl").read_text() == "earlier\n"


# --- the command -------------------------------------------------------------------------------------------------------


def test_a_class_is_kept_in_a_folder_and_a_failed_run_replaces_nothing(small, here):
    write(here / "class", {"alice/work.py": RIGHT, "bob/work.py": WRONG})
    assert grader("grade", "small", "class", "--out", "out", cwd=here).returncode == 1
    before = Path("out/results.jsonl").read_bytes()
    assert [(one.id, one.score) for one in lines("out/results.jsonl")] == [("alice", 3.0), ("bob", 2.0)]
    write(small, {"solution.py": "1 / 0"})
    assert grader("grade", "small", "class", "--out", "out", cwd=here).returncode == 3
    assert Path("out/results.jsonl").read_bytes() == before


def test_marks_survive_a_regrade_of_a_notebook(small, here):
    questions = "questions:\n  why: {kind: text, points: 2}\n"
    write(small, {"assignment.yaml": SPEC.replace("{file: work.py}", "{notebook: work.ipynb}") + questions})
    book = notebook(RIGHT, "# answer: why\n'Because.'")
    write(here / "class", {"alice/work.ipynb": book})
    assert grader("grade", "small", "class", "--out", "out", cwd=here).returncode == 0
    (alice,) = lines("out/results.jsonl")
    assert (alice.items[2].status, alice.score) == ("pending", 3.0)
    results = Path("out/results.jsonl")
    markfile.add(results, [given(alice, 2.0)])
    done = grader("grade", "small", "class", "--out", "out", cwd=here)
    (alice,) = lines(results)
    assert (done.returncode, alice.items[2].status, alice.score) == (0, "passed", 5.0)
    assert "By hand." in done.stdout


@pytest.mark.parametrize("out", ["afile", "afile/inner"])
def test_a_folder_that_cannot_be_made_is_told(out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path(), {"afile": ""})
    with pytest.raises(UsageError, match=f"^{out}: (File exists|Not a directory)"):
        kept(ALICE, out=out)


def test_the_folder_s_own_file_may_be_named_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept(ALICE, jsonl="out/results.jsonl", out="out")
    assert len(Path("out/results.jsonl").read_text().splitlines()) == 1


def test_a_run_that_fails_leaves_the_executed_notebooks_of_earlier_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept(replace(ALICE, executed=b"earlier"), out="out")
    keeper = keeping(None, Path("out"))
    keeper.__enter__().keep(replace(ALICE, executed=b"later"))
    assert not keeper.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert Path("out/executed/alice.ipynb").read_bytes() == b"earlier"


def test_a_regrade_leaves_no_executed_notebook_that_is_none_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept(replace(ALICE, executed=b"{}"), out="out")
    kept(ALICE, out="out")
    assert not Path("out/executed/alice.ipynb").exists()
