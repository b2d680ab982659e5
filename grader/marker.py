"""A person at a terminal, who marks one answer after another.

An answer is a few questions to that person: the points of each line of its rubric (or of all of it), then a comment.
At each of them the answer can also be skipped, the question before be asked again, or all be ended.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grader.content import Content, Mark
from grader.marks import Answer, Given, give, points, seen, worth
from grader.pictures import write_pictures
from grader.printable import plain

MOST_CHARACTERS, MOST_LINES = 6000, 60
"""How much of an answer is shown; if there is more, all of it is in a file."""
HELP = (
    "Enter gives all points; or type points (1.5), or a share (3/4). s skips an answer, b goes back, q ends, ? helps."
)
Move = Literal["skip", "back", "quit"]
MOVES: dict[str, Move] = {"s": "skip", "b": "back", "q": "quit"}


class Marker:
    """Shows answers, and passes each mark on as soon as it is given."""

    def __init__(self, console: Console, folder: Path, keep: Callable[[Given], None], *, names: bool) -> None:
        self.console, self.folder, self.keep, self.names = console, folder, keep, names
        self.given: dict[int, Mark] = {}
        """By the answers' places."""
        self.remember = _editing()

    def mark(self, answers: Sequence[Answer]) -> None:
        """Have the answers marked one after another, until the last, or until the person has had enough."""
        self._say(HELP, "dim")
        headings = self._headings(answers)
        at = 0
        while at < len(answers):
            self._show(answers[at], at, headings[at])
            match self._mark(answers[at]):
                case "quit":
                    return
                case "back":
                    at = max(at - 1, 0)
                case "skip":
                    at += 1
                case Given() as given:
                    self.keep(given)
                    self.given[at] = given.mark
                    self._say(f"→ {given.mark.score:.4g} of {answers[at].item.max_score:.4g}", "green")
                    at += 1

    def _headings(self, answers: Sequence[Answer]) -> list[str]:
        """Return where each answer stands among those to the same question."""
        totals, numbers, found = Counter(one.item.name for one in answers), Counter[str](), []
        for answer in answers:
            name = answer.item.name
            numbers[name] += 1
            who = f"{answer.result.id}, " if self.names else ""
            found.append(plain(f"{name}: {who}answer {numbers[name]} of {totals[name]}"))
        return found

    def _mark(self, answer: Answer) -> Given | Move:
        """Ask all questions about an answer."""
        lines = [" ".join(plain(line.text).split()) for line in answer.item.rubric] or ["points"]
        most = worth(answer.item)
        got: list[float] = []
        while True:
            if len(got) == len(lines):
                typed = self._ask("  comment: ")
            else:
                typed = self._ask(f"  {lines[len(got)]} [{most[len(got)]:g}]: ")
            if typed == "?":
                self._say(HELP, "dim")
            elif typed == "b" and got:
                got.pop()
            elif typed in MOVES:
                return MOVES[typed]
            elif len(got) == len(lines):
                self.remember(typed)
                return give(answer, got, typed)
            else:
                got += self._points(typed, most[len(got)])

    def _points(self, typed: str, most: float) -> list[float]:
        """Return what was typed as points, or none, having said why."""
        try:
            return [points(typed, most) if typed else most]
        except ValueError as error:
            self._say(f"  {error}", "red")
            return []

    def _ask(self, prompt: str) -> str:
        """Return what the person types on a line; where there is nothing more to read, they want to end."""
        try:
            return plain(input(prompt).strip())
        except EOFError:
            self._say("")
            return "q"

    def _say(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style))

    def _show(self, answer: Answer, at: int, heading: str) -> None:
        item = answer.item
        self._say(f"\n{heading}  ({item.max_score:.4g} {'point' if item.max_score == 1 else 'points'})", "bold")
        if item.prompt:
            self._say(plain(item.prompt).strip())
        self._show_content(answer.content, f"answer-{at + 1}")
        if at in self.given:
            self._say(f"You gave {_told(self.given[at])}", "yellow")
        elif item.mark:
            why = "the question's points" if item.mark.sha256 == seen(item) else "the answer"
            self._say(f"Marked {_told(item.mark)} before {why} changed", "yellow")

    def _show_content(self, content: Content, name: str) -> None:
        text = plain(content.text).strip("\n")
        shown = "\n".join(text[:MOST_CHARACTERS].split("\n")[:MOST_LINES])
        if shown:
            self.console.print(Padding(Text(shown), (0, 0, 1, 2)))
        files = [f"picture: {path.as_uri()}" for path in write_pictures(content, self.folder, name)]
        if shown != text:
            whole = self.folder / f"{name}.txt"
            whole.write_text(text, encoding="utf-8")
            files.append(f"… {len(text) - len(shown)} characters more; all of it: {whole.as_uri()}")
        for line in files:
            self.console.print(Text(line, "cyan"), soft_wrap=True)  # a link that is cut cannot be followed


def _told(mark: Mark) -> str:
    return f"{mark.score:.4g}{f' ({plain(mark.comment)})' if mark.comment else ''}"


def _editing() -> Callable[[str], object]:
    """Have arrow keys move in a line, and return what makes them bring back a line, where Python can."""
    try:
        import readline  # noqa: PLC0415  Windows has none, and needs none
    except ImportError:
        return lambda _: None
    readline.set_auto_history(False)  # of points nobody wants the earlier ones
    return readline.add_history
