"""The guide for students explains each status, and messages that they do get."""

import re
from typing import get_args

import pytest

from grader.model import Status
from tests.conftest import ROOT

PAGE = (ROOT / "docs/students.md").read_text()
SAID = "".join(path.read_text() for path in sorted((ROOT / "grader").rglob("*.py")))
"""All that the grader may say."""


def rows(heading):
    """Return the first cells of the table under such a heading."""
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)


def test_every_status_is_explained():
    assert sorted(row.strip("`") for row in rows("| status |")) == sorted(get_args(Status))


@pytest.mark.parametrize("message", rows("| the message says |"))
def test_a_message_that_is_explained_is_one_of_the_graders(message):
    pieces = [piece.strip() for piece in re.split(r"\.\.\.|[:;,()]", message)]
    assert [piece for piece in pieces if piece not in SAID] == []
    assert max(map(len, pieces)) > 8
