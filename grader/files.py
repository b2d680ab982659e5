"""Files of strangers: found and read without harm, and named in a way that can be shown.

Links are followed only inside the folder that was handed in; sizes and numbers are limited.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST_FILE = 2**20
"""The largest file of a submission, in bytes."""
LARGEST_NOTEBOOK = 32 * 2**20
"""The same of a notebook, which has its pictures in it."""
MOST_ENTRIES = 10_000
"""How many files and folders of a submission are looked at."""
CODE = (".py", ".ipynb")
"""How the names of files with code end."""
SKIPPED = frozenset({"venv", "env", "site-packages", "node_modules", "__pycache__"})
"""Folders that hold no student's code; those whose names begin with a dot are skipped too."""


class UnreadableError(Exception):
    """A file or folder cannot be used; the text says why."""


def walk(root: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the files below a folder that end so, in order, not following links."""
    seen = 0
    for folder, folders, files in os.walk(root, onerror=_cannot_be_read):
        folders[:] = sorted(name for name in folders if is_looked_at(name))
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            raise UnreadableError(f"its folder holds more than {MOST_ENTRIES} files and folders")
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(tuple(suffixes)))


def _cannot_be_read(error: OSError) -> None:
    raise UnreadableError(f"its folder cannot be read: {error.strerror}")


def is_looked_at(name: str) -> bool:
    """Tell whether a folder of this name may hold a student's code."""
    return not name.startswith(".") and name not in SKIPPED


def read(path: Path, root: Path) -> bytes:
    """Read a file of a submission; refuse what is not a text of reasonable size inside the folder."""
    name = relative(path, root)
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            raise UnreadableError(f"{name} is a link out of the folder, which is not followed")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(f"{name} is not a file")
        largest = LARGEST_NOTEBOOK if path.suffix == ".ipynb" else LARGEST_FILE
        if status.st_size > largest:
            size = f"{status.st_size / 2**20:.1f} MiB"
            raise UnreadableError(f"{name} has {size}; a file may have {largest // 2**20} MiB")
        data = path.read_bytes()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise UnreadableError(f"{name} cannot be read: {getattr(error, 'strerror', 'a link to itself')}") from error
    if b"\0" in data:
        raise UnreadableError(f"{name} is not a text file")
    return data


def relative(path: Path, root: Path) -> str:
    """Return a path inside a folder as text."""
    return text(path.relative_to(root).as_posix())


def text(name: str) -> str:
    """Return a file's name as text that can be written as UTF-8, on one line."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(path: Path) -> str:
    """Return a path as text."""
    return text(str(path))
