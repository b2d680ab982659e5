"""Find what students handed in, and read it without running or parsing it.

Of a submission's folder the graded file is read, and those other modules that it or they mention by name, and the sheet
of answers: the rest of the folder (data, notes, a virtual environment) is never opened. Links are followed only inside
the folder.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePath

from grader import spec
from grader.answers.sheet import SUFFIXES
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
class Handed:
    """A file that is to be handed in, with what it needs, or why it cannot be used."""

    main: str = ""
    """Its path inside the submission."""
    files: dict[str, bytes] = field(default_factory=dict)
    """By their paths inside the submission; the file itself comes first."""
    problem: str | None = None
    """Why it cannot be read."""
    absent: bool = False
    """Whether it was not handed in at all."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student handed in."""

    id: str
    code: Handed = Handed()
    sheet: Handed = Handed()
    """The answers; like the code it is empty where the assignment wants none."""

    @property
    def files(self) -> dict[str, bytes]:
        """All files by their paths inside the submission."""
        return {**self.code.files, **self.sheet.files}

    @property
    def sha256(self) -> str:
        """The hash of all the files with their names."""
        digest = sha256()
        for name, data in sorted(self.files.items()):
            digest.update(f"{len(name)} {name} {len(data)} ".encode() + data)
        return digest.hexdigest()


class _UnreadableError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that an assignment wants: code, or a sheet, whose name may end in another way."""

    name: str
    suffixes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """All names that it may have, the assignment's first."""
        return list(dict.fromkeys([self.name, *map(self.ending, self.suffixes)]))

    def ending(self, suffix: str) -> str:
        """Return its name with another suffix."""
        return PurePath(self.name).stem + suffix

    def there(self, folder: Path) -> list[Path]:
        """Return the files of these names that lie in a folder."""
        return [folder / name for name in self.names if os.path.lexists(folder / name)]


_All = Mapping[str, _Wanted]
"""What an assignment wants: `code`, a `sheet`, or both."""


def _all(wanted: spec.Submission) -> _All:
    code = {"code": _Wanted(wanted.file, (".py",))} if wanted.file else {}
    return {**code, **({"sheet": _Wanted(wanted.answers, SUFFIXES)} if wanted.answers else {})}


def _names(wanted: _All) -> str:
    return " or ".join(one.name for one in wanted.values())


def _suffixes(wanted: _All) -> list[str]:
    return [suffix for one in wanted.values() for suffix in one.suffixes]


def _is_submission(folder: Path, wanted: _All) -> bool:
    return any(one.there(folder) for one in wanted.values())


def collect(paths: Sequence[Path], wanted: spec.Submission) -> list[Submission]:
    """Return the submissions that the paths name: a file, a submission's folder, or a folder of such folders.

    Raises:
        UsageError: a path is not there or holds no submission, or two submissions have the same id.
    """
    found: list[Submission] = []
    for path in paths:
        try:
            found += _collect(path, _all(wanted))
        except OSError as error:
            raise UsageError(f"{_shown(path)}: {error.strerror}") from error
    ids = [submission.id for submission in found]
    for double in [name for name in ids if ids.count(name) > 1][:1]:
        raise UsageError(f"two submissions are called {double!r}: grade them in two calls, or rename a folder")
    return found


def here(wanted: spec.Submission) -> Path:
    """Return the first file of what is wanted that lies in the current folder, or where one should."""
    each = _all(wanted).values()
    return next((path for one in each for path in one.there(Path())), Path(next(iter(each)).name))


def _collect(path: Path, wanted: _All) -> Iterator[Submission]:
    if path.is_dir():
        yield from _from_folder(path, wanted)
    elif not path.exists():
        raise UsageError(f"{_shown(path)}: no such file or folder")
    elif path.suffix not in _suffixes(wanted):
        kinds = ", ".join(_suffixes(wanted))
        raise UsageError(f"{_shown(path)}: a submission is a {kinds} file or a folder with {_names(wanted)}")
    elif any(path.name in one.names for one in wanted.values()):
        yield _submission(_text(path.resolve().parent.name), path.parent, wanted)
    else:
        yield _alone(path, wanted)


def _alone(path: Path, wanted: _All) -> Submission:
    """Return the submission that a file of another name is."""
    return Submission(_text(path.stem), **{
        key: _handed(path.parent, path, one.ending(path.suffix)) if path.suffix in one.suffixes else _absent(one)
        for key, one in wanted.items()
    })  # fmt: skip


def _absent(wanted: _Wanted, others: str = "") -> Handed:
    hint = f" (but {others})" if others else ""
    return Handed(wanted.name, problem=f"no {wanted.name} was handed in{hint}", absent=True)


def _from_folder(folder: Path, wanted: _All) -> Iterator[Submission]:
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and _is_looked_at(path.name))
    if _is_submission(folder, wanted):
        others = sum(_is_submission(path, wanted) for path in inner)
        if others > 1:
            here = f"{_shown(folder)}: a {_names(wanted)} here"
            raise UsageError(f"{here}, and {others} in folders of it: which are meant?")
        yield _submission(_text(folder.resolve().name), folder, wanted)
        return
    if not inner:
        found = sorted(path.name for path in folder.iterdir() if path.suffix in _suffixes(wanted))
        hint = f" (but {_text(', '.join(found[:3]))})" if found else ""
        raise UsageError(f"{_shown(folder)}: no {_names(wanted)} here, and no folders with one{hint}")
    for path in inner:
        yield _linked(path, wanted) if path.is_symlink() else _submission(_text(path.name), path, wanted)


def _linked(path: Path, wanted: _All) -> Submission:
    problem = "the folder is a link, which is not followed"
    return Submission(_text(path.name), **{key: Handed(one.name, problem=problem) for key, one in wanted.items()})


def _submission(name: str, folder: Path, wanted: _All) -> Submission:
    return Submission(name, **{key: _find(folder, one) for key, one in wanted.items()})


def _find(folder: Path, wanted: _Wanted) -> Handed:
    """Return what is wanted from a submission's folder, wherever in it that is."""
    mains = wanted.there(folder)
    others: list[Path] = []
    try:
        if not mains:
            others = list(_walk(folder, wanted.suffixes))
            mains = [path for path in others if path.name in wanted.names]
    except _UnreadableError as error:
        return Handed(wanted.name, problem=str(error))
    if not mains:
        return _absent(wanted, ", ".join(sorted(_relative(path, folder) for path in others)[:3]))
    if len(mains) == 1:
        return _handed(folder, mains[0])
    places = ", ".join(sorted(_relative(path, folder) for path in mains)[:3])
    named = f"named {wanted.name}" if len(wanted.names) == 1 else "that may be meant"
    return Handed(wanted.name, problem=f"there are {len(mains)} files {named}: {places}")


def _handed(root: Path, main: Path, alone: str = "") -> Handed:
    """Read a file and the modules that it needs, or where it stands alone under another name, only it."""
    label = alone or _relative(main, root)
    try:
        files = {label: _read(main, root)}
        if not alone and main.suffix == ".py":
            files |= _mentioned(files[label], root, main)
    except _UnreadableError as error:
        return Handed(label, problem=str(error))
    return Handed(label, files)


def _mentioned(source: bytes, root: Path, main: Path) -> dict[str, bytes]:
    """Read the modules beside the graded file whose names are words in it, or in one so read."""
    candidates = {path: _module_names(path, root) for path in _walk(root, (".py",)) if path != main}
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


def _walk(root: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the files below a folder that end so, in order, not following links."""
    seen = 0
    for folder, folders, files in os.walk(root, onerror=_cannot_be_read):
        folders[:] = sorted(name for name in folders if _is_looked_at(name))
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            raise _UnreadableError(f"its folder holds more than {MOST_ENTRIES} files and folders")
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(tuple(suffixes)))


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
