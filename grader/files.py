"""Files of strangers: found and read without harm, and named in a way that can be shown.

Links are followed only inside the folder that was handed in; sizes and numbers are limited.
"""

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from grader.errors import FaultError

LARGEST_FILE = 2**20
"""The largest file of a submission, in bytes."""
LARGEST_NOTEBOOK = 32 * 2**20
"""The same of a notebook, which has its pictures in it."""
MOST_ENTRIES = 10_000
"""How many files and folders of a submission are looked at."""
CODE = (".py", ".ipynb")
"""How the names of files with code end."""
SKIPPED = frozenset({"venv", "env", "site-packages", "node_modules", "__pycache__", "__MACOSX"})
"""Folders that hold no student's code; those whose names begin with a dot are skipped too."""
LONGEST_NAME = 200
"""The longest that `filename` makes a name, in bytes: with a suffix it is a file's name on any system."""
_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE})
"""Why something cannot be read that is no student's doing: whose files they are, the machine, its disks."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
"""What names a device under Windows, whatever its suffix."""


class UnreadableError(Exception):
    """A file or folder cannot be used; the text says why."""


def walk(root: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the files below a folder that end so, in order, not following links.

    Raises:
        UnreadableError: there are too many, or a folder cannot be read.
        FaultError: that is no student's doing.
    """
    seen, left = 0, [root]  # folders may be deeper than Python may call itself
    while left:
        folders, files = _entries(left.pop())
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            raise UnreadableError(f"its folder holds more than {MOST_ENTRIES} files and folders")
        left += reversed([path for path in folders if is_looked_at(path.name) and not path.is_symlink()])
        yield from (path for path in files if path.name.endswith(tuple(suffixes)))


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files in a folder, in order."""
    try:
        folders: list[Path] = []
        files: list[Path] = []
        for path in sorted(folder.iterdir()):
            (folders if path.is_dir() else files).append(path)
    except OSError as error:
        raise _cannot_be_read("its folder", error) from error
    return folders, files


def _cannot_be_read(what: str, error: OSError) -> Exception:
    if error.errno in _OURS:
        return FaultError(f"{what} cannot be read here: {error.strerror}: see whose it is, and who grades")
    return UnreadableError(f"{what} cannot be read: {error.strerror}")


def is_looked_at(name: str) -> bool:
    """Tell whether a folder of this name may hold a student's code."""
    return not name.startswith(".") and name not in SKIPPED


def read(path: Path, root: Path) -> bytes:
    """Read a file of a submission; refuse what is not a text of reasonable size inside the folder.

    Raises:
        UnreadableError: that is so, or it cannot be read.
        FaultError: that is no student's doing.
    """
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
    except OSError as error:
        raise _cannot_be_read(name, error) from error
    except RuntimeError as error:
        raise UnreadableError(f"{name} cannot be read: a link to itself") from error
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


def filename(name: str) -> str:
    """Return a file's name, without a suffix, that is safe on every system and stands for this name alone."""
    composed = unicodedata.is_normalized("NFC", name)  # else a Mac would take it for one that is
    parts = [char if _is_safe(char, composed=composed) else _escaped(char) for char in name]
    for end in (0, -1) if name else ():
        parts[end] = _escaped(name[end]) if parts[end] in {".", " "} else parts[end]
    if _RESERVED.match(name):
        parts[0] = _escaped(name[0])
    safe = "".join(parts) or "%"
    if len(safe.encode()) <= LONGEST_NAME:
        return safe
    return f"{safe[:30]}~{sha256(name.encode(errors='surrogatepass')).hexdigest()}"  # no other name has a ~


def _is_safe(char: str, *, composed: bool) -> bool:
    return char in " -_." or (char.isalnum() and (composed or char.isascii()))


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode(errors="surrogatepass"))
