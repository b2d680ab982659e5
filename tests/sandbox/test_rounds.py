"""A child that is asked for a curve may answer anything: it draws nothing, and no function loses or gains by it."""

import contextlib

import pytest

from grader import assignment, drawings, engine, submission
from grader.content import Curve
from grader.parts import Place
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.variants import Variants
from tests.conftest import write

SPEC = """
name: halving
reference: solution
submission: {file: work.py}
limits: {seconds: 2, memory_mib: 128}
functions:
  half:
    points: 1
    returns: [x]
    cases:
      - {name: eight, args: {x: 8.0}}
  down:
    points: 2
    returns: [x]
    steps: {half: [x]}
    draw: [{curve: x}]
    cases:
      - {name: of a number, args: {x: 64.0}}
  after:
    points: 4
    returns: [x]
    cases:
      - {name: another, args: {x: 8.0}}
"""
SOLUTION = """
def half(x): return x / 2

def down(x): return half(half(x))

def after(x): return x / 2
"""
LATER = """
calls = 0

def half(x):
    global calls
    calls += 1
    if calls > 1:
        {}
    return x / 2

def down(x): return x

def after(x): return x / 2
"""
"""Does something in every call of `half` but the first, which is that of its own case."""


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    folder = write(tmp_path_factory.mktemp("halving"), {"assignment.yaml": SPEC, "solution.py": SOLUTION})
    loaded = assignment.load(folder)
    with contextlib.ExitStack() as opened:
        variants = opened.enter_context(contextlib.closing(Variants(engine.prepare(loaded))))
        server = opened.enter_context(ForkServer(Zygote(), loaded.spec.limits, ["numpy"], functions=3))

        def grade(text):
            files = write(tmp_path_factory.mktemp("eve"), {"work.py": text})
            (handed,) = submission.collect([files], loaded.spec.submission)
            return engine.grade_one(variants, Place(server), handed)

        yield grade


def test_the_childs_own_steps_make_the_curve(grade):
    result = grade(LATER.format("pass"))
    (curve,) = result.items[1].drawings
    assert isinstance(curve, Curve)
    assert (curve.got[:3], curve.want[:3]) == ((32.0, 16.0, 8.0), (32.0, 16.0, 8.0))


ATTACKS = {
    "never ends": "while True: pass",
    "ends its process": "import os; os._exit(0)",
    "fills the memory": "return bytearray(2**40)",
    "floods": "while True: print('x' * 10000)",
    "a value without end": "return [0.0] * 10**6",
    "a text": "return 'x'",
    "not a number": "return float('nan')",
    "its own type": "return type('F', (float,), {'__float__': lambda self: 1 / 0})(1)",
    "a number without end": "return 10**5000",
    "raises what cannot be told": "raise type('E', (BaseException,), {'__str__': lambda self: 1 / 0})",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_it_answers_costs_nobody_anything_and_earns_nothing(grade, attack, monkeypatch):
    monkeypatch.setattr(drawings, "SECONDS", 0.3)
    result = grade(LATER.format(ATTACKS[attack]))
    assert result.fault is None
    assert [item.score for item in result.items] == [1, 0, 4]
    assert result.items[1].drawings == ()
