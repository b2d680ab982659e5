"""What a wrong value has to do with the wanted one, found without any knowledge of the course.

A student's value is often the right one, transposed, halved or not normalised. `relations` tells which relations hold
between numbers in the same places; those between places, and between parts, are here. A clue explains all that is
wrong with a call, and `common` those of its calls that failed: a wrong clue is worse than none.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from grader import relations
from grader.compare import Rules, compare
from grader.components import as_array, reordered
from grader.relations import CERTAIN, ENOUGH, Found, Given, Leaf, Size, evidence, leaf, wide
from grader.sandbox.values import Record, as_record
from grader.tolerances import Numbers

_PARTS = 50  # with more that are wrong nothing is looked for
_SIZES = 16  # of arguments, which are tried as constants
_LARGE = 2**20  # with more entries nothing is tried that has to copy or sort them

Case = tuple[Any, Any, Mapping[str, Any], Rules]
"""What came, what was wanted, the arguments, and how the two are compared."""


@dataclass(frozen=True, slots=True)
class Clue:
    """A relation that explains what is wrong: with the part at `path`, or with several or all where that is empty."""

    id: str
    path: str
    what: str
    look: str


def clues(got: Any, want: Any, args: Mapping[str, Any], rules: Rules) -> tuple[Clue, ...]:
    """Return the clues to a wrong value: alternatives, the most specific first, or one for each of its wrong parts."""
    return common([(got, want, args, rules)])


def common(cases: Sequence[Case]) -> tuple[Clue, ...]:
    """Return the clues that explain every case in which something is wrong, the most specific first.

    They are alternatives, in words for all wrong parts; only where none explains them all is there one for each part.
    """
    with np.errstate(all="ignore"):
        tables = [_explained(*case) for case in cases]
    merged = _merged([table for table in tables if table is not None])
    if not merged or not all(merged.values()) or ("" in merged and len(merged) > 1):
        return ()
    shared = [what for what in next(iter(merged.values())) if all(what in table for table in merged.values())]
    alone = [clue for what in shared for clue in _if_enough([(path, table[what]) for path, table in merged.items()])]
    if alone:
        return tuple(alone)
    each = [[clue for one in table.values() for clue in _if_enough([(path, one)])] for path, table in merged.items()]
    return tuple(some[0] for some in each) if all(each) else ()


_Table = dict[str, dict[str, list[Found]]]
"""By path and by words, what was found in each case."""


def _merged(cases: Sequence[Mapping[str, Sequence[Found]]]) -> _Table:
    """Return what was found of each part in every case in which it is wrong."""
    table: _Table = {}
    for case in cases:
        for path, some in case.items():
            now = {one.what: one for one in reversed(some)}
            known = table.get(path, {one.what: [] for one in some})
            table[path] = {what: [*before, now[what]] for what, before in known.items() if what in now}
    return table


def _if_enough(found: Sequence[tuple[str, Sequence[Found]]]) -> list[Clue]:
    """Return the clue where there is evidence enough: the same numbers in another case are no more evidence."""
    bits = {(path, pair): bit for path, some in found for one in some for pair, bit in one.evidence.items()}
    if sum(bits.values()) - sum(one.cost for _, some in found for one in some) < ENOUGH:
        return []
    paths, one = [path for path, _ in found], found[0][1][0]
    names = [f"`{path}`" for path in paths if path]
    it, many = " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])), len(names) > 1
    what = one.what.replace("{it}", it).replace("{is}", "are" if many else "is")
    what = what.replace("{has}", "have" if many else "has")
    return [Clue(one.id, "" if many else paths[0], what, one.look)]


# --- the parts of a value ---------------------------------------------------------------------------------------------


def _explained(got: Any, want: Any, args: Mapping[str, Any], rules: Rules) -> Mapping[str, Sequence[Found]] | None:
    """Return what explains each part that is wrong ("": the whole), or None where nothing is wrong."""
    got = reordered(got, want, rules.permute, rules.returns) if rules.permute else got
    paths = list(dict.fromkeys(problem.path for problem in compare(got, want, rules).problems))
    if not paths:
        return None
    whole = list(_whole(got, want, rules))
    if whole or len(paths) > _PARTS:
        return {"": whole}
    leaves = {path: leaf(path, one, other, rules) for path, one, other in _walk(got, want, rules) if path in paths}
    parts = [part for path in paths if (part := leaves.get(path))]
    if len(parts) < len(paths):
        return {"": []}
    given, orders = _given(args), _permuted(parts)
    return {part.path: [*_found(part, given), *filter(None, [orders.get(part.path)])] for part in parts}


def _whole(got: Any, want: Any, rules: Rules) -> Iterator[Found]:
    """Yield what explains a tuple of parts as a whole."""
    n = len(rules.returns)
    if n < 2 or not isinstance(got, list | tuple) or len(got) != n:
        return
    if isinstance(got, list) and rules.strict and not compare(tuple(got), want, rules).problems:
        yield Found("list", "The values are returned in a list where a tuple is wanted.", "Look at `return`.", CERTAIN)
    orders = [order for order in permutations(range(n)) if n <= 4 and order != tuple(range(n))]
    right = [order for order in orders if not compare(tuple(got[i] for i in order), want, rules).problems]
    bits = _bits_of_order(got, want, right[0], rules) if len(right) == 1 else None
    if bits:
        names = ", ".join(f"`{rules.returns[right[0].index(i)]}`" for i in range(n))
        yield Found("swapped", f"The values are returned in another order: {names}.", "Look at `return`.", bits)


def _bits_of_order(got: Any, want: Any, order: Sequence[int], rules: Rules) -> Mapping[Any, float] | None:
    bits: dict[Any, float] = {}
    after = tuple(got[i] for i in order)
    for (path, one, wanted), (_, other, _) in zip(_walk(got, want, rules), _walk(after, want, rules), strict=False):
        before, now = (leaf(path, value, wanted, rules) for value in (one, other))
        if before is None or now is None or before.got.shape != now.got.shape:
            return CERTAIN
        bits |= {(path, pair): bit for pair, bit in (evidence(before, now.got) or {}).items()}
    return bits


def _walk(got: Any, want: Any, rules: Rules) -> Iterator[tuple[str, Any, Any]]:
    """Yield each array or number that is wanted, by its path in `compare`, with what came in its place."""
    if len(rules.returns) == 1:
        yield from _below(rules.returns[0], got, want)
        return
    got = tuple(got.fields.values()) if isinstance(got, Record) else got
    if isinstance(got, list | tuple) and len(got) == len(rules.returns):
        for name, one, other in zip(rules.returns, got, want, strict=True):
            yield from _below(name, one, other)


def _below(path: str, got: Any, want: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(want, Record):
        fields = dict(zip(want.fields, got, strict=False)) if isinstance(got, tuple) else getattr(got, "fields", {})
        for name in want.fields:
            yield from _below(f"{path}.{name}", fields.get(name), want.fields[name])
    elif isinstance(want, dict):
        for key in want if isinstance(got, dict) else ():
            yield from _below(f"{path}[{key!r}]", got.get(key), want[key])
    elif isinstance(want, list | tuple):
        for n, pair in enumerate(zip(got, want, strict=False) if isinstance(got, list | tuple) else ()):
            yield from _below(f"{path}[{n}]", *pair)
    elif isinstance(want, int | float | complex | np.generic | np.ndarray) and not isinstance(want, bool):
        yield path, got, want


def _given(args: Mapping[str, Any]) -> Given:
    sizes: list[Size] = []
    arrays: dict[str, Numbers] = {}
    for name, value in _flat(args):
        array = as_array(value)
        if isinstance(value, int) and not isinstance(value, bool) and 1 < value < 2**20:
            sizes.append(Size(value, f"`{name}`"))
        elif array is not None and array.ndim:
            sizes += _sizes(name, array.shape)
            arrays |= {name: array} if array.dtype.kind in "iuf" else {}
    return Given(tuple(sizes[:_SIZES]), arrays)


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        record = as_record(value)
        yield from _flat(record.fields, f"{above}{name}.") if record else [(f"{above}{name}", value)]


def _sizes(name: str, shape: Sequence[int]) -> list[Size]:
    whole = Size(math.prod(shape), f"the number of entries of `{name}`")
    if len(shape) == 1:
        return [whole]
    words = "the number of rows of", "the number of columns of", "the length of the last axis of"
    return [*(Size(n, f"{word} `{name}`") for n, word in zip(shape, words, strict=False)), whole]


# --- relations between places -----------------------------------------------------------------------------------------


def _found(part: Leaf, given: Given) -> Iterator[Found]:
    if part.rules.strict and isinstance(part.raw, list | tuple):  # then nothing else explains all that is wrong
        if part.passes(part.got):
            yield Found("list", "{it} {is} in a list where an array is wanted.", "Make an array of it.", CERTAIN)
    elif part.got.shape != part.want.shape:
        yield from _of_shape(part)
    elif not part.rules.shapes_only and part.want.size:
        yield from _transposed(part)
        yield from _shifted(part)
        if part.comparable:
            yield from relations.of_values(part, given)


def _of_shape(part: Leaf) -> Iterator[Found]:
    yield from _transposed(part)
    got, want = part.got, part.want
    if [n for n in got.shape if n != 1] == [n for n in want.shape if n != 1] and part.passes(got.reshape(want.shape)):
        much = ("too few axes", "its axes in another order, those", "too many axes")[np.sign(got.ndim - want.ndim) + 1]
        yield Found("axis", f"{{it}} {{has}} {much} of length one.", "Compare its shape with the wanted one.", CERTAIN)
    if not part.rules.shapes_only and got.dtype.kind not in "bc" and got.size == 1 < want.size:
        yield from _one_number(part)


def _transposed(part: Leaf) -> Iterator[Found]:
    got, want = part.got, part.want
    if not 2 <= got.ndim <= 3 or got.ndim != want.ndim:
        return
    few = (slice(0, 16),) * got.ndim  # which are enough to say no
    for axes in list(permutations(range(got.ndim)))[1:]:
        after = got.transpose(axes)
        if after.shape != want.shape or not (part.rules.shapes_only or part.near(after[few], want[few]).all()):
            continue
        bits = CERTAIN if got.shape != want.shape else evidence(part, after, each=0.5)
        if bits and part.passes(after):
            what = "{it} {is} transposed." if got.ndim == 2 else "{it} {has} the axes in another order."
            yield Found("transposed", what, "Look at which index comes first.", bits)
            return


def _shifted(part: Leaf) -> Iterator[Found]:
    if part.got.size > _LARGE:
        return
    for axis in [axis for axis, n in enumerate(part.want.shape) if n >= 5]:  # of few, most orders are a shift
        for by in (-1, 1):
            after = np.roll(part.got, by, axis)
            bits = evidence(part, after, each=0.5) if part.passes(after) else None
            if bits:
                what = "The entries of {it} are shifted by one place along an axis."
                yield Found("shifted", what, "Look for an index that is off by one.", bits, 3.0)
                return


def _one_number(part: Leaf) -> Iterator[Found]:
    """Yield what the number is that came for an array."""
    want, got = wide(part.want).reshape(-1), wide(part.got).reshape(())
    nearest = want[np.argmin(np.where(np.isnan(want), np.inf, np.abs(want - got)))]
    alone = part.near(np.full_like(want, nearest), want).all()
    choices = [
        (np.sum(want), "the sum of the wanted entries", 2.0), (np.mean(want), "the mean of the wanted entries", 2.0),
        (np.max(want), "the largest wanted entry", 2.0), (np.min(want), "the smallest wanted entry", 2.0),
        (nearest, "one of the wanted entries", math.log2(want.size)),
    ]  # fmt: skip
    for value, words, cost in [(nearest, "what every entry should be", 0.0)] if alone else choices:
        off = np.abs(got - value) / np.abs(value)
        if off <= 1e-9:
            # more than for a relation between two numbers, as this one says what the number is
            bits = relations.PLAIN if relations.plain(got) else -math.log2(off + 2**-44)
            what = f"{{it}} {{is}} a single number where an array is wanted: {words}."
            yield Found("number", what, "Look for a sum, a mean or an index too many.", {str(got): bits}, cost)


def _permuted(parts: Sequence[Leaf]) -> Mapping[str, Found]:
    """Return for all parts, or for none, that one order of their entries along an axis makes them right."""
    if not all(part.got.shape == part.want.shape and 1 < part.got.size <= _LARGE for part in parts):
        return {}
    for order in [order for part in parts for order in _orders(part)]:
        pairs = [(part.path, _in_order(part, order)) for part in parts]
        if all(one for _, one in pairs):
            return {path: one for path, one in pairs if one}
    return {}


def _orders(part: Leaf) -> Iterator[Numbers]:
    for axis in range(part.want.ndim):
        keys = [_keys(wide(np.moveaxis(array, axis, 0))) for array in (part.got, part.want)]
        # only where no two are equal is there one order, and only one
        if len(keys[1]) > 1 and all(np.isfinite(key).all() and len(np.unique(key)) == len(key) for key in keys):
            order = np.empty(len(keys[0]), int)
            order[np.argsort(keys[1])] = np.argsort(keys[0])
            if (order != np.arange(len(order))).any():
                yield order


def _keys(rows: Numbers) -> Numbers:
    flat = rows.reshape(len(rows), -1)
    return np.asarray(np.round(np.sum(flat.real * np.cos(np.arange(flat.shape[1])), axis=1), 12))


def _in_order(part: Leaf, order: Numbers) -> Found | None:
    for axis in [axis for axis, n in enumerate(part.want.shape) if n == len(order)]:
        after = np.take(part.got, order, axis)
        bits = evidence(part, after, each=0.5) if part.passes(after) else None
        if bits:
            cost, look = min(math.lgamma(len(order) + 1) / math.log(2), 3000.0), "Look at the order of components."
            return Found("permuted", "{it} {has} the right entries, but in another order.", look, bits, cost)
    return None
