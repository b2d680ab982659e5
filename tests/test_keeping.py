"""Results lie where they were asked for, whole or under another name; executed notebooks take the place of earlier ones."""

from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.keeping import keep_executed, writing
from tests.conftest import write
from tests.test_marks import item, result

ALICE = replace(result(item(), name="alice"), executed=b"{}")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files():
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def test_a_file_of_results_takes_its_name_when_it_is_whole():
    with writing("r.jsonl") as file:
        print("a line", file=file, flush=True)
        assert files() == ["r.jsonl.part"]
    assert (files(), Path("r.jsonl").read_text()) == (["r.jsonl"], "a line\n")


def test_a_run_that_fails_leaves_the_earlier_file_as_it_was():
    write(Path(), {"r.jsonl": "earlier"})
    with pytest.raises(ZeroDivisionError), writing("r.jsonl"):
        raise ZeroDivisionError
    assert (files(), Path("r.jsonl").read_text()) == (["r.jsonl", "r.jsonl.part"], "earlier")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere/r.jsonl", "nowhere/r.jsonl: No such file or directory"),
        ("folder", "folder: Is a directory"),
        ("", "--jsonl needs the name of a file, or - for standard output"),
    ],
)
def test_a_place_that_is_none_is_told(name, says):
    write(Path(), {"folder/x": ""})
    with pytest.raises(UsageError, match=f"^{says}$"), writing(name):
        pass


def test_an_executed_notebook_takes_the_place_of_the_earlier_one():
    keep_executed(Path(), ALICE)
    keep_executed(Path(), replace(ALICE, executed=b"[]"))
    assert (files(), Path("executed/alice.ipynb").read_text()) == (["executed/alice.ipynb"], "[]")


@pytest.mark.parametrize("one", [replace(ALICE, executed=b""), replace(ALICE, fault="ours")], ids=["none", "a fault"])
def test_where_nothing_was_executed_the_earlier_one_stays(one):
    keep_executed(Path(), ALICE)
    keep_executed(Path(), one)
    assert Path("executed/alice.ipynb").read_text() == "{}"


def test_an_id_that_is_no_file_s_name_leads_nowhere_else():
    keep_executed(Path(), replace(ALICE, id="../../x"))
    assert [path.parent for path in map(Path, files())] == [Path("executed")]
