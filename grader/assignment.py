"""An assignment's folder: find it, read its spec, and say where in the spec something is wrong."""

import os
from pathlib import Path

from pydantic import ValidationError

from grader import yamlfile
from grader.errors import SpecError, UsageError
from grader.mistakes import from_pydantic, in_words, suggest
from grader.spec import KEYS, Spec
from grader.yamlfile import Document, Mistake, read

FILENAME = "assignment.yaml"
BUNDLE = ".grader"
"""The file by which a student's folder is known: see `bundle`."""
LARGEST_SPEC = 2**20
"""In bytes."""


class Assignment:
    """A folder with a valid spec."""

    def __init__(self, folder: Path, spec: Spec, document: Document) -> None:
        self.folder, self.spec, self._document = folder, spec, document

    def with_spec(self, spec: Spec) -> "Assignment":
        """Return the same folder with another spec."""
        return Assignment(self.folder, spec, self._document)

    def mistake(self, path: yamlfile.Path, message: str) -> SpecError:
        """Return the error that says what is wrong at a path of the spec."""
        return SpecError(in_words(self.folder / FILENAME, self._document, [Mistake(path, message)]))

    def given(self) -> dict[str, bytes]:
        """Return the modules that the course gives, by their paths inside `given/`."""
        folder = self.folder / "given"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*.py"))
            if path.is_file()
        }


def find(name: str) -> Path:
    """Return the assignment's folder, from its path or its name under `assignments/`."""
    for folder in (Path(name), Path("assignments") / name):
        if os.path.isfile(folder / FILENAME):  # noqa: PTH113  which is false of a name that is too long
            return folder
    if os.path.isdir(name):  # noqa: PTH112
        raise UsageError(f"{name}: no {FILENAME} in this folder")
    known = sorted(path.parent.name for path in Path("assignments").glob(f"*/{FILENAME}"))
    raise UsageError(f"{name}: no such assignment{suggest(name, known)}")


def here() -> Path:
    """Return the assignment, or a student's bundle of it, that the current folder is or lies in."""
    for folder in (Path(), Path("..")):
        if (folder / FILENAME).is_file() or (folder / BUNDLE).is_file():
            return folder
    where = "go to the folder that you got with the assignment, or say where it is with --assignment DIR"
    raise UsageError(f"no {BUNDLE} or {FILENAME} in this folder or the one above: {where}")


def load(folder: Path) -> Assignment:
    """Read and validate the spec of an assignment's folder.

    Raises:
        SpecError: with a line `file:line: $.path: what` for each mistake.
    """
    path = folder / FILENAME
    document = _read(path)
    if document.mistakes:
        raise SpecError(in_words(path, document, document.mistakes))
    try:
        spec = Spec.model_validate(document.value, context={"folder": folder})
    except ValidationError as error:
        mistakes = [from_pydantic(document.value, detail, KEYS) for detail in error.errors()]
        raise SpecError(in_words(path, document, mistakes)) from None
    return Assignment(folder, spec, document)


def _read(path: Path) -> Document:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if len(data) > LARGEST_SPEC:
        raise SpecError(f"{path}:1: $: a spec may have {LARGEST_SPEC // 2**20} MiB, not {len(data) / 2**20:.1f}")
    try:
        return read(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path}:{line}: $: not UTF-8 (byte {error.object[error.start]:#04x})") from error
