"""The reference's source, which runs as one more submission: as it is, or with one place of it changed."""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from grader.assignment import Assignment
from grader.mutants import Mutant, mutants
from grader.submission import Handed

MAIN = "graded_reference.py"
"""What stands for the file that is handed in."""
NOT_ITS = frozenset({"inputs.py", "slips.py", "accepted.py", "checks.py"})
"""The instructor's Python beside a reference that it does not import."""


def reference(assignment: Assignment) -> Handed | None:
    """Return the reference as if it were handed in, with the modules of its package; None where it cannot be found.

    What is handed in besides only imports the graded functions from it.
    """
    name = assignment.spec.reference
    if name is None or not assignment.spec.functions:
        return None
    top = name.partition(".")[0]
    base = _base(assignment.folder, top)
    if base is None:
        return None
    inside = base / top
    paths = _beside(base) if _is_module(inside) else sorted(inside.rglob("*.py"))
    files = {path.relative_to(base).as_posix(): path.read_bytes() for path in paths}
    if _file(name, files) is None:
        return None
    imports = f"from {name} import {', '.join(assignment.spec.functions)}\n"
    return Handed(MAIN, {MAIN: imports.encode(), **files})


def _is_module(inside: Path) -> bool:
    """Tell whether a name is a file's: one wins over a folder of its name that is no package."""
    return inside.with_suffix(".py").is_file() and not (inside / "__init__.py").is_file()


def _file(module: str, files: Mapping[str, bytes]) -> str | None:
    """Return which of the files a module is."""
    path = module.replace(".", "/")
    return next((file for file in (f"{path}/__init__.py", f"{path}.py") if file in files), None)


def _base(folder: Path, top: str) -> Path | None:
    """Return the folder that a top-level module or package lies in: the assignment's, or where it is installed."""
    if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
        return folder
    found = find_spec(top)
    if found and found.submodule_search_locations:
        return Path(next(iter(found.submodule_search_locations))).parent
    return Path(found.origin).parent if found and found.origin else None


def _beside(base: Path) -> list[Path]:
    return sorted(path for path in base.glob("*.py") if path.name not in {MAIN, *NOT_ITS})


def variations(handed: Handed, functions: Sequence[str]) -> Iterator[tuple[str, Mutant, Handed]]:
    """Yield the mutants of what graded functions consist of, in the reference and what it imports of its package.

    With each comes the file that it is in, and the whole as it would be handed in.
    """
    for path, names in _used(handed.files, functions).items():
        for mutant in mutants(_text(handed.files[path])) if path != MAIN else ():
            if mutant.function.partition(".")[0] in names:
                yield path, mutant, replace(handed, files={**handed.files, path: mutant.source.encode()})


def _text(data: bytes) -> str:
    """Return a source in the encoding that it says it has."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding)


def _used(files: Mapping[str, bytes], functions: Sequence[str]) -> dict[str, set[str]]:
    """Return for each file the functions and classes in it that are used."""
    used: dict[str, set[str]] = {}
    left = [(MAIN, name) for name in functions]
    while left:
        path, name = left.pop()
        if name in used.get(path, set()):
            continue
        used.setdefault(path, set()).add(name)
        tree = ast.parse(files[path])
        imported = dict(_imported(tree, path, files))
        left += [imported.get(mentioned, (path, mentioned)) for mentioned in {name, *_mentioned(tree, name)}]
    return used


def _imported(tree: ast.Module, path: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each name that a module imports from another file, with that file and its name there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            above = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            file = _file(module, files)
            if file:
                yield from ((alias.asname or alias.name, (file, alias.name)) for alias in node.names)


def _mentioned(tree: ast.Module, name: str) -> set[str]:
    """Return the names that stand in the definition of a function or class, or of another name."""
    definitions = [node for node in tree.body if getattr(node, "name", None) == name or _assigns(node, name)]
    return {node.id for one in definitions for node in ast.walk(one) if isinstance(node, ast.Name)}


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
