"""What was made for an assignment before, on disk, under the hash of all that it was made from.

A file or two an assignment, so the cache does not grow; a file that cannot be read, or was made from something else, is
as good as none. Its format is the wire's: reading it runs nothing.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from grader import __version__
from grader.assignment import Assignment
from grader.sandbox import protocol
from grader.sandbox.values import ProtocolError, RefusedError

LARGEST = 2**30
"""In bytes."""
UNUSED = frozenset({"samples", "starter", "README.md"})
"""What an assignment's folder has that neither arguments nor wanted values are made from."""


def key(assignment: Assignment) -> str:
    """Return the hash of all that the arguments and wanted values are made from."""
    digest = sha256(f"{__version__} {sys.version} {sys.platform} {np.__version__}".encode())
    for path, root in _sources(assignment):
        data = path.read_bytes()
        digest.update(b"\n%s %d\n" % (os.fsencode(path.relative_to(root)), len(data)) + data)
    return digest.hexdigest()


def _sources(assignment: Assignment) -> Iterator[tuple[Path, Path]]:
    """Yield all files of the assignment but those that nothing is made from, and the installed reference's.

    Beside each is the folder whose place on this machine does not matter.
    """
    for path in sorted(assignment.folder.rglob("*")):
        inside = path.relative_to(assignment.folder).parts
        if inside[0] not in UNUSED and "__pycache__" not in inside and path.is_file():
            yield path, assignment.folder
    top = (assignment.spec.reference or "").partition(".")[0]
    found = find_spec(top) if top else None  # finds a top-level module without importing it
    if found and found.submodule_search_locations:
        for place in found.submodule_search_locations:
            yield from ((path, Path(place)) for path in sorted(Path(place).rglob("*.py")) if path.is_file())
    elif found and found.origin and Path(found.origin).is_file():
        yield Path(found.origin), Path(found.origin).parent


def _file(folder: Path, what: str) -> Path:
    name = sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("proofgrade")) / f"{name}.{what}.frame"


def load(folder: Path, what: str, key: str) -> dict[str, Any] | None:
    """Return what was kept under the key, or None."""
    try:
        data = bytearray(_file(folder, what).read_bytes())
        header, _ = protocol.lengths(data[: protocol.PREFIX], LARGEST, LARGEST)
        end = protocol.PREFIX + header
        kept = protocol.unpack(data[protocol.PREFIX : end], data[end:])
    except (OSError, ProtocolError):
        return None
    return kept["made"] if isinstance(kept, dict) and kept.get("key") == key else None


def keep(folder: Path, what: str, key: str, made: dict[str, Any]) -> None:
    """Keep for the next time what was made; where that cannot be, the next time makes it again."""
    path = _file(folder, what)
    with contextlib.suppress(OSError, RefusedError):
        frame = protocol.pack({"key": key, "made": made}, LARGEST, LARGEST)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(frame)
        Path(file.name).replace(path)


def forget(folder: Path) -> None:
    """Remove what was kept for a folder that will not be there again."""
    for what in ("made", "variants"):
        _file(folder, what).unlink(missing_ok=True)
