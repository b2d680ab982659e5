"""Files of results: one line of JSON each, in a file that takes its name when it is whole; and executed notebooks."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from grader.errors import UsageError
from grader.files import filename
from grader.model import Result

PART = ".part"
"""How a file of results ends its name until it is whole."""
EXECUTED = "executed"
"""The folder with the copies of notebooks that were executed."""


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


def keep_executed(folder: Path, result: Result) -> None:
    """Keep the executed copy of a notebook, if there is one, in place of the student's earlier one."""
    if result.executed and not result.fault:
        path = folder / EXECUTED / f"{filename(result.id)}.ipynb"
        path.parent.mkdir(exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            new.write_bytes(result.executed)
            new.replace(path)
