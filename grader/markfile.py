"""Where results and the marks for them lie: `results.jsonl`, and beside it `results.marks.jsonl`.

No file is written in place: a whole new one takes its name. A mark is added as a line at the end of what the file
holds at that moment, and nothing is taken out of it: of several marks for one answer the last holds, and those for
answers that are not there any more wait for them to come back.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.content import Mark
from grader.errors import UsageError
from grader.marks import Given, Marks, apply
from grader.model import Result
from grader.report.json import first_mistake, parse, render

RESULTS = "results.jsonl"
"""What the results are called in a folder of them."""
Read = TypeVar("Read")


def results_in(path: Path) -> Path:
    """Return the file of results that a path names: itself, or the one in a folder.

    Raises:
        UsageError: there is none.
    """
    if path.is_dir() and not (path / RESULTS).is_file():
        raise UsageError(f"{path}: no {RESULTS} in this folder")
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder (grader grade ... --jsonl FILE writes one)")
    return path / RESULTS if path.is_dir() else path


def marks_of(results: Path) -> Path:
    """Return where the marks for a file of results are kept."""
    return results.with_suffix(".marks.jsonl")


def read(results: Path) -> list[Result]:
    """Return the results of a file, in its order.

    Raises:
        UsageError: it cannot be read, or a line of it is no result.
    """
    found = _each(results, parse)
    if not found:
        raise UsageError(f"{results}: no results in this file")
    return found


def beside(results: Path) -> Marks:
    """Return the marks that lie beside a file of results, which need not be there (yet).

    Raises:
        UsageError: they cannot be read, or a line of them is no mark.
    """
    path = marks_of(results)
    return Marks.of(_each(path, parse_mark)) if path.exists() else Marks()


def add(results: Path, marks: Iterable[Given]) -> None:
    """Keep marks with those that there are."""
    path = marks_of(results)
    there = path.read_bytes() if path.exists() else b""
    ended = there if there.endswith(b"\n") or not there else there + b"\n"
    _replace(path, ended + "".join(f"{render_mark(one)}\n" for one in marks).encode())


def update(results: Path) -> None:
    """Give the results the marks that lie beside them. Results without news keep their lines as they are."""
    marks = beside(results)

    def updated(line: str) -> str:
        before = parse(line)
        after = apply(before, marks)
        return line if after == before else render(after)

    before = results.read_bytes()
    after = "".join(f"{line}\n" for line in _each(results, updated)).encode()
    if after != before:
        _replace(results, after)


def _each(path: Path, read_line: Callable[[str], Read]) -> list[Read]:
    """Read each line of a file that is not empty; a mistake is told with its line."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', 'this is no UTF-8 text')}") from error
    found = []
    for number, line in enumerate(text.split("\n"), start=1):  # JSON may hold what else ends lines
        try:
            found += [read_line(line)] if line.strip() else []
        except ValueError as error:
            raise UsageError(f"{path}:{number}: {error}") from error
    return found


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that after a crash it is there whole, the new one or the one before."""
    path = path.resolve()  # a link stays one
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, new)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


class _Line(BaseModel):
    """A mark as it is kept."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    assignment: str
    submission: str
    item: str
    sha256: str
    score: float = Field(ge=0)
    comment: str
    lines: tuple[float, ...] = ()
    worth: tuple[float, ...]


def parse_mark(line: str) -> Given:
    """Return the mark that a line of JSON holds.

    Raises:
        ValueError: it holds none; the text says on one line what is wrong with it.
    """
    try:
        read = _Line.model_validate_json(line)
    except ValidationError as error:
        raise ValueError(f"this is no mark: {first_mistake(error)}") from None
    mark = Mark(read.score, read.comment, read.sha256, read.lines)
    return Given(read.assignment, read.submission, read.item, read.worth, mark)


def render_mark(given: Given) -> str:
    """Return a mark as a line of JSON, without the line's end."""
    whose = {"assignment": given.assignment, "submission": given.submission, "item": given.item}
    return json.dumps({**whose, **asdict(given.mark), "worth": given.worth}, ensure_ascii=False, allow_nan=False)
