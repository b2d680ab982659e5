"""YAML with the line of every value, and with its mistakes as `line, path, message` instead of an exception.

The values are those of `yaml.safe_load`, or all of them texts as they were typed. Beyond it, a key that stands twice, a
value that contains itself and a tag that asks for a Python object are mistakes.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int | float | None, ...]
"""Keys and places in lists, from the top. A key may be any plain value, though only texts are of use."""


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast one, where PyYAML was built with it."""


MANY = 10_000
"""How many brackets or dashes libyaml is trusted with, and how many values a document may have."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a path of the document."""

    path: Path
    message: str
    line: int | None = None


@dataclass(slots=True)
class Document:
    """A document's value, where each part of it stands, and what is wrong with it."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest part above it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Reader:
    def __init__(self, document: Document, *, typed: bool) -> None:
        self.document, self.typed = document, typed
        self.scalars = yaml.constructor.SafeConstructor()
        self.open: list[int] = []

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.open:
            return self._mistake(path, "an anchor that contains itself", node)
        self.open.append(id(node))
        try:
            return self._read(node, path)
        finally:
            self.open.pop()

    def _read(self, node: yaml.Node, path: Path) -> Any:
        if len(self.document.lines) > MANY:
            raise yaml.YAMLError(f"more than {MANY} values")
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self.read(child, (*path, n)) for n, child in enumerate(node.value)]
        if not self.typed and isinstance(node, yaml.ScalarNode):
            return node.value
        try:
            return self.scalars.construct_object(node, deep=True)
        except (
            yaml.YAMLError,
            ValueError,
            TypeError,
            AttributeError,
            IndexError,
            KeyError,
        ) as error:  # of what a tag asks for
            return self._mistake(path, getattr(error, "problem", None) or str(error), node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        own = [key for key, _ in node.value if key.tag.endswith(":str")]
        last = {key.value: key for key in own}
        for name, count in Counter(key.value for key in own).items():
            if count > 1:
                self._mistake((*path, name), "the key stands here twice", last[name])
        if self.typed:
            self.scalars.flatten_mapping(node)  # <<: *anchor
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.read(key_node, (*path, "?"))
            if not isinstance(key, str | int | float | bool | None):
                self._mistake(path, "a key must be a text", key_node)
                continue
            self.document.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.read(value_node, (*path, key))
        return result

    def _mistake(self, path: Path, message: str, node: yaml.Node) -> None:
        self.document.mistakes.append(Mistake(path, message, node.start_mark.line + 1))


def read(text: str, *, typed: bool = True) -> Document:
    """Read one YAML document; without types every value is a text, list or mapping, and `<<` is a key as any other."""
    document = Document()
    try:
        nested = max(text.count(bracket) for bracket in "[{-?")
        # libyaml's composer runs out of stack where Python's raises RecursionError
        node = yaml.compose(text, Loader=LOADER if nested < MANY else yaml.SafeLoader)
        if node is not None:
            document.value = _Reader(document, typed=typed).read(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = "; ".join(filter(None, (error.context, error.problem)))
        document.mistakes.append(Mistake((), problem, mark.line + 1 if mark else 1))
    except (yaml.YAMLError, RecursionError) as error:
        document.mistakes.append(Mistake((), str(error).partition("\n")[0] or "nested too deep", 1))
    return document


def dotted(path: Path) -> str:
    """Return a path as `$.functions.estep.cases[0]`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
