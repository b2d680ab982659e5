"""Plain values as a JSON tree and a list of raw buffers.

JSON's null, true, false, integers, finite floats, strings and lists stand for themselves; everything else is an
object with a single key, its tag:

    {"tuple": [...]}  {"dict": [[key, value], ...]}  {"record": [name, [[field, value], ...]]}
    {"float": "nan" | "inf" | "-inf"}  {"complex": [real, imaginary]}
    {"array": [dtype, shape]}  {"scalar": dtype}  {"bytes": length}     whose bytes come next in the body
    {"opaque": type name}                                               what cannot cross: only its type does

Array and scalar types are booleans, integers, floats and complex numbers, little-endian. There is no pickle and no
object type, and lengths are checked before anything is allocated.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

DEPTH = 32
"""How deep values may be nested."""
NAME = 200
"""How long the name of a type or field may be, in characters."""
ODD_KEYS = 1000
"""How many keys a dict may have of types whose hashes a stranger can make equal, so that it takes for ever to build."""
NODES = 200_000
"""How many values one frame may hold."""

_DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])


class ProtocolError(Exception):
    """The other side sent what is not a frame, or half of one."""


class RefusedError(Exception):
    """A value cannot be sent: it is too large or nested too deep."""


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A namedtuple or dataclass, by its name and fields."""

    name: str
    fields: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Opaque:
    """A value of a type that does not cross."""

    type: str


Build = Callable[[Record], Any]
"""Makes what a record stands for."""


class Encoder:
    """Takes values apart; no more than `cap` bytes of them.

    Raises:
        RefusedError: a value is too large or nested too deep.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.size = 0
        self.nodes = 0
        self.buffers: list[bytes] = []

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return the JSON tree of a value, and add its buffers to `buffers`."""
        self.nodes += 1
        if depth > DEPTH:
            raise RefusedError(f"a value nested more than {DEPTH} deep")
        if self.nodes > NODES:
            raise RefusedError(f"more than {NODES} values in lists, tuples or dicts")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, np.generic | np.ndarray):
            return self._numpy(value)
        if isinstance(value, int | float | complex | str | bytes):
            return self._plain(value)
        return self._container(value, depth + 1)

    def _plain(self, value: complex | str | bytes) -> Any:
        if isinstance(value, int):
            if value.bit_length() > 2**12:
                raise RefusedError("a whole number of more than a thousand digits")
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        if isinstance(value, complex):
            return {"complex": [self.encode(value.real, 1), self.encode(value.imag, 1)]}
        self._grow(len(value))
        if isinstance(value, str):
            return str(value).encode("utf-8", "backslashreplace").decode()
        self.buffers.append(bytes(value))
        return {"bytes": len(value)}

    def _numpy(self, value: np.generic | np.ndarray[Any, Any]) -> Any:
        dtype = _portable(value.dtype)
        if dtype is None:
            return {"opaque": f"numpy array of type {value.dtype}"}
        if hasattr(value, "mask"):  # np.ma, which is not imported only to ask
            return {"opaque": "masked array"}
        self._grow(value.size * dtype.itemsize)
        self.buffers.append(np.asarray(value).astype(dtype).tobytes())
        if isinstance(value, np.generic):
            return {"scalar": dtype.str}
        return {"array": [dtype.str, list(value.shape)]}

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, Opaque):
            return {"opaque": value.type}
        record = as_record(value)
        if record is not None:
            return {"record": [record.name, [[k, self.encode(v, depth)] for k, v in record.fields.items()]]}
        if isinstance(value, list):
            return [self.encode(item, depth) for item in value]
        if isinstance(value, tuple):
            return {"tuple": [self.encode(item, depth) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[self.encode(k, depth), self.encode(v, depth)] for k, v in value.items()]}
        return {"opaque": _type_name(value)}

    def _grow(self, size: int) -> None:
        self.size += size
        if self.size > self.cap:
            raise RefusedError(f"more than {self.cap / 2**20:g} MiB")


def as_record(value: Any) -> Record | None:
    """Return a namedtuple or dataclass as a record, and None for every other value."""
    if isinstance(value, Record):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Record(type(value).__name__, dict(zip(value._fields, value, strict=True)))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return Record(type(value).__name__, {name: getattr(value, name) for name in names})
    return None


def _type_name(value: Any) -> str:
    kind = type(value)
    home = str(kind.__module__).partition(".")[0]
    return (kind.__name__ if home == "builtins" else f"{home} {kind.__name__}")[:NAME]


def _portable(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Return the little-endian type that `dtype` crosses as, or None where it does not cross."""
    if dtype.kind == "f" and dtype.itemsize > 8:
        return np.dtype("<f8")
    if dtype.kind == "c" and dtype.itemsize > 16:
        return np.dtype("<c16")
    dtype = dtype.newbyteorder("<")
    return dtype if dtype.str in _DTYPES else None


class Decoder:
    """Puts values together from a tree and the buffers in `body`, of which `at` counts the bytes used.

    Raises:
        ProtocolError: the tree is not one that `Encoder` makes.
    """

    def __init__(self, body: bytearray, build: Build) -> None:
        self.body = memoryview(body)
        self.at = 0
        self.nodes = 0
        self.build = build

    def decode(self, node: Any, depth: int = 0) -> Any:
        """Return the value of a JSON tree."""
        self.nodes += 1
        if depth > DEPTH or self.nodes > NODES:
            raise ProtocolError("the value has too many parts")
        if isinstance(node, list):
            return [self.decode(item, depth + 1) for item in node]
        if isinstance(node, str) and not node.isascii():
            node.encode()  # a lone surrogate is a ValueError here, where it does no harm
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            raise ProtocolError("an object must have one tag")
        ((tag, content),) = node.items()
        method = getattr(self, f"_{tag}", None) if tag in _TAGS else None
        if method is None:
            raise ProtocolError(f"unknown tag {tag[:40]!r}")
        return method(content, depth + 1)

    def _tuple(self, content: Any, depth: int) -> Any:
        return tuple(self.decode(item, depth) for item in _expect(content, list))

    def _dict(self, content: Any, depth: int) -> Any:
        pairs = [(self.decode(k, depth), self.decode(v, depth)) for k, v in _pairs(content)]
        if len(pairs) > ODD_KEYS and not all(
            type(k) is str or (type(k) is int and -(2**63) <= k < 2**63) for k, _ in pairs
        ):
            raise ProtocolError(f"more than {ODD_KEYS} keys of a dict that are not texts or whole numbers")
        return dict(pairs)

    def _record(self, content: Any, depth: int) -> Any:
        name, fields = _pair(content)
        record = Record(_name(name), {_name(k): self.decode(v, depth) for k, v in _pairs(fields)})
        return self.build(record)

    def _float(self, content: Any, _depth: int) -> Any:
        if content not in ("nan", "inf", "-inf"):
            raise ProtocolError("a tagged float must be nan or infinite")
        return float(content)

    def _complex(self, content: Any, depth: int) -> Any:
        parts = [self.decode(part, depth) for part in _pair(content)]
        return complex(*(_expect(part, float) for part in parts))

    def _array(self, content: Any, _depth: int) -> Any:
        name, shape = _pair(content)
        dtype = _dtype(name)
        if len(_expect(shape, list)) > DEPTH or any(type(n) is not int or n < 0 for n in shape):
            raise ProtocolError("a shape must be a short list of lengths")
        count = math.prod(shape)
        # count is a Python integer, so a shape whose product overflows 64 bits is simply too long for the body
        return np.frombuffer(self._take(count * dtype.itemsize), dtype, count).reshape(shape)

    def _scalar(self, content: Any, _depth: int) -> Any:
        dtype = _dtype(content)
        return np.frombuffer(self._take(dtype.itemsize), dtype, 1)[0]

    def _bytes(self, content: Any, _depth: int) -> Any:
        if type(content) is not int or content < 0:
            raise ProtocolError("a length must not be negative")
        return bytes(self._take(content))

    def _opaque(self, content: Any, _depth: int) -> Any:
        return Opaque(_name(content))

    def _take(self, size: int) -> memoryview:
        end = self.at + size
        if end > len(self.body):
            raise ProtocolError("the header promises more bytes than came")
        taken, self.at = self.body[self.at : end], end
        return taken


_TAGS = frozenset(["tuple", "dict", "record", "float", "complex", "array", "scalar", "bytes", "opaque"])


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ProtocolError(f"expected a {kind.__name__}")
    return value


def _name(value: Any) -> str:
    if len(_expect(value, str)) > NAME:
        raise ProtocolError("a name is too long")
    value.encode()  # as in `decode`
    return str(value)


def _pair(value: Any) -> tuple[Any, Any]:
    if len(_expect(value, list)) != 2:
        raise ProtocolError("expected a pair")
    return value[0], value[1]


def _pairs(value: Any) -> Iterator[tuple[Any, Any]]:
    return (_pair(item) for item in _expect(value, list))


def _dtype(name: Any) -> np.dtype[Any]:
    if name not in _DTYPES:
        raise ProtocolError("not a type of number that crosses")
    dtype: np.dtype[Any] = np.dtype(name)
    return dtype
