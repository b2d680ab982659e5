"""Where a class is in what an instructor names: so many folders too high, or packed in an archive of its own.

A folder or an archive is gone into where it is all there is, and what is in it is clearly a class: a platform's
download, or several that may be students'. A single student's folder or archive looks otherwise, and is left to be one.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from grader.archives import DEEPEST, METADATA, OPENED, is_one, stem
from grader.files import UnreadableError, is_looked_at, walk
from grader.found import Files, endings, folders, is_submission

MOODLE_FOLDER = re.compile(r"(?s)(?P<name>.+_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?")
CANVAS = re.compile(r"(?s)(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_\d+_(?P<rest>.+)")
_GRADESCOPE = re.compile(r"submission_\d+")


def unwrapped(folder: Path, wanted: Files, apart: Path | None = None) -> Path:
    """Return the folder in which a class is, where that is the only one in another, or else the folder itself."""
    here = folder
    for _ in range(DEEPEST):
        if is_class(here, wanted, apart):
            return here
        inner = folders(here, apart)
        loose = is_submission(here, wanted) or any(stands_alone(path, wanted) for path in here.iterdir())
        if loose or len(inner) != 1 or inner[0].is_symlink():
            break
        (here,) = inner
    return folder


def packed(folder: Path, apart: Path | None = None) -> Path | None:
    """Return the archive that is all there is in a folder."""
    there = [path for path in folder.iterdir() if is_looked_at(path.name) and (not apart or path.resolve() != apart)]
    if len(there) != 1 or CANVAS.fullmatch(there[0].name) or there[0].is_symlink() or not there[0].is_file():
        return None
    return there[0] if there[0].name.lower().endswith(OPENED) else None


def is_class(folder: Path, wanted: Files, apart: Path | None = None) -> bool:
    """Tell whether a folder is a platform's, or has several folders in it, or files, of those who have handed in."""
    if is_submission(folder, wanted):
        return False
    inner = folders(folder, apart)
    holding = islice((path for path in inner if _holds(path, wanted)), 2)
    alone = {stem(path.name) for path in folder.iterdir() if stands_alone(path, wanted)}
    return _is_platforms(folder, inner) or len(alone) > 1 or len(list(holding)) > 1


def stands_alone(path: Path, wanted: Files) -> bool:
    """Tell whether a file may be all that a student handed in."""
    if path.name.startswith(".") or is_the_courses(path) or path.is_dir():
        return False
    return path.suffix in endings(wanted) or is_one(path.name)


def is_the_courses(path: Path) -> bool:
    """Tell whether a file says what each of an assignment's samples must get, among which it lies."""
    return path.name == "expected.yaml" and path.parent.name == "samples"


def is_export(folder: Path, inner: Sequence[Path]) -> bool:
    """Tell whether a folder with these in it is what Gradescope exports."""
    named = [path for path in inner if _GRADESCOPE.fullmatch(path.name)]
    return bool(named) and ((folder / METADATA).is_file() or any((path / METADATA).is_file() for path in named))


def _is_platforms(folder: Path, inner: Sequence[Path]) -> bool:
    return any(MOODLE_FOLDER.fullmatch(path.name) for path in inner) or is_export(folder, inner) or (
        not inner and any(CANVAS.fullmatch(path.name) for path in folder.iterdir())
    )  # fmt: skip


def _holds(folder: Path, wanted: Files) -> bool:
    """Tell whether something that is wanted, or an archive, is anywhere in a folder."""
    names = {name for one in wanted.values() for name in one.names}
    with suppress(UnreadableError):
        return any(path.name in names or is_one(path.name) for path in walk(folder, ("",)))
    return False
