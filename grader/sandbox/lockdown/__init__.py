"""The walls around student code, as a list: its order is the argument.

    namespaces   nothing of the machine's to be seen or reached: processes, files, network
    cgroup       memory and processes are counted, where this can be had
    rlimits      CPU time, files, and the address space where no cgroup counts memory
    privileges   no capabilities, none to be had, another user as root: what is locked stays locked
    landlock     what can still be seen may be read at most
    descriptors  nothing that is open is left but one socket and the streams
    seccomp      hardly any system call is left to look for a hole with

Each takes away what the ones after it need not fear, and the last takes away what all before it needed to be set up.
A level is a set of layers that are strong enough together; what else this machine has is put on as well.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

from grader.sandbox.lockdown.cgroup import Cgroup
from grader.sandbox.lockdown.descriptors import Descriptors
from grader.sandbox.lockdown.landlock import Landlock
from grader.sandbox.lockdown.layer import BrokenError, Layer, Settings
from grader.sandbox.lockdown.namespaces import Namespaces
from grader.sandbox.lockdown.privileges import Privileges, Rlimits, die_with_parent
from grader.sandbox.lockdown.seccomp import Seccomp
from grader.sandbox.lockdown.system import ARCHITECTURE

LAYERS = ("namespaces", "cgroup", "rlimits", "privileges", "landlock", "descriptors", "seccomp")
"""Their names, in their order."""

_ALWAYS = frozenset({"rlimits", "privileges", "seccomp"})
_MAKE: dict[str, Callable[[Settings, set[str]], Layer]] = {
    "namespaces": lambda settings, _: Namespaces(settings),
    "cgroup": lambda settings, _: Cgroup(settings),
    "rlimits": lambda settings, on: Rlimits(settings, address_space="cgroup" not in on),
    "privileges": lambda settings, _: Privileges(settings),
    "landlock": lambda settings, on: Landlock(settings, everything="namespaces" in on),
    "descriptors": lambda settings, _: Descriptors(settings),
    "seccomp": lambda settings, _: Seccomp(settings),
}


class Lockdown:
    """The layers that are wanted and can be had; all that can, where none are named."""

    def __init__(self, settings: Settings, wanted: Sequence[str] | None = None) -> None:
        if not ARCHITECTURE:
            raise OSError(f"there is no table of system calls for {os.uname().machine}")
        self._settings = settings
        self._missing: dict[str, str] = {}
        self._all: dict[str, Layer] = {}
        self._on: dict[str, Layer] = {}
        for name in LAYERS:
            layer = self._all[name] = _MAKE[name](settings, set(self._on))
            reason = layer.missing()
            if reason:
                self._missing[name] = reason
            elif wanted is None or name in wanted:
                self._on[name] = layer
        if (settings.scratch or settings.kernel) and "namespaces" not in self._on:
            what = "the execution of a notebook" if settings.kernel else "a scratch folder"
            why = self._missing.get("namespaces", "they are off")
            raise OSError(f"{what} needs namespaces: {why} (see `grader doctor`)")

    def state(self) -> dict[str, Any]:
        """Return the level, the layers that are on, and of every layer what it is for and why it is missing."""
        return {
            "level": self.level,
            "layers": list(self._on),
            "known": [
                {"name": name, "what": layer.what, "remedy": layer.remedy, "missing": self._missing.get(name, "")}
                for name, layer in self._all.items()
            ],
        }

    @property
    def level(self) -> str:
        """What these layers amount to; empty where that is too little to run a stranger's code."""
        if not self._on.keys() >= _ALWAYS:
            return ""
        if "namespaces" in self._on:
            return "user" if os.geteuid() else "root"
        return "container" if "landlock" in self._on else ""

    def begin(self) -> None:
        """Do what each layer does before the zygote is forked."""
        for layer in self._on.values():
            layer.begin()

    def enter(self) -> None:
        """Do what each layer does once in the zygote, which dies with the process that it was forked from."""
        die_with_parent()
        for layer in self._on.values():
            layer.enter()

    def clean_up(self) -> None:
        """Remove what is left on the machine when the zygote has ended."""
        for layer in self._on.values():
            layer.clean_up()

    def fork(self) -> int:
        """Fork a child, and return what `os.fork` does."""
        privileges, namespaces = self._on.get("privileges"), self._on.get("namespaces")
        if isinstance(privileges, Privileges):
            privileges.next()
        return namespaces.fork() if isinstance(namespaces, Namespaces) else os.fork()

    def apply(self) -> None:
        """Lock this child, for good."""
        for layer in self._on.values():
            layer.apply()

    def apply_twice(self) -> int:
        """Lock this child and a fork of it, which share all layers but the last: under that no process can be started.

        Return what `os.fork` does.
        """
        last = self._on.pop("seccomp", None)
        self.apply()
        pid = os.fork()
        if last:
            last.apply()
        return pid

    def verify(self) -> dict[str, Any]:
        """Lock this child, trying to break each layer as soon as it is on.

        Later layers would hide that an earlier one does not hold. Layers that could be on and are not are tried too.
        Return what broke, by the layer's name, and a path that the child cannot read though it must, if there is one.
        """
        broken = {}
        for name, layer in self._all.items():
            if name in self._on:
                layer.apply()
            if name not in self._missing:
                broken[name] = _tried(layer)
        unreadable = next(filter(_unreadable, self._settings.readable), "")
        return {"broken": {name: text for name, text in broken.items() if text}, "unreadable": unreadable}

    def out_of_memory(self) -> bool:
        """Tell whether the kernel has killed a child for want of memory since this was asked last."""
        cgroup = self._on.get("cgroup")
        return isinstance(cgroup, Cgroup) and cgroup.out_of_memory()


def _unreadable(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return True
    return False


def _tried(layer: Layer) -> str:
    try:
        layer.probe()
    except BrokenError as error:
        return str(error)
    return ""
