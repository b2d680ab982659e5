"""Results seen in another way: for a person, a gradebook or another program, as a file, a folder or on standard output.

RESULTS ── a folder of `--out`: its store ──┐
        └─ a file of `--jsonl`: its lines ──┴─► classroom ─► report ─► --to, or standard output
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grader import actions, book, markfile, outputs
from grader.classroom import Classroom
from grader.errors import UsageError
from grader.files import filename
from grader.model import Result
from grader.report import canvas, csv, github, gradescope, json, junit, moodle, nbgrader, page, summary

RENDERED: dict[str, Callable[[Classroom], Iterable[str]]] = {
    "canvas": canvas.render, "csv": csv.render, "json": json.document, "junit": junit.render,
    "moodle": moodle.render, "nbgrader": nbgrader.render,
}  # fmt: skip
"""The formats of which there is one document for a class."""
FORMATS = sorted([*RENDERED, "github", "gradescope", "html"])


def run(path: Path, format_: str, to: Path | None) -> None:
    """Show results in a format.

    Raises:
        UsageError: they cannot be read, or the report cannot be written or takes more than standard output.
    """
    with opened(path) as classroom:
        match format_:
            case "html":
                _html(classroom, to)
            case "gradescope":
                _gradescope(classroom, to)
            case "github":
                _write(github.render(classroom) if to else [actions.write(classroom, os.environ)], to)
            case _:
                _write(RENDERED[format_](classroom), to)


@contextmanager
def opened(path: Path) -> Iterator[Classroom]:
    """Open results: the folder that they are kept in, or a file of them.

    Raises:
        UsageError: they cannot be read, or they are of several assignments.
    """
    if path.is_dir():
        with book.opened(path) as kept:
            yield kept.classroom()
    else:
        results = markfile.read(markfile.results_in(path))
        names = list(dict.fromkeys(result.assignment for result in results))
        if len(names) > 1:
            raise UsageError(f"{path}: results of several assignments ({', '.join(names[:3])}): report one at a time")
        yield Classroom(names[0], results)


def _html(classroom: Classroom, to: Path | None) -> None:
    """Write the pages of a class into a folder; where there is place for one page, that of the class or the student."""
    if to is not None and to.suffix != ".html":
        outputs.write_pages(classroom, to)
        return
    alone = _alone(classroom)
    _write([page.render(alone, classroom) if alone else summary.render(classroom)], to)


def _gradescope(classroom: Classroom, to: Path | None) -> None:
    alone = _alone(classroom)
    if alone and (to is None or to.suffix == ".json"):
        _write([gradescope.render_one(alone)], to)
    elif to is None:
        raise UsageError("gradescope takes a file for each submission: give --to a folder for them")
    else:
        for result in classroom.results:
            outputs.replace(to / f"{filename(result.id)}.json", [gradescope.render_one(result)])


def _alone(classroom: Classroom) -> Result | None:
    """Return the result if there is only one."""
    first = [result for _, result in zip(range(2), classroom.results, strict=False)]
    return first[0] if len(first) == 1 else None


def _write(chunks: Iterable[str], to: Path | None) -> None:
    if to is not None:
        outputs.replace(to, chunks)
        return
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    sys.stdout.writelines(chunks)
