"""What tests the pages finds what is wrong with them."""

import pytest

from grader.errors import SpecError
from tests import documented
from tests.docs.shell import commands, shows
from tests.docs.test_pages import Page
from tests.documented import Block


def block(language, text, title=""):
    return Block("docs/page.md", 7, language, text, "", title)


WRONG = {
    "a language that nothing tests": ([block("cobol", "STOP RUN.\n")], "docs/page.md:7: nothing tests"),
    "no language": ([block("", "grader\n")], "docs/page.md:7: nothing tests"),
    "a command that fails": ([block("sh", "true\nfalse\n")], "status=1"),
    "a package that there is not": (
        [block("sh", "pip install 'proofgrade[nowhere]'\n")],
        "there is no proofgrade.nowhere. to install",
    ),
    "an output without a command": ([block("text", "a\n")], "no command stands before"),
    "another output": ([block("sh", "echo a\n"), block("text", "b\n")], "docs/page.md:7 shows"),
    "JSON that is not printed": ([block("sh", """echo '{"a": 1}'\n"""), block("json", '{"b": 1}\n')], "there is no b"),
    "another number in JSON": ([block("sh", """echo '{"a": 1}'\n"""), block("json", '{"a": 2}\n')], ": a"),
    "Python that raises": ([block("python", "1 / 0\n")], "ZeroDivisionError"),
    "a key that a spec has not": ([block("yaml", "packges: [numpy]\n")], "no keys of one part of a spec: packges"),
    "a value that a spec may not have": ([block("yaml", "packages: numpy\n")], r"\$.packages: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_on_a_page_fails(name, tmp_path):
    blocks, told = WRONG[name]
    page = Page(tmp_path)
    with pytest.raises((AssertionError, SpecError, ValueError), match=told):
        page.follow(*blocks)


def test_a_block_with_a_title_is_a_file_for_the_commands_after_it(tmp_path):
    page = Page(tmp_path)
    page.follow(block("yaml", "a: 1\n", "b/c.yaml"), block("sh", "cd b\ncat c.yaml\n"), block("text", "a: 1\n"))
    assert page.told.command == "cat c.yaml"


SHOWN = {
    "the same": ("a\n b\n", True),
    "spaces at the end of a line": ("a  \n b\n", True),
    "a line that is not there": ("a\n", False),
    "a line too many": ("a\n b\nc\n", False),
    "lines left out": ("...\n", True),
    "no line left out": ("a\n...\n b\n", True),
    "the rest of a line left out": ("a...\n ...\n", True),
    "other spaces within": ("a\nb\n", False),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_what_is_printed(name):
    shown, right = SHOWN[name]
    assert shows(shown, "a\n b \n\n") is right


def test_seconds_are_any():
    assert shows("done in 0.8 s\n", "done in 12 s\n")
    assert not shows("done in 0.8 s, 2 of 3\n", "done in 12 s, 1 of 3\n")


def test_commands_are_lines():
    assert commands("a b\n\n# c\nd \\\n  e\n") == ["a b", "d e"]


PAGE = """\
```sh
a
```

1. A list

    <!-- tested by tests/test_x.py -->
    ```yaml title="a/b.yaml"
    c:
      d: 1
    ```

````md
```
````
"""


def test_blocks_have_their_language_their_line_and_their_test(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert documented.blocks(str(page)) == [
        Block(str(page), 2, "sh", "a\n"),
        Block(str(page), 9, "yaml", "c:\n  d: 1\n", "tests/test_x.py", "a/b.yaml"),
        Block(str(page), 14, "md", "```\n"),
    ]


def test_a_block_that_does_not_end_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```sh\na\n")
    with pytest.raises(ValueError, match="page.md:3: this block has no end"):
        documented.blocks(str(page))
