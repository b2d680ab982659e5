"""Find submissions, and open none: a path becomes a list of places, which `submission` reads when it is their turn.

A path names a file, a submission's folder, or a folder of such folders, by whose names they are called. What platforms
make of a class, `downloads` finds.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from grader.answers.sheet import SUFFIXES
from grader.errors import UsageError
from grader.files import is_looked_at, shown, text
from grader.handin import Submission as Wanted

_COPY = re.compile(r"(?i)( ?\(\d+\)|[ _-]+(copy|kopie|copie|copia)|-\d+)+$")
"""How a name goes on that a browser or a desktop gave to another copy."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a submission is that was found, and is not read yet."""

    id: str
    path: Path
    """Its folder, a file that stands alone, or an archive."""
    parts: Mapping[str, Path] | None = None
    """Where it has no folder of its own, its files by the names under which they were handed in."""
    linked: bool = False
    """Whether the path is a link, which nobody but the instructor may have made."""
    refused: Mapping[Path, str] = field(default_factory=dict)
    """Why files, of which only an empty one is there, were not taken out of the archive that they came in."""


@dataclass(frozen=True, slots=True)
class File:
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

    def meant(self, name: str) -> str | None:
        """Return the name that a file of another one clearly is to have: it has capitals, or is a copy, or a text."""
        path = PurePath(name.casefold().removesuffix(".txt"))
        spelt = _COPY.sub("", path.stem) + path.suffix
        return next((known for known in self.names if known.casefold() == spelt), None)

    def there(self, folder: Path) -> list[Path]:
        """Return the files of these names that lie in a folder, spelt so on any system."""
        with contextlib.suppress(OSError):
            return [path for path in folder.iterdir() if path.name in self.names]
        return []


Files = Mapping[str, File]
"""What an assignment wants: `code`, a `sheet`, or both."""


def files(wanted: Wanted) -> Files:
    """Return the files that an assignment wants."""
    code = {"code": File(wanted.code, (PurePath(wanted.code).suffix,))} if wanted.code else {}
    return {**code, **({"sheet": File(wanted.sheet, SUFFIXES)} if wanted.sheet else {})}


def named(wanted: Files) -> str:
    """Return what is wanted, as a message names it."""
    return " or ".join(one.name for one in wanted.values())


def endings(wanted: Files) -> list[str]:
    """Return how the names of what is wanted may end."""
    return [suffix for one in wanted.values() for suffix in one.suffixes]


def kept(wanted: Files) -> tuple[str, ...]:
    """Return how the names of files end that are of use to a submission."""
    return (*endings(wanted), ".py")


def is_submission(folder: Path, wanted: Files) -> bool:
    """Tell whether something that is wanted lies in a folder."""
    return any(one.there(folder) for one in wanted.values())


def find(path: Path, wanted: Wanted, label: str = "", apart: Path | None = None) -> list[Place]:
    """Return where the submissions are that a path names; `label` is what to call it where it is an archive's.

    What is in the folder `apart` is not looked at.

    Raises:
        UsageError: the path is not there or holds no submission.
    """
    label = label or shown(path)
    try:
        return list(_find_all(path, files(wanted), label, apart))
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror}") from error


def _find_all(path: Path, wanted: Files, label: str, apart: Path | None) -> Iterator[Place]:
    if path.is_dir():
        yield from _from_folder(path, wanted, label, apart)
    elif not path.exists():
        raise UsageError(f"{label}: no such file or folder")
    elif path.suffix not in endings(wanted):
        kinds = ", ".join(endings(wanted))
        raise UsageError(f"{label}: a submission is a {kinds} file or a folder with {named(wanted)}")
    elif any(path.name in one.names for one in wanted.values()):
        yield Place(text(path.resolve().parent.name), path.parent)
    else:
        yield Place(text(path.stem), path)


def _from_folder(folder: Path, wanted: Files, label: str, apart: Path | None) -> Iterator[Place]:
    inner = folders(folder, apart)
    if is_submission(folder, wanted):
        others = sum(is_submission(path, wanted) for path in inner)
        if others > 1:
            raise UsageError(f"{label}: a {named(wanted)} here, and {others} in folders of it: which are meant?")
        yield Place(text(folder.resolve().name), folder)
        return
    if not inner:
        found = sorted(path.name for path in folder.iterdir() if path.suffix in endings(wanted))
        hint = f" (but {text(', '.join(found[:3]))})" if found else ""
        raise UsageError(f"{label}: no {named(wanted)} here, and no folders with one{hint}")
    for path in inner:
        yield Place(text(path.name), path, linked=path.is_symlink())


def folders(folder: Path, apart: Path | None = None) -> list[Path]:
    """Return the folders in a folder that may be students', in order; `apart` is none of them."""
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and is_looked_at(path.name))
    return [path for path in inner if apart is None or path.name != apart.name or path.resolve() != apart]
