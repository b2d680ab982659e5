"""Frames: how a value travels between the grader and a worker.

A frame is the header's length and the body's length (two unsigned 32-bit big-endian integers), a header (JSON that
describes one value, see `values`) and a body (the value's raw buffers, one after another).
"""

import json
import socket
import struct
from typing import Any

from grader.sandbox.values import Build, Decoder, Encoder, ProtocolError, Record, RefusedError

CAP = 64 * 2**20
"""The longest body that a frame may have unless the reader says otherwise, in bytes."""
HEADER_CAP = 4 * 2**20
"""The longest header, which takes many times its size when it is read."""

_LENGTHS = struct.Struct(">II")

PREFIX = _LENGTHS.size
"""How many bytes come before the header."""


def _as_it_is(record: Record) -> Any:
    return record


def pack(value: Any, cap: int = CAP, header_cap: int = HEADER_CAP) -> bytes:
    """Return the frame that carries `value`.

    Raises:
        RefusedError: the value is larger than `cap` bytes, or nested too deep.
    """
    encoder = Encoder(cap)
    tree = encoder.encode(value)
    header = json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(header) > header_cap:
        raise RefusedError(f"more than {header_cap / 2**20:g} MiB of texts and lists")
    body = b"".join(encoder.buffers)
    return _LENGTHS.pack(len(header), len(body)) + header + body


def unpack(header: bytes | bytearray, body: bytearray, build: Build = _as_it_is) -> Any:
    """Return the value that a frame carries; `build` makes what a record stands for.

    Arrays are writable views of `body`.

    Raises:
        ProtocolError: the frame is not one that `pack` makes.
    """
    decoder = Decoder(body, build)
    try:
        value = decoder.decode(json.loads(header, parse_constant=_no_constant))
    except (ValueError, TypeError, RecursionError) as error:
        raise ProtocolError(f"not a frame: {type(error).__name__}") from error
    if decoder.at != len(body):
        raise ProtocolError("more bytes came than the header names")
    return value


def _no_constant(_name: str) -> Any:
    raise ProtocolError("NaN and infinities are tagged")


def lengths(prefix: bytes | bytearray, cap: int = CAP, header_cap: int = HEADER_CAP) -> tuple[int, int]:
    """Return the header's and the body's length, refusing what is over `cap` bytes before anything is allocated."""
    if len(prefix) != PREFIX:
        raise ProtocolError("the frame was cut short")
    header, body = _LENGTHS.unpack(prefix)
    if header > header_cap or body > cap:
        raise ProtocolError(f"a frame of more than {(header_cap if header > header_cap else cap) / 2**20:g} MiB")
    return header, body


def receive(connection: socket.socket, build: Build = _as_it_is, cap: int = CAP) -> Any:
    """Read one frame from a blocking socket and return its value.

    Raises:
        EOFError: the other side closed the socket before a frame began.
        ProtocolError: it is not a whole frame.
    """
    prefix = _read(connection, PREFIX)
    if not prefix:
        raise EOFError
    header, body = (_read(connection, length) for length in lengths(prefix, cap))
    return unpack(header, body, build)


def _read(connection: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        got = connection.recv_into(view[at:])
        if got == 0:
            if at == 0 and size == PREFIX:
                return bytearray()
            raise ProtocolError("the frame was cut short")
        at += got
    return data
