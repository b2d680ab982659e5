"""Imports inside a student's child: from the bytes that were sent, and from little else.

A submission finds, in this order, its own files, the modules that the course gives, stand-ins for what nobody grades,
the standard library and the packages that the zygote has loaded for the assignment. What else happens to be
installed on the grading machine is not there, so a submission gets the same result on each.

This keeps honest submissions honest. What stops the others is that nothing worth stealing is in this process.
"""

import ast
import collections
import dataclasses
import functools
import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any, NamedTuple

from grader.sandbox.standins import NOTEBOOKS, PLOTTING, PROGRESS, StandInLoader
from grader.sandbox.values import Record


class Source(NamedTuple):
    """A file of Python, as it was sent."""

    filename: str
    data: bytes


class Library(MetaPathFinder, Loader):
    """The modules of one submission and of its course.

    `main` is the path of the graded file in `files` (path: bytes, relative to the submission); `given` holds the
    course's modules; `names` are put into the graded module before it runs (name: dotted path); `packages` are the
    top-level names that may be imported from this machine.
    """

    def __init__(
        self,
        main: str,
        files: Mapping[str, bytes],
        given: Mapping[str, bytes],
        names: Mapping[str, str],
        packages: frozenset[str],
    ) -> None:
        self.names, self.installed = names, packages
        self.given = {_dotted(path): Source(path, data) for path, data in given.items()}
        self.sources = dict(self.given)
        self.aliases: dict[str, str] = {}
        self.folders: set[str] = set()
        self.own_names: set[str] = set()
        self.own = {path: Source(path, data) for path, data in files.items()}
        home = main.rpartition("/")[0]
        for path, source in self.own.items():
            self._add(path, home, source)
        self.main = _dotted(main[len(home) :].lstrip("/"))

    def _add(self, path: str, home: str, source: Source) -> None:
        """Make a file importable as seen from the graded file's folder, and from the submission's."""
        full = _dotted(path)
        name = _dotted(path[len(home) :].lstrip("/")) if path.startswith(home) else full
        self.sources[name] = source
        self.own_names.add(name)
        if full != name:
            self.aliases[full] = name
        self.folders.update(*(_parents(dotted) for dotted in (name, full)))
        if path.endswith("__init__.py"):
            self.folders.update((name, full))

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Find a module of the submission or course or a stand-in; leave the allowed rest to the other finders.

        Raises:
            ModuleNotFoundError: the module is none of these.
        """
        del path, target
        top = name.partition(".")[0]
        if not self._known(name):
            if top in self.installed or top.startswith("_sysconfigdata"):  # the standard library's, though not listed
                return None
            if top in PLOTTING | NOTEBOOKS | PROGRESS:
                return ModuleSpec(name, StandInLoader(), is_package=True)
            if self._known(top):
                return None
            if not self._adopt(top):
                raise ModuleNotFoundError(f"No module named {name!r} in this assignment", name=name)
        return ModuleSpec(name, self, origin=name, is_package=name in self.folders)

    def _known(self, name: str) -> bool:
        return name in self.sources or name in self.aliases or name in self.folders

    def _adopt(self, top: str) -> bool:
        """Take `src.common` for `common` where the submission was cut out of a package named `src`."""
        for dotted in {name for source in self.own.values() for name in _imports(source)}:
            last = dotted.rpartition(".")[2]
            if dotted.startswith(top + ".") and last in self.sources:
                self.aliases[dotted] = last
                self.folders.update(_parents(dotted))
        return top in self.folders

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        """Return the module itself where the name is another name of it."""
        target = self.aliases.get(spec.name)
        return importlib.import_module(target) if target else None

    def exec_module(self, module: types.ModuleType) -> None:
        """Run a module's source; `__name__` is never `__main__`, so a guarded block does not run."""
        name = module.__name__
        source = self.sources.get(name)
        if source is None or name in self.aliases:
            return
        code = compile(source.data, source.filename, "exec", dont_inherit=True)
        module.__file__ = source.filename
        if name == self.main:
            vars(module).update({given: self.resolve(path) for given, path in self.names.items()})
        exec(code, vars(module))

    def get_source(self, name: str) -> str | None:
        """Return a module's text, for tracebacks."""
        source = self.sources.get(name)
        return importlib.util.decode_source(source.data) if source else None

    def resolve(self, path: str) -> Any:
        """Return what a dotted path names: a module, or something in one.

        A student's own copy of a given module comes first, and the course's own stands in for what it lacks.
        """
        module, _, attribute = path.rpartition(".")
        try:
            return getattr(importlib.import_module(module), attribute) if module else importlib.import_module(path)
        except Exception:  # whatever a student's own copy of a given module raises
            if module not in self.given or self.sources[module] is self.given[module]:
                raise
            original = types.ModuleType(module)
            exec(compile(self.given[module].data, self.given[module].filename, "exec"), vars(original))
            return getattr(original, attribute)

    def build(self, record: Record) -> Any:
        """Return a record as the class of that name which the course gives, else as a namedtuple."""
        return build(record, self.given, self.resolve)


def build(record: Record, given: Iterator[str] | Mapping[str, Any] | Sequence[str], resolve: Any) -> Any:
    """Return a record as an instance of the class of its name in one of the given modules, else as a namedtuple.

    A record may be a stranger's: nothing is called but a class of records, and a name that none can have stays one.
    """
    for module in given:
        try:
            found = resolve(f"{module}.{record.name}")
            if isinstance(found, type) and (hasattr(found, "_fields") or dataclasses.is_dataclass(found)):
                return found(**record.fields)
        except Exception:  # noqa: S112  a module without that class, or a student's own that takes other fields
            continue
    try:
        return collections.namedtuple(record.name, record.fields)(**record.fields)  # noqa: PYI024  fields unknown
    except (TypeError, ValueError):
        return record


def resolve(path: str) -> Any:
    """Return what a dotted path names in one of this process's own modules."""
    module, _, attribute = path.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@functools.cache
def loaded_packages() -> frozenset[str]:
    """Return the top-level names that a child may import: the standard library's and what this process has loaded."""
    return (sys.stdlib_module_names | {name.partition(".")[0] for name in sys.modules}) - {"grader", "__main__"}


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _parents(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _imports(source: Source) -> Iterator[str]:
    """Yield the dotted names that a file imports."""
    try:
        tree = ast.parse(source.data)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
