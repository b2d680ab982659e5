"""The architecture's page speaks of what there is: its drawings, its text, and its table of where to change what."""

import re

import pytest

from tests import documented
from tests.conftest import ROOT

PAGE = "docs/architecture.md"
MODULES = {path.stem for path in (ROOT / "grader").rglob("*.py")} | {"lockdown", "report", "answers", "sandbox"}
NAMES = re.compile(r"`([a-z]+)`")
DRAWINGS = [block for block in documented.blocks(PAGE) if block.tested_by]


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda block: str(block.line))
def test_a_drawing_shows_modules_that_there_are(drawing):
    names = set(NAMES.findall(drawing.text))
    assert names
    assert sorted(names - MODULES) == []


def test_every_file_that_the_page_says_to_look_in_is_there():
    table = (ROOT / PAGE).read_text().partition("| to change |")[2]
    rows = re.findall(r"^\| [^|]+\| (.+) \|$", table, re.MULTILINE)
    paths = {path for row in rows for path in re.findall(r"`([\w/.-]+/[\w.-]+)`", row)}
    assert paths >= {"docs/security.md", "sandbox/lockdown/view"}
    there = [
        folder / f"{path}{ending}" for path in paths for folder in (ROOT, ROOT / "grader") for ending in ("", ".py")
    ]
    assert sum(path.exists() for path in there) == len(paths)
