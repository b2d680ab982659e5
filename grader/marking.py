"""Marks by hand: what is pending is listed, marked answer by answer on a terminal, or written to a table and read back.

    RESULTS ── a folder of `--out`: marks in its store, and all that is in the folder written anew ──┐
            └─ a file of `--jsonl`: marks in a file beside it, and the file written anew ────────────┴─► Desk

All begins and ends with giving the results the marks that there are. Each is on the disk before the next
answer is shown. Answers are shown in an order that tells no names, unless those are asked for; what students wrote is
made harmless first, and their pictures are files that a viewer opens.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader import book, markfile, marksheet, outputs, store
from grader.book import Book
from grader.errors import UsageError
from grader.marker import Marker
from grader.marks import Answer, Given, answers
from grader.model import Result
from grader.pictures import write_pictures
from grader.printable import plain

PLAIN_WIDTH = 120
"""How wide lines are where there is no terminal, in characters."""


class Desk(Protocol):
    """Where results are marked."""

    @property
    def marks(self) -> str:
        """Where the marks are kept, in words."""

    def results(self) -> list[Result]:
        """Return the results, with the marks that there are."""

    def add(self, marks: Sequence[Given]) -> None:
        """Keep marks, at once."""

    def update(self) -> None:
        """Give what was made of the results the marks that there are."""


@dataclass(frozen=True, slots=True)
class OfFile:
    """A file of results, and the marks beside it."""

    path: Path

    @property
    def marks(self) -> str:
        """The file's name."""
        return str(markfile.marks_of(self.path))

    def results(self) -> list[Result]:
        """Read them."""
        return markfile.read(self.path)

    def add(self, marks: Sequence[Given]) -> None:
        """Add them to the file."""
        markfile.add(self.path, marks)

    def update(self) -> None:
        """Write the results anew, where there is news."""
        markfile.update(self.path)


@dataclass(frozen=True, slots=True)
class OfFolder:
    """A folder of results, with its store."""

    path: Path
    book: Book

    @property
    def marks(self) -> str:
        """The folder's name."""
        return str(self.path)

    def results(self) -> list[Result]:
        """Read them."""
        return list(self.book.results())

    def add(self, marks: Sequence[Given]) -> None:
        """Add them to the store."""
        self.book.add_marks(marks)

    def update(self) -> None:
        """Write all that stands beside the store anew."""
        outputs.write(self.book.classroom(), self.path)


@contextmanager
def opened(path: Path) -> Iterator[Desk]:
    """Open results to mark them.

    Raises:
        UsageError: they cannot be read.
    """
    beside = path.parent if path.name == outputs.RESULTS and (path.parent / store.FILENAME).exists() else path
    if beside.is_dir():  # marks beside a file that is written anew from a store would count no more
        with book.opened(beside) as kept:
            yield OfFolder(beside, kept)
    else:
        desk = OfFile(markfile.results_in(path))
        desk.update()  # marks may have been added to their file by other means
        yield desk


def run(path: Path, *, names: bool = False, to: Path | None = None, source: Path | None = None) -> None:
    """Mark the answers of a file or folder of results, or list what is pending where there is no terminal.

    Raises:
        UsageError: files cannot be read or are there already, or a table has mistakes.
        KeyboardInterrupt: the marker ended it; the text says what was kept.
    """
    if to and source:
        raise UsageError("--to writes a table and --from reads one: give one of them")
    with opened(path) as desk:
        found = answers(desk.results(), names=names)
        is_terminal = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))  # none where it was closed
        console = Console(width=None if is_terminal else PLAIN_WIDTH, highlight=False, markup=False, emoji=False)
        if to:
            _write(found, to, console, names=names)
        elif source:
            _read(desk, found, source, console)
        elif is_terminal and any(answer.is_pending for answer in found):
            _ask(desk, found, console, names=names)
        else:
            _list(found, console)


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


def _read(desk: Desk, found: Sequence[Answer], source: Path, console: Console) -> None:
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: this is not UTF-8: save it as CSV with the encoding UTF-8") from error
    marks = marksheet.read(str(source), text, found)
    desk.add(marks)
    desk.update()
    _say_what_is_left(desk, f"{_answers(len(marks))} marked anew", console)


def _ask(desk: Desk, found: Sequence[Answer], console: Console, *, names: bool) -> None:
    pending = [answer for answer in found if answer.is_pending]
    with tempfile.TemporaryDirectory(prefix="grader-mark-") as folder:
        marker = Marker(console, Path(folder), lambda mark: desk.add([mark]), names=names)
        try:
            marker.mark(pending)
        except KeyboardInterrupt:
            console.print()  # what was being typed has no end
            desk.update()
            kept = f"{_answers(len(marker.given))} marked, and kept in {desk.marks}"
            raise KeyboardInterrupt(f"({kept})") from None
    desk.update()
    _say_what_is_left(desk, f"{_answers(len(marker.given))} marked", console)


def _say_what_is_left(desk: Desk, done: str, console: Console) -> None:
    left = sum(answer.is_pending for answer in answers(desk.results()))
    console.print(Text(f"{done}, {left} left. The marks are in {desk.marks}."))
