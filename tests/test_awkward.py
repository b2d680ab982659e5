"""Awkward notebooks, graded as one class: each gets what its label says."""

import functools
import shutil

import pytest

from grader import assignment, engine, servers, submission
from grader.sandbox.launch import Zygote
from tests.conftest import NAIVE_EM, write
from tests.notebooks import FILE, NOTEBOOKS


@functools.cache
def results(folder):
    """Return the results of all notebooks, which are graded once."""
    course = folder / "naive_em"
    shutil.copytree(NAIVE_EM, course, ignore=shutil.ignore_patterns("samples"))
    text = (course / "assignment.yaml").read_text()
    changed = text.replace("{file: naive_em.py}", f"{{notebook: {FILE}}}").replace("seconds: 10,", "seconds: 2,")
    assert changed.count(FILE) == changed.count("seconds: 2,") == 1
    (course / "assignment.yaml").write_text(changed)
    for name, awkward in NOTEBOOKS.items():
        write(folder / "class" / name, {FILE: awkward.data, **awkward.beside})
    loaded = assignment.load(course)
    submissions = submission.collect([folder / "class"], loaded.spec.submission)
    with servers.for_a_class(loaded.spec, [Zygote(), Zygote()], None, 2) as opened:
        return {result.id: result for result in engine.grade(loaded, submissions, opened)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return results(tmp_path_factory.mktemp("awkward"))


def said(result):
    cases = [case.message for item in result.items for case in item.cases if case.status != "passed"]
    return [*result.notes, *cases]


def test_there_are_enough():
    assert len(NOTEBOOKS) >= 30


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_gets_what_its_label_says(name, graded):
    result, awkward = graded[name], NOTEBOOKS[name]
    assert result.fault is None
    assert {item.name: item.status for item in result.items} == awkward.wanted, said(result)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_wrong_with_a_notebook_is_said_and_nothing_else(name, graded):
    words = said(graded[name])
    assert bool(words) == bool(NOTEBOOKS[name].says), words
    assert any(NOTEBOOKS[name].says in text for text in words) or not words, words


def test_what_only_follows_from_a_cell_that_failed_is_not_said_again(graded):
    assert [note.partition(" raised ")[0] for note in graded["needed_file"].notes] == [
        "cell [2]", "What is defined before and after is graded."]  # fmt: skip
