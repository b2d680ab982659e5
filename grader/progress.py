"""How far a class has been graded: a bar on a terminal, elsewhere (in CI, in a file) a line every so often."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

SECONDS = 10.0
"""How long it is from one line to the next."""
Advance = Callable[[], None]
"""Tells that one more is done."""


@contextmanager
def bar(total: int) -> Iterator[Advance]:
    """Show a bar on the terminal that standard error is, with rate and time left."""
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("grading", total=total)

        def advance() -> None:
            shown.advance(task)

        yield advance


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} a second" if task.speed else "", style="dim")


@contextmanager
def lines(total: int, out: TextIO, now: Callable[[], float] = time.monotonic) -> Iterator[Advance]:
    """Print a line every so often, with rate and time left."""
    began = now()
    done, told = 0, began

    def advance() -> None:
        nonlocal done, told
        done += 1
        if now() - told >= SECONDS:
            told = now()
            rate = done / (told - began)
            print(
                f"{done} of {total} done, {rate:.1f} a second, {_time((total - done) / rate)} left",
                file=out,
                flush=True,
            )

    yield advance


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
