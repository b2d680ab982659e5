"""What a cell of a notebook states as the answer to a question: read, never run.

In Markdown it is the text; in code the last expression, or the right side of the last assignment, as it was typed. A
cell of comments states what they say, and one that is no Python (a formula in LaTeX) its text. Where a variable holds
the answer, its name comes along: whoever runs the notebook can say what its value is.
"""

import ast
import re
import types
from collections.abc import Sequence
from dataclasses import dataclass

from grader.answers.verdict import Raw
from grader.notebook import MARKER, Cell, Notebook

LONGEST = 2**14
"""Code of more characters is not looked into: it takes a hundred times the memory."""
MOST = 100
"""How many parts an answer may have to be taken apart."""
MOST_CELLS = 10
"""How many cells with the same tag are looked into, from the last one up."""

_PLACEHOLDER = re.compile(r"^[^\w\n]*+YOUR (?:ANSWER|CODE) HERE[^\w\n]*+$", re.IGNORECASE | re.MULTILINE)
_ESCAPE = re.compile(r"\\\\|\\(?![\n'\"])")
_BACKSLASH = "\ue000"
"""Stands for a backslash while code is taken apart, so that the f of `"\\frac"` stays one."""
_SHOWS = frozenset({"print", "display"})


@dataclass(frozen=True, slots=True)
class Stated:
    """An answer as it was typed, and, where it has to be worked out, the variable that holds its value, if one does."""

    raw: Raw
    variable: str | None = None


def answer(notebook: Notebook, tag: str) -> Cell | None:
    """Return the last of the cells with a tag that answers at all, as a later definition wins too."""
    latest = reversed(notebook.tagged(tag)[-MOST_CELLS:])
    return next((cell for cell in latest if cell.pictures or stated(cell)), None)


def stated(cell: Cell) -> Stated | None:
    """Return what a cell states, or None where it is still empty."""
    text = _PLACEHOLDER.sub("", MARKER.sub("", cell.python or cell.source))
    found = _of_code(text.strip("\n")) if cell.kind == "code" else Stated(text.strip())
    return found if found.raw else None


def _of_code(text: str) -> Stated:
    whole = Stated(text.strip())
    if len(text) > LONGEST:
        return whole
    text = _ESCAPE.sub(lambda found: found[0] if len(found[0]) == 2 else _BACKSLASH, text)
    try:
        body = ast.parse(text).body
        return _of_statement(body[-1], text.split("\n"), whole) if body else Stated(_comments(text))
    except (SyntaxError, ValueError, IndexError, MemoryError, RecursionError):
        return whole


def _comments(text: str) -> str:
    return "\n".join(line.strip().lstrip("#").strip() for line in _typed(text).split("\n")).strip()


def _of_statement(statement: ast.stmt, lines: Sequence[str], whole: Stated) -> Stated:
    match statement:
        case ast.Expr(ast.Call(ast.Name(name), [*_, value], [])) if name in _SHOWS:
            return _of_value(value, lines)
        case ast.Expr(value):
            return _of_value(value, lines)
        case ast.Assign([ast.Name(name), *_], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
            held = _of_value(value, lines)
            return held if held.variable or _is_literal(value) else Stated(held.raw, name)
        case ast.Assign(_, value):
            return _of_value(value, lines)
        case ast.AugAssign(ast.Name(name)):
            return Stated(whole.raw, name)
        case ast.Pass() | ast.Raise():  # as in a cell that was handed out
            return Stated("")
    return whole


def _is_literal(value: ast.expr) -> bool:
    """Tell whether a value stands there itself: its digits are then as the student typed them."""
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True


def _of_value(value: ast.expr, lines: Sequence[str]) -> Stated:
    return Stated(_raw(value, lines), value.id if isinstance(value, ast.Name) else None)


def _raw(node: ast.expr, lines: Sequence[str]) -> Raw:
    """Return a value as it would stand in an answer sheet."""
    match node:
        case ast.Constant(str() as text):
            return _typed(text).strip()
        case ast.Constant(None) | ast.Constant(value=types.EllipsisType()):
            return ""
        case ast.List(parts) | ast.Set(parts) if len(parts) <= MOST:
            return [_raw(part, lines) for part in parts]
        case ast.Tuple(parts) if len(parts) <= MOST and all(_is_text(part) for part in parts):
            return [_raw(part, lines) for part in parts]
        case ast.Dict(keys, values) if len(keys) <= MOST and all(map(_is_text, keys)):
            return {str(_raw(key, lines)): _raw(value, lines) for key, value in zip(keys, values, strict=True) if key}
    return _segment(node, lines)


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _segment(node: ast.expr, lines: Sequence[str]) -> str:
    """Return the source of an expression as it was typed, or as it could have been where it goes over lines."""
    if node.lineno != node.end_lineno:
        return _typed(ast.unparse(node))
    line = lines[node.lineno - 1].encode()
    return _typed(line[node.col_offset : node.end_col_offset].decode())


def _typed(text: str) -> str:
    return text.replace(_BACKSLASH, "\\")
