"""Archives of strangers, taken out into a folder: what can matter, and nothing that can harm.

Every member is looked at by itself. A name that leads out of the folder, or that no file should have, is refused, and
told; so are links, what is encrypted, and what is there twice. A bomb costs no more than what a file may have: what is
declared to be larger is not begun, and what is larger than declared not gone on with. What is refused under a name that
could be used is there as an empty file, so that whoever looks for it finds why.

Of files that no submission needs an empty one is there too, if not too deep: that they were handed in tells by whom.
"""

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from grader.errors import FaultError
from grader.files import CODE, LARGEST_FILE, LARGEST_NOTEBOOK, UnreadableError, is_looked_at, text

OPENED = (".zip",)
"""How the names of archives end that are opened, in small letters."""
UNOPENED = (".rar", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""How those of others do."""
METADATA = "submission_metadata.yml"
"""The file in which Gradescope says who handed in what."""
DEEPEST = 20
"""How many folders deep a file may be."""
MOST_TOLD = 50
"""How much of what was refused is told one by one."""
ENTRY = 200
"""How many bytes the directory of an archive may have for each of its files."""
CHUNK = 2**16
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)
"""What Python's reader raises for archives that are damaged, or made to look so."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much may be in an archive, and be taken out of it."""

    entries: int
    """Files and folders in it, of whatever kind."""
    made: int
    """Those that are made of one student's."""
    each: int
    """Bytes, of all files of one student."""
    total: int
    """Bytes, of all files."""
    larger: tuple[str, ...] = ()
    """How the names end, in small letters, of what is taken out besides, and may be as large as a notebook."""
    several: bool = False
    """Whether it may be a class's."""


OF_STUDENT = Room(20_000, 2_000, 2 * LARGEST_NOTEBOOK, 2 * LARGEST_NOTEBOOK)
OF_CLASS = Room(500_000, 2_000, 2 * LARGEST_NOTEBOOK, 2**33, (*OPENED, METADATA), several=True)


@dataclass(slots=True)
class Taken:
    """What was refused of an archive."""

    refused: dict[Path, str] = field(default_factory=dict)
    """Why, by the empty file that is in its place."""
    told: list[str] = field(default_factory=list)
    """All that was refused, a sentence each."""
    untold: int = 0
    """How many more there are."""

    def tell(self, reason: str) -> None:
        """Note that something was refused."""
        if len(self.told) < MOST_TOLD:
            self.told.append(reason)
        else:
            self.untold += 1


def is_one(name: str) -> bool:
    """Tell whether a file of this name is an archive."""
    return name.lower().endswith((*OPENED, *UNOPENED)) and not name.startswith(".")


def stem(name: str) -> str:
    """Return a file's name without what says of which kind it is."""
    ending = next((end for end in (*OPENED, *UNOPENED) if name.lower().endswith(end)), PurePosixPath(name).suffix)
    return name[: len(name) - len(ending)]


def extract(archive: Path, folder: Path, suffixes: Sequence[str], room: Room, label: str) -> Taken:
    """Take out of an archive the files that end so, and of others that may tell something an empty file.

    Raises:
        UnreadableError: it cannot be read at all, or has too much in it.
    """
    try:
        if not stat.S_ISREG(archive.stat().st_mode):
            raise UnreadableError(f"{label} is not a file")
        file = archive.open("rb")
    except OSError as error:
        raise UnreadableError(f"{label} cannot be read: {error.strerror}") from error
    with file, _directory(file, room, label) as opened:
        tops = {info.filename.partition("/")[0] for info in opened.filelist if "/" in info.filename}
        taking = _Taking(folder, tuple(suffixes), room, wrapped=sum(map(is_looked_at, tops)) == 1)
        for info in sorted(opened.filelist, key=lambda info: not taking.matters(info.filename)):
            taking.take(opened, info)
    return taking.taken


def _directory(file: IO[bytes], room: Room, label: str) -> ZipFile:
    """Open an archive, if the list of what is in it is not too long."""
    try:
        opened = ZipFile(cast("IO[bytes]", _Sparing(file, room.entries * ENTRY)))
    except _TooManyError as error:
        raise UnreadableError(f"{label} holds more than {room.entries} files and folders") from error
    except (*_DAMAGED, OSError) as error:
        raise UnreadableError(f"{label} cannot be read: it is no whole .zip archive") from error
    if len(opened.filelist) > room.entries:
        raise UnreadableError(f"{label} holds more than {room.entries} files and folders")
    return opened


class _TooManyError(Exception):
    """An archive has too many members to hold them all."""


class _Sparing:
    """A file of which no more than so many bytes are read at once: so is an archive's list, before it can be seen."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, max(most, 2 * CHUNK)
        self.seek, self.tell, self.close, self.seekable = file.seek, file.tell, file.close, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Read as much, if that is not too much."""
        if size > self._most:
            raise _TooManyError
        return self._file.read(size)


class _RefusedError(Exception):
    """A member is not taken out; the text says why, after its name."""


class _Taking:
    """An archive being taken out, member by member."""

    def __init__(self, folder: Path, suffixes: tuple[str, ...], room: Room, *, wrapped: bool) -> None:
        self.folder, self.suffixes, self.room, self.wrapped = folder, suffixes, room, wrapped
        self.taken = Taken()
        self._total = 0
        self._bytes: Counter[str] = Counter()  # by student, as is the next
        self._count: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._folders = {PurePosixPath()}

    def take(self, archive: ZipFile, info: ZipInfo) -> None:
        """Take out a member, or note why not."""
        path: PurePosixPath | None = None
        try:
            path = _safe(info)
            if all(map(is_looked_at, path.parts[: None if info.is_dir() else -1])) and not path.name.startswith("."):
                self._take(archive, info, path)
        except _RefusedError as refused:
            reason = f"{text(info.filename[:200])} {refused}"
            self.taken.tell(reason)
            if path is not None and self.matters(path.name):
                self._hold(path, reason)

    def matters(self, name: str) -> bool:
        """Tell whether a file of this name is taken out with what is in it."""
        return name.endswith(self.suffixes) or name.lower().endswith(self.room.larger)

    def _take(self, archive: ZipFile, info: ZipInfo, path: PurePosixPath) -> None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise _RefusedError("is a link" if kind == stat.S_IFLNK else "is not a file")
        if info.is_dir():
            self._make(path)
        elif self.matters(path.name):
            self._once(path)
            self._write(path, self._data(archive, info, path))
        elif path.name.lower().endswith(OPENED):
            raise _RefusedError("is an archive in an archive, which is not opened")
        elif len(path.parts) <= 4 or path.name.endswith(CODE) or is_one(path.name):
            self._once(path)
            self._write(path, ())
        else:
            self._make(path.parent)

    def _student(self, path: PurePosixPath) -> str:
        """Return whose a member is, as far as can be told before it is known what the archive holds."""
        return path.parts[: self.wrapped + 1][-1] if self.room.several else ""

    def _one_more(self, path: PurePosixPath, count: int) -> None:
        student = self._student(path)
        if self._count[student] + count > self.room.made:
            raise _RefusedError(f"is beyond the {self.room.made} files and folders of one student that are taken out")
        self._count[student] += count

    def _make(self, path: PurePosixPath) -> None:
        """Make a folder and those above it."""
        new = [folder for folder in (path, *path.parents) if folder not in self._folders]
        if not new:
            return
        self._one_more(path, len(new))
        try:
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise _RefusedError("needs a folder where there is a file") from error
        except OSError as error:
            raise _ours(self.folder, error) from error
        self._folders.update(new)

    def _once(self, path: PurePosixPath) -> None:
        """Refuse a file that is there already, if only on some systems."""
        key = unicodedata.normalize("NFC", str(path)).casefold()
        if key in self._seen:
            raise _RefusedError("is there twice, or under names that differ only in capital letters")
        self._seen.add(key)

    def _write(self, path: PurePosixPath, chunks: Iterable[bytes]) -> None:
        self._make(path.parent)
        self._one_more(path, 1)
        if path in self._folders:
            raise _RefusedError("is a file where there is a folder")
        try:
            with (self.folder / path).open("wb") as file:
                file.writelines(chunks)
        except OSError as error:
            raise _ours(self.folder, error) from error

    def _data(self, archive: ZipFile, info: ZipInfo, path: PurePosixPath) -> Iterator[bytes]:
        large = path.suffix == ".ipynb" or path.name.lower().endswith(self.room.larger)
        most = LARGEST_NOTEBOOK if large else LARGEST_FILE
        if info.flag_bits & 1:
            raise _RefusedError("is encrypted")
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise _RefusedError("is compressed in a way that is not opened here: make a plain .zip")
        if info.file_size > most:
            raise _RefusedError(f"has {info.file_size / 2**20:.1f} MiB; a file may have {_mib(most)}")
        for data in _chunks(archive, info):
            self._weigh(self._student(path), len(data))
            yield data

    def _weigh(self, student: str, size: int) -> None:
        self._bytes[student] += size
        self._total += size
        if self._bytes[student] > self.room.each:
            raise _RefusedError(f"is too much: with what is beside it there are more than {_mib(self.room.each)}")
        if self._total > self.room.total:
            raise _RefusedError(f"is too much: the archive has more than {_mib(self.room.total)} in it")

    def _hold(self, path: PurePosixPath, reason: str) -> None:
        """Leave an empty file in the place of what was refused."""
        with suppress(_RefusedError):
            self._write(path, ())
            self.taken.refused[self.folder / path] = reason


def _mib(size: int) -> str:
    return f"{size // 2**20} MiB"


def _ours(folder: Path, error: OSError) -> FaultError:
    return FaultError(f"{folder}: an archive cannot be taken out here: {error.strerror}")


def _chunks(archive: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """Yield what a member has, of which Python's reader gives no more than is declared."""
    try:
        with archive.open(info) as member:
            while data := member.read(CHUNK):
                yield data
    except (*_DAMAGED, _TooManyError) as error:
        raise _RefusedError("is damaged") from error


def _safe(info: ZipInfo) -> PurePosixPath:
    """Return where a member belongs, if its name is one that a file may have anywhere."""
    for name in (info.orig_filename, info.filename):
        if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
            raise _RefusedError("has control characters in its name")
        if "\\" in name:
            raise _RefusedError("has a backslash in its name")
        if name.startswith("/") or re.match("[A-Za-z]:", name):
            raise _RefusedError("has an absolute path")
        if ".." in PurePosixPath(name).parts:
            raise _RefusedError("leads out of the folder")
    path = PurePosixPath(info.filename)
    if not path.parts or len(path.parts) > DEEPEST or any(len(os.fsencode(part)) > 255 for part in path.parts):
        raise _RefusedError("has no name, or one that is too long or nested too deep")
    return path
