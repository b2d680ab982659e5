"""The fenced blocks of the documentation, so that each is executed or held to what it promises.

Every block in README.md and docs/ has a language. The tests in tests/docs run or validate all of them, but for those that
need more than a plain folder: on the line before their fence stands `<!-- tested by tests/test_x.py -->`, and that test
takes them from here. So a page and its test can't drift apart. A block with a title, as in

    ```yaml title="halves/assignment.yaml"

is a file: it is written where the commands that follow find it.
"""

import re
from dataclasses import dataclass

from tests.conftest import ROOT

_TESTED_BY = re.compile(r"<!-- tested by (\S+) -->")
_FENCE = re.compile(r'(?P<indent> *)(?P<ticks>`{3,})(?P<language>[^\s`]*)(?: title="(?P<title>[^"]+)")?[^`]*')


@dataclass(frozen=True)
class Block:
    """A fenced block: where its text begins, and which test has it, "" where that is the general harness in tests/docs."""

    page: str
    line: int
    language: str
    text: str
    tested_by: str = ""
    title: str = ""
    """The path of the file that it is, "" where it is none."""

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, which is named from the project's root, in their order."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    number = 0
    while number < len(lines):
        opening = _FENCE.fullmatch(lines[number])
        if opening is None:
            number += 1
            continue
        end = _end(lines, number, opening["ticks"], page)
        text = "".join(f"{_without(opening['indent'], line)}\n" for line in lines[number + 1 : end])
        title = opening["title"] or ""
        found.append(Block(page, number + 2, opening["language"], text, _tested_by(lines, number), title))
        number = end + 1
    return found


def pages() -> list[str]:
    """Return all pages that have to be tested: the README, and what lies in docs."""
    return ["README.md", *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md")))]


def _end(lines: list[str], start: int, ticks: str, page: str) -> int:
    for number in range(start + 1, len(lines)):
        stripped = lines[number].strip()
        if stripped and not stripped.strip("`") and len(stripped) >= len(ticks):
            return number
    raise ValueError(f"{page}:{start + 1}: this block has no end")


def _without(indent: str, line: str) -> str:
    return line[len(indent) :] if line.startswith(indent) else line.lstrip()


def _tested_by(lines: list[str], fence: int) -> str:
    comment = _TESTED_BY.fullmatch(lines[fence - 1].strip()) if fence else None
    return comment[1] if comment else ""
