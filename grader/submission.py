"""Find what students handed in, and read it without running or parsing it.

Of a submission's folder the graded file is read, and those other modules that it or they mention by name: the rest
of the folder (data, notes, a virtual environment) is never opened. Links are followed only inside the folder.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from grader.errors import UsageError

LARGEST_FILE = 2**20
"""The largest file of a submission, in bytes."""
LARGEST_ALL = 8 * 2**20
"""The largest that all files of a submission together may be, in bytes."""
MOST_ENTRIES = 10_000
"""How many files and folders of a submission are looked at."""
SKIPPED = frozenset({"venv", "env", "site-packages", "node_modules", "__pycache__"})
"""Folders that hold no student's code; those whose names begin with a dot are skipped too."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's files, or why they cannot be used."""

    id: str
    main: str
    """The path of the graded file inside the submission."""
    files: dict[str, bytes] = field(default_factory=dict)
    """By their paths inside the submission; the graded file comes first."""
    problem: str | None = None
    """Why it cannot be read."""
    absent: bool = False
    """Whether the graded file was not handed in at all."""

    @property
    def sha256(self) -> str:
        """The hash of all the files with their names."""
        digest = sha256()
        for name, data in sorted(self.files.items()):
            digest.update(f"{len(name)} {name} {len(data)} ".encode() + data)
        return digest.hexdigest()


class _UnreadableError(Exception):
    pass


def collect(paths: Sequence[Path], filename: str) -> list[Submission]:
    """Return the submissions that the paths name: a file, a submission's folder, or a folder of such folders.

    Raises:
        UsageError: a path is not there or holds no submission, or two submissions have the same id.
    """
    found: list[Submission] = []
    for path in paths:
        try:
            found += _collect(path, filename)
        except OSError as error:
            raise UsageError(f"{_shown(path)}: {error.strerror}") from error
    ids = [submission.id for submission in found]
    for double in [name for name in ids if ids.count(name) > 1][:1]:
        raise UsageError(f"two submissions are called {double!r}: grade them in two calls, or rename a folder")
    return found


def _collect(path: Path, filename: str) -> Iterator[Submission]:
    if path.is_dir():
        yield from _from_folder(path, filename)
    elif not path.exists():
        raise UsageError(f"{_shown(path)}: no such file or folder")
    elif path.suffix != ".py":
        raise UsageError(f"{_shown(path)}: a submission is a .py file or a folder with {filename}")
    else:
        alone = path.name != filename
        name = path.stem if alone else path.resolve().parent.name
        yield _submission(_text(name), path.parent, path, filename, alone=alone)


def _from_folder(folder: Path, filename: str) -> Iterator[Submission]:
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and _is_looked_at(path.name))
    if os.path.lexists(folder / filename):
        others = sum(os.path.lexists(path / filename) for path in inner)
        if others > 1:
            raise UsageError(f"{_shown(folder)}: a {filename} here, and {others} in folders of it: which are meant?")
        yield _submission(_text(folder.resolve().name), folder, folder / filename, filename)
        return
    if not inner:
        found = ", ".join([_text(path.name) for path in sorted(folder.glob("*.py"))][:3])
        hint = f" (but {found})" if found else ""
        raise UsageError(f"{_shown(folder)}: no {filename} here, and no folders with one{hint}")
    for path in inner:
        yield _find_main(path, filename)


def _find_main(folder: Path, filename: str) -> Submission:
    """Return the submission in one folder of a class, wherever in it the graded file is."""
    name = _text(folder.name)
    if folder.is_symlink():
        return Submission(name, filename, problem="the folder is a link, which is not followed")
    if os.path.lexists(folder / filename):
        return _submission(name, folder, folder / filename, filename)
    try:
        modules = list(_modules(folder))
    except _UnreadableError as error:
        return Submission(name, filename, problem=str(error))
    mains = [path for path in modules if path.name == filename]
    if len(mains) == 1:
        return _submission(name, folder, mains[0], filename)
    if mains:
        places = ", ".join(sorted(_relative(path, folder) for path in mains)[:3])
        return Submission(name, filename, problem=f"there are {len(mains)} files named {filename}: {places}")
    others = ", ".join(sorted(_relative(path, folder) for path in modules)[:3])
    problem = f"no {filename} was handed in" + (f" (but {others})" if others else "")
    return Submission(name, filename, problem=problem, absent=True)


def _submission(name: str, root: Path, main: Path, filename: str, *, alone: bool = False) -> Submission:
    label = filename if alone else _relative(main, root)
    try:
        files = {label: _read(main, root)}
        if not alone:
            files |= _mentioned(files[label], root, main)
    except _UnreadableError as error:
        return Submission(name, label, problem=str(error))
    return Submission(name, label, files)


def _mentioned(source: bytes, root: Path, main: Path) -> dict[str, bytes]:
    """Read the modules beside the graded file whose names are words in it, or in one so read."""
    candidates = {path: _module_names(path, root) for path in _modules(root) if path != main}
    files: dict[str, bytes] = {}
    queue = [source]
    while queue:
        words = set(re.findall(rb"\w+", queue.pop()))
        for path in [path for path, names in candidates.items() if words & names]:
            del candidates[path]
            with contextlib.suppress(_UnreadableError):  # what is not there, if it is imported at all
                files[_relative(path, root)] = data = _read(path, root)
                queue.append(data)
    if sum(map(len, files.values())) > LARGEST_ALL:
        raise _UnreadableError(f"its modules have more than {LARGEST_ALL // 2**20} MiB")
    return files


def _module_names(path: Path, root: Path) -> set[bytes]:
    """Return the words by which other code may import a file: its stem, or its folder's name for `__init__.py`."""
    stem = path.stem if path.stem != "__init__" or path.parent == root else path.parent.name
    return {os.fsencode(stem)}


def _modules(root: Path) -> Iterator[Path]:
    """Yield the Python files below a folder, in order, not following links."""
    seen = 0
    for folder, folders, files in os.walk(root, onerror=_cannot_be_read):
        folders[:] = sorted(name for name in folders if _is_looked_at(name))
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            raise _UnreadableError(f"its folder holds more than {MOST_ENTRIES} files and folders")
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _cannot_be_read(error: OSError) -> None:
    raise _UnreadableError(f"its folder cannot be read: {error.strerror}")


def _is_looked_at(name: str) -> bool:
    return not name.startswith(".") and name not in SKIPPED


def _read(path: Path, root: Path) -> bytes:
    """Read a file of a submission; refuse what is not a text of reasonable size inside the folder."""
    name = _relative(path, root)
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            raise _UnreadableError(f"{name} is a link out of the folder, which is not followed")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _UnreadableError(f"{name} is not a file")
        if status.st_size > LARGEST_FILE:
            size = f"{status.st_size / 2**20:.1f} MiB"
            raise _UnreadableError(f"{name} has {size}; a file may have {LARGEST_FILE // 2**20} MiB")
        data = path.read_bytes()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise _UnreadableError(f"{name} cannot be read: {getattr(error, 'strerror', 'a link to itself')}") from error
    if b"\0" in data:
        raise _UnreadableError(f"{name} is not a text file")
    return data


def _relative(path: Path, root: Path) -> str:
    return _text(path.relative_to(root).as_posix())


def _text(name: str) -> str:
    """Return a file's name as text that can be written as UTF-8, on one line."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _shown(path: Path) -> str:
    return _text(str(path))
