"""A control group that counts the memory and processes of a zygote and of its children together.

The zygote joins it once, so a child costs nothing more: one child works at a time, and the zygote's own memory was
counted before it joined. Version 1 (a folder for each controller) and version 2 (one folder for all) differ in names.
"""

import contextlib
import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox.lockdown.layer import BrokenError, Layer, Settings

MOST_PROCESSES = 32
MOST_THREADS = 512
"""Where children run kernels: of the one at work as many as it may have, of the one that starts in reserve a dozen."""
_PREFIX = "proofgrade-"


@dataclass(frozen=True)
class Version:
    """What the files are called."""

    memory: str
    swap: str
    """Limits memory and swap together (version 1) or swap alone (version 2); not every kernel has it."""
    events: str
    """The file with a line `oom_kill N`."""


V1 = Version("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control")
V2 = Version("memory.max", "memory.swap.max", "memory.events")


class Cgroup(Layer):
    """Physical memory. What a child only reserves is not counted."""

    what = "more memory than its limit"
    remedy = "run as root where /sys/fs/cgroup can be written; without it, the address space is limited instead"

    def __init__(self, settings: Settings, mounts: str = "/sys/fs/cgroup", own: str = "/proc/self/cgroup") -> None:
        super().__init__(settings)
        self._folders, self._version = _folders(Path(mounts), Path(own).read_text(encoding="utf-8"))
        self._procs: list[int] = []
        self._events = -1
        self._processes = -1
        self._kills = 0

    def missing(self) -> str:
        """Try to make one."""
        if not self._folders:
            return "no memory controller is mounted"
        try:
            for folder in self._folders:
                folder.mkdir()
            self._set_limits()
            return "" if self._can_be_joined() else "no process may join a control group here"
        except OSError as error:
            return f"no control group can be made: {error.strerror}"
        finally:
            self.clean_up()

    def _can_be_joined(self) -> bool:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                for folder in self._folders:
                    (folder / "cgroup.procs").write_text("0", encoding="ascii")
                status = 0
            finally:
                os._exit(status)
        return os.waitpid(pid, 0)[1] == 0

    def begin(self) -> None:
        """Make the folders, and open what is needed once they are out of sight."""
        self._sweep()
        for folder in self._folders:
            folder.mkdir()
        self._set_limits()
        self._procs = [os.open(folder / "cgroup.procs", os.O_RDWR) for folder in self._folders]
        self._events = os.open(self._folders[0] / self._version.events, os.O_RDONLY)
        self._processes = os.open("/proc", os.O_PATH)

    def _sweep(self) -> None:
        """Remove what is left by those that were killed before they could clean up."""
        for old in (old for folder in self._folders for old in folder.parent.glob(f"{_PREFIX}*")):
            with contextlib.suppress(OSError):
                if not Path(f"/proc/{old.name.removeprefix(_PREFIX)}").exists():
                    old.rmdir()

    def _set_limits(self) -> None:
        memory = self._folders[0]
        limit = self.settings.memory + self.settings.scratch  # which is held in memory
        (memory / self._version.memory).write_text(str(limit), encoding="ascii")
        with contextlib.suppress(OSError):  # the kernel does not count swap
            swap = limit if self._version is V1 else 0
            (memory / self._version.swap).write_text(str(swap), encoding="ascii")
        with contextlib.suppress(OSError):  # no controller of processes: seccomp forbids them anyway
            most = MOST_THREADS if self.settings.kernel else MOST_PROCESSES
            (self._folders[-1] / "pids.max").write_text(str(most), encoding="ascii")

    def enter(self) -> None:
        """Join."""
        for procs in self._procs:
            os.write(procs, b"0")

    def apply(self) -> None:
        """Let the kernel kill this process before the zygote where memory runs out."""
        score = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=self._processes)
        os.write(score, b"1000")
        os.close(score)

    def out_of_memory(self) -> bool:
        """Tell whether the kernel has killed for want of memory since this was asked last."""
        events = os.pread(self._events, 1000, 0).decode()
        kills = int(events.partition("oom_kill ")[2].split()[0])
        since, self._kills = kills - self._kills, kills
        return since > 0

    def probe(self) -> None:
        """Look whether this process is counted; to use up the memory would take too long."""
        if not self._procs:
            raise BrokenError("its memory is not counted")
        for procs in self._procs:
            if str(os.getpid()) not in os.pread(procs, 10_000, 0).decode().split():
                raise BrokenError("its memory is not counted")

    def clean_up(self) -> None:
        """Remove the folders; the kernel may need a moment to let go of them."""
        for folder in self._folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                except OSError as error:
                    if error.errno == errno.EBUSY:
                        time.sleep(0.01)
                        continue
                break


def _folders(mounts: Path, own: str) -> tuple[list[Path], Version]:
    """Return where a group of our own would be (the first for memory), from the lines of /proc/self/cgroup."""
    name = f"{_PREFIX}{os.getpid()}"
    lines = [line.split(":", 2) for line in own.splitlines()]
    hierarchies = {controller: path for _, names, path in lines for controller in names.split(",")}
    if "memory" in hierarchies:  # version 1: below our own groups
        found = [
            mounts / kind / hierarchies[kind].lstrip("/") / name
            for kind in ("memory", "pids")
            if kind in hierarchies and (mounts / kind).is_dir()
        ]
        return found, V1
    beside = Path(hierarchies.get("", "/")).parent  # version 2: a group with processes may not have groups below it
    parent = mounts / str(beside).lstrip("/")
    controllers = parent / "cgroup.subtree_control"
    with contextlib.suppress(OSError):
        if "memory" in controllers.read_text(encoding="ascii").split():
            return [parent / name], V2
    return [], V2
