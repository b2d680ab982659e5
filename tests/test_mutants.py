"""Mutants: what is changed, what is left alone, and that every variant is another program."""

import ast
import textwrap

import pytest

from grader.mutants import WIDTH, Mutant, mutants
from tests.conftest import ROOT

REFERENCE = sorted(ROOT.glob("reference/*.py"))


def changes(source):
    return [(mutant.was, mutant.now) for mutant in mutants(textwrap.dedent(source))]


CHANGED = {
    "plus": ("a + b", [("a + b", "a - b")]),
    "minus": ("a - b", [("a - b", "a + b")]),
    "times": ("a * b", [("a * b", "a / b")]),
    "division": ("a / b", [("a / b", "a * b")]),
    "power": ("a ** b", [("a ** b", "a * b")]),
    "whole division": ("a // b", [("a // b", "a / b")]),
    "masks": ("a & b | c", [("a & b | c", "a & b & c"), ("a & b", "a | b")]),
    "the complement of a mask": ("~a", [("~a", "a")]),
    "less": ("a < b", [("a < b", "a <= b"), ("a < b", "a >= b")]),
    "at most": ("a <= b", [("a <= b", "a < b"), ("a <= b", "a > b")]),
    "more": ("a > b", [("a > b", "a >= b"), ("a > b", "a <= b")]),
    "at least": ("a >= b", [("a >= b", "a > b"), ("a >= b", "a < b")]),
    "equal": ("a == b", [("a == b", "a != b")]),
    "not equal": ("a != b", [("a != b", "a == b")]),
    "is": ("a is b", [("a is b", "a is not b")]),
    "is not": ("a is not b", [("a is not b", "a is b")]),
    "in": ("a in b", [("a in b", "a not in b")]),
    "not in": ("a not in b", [("a not in b", "a in b")]),
    "a chain": ("a == b is c", [("a == b is c", "a != b is c"), ("a == b is c", "a == b is not c")]),
    "and": ("a and b", [("a and b", "a or b")]),
    "or": ("a or b", [("a or b", "a and b")]),
    "not": ("not a", [("not a", "a")]),
    "a sign": ("-a", [("-a", "a")]),
    "zero": ("0", [("0", "1")]),
    "one": ("1", [("1", "2"), ("1", "0")]),
    "two": ("2", [("2", "3"), ("2", "1")]),
    "minus one": ("-1", [("-1", "1"), ("-1", "0"), ("-1", "-2")]),
    "a float": ("0.5", [("0.5", "1.0")]),
    "a float zero": ("0.0", [("0.0", "1.0")]),
    "a negative float": ("-0.5", [("-0.5", "0.5"), ("-0.5", "-1.0")]),
    "a tolerance": ("1e-6", [("1e-06", "2e-06"), ("1e-06", "1e-05"), ("1e-06", "1e-07")]),
    "a truth": ("True", [("True", "False")]),
    "an axis": ("f(axis=0)", [("0", "1")]),
    "another axis": ("f(axis=1)", [("1", "0")]),
    "the last axis": ("f(axis=-1)", [("-1", "1")]),
    "an axis in its place": ("np.cumsum(X, 0)", [("np.cumsum(X, 0)", "np.cumprod(X, 0)"), ("0", "1")]),
    "a subscript": ("x[0]", [("0", "1")]),
    "a slice": ("x[1:]", [("1", "2"), ("1", "0")]),
    "a slice from the end": ("x[:-1]", [("-1", "1"), ("-1", "0"), ("-1", "-2")]),
    "keepdims": ("f(X, keepdims=True)", [("f(X, keepdims=True)", "f(X)")]),
    "arguments": ("f(a, b, c)", [("f(a, b, c)", "f(b, a, c)")]),
    "np.where": ("np.where(c, a, b)", [("np.where(c, a, b)", "np.where(c, b, a)")]),
    "either": ("a if c else b", [("c", "not c"), ("c", "True"), ("c", "False")]),
    "a filter": ("[x for x in y if c]", [("c", "True")]),
    "filters": ("{x for x in y if c if d}", [("c", "True"), ("d", "True")]),
    "within a lambda": ("lambda a: a + b", [("a + b", "a - b")]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_an_expression_is_changed(name):
    source, expected = CHANGED[name]
    assert changes(f"y = {source}") == expected


CALLS = {
    "np.max(x)": "np.min(x)", "x.min()": "x.max()", "max(x, y)": "min(x, y)", "any(x)": "all(x)", "x.all()": "x.any()",
    "np.argmax(x)": "np.argmin(x)", "x.argmin()": "x.argmax()", "np.maximum(x, y)": "np.minimum(x, y)",
    "np.sum(x)": "np.mean(x)", "x.mean()": "x.sum()", "np.nansum(x)": "np.nanmean(x)", "np.log(x)": "np.log10(x)",
    "math.exp(x)": "math.exp2(x)", "np.sqrt(x)": "x", "abs(x)": "x", "np.abs(x)": "x", "np.zeros(n)": "np.ones(n)",
    "np.ones_like(x)": "np.zeros_like(x)", "np.floor(x)": "np.ceil(x)", "np.cumsum(x)": "np.cumprod(x)", "x.std()": "x.var()",
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_function_is_taken_for_its_sibling(call):
    assert changes(f"y = {call}") == [(call, CALLS[call])]


STATEMENTS = {
    "an augmented assignment": ("x += a", [("x += a", "x -= a"), ("x += a", "pass")]),
    "another": ("x **= a", [("x **= a", "x *= a"), ("x **= a", "pass")]),
    "an assignment to a defined name": ("x = a\nx = b", [("x = b", "pass")]),
    "an assignment to an argument": ("def f(x):\n    x = g(x)", [("x = g(x)", "pass")]),
    "an assignment to new names and old": ("x = a\nx, y = b", []),
    "an assignment to a name of another scope": ("x = a\ndef f():\n    x = b", []),
    "an assignment to a part": ("x[i] = a", [("x[i] = a", "pass")]),
    "an assignment to a name that a comprehension has too": ("y = [x for x in z]\nx = a", []),
    "a call for its effect": ("x.sort()", [("x.sort()", "pass")]),
    "the only statement": ("for x in y:\n    x.sort()", [("x.sort()", "pass")]),
    "break": ("for x in y:\n    break", [("break", "pass")]),
    "continue": ("for x in y:\n    continue", [("continue", "pass")]),
    "if": ("if a < b:\n    return_(c)", [
        ("a < b", "True"), ("a < b", "False"), ("a < b", "a <= b"), ("a < b", "a >= b"), ("return_(c)", "pass"),
    ]),
    "if not": ("if not a:\n    y = b", [("not a", "True"), ("not a", "False"), ("not a", "a")]),
    "if and": ("if a and b:\n    y = c", [
        ("a and b", "not (a and b)"), ("a and b", "True"), ("a and b", "False"), ("a and b", "a or b"),
    ]),
    "elif": ("if isinstance(a, b):\n    raise c\nelif d:\n    y = e", [("d", "not d"), ("d", "True"), ("d", "False")]),
    "while": ("while a == b:\n    y = c", [("a == b", "a != b")]),
    "return": ("def f():\n    return a, b", [("return (a, b)", "return (b, a)")]),
    "a longer return": ("def f():\n    return a, b, c", [
        ("return (a, b, c)", "return (b, a, c)"), ("return (a, b, c)", "return (a, c, b)"),
    ]),
    "yield": ("def f():\n    x = yield a, b", [("(yield (a, b))", "(yield (b, a))")]),
    "a default": ("def f(a=1, *, b=0.5):\n    pass", [("1", "2"), ("1", "0"), ("0.5", "1.0")]),
    "an annotated assignment": ("y: T[1] = a + b", [("a + b", "a - b")]),
}  # fmt: skip


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_changed(name):
    source, expected = STATEMENTS[name]
    assert changes(source) == expected


LEFT_ALONE = {
    "a docstring": 'def f():\n    """One 1."""\n    return a',
    "texts": 'y = "a" "b"\nz = f"{a + 1}"',
    "annotations": "def f(a: T[1] = b) -> T[2]:\n    c: T[3]\n    return a",
    "imports": "import a\nfrom b import c",
    "type aliases": "Array = NDArray[float]\nOne: TypeAlias = Literal[1]",
    "fields": "class A(B[1]):\n    x: T[1]\n    '''(n, 1)'''",
    "decorators": "@f(1)\ndef g():\n    pass",
    "raise": "raise E(1 + 1)",
    "a guard": "if not a < 1:\n    raise E(1)",
    "guards within a guard": "if a < 1:\n    if b < 1:\n        raise E(1)\n    raise E(2)",
    "a warning": "if a < 1:\n    warnings.warn(f(1), stacklevel=2)",
    "print": "print(1 + 1)",
    "what numpy warns of": "with np.errstate(all=f(1)):\n    y = a",
    "a dtype": "y = np.asarray(a, dtype=T[1])",
    "a dtype in its place": "y = np.array(a, float)",
    "assert": "assert a < 1",
    "a matrix product": "y = a @ b",
    "a strict zip": "y = zip(a, strict=True)",
    "arguments that may change places": "y = np.allclose(a, b)",
    "what runs as a program only": "if __name__ == '__main__':\n    f(1)",
    "a sign that changes nothing": "y = +a",
    "dimensions that are not kept": "y = f(a, keepdims=False)",
    "functions that may not be there": "y = log(a)",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_nothing_is_changed_in(name):
    assert changes(LEFT_ALONE[name]) == []


def test_what_follows_a_guard_is_changed():
    assert changes("if a < 1:\n    raise E\nelse:\n    y = b + c") == [("b + c", "b - c")]


def test_what_is_within_a_with_is_changed():
    assert changes("with np.errstate(all=f(1)):\n    y = a + b") == [("a + b", "a - b")]


def test_a_mutant_says_where_it_is():
    source = (
        "x = 0\n\n\nclass A:\n    y = 0\n\n    def f(self):\n        def g():\n            return 0\n        return g\n"
    )
    assert [(mutant.line, mutant.function) for mutant in mutants(source)] == [(1, ""), (5, ""), (9, "A.f.g")]


def test_mutants_come_in_the_order_of_the_source():
    assert changes("y = a + b if c else d - e\nz = f * g") == [
        ("a + b", "a - b"), ("c", "not c"), ("c", "True"), ("c", "False"), ("d - e", "d + e"), ("f * g", "f / g"),
    ]  # fmt: skip


def test_a_mutant_is_the_whole_module_with_one_change():
    source = '"""Text."""\n\ndef f(a, b):\n    return a + b  # why\n'
    mutated = '"""Text."""\n\ndef f(a, b):\n    return a - b'
    assert list(mutants(source)) == [Mutant(4, "f", "a + b", "a - b", mutated)]


def test_brackets_stand_where_they_are_needed():
    assert [mutant.source for mutant in mutants("y = (a + b) ** c")] == ["y = (a + b) * c", "y = (a - b) ** c"]
    assert "y = (-3) ** c" in [mutant.source for mutant in mutants("y = (-2) ** c")]


def test_long_pieces_are_cut_about_where_they_differ():
    long = " @ ".join(f"matrix_{n}" for n in range(20))
    ((was, now),) = changes(f"y = {long} + b @ {long}")
    assert was != now
    assert len(was) == len(now) == WIDTH


def test_what_is_equal_to_another_mutant_is_left_out():
    sources = [mutant.source for mutant in mutants("if not a:\n    y = b\nif c == d:\n    y = e")]
    assert len(sources) == len(set(sources))


def test_a_pragma_exempts_what_begins_on_its_line():
    source = "y = f(a + b,  # no mutant: it makes no difference\n      c - d)\n"
    assert changes(source) == [("c - d", "c + d")]


@pytest.mark.parametrize("comment", ["# no mutant: why", "#no mutant:why", "# noqa: E1  # no mutant: why"])
def test_a_pragma_may_be_written(comment):
    assert changes(f"y = a + b  {comment}\n") == []


@pytest.mark.parametrize("comment", ["# no mutant", "# no mutant:", "# no mutant why", "# no mutant:  # noqa"])
def test_a_pragma_without_a_reason_is_an_error(comment):
    with pytest.raises(ValueError, match="line 2: `# no mutant` needs a reason"):
        list(mutants(f"x = a\ny = a + b  {comment}\n"))


def test_a_text_that_looks_like_a_pragma_is_none():
    assert changes("y = a + '# no mutant'\n") == [("a + '# no mutant'", "a - '# no mutant'")]


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_each_mutant_of_a_reference_is_a_program_of_its_own(path):
    source = path.read_text()
    found = list(mutants(source))
    programs = [ast.dump(ast.parse(mutant.source)) for mutant in found]
    assert len(set(programs)) == len(programs)
    assert ast.dump(ast.parse(source)) not in programs
    assert sorted(found, key=lambda mutant: mutant.line) == found
    for mutant in found:
        compile(mutant.source, path.name, "exec")
        assert mutant.was != mutant.now
        assert "" not in {mutant.was, mutant.now}
        assert 1 <= mutant.line <= len(source.splitlines())


def test_every_reference_that_computes_something_has_mutants():
    assert [path.stem for path in REFERENCE if not list(mutants(path.read_text()))] == ["__init__"]
