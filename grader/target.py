"""Where a release or a package is written: a folder or a zip, replaced only if an earlier one of its kind wrote it all.

What wrote a target is known by a file in it, the mark, which has the hashes of all others. All is written beside the
target, which is then renamed: what fails changes nothing. A zip has no times of its own and its files in their order,
so that the same files make the same bytes.
"""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from grader import bundle
from grader.assignment import BUNDLE
from grader.errors import UsageError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can name; all files of a bundle have it."""
UNIX, READABLE, EXECUTABLE = 3, 0o100644 << 16, 0o100755 << 16
"""How a zip says that a file is one which everybody may read, or run, on whichever system it was made."""
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What is raised by what is no folder or zip; the last by a zip that is encrypted or packed in an odd way."""
Files = Mapping[str, bytes]
"""By their paths in the target, with forward slashes."""
Hashes = Mapping[str, str]


def _hashes_of_release(data: bytes) -> Hashes:
    return dict(bundle.contents(data, Path(BUNDLE))["files"])


@dataclass(frozen=True, slots=True)
class Mark:
    """The file by which it is known what wrote a target, and which hashes it has by the others' paths."""

    what: str
    name: str
    hashes: Callable[[bytes], Hashes]


RELEASE = Mark("release", BUNDLE, _hashes_of_release)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def refuse_others(target: Path, mark: Mark = RELEASE) -> None:
    """Refuse to write over what nothing wrote that has this mark.

    Raises:
        UsageError: there is such a thing.
    """
    if target == Path.cwd():
        raise UsageError(f"{target} is the folder that you are in: name another, which is made if it is not there")
    if not target.exists():
        return
    try:
        there = _zipped(target) if _is_zip(target) else _below(target)
    except UNREADABLE as error:
        what = "zip that can be read" if _is_zip(target) else "folder"
        raise UsageError(f"{target} is not a {what}: name another") from error
    wrote = _wrote(there, mark)
    others = sorted(name for name, data in there.items() if name != mark.name and wrote.get(name) != digest(data))
    if others:
        names = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        what = f"{target} has files that no {mark.what} wrote, or that were changed since"
        raise UsageError(f"{what}: {names}; name another")


def _wrote(there: Files, mark: Mark) -> Hashes:
    """Return the hashes of the files that were written with a mark, by that."""
    try:
        return mark.hashes(there[mark.name])
    except (UsageError, LookupError, TypeError, ValueError):
        return {}


def digest(data: bytes) -> str:
    """Return the hash by which a file is known again."""
    return sha256(data).hexdigest()


def tidy(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, but none of those that an editor or Python leaves there."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path


def _below(folder: Path) -> Files:
    if not folder.is_dir():
        raise NotADirectoryError
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


def _zipped(path: Path) -> Files:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(target: Path, files: Files, programs: Collection[str] = ()) -> None:
    """Write all beside the target, and only then give it its name; `programs` are files of a zip that can be run."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".release-") as beside:
        new, old = Path(beside) / "new", Path(beside) / "old"
        if _is_zip(target):
            _write_zip(new, files, programs)
            new.replace(target)
            return
        write_files(new, files)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise


def write_files(folder: Path, files: Files) -> None:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _write_zip(path: Path, files: Files, programs: Collection[str]) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, EXECUTABLE if name in programs else READABLE
            file.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
