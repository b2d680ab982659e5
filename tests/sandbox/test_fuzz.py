"""Frames that were made up, or true ones that were damaged: each is a value or is refused, without hang, crash or waste.

python -m pytest tests/sandbox/test_fuzz.py --frames 1000000
"""

import random
import resource
import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import model
from grader.compare import Rules, compare
from grader.sandbox import protocol
from grader.sandbox.replies import outcome
from grader.sandbox.values import Opaque, ProtocolError, Record

TRUE = [
    {"returned": (np.arange(60.0).reshape(20, 3), -1388.0818)},
    {"returned": Record("GaussianMixture", {"mu": np.ones((3, 2)), "var": np.ones(3), "p": np.ones(3) / 3})},
    {
        "returned": [
            1,
            2.5,
            float("nan"),
            float("inf"),
            1 + 2j,
            True,
            None,
            "text",
            b"bytes",
            np.float32(3),
            Opaque("set"),
        ]
    },
    {"returned": {"a": [1, {2: (3,)}], (4, 5): {"deep": [[[[[]]]]]}}},
    {"raised": {"type": "ValueError", "message": "no", "frames": [["work.py", 3, "f", "return 1"]], "refused": False}},
    {"missing": ["f", "g"]},
    {"signature": "(x)"},
    {"loaded": True},
]
FRAMES = [protocol.pack(value) for value in TRUE]
PIECES = [
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"1e999", b"-1", b"99999999999999999999", b"NaN", b"\\ud800", b"\xff",
    b'{"array":["<f8",[1000000000,1000000000]]}', b'{"array":["|O",[1]]}', b'{"dict":', b'{"record":["x",[', b'{"opaque":"',
    b"[" * 2000, b'{"tuple":[' * 500, bytes(8), b"\xff" * 8,
]  # fmt: skip
RULES = Rules(returns=("post", "ll"), tolerance={}, strict=False, shapes_only=False, permute={"post": 1})
WANT = (np.arange(60.0).reshape(20, 3), -1388.0818)
LONGEST_SECONDS = 5.0
MOST_MEMORY_MIB = 200


def damaged(rng):
    """Return a true frame with some bytes changed, cut, doubled or put in."""
    frame = bytearray(rng.choice(FRAMES))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(frame) + 1)
        match rng.randrange(5):
            case 0:
                frame[at : at + 1] = rng.randbytes(1)
            case 1:
                del frame[at : at + rng.randint(1, 20)]
            case 2:
                frame[at:at] = frame[at : at + rng.randint(1, 50)]
            case 3:
                frame[at:at] = rng.choice(PIECES)
            case 4:
                header = frame[8 : 8 + int.from_bytes(frame[:4], "big")]
                frame[:4] = len(header).to_bytes(4, "big")  # so that what is inside is looked at
    return frame


def repaired(frame, rng):
    """Return the frame with lengths that fit, most of the time, so that the damage is found further in."""
    if len(frame) >= 8 and rng.random() < 0.8:
        body = min(int.from_bytes(frame[4:8], "big"), len(frame) - 8)
        frame[:8] = (len(frame) - 8 - body).to_bytes(4, "big") + body.to_bytes(4, "big")
    return frame


def taken(frame):
    """Do with a frame what the grader does with one from a child; tell whether it was a value that passes."""
    try:
        header, body = protocol.lengths(frame[:8])
        if header + body > len(frame) - 8:
            return False  # the grader waits for the rest until the deadline
        reply = protocol.unpack(frame[8 : 8 + header], frame[8 + header : 8 + header + body])
    except ProtocolError:
        return False
    said = outcome(reply)
    return isinstance(said, model.Returned) and not compare(said.value, WANT, RULES).problems


def test_no_damaged_frame_crashes_hangs_or_takes_memory(request):
    rng, longest, passed = random.Random(0), 0.0, 0
    for value in TRUE:
        taken(bytearray(protocol.pack(value)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(request.config.getoption("frames")):
        frame = repaired(damaged(rng), rng)
        began = time.perf_counter()
        passed += taken(frame)
        longest = max(longest, time.perf_counter() - began)
    assert longest < LONGEST_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MEMORY_MIB
    assert passed < request.config.getoption("frames") / 2  # most of them are no right answer


def test_a_true_frame_is_taken():
    """The twin of the test above: what it feeds is read that far."""
    assert taken(bytearray(FRAMES[0]))


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["tuple", "dict", "record", "float", "complex", "array", "scalar", "bytes", "opaque", "x"]), inner, max_size=1)
    | st.fixed_dictionaries({"dict": st.lists(st.tuples(st.sampled_from(["returned", "raised", "missing", "loaded"]), inner).map(list), max_size=2)}),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=2000)
@given(TREES, st.binary(max_size=64))
def test_no_header_of_ones_own_making_does_either(tree, body):
    import json

    header = json.dumps(tree).encode()
    assert taken(bytearray(len(header).to_bytes(4, "big") + len(body).to_bytes(4, "big") + header + body)) in {
        True,
        False,
    }


def test_a_dict_of_keys_that_hash_alike_is_refused_before_it_is_built():
    """2^61 - 1 is what Python's hashes of numbers are taken by; 60,000 such keys would take half a minute."""
    keys = b",".join(b"[%d,0]" % (n * (2**61 - 1)) for n in range(60_000))
    header = b'{"dict":[["returned",{"dict":[' + keys + b"]}]]}"
    began = time.perf_counter()
    assert not taken(bytearray(len(header).to_bytes(4, "big") + bytes(4) + header))
    assert time.perf_counter() - began < LONGEST_SECONDS


def test_a_dict_of_texts_may_be_large():
    frame = protocol.pack({"returned": {f"key{n}": n for n in range(5000)}})
    header, _ = protocol.lengths(frame[:8])
    assert len(protocol.unpack(frame[8 : 8 + header], bytearray())["returned"]) == 5000


def test_a_list_of_arrays_that_would_grow_is_no_array():
    """Sixteen times, if one of them is complex."""
    got = [np.zeros(2**16, dtype=np.int8)] * 200 + [np.zeros(1, dtype=np.complex128)]
    assert compare(got, np.zeros(3), Rules(("x",), {}, strict=False, shapes_only=False, permute={})).problems
