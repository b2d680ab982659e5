"""A student's bundle: one file, `.grader`, by which work is checked as by the whole assignment (see `packing`).

    `.grader` ─► a plan of public calls ─► variants that know what the file brings, and no course

The format is the wire's, compressed, behind a line that names its version: reading it runs nothing.
"""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from grader.assignment import BUNDLE, FILENAME, Assignment, find, here, load
from grader.compare import Rules
from grader.errors import UsageError
from grader.handin import Submission
from grader.model import Limits
from grader.prepare import Call, Plan, prepare
from grader.properties import Property
from grader.questions import Question
from grader.sandbox import protocol
from grader.sandbox.values import ProtocolError, RefusedError
from grader.slips import Slip
from grader.spec import Function, Spec
from grader.tolerances import Tolerance
from grader.variants import Variants
from grader.yamlfile import Document

MARK, FORMAT = b"grader bundle ", 1
"""How the file begins, and which form of it this grader writes and reads."""
LARGEST = 2**28
"""How large a bundle may be, unpacked, in bytes."""
_QUESTIONS: TypeAdapter[dict[str, Question]] = TypeAdapter(dict[str, Question])
_PROPERTY: TypeAdapter[Property] = TypeAdapter(Property)

Made = Mapping[str, Any]


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
        UsageError: it is not one, or for another grader; or a package is missing that the assignment needs.
    """
    try:
        made = contents(path.read_bytes(), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    try:
        plan = _plan(path.parent, made)
        known, frames = dict(made["known"]), list(made["frames"])
    except (LookupError, TypeError, ValueError, AttributeError, RefusedError) as error:
        raise _broken(path) from error
    for package in plan.assignment.spec.packages:
        top = package.partition(".")[0]
        if find_spec(top) is None:
            raise UsageError(f"{plan.assignment.spec.name} needs the package {top!r}, which is not here: install it")
    return Variants(plan, lambda name: [_unframed(frames[n]) for n in known[name]] if name in known else None)


def contents(data: bytes, path: Path) -> Made:
    """Return what is in a bundle's file; `path` is what errors call it.

    Raises:
        UsageError: it is not one, or for another grader.
    """
    first, _, packed = data.partition(b"\n")
    number = first.removeprefix(MARK)
    if not first.startswith(MARK) or not number.isdigit():
        raise _broken(path)
    if int(number) != FORMAT:
        newer, what = int(number) > FORMAT, "pip install --upgrade proofgrade"
        made = f"a newer grader: {what}" if newer else "an older grader: get the assignment's files again"
        raise UsageError(f"{path} was made by {made}")
    try:
        made = _unframed(_unpacked(packed))
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


def _unframed(frame: bytes) -> Any:
    header, body = protocol.lengths(frame[: protocol.PREFIX], LARGEST, LARGEST)
    end = protocol.PREFIX + header
    return protocol.unpack(frame[protocol.PREFIX : end], bytearray(frame[end : end + body]))


def _plan(folder: Path, made: Made) -> Plan:
    spec = _read_spec(made["spec"])
    calls: dict[str, list[Call]] = {}
    for each in made["calls"]:
        calls.setdefault(each["key"][0], []).append(_read_call(each))
    return Plan(
        assignment=Assignment(folder, spec, Document()),
        given=made["given"],
        calls={name: tuple(each) for name, each in calls.items()},
        slips=tuple(map(Slip.model_validate, made["slips"])),
        public_only=True,
        later=made["later"],
    )


def _read_spec(made: Made) -> Spec:
    """Return a spec without cases: they are in the calls. So it is not held to what a whole one must have."""
    functions = {name: Function.model_construct(**each, cases=[]) for name, each in made["functions"].items()}
    parts = {
        "submission": Submission.model_validate(made["submission"]),
        "limits": Limits.model_validate(made["limits"]),
        "functions": functions,
        "questions": _QUESTIONS.validate_python(made["questions"]),
    }
    return Spec.model_construct(**{**made, **parts})


def _read_call(made: Made) -> Call:
    rules = made["rules"]
    tolerance = {path: Tolerance.model_validate(each) for path, each in rules["tolerance"].items()}
    holds = made["holds"] and _PROPERTY.validate_python(made["holds"])
    name, n, k = made["key"]
    call = Call(
        **{
            **made,
            "key": (name, n, k),
            "rules": Rules(**{**rules, "returns": tuple(rules["returns"]), "tolerance": tolerance}),
            "visibility": "public",
            "holds": holds,
        }
    )
    return replace(call, frame=call.request())
