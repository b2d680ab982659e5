"""What platforms make of a class: who handed in what, by the names of folders and files.

    Moodle       Ann Lee_12345_assignsubmission_file/        or Ann Lee_12345_assignsubmission_file_work.py
    Canvas       leeann_LATE_12345_67890_work-1.py           late, by user 12345, handed in again
    Gradescope   submission_123456/ and submission_metadata.yml, here or in each
    otherwise    ann/ or ann.py, and the archives ann.zip

A file's own name stands last, so that it cannot pass for another student's: what comes first is the platform's. The
times of files are never believed.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from grader import submitters
from grader.archives import METADATA, is_one, stem
from grader.errors import UsageError
from grader.files import UnreadableError, read, relative, shown, text
from grader.found import Files, Place, endings, files, find, folders, is_submission
from grader.handin import Submission as Wanted
from grader.submission import NOBODYS
from grader.submitters import HandedIn
from grader.unwrapping import CANVAS, MOODLE_FOLDER, is_export, is_the_courses, stands_alone, unwrapped

_MOODLE = re.compile(r"(?s)(?P<name>.+?_\d+)_assignsubmission_(?P<kind>file|onlinetext)_(?P<rest>.+)")
_AGAIN = re.compile(r"(?s)(?P<stem>.+)-(?P<number>\d{1,4})(?P<suffix>\.[^.]+)")
"""A file of a name that was handed in before, as Canvas calls it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handing in, as it was found."""

    place: Place
    """By the id that its student has where no list gives another."""
    keys: tuple[str, ...]
    """What a list may know the student by, the surest first."""
    plain: bool = False
    """Whether no platform had a hand in it."""
    handed_in: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """What a path holds."""

    deliveries: tuple[Delivery, ...]
    told: tuple[str, ...] = ()
    """What could not be made out, a sentence each."""


@dataclass(frozen=True, slots=True)
class _Root:
    """A folder in which deliveries are looked for."""

    path: Path
    wanted: Wanted
    label: str
    refused: Mapping[Path, str]
    inner: Sequence[Path]
    """The folders in it."""
    loose: Sequence[Path]
    """The files in it."""
    apart: Path | None = None
    """What is in it, and not looked at."""

    @property
    def files(self) -> Files:
        """What the assignment wants."""
        return files(self.wanted)


def look(
    path: Path, wanted: Wanted, archive: str = "", refused: Mapping[Path, str] | None = None, apart: Path | None = None
) -> Download:
    """Return what a path holds; of a folder that came out of an archive, that one's name, and what was refused of it.

    What is in the folder `apart` is not looked at.

    Raises:
        UsageError: it is not there, holds no submission, or what Gradescope says of it cannot be read.
    """
    label, refused = archive or shown(path), refused or {}
    try:
        if not path.is_dir():
            return Download(tuple(map(_plain, find(path, wanted))))
        folder = unwrapped(path, files(wanted), apart)
        if is_submission(folder, files(wanted)):
            return Download(
                tuple(_plain(replace(place, refused=refused)) for place in find(folder, wanted, label, apart))
            )
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        loose = [entry for entry in entries if not entry.is_dir() and not is_the_courses(entry)]
        return _downloaded(_Root(folder, wanted, label, refused, folders(folder, apart), loose, apart))
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror}") from error


def _plain(place: Place) -> Delivery:
    return Delivery(place, (place.id,), plain=True)


def _downloaded(root: _Root) -> Download:
    """Return what is in a folder that is not itself a submission."""
    inner = _exported(root) if is_export(root.path, root.inner) else _in_folders(root)
    found = (*inner.deliveries, *_canvas(root), *_alone(root))
    if not found:
        find(root.path, root.wanted, root.label, root.apart)  # which says what is missing
    return Download(found, (*inner.told, *_left_out(root)))


def _in_folders(root: _Root) -> Download:
    others = [_at(root, path) for path in root.inner if not MOODLE_FOLDER.fullmatch(path.name)]
    return Download((*_moodle(root), *map(_plain, others)))


def _left_out(root: _Root) -> Iterator[str]:
    """Yield what is said of the files that are nobody's."""
    for path in root.loose:
        if path.name not in NOBODYS and not (
            stands_alone(path, root.files) or _MOODLE.fullmatch(path.name) or CANVAS.fullmatch(path.name)
        ):
            kinds = " or ".join(dict.fromkeys(endings(root.files)))
            yield f"{text(path.name)} was left out: it is no {kinds} file, no folder and no archive"


def _at(root: _Root, path: Path, name: str = "") -> Place:
    """Return the place of a folder, or of a file that stands alone."""
    return Place(name or text(path.name), path, linked=path.is_symlink(), refused=root.refused)


def _moodle(root: _Root) -> Iterator[Delivery]:
    """Yield what Moodle's folders hold, and its files where it made no folders."""
    found = [(path, match) for path in root.inner if (match := MOODLE_FOLDER.fullmatch(path.name))]
    with_files = {match["name"] for _, match in found if match["kind"] == "file"}
    for path, match in found:
        if match["kind"] == "file" or match["name"] not in with_files:
            yield _by_moodle(match["name"], _at(root, path, text(match["name"])))
    parts: dict[str, dict[str, Path]] = {}
    for path in root.loose:
        if match := _MOODLE.fullmatch(path.name):
            parts.setdefault(match["name"], {})[match["rest"]] = path
    for name, own in parts.items():
        yield _by_moodle(name, _of_parts(root, text(name), own))


def _by_moodle(name: str, place: Place) -> Delivery:
    return Delivery(place, (name.rpartition("_")[0],))


def _of_parts(root: _Root, name: str, parts: Mapping[str, Path]) -> Place:
    """Return the place of files that belong together: those that are read, else the archive that is there, or none."""
    wanted = {known for one in root.files.values() for known in one.names}
    packed = sorted(path for own, path in parts.items() if is_one(own))
    if packed and not wanted & set(parts):
        return _at(root, packed[-1], name)
    return Place(
        name,
        root.path,
        {own: path for own, path in parts.items() if not own.startswith(".")},
        refused=root.refused,
    )


def _canvas(root: _Root) -> Iterator[Delivery]:
    """Yield what Canvas's files hold, each file that was handed in again as another handing in."""
    students: dict[tuple[str, str], dict[str, dict[int, tuple[Path, bool]]]] = {}
    for path in root.loose:
        if (match := CANVAS.fullmatch(path.name)) and not _MOODLE.fullmatch(path.name):
            own, number = _numbered(match["rest"])
            student = students.setdefault((match["name"], match["user"]), {})
            student.setdefault(own, {})[number] = (path, bool(match["late"]))
    for (name, user), versions in students.items():
        yield from _by_canvas(root, name, user, versions)


def _numbered(own: str) -> tuple[str, int]:
    match = _AGAIN.fullmatch(own)
    return (match["stem"] + match["suffix"], int(match["number"])) if match else (own, 0)


def _by_canvas(
    root: _Root, name: str, user: str, versions: Mapping[str, Mapping[int, tuple[Path, bool]]]
) -> Iterator[Delivery]:
    wanted = {known for one in root.files.values() for known in one.names}
    mains = [own for own in versions if own in wanted] or [own for own in versions if is_one(own)] or list(versions)
    for number in sorted({number for own in mains for number in versions[own]}):
        taken = {own: _as_of(files, number) for own, files in versions.items()}
        place = _of_parts(root, text(f"{name}_{user}"), {own: path for own, (path, _) in taken.items()})
        late = any(is_late for _, is_late in taken.values())
        yield Delivery(place, (name, user), late=late)


def _as_of(versions: Mapping[int, tuple[Path, bool]], number: int) -> tuple[Path, bool]:
    """Return the file as it was when another was handed in for the nth time."""
    return versions[max((there for there in versions if there <= number), default=min(versions))]


def _alone(root: _Root) -> Iterator[Delivery]:
    """Yield the files that are called by their students, those of one name together."""
    stems: dict[str, dict[str, Path]] = {}
    for path in root.loose:
        if stands_alone(path, root.files) and not (CANVAS.fullmatch(path.name) or _MOODLE.fullmatch(path.name)):
            stems.setdefault(stem(path.name), {})[path.name] = path
    for name, own in stems.items():
        if len(own) == 1:
            yield _plain(_at(root, next(iter(own.values())), text(name)))
        else:
            parts = {_own(path, root.files): path for path in own.values()}
            yield _plain(_of_parts(root, text(name), parts))


def _own(path: Path, wanted: Files) -> str:
    """Return the name that a file which is called by its student would have."""
    return next((one.ending(path.suffix) for one in wanted.values() if path.suffix in one.suffixes), path.name)


def _exported(root: _Root) -> Download:
    """Return what an export of Gradescope holds: for each who handed in together, the same."""
    told: list[str] = []
    whole = _whole(root) if (root.path / METADATA).is_file() else None
    found = [(path, _about(path, whole, told)) for path in root.inner]
    count = Counter(person[0] for _, about in found for person in about.people)
    deliveries = []
    for path, about in found:
        for keys in about.people or ((),):
            alone = bool(keys) and count[keys[0]] == 1
            name = keys[0] if alone else " ".join([path.name, *keys[:1]])
            place = _at(root, path, text(name))
            deliveries.append(Delivery(place, keys if alone else (), handed_in=about.time))
    told += [
        f"{text(name)} is in {many} folders of the export, each of which keeps its folder's name"
        for name, many in count.items()
        if many > 1
    ]
    return Download(tuple(deliveries), tuple(told))


def _whole(root: _Root) -> Mapping[str, HandedIn]:
    try:
        return submitters.parse((root.path / METADATA).read_bytes())
    except ValueError as error:
        raise UsageError(f"{root.label}: {METADATA} cannot be read: {error}") from error


def _about(folder: Path, whole: Mapping[str, HandedIn] | None, told: list[str]) -> HandedIn:
    """Return what is known of a folder; where the export says it, what is in the folder is not asked."""
    file = folder / METADATA
    if whole is not None or not file.is_file():
        return (whole or {}).get(folder.name, HandedIn())
    try:
        return submitters.parse_one(read(file, folder))
    except (ValueError, UnreadableError) as error:
        told.append(f"{relative(file, folder.parent)} was not used: {error}")
        return HandedIn()
