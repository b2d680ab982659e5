"""Frames: what goes in comes out, and what is not a frame is refused before anything is allocated."""

import json
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.sandbox.protocol import CAP, HEADER_CAP, PREFIX, lengths, pack, receive, unpack
from grader.sandbox.values import DEPTH, NODES, Opaque, ProtocolError, Record, RefusedError
from tests.conftest import in_short


def roundtrip(value):
    frame = pack(value)
    header, body = lengths(frame[:PREFIX])
    assert len(frame) == PREFIX + header + body
    return unpack(frame[PREFIX : PREFIX + header], bytearray(frame[PREFIX + header :]))


def frame(tree, body=b""):
    """Return the header and body of a frame, made by hand."""
    header = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return header, bytearray(body)


def same(one, other):
    """Compare values with their types, NaN being equal to itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, Record):
        return one.name == other.name and same(one.fields, other.fields)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(map(repr, one)) == list(map(repr, other)) and all(map(same, one.values(), other.values()))
    return one == other or one != one  # noqa: PLR0124  NaN


numbers = hnp.arrays(
    st.sampled_from(["?", "i1", "<i4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c16"]),
    hnp.array_shapes(min_dims=0, min_side=0),
)
plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary() | numbers
)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.builds(Record, st.text(max_size=5), st.dictionaries(st.text(max_size=3), inner, max_size=3))
        | st.builds(Opaque, st.text(max_size=5))
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(values)
def test_what_goes_in_comes_out(value):
    assert same(roundtrip(value), value)


@settings(max_examples=2000, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
       | st.dictionaries(st.sampled_from(["array", "scalar", "bytes", "dict", "tuple", "record", "float", "complex",
                                          "opaque", "_take", "decode"]), inner, max_size=2), max_leaves=8),
       st.binary(max_size=40))  # fmt: skip
def test_a_made_up_header_is_decoded_or_refused(tree, body):
    """Nothing but ProtocolError may come out of hostile bytes."""
    try:
        value = unpack(json.dumps(tree).encode(), bytearray(body))
    except ProtocolError:
        return
    assert pack(value)  # whatever it was taken for is a value


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_garbage_is_refused(header, body):
    with pytest.raises(ProtocolError):
        unpack(b"{" + header, bytearray(body))


class Subclass(np.ndarray):
    """An array that calls itself equal to everything."""

    def __eq__(self, _other):
        return True


class Namedlike(tuple):
    _fields = ("a", "b")


@pytest.mark.parametrize(
    ("value", "comes_out"),
    [
        (np.array([1.0, 2.0]).view(Subclass), np.array([1.0, 2.0])),
        (np.array([1, 2], dtype=">i4"), np.array([1, 2], dtype="<i4")),
        (np.longdouble(0.5), np.float64(0.5)),
        (np.arange(6).reshape(2, 3).T, np.array([[0, 3], [1, 4], [2, 5]])),
        (Namedlike((1, 2)), Record("Namedlike", {"a": 1, "b": 2})),
        (np.array([None, 1]), Opaque("numpy array of type object")),
        (np.array(["a"]), Opaque("numpy array of type <U1")),
        (np.ma.masked_array([1.0], mask=[True]), Opaque("masked array")),
        ({1, 2}, Opaque("set")),
        ((n for n in ()), Opaque("generator")),
        (socket, Opaque("module")),
        ("lone \ud800", "lone \\ud800"),
    ],
    ids=in_short,
)
def test_other_types_cross_as_plain_data_or_by_their_names(value, comes_out):
    assert same(roundtrip(value), comes_out)


def test_a_float_subclass_crosses_as_a_float():
    class Sly(float):
        def __eq__(self, _other):
            return True

        __hash__ = float.__hash__

    assert type(roundtrip(Sly(1))) is float


class Sly:
    """What would run if it were asked what it equals, what array it is, or how to make it anew."""

    def __eq__(self, _other):
        raise AssertionError("was compared")

    __hash__ = None

    def __array__(self, *_):
        raise AssertionError("was made an array")

    def __reduce__(self):
        raise AssertionError("was pickled")


def test_an_object_crosses_by_its_name_alone_and_is_asked_nothing():
    assert roundtrip(Sly()) == Opaque("tests Sly")


def test_a_memmap_crosses_as_plain_data(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3.0))
    got = roundtrip(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert (type(got), got.tolist()) == (np.ndarray, [0, 1, 2])


def test_not_a_number_crosses_and_is_right_nowhere():
    from grader.compare import Rules, compare

    got = roundtrip(np.full((3, 2), np.nan))
    assert np.isnan(got).all()
    assert compare(got, np.zeros((3, 2)), Rules(("x",), {}, strict=False, shapes_only=False, permute={})).problems


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def containing_itself():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (nested(DEPTH + 1), "nested more than 32 deep"),
        (containing_itself(), "nested more than 32 deep"),
        ([0] * NODES, "more than 200000 values"),
        (np.broadcast_to(1.0, (10**9, 10**9)), "more than 64 MiB"),
        (b"x" * (CAP + 1), "more than 64 MiB"),
        ([b"x" * 2**20] * 65, "more than 64 MiB"),
        ("é" * (HEADER_CAP // 2 + 1), "more than 4 MiB of texts and lists"),
        (10**2000, "a thousand digits"),
    ],
    ids=[
        "deep",
        "containing itself",
        "many",
        "a huge view",
        "a long text",
        "much in all",
        "long as UTF-8",
        "a long number",
    ],
)
def test_what_is_too_large_to_send_is_refused_without_making_it(value, why):
    with pytest.raises(RefusedError, match=why):
        pack(value)


EIGHT = b"\0" * 8
BROKEN = {
    "not JSON": frame(b"{"),
    "not UTF-8": frame(b'"\xff"'),
    "NaN in JSON": frame(b"NaN"),
    "nested lists": frame(b"[" * 100_000 + b"]" * 100_000),
    "nested tags": frame(b'{"tuple":[' * 40 + b"]}" * 40),
    "no tag": frame({}),
    "two tags": frame({"tuple": [], "dict": []}),
    "unknown tag": frame({"pickle": ""}),
    "a method for a tag": frame({"take": 1}),
    "object array": frame({"array": ["|O", [1]]}, EIGHT),
    "text array": frame({"array": ["<U2", [1]]}, EIGHT),
    "structured array": frame({"array": [[["a", "<f8"]], [1]]}, EIGHT),
    "big-endian array": frame({"array": [">f8", [1]]}, EIGHT),
    "shape larger than the body": frame({"array": ["<f8", [2]]}, EIGHT),
    "shape smaller than the body": frame({"array": ["<f8", [0]]}, EIGHT),
    "shape that overflows": frame({"array": ["<f8", [2**62, 4]]}, EIGHT),
    "shape that overflows to nothing": frame({"array": ["<f8", [2**63, 0]]}),
    "negative shape": frame({"array": ["<f8", [-1, -1]]}, EIGHT),
    "shape of floats": frame({"array": ["<f8", [1.0]]}, EIGHT),
    "shape of truths": frame({"array": ["<f8", [True]]}, EIGHT),
    "shape of 33 dimensions": frame({"array": ["<f8", [1] * 33]}, EIGHT),
    "negative length": frame({"bytes": -1}),
    "length past the body": frame({"bytes": 9}, EIGHT),
    "a dict with a list for a key": frame({"dict": [[[], 1]]}),
    "a dict with a dict for a key": frame({"dict": [[{"dict": []}, 1]]}),
    "a record without a name": frame({"record": [None, []]}),
    "a finite float tagged": frame({"float": "1.0"}),
    "an integer of a million digits": frame(b"1" * 10**6),
    "more values than allowed": frame(b"[" + b"0," * NODES + b"0]"),
    "a lone surrogate": frame(b'"\\ud800"'),
    "an endless name": frame({"opaque": "x" * 201}),
    "an endless record": frame({"record": ["x" * 201, []]}),
    "bytes that nothing names": frame(1, b"x"),
    "an empty header": frame(b""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_header_that_lies_is_refused(name):
    with pytest.raises(ProtocolError):
        unpack(*BROKEN[name])


@pytest.mark.parametrize("sizes", [(HEADER_CAP + 1, 0), (0, CAP + 1), (2**32 - 1, 2**32 - 1)])
def test_a_length_over_the_cap_is_refused(sizes):
    with pytest.raises(ProtocolError, match="a frame of more than"):
        lengths(struct.pack(">II", *sizes))


def received(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(data), theirs.shutdown(socket.SHUT_WR)))
        sender.start()
        try:
            return receive(ours)
        finally:
            sender.join()


def test_a_frame_is_received_whole():
    value = np.arange(10**6, dtype=float)
    assert same(received(pack(value)), value)


def test_received_arrays_can_be_written_to():
    array = received(pack(np.zeros(3)))
    array[0] = 1
    assert array.tolist() == [1, 0, 0]


@pytest.mark.parametrize("cut", [1, PREFIX - 1, PREFIX, PREFIX + 3, -1])
def test_half_a_frame_is_refused(cut):
    with pytest.raises(ProtocolError, match="cut short"):
        received(pack([1, np.zeros(4)])[:cut])


def test_the_end_between_frames_is_the_end():
    with pytest.raises(EOFError):
        received(b"")
