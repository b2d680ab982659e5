"""A student's bundle: one file, `.grader`, by which work is checked as by the whole assignment (see `packing`).

    `.grader` ─► data ─► a plan of public calls (see `unpacking`) ─► variants that know what it brings, and no course

The format is the wire's, compressed, behind a line that names its version: reading it runs nothing, and it has no code.
Modules that the course gives are the files beside it, of which it knows the hashes: what runs is what a student sees.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from grader.assignment import BUNDLE, FILENAME, find, here, load
from grader.errors import UsageError
from grader.files import UnreadableError, relative
from grader.files import read as read_file
from grader.prepare import prepare
from grader.sandbox.values import ProtocolError
from grader.unpacking import LARGEST, MEANINGLESS, Form, Made, planned, unframed
from grader.variants import Variants

MARK, FORMAT = b"grader bundle ", 1
"""How the file begins, and which form of it this grader writes and reads."""


def opened(name: str | None = None) -> Variants:
    """Open what there is to check by: a folder's bundle, or the public cases of a whole assignment.

    Raises:
        UsageError, SpecError: there is neither, or it is broken.
    """
    folder = here() if name is None else Path(name) if (Path(name) / BUNDLE).is_file() else find(name)
    if (folder / FILENAME).is_file():
        return Variants(prepare(load(folder)).public())
    return read(folder / BUNDLE)


def read(path: Path) -> Variants:
    """Read a bundle's file.

    Raises:
        UsageError: it is not one, or for another grader; or a package is missing that the assignment needs, or a module
            beside the bundle is not the one that was handed out.
    """
    try:
        with path.open("rb") as file:
            made = contents(file.read(LARGEST), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    try:
        form = Form.model_validate(made)
        plan = planned(path.parent, form)
        missing = [package for package in plan.assignment.spec.packages if find_spec(package.partition(".")[0]) is None]
    except MEANINGLESS as error:
        raise _broken(path) from error
    for package in missing[:1]:
        top = package.partition(".")[0]
        raise UsageError(f"{plan.assignment.spec.name} needs the package {top!r}, which is not here: install it")
    return Variants(replace(plan, given=_given(path.parent, form.given)), form.values)


def contents(data: bytes, path: Path) -> Made:
    """Return what is in a bundle's file; `path` is what errors call it.

    Raises:
        UsageError: it is not one, or for another grader.
    """
    first, _, packed = data.partition(b"\n")
    number = re.fullmatch(re.escape(MARK) + rb"([0-9]{1,9})", first)
    if number is None:
        raise _broken(path)
    if int(number[1]) != FORMAT:
        newer, what = int(number[1]) > FORMAT, "pip install --upgrade proofgrade"
        made = f"a newer grader: {what}" if newer else "an older grader: get the assignment's files again"
        raise UsageError(f"{path} was made by {made}")
    try:
        made = unframed(_unpacked(packed))
    except (zlib.error, ProtocolError) as error:
        raise _broken(path) from error
    if not isinstance(made, dict):
        raise _broken(path)
    return made


def _broken(path: Path) -> UsageError:
    return UsageError(f"{path} is broken, or was not made by `grader release`: get the assignment's files again")


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(packed, LARGEST)
    if not unpacking.eof:
        raise ProtocolError("cut short, or too large")
    return data


# --- what lies beside it ---------------------------------------------------------------------------------------------


def digest(data: bytes) -> str:
    """Return the hash of a module, which is the same whichever way its lines end."""
    return sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def _given(folder: Path, hashes: Mapping[str, str]) -> dict[str, bytes]:
    """Return the modules that the course gives, as they lie beside the bundle: what runs is what the student sees."""
    found: dict[str, bytes] = {}
    for name, wanted in hashes.items():
        path = folder / name
        try:
            found[name] = read_file(path, folder)
        except UnreadableError as error:
            raise UsageError(f"{error}: take it from the bundle again") from error
        if digest(found[name]) != wanted:
            raise UsageError(
                f"{relative(path, folder)} is not the file that was handed out: take it from the bundle again (one of "
                "your own goes into a folder of its own in here, with your work, and is checked from there)"
            )
    return found
