"""Limits of the kernel for one process, and what it may do as somebody."""

import contextlib
import ctypes
import errno
import mmap
import os
import resource
import signal
import time

from grader.sandbox.lockdown import system
from grader.sandbox.lockdown.layer import BrokenError, Layer, Settings

FIRST_UID = 0x7000_0000
"""From here to 0x7fffffff no user, container or service is numbered by convention (systemd's UIDS-GIDS)."""
FILES, FILES_OF_A_KERNEL = 64, 256
THREADS_OF_A_KERNEL = 128
"""Of all children together: they are counted by user (before Linux 5.14 with all else that this user runs)."""
_SLOTS = 64
_CAPABILITIES = 41


class Rlimits(Layer):
    """CPU time, open files, file size, processes, and the address space where no cgroup counts the memory."""

    what = "CPU time, files and processes without end"

    def __init__(self, settings: Settings, *, address_space: bool = True) -> None:
        super().__init__(settings)
        mib8 = 8 * 2**20
        self._limits = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_CPU: settings.cpu_seconds,
            resource.RLIMIT_FSIZE: settings.scratch,
            resource.RLIMIT_NOFILE: FILES_OF_A_KERNEL if settings.kernel else FILES,
            resource.RLIMIT_NPROC: THREADS_OF_A_KERNEL if settings.kernel else 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
            resource.RLIMIT_STACK: mib8,
        }
        # where memory is counted otherwise, not even a lower limit of the grader's is left on the address space
        self._address_space = mapped() + settings.memory if address_space else resource.RLIM_INFINITY
        self._limits |= {resource.RLIMIT_AS: self._address_space, resource.RLIMIT_DATA: self._address_space}

    def begin(self) -> None:
        """Refuse a machine that gives less memory or time than a submission may have: it would be the one to pay."""
        for kind, wanted, what in (
            (resource.RLIMIT_AS, mapped() + self.settings.memory, "address space"),
            (resource.RLIMIT_DATA, mapped() + self.settings.memory, "data"),
            (resource.RLIMIT_CPU, self.settings.cpu_seconds, "CPU time"),
        ):
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY and hard < wanted:
                raise OSError(f"this machine limits the {what} of a process to {hard}, and {wanted} is needed (ulimit)")

    def apply(self) -> None:
        """Set them, soft and hard, no higher than they are."""
        for kind, limit in self._limits.items():
            hard = resource.getrlimit(kind)[1]
            known = [value for value in (limit, hard) if value != resource.RLIM_INFINITY]
            lower = min(known, default=resource.RLIM_INFINITY)
            resource.setrlimit(kind, (lower, lower))

    def probe(self) -> None:
        """Map more than the limit, open more than there may be."""
        if self._address_space != resource.RLIM_INFINITY:
            with contextlib.suppress(OSError, MemoryError, ValueError):
                mmap.mmap(-1, self._address_space).close()
                raise BrokenError("can have more memory than the limit")
        with contextlib.suppress(OSError):
            beyond = self._limits[resource.RLIMIT_NOFILE]
            os.dup2(1, beyond)
            os.close(beyond)
            raise BrokenError("can have more open files than the limit")


def mapped() -> int:
    """Return how much address space this process has mapped, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


class Privileges(Layer):
    """No capabilities and none to be had; as root, a user number that nobody else has."""

    what = "rights of root's, and where root grades, those of other submissions"
    remedy = (
        "run as an ordinary user, or let the container keep CAP_SETUID, CAP_SETGID and CAP_KILL, with user numbers up "
        "to 2147483647"
    )

    _header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _none = (ctypes.c_uint32 * 6)()

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._first = FIRST_UID + os.getpid() % 2**22 * _SLOTS
        self._slot = 0

    def missing(self) -> str:
        """As root, try in another process whether its user can be had, and whether it can still be ended."""
        if os.geteuid():
            return ""
        told, tells = os.pipe()
        pid = os.fork()
        if pid == 0:
            _try_to_become(self._first, tells)
        number = os.read(told, 1)[0]
        try:
            os.kill(pid, signal.SIGKILL)
        except PermissionError:
            number = number or errno.EPERM
        os.waitpid(pid, 0)
        for end in (told, tells):
            os.close(end)
        return f"root may not be another user here, or not end its processes: {os.strerror(number)}" if number else ""

    def enter(self) -> None:
        """Empty the set of capabilities that any child could ever have."""
        for capability in range(_CAPABILITIES):
            with contextlib.suppress(OSError):  # it does not have it itself
                system.prctl(system.PR_CAPBSET_DROP, capability)

    def next(self) -> None:
        """Give the next child another number."""
        self._slot = (self._slot + 1) % _SLOTS

    def apply(self) -> None:
        """Become nobody in particular, for good."""
        if os.geteuid() == 0:
            _become(self._first + self._slot)
        system.capset(self._header, self._none)
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
        system.prctl(system.PR_SET_DUMPABLE, 0)
        die_with_parent()  # the kernel has forgotten it if the user has changed

    def probe(self) -> None:
        """Try to be root again, and to use rights of root's."""
        for attempt, *arguments in ((os.setuid, 0), (os.chroot, "/"), (system.unshare, system.CLONE_NEWNS)):
            with contextlib.suppress(OSError):
                attempt(*arguments)
                raise BrokenError("has rights of root's")
        if not system.prctl(system.PR_GET_NO_NEW_PRIVS, 0):
            raise BrokenError("could get rights by starting a program that has them")


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _try_to_become(uid: int, tells: int) -> None:
    """Write whether it worked (0, or the number of the error), and wait for the end."""
    number = 255
    try:
        _become(uid)
        number = 0
    except OSError as error:
        number = error.errno or 255
    finally:
        os.write(tells, bytes([number]))
        time.sleep(1)
        os._exit(0)


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies."""
    system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL)
