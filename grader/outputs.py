"""What stands in a folder of results besides the store: made anew from it, whole files in place of earlier ones."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from grader.classroom import Classroom
from grader.errors import UsageError
from grader.files import filename
from grader.report import csv, json, page, summary

RESULTS = "results.jsonl"
GRADEBOOK = "gradebook.csv"
SUMMARY = "summary.html"
FEEDBACK = "feedback"
"""A folder with a page a student."""


def write(classroom: Classroom, folder: Path) -> None:
    """Write all of it.

    Raises:
        UsageError: a file cannot be written.
    """
    replace(folder / RESULTS, (f"{json.render(result)}\n" for result in classroom.results))
    replace(folder / GRADEBOOK, csv.render(classroom))
    write_pages(classroom, folder)


def write_pages(classroom: Classroom, folder: Path) -> None:
    """Write the page of each student, and that of the class, which links to them."""
    pages = folder / FEEDBACK
    for result in classroom.results:
        replace(pages / f"{filename(result.id)}.html", [page.render(result, classroom)])
    replace(folder / SUMMARY, [summary.render(classroom)])


def replace(path: Path, chunks: Iterable[str]) -> None:
    """Write a file, which takes its name when it is whole; its folder is made where there is none."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(chunks)
        new.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):  # it has its name, or there is no folder
            new.unlink()
