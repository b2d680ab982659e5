"""Mutants: wrong variants of a right answer, each of which an assignment's cases should notice.

    source ─ ast ─ changes (a node, and what stands there instead) ─ one mutant for each, in the order of the source

What cannot change a right value is left alone: texts, annotations, imports, assertions, guards (an `if` that does no
more than raise or warn) and all inside them. So is what begins on a line that ends in `# no mutant: REASON`.
"""

import ast
import copy
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 60
"""How many characters of a piece of source are shown."""
TOLERANCE = 1e-2
"""A number below this is taken for a tolerance, which may also be ten times too large or too small."""

Located = ast.expr | ast.stmt
Position = tuple[int, int]
Pair = tuple[Located, Located]
"""What is written, and what may stand there instead."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module that differs from the original in one place."""

    line: int
    """Of the original."""
    function: str
    """The qualified name (without `<locals>`) of the innermost function that the change is in, "" outside of any."""
    was: str
    now: str
    """The changed piece of source, before and after, on one line and cut to `WIDTH` about where they differ."""
    source: str
    """The whole module, without its comments."""


def mutants(source: str) -> Iterator[Mutant]:
    """Yield the mutants of a module in the order of its source; no two have the same code, none that of the original.

    Raises:
        SyntaxError: the source is not Python.
        ValueError: a `# no mutant` gives no reason.
    """
    tree = ast.parse(source)
    exempt = _exempt_lines(source)
    places = {child: place for node in ast.walk(tree) for child, *place in _children(node)}
    seen = {ast.unparse(tree)}
    for (old, new), function in sorted(_changes(tree, _Scope("", "", _bound(tree))), key=lambda c: _position(c[0][0])):
        if old.lineno not in exempt:
            holder, key = places[old]
            holder[key] = new  # in place, and back again: to copy the tree takes longer
            mutated = ast.unparse(tree)
            holder[key] = old
            if mutated not in seen:
                seen.add(mutated)
                yield Mutant(old.lineno, function, *_excerpts(ast.unparse(old), ast.unparse(new)), mutated)


_PRAGMA = re.compile(r"#\s*no mutant\b(?::\s*(?P<reason>[^\s#]))?")


def _exempt_lines(source: str) -> set[int]:
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (found := _PRAGMA.search(token.string)):
            if not found["reason"]:
                raise ValueError(f"line {token.start[0]}: `# no mutant` needs a reason: `# no mutant: REASON`")
            lines.add(token.start[0])
    return lines


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, Any, Any]]:
    """Yield each child and its place: a list and an index, or the node's attributes and a name."""
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield value, vars(node), name
        elif isinstance(value, list):
            yield from ((child, value, n) for n, child in enumerate(value) if isinstance(child, ast.AST))


def _position(node: Located | ast.arg) -> Position:
    return node.lineno, node.col_offset


def _excerpts(was: str, now: str) -> tuple[str, str]:
    was, now = " ".join(was.split()), " ".join(now.split())
    differ = next((n for n in range(len(was)) if was[n] != now[n : n + 1]), len(was))
    start = max(0, differ - WIDTH // 2) if max(len(was), len(now)) > WIDTH else 0
    return was[start : start + WIDTH], now[start : start + WIDTH]


# Which nodes are changed: a walk from the top, which leaves out what cannot matter.

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LEFT_ALONE = (ast.Import, ast.ImportFrom, ast.Raise, ast.Assert, ast.JoinedStr)
_SILENT = {"print", "warn", "simplefilter", "filterwarnings", "catch_warnings", "errstate", "seterr", "isinstance"}
_OPTIONS = {"dtype", "strict", "optimize", "axis", "keepdims"}
"""Arguments that change no value; and the last two, which have rules of their own."""


@dataclass(frozen=True, slots=True)
class _Scope:
    path: str
    function: str
    bound: Mapping[str, Position]
    """Where each name is bound first."""


def _changes(node: ast.AST, scope: _Scope) -> Iterator[tuple[Pair, str]]:
    if _cannot_matter(node):
        return
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        path = f"{scope.path}.{node.name}".removeprefix(".")
        scope = _Scope(path, scope.function if isinstance(node, ast.ClassDef) else path, _bound(node))
    yield from ((pair, scope.function) for pair in _replacements(node))
    if isinstance(node, ast.stmt) and _can_be_dropped(node, scope.bound):
        yield (node, ast.Pass()), scope.function
    for part in _parts(node):
        yield from _changes(part, scope)


def _bound(scope: ast.AST) -> dict[str, Position]:
    return dict(sorted(_bindings(scope), key=lambda binding: binding[1], reverse=True))


def _bindings(scope: ast.AST) -> Iterator[tuple[str, Position]]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.arg):
            yield node.arg, _position(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, _position(node)
        if not isinstance(node, _SCOPES):
            yield from _bindings(node)


def _can_be_dropped(node: ast.stmt, bound: Mapping[str, Position]) -> bool:
    if isinstance(node, ast.Assign):  # what it binds must be bound before, or whatever follows fails
        return all(bound[name] < _position(node) for name, _ in _bindings(ast.Tuple(node.targets)))
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant) and not _cannot_matter(node.value)
    return isinstance(node, ast.AugAssign | ast.Break | ast.Continue)


def _cannot_matter(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=func):
            return _name(func) in _SILENT
        case ast.AnnAssign(annotation=annotation):
            return _name(annotation) == "TypeAlias"
        case ast.If(test=test, orelse=[]):
            return _is_guard(node) or ast.unparse(test).startswith("__name__ ==")
    return isinstance(node, _LEFT_ALONE)


def _is_guard(node: ast.If) -> bool:
    return all(_cannot_matter(part.value if isinstance(part, ast.Expr) else part) for part in node.body)


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    match node:
        case ast.FunctionDef(args=args, body=body) | ast.AsyncFunctionDef(args=args, body=body):
            return [*args.defaults, *filter(None, args.kw_defaults), *body]
        case ast.ClassDef(body=body):
            return body
        case ast.AnnAssign(value=value):
            return filter(None, [value])
        case ast.If(orelse=orelse) if _is_guard(node):
            return orelse
        case ast.UnaryOp() if _number_in(node) is not None:
            return []
        case ast.Call(func=func, args=args, keywords=keywords):
            return [func, *args, *(keyword for keyword in keywords if keyword.arg not in _OPTIONS)]
    return ast.iter_child_nodes(node)


# What may stand instead of a node.

_OPERATORS: dict[type[ast.AST], tuple[type[Any], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.FloorDiv: (ast.Div,),
    ast.Pow: (ast.Mult,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,), ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_BUILT_IN = {"max": "min", "min": "max", "any": "all", "all": "any"}
_SIBLINGS = _BUILT_IN | {
    "argmax": "argmin", "argmin": "argmax", "maximum": "minimum", "minimum": "maximum", "nanmax": "nanmin",
    "nanmin": "nanmax", "sum": "mean", "mean": "sum", "nansum": "nanmean", "nanmean": "nansum", "prod": "sum",
    "cumsum": "cumprod", "cumprod": "cumsum", "median": "mean", "std": "var", "var": "std", "floor": "ceil",
    "ceil": "floor", "log": "log10", "log2": "log", "log10": "log", "log1p": "log", "exp": "exp2", "exp2": "exp",
    "expm1": "exp", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "logical_and": "logical_or", "logical_or": "logical_and",
}  # fmt: skip
_DROPPED = {"sqrt", "abs", "fabs", "absolute"}
_UNORDERED = _BUILT_IN.keys() | {
    "maximum", "minimum", "array_equal", "allclose", "isclose", "sum", "mean", "argmax", "argmin", "prod", "std", "var",
    "cumsum", "nansum", "nanmean", "zeros", "ones", "empty", "array", "asarray",
}  # fmt: skip
"""Functions of which the first two arguments may change places, or the second is an axis or a dtype."""


def _replacements(node: ast.AST) -> Iterator[Pair]:
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            yield from ((node, _with(node, op=other())) for other in _OPERATORS.get(type(op), ()))
        case ast.Compare(ops=ops):
            for n, old in enumerate(ops):
                yield from ((node, _with(node, ops=[*ops[:n], o(), *ops[n + 1 :]])) for o in _OPERATORS[type(old)])
        case ast.UnaryOp() | ast.Constant():
            yield from _other_constant(node)
        case ast.Call():
            yield from _other_function(node)
            yield from _other_arguments(node)
        case ast.Return(value=ast.Tuple() as value) | ast.Yield(value=ast.Tuple() as value):
            swaps = (_swapped(value.elts, n) for n in range(1, len(value.elts)))
            yield from ((node, _with(node, value=_with(value, elts=elts))) for elts in swaps)
        case ast.If() | ast.IfExp() | ast.comprehension():
            yield from _other_condition(node)


def _other_constant(node: ast.UnaryOp | ast.Constant) -> Iterator[Pair]:
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield node, node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, ast.Constant(not node.value)
    yield from ((node, ast.parse(repr(other), mode="eval").body) for other in _other_numbers(_number_in(node)))


def _other_numbers(value: float | None) -> Iterable[float]:
    if not value:
        return () if value is None else (value + 1,)
    if isinstance(value, int):
        return value + 1, value - 1
    return (float(f"{value * factor:.15g}") for factor in ((2, 10, 0.1) if abs(value) < TOLERANCE else (2,)))


def _other_condition(node: ast.If | ast.IfExp | ast.comprehension) -> Iterator[Pair]:
    if isinstance(node, ast.comprehension):
        yield from ((test, ast.Constant(value=True)) for test in node.ifs)
    elif isinstance(node, ast.IfExp) or not _is_guard(node):
        if not isinstance(node.test, ast.Compare | ast.UnaryOp):  # these have rules of their own
            yield node.test, ast.UnaryOp(ast.Not(), node.test)
        yield from ((node.test, ast.Constant(value)) for value in (True, False))


def _other_function(call: ast.Call) -> Iterator[Pair]:
    match call:
        case ast.Call(func=ast.Attribute(attr=name)) if name in _SIBLINGS:
            yield call, _with(call, func=_with(call.func, attr=_SIBLINGS[name]))
        case ast.Call(func=ast.Name(id=name)) if name in _BUILT_IN:  # of others the sibling may not be imported
            yield call, _with(call, func=_with(call.func, id=_BUILT_IN[name]))
        case ast.Call(args=[value, *_]) if _name(call.func) in _DROPPED:
            yield call, value


def _other_arguments(call: ast.Call) -> Iterator[Pair]:
    args, name = call.args, _name(call.func)
    for n, keyword in enumerate(call.keywords):
        if keyword.arg == "axis" and _number_in(keyword.value) is not None:
            yield keyword.value, ast.Constant(int(_number_in(keyword.value) != 1))
        elif keyword.arg == "keepdims" and getattr(keyword.value, "value", None) is True:
            yield call, _with(call, keywords=[*call.keywords[:n], *call.keywords[n + 1 :]])
    if name == "where":
        yield call, _with(call, args=[*args[:1], *args[:0:-1]])
    elif len(args) > 1 and name not in _UNORDERED and not isinstance(getattr(args[0], "value", None), str):
        yield call, _with(call, args=_swapped(args, 1))


def _number_in(node: ast.AST) -> float | None:
    """Return the number that is written here, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number_in(node.operand) if isinstance(node.operand, ast.Constant) else None
        return None if value is None else -value
    value = getattr(node, "value", None)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _swapped(nodes: list[ast.expr], n: int) -> list[ast.expr]:
    return [*nodes[: n - 1], nodes[n], nodes[n - 1], *nodes[n + 1 :]]


def _name(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _with(node: Any, **fields: Any) -> Any:
    changed = copy.copy(node)
    vars(changed).update(fields)
    return changed
