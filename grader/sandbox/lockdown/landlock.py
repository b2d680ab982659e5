"""Landlock: no file may be opened but for reading, and only those that a child needs; no TCP, no signals outside.

What it can do depends on the kernel's version of it (ABI), and what a kernel does not know is left out. It does not
hide what exists: the namespaces do.
"""

import contextlib
import os
import stat
import struct

from grader.sandbox.lockdown import system
from grader.sandbox.lockdown.layer import BrokenError, Layer, Settings
from grader.sandbox.lockdown.view import DEVICES

_GET_VERSION = 1
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _REFER, _TRUNCATE, _IOCTL_DEV = 1 << 7, 1 << 8, 1 << 9, 1 << 13, 1 << 14, 1 << 15
_READ = _READ_FILE | _READ_DIR
_SCRATCH = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_BIND_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3


def abi() -> int:
    """Return the version of Landlock that the kernel has; 0 for none."""
    try:
        return system.call("landlock_create_ruleset", None, 0, _GET_VERSION)
    except OSError:
        return 0


def attributes(version: int) -> tuple[int, ...]:
    """Return what a ruleset of this version forbids, as the words of the kernel's `struct landlock_ruleset_attr`."""
    files = (1 << 13) - 1  # from executing to making symbolic links
    files |= sum(right for first, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)) if version >= first)
    network = (_BIND_AND_CONNECT_TCP,) if version >= 4 else ()
    scopes = (_ABSTRACT_SOCKETS_AND_SIGNALS,) if version >= 6 else ()
    return (files, *network, *scopes)


class Landlock(Layer):
    """A ruleset built once in the zygote, to which each child submits itself."""

    what = "reading other files, and writing any"
    remedy = "use Linux 5.13 or later with Landlock on (boot with lsm=landlock,... where it is not)"

    _ruleset = -1
    _files = 0
    _folder = ""

    def __init__(self, settings: Settings, *, everything: bool) -> None:
        """`everything` may be read where the root folder holds only what is needed."""
        super().__init__(settings)
        self._readable = ("/",) if everything else settings.readable

    def missing(self) -> str:
        """Ask the kernel."""
        return "" if abi() else "the kernel has no Landlock, or it is off"

    def begin(self) -> None:
        """Lay out the files for a child, where there is no root folder of its own that has them."""
        if self.settings.files and self._readable == self.settings.readable:
            import tempfile  # noqa: PLC0415  only where it is needed

            self._folder = tempfile.mkdtemp()
            os.chmod(self._folder, 0o755)  # noqa: S103  a child may be somebody else, and reads it
            self.settings.lay_out(self._folder)
            self._readable = (*self._readable, self._folder)

    def enter(self) -> None:
        """Build the ruleset."""
        words = attributes(abi())
        self._files = words[0]
        packed = struct.pack(f"={len(words)}Q", *words)
        self._ruleset = system.call("landlock_create_ruleset", packed, len(packed), 0)
        for path in (*self._readable, *DEVICES):
            self._allow(path, _READ)
        self._allow(os.devnull, _WRITE_FILE)

    def _allow(self, path: str, rights: int) -> None:
        descriptor = os.open(path, os.O_PATH)
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _READ_FILE | _WRITE_FILE
        rule = struct.pack("=Qi", rights & self._files, descriptor)
        system.call("landlock_add_rule", self._ruleset, _PATH_BENEATH, rule, 0)
        os.close(descriptor)

    def apply(self) -> None:
        """Submit to the ruleset; to one of its own where the child has a folder of its own."""
        if self.settings.scratch:
            self.enter()
            self._allow(".", _SCRATCH | (_MAKE_SOCK if self.settings.kernel else 0))
        if self._folder:
            os.chdir(self._folder)
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)  # which the kernel demands of those without privileges
        system.call("landlock_restrict_self", self._ruleset, 0)

    def clean_up(self) -> None:
        """Remove what was laid out."""
        if self._folder:
            import shutil  # noqa: PLC0415  only where it is needed

            shutil.rmtree(self._folder, ignore_errors=True)

    def probe(self) -> None:
        """Try to open the grader's own source, and for writing what everybody else may write to."""
        for path, flags in ((__file__, os.O_RDONLY), ("/dev/zero", os.O_WRONLY)):
            with contextlib.suppress(OSError):
                os.close(os.open(path, flags))
                raise BrokenError(f"can open {path}")
