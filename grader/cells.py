"""Tables as CSV, such that no spreadsheet runs what is in their cells.

What a spreadsheet would take for a formula gets an apostrophe before it. That is where a cell begins, and also where
one would begin if the table were split at semicolons, as it is in many countries.
"""

import csv
import re

from grader.printable import cut

LONGEST = 30_000
"""How much of a text stands in a cell, in characters: more would not fit into those of spreadsheets."""
DECIMALS = 6
"""How exactly points are written."""
_BEGINNING = r"(^|[;\t\r\n])"
_FORMULA = r"(?=[ '\"]*[=+\-@])"
"""What is ahead of an apostrophe; quotes and spaces may be lost before a spreadsheet looks for a formula."""


def escaped(text: str) -> str:
    """Return a text that no spreadsheet runs."""
    return re.sub(_BEGINNING + _FORMULA, r"\1'", text)


def unescaped(text: str) -> str:
    """Return the text that was escaped."""
    return re.sub(f"{_BEGINNING}'{_FORMULA}", r"\1", text)


def line(*cells: str | float | None) -> str:
    """Return a line of a table, with its end; None is an empty cell."""
    written: str = csv.writer(_Return(), lineterminator="\n").writerow(map(_cell, cells))
    return written


class _Return:
    """A file that is not there: what is written to it is returned."""

    @staticmethod
    def write(text: str) -> str:
        return text


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return escaped(cut(value, LONGEST)) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """Return points as all programs read them: without an exponent, and without zeros at the end."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
