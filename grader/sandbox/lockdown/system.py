"""System calls that Python does not offer, by ctypes on libc; each raises OSError where it fails."""

import ctypes
import os
import platform

_LIBC = ctypes.CDLL(None, use_errno=True)

ARCHITECTURE = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}.get(
    platform.machine().lower(), ""
)
"""Which table of system calls holds here; empty where there is none."""

_ARCHITECTURE_ONLY = {"pivot_root": (155, 41), "seccomp": (317, 277)}
_SAME = {
    "close_range": 436,
    "mount_setattr": 442,
    "landlock_create_ruleset": 444,
    "landlock_add_rule": 445,
    "landlock_restrict_self": 446,
}
NUMBERS = {
    name: _SAME.get(name) or _ARCHITECTURE_ONLY[name][ARCHITECTURE == "aarch64"]
    for name in (*_ARCHITECTURE_ONLY, *_SAME)
}
"""The numbers of the calls made here that libc has no function for."""

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 1, 4, 24, 38, 39
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID = 1, 2


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def call(name: str, *arguments: object) -> int:
    """Make a system call of `NUMBERS`."""
    longs = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(NUMBERS[name]), *longs), name)


def prctl(option: int, value: int) -> int:
    """Set or get a property of this process."""
    zero = ctypes.c_ulong(0)
    return _checked(_LIBC.prctl(option, ctypes.c_ulong(value), zero, zero, zero), "prctl")


def name_host(name: str) -> None:
    """Give the machine another name, in a namespace of its own."""
    _checked(_LIBC.sethostname(os.fsencode(name), len(name)), "sethostname")


def unshare(flags: int) -> None:
    """Move this process (and for CLONE_NEWPID its next children) to new namespaces."""
    _checked(_LIBC.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Move this process (and for CLONE_NEWPID its next children) to a namespace that is open."""
    _checked(_LIBC.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system, or a file or folder at a second place."""
    texts = [os.fsencode(text) or None for text in (source, target, kind)]
    result = _LIBC.mount(*texts, ctypes.c_ulong(flags), os.fsencode(options) or None)
    _checked(result, f"mount {source} on {target}")


def make_read_only(folder: str) -> None:
    """Make all that is mounted at a folder and below it read-only."""
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID)
    path = ctypes.c_char_p(os.fsencode(folder))
    call("mount_setattr", _AT_FDCWD, path, _AT_RECURSIVE, attributes, ctypes.sizeof(attributes))


def become_root(folder: str) -> None:
    """Make a folder that is a mount point the root of this mount namespace, and let go of the old one."""
    os.chdir(folder)
    here = ctypes.c_char_p(b".")
    call("pivot_root", here, here)  # the old root now lies over the new one
    _checked(_LIBC.umount2(here, MNT_DETACH), "umount2")
    os.chdir("/")


def capset(header: object, data: object) -> None:
    """Set this process's capabilities."""
    _checked(_LIBC.capset(header, data), "capset")
