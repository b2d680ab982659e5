"""Marks by hand: what is pending is listed, marked answer by answer on a terminal, or written to a table and read back.

All begins and ends with giving the results the marks that lie beside them. Each mark is on the disk before the next
answer is shown. Answers are shown in an order that tells no names, unless those are asked for; what students wrote is
made harmless first, and their pictures are files that a viewer opens.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader import markfile, marksheet
from grader.errors import UsageError
from grader.marker import Marker
from grader.marks import Answer, answers
from grader.pictures import write_pictures
from grader.printable import plain

PLAIN_WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""


def run(
    path: Path,
    *,
    names: bool = False,
    to: Path | None = None,
    source: Path | None = None,
) -> int:
    """Mark the answers of a file or folder of results, or list what is pending where there is no terminal.

    Raises:
        UsageError: files cannot be read or are there already, or a table has mistakes.
        KeyboardInterrupt: the marker ended it; the text says what was kept.
    """
    if to and source:
        raise UsageError("--to writes a table and --from reads one: give one of them")
    results = markfile.results_in(path)
    markfile.update(results)
    found = answers(markfile.read(results), names=names)
    is_terminal = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))  # none where it was closed
    console = Console(width=None if is_terminal else PLAIN_WIDTH, highlight=False, markup=False, emoji=False)
    if to:
        _write(found, to, console, names=names)
    elif source:
        _read(results, found, source, console)
    elif is_terminal and any(answer.is_pending for answer in found):
        _ask(results, found, console, names=names)
    else:
        _list(found, console)
    return 0


def _list(found: Sequence[Answer], console: Console) -> None:
    if not any(answer.is_pending for answer in found):
        all_marked = f"Nothing is pending: {_answers(len(found))} marked."
        console.print(all_marked if found else "Nothing here is marked by hand.")
        return
    pending = Counter(answer.item.name for answer in found if answer.is_pending)
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("item", "pending", "marked"):
        grid.add_column(column, justify="left" if column == "item" else "right")
    for name, number in Counter(answer.item.name for answer in found).items():
        grid.add_row(plain(name), str(pending[name]), str(number - pending[name]))
    console.print(grid)


def _answers(number: int) -> str:
    return "1 answer is" if number == 1 else f"{number} answers are"


def _write(found: Sequence[Answer], to: Path, console: Console, *, names: bool) -> None:
    if not found:
        raise UsageError("nothing in these results is marked by hand, so there is nothing to fill in")
    if to.exists():
        raise UsageError(f"{to}: this is there already: read it with --from, or give another name")
    folder = to.with_name(f"{to.stem}_pictures")
    try:
        pictures = {answer.key: write_pictures(answer.content, folder, answer.key) for answer in found}
        shown = {key: [f"{folder.name}/{path.name}" for path in paths] for key, paths in pictures.items()}
        to.write_bytes(marksheet.write(found, shown, names=names).encode("utf-8-sig"))  # without the mark Excel errs
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    console.print(f"{to}: {_answers(len(found))} in it. Fill in points and comments, and read it with --from.")


def _read(results: Path, found: Sequence[Answer], source: Path, console: Console) -> None:
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: this is not UTF-8: save it as CSV with the encoding UTF-8") from error
    marks = marksheet.read(str(source), text, found)
    markfile.add(results, marks)
    markfile.update(results)
    _say_what_is_left(results, f"{_answers(len(marks))} marked anew", console)


def _ask(results: Path, found: Sequence[Answer], console: Console, *, names: bool) -> None:
    pending = [answer for answer in found if answer.is_pending]
    with tempfile.TemporaryDirectory(prefix="grader-mark-") as folder:
        marker = Marker(console, Path(folder), lambda mark: markfile.add(results, [mark]), names=names)
        try:
            marker.mark(pending)
        except KeyboardInterrupt:
            console.print()  # what was being typed has no end
            markfile.update(results)
            kept = f"{_answers(len(marker.given))} marked, and kept in {markfile.marks_of(results)}"
            raise KeyboardInterrupt(f"({kept})") from None
    markfile.update(results)
    _say_what_is_left(results, f"{_answers(len(marker.given))} marked", console)


def _say_what_is_left(results: Path, done: str, console: Console) -> None:
    left = sum(answer.is_pending for answer in answers(markfile.read(results)))
    console.print(Text(f"{done}, {left} left. The marks are in {markfile.marks_of(results)}."))
