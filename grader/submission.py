"""Find what students handed in, and read it without running or parsing it.

Of a submission's folder the graded file is read, and those other modules that it or they mention by name, and the sheet
of answers: the rest of the folder (data, notes, a virtual environment) is never opened. Links are followed only inside
the folder.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePath
from typing import NamedTuple

from grader.answers.sheet import SUFFIXES
from grader.errors import UsageError
from grader.files import CODE, UnreadableError, is_looked_at, read, relative, shown, text, walk
from grader.handin import Submission as Wanted

LARGEST_ALL = 8 * 2**20
"""The largest that all files of a submission together may be, in bytes."""


class Cell(NamedTuple):
    """A cell of a notebook with code that is to be run: its name, such as `cell [3]`, and the code."""

    name: str
    source: bytes


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that is to be handed in, with what it needs, or why it cannot be used."""

    main: str = ""
    """Its path inside the submission."""
    files: dict[str, bytes] = field(default_factory=dict)
    """By their paths inside the submission; the file itself comes first."""
    cells: tuple[Cell, ...] = ()
    """Of a notebook that has been read."""
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
        """Return the files of these names that lie in a folder, spelt so on any system."""
        with contextlib.suppress(OSError):
            return [path for path in folder.iterdir() if path.name in self.names]
        return []


_All = Mapping[str, _Wanted]
"""What an assignment wants: `code`, a `sheet`, or both."""


def _all(wanted: Wanted) -> _All:
    code = {"code": _Wanted(wanted.code, (PurePath(wanted.code).suffix,))} if wanted.code else {}
    return {**code, **({"sheet": _Wanted(wanted.sheet, SUFFIXES)} if wanted.sheet else {})}


def _names(wanted: _All) -> str:
    return " or ".join(one.name for one in wanted.values())


def _suffixes(wanted: _All) -> list[str]:
    return [suffix for one in wanted.values() for suffix in one.suffixes]


def _is_submission(folder: Path, wanted: _All) -> bool:
    return any(one.there(folder) for one in wanted.values())


def collect(paths: Sequence[Path], wanted: Wanted) -> list[Submission]:
    """Return the submissions that the paths name: a file, a submission's folder, or a folder of such folders.

    Raises:
        UsageError: a path is not there or holds no submission, or two submissions have the same id.
    """
    found: list[Submission] = []
    for path in paths:
        try:
            found += _collect(path, _all(wanted))
        except OSError as error:
            raise UsageError(f"{shown(path)}: {error.strerror}") from error
    ids = [submission.id for submission in found]
    for double in [name for name in ids if ids.count(name) > 1][:1]:
        raise UsageError(f"two submissions are called {double!r}: grade them in two calls, or rename a folder")
    return found


def here(wanted: Wanted, above: Path) -> Path:
    """Return the first file of what is wanted in the current folder or the assignment's, or where one should be."""
    each = _all(wanted).values()
    there = (path for folder in (Path(), above) for one in each for path in one.there(folder))
    return next(there, Path(next(iter(each)).name))


def _collect(path: Path, wanted: _All) -> Iterator[Submission]:
    if path.is_dir():
        yield from _from_folder(path, wanted)
    elif not path.exists():
        raise UsageError(f"{shown(path)}: no such file or folder")
    elif path.suffix not in _suffixes(wanted):
        kinds = ", ".join(_suffixes(wanted))
        raise UsageError(f"{shown(path)}: a submission is a {kinds} file or a folder with {_names(wanted)}")
    elif any(path.name in one.names for one in wanted.values()):
        yield _submission(text(path.resolve().parent.name), path.parent, wanted)
    else:
        yield _alone(path, wanted)


def _alone(path: Path, wanted: _All) -> Submission:
    """Return the submission that a file of another name is."""
    return Submission(text(path.stem), **{
        key: _handed(path.parent, path, one.ending(path.suffix)) if path.suffix in one.suffixes else _absent(one)
        for key, one in wanted.items()
    })  # fmt: skip


def _absent(wanted: _Wanted, others: str = "") -> Handed:
    hint = f" (but {others})" if others else ""
    return Handed(wanted.name, problem=f"no {wanted.name} was handed in{hint}", absent=True)


def _from_folder(folder: Path, wanted: _All) -> Iterator[Submission]:
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and is_looked_at(path.name))
    if _is_submission(folder, wanted):
        others = sum(_is_submission(path, wanted) for path in inner)
        if others > 1:
            here = f"{shown(folder)}: a {_names(wanted)} here"
            raise UsageError(f"{here}, and {others} in folders of it: which are meant?")
        yield _submission(text(folder.resolve().name), folder, wanted)
        return
    if not inner:
        found = sorted(path.name for path in folder.iterdir() if path.suffix in _suffixes(wanted))
        hint = f" (but {text(', '.join(found[:3]))})" if found else ""
        raise UsageError(f"{shown(folder)}: no {_names(wanted)} here, and no folders with one{hint}")
    for path in inner:
        yield _linked(path, wanted) if path.is_symlink() else _submission(text(path.name), path, wanted)


def _linked(path: Path, wanted: _All) -> Submission:
    problem = "the folder is a link, which is not followed"
    return Submission(text(path.name), **{key: Handed(one.name, problem=problem) for key, one in wanted.items()})


def _submission(name: str, folder: Path, wanted: _All) -> Submission:
    return Submission(name, **{key: _find(folder, one) for key, one in wanted.items()})


def _find(folder: Path, wanted: _Wanted) -> Handed:
    """Return what is wanted from a submission's folder, wherever in it that is."""
    mains = wanted.there(folder)
    others: list[Path] = []
    try:
        if not mains:
            others = list(walk(folder, CODE if wanted.suffixes[0] in CODE else wanted.suffixes))
            mains = [path for path in others if path.name in wanted.names]
    except UnreadableError as error:
        return Handed(wanted.name, problem=str(error))
    if not mains:
        return _absent(wanted, ", ".join(sorted(relative(path, folder) for path in others)[:3]))
    if len(mains) == 1:
        return _handed(folder, mains[0])
    places = ", ".join(sorted(relative(path, folder) for path in mains)[:3])
    named = f"named {wanted.name}" if len(wanted.names) == 1 else "that may be meant"
    return Handed(wanted.name, problem=f"there are {len(mains)} files {named}: {places}")


def _handed(root: Path, main: Path, alone: str = "") -> Handed:
    """Read a file and the modules that it needs, or where it stands alone under another name, only it."""
    label = alone or relative(main, root)
    try:
        files = {label: read(main, root)}
        if not alone and main.suffix in CODE:
            files |= _mentioned(files[label], root, main)
    except UnreadableError as error:
        return Handed(label, problem=str(error))
    return Handed(label, files)


def _mentioned(source: bytes, root: Path, main: Path) -> dict[str, bytes]:
    """Read the modules beside the graded file whose names are words in it, or in one so read."""
    candidates = {path: _module_names(path, root) for path in walk(root, (".py",)) if path != main}
    files: dict[str, bytes] = {}
    queue = [source]
    while queue and candidates:
        words = set(re.findall(rb"\w+", queue.pop()))
        for path in [path for path, names in candidates.items() if words & names]:
            del candidates[path]
            with contextlib.suppress(UnreadableError):  # what is not there, if it is imported at all
                files[relative(path, root)] = data = read(path, root)
                queue.append(data)
    if sum(map(len, files.values())) > LARGEST_ALL:
        raise UnreadableError(f"its modules have more than {LARGEST_ALL // 2**20} MiB")
    return files


def _module_names(path: Path, root: Path) -> set[bytes]:
    """Return the words by which other code may import a file: its stem, or its folder's name for `__init__.py`."""
    stem = path.stem if path.stem != "__init__" or path.parent == root else path.parent.name
    return {os.fsencode(stem)}
