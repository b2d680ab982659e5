"""What a child may see of this machine's files: the standard library, the packages that are loaded, shared libraries.

Neither the grader nor the reference is among them, though they may be installed right beside the packages.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
LINKS = ("/lib", "/lib64")
"""Folders by whose names shared libraries are looked up, and which may be links."""
_SYSTEM = ("/etc/ld.so.cache", "/usr/share/zoneinfo", "/usr/lib/locale")
"""What the C library and Python look into: where shared libraries are, times, how languages write."""
_HIDDEN = frozenset({"grader", "reference", "__main__"})
_PACKAGES = frozenset({"site-packages", "dist-packages"})


def readable() -> tuple[str, ...]:
    """Return the files and folders that a child needs, none inside another, as this process has loaded them."""
    found = [os.path.abspath(path) for path in (*_standard_library(), *_packages()) if os.path.exists(path)]
    return tuple(_outermost([*found, *_shared_libraries()]))


def _standard_library() -> Iterator[str]:
    """Yield the folders of the standard library, or where packages are installed in one, what else is in it."""
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        names = os.listdir(folder) if os.path.isdir(folder) else []
        if _PACKAGES.isdisjoint(names):
            yield folder
        else:
            yield from (os.path.join(folder, name) for name in names if name not in _PACKAGES)


def _packages() -> Iterator[str]:
    """Yield where the loaded packages are, and the folders of shared libraries that come with them."""
    homes: set[str] = set()
    for name in {name.partition(".")[0] for name in sys.modules} - _HIDDEN - sys.stdlib_module_names:
        module = sys.modules.get(name)
        places = list(getattr(module, "__path__", None) or [getattr(module, "__file__", None) or ""])
        yield from filter(None, places)
        homes.update(os.path.dirname(place) for place in places if place)
    for home in homes:
        names = os.listdir(home) if os.path.isdir(home) else []
        yield from (os.path.join(home, name) for name in names if name.endswith(".libs"))


def _shared_libraries() -> Iterator[str]:
    """Yield the folders of the shared libraries that are mapped, or where Python is in one, its libraries."""
    yield from _SYSTEM
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        mapped = {line.split(maxsplit=5)[5].rstrip("\n") for line in maps if ".so" in line}
    for path in mapped:
        folder = os.path.dirname(path)
        if any(f"{os.path.realpath(entry)}/".startswith(f"{folder}/") for entry in sys.path if entry):
            yield from (os.path.join(folder, name) for name in os.listdir(folder) if ".so" in name)
        else:
            yield folder


def _outermost(paths: list[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: path.split("/")):  # a folder just before all that is in it
        if not (kept and path.startswith(f"{kept[-1]}/")) and os.path.exists(path):
            kept.append(path)
    return kept
