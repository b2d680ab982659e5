"""A world of its own: processes, files, network, shared memory and host name that hold nothing of the machine's."""

import contextlib
import errno
import os
import socket
from dataclasses import replace

from grader.sandbox.lockdown import system
from grader.sandbox.lockdown.layer import BrokenError, Layer
from grader.sandbox.lockdown.view import DEVICES, LINKS

FOLDER = "/work"
"""Where a child starts: read-only, with the course's files; or a scratch folder, if the assignment asks for one."""
_OWN = 4 * 2**20
"""How large the root folder may become, besides the course's files, in bytes."""
_BUILDING_SITES = ("/mnt", "/media", "/srv", "/opt", "/home", "/var", "/tmp", "/usr", "/root")  # noqa: S108
_WORLD = system.CLONE_NEWNET | system.CLONE_NEWIPC | system.CLONE_NEWUTS | system.CLONE_NEWPID


class Namespaces(Layer):
    """New namespaces of every kind for the zygote, and a process namespace for each child.

    The root folder becomes one in memory, with what a child needs to see mounted in it, all of it read-only.
    """

    what = "other processes, other files and the network"
    remedy = (
        "run as root, or allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns); in a container, the container stands in for them"
    )

    _outer = -1

    def missing(self) -> str:
        """Try it in a process that ends at once, with hardly a file to show."""
        pid = os.fork()
        if pid == 0:
            number = 255
            try:
                trial = Namespaces(replace(self.settings, readable=(), files=()))
                trial.begin()
                trial.enter()
                number = 0
            except OSError as error:
                number = error.errno or 255
            finally:
                os._exit(number)
        number = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        why = "there are as many as there may be" if number == errno.ENOSPC else os.strerror(number)
        return f"no new namespaces can be made here: {why}" if number else ""

    def begin(self) -> None:
        """Unshare all but the mounts: the process that waits must still find what is to be cleaned up."""
        _unshare()
        system.name_host("sandbox")

    def enter(self) -> None:
        """Build a root folder and move there."""
        os.umask(0o022)  # the grader's may be stricter, and a child is somebody else
        self._outer = os.open("/proc/self/ns/pid", os.O_RDONLY)
        system.unshare(system.CLONE_NEWNS)
        system.mount("", "/", flags=system.MS_REC | system.MS_PRIVATE)
        root = self._building_site()
        size = _OWN + 2 * sum(size for _, size in self.settings.files)
        system.mount("tmpfs", root, "tmpfs", system.MS_NOSUID, f"size={size},mode=755")
        os.mkdir(root + FOLDER)
        self.settings.lay_out(root + FOLDER)
        for path in (*self.settings.readable, *DEVICES):
            _show(path, root + path)
        for link in LINKS:
            if os.path.islink(link):
                os.symlink(os.readlink(link), root + link)
        system.make_read_only(root)
        system.become_root(root)

    def _building_site(self) -> str:
        """Return a folder that may be hidden, because nothing is in it that is still to be mounted."""
        shown = {place for path in self.settings.readable for place in (path, os.path.realpath(path))}
        for folder in _BUILDING_SITES:
            if os.path.isdir(folder) and not any(f"{place}/".startswith(f"{folder}/") for place in shown):
                return folder
        raise OSError("no folder to build the sandbox's root on")

    def fork(self) -> int:
        """Fork a child that is the first process of a namespace of its own: its end is the end of all in it."""
        system.unshare(system.CLONE_NEWPID)
        pid = os.fork()
        if pid:
            system.setns(self._outer, system.CLONE_NEWPID)
        return pid

    def apply(self) -> None:
        """Go to the empty folder, or make it one in memory into which may be written."""
        if self.settings.scratch:
            system.unshare(system.CLONE_NEWNS)
            options = f"size={self.settings.scratch},nr_inodes=1024,mode=777"
            system.mount("tmpfs", FOLDER, "tmpfs", system.MS_NOSUID, options)
        os.chdir(FOLDER)

    def probe(self) -> None:
        """Look for the grader's own files, a parent and the machine's loopback, and try to write."""
        if os.path.exists(__file__) or os.path.exists("/proc"):
            raise BrokenError("sees files that are none of its business")
        if os.getppid():
            raise BrokenError("sees the process that started it")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probing, contextlib.suppress(OSError):
            probing.connect(("127.0.0.1", 9))
            raise BrokenError("has a network")
        with contextlib.suppress(OSError):
            os.mkdir("/probe")
            raise BrokenError("can write to the file system")


def _unshare() -> None:
    uid, gid = os.geteuid(), os.getegid()
    system.unshare(_WORLD | (system.CLONE_NEWUSER if uid else 0))
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def _show(path: str, place: str) -> None:
    """Mount a file or folder at a second place."""
    if os.path.isdir(path):
        os.makedirs(place, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "x", encoding="ascii"):
            pass
    system.mount(path, place, flags=system.MS_BIND | system.MS_REC)
