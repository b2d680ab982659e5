"""Where results are kept: one line of JSON each, in files that take their names when they are whole.

A folder of results has them in `results.jsonl`, and beside it, in `executed/`, the notebooks that were executed. Marks
that were given by hand lie beside a file of results, and are in it again when that is written anew.
"""

import functools
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from grader import markfile
from grader.errors import UsageError
from grader.marks import Marks, apply
from grader.model import Result
from grader.report import json

PART = ".part"
"""How a file of results ends its name until it is whole."""
EXECUTED = "executed"
LONGEST_NAME = 240
"""In bytes."""


class Kept:
    """Where results are kept: the streams that they are written to, and the folder of what was executed."""

    def __init__(
        self, streams: Sequence[TextIO], names: Sequence[str], folder: Path | None, marks: Sequence[Marks]
    ) -> None:
        self._streams, self._names, self._folder, self._marks = streams, names, folder, marks

    def keep(self, graded: Result) -> Result:
        """Write a result, and return it with its marks, and without what would fill the memory in a large class."""
        result = functools.reduce(apply, self._marks, graded)
        for stream in self._streams:
            print(json.render(result), file=stream, flush=True)
        if self._folder and result.executed:
            self._folder.mkdir(exist_ok=True)
            (self._folder / f"{_short(result.id)}.ipynb").write_bytes(result.executed)
        return replace(result, executed=b"", items=tuple(replace(item, content=None) for item in result.items))

    def unfinished(self) -> str:
        """Return where what was written is when the rest is not."""
        return f"; their results are in {self._names[0]}{PART}" if self._names else ""


@contextmanager
def keeping(jsonl: str | None, out: Path | None) -> Iterator[Kept]:
    """Open where results are kept, with the marks that lie beside them."""
    names = [] if jsonl in {None, "-"} else [str(jsonl)]
    if out is not None:
        _made(out)
        names = list({Path(name).resolve(): name for name in [*names, str(out / markfile.RESULTS)]}.values())
    with ExitStack() as stack:
        streams = [stack.enter_context(writing(name)) for name in ([jsonl] if jsonl == "-" else []) + names]
        marks = [markfile.beside(Path(name)) for name in names]
        yield Kept(streams, names, stack.enter_context(_replacing(out / EXECUTED)) if out else None, marks)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from error


def _short(name: str) -> str:
    """Return a name that a file can have, with more after it."""
    return name if len(name.encode()) <= LONGEST_NAME else f"{name[:40]}-{sha256(name.encode()).hexdigest()}"


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Give a folder that takes its name, and the place of what has it, when all went well."""
    new = folder.with_name(folder.name + PART)
    shutil.rmtree(new, ignore_errors=True)
    yield new
    shutil.rmtree(folder, ignore_errors=True)
    if new.exists():
        new.replace(folder)


@contextmanager
def writing(name: str) -> Iterator[TextIO]:
    """Open the file of results. It takes its name when all is written, so a failed run replaces no earlier one."""
    if not name:
        raise UsageError("--jsonl needs the name of a file, or - for standard output")
    elif name == "-":
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
    else:
        path = Path(name)
        whole = path if path.exists() and not path.is_file() else path.with_name(path.name + PART)
        with _opened(whole, name) as file:
            yield file
        if whole != path:
            whole.replace(path)


def _opened(path: Path, name: str) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
