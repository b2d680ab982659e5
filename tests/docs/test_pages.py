"""Whatever a page shows is so: its commands run and print that, its specs are valid, its Python runs."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from tests import documented
from tests.conftest import ROOT, write
from tests.docs import course, specs
from tests.docs.shell import Shell, commands, shows

LOST = {
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && "
    ".venv/bin/grader grade naive_em assignments/naive_em/samples": 1,
    ".venv/bin/grader grade naive_em assignments/naive_em/samples/wrong_variance_not_by_d": 1,
    ".venv/bin/grader grade naive_em submissions.zip --roster class.csv --out results": 1,
    ".venv/bin/grader grade homework_em assignments/homework_em/samples": 1,
    "cd naive_em_for_students && ../.venv/bin/grader check --watch": 1,
    "grader grade naive_em submissions.zip --roster class.csv --out results": 1,
    "grader check": 1,
    "grader check --watch": 1,
    "grader check naive_em.py": 1,
    "cd ../homework && grader check": 1,
    "grader grade standardise standardise/samples": 1,
    "grader validate standardise            # finds the typo": 2,
    "cd for_students && grader check": 1,
    "grader grade standardise handed_in --out results": 1,
    "grader grade naive_em submissions/bob --jsonl -": 1,
    "grader grade my_assignment my_assignment/samples": 1,
}
"""The commands that end with another status than 0, since the page has something go wrong: with which."""
BEFORE = {
    "docs/reports.md": ["grader grade naive_em submissions.zip --roster class.csv --out results"],
    "docs/students.md": ["grader release naive_em --to em", "grader release homework_em --to homework"],
}
"""What was done before a page begins."""
THERE = dict.fromkeys(("README.md", "docs/students.md"), "from naive_em import estep\n")
"""What a page's Python finds defined."""


class Page:
    """A page that is gone through from the top, in a folder of its own."""

    def __init__(self, folder):
        self.shell, self.told = Shell(course.prepare(folder)), None

    def follow(self, *blocks):
        """Do what each block says, or hold it to what it shows."""
        for block in blocks:
            if block.title:
                write(self.shell.home, {block.title: block.text})
            else:
                LANGUAGES.get(block.language, unknown)(self, block)


def unknown(_page, block):
    raise AssertionError(f"{block.where}: nothing tests a block of the language {block.language!r}: name its test")


def run(page, block):
    for command in commands(block.text):
        page.told = page.shell.run(command)
        assert page.told.status == LOST.get(command, 0), f"{block.where}: {page.told}"


def compare(page, block):
    assert page.told, f"{block.where}: no command stands before what it prints"
    assert shows(block.text, page.told.text), f"{block.where} shows\n{block.text}\nand printed is\n{page.told.text}"


def load(page, block):
    specs.load(yaml.safe_load(block.text), page.shell.home / course.PIECE)


def execute(page, block):
    text = THERE.get(block.page, "") + block.text
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=page.shell.folder, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{block.where}: {done.stderr}"


def has_fields(page, block):
    assert page.told, f"{block.where}: no command stands before what it prints"
    (real,) = (json.loads(line) for line in page.told.text.splitlines() if line.startswith("{"))
    assert_part(json.loads(block.text), real, block.where)


PAGES = {
    page: blocks for page in documented.pages() if (blocks := [b for b in documented.blocks(page) if not b.tested_by])
}
LANGUAGES = {"sh": run, "text": compare, "yaml": load, "python": execute, "json": has_fields}


def assert_part(shown, real, where):
    """Hold what is shown of a JSON value to the value: keys and entries may be left out, and times are others."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            assert key in real, f"{where}: there is no {key}"
            if key != "seconds":
                assert_part(value, real[key], f"{where}: {key}")
    elif isinstance(shown, list) and shown:
        assert len(shown) <= len(real), where
        for one, other in zip(shown, real, strict=False):
            assert_part(one, other, where)
    else:
        assert shown == real, where


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_is_so(page, tmp_path):
    followed = Page(tmp_path)
    for command in BEFORE.get(page, ()):
        followed.shell.run(command)
    followed.follow(*PAGES[page])


def test_what_is_said_of_commands_is_of_some_that_there_are():
    blocks = [block for page in documented.pages() for block in documented.blocks(page) if block.language == "sh"]
    assert LOST.keys() - {command for block in blocks for command in commands(block.text)} == set()


@pytest.mark.parametrize("page", documented.pages())
def test_no_block_is_without_its_fence(page):
    """What is only indented has no language, and no test."""
    prose = re.sub(r"^( *)(`{3,}).*?^ *\2`*$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^\n(?: {4}|\t).*", prose, re.MULTILINE) == []


TESTED = {(block.page, block.tested_by) for page in documented.pages() for block in documented.blocks(page)}


@pytest.mark.parametrize(("page", "test"), sorted(pair for pair in TESTED if pair[1]))
def test_what_another_test_has_it_takes_from_the_page(page, test):
    text = (ROOT / test).read_text()
    assert "documented.blocks(" in text
    assert page in text
