"""What a sandbox makes on a machine, and must not leave there.

Only what these very tests have started is looked at, so that others may run beside them: whose parent has ended is
adopted by the tests' own process (Linux calls that a subreaper), and so everything stays among its descendants.
"""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def runs(pid):
    """Tell whether a process is there, and more than an exit status that nobody has asked for."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return state(Path(f"/proc/{pid}"))[0] != "Z"
    return False


def state(folder):
    return (folder / "stat").read_text().rpartition(")")[2].split()


def parent_of(pid):
    """Return the parent's pid, or 0 where the process has gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return int(state(Path(f"/proc/{pid}"))[1])
    return 0


def ours(pid):
    """Tell whether a process runs that these tests have started, and is a fork server's."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return b"grader.sandbox.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes() and runs(pid) and descends(pid)
    return False


def descends(pid):
    ancestor = int(pid)
    while ancestor not in {0, os.getpid()}:
        ancestor = parent_of(ancestor)
    return ancestor != 0


def processes():
    """Return the pids of the fork servers' processes."""
    return {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if ours(folder.name)}


def groups():
    """Return the control groups that were made for the sandbox, and that no other run on this machine needs."""
    folders = (Path(top, name) for top, names, _ in os.walk("/sys/fs/cgroup") for name in names)
    found = {path: path.name.partition("-")[2] for path in folders if path.name.startswith("proofgrade-")}
    return {path for path, pid in found.items() if ours(pid) or not Path(f"/proc/{pid}").exists()}


def mounts():
    """Return all that is mounted as this process sees it."""
    return set(Path("/proc/self/mounts").read_text().splitlines())


def everything():
    return processes() | groups() | mounts()
