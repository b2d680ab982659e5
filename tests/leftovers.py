"""What a sandbox makes on a machine, and must not leave there."""

import contextlib
import sys
from pathlib import Path


def ours(folder):
    """Tell whether a process in /proc is a fork server of these tests', and not of another run on this machine."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        command = (folder / "cmdline").read_bytes()
        return sys.executable.encode() in command and b"grader.sandbox.zygote" in command and state(folder)[0] != "Z"
    return False


def state(folder):
    return (folder / "stat").read_text().rpartition(")")[2].split()


def processes():
    """Return the pids of the fork servers' processes."""
    return {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if ours(folder)}


def parent_of(pid):
    return int(state(Path(f"/proc/{pid}"))[1])


def groups():
    """Return the control groups that were made for the sandbox, and that no other run on this machine needs."""
    found = {path: Path("/proc") / path.name.partition("-")[2] for path in Path("/sys/fs/cgroup").rglob("proofgrade-*")}
    return {path for path, process in found.items() if ours(process) or not process.exists()}


def mounts():
    """Return all that is mounted as this process sees it."""
    return set(Path("/proc/self/mounts").read_text().splitlines())


def everything():
    return processes() | groups() | mounts()
