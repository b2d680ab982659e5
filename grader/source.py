"""The reference's source, which runs as one more submission: as it is, or with one place of it changed."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from grader.assignment import Assignment
from grader.mutants import Mutant, mutants
from grader.submission import Handed

NOT_ITS = frozenset({"inputs.py", "slips.py", "accepted.py", "checks.py"})
"""The instructor's Python beside a reference that it does not import."""


def reference(assignment: Assignment) -> Handed | None:
    """Return the reference as if it were handed in, with the modules of its package; None where there is none."""
    name, main = assignment.spec.reference, assignment.spec.submission.file
    if name is None or main is None:
        return None
    top = name.partition(".")[0]
    base = _base(assignment.folder, top)
    file = base / f"{name.replace('.', '/')}.py" if base else None
    if base is None or file is None or not file.is_file():
        return None
    inside = base / top
    paths = sorted(inside.rglob("*.py")) if inside.is_dir() else _beside(base)
    files = {path.relative_to(base).as_posix(): path.read_bytes() for path in paths}
    return Handed(main, {main: file.read_bytes(), **{path: data for path, data in files.items() if path != main}})


def _base(folder: Path, top: str) -> Path | None:
    """Return the folder that a top-level module or package lies in: the assignment's, or where it is installed."""
    if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
        return folder
    found = find_spec(top)
    if found and found.submodule_search_locations:
        return Path(next(iter(found.submodule_search_locations))).parent
    return Path(found.origin).parent if found and found.origin else None


def _beside(base: Path) -> list[Path]:
    return sorted(path for path in base.glob("*.py") if path.name not in NOT_ITS)


def variations(handed: Handed, functions: Sequence[str]) -> Iterator[tuple[str, Mutant, Handed]]:
    """Yield the mutants of what graded functions consist of, in the reference and what it imports of its package.

    With each comes the file that it is in, and the whole as it would be handed in.
    """
    for path, names in _used(handed, functions).items():
        for mutant in mutants(handed.files[path].decode()):
            if mutant.function.partition(".")[0] in names:
                yield path, mutant, replace(handed, files={**handed.files, path: mutant.source.encode()})


def _used(handed: Handed, functions: Sequence[str]) -> dict[str, set[str]]:
    """Return for each file the functions and classes in it that are used."""
    used: dict[str, set[str]] = {}
    left = [(handed.main, name) for name in functions]
    while left:
        path, name = left.pop()
        if name in used.get(path, set()):
            continue
        used.setdefault(path, set()).add(name)
        tree = ast.parse(handed.files[path])
        imported = {alias: origin for alias, origin in _imported(tree) if origin[0] in handed.files}
        left += [imported.get(mentioned, (path, mentioned)) for mentioned in _mentioned(tree, name)]
    return used


def _imported(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each name that a module imports from another file, with that file and its name there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            path = f"{node.module.replace('.', '/')}.py"
            yield from ((alias.asname or alias.name, (path, alias.name)) for alias in node.names)


def _mentioned(tree: ast.Module, name: str) -> set[str]:
    """Return the names that stand in the definition of a function or class."""
    definitions = [node for node in tree.body if getattr(node, "name", None) == name]
    names = {node.id for one in definitions for node in ast.walk(one) if isinstance(node, ast.Name)}
    return names - {name}
