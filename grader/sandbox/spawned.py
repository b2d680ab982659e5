"""Workers that are processes and nothing more: the instructor's own, and a student's where there is no sandbox.

A student's has its time, its memory and what it prints limited, on any system. It is no security boundary: it may do
what the user may who started it.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from grader import model
from grader.errors import FaultError
from grader.model import Limits
from grader.sandbox import launch, protocol
from grader.sandbox.client import START_SECONDS, Child, Deadline, Ended, Output
from grader.sandbox.replies import SIGKILL

_LOOKS_EVERY = 0.02
"""How often a worker's memory is looked at, in seconds."""
_NEEDED_TO_START = ("SYSTEMROOT", "PATH", "TEMP", "TMP")
"""What Windows does not start a program without."""


class Spawner:
    """Starts a worker for each submission, anywhere Python runs."""

    layers = ("process",)

    def __init__(
        self, limits: Limits, packages: Sequence[str], files: Mapping[str, Path] = MappingProxyType({})
    ) -> None:
        """`files` are those that lie where a worker starts, by their names there."""
        self._limits, self._packages, self._files = limits, packages, files
        self._reserve: _Watched | None = None
        self._living: list[_Watched] = []
        self._closed = False

    def ready(self) -> None:
        """Start a worker in advance, while there is nothing else to do."""
        if self._reserve is None:
            self._reserve = self._start()

    def child(self, output: Output) -> Child:
        """Return a new worker, whose output is added to `output`.

        Raises:
            FaultError: it was closed.
        """
        process, self._reserve = self._reserve or self._start(), None
        child = process.as_child(output)
        child.begin()
        process.watch()
        return child

    def _start(self) -> "_Watched":
        if self._closed:
            raise FaultError("the workers were closed")
        kept = {name: os.environ[name] for name in _NEEDED_TO_START if sys.platform == "win32" and name in os.environ}
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        for name, path in self._files.items():
            place = Path(folder.name, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        started = launch.worker(["-sP"], {**launch.ALONE, **kept}, folder.name, ["numpy", *self._packages])
        process = _Watched(started, self._limits.memory_mib * 2**20, folder)
        self._living = [*(one for one in self._living if one.runs), process]
        return process

    def close(self) -> None:
        """End what still runs: the one in reserve, and where all is interrupted, the one at work."""
        self._closed = True
        for process in self._living:
            if process.runs or process is self._reserve:
                process.kill(ending=False)
        if self._reserve:
            self._reserve.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Started:
    """A process that was started."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def kill(self, *, ending: bool) -> None:
        del ending  # how it ended is the same
        if sys.platform != "win32":  # those whose parent has ended are nobody's children, but still of its group
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, SIGKILL)
        self._process.kill()
        self._process.wait()

    def ended(self) -> Ended:
        return Ended(self._process.wait())

    def cpu_seconds(self) -> float:
        return 0.0


class _Watched(_Started):
    """A process with a working folder, whose memory is looked at again and again, in a thread."""

    def __init__(self, started: launch.Started, memory: int, folder: tempfile.TemporaryDirectory[str]) -> None:
        super().__init__(started.process)
        import psutil  # noqa: PLC0415  only where there is no sandbox

        self._psutil, self._memory, self._folder = psutil, memory, folder
        self._ends = started.connection, started.printed
        self._seen = psutil.Process(started.process.pid)
        self._out_of_memory = False

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def as_child(self, output: Output) -> Child:
        return Child(self, *self._ends, output)

    def drop(self) -> None:
        """Let go of one that nobody has used."""
        for end in self._ends:
            end.close()

    def watch(self) -> None:
        """Begin, now that all is loaded that is not the submission's."""
        allowed = self._memory + self._seen.memory_info().rss
        threading.Thread(target=self._look, args=[allowed], daemon=True).start()

    def _look(self, allowed: int) -> None:
        while self.runs:
            try:
                if self._seen.memory_info().rss > allowed:
                    self._out_of_memory = True
                    self._process.kill()
                    return
            except self._psutil.Error:
                return
            time.sleep(_LOOKS_EVERY)

    def kill(self, *, ending: bool) -> None:
        """End it, and what it has started."""
        try:
            started = self._seen.children(recursive=True)
        except self._psutil.Error:
            started = []
        super().kill(ending=ending)
        for process in started:
            with contextlib.suppress(self._psutil.Error):
                process.kill()
        self._folder.cleanup()

    def ended(self) -> Ended:
        return Ended(self._process.wait(), self._out_of_memory)

    def cpu_seconds(self) -> float:
        try:
            times = self._seen.cpu_times()
        except self._psutil.Error:
            return 0.0
        return float(times.user + times.system)


def trusted_worker(
    main: str, paths: list[Path], given: list[str], memory: int | None = None
) -> tuple[Child, Output, model.Outcome | None]:
    """Start a worker for the instructor's own Python, load `main` in it, and return how that went.

    `memory` is how much it may have beyond what it has then, in bytes, where the system can limit that.
    """
    started = launch.worker(["-P"], {**os.environ, **launch.ALONE}, None, [])
    output = Output()
    child = Child(_Started(started.process), started.connection, started.printed, output)
    child.begin()
    load = {"load": {"main": main, "paths": [str(path) for path in paths], "given": given}}
    outcome = child.ask(protocol.pack(load), Deadline(time.monotonic() + START_SECONDS))
    if memory is not None and sys.platform == "linux":
        _limit_memory(started.process.pid, memory)
    return child, output, outcome


def _limit_memory(pid: int, memory: int) -> None:
    import psutil  # noqa: PLC0415  only where it is needed

    process = psutil.Process(pid)
    limit = process.memory_info().vms + memory
    process.rlimit(psutil.RLIMIT_AS, (limit, limit))
