"""What runs on the workers of a cluster: there an assignment is opened as on any machine, and submissions are graded.

What a worker has opened it keeps under a token, which is of this one opening. So one that took the place of a worker
that died does not grade what was meant for that one: it does not know the token, and answers None. What a grader has
left open is closed when nobody has used it for a while.
"""

import asyncio
import platform
import threading
import traceback
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from grader import __version__, assignment, cache, places
from grader.errors import GraderError, SpecError
from grader.model import Result, Sandbox
from grader.submission import Submission

IDLE_SECONDS = 600.0
"""How long what was opened is kept after it was last used."""


@dataclass(frozen=True, slots=True)
class Package:
    """An assignment on its way to a worker."""

    name: str
    """Of its folder."""
    files: Mapping[str, bytes]
    """By their paths inside the folder."""
    made: dict[str, Any] | None
    """The arguments and wanted values, where they are kept: made once, they are the same on every machine."""
    sandbox: Sandbox | None
    """What was demanded of it in the call."""


def versions() -> dict[str, str]:
    """Return the versions that must be the same on both sides."""
    major, minor, _ = platform.python_version_tuple()
    return {"proofgrade": __version__, "Python": f"{major}.{minor}", "numpy": np.__version__}


class _Opened:
    """An assignment on this worker, with one place."""

    def __init__(self, package: Package, above: str) -> None:
        with ExitStack() as stack:
            unpacked = stack.enter_context(TemporaryDirectory(prefix="proofgrade-", dir=above))
            folder = _unpack(package.files, Path(unpacked, package.name))
            loaded = assignment.load(folder)
            stack.callback(cache.forget, folder)  # this folder will not be there again
            if package.made is not None:
                cache.keep(folder, "made", cache.key(loaded), package.made)
            self._places = stack.enter_context(places.here(loaded, package.sandbox, 1))
            self._folder, self._name = str(folder), package.name
            self._stack = stack.pop_all()
        self._busy, self._closed = threading.Lock(), False
        self._rest()

    def _rest(self) -> None:
        self._idle = threading.Timer(IDLE_SECONDS, self.close)
        self._idle.daemon = True
        self._idle.start()

    def grade(self, submission: Submission) -> Result | SpecError | None:
        with self._busy:
            self._idle.cancel()
            if self._closed:
                return None
            try:
                return self._places.grade(submission)
            except SpecError as error:
                return SpecError(str(error).replace(self._folder, self._name))  # that folder is only here
            finally:
                self._rest()

    def close(self) -> None:
        """End what is running, and close it when that has ended."""
        self._places.close()
        with self._busy:
            self._idle.cancel()
            if not self._closed:
                self._closed = True
                self._stack.close()


_OPENED: dict[str, _Opened] = {}


def begin(token: str, package: Package) -> str | None:
    """Open an assignment, and return why that cannot be."""
    from distributed import get_worker  # noqa: PLC0415  which is there only on a cluster

    try:
        _OPENED[token] = _Opened(package, get_worker().local_directory)
    except Exception as error:  # noqa: BLE001  as below
        return _in_words(error)
    return None


def grade(token: str, submission: Submission) -> Result | SpecError | str | None:
    """Return the result of a submission, or why there is none; None where what it was meant for is not there any more.

    Nothing is raised: an exception that Dask cannot send would leave the grader waiting.
    """
    opened = _OPENED.get(token)
    try:
        return opened.grade(submission) if opened else None
    except Exception as error:  # noqa: BLE001  whatever it is
        return _in_words(error)


def _in_words(error: Exception) -> str:
    if isinstance(error, GraderError):
        return str(error)
    traceback.print_exception(error)  # for the worker's log
    return f"{type(error).__name__}: {error}"


async def end(tokens: Collection[str]) -> None:
    """Close what was opened, in a thread of its own: the one of the tasks may be grading."""
    for token in _OPENED.keys() & set(tokens):
        await asyncio.to_thread(_OPENED.pop(token).close)


def _unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    folder.mkdir()
    for name, data in files.items():
        path = folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
