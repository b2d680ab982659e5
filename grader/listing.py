"""What was handed in, to be read line by line: whole where it is short, else what is around the lines that failed.

    sources, {line: messages} ─► a listing a file ─► pieces: runs of lines, open or folded

How much all listings together show is limited, whatever was handed in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.model import Spot
from grader.printable import cut

WIDEST = 300
"""How much of a line is shown, in characters."""
AROUND = 6
"""How many lines before and after one that failed are open."""
SHORT = 40
"""Up to how many lines a file with marks is shown open as a whole."""
ROOM = 100_000
"""How much all listings of a submission may hold, in characters."""
LINE_ROOM = 24
"""What a line takes besides its characters."""
MOST_MARKS = 20
"""How many lines of a file are marked."""
MOST_MESSAGES = 3
"""How many different messages stand at a line."""
MOST_FILES = 50


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line, and what is to be said at it."""

    text: str
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that follow each other, from the number `first`; what is not open is folded away."""

    first: int
    lines: tuple[CodeLine, ...]
    is_open: bool

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """A file; `left_out` is how many of its lines there was no room for."""

    name: str
    pieces: tuple[Piece, ...]
    left_out: int

    @property
    def is_marked(self) -> bool:
        """Whether any line of it is marked."""
        return any(line.messages for piece in self.pieces for line in piece.lines)


def listings(sources: Mapping[str, str], said: Iterable[tuple[Spot, str]]) -> list[Listing]:
    """Return the files with what is said of their lines, those first of which something is said."""
    marks = _marks(said)
    names = sorted(sources, key=lambda name: name not in marks)[:MOST_FILES]  # else in their order
    room = ROOM
    found = []
    for name in names:
        listing, room = _listing(name, sources[name], marks.get(name, {}), room)
        found.append(listing)
    return found


def _marks(said: Iterable[tuple[Spot, str]]) -> dict[str, dict[int, tuple[str, ...]]]:
    marks: dict[str, dict[int, tuple[str, ...]]] = {}
    for spot, message in said:
        lines = marks.setdefault(spot.file, {})
        messages = lines.get(spot.line, ())
        if (messages or len(lines) < MOST_MARKS) and len(messages) < MOST_MESSAGES and message not in messages:
            lines[spot.line] = (*messages, message)
    return marks


def _listing(name: str, source: str, marks: Mapping[int, tuple[str, ...]], room: int) -> tuple[Listing, int]:
    lines = lines_of(source)
    runs = _runs(len(lines), [number for number in marks if 0 < number <= len(lines)])
    pieces, left_out = [], 0
    for first, last, is_open in sorted(runs, key=lambda run: not run[2]):  # what matters has room before the rest
        shown, room = _fitting(lines[first - 1 : last], room)
        texts = enumerate(shown, start=first)
        if shown:
            pieces.append(Piece(first, tuple(CodeLine(text, marks.get(n, ())) for n, text in texts), is_open))
        left_out += last - first + 1 - len(shown)
    return Listing(name, tuple(sorted(pieces, key=lambda piece: piece.first)), left_out), room


def lines_of(source: str) -> list[str]:
    """Return the lines as Python counts them, who ends them as Windows and old Macs do too, and at nothing else."""
    lines = source.removeprefix("\N{BYTE ORDER MARK}").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def _runs(number: int, marked: Sequence[int]) -> list[tuple[int, int, bool]]:
    """Return the runs of lines, (first, last, whether it is open), that together are all of them."""
    if not marked or number <= SHORT:
        return [(1, number, bool(marked))] if number else []
    near = {n for mark in marked for n in range(max(mark - AROUND, 1), min(mark + AROUND, number) + 1)}
    edges = [n for n in range(2, number + 1) if (n in near) != (n - 1 in near)]
    starts = [1, *edges]
    ends = [*(n - 1 for n in edges), number]
    return [(first, last, first in near) for first, last in zip(starts, ends, strict=True)]


def _fitting(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    """Return the lines that there is room for, cut where they are too wide, and the room that is left."""
    shown: list[str] = []
    for line in lines:
        text = cut(line, WIDEST)
        room -= len(text) + LINE_ROOM
        if room < 0:
            return shown, 0
        shown.append(text)
    return shown, room
