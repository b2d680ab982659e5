"""Read what students handed in, without running or parsing it.

Each submission is read when it is its turn, in whatever thread, from the place where it was found. Of its folder the
graded file is read, and those other modules that it or they mention by name, and the sheet of answers: the rest of it
(data, notes, a virtual environment) is never opened. Links are followed only inside the folder. Where nothing that is
wanted is there but a single archive, that is looked into, and no archive in it.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from grader import archives
from grader.archives import OPENED
from grader.errors import UsageError
from grader.files import CODE, UnreadableError, read, relative, walk
from grader.found import File, Files, Place, files, find, kept, named
from grader.handin import Submission as Wanted

LARGEST_ALL = 8 * 2**20
"""The largest that all files of a submission together may be, in bytes."""


MOST_REFUSED = 3
"""How much of what was left out of a student's archive is told one by one."""
NOBODYS = frozenset({archives.METADATA, "Thumbs.db", "desktop.ini"})
"""Files that are there without having been handed in."""


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
    refused: tuple[str, ...] = ()
    """What was left out of the archive that it came in, a sentence each."""

    @property
    def files(self) -> dict[str, bytes]:
        """All files by their paths inside the submission."""
        return {**self.code.files, **self.sheet.files}

    @property
    def sha256(self) -> str:
        """The hash of all the files with their names, and of what keeps them and others from being used."""
        digest = sha256()
        for problem in filter(None, (self.code.problem, self.sheet.problem, *self.refused)):
            digest.update(f"{problem} ".encode())
        for name, data in sorted(self.files.items()):
            digest.update(f"{len(name)} {name} {len(data)} ".encode() + data)
        return digest.hexdigest()


def collect(paths: Sequence[Path], wanted: Wanted) -> list[Submission]:
    """Return the submissions that the paths name: a file, a submission's folder, or a folder of such folders.

    Raises:
        UsageError: a path is not there or holds no submission, or two submissions have the same id.
    """
    places = [place for path in paths for place in find(path, wanted)]
    all_different(place.id for place in places)
    return [read_place(place, wanted) for place in places]


def all_different(ids: Iterable[str]) -> None:
    """Refuse two submissions of one id.

    Raises:
        UsageError: there are two.
    """
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise UsageError(f"two submissions are called {name!r}: grade them in two calls, or rename a folder")
        seen.add(name)


def here(wanted: Wanted, above: Path) -> Path:
    """Return the first file of what is wanted in the current folder or the assignment's, or where one should be."""
    each = files(wanted).values()
    there = (path for folder in (Path(), above) for one in each for path in one.there(folder))
    return next(there, Path(next(iter(each)).name))


def read_place(place: Place, wanted: Wanted) -> Submission:
    """Read a submission; what keeps one of its files from being read is that file's problem."""
    each = files(wanted)
    if place.parts is not None:
        with TemporaryDirectory() as folder:
            refused = _laid_out(place, Path(folder), (*kept(each), *CODE))
            return _in_folder(replace(place, path=Path(folder), refused=refused), each)
    if place.linked:
        what = "the folder" if place.path.is_dir() else relative(place.path, place.path.parent)
        return _unread(place.id, each, f"{what} is a link, which is not followed")
    if place.path.is_dir():
        return _in_folder(place, each)
    return _in_archive(place, place.path.parent, each) if archives.is_one(place.path.name) else _alone(place, each)


def _laid_out(place: Place, folder: Path, suffixes: tuple[str, ...]) -> dict[Path, str]:
    """Copy files that end so into a folder under their own names, and others empty; return why more are empty there."""
    problems: dict[Path, str] = {}
    for name, path in (place.parts or {}).items():
        try:
            if not name.endswith(suffixes):
                (folder / name).touch()
                continue
            if path.is_symlink():
                raise UnreadableError(f"{relative(path, path.parent)} is a link, which is not followed")  # noqa: TRY301  as all that `_read` raises
            (folder / name).write_bytes(_read(path, path.parent, place.refused))
        except UnreadableError as error:
            (folder / name).touch()
            problems[folder / name] = str(error)
    return problems


def _unread(name: str, wanted: Files, problem: str) -> Submission:
    return _of(name, {key: Handed(one.name, problem=problem) for key, one in wanted.items()})


def _of(name: str, handed: Mapping[str, Handed]) -> Submission:
    return Submission(name, handed.get("code", Handed()), handed.get("sheet", Handed()))


def _alone(place: Place, wanted: Files) -> Submission:
    """Return the submission that a file of another name is."""
    path = place.path
    return _of(place.id, {
        key: _handed(path.parent, path, place.refused, one.ending(path.suffix))
        if path.suffix in one.suffixes else _absent(one)
        for key, one in wanted.items()
    })  # fmt: skip


def _in_folder(place: Place, wanted: Files, *, nested: bool = False) -> Submission:
    """Return what is wanted from a submission's folder, or from the only archive in it."""
    submission = _of(place.id, {key: _find(place, one, wanted) for key, one in wanted.items()})
    if nested or not _is_absent(submission, wanted):
        return submission
    packed = [path for path in walk(place.path, ("",)) if archives.is_one(path.name)]
    if len(packed) > 1:
        some = ", ".join(relative(path, place.path) for path in packed[:3])
        return _unread(place.id, wanted, f"no {named(wanted)} was handed in, but {len(packed)} archives: {some}")
    return _in_archive(replace(place, path=packed[0]), place.path, wanted) if packed else submission


def _in_archive(place: Place, root: Path, wanted: Files) -> Submission:
    """Return what is wanted from an archive that a student handed in."""
    label = relative(place.path, root)
    if not place.path.name.lower().endswith(OPENED):
        kind = f"{label} is an archive of a kind that is not opened"
        return _unread(place.id, wanted, f"{kind}: hand in {named(wanted)} itself, or a .zip with it")
    if place.path in place.refused:
        return _unread(place.id, wanted, place.refused[place.path])
    if not _is_inside(place.path, root):
        return _unread(place.id, wanted, f"{label} is a link out of the folder, which is not followed")
    with TemporaryDirectory() as folder:
        try:
            taken = archives.extract(place.path, Path(folder), kept(wanted), archives.OF_STUDENT, label)
        except UnreadableError as error:
            return _unread(place.id, wanted, str(error))
        submission = _in_folder(Place(place.id, Path(folder), refused=taken.refused), wanted, nested=True)
    if taken.told and _is_absent(submission, wanted):
        return _unread(place.id, wanted, f"{label}: {taken.told[0]}")
    more = len(taken.told) + taken.untold - MOST_REFUSED
    told = [*taken.told[:MOST_REFUSED], *([f"and {more} more"] if more > 0 else [])]
    return replace(submission, refused=tuple(f"Left out of {label}: {line}." for line in told))


def _is_inside(path: Path, root: Path) -> bool:
    with contextlib.suppress(OSError, RuntimeError):  # a link that leads to itself
        return path.resolve(strict=True).is_relative_to(root.resolve())
    return False


def _is_absent(submission: Submission, wanted: Files) -> bool:
    return all(getattr(submission, key).absent for key in wanted)


def _absent(wanted: File, hint: str = "") -> Handed:
    return Handed(wanted.name, problem=f"no {wanted.name} was handed in{hint}", absent=True)


def _find(place: Place, wanted: File, each: Files) -> Handed:
    """Return what is wanted from a submission's folder, wherever in it that is."""
    folder, mains = place.path, wanted.there(place.path)
    others: list[Path] = []
    try:
        if not mains:
            others = list(walk(folder, ("",)))
            mains = [path for path in others if path.name in wanted.names]
    except UnreadableError as error:
        return Handed(wanted.name, problem=str(error))
    if not mains:
        return _absent(wanted, _instead(others, folder, wanted, each))
    if len(mains) == 1:
        return _handed(folder, mains[0], place.refused)
    places = ", ".join(sorted(relative(path, folder) for path in mains)[:3])
    named = f"named {wanted.name}" if len(wanted.names) == 1 else "that may be meant"
    return Handed(wanted.name, problem=f"there are {len(mains)} files {named}: {places}")


def _instead(others: Iterable[Path], folder: Path, wanted: File, each: Files) -> str:
    """Return what is there in place of a file, and if one is it by another name, what to do."""
    theirs = [other for other in each.values() if other is not wanted]
    names = {*NOBODYS, *(name for other in theirs for name in other.names)}
    suffixes = {suffix for other in theirs for suffix in other.suffixes} - set(wanted.suffixes)
    kinds = CODE if wanted.suffixes[0] in CODE else wanted.suffixes
    there = sorted(
        (wanted.meant(path.name) is None, path.suffix not in kinds, relative(path, folder), path.name)
        for path in others
        if path.name not in names and path.suffix not in suffixes and not path.name.startswith(".")
    )
    if not there:
        return ""
    *_, first, name = there[0]
    meant = wanted.meant(name)
    advice = f": call {first} exactly {meant}" if meant else ""
    return f" (but {', '.join(label for _, _, label, _ in there[:3])}){advice}"


def _read(path: Path, root: Path, refused: Mapping[Path, str]) -> bytes:
    if path in refused:
        raise UnreadableError(refused[path])
    return read(path, root)


def _handed(root: Path, main: Path, refused: Mapping[Path, str], alone: str = "") -> Handed:
    """Read a file and the modules that it needs, or where it stands alone under another name, only it."""
    label = alone or relative(main, root)
    try:
        files = {label: _read(main, root, refused)}
        if not alone and main.suffix in CODE:
            files |= _mentioned(files[label], root, main, refused)
    except UnreadableError as error:
        return Handed(label, problem=str(error))
    return Handed(label, files)


def _mentioned(source: bytes, root: Path, main: Path, refused: Mapping[Path, str]) -> dict[str, bytes]:
    """Read the modules beside the graded file whose names are words in it, or in one so read."""
    modules: dict[bytes, list[Path]] = {}
    for path in walk(root, (".py",)):
        if path != main:
            modules.setdefault(_module_name(path, root), []).append(path)
    files: dict[str, bytes] = {}
    queue, size = [source], 0
    while queue and modules:
        words = set(re.findall(rb"\w+", queue.pop())) & modules.keys()
        for path in sorted(path for word in words for path in modules.pop(word)):
            with contextlib.suppress(UnreadableError):  # what is not there, if it is imported at all
                files[relative(path, root)] = data = _read(path, root, refused)
                queue.append(data)
                size += len(data)
            if size > LARGEST_ALL:  # here, for there may be thousands more
                raise UnreadableError(f"its modules have more than {LARGEST_ALL // 2**20} MiB")
    return files


def _module_name(path: Path, root: Path) -> bytes:
    """Return the word by which other code may import a file: its stem, or its folder's name for `__init__.py`."""
    return os.fsencode(path.stem if path.stem != "__init__" or path.parent == root else path.parent.name)
