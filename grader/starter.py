"""What students begin with: files with the solutions taken out, or a module made from the reference. Pure.

    between `# BEGIN SOLUTION` and `# END SOLUTION`  ─►  raise NotImplementedError
    between `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS`  ─►  nothing (as nbgrader marks them)
    a reference without marked solutions  ─►  signatures and docstrings of what is graded

Of a reference without marks nothing else is kept but constants with a public name: its helpers may be the solution, and
so may what it imports from its own package. A type that comes from there is left out of the signatures, unless the spec
says under `names` where students find it. Where a notebook is handed in, the module becomes one, a function a cell.
"""

import ast
import builtins
import copy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from grader import handout
from grader.errors import SpecError
from grader.questions import Question
from grader.spec import Spec

_MARK = re.compile(r"(?P<indent>\s*)(?:#+|<!--)\s*(?P<which>BEGIN|END) (?P<what>SOLUTION|HIDDEN TESTS)\b.*")
_ATTACHED = re.compile(r"attachment:([^\s()\"'<>]+)")
"""How a cell shows an attached picture, if its name has no blank or bracket."""
TODO = "raise NotImplementedError  # your code here"
OUTSIDE = "# your code here"
"""What stands for a solution outside of functions: there nothing may be raised, or the file could not be imported."""
ANSWER = "YOUR ANSWER HERE"
_TYPES = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Constant, ast.BinOp, ast.BitOr, ast.Load)
"""What the names of types are made of."""
_FUTURE = "__future__"


def has_marks(source: str) -> bool:
    """Tell whether solutions are marked in a source."""
    marks = map(_MARK.fullmatch, source.splitlines())
    return any(mark is not None and mark["what"] == "SOLUTION" for mark in marks)


def without_solutions(source: str, where: str, outside: str = OUTSIDE) -> str:
    """Return a source with all that is marked as a solution replaced, and without what is marked as hidden tests.

    `where` names it in errors.

    Raises:
        SpecError: a mark has no counterpart.
    """
    return "".join(_lines(source, where, outside))


def _lines(source: str, where: str, outside: str) -> Iterator[str]:
    begun, what = 0, ""
    for n, line in enumerate(source.splitlines(keepends=True), 1):
        mark = _MARK.fullmatch(line.rstrip("\r\n"))
        if mark is None:
            if not begun:
                yield line
        elif mark["which"] == "END":
            if mark["what"] != what:
                raise SpecError(f"{where}:{n}: END {mark['what']}, and no BEGIN {mark['what']} above it")
            begun, what = 0, ""
        elif begun:
            raise SpecError(
                f"{where}:{n}: BEGIN {mark['what']}, and the {what} that begins in line {begun} has not ended"
            )
        else:
            begun, what = n, mark["what"]
            if what == "SOLUTION":
                yield f"{mark['indent']}{TODO if mark['indent'] else outside}\n"
    if begun:
        raise SpecError(f"{where}:{begun}: BEGIN {what}, and no END {what} below it")


# --- from the reference ----------------------------------------------------------------------------------------------


def from_reference(source: str, spec: Spec, where: str) -> str:
    """Return the module that students begin with, made from the reference's source.

    Raises:
        SpecError: the source does not define what is graded, or a mark in it has no counterpart.
    """
    if has_marks(source):
        return without_solutions(source, where)
    tree = ast.parse(source)
    graded = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in spec.functions]
    for name in spec.functions:
        if name not in {node.name for node in graded}:
            raise SpecError(f"{where} does not define {name}, so no starter can be made from it: write starter/")
    given = _given(tree, spec)
    functions = [_bare(node, given) for node in graded]
    needed = [*_needed(functions, given), *(given[name] for name in spec.names)]
    imports = sorted({ast.unparse(node) for node in needed if isinstance(node, ast.Import | ast.ImportFrom)})
    others = [node for node in tree.body if node in needed or _is_constant(node)]
    title = (spec.title or spec.name).rstrip(".").replace("\\", "\\\\").replace('"', "'")
    parts = [
        "\n\n".join([f'"""{title}."""', "\n".join([*_future(tree), *imports])]).rstrip(),
        *(["\n".join(map(ast.unparse, others))] if others else []),
        *map(ast.unparse, functions),
    ]
    return "\n\n\n".join(parts) + "\n"


def _bare(function: ast.FunctionDef, given: dict[str, ast.stmt]) -> ast.FunctionDef:
    """Return a function with nothing but its signature and its docstring."""
    bare = copy.deepcopy(function)
    documented = [bare.body[0]] if ast.get_docstring(bare) is not None else []
    bare.decorator_list, bare.body = [], [*documented, *ast.parse("raise NotImplementedError").body]
    arguments = bare.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if each is not None and not _is_known(each.annotation, given):
            each.annotation = None
    if not _is_known(bare.returns, given):
        bare.returns = None
    return bare


def _given(tree: ast.Module, spec: Spec) -> dict[str, ast.stmt]:
    """Return the statements that define names which students may have: imports, types, records of the module."""
    given: dict[str, ast.stmt] = {name: _importing(name, path) for name, path in spec.names.items()}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not _is_own(node, spec):
                for alias in node.names:
                    single = copy.copy(node)
                    single.names = [alias]
                    given.setdefault(alias.asname or alias.name.partition(".")[0], single)
        elif _is_type(node) and _is_known(node, given):
            target = node.name if isinstance(node, ast.ClassDef) else node.targets[0].id  # type: ignore[attr-defined]
            given.setdefault(target, node)
    return given


def _importing(name: str, path: str) -> ast.stmt:
    """Return the import that makes a name stand for what has this path."""
    module, _, last = path.rpartition(".")
    renamed = f"{last} as {name}" if last != name else name
    return ast.parse(f"from {module} import {renamed}" if module else f"import {renamed}").body[0]


def _is_own(node: ast.Import | ast.ImportFrom, spec: Spec) -> bool:
    """Tell whether it imports from the reference's own package, which students do not have."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    top = (spec.reference or "").partition(".")[0]
    within = isinstance(node, ast.ImportFrom) and (node.level > 0 or node.module == _FUTURE)
    return within or any(name.partition(".")[0] == top for name in names)


def _is_type(node: ast.stmt) -> bool:
    """Tell whether it defines a type: a name for one, or a class that has fields and nothing else."""
    if isinstance(node, ast.Assign):
        plain = all(isinstance(each, (*_TYPES, ast.expr_context)) for each in ast.walk(node.value))
        return plain and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    return isinstance(node, ast.ClassDef) and all(
        (isinstance(each, ast.AnnAssign) and each.value is None)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in node.body
    )


def _is_constant(node: ast.stmt) -> bool:
    """Tell whether it gives a public name a value that is written out."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return False
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return not node.targets[0].id.startswith("_")


def _future(tree: ast.Module) -> list[str]:
    return [ast.unparse(node) for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == _FUTURE]


def _names(node: ast.AST | None) -> set[str]:
    """Return the names that are used in a part of a module."""
    used = (each for each in ast.walk(node) if isinstance(each, ast.Name)) if node else ()
    return {each.id for each in used if isinstance(each.ctx, ast.Load)}


def _is_known(node: ast.AST | None, given: dict[str, ast.stmt]) -> bool:
    return all(name in given or hasattr(builtins, name) for name in _names(node))


def _needed(functions: list[ast.FunctionDef], given: dict[str, ast.stmt]) -> list[ast.stmt]:
    """Return the statements whose names are used in functions, or in one another."""
    needed: list[ast.stmt] = []
    left: list[ast.AST] = [*functions]
    while left:
        for name in sorted(_names(left.pop())):
            if name in given and given[name] not in needed:
                needed.append(given[name])
                left.append(given[name])
    return needed


# --- notebooks -------------------------------------------------------------------------------------------------------


def notebook_without_solutions(data: bytes, where: str) -> bytes:
    """Return a notebook without its solutions, and without all that running it has left in it.

    Raises:
        SpecError: it is not a notebook of format 4, or a mark has no counterpart.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        cells = notebook["cells"]
        for n, cell in enumerate(cells, 1):
            outside = OUTSIDE if cell["cell_type"] == "code" else ANSWER
            source = without_solutions("".join(cell["source"]), f"{where}: cell {n}", outside)
            cell["source"] = source.rstrip("\n").splitlines(keepends=True)
            _drop_attachments(cell, source)
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
                cell["metadata"].pop("execution", None)
        notebook["metadata"].pop("widgets", None)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SpecError(f"{where} is not a notebook of format 4: save it with a newer Jupyter") from error
    return _written(notebook)


def _drop_attachments(cell: dict[str, Any], source: str) -> None:
    """Leave of a cell's attached pictures only those that its source still shows."""
    shown = {unquote(name) for name in _ATTACHED.findall(source)}
    attached = cell.pop("attachments", {}).items()
    kept = {
        name: data
        for name, data in attached
        if name in shown or (not _ATTACHED.fullmatch(f"attachment:{name}") and f"attachment:{name}" in source)
    }
    if kept:
        cell["attachments"] = kept


def notebook(spec: Spec, source: str | None) -> bytes:
    """Return the notebook that students begin with: a module a function a cell, and a cell for each answer."""
    cells = [_cell("markdown", f"# {spec.title or spec.name}")]
    cells += [_cell("code", text) for text in _pieces(source)] if source else []
    for n, (name, question) in enumerate(spec.questions.items(), 1):
        cells += [_cell("markdown", handout.section(n, name, question)), _answer_cell(spec, name, question)]
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return _written({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5})


def _pieces(source: str) -> Iterator[str]:
    """Yield a module in pieces: what stands above the first function, and each function with what follows it."""
    body = ast.parse(source).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    starts = [min([node.lineno, *(each.lineno for each in node.decorator_list)]) for node in functions]
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = (body[0].end_lineno or 0) + 1 if documented else 1
    lines = source.splitlines(keepends=True)
    bounds = [first, *starts, len(lines) + 1]
    for n, start in enumerate(bounds[:-1]):
        text = "".join(lines[start - 1 : bounds[n + 1] - 1]).strip("\n")
        if text:
            yield text


def _answer_cell(spec: Spec, name: str, question: Question) -> dict[str, Any]:
    """Return the empty cell for an answer, tagged and marked with the name by which it is found."""
    place = spec.submission.places.get(name)
    if place and place.variable:
        return _cell("code", f"# leave your answer in the variable {place.variable}")
    tag = place.tag if place and place.tag else name
    if question.kind == "text":
        return _cell("markdown", f"<!-- answer: {tag} -->\n\n{ANSWER}", tag)
    return _cell("code", f"# answer: {tag}", tag)


def _cell(kind: str, text: str, *tags: str) -> dict[str, Any]:
    rest: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    about = {"tags": list(tags)} if tags else {}
    return {"cell_type": kind, "metadata": about, "source": text.splitlines(keepends=True), **rest}


def _written(notebook: dict[str, Any]) -> bytes:
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
