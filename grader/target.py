"""Where a release is written: a folder or a zip, which it may replace only if an earlier release wrote all of it.

All is written beside the target, which is then renamed: what fails changes nothing. A zip has no times of its own and
its files in their order, so that the same files make the same bytes.
"""

import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from grader import bundle
from grader.assignment import BUNDLE
from grader.errors import UsageError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can name; all files of a bundle have it."""
UNIX, READABLE = 3, 0o100644 << 16
"""How a zip says that a file is one which everybody may read, on whichever system it was made."""
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What is raised by what is no folder or zip; the last by a zip that is encrypted or packed in an odd way."""
Files = Mapping[str, bytes]
"""By their paths in the bundle, with forward slashes."""


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def refuse_others(target: Path) -> None:
    """Refuse to write over what no earlier release wrote.

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
    others = sorted(name for name, data in there.items() if name != BUNDLE and _wrote(there).get(name) != _hash(data))
    if others:
        names = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise UsageError(f"{target} has files that no release wrote, or that were changed since: {names}; name another")


def _wrote(there: Files) -> Mapping[str, str]:
    """Return the hashes of the files that an earlier release wrote, by its `.grader`."""
    try:
        return dict(bundle.contents(there[BUNDLE], Path(BUNDLE))["files"])
    except (UsageError, LookupError, TypeError, ValueError):
        return {}


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


def _below(folder: Path) -> Files:
    if not folder.is_dir():
        raise NotADirectoryError
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


def _zipped(path: Path) -> Files:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(target: Path, files: Files) -> None:
    """Write all beside the target, and only then give it its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".release-") as beside:
        new, old = Path(beside) / "new", Path(beside) / "old"
        if _is_zip(target):
            _write_zip(new, files)
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


def _write_zip(path: Path, files: Files) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, READABLE
            file.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
