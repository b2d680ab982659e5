"""Right parts over the wire: what a submission may ask that is called with proxies, and what comes of cheating."""

import contextlib
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from grader import assignment, engine, model, submission
from grader.asking import WithRightParts
from grader.compare import Rules
from grader.course import Course
from grader.handin import Submission
from grader.model import Returned
from grader.sandbox import replies
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.replies import Question
from grader.sandbox.values import Opaque, Record
from grader.structure import clues
from grader.variants import Oracle, Variants
from tests.conftest import write

pytestmark = pytest.mark.alone

SPEC = """
name: halving
reference: solution
submission: {file: work.py}
limits: {seconds: 1.5, memory_mib: 256}
functions:
  half:
    points: 1
    returns: [y]
    cases:
      - {name: eight, args: {x: 8.0}}
  down:
    points: 2
    returns: [y]
    calls: [half]
    cases:
      - {name: own, args: {y: 64.0}}
      - {name: right, args: {y: 16.0}, using: reference}
  after:
    points: 1
    returns: [y]
    cases:
      - {name: another, args: {x: 8.0}}
"""
SOLUTION = """
import os
import numpy as np

def half(x):
    if isinstance(x, np.ndarray):
        return x / 2
    if x == "for ever":
        while True: pass
    if x == "much":
        return np.zeros(2**45)
    if x == "too much to send":
        return np.zeros(2**23 + 1)
    if x == "the end":
        os._exit(3)
    if x == "complains":
        raise KeyError("half of nothing")
    return x / 2

def down(y):
    while y > 1: y = half(y)
    return y

def after(x): return x / 2
"""
HALF = "def half(x): return x / 2\n"
DOWN = "def down(y):\n    while y > 1: y = half(y)\n    return y\n"
AFTER = "def after(x): return x / 2\n"
RIGHT = HALF + DOWN + AFTER
FORGER = """
import gc, json, socket

def frame(key, value):
    header = json.dumps({"dict": [[key, value]]}).encode()
    return len(header).to_bytes(4, "big") + bytes(4) + header

def asks(function, args):
    return frame("asks", {"dict": [["function", function], ["args", args], ["kwargs", {"dict": []}]]})

def send(data):
    next(one for one in gc.get_objects() if isinstance(one, socket.socket)).sendall(data)

def replaced(): return type(half).__name__ == "partial"
"""


def cheat(body):
    """Return a submission that is right but for what its `down` does where `half` is a proxy."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"{FORGER}{HALF}{AFTER}def down(y):\n    if not replaced(): return 1.0\n{lines}\n"


@pytest.fixture(scope="module")
def opened():
    """Two fork servers, as for two jobs."""
    with contextlib.ExitStack() as stack:
        limits = model.Limits(seconds=1.5, memory_mib=256)
        yield [stack.enter_context(ForkServer(Zygote(), limits, ["numpy"], functions=3)) for _ in range(2)]


@pytest.fixture(scope="module")
def grade(tmp_path_factory, opened):
    """Grade texts, two at a time, and return their results."""

    def grade(*texts, spec=SPEC, files=None, jobs=2):
        folder = tmp_path_factory.mktemp("proxies")
        write(folder / "halving", {"assignment.yaml": spec, "solution.py": SOLUTION, **(files or {})})
        loaded = assignment.load(folder / "halving")
        for n, text in enumerate(texts):
            write(folder / "class" / f"s{n}", {"work.py": text})
        submissions = submission.collect([folder / "class"], Submission(file="work.py"))
        with contextlib.closing(Variants(engine.prepare(loaded))) as variants:
            return list(engine.grade_all(variants, opened[:jobs], submissions))

    return grade


def statuses(result):
    return {item.name: [case.status for case in item.cases] for item in result.items}


def told(result, name, case=-1):
    return next(item.cases[case].message for item in result.items if item.name == name)


# --- what is asked ---------------------------------------------------------------------------------------------------

CHEATS = {
    "asks what is no question": ('send(frame("asks", 7))\nreturn 1.0', "failed", "sent an answer that is not one."),
    "asks for a verdict": ('send(frame("passed", True))\nreturn 1.0', "failed", "sent an answer that is not one."),
    "answers itself": ('send(frame("value", 1.0))\nreturn 2.0', "failed", "sent an answer that is not one."),
    "says that it was loaded": (
        'send(frame("loaded", True))\nreturn 1.0', "failed", "sent an answer to another question."),
    "asks for itself": ('return half.func("down", y)', "error", "raised ValueError: down cannot be asked for (work.py"),
    "asks for another name": (
        'return half.func("__import__", "os")', "error", "raised ValueError: __import__ cannot be asked for (work.py"),
    "asks for too much": (
        'return half("much")', "error", "raised ValueError: half has no value for these arguments (work.py"),
    "asks for more than can be sent": (
        'return half("too much to send")', "error",
        "raised ValueError: half has no value for these arguments (work.py"),
    "ends the one that answers": (
        'return half("the end")', "error", "raised ValueError: half has no value for these arguments (work.py"),
    "makes the reference raise": (
        'return half("complains")', "error",
        "raised ValueError: half cannot be called with these arguments: 'half of nothing' (work.py"),
    "asks with other arguments": (
        "return half(8.0, module='os', seed=1)", "error",
        "raised ValueError: half is called with other arguments than half(x) (work.py"),
    "asks with what does not cross": (
        "return half(object())", "error",
        "raised ValueError: half cannot be called with these arguments: unsupported operand type(s) for /: 'Opaque'"),
    "asks with too many levels": (
        "v = y\nfor _ in range(40): v = [v]\nreturn half(v)", "error",
        "raised ValueError: the arguments of half cannot be sent: a value nested more than 32 deep"),
    "asks with a few levels less": (
        "v = y\nfor _ in range(29): v = [v]\nreturn half(v)", "error",
        "raised ValueError: half cannot be called with these arguments: unsupported operand type(s) for /: 'list' and"),
    "asks with much": (
        "for _ in range(2): v = half(np.zeros(2**18))\nreturn v", "failed", "`y`: got shape (262144,), want ()."),
    "asks with no entries and much shape": (
        "return half(np.empty((2**40, 0)))", "failed", "`y`: got shape (1099511627776, 0), want ()."),
    "asks with NaN": ("return half(float('nan'))", "failed", "got nan, want 1"),
    "asks and leaves": (
        "send(asks('half', [1.0]))\nimport os\nos._exit(0)", "killed", "The process ended while `down` ran"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cheated(grade):
    """The results of all, each graded beside a right one that asks as well."""
    texts = [text for body, _, _ in CHEATS.values() for text in (cheat(body), RIGHT)]
    results = grade(*[f"import numpy as np\n{text}" for text in texts])
    by_id = {result.id: result for result in results}
    pairs = [(by_id[f"s{2 * n}"], by_id[f"s{2 * n + 1}"]) for n in range(len(CHEATS))]
    return dict(zip(CHEATS, pairs, strict=True))


@pytest.mark.parametrize("name", CHEATS)
def test_who_asks_wrongly_loses_that_function_and_is_told_why(name, cheated):
    _, status, message = CHEATS[name]
    result, _ = cheated[name]
    assert (result.fault, result.score) == (None, 2)
    assert statuses(result) == {"half": ["passed"], "down": ["passed", status], "after": ["passed"]}
    assert message in told(result, "down")


@pytest.mark.parametrize("name", CHEATS)
def test_nobody_beside_it_is_harmed(name, cheated):
    _, beside = cheated[name]
    assert (beside.fault, beside.score) == (None, 4)


def test_the_time_that_the_reference_takes_is_the_functions_own(grade):
    """Whichever is over first, the function's or the answer's, nothing comes of it."""
    result, beside = grade(cheat('return half("for ever")'), RIGHT)
    assert (result.fault, result.score, beside.score) == (None, 2, 4)
    assert statuses(result)["down"][1] in {"timeout", "error"}


def test_what_the_reference_says_when_it_raises_is_told_without_its_places(cheated):
    message = told(cheated["makes the reference raise"][0], "down")
    assert "solution.py" not in message
    assert "/" not in message.replace("/ 2", "")


def test_an_ask_in_a_call_without_proxies_is_no_answer(grade):
    (result,) = grade(f"{FORGER}{HALF}{AFTER}def down(y):\n    send(asks('half', [2.0]))\n    return 1.0\n")
    assert statuses(result)["down"] == ["failed", "passed"]
    assert told(result, "down", 0).endswith("its process sent an answer that is not one.")


@pytest.mark.parametrize("more", ["asks('half', [1.0])", "frame('returned', 1.0)"], ids=["a question", "a value"])
def test_who_goes_on_after_the_answer_is_not_believed_again(more, grade):
    spec = SPEC.replace("{y: 16.0}, using: reference}", "{y: 16.0}, using: reference, repeat: 2}")
    (result,) = grade(cheat(f"send(frame('returned', 1.0) + {more})\nreturn 1.0"), spec=spec)
    assert statuses(result)["down"] == ["passed", "passed", "failed"]
    assert told(result, "down").endswith("cannot be compared: answered more often than it was asked.")


# --- what is allowed -------------------------------------------------------------------------------------------------

BOTH = ["half", "down"]
ITSELF = cheat('return half.func("down", y)')


def test_with_every_function_allowed_it_would_get_the_wanted_value(grade, monkeypatch):
    """The twin of the one that asks for itself."""
    allowing = Oracle.answer
    monkeypatch.setattr(Oracle, "answer", lambda oracle, asked, _, left: allowing(oracle, asked, BOTH, left))
    assert grade(ITSELF)[0].score == 4


def test_a_question_is_believed_no_further_than_its_form():
    ask = {"function": "f" * 5000, "args": [1], "kwargs": {1: 2}}
    assert replies.question({"asks": ask}) == Question("f" * replies.TEXT, [1], {"1": 2})
    for wrong in ({"function": 1}, {"args": (1,)}, {"kwargs": [1]}):
        assert replies.question({"asks": ask | wrong}) is None
    assert replies.question({"returned": 1}) is None


LEARNS = """
learned = []
def half(x): return x / 3
def down(y):
    if type(half).__name__ == "partial": learned.append(half(8.0))
    return 1.0
def after(x): return learned[0] if learned else None
"""


def test_what_it_learns_from_the_reference_it_cannot_use_elsewhere(grade):
    (result,) = grade(LEARNS)
    assert statuses(result) == {"half": ["failed"], "down": ["passed", "passed"], "after": ["failed"]}


def test_in_one_process_for_both_it_could(grade, monkeypatch):
    """The twin."""

    def same(asker, run, variants, parts):
        asker.run = SimpleNamespace(ask=run.ask, close=lambda: None)
        asker.parts, asker.asked, asker._oracle = parts, Counter(), variants.oracle()

    monkeypatch.setattr(WithRightParts, "__init__", same)
    assert statuses(grade(LEARNS)[0])["after"] == ["passed"]


def test_what_is_printed_beside_the_proxies_is_not_kept(grade):
    """Else a submission could write down what the reference says of a hidden case."""
    printing = (
        HALF + "def down(y):\n    print('asked' if callable(half) and type(half).__name__ == 'partial' else 'own')\n"
    )
    (result,) = grade(printing + "    while y > 1: y = half(y)\n    return y\n" + AFTER)
    assert (result.score, result.stdout.split()) == (4, ["own"])


def test_a_hidden_case_tells_neither_the_text_of_an_exception_nor_a_value(grade):
    spec = SPEC.replace("using: reference}", "using: reference, visibility: hidden}")
    (result,) = grade(cheat("raise ValueError(f'half is {half(y)}')"), spec=spec)
    assert told(result, "down").startswith("`down` raised ValueError (work.py, line ")
    assert "8.0" not in told(result, "down")


# --- the one that answers --------------------------------------------------------------------------------------------


@pytest.fixture
def loaded(tmp_path):
    heavy = "import numpy as np\ndef sum_of(n): return float(np.ones(n * 2**17).sum())\n"
    return assignment.load(write(tmp_path / "halving", {"assignment.yaml": SPEC, "solution.py": SOLUTION + heavy}))


def test_its_memory_is_limited(loaded):
    with contextlib.closing(Course(loaded, 128 * 2**20)) as course:
        assert course.call("sum_of", [256], 0) == model.OutOfMemory()
        assert course.call("sum_of", [1], 0) == Returned(2.0**17)


def test_without_the_limit_it_takes_what_it_is_asked_for(loaded):
    """The twin."""
    with contextlib.closing(Course(loaded)) as course:
        assert course.call("sum_of", [256], 0) == Returned(2.0**25)


def test_it_is_started_again_for_the_next_one(loaded):
    oracle = Oracle(engine.prepare(loaded))
    with contextlib.closing(oracle):
        for odd in ("the end", "for ever"):
            asked = Question("half", [odd], {})
            assert b"half has no value for these arguments" in oracle.answer(asked, ["half"], 2.0)
        assert b"error" not in oracle.answer(Question("half", [8.0], {}), ["half"], 2.0)


def test_what_cannot_be_sent_on_is_refused(loaded):
    with contextlib.closing(Oracle(engine.prepare(loaded))) as oracle:
        asked = Question("half", [np.zeros(2**22), np.zeros(2**22 + 1)], {})
        assert b"more than 64 MiB" in oracle.answer(asked, ["half"], 2.0)


# --- values that are looked at ---------------------------------------------------------------------------------------

CHECKS = """
def looks(y):
    return None if y <= 1 else "It is more than one."
"""
ODD = {
    "an object": ("object()", "It cannot be checked. looks raised TypeError"),
    "a text": ("'y'", "It cannot be checked. looks raised TypeError"),
    "nothing": ("None", "It cannot be checked. looks raised TypeError"),
    "texts in a list": ("['y', 1.0]", "It cannot be checked. looks raised TypeError"),
    "two": ("2.0", "It is more than one."),
    "NaN": ("float('nan')", "It is more than one."),
    "an array": ("__import__('numpy').ones(3)", "It cannot be checked. looks raised ValueError"),
}


@pytest.fixture(scope="module")
def odd(grade):
    """What is returned by `after`, which a function of checks.py then looks at."""
    check = "      - {name: looked at, args: {x: 2.0}, property: {check: looks}}\n"
    texts = [HALF + DOWN + f"def after(x): return {value}\n" for value, _ in ODD.values()]
    results = grade(RIGHT, *texts, spec=SPEC + check, files={"checks.py": CHECKS})
    return dict(zip(["right", *ODD], results, strict=True))


def test_a_right_value_passes_the_check(odd):
    assert (odd["right"].fault, odd["right"].score) == (None, 4)


@pytest.mark.parametrize("name", ODD)
def test_a_check_of_an_odd_value_costs_that_function_alone(name, odd):
    assert (odd[name].fault, odd[name].score) == (None, 3)
    assert told(odd[name], "after").startswith(ODD[name][1])


WANT = np.random.default_rng(0).random((250, 3))
HOSTILE = {
    "an object": Opaque("thing"),
    "a text": "x" * 10**6,
    "a whole number": 10**1200,
    "whole numbers": [10**300] * 250,
    "unsigned numbers": np.full((250, 3), 2**63, np.uint64),
    "infinities": np.full((250, 3), np.inf),
    "infinities, transposed": np.full((3, 250), -np.inf),
    "NaN": np.full((250, 3), np.nan),
    "one NaN": float("nan"),
    "the largest": np.full((250, 3), np.finfo(float).max),
    "the smallest": np.full((250, 3), 5e-324),
    "negative zeros": np.full((250, 3), -0.0),
    "complex": np.full((250, 3), 1j),
    "truth values": np.ones((250, 3), bool),
    "half precision": np.ones((250, 3), np.float16),
    "no entries": np.empty((2**40, 0)),
    "all axes": np.ones((1,) * 32),
    "many bytes": np.zeros(2**26, np.int8),
    "a record": Record("Mixture", {"mu": None}),
    "levels": [[[[[[[[1.0]]]]]]]],
    "a dict": {"a": 1.0},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_relation_is_seen_in_what_is_hostile(name):
    rules = Rules(("post",))
    assert clues(HOSTILE[name], WANT, {"X": WANT[:, :2]}, rules) == ()


def test_a_relation_is_seen_in_what_is_not():
    """The twin."""
    assert [clue.id for clue in clues(2 * WANT, WANT, {}, Rules(("post",)))] == ["factor"]
