"""What an instructor drops in, as handings in by students: nothing is read before it is asked for.

    PATH ──► archive? taken out (archives) ──► deliveries (downloads, found) ──► whose? (roster) ──► entries

A student who comes twice has handed in again. That takes the same id, or a list on which both are the same student; of
two in one path who both look like a student of the list, neither is taken for that student, unless one has the very id.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from grader import archives
from grader.archives import MOST_TOLD, OPENED
from grader.downloads import Delivery, Download, look
from grader.errors import UsageError
from grader.files import UnreadableError, shown, text
from grader.found import files, is_submission, kept
from grader.handin import Submission as Wanted
from grader.roster import Roster, Student
from grader.submission import Submission, all_different, read_place
from grader.unwrapping import is_class, packed, unwrapped

STORE = "store.sqlite"
"""The file by which a folder of results is known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One handing in of a student."""

    id: str
    """The student's, by the class's list where there is one."""
    read: Callable[[], Submission]
    """Reads it, in any thread, as long as what was taken in is open."""
    handed_in: datetime | None = None
    """When, with its zone, if that is known."""
    late: bool = False
    """Whether the platform says that it was late, and not when it came."""


@dataclass(frozen=True, slots=True)
class Intake:
    """All that was handed in."""

    entries: tuple[Entry, ...]
    """Those of a student stand together, the earlier first."""
    students: Mapping[str, Student]
    """Those of the class's list who handed in, by the ids of their entries."""
    missing: tuple[Student, ...] = ()
    """Those of the list who handed in nothing."""
    unknown: tuple[str, ...] = ()
    """The ids of entries that belong to nobody on the list, where there is one."""
    refused: tuple[str, ...] = ()
    """What was refused or could not be made out, a sentence each."""


@contextmanager
def taken_in(
    paths: Sequence[Path], wanted: Wanted, roster: Roster | None, apart: Path | None = None
) -> Iterator[Intake]:
    """Find what was handed in; archives are taken out into a folder that is there until the end.

    What is in the folder `apart`, such as results, was not handed in.

    Raises:
        UsageError: a path is not there, cannot be read, holds no submission or is `apart`, or two folders have the same
            name.
    """
    with ExitStack() as stack:
        downloads = [_opened(path, wanted, stack, apart.resolve() if apart else None) for path in paths]
        all_different(one.place.id for download in downloads for one in download.deliveries if one.plain)
        told = [line for download in downloads for line in download.told]
        students: dict[str, Student] = {}
        handings: dict[str, list[Delivery]] = {}
        for download in downloads:
            whose = _whose(download.deliveries, roster, told) if roster else {}
            for delivery in download.deliveries:
                student = whose.get(delivery.place.id)
                students |= {student.id: student} if student else {}
                handings.setdefault(student.id if student else delivery.place.id, []).append(delivery)
        entries = (_entries(name, own, students.get(name), wanted) for name, own in handings.items())
        yield Intake(
            tuple(chain.from_iterable(entries)),
            students,
            tuple(student for student in roster.students if student.id not in students) if roster else (),
            tuple(name for name in handings if name not in students) if roster else (),
            tuple(_some(told)),
        )


def _opened(path: Path, wanted: Wanted, stack: ExitStack, apart: Path | None) -> Download:
    """Return what a path holds, or the archive there."""
    try:
        if path.is_dir():
            _usable(path, wanted, apart)
            return _packed_alone(path, wanted, stack, apart) or look(path, wanted, apart=apart)
        if not archives.is_one(path.name) or not path.is_file():
            return look(path, wanted)
        folder, taken = _unpacked(path, wanted, stack)
        inner = _packed_alone(folder, wanted, stack)
        return _with(taken, shown(path), inner or look(folder, wanted, shown(path), taken.refused))
    except UnreadableError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{shown(path)}: {error.strerror}") from error


def _usable(folder: Path, wanted: Wanted, apart: Path | None) -> None:
    """Refuse a folder of results.

    Raises:
        UsageError: it is one, or is to be.
    """
    if apart and folder.resolve() == apart:
        raise UsageError(f"{shown(folder)}: what was handed in is here, so results need a folder of their own")
    if (folder / STORE).is_file() and not is_submission(folder, files(wanted)):
        raise UsageError(f"{shown(folder)}: results are here ({STORE}): name what was handed in")


def _packed_alone(folder: Path, wanted: Wanted, stack: ExitStack, apart: Path | None = None) -> Download | None:
    """Return what is in the archive that is all there is in a folder, if that is clearly a class's."""
    archive = packed(folder, apart)
    with suppress(UnreadableError):  # it is a student's, and told so
        if archive:
            inside, taken = _unpacked(archive, wanted, stack)
            if is_class(unwrapped(inside, files(wanted)), files(wanted)):
                label = shown(archive)
                return _with(taken, label, look(inside, wanted, label, taken.refused))
    return None


def _unpacked(archive: Path, wanted: Wanted, stack: ExitStack) -> tuple[Path, archives.Taken]:
    """Take an archive out into a folder that is there until the end.

    Raises:
        UnreadableError: it cannot be read.
    """
    label = shown(archive)
    if not archive.name.lower().endswith(OPENED):
        raise UnreadableError(f"{label}: an archive of this kind is not opened: unpack it, or make a .zip of it")
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="grader-")), text(archives.stem(archive.name))[:100])
    folder.mkdir()
    return folder, archives.extract(archive, folder, kept(files(wanted)), archives.OF_CLASS, label)


def _with(taken: archives.Taken, label: str, download: Download) -> Download:
    """Return what an archive holds, with what was refused of it."""
    told = [f"{label}: {line}" for line in (*taken.told, *download.told)]
    return replace(download, told=(*told, f"{label}: and {taken.untold} more") if taken.untold else tuple(told))


def _some(lines: Sequence[str]) -> Sequence[str]:
    more = len(lines) - MOST_TOLD
    return [*lines[:MOST_TOLD], f"and {more} more"] if more > 1 else lines


def _whose(deliveries: Sequence[Delivery], roster: Roster, told: list[str]) -> Mapping[str, Student]:
    """Return the students of the list by what their deliveries are called; who cannot be told is noted."""
    found = {one.place.id: student for one in deliveries for key in reversed(one.keys) if (student := roster.find(key))}
    found = _clones([one.place.id for one in deliveries if one.plain and one.place.id not in found], roster) | found
    names: dict[str, list[str]] = {}
    for name, student in found.items():
        names.setdefault(student.id, []).append(name)
    for wanted, same in names.items():
        if len(same) > 1:
            for name in set(same) - {wanted}:
                del found[name]
            then = "only that one is taken for it" if wanted in found else "none of them is taken for it"
            told.append(f"{', '.join(same[:3])} look like {wanted!r} of the list: {then}")
    return found


def _clones(names: Sequence[str], roster: Roster) -> dict[str, Student]:
    """Return whose clones folders are, called `assignment-user`: the assignment is the same for all of them.

    Else anybody could call himself `x-ann`, and hand in for `ann`.
    """
    splits = [
        (name, name[: hyphen.start()], student)
        for name in names
        for hyphen in re.finditer("-", name)
        if (student := roster.find(name[hyphen.end() :]))
        and name[hyphen.end() :].casefold() in {student.id.casefold(), student.github.casefold()}
    ]
    often = Counter(prefix for _, prefix, _ in splits)
    assignment = max(often, key=lambda prefix: (often[prefix], -len(prefix)), default="")
    return {name: student for name, prefix, student in splits if prefix == assignment}


def _entries(name: str, own: Sequence[Delivery], student: Student | None, wanted: Wanted) -> Iterator[Entry]:
    """Yield all that one student handed in, the earlier first."""
    times = [delivery.handed_in for delivery in own if delivery.handed_in]
    if len(times) == len(own):
        own = sorted(own, key=lambda delivery: delivery.handed_in or times[0])
    if student and student.handed_in:
        own = [*own[:-1], replace(own[-1], handed_in=student.handed_in, late=False)]
    for one in own:
        yield Entry(name, partial(read_place, replace(one.place, id=name), wanted), one.handed_in, one.late)
