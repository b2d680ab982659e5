"""What Jupyter adds to Python, taken out of a notebook's cells: magics, shell lines, help, pasted prompts.

IPython's own transformer does it, one magic after another, as in Jupyter: `%time x = f()` becomes
`get_ipython().run_line_magic('time', 'x = f()')`, which whoever runs the cell answers. Only a cell that can hold such a
line is given to it (most are plain Python, and IPython takes a while to import). A magic for a whole cell is ours: its
line is emptied where what follows is Python all the same (`%%time`), and the cell has no Python where it is not
(`%%bash`). Lines keep their numbers, so that a message about line 3 is about the student's line 3.

The transformer reads the whole cell again for each magic in it, so the work that is spent on a notebook has a limit;
cells beyond it, and those that IPython cannot take, stay as they are: Python then says what is wrong with them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

PYTHON = frozenset({"time", "timeit", "capture", "prun", "python", "python3"})
"""The magics for a whole cell under which Python stands."""
MOST_WORK = 2**18
"""How many characters may be read for all magics of a notebook, which takes about a second."""
CALL = 40
"""How many characters longer a magic becomes."""
LONG = 100
"""Lines of more characters take more work: in some of them, all that follows is read again for each character."""
LONG_BLANK = 10
"""And so do spaces of more characters, which Python 3.11 reads again in a slower way."""

_CANDIDATE = re.compile(
    r"""
    ^[ \t]*(?:[%!?,;/]|>>>[ ]|In[ ]\[)  # %magic, !shell, ?help; ,a ;a /a; a pasted prompt
    | ^[^#\n]*=[ \t]*[%!]               # x = %magic, x = !shell
    | ^[^#\n]*\?[ \t;]*$                # x?
    | \A(?:[ \t]*\n)*[ \t]+\S           # the whole cell is indented
    """,
    re.MULTILINE | re.VERBOSE,
)
"""What begins or ends like a magic; it may be none, such as a line of a text in quotes."""
_BLANK = re.compile(r"[ \t\f]+")
_CELL_MAGIC = re.compile(r"[ \t]*%%(\w+)(?![\w?])")


def python(sources: Sequence[str]) -> list[str]:
    """Return the Python in each code cell of a notebook; an empty text where there is none."""
    totals = accumulate(map(_work, sources))
    return [_translated(source, total) for source, total in zip(sources, totals, strict=True)]


def _work(source: str) -> int:
    most = _magics(source)
    return most * (_reading(source) + CALL * most) if most else 0


def _reading(source: str) -> int:
    lines, blanks = map(len, _lines(source)), map(len, _BLANK.findall(source))
    again = sum(length**2 for length in blanks) // LONG_BLANK
    return again + sum(length * max(LONG, length) for length in lines) // LONG


def _magics(source: str) -> int:
    return sum(1 for _ in _CANDIDATE.finditer(source))


def _lines(source: str) -> list[str]:
    """Return the lines with their ends; the last one gets one too."""
    return [f"{line}\n" for line in source.removesuffix("\n").split("\n")]


def _translated(source: str, total: int) -> str:
    most = _magics(source)
    lines = _without_cell_magics(_lines(source)) if most else None
    if lines is None:
        return "" if most else source
    return "".join(_transformed(lines, most)) if total <= MOST_WORK else source


def _without_cell_magics(lines: Sequence[str]) -> list[str] | None:
    """Return the lines with those of cell magics emptied, or None where what follows one is no Python."""
    kept = list(lines)
    for n, line in enumerate(lines):
        magic = _CELL_MAGIC.match(line)
        if magic and magic[1] not in PYTHON:
            return None
        if magic:
            kept[n] = "\n"
        elif not line.isspace():
            break
    return kept


def _transformed(lines: list[str], most: int) -> list[str]:
    """Return lines without magics, of which there are so many at most."""
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415  slow, and seldom needed

    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]  # IPython has no types for it
    blank = next((n for n, line in enumerate(lines) if not line.isspace()), len(lines))
    cleaned = lines[blank:]
    try:
        for cleanup in manager.cleanup_transforms:
            cleaned = _lines("".join(cleanup(cleaned)))
        for _ in range(most):
            changed, now = manager.do_one_token_transform(cleaned)
            if not changed:
                break
            cleaned = list(_padded(cleaned, now))
    except Exception:  # noqa: BLE001  it stumbles over what a student may write, in more than one way
        return lines
    return ["\n"] * blank + cleaned


def _padded(before: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    """Yield lines after a magic over several of them became one, with empty lines in the place of the others."""
    at = next(n for n, (old, new) in enumerate(zip(before, now, strict=False)) if old != new)
    yield from now[: at + 1]
    yield from ["\n"] * (len(before) - len(now))
    yield from now[at + 1 :]
