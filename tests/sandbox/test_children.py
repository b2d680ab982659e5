"""Children of the fork server: each way in which student code can end is told from the others."""

import contextlib
import time
from pathlib import Path

import numpy as np
import pytest

from grader import model
from grader.errors import FaultError
from grader.sandbox.client import OUTPUT_CAP, Output, call_request, load_request
from grader.sandbox.forkserver import ForkServer, trusted_worker
from grader.sandbox.launch import Zygote
from grader.sandbox.values import Opaque, Record
from tests.conftest import write

COMMON = b"""
from typing import NamedTuple

class Point(NamedTuple):
    x: float
    y: float

def origin():
    return Point(0, 0)
"""
SOURCE = b"""
import os, random, sys, time
import numpy as np

def double(x): return 2 * x
def clobber(x): x[:] = 0; return x
def swap(point): return type(point)(point.y, point.x)
def name_of(point): return type(point).__module__, type(point).__name__
def draw(): return random.random(), np.random.rand()
def seeded(rng): return rng
def greet(): print("hello"); print("oops", file=sys.stderr)
def chatter():
    while True: print("x" * 1000)
def raises(): return [][1]
def leaves(): sys.exit(3)
def interrupts(): raise KeyboardInterrupt
def hangs():
    while True: pass
def sleeps(): time.sleep(60)
def deaf():
    import signal
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    while True: pass
def quits(): os._exit(7)
def crashes(): os.kill(os.getpid(), 11)
def hoards():
    return np.ones(2**40).sum()
def hoards_slowly():
    kept = []
    while True: kept.append(bytearray(2**24))
def recurses(): return recurses()
def returns_a_set(): return {1}
def returns_too_much(): return "x" * 10**8
def closes(): os.closerange(3, 10)
def shy():
    class Shy(Exception):
        def __str__(self): raise self
    raise Shy
def verbose(): raise ValueError("x" * 10**7)
def reads(): return input()
def where(): return os.getcwd(), os.listdir(), dict(os.environ), sys.argv
def writes():
    with open("note.txt", "w") as file: file.write("x" * 100)
def forks():
    if os.fork() == 0:
        time.sleep(60)
    return 1
def forges():
    os.write(3, b"\\0\\0\\0\\1\\0\\0\\0\\0" + b"1")
    return 2
def lies():
    os.write(3, b"\\xff" * 40)
    return 2
value = 3
"""


@pytest.fixture(scope="module")
def server():
    with ForkServer(Zygote(), 256, ["numpy"]) as server:
        yield server


def soon(seconds=10.0):
    return time.monotonic() + seconds


@pytest.fixture
def ask(server):
    """Load the source above in a new child, and call functions of it."""
    output = Output()
    child = server.child(output)
    frame = load_request("work.py", {"work.py": SOURCE}, {"common.py": COMMON}, {"np": "numpy"})
    assert child.ask(frame, soon()) is None

    def call(function, *args, seed=0, seconds=10.0):
        return child.ask(call_request(function, list(args), seed), soon(seconds))

    call.child, call.output = child, output
    yield call
    child.close()


def returned(outcome):
    assert isinstance(outcome, model.Returned), outcome
    return outcome.value


def test_a_value_comes_back(ask):
    np.testing.assert_array_equal(returned(ask("double", np.arange(3.0))), [0, 2, 4])


def test_every_call_gets_fresh_writable_arguments(ask):
    request = call_request("clobber", [np.ones(2)], 0)
    for _ in range(2):
        assert returned(ask.child.ask(request, soon())).tolist() == [0, 0]


def test_a_record_is_the_courses_class_over_there(ask):
    assert returned(ask("swap", Record("Point", {"x": 1, "y": 2}))) == Record("Point", {"x": 2, "y": 1})
    assert returned(ask("name_of", Record("Point", {"x": 1, "y": 2}))) == ("common", "Point")


def test_a_record_that_no_given_module_knows_is_a_namedtuple(ask):
    assert returned(ask("swap", Record("Other", {"x": 1, "y": 2}))) == Record("Other", {"x": 2, "y": 1})


def test_the_random_state_is_that_of_the_seed(ask):
    assert returned(ask("draw", seed=5)) == returned(ask("draw", seed=5))
    assert returned(ask("draw", seed=5)) != returned(ask("draw", seed=6))


def test_what_is_printed_comes_along(ask):
    returned(ask("greet"))
    ask.child.close()
    assert sorted(ask.output.text().split()) == ["hello", "oops"]


def test_an_endless_print_is_cut_and_runs_into_the_deadline(ask):
    assert ask("chatter", seconds=0.5) == model.TimedOut()
    assert OUTPUT_CAP <= len(ask.output.text()) <= OUTPUT_CAP + 40
    assert ask.output.text().endswith("(cut here)")


@pytest.mark.parametrize("function", ["hangs", "sleeps", "deaf"])
def test_what_does_not_end_is_ended_at_the_deadline(ask, function):
    began = time.monotonic()
    assert ask(function, seconds=0.3) == model.TimedOut()
    assert not ask.child.alive
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("function", "kind", "message", "text"),
    [
        ("raises", "IndexError", "list index out of range", "def raises(): return [][1]"),
        ("leaves", "SystemExit", "3", "def leaves(): sys.exit(3)"),
        ("interrupts", "KeyboardInterrupt", "", "def interrupts(): raise KeyboardInterrupt"),
        ("shy", "Shy", "its message cannot be shown", "raise Shy"),
        ("reads", "EOFError", "EOF when reading a line", "def reads(): return input()"),
    ],
)
def test_an_exception_comes_with_the_students_own_line(ask, function, kind, message, text):
    outcome = ask(function)
    assert (outcome.type, outcome.message, outcome.frames[-1].text) == (kind, message, text)
    assert all(frame.file == "work.py" for frame in outcome.frames)
    assert ask.child.alive


def test_an_exceptions_text_is_cut(ask):
    assert len(ask("verbose").message) == 2000


def test_an_endless_recursion_is_an_exception(ask):
    assert ask("recurses").type == "RecursionError"


@pytest.mark.parametrize(("function", "how"), [("quits", "exit status 7"), ("crashes", "signal SIGSEGV")])
def test_a_process_that_ends_is_told_from_one_that_hangs(ask, function, how):
    outcome = ask(function)
    assert isinstance(outcome, model.Killed)
    assert how in outcome.how


def test_a_closed_connection_is_the_end(ask):
    assert ask("closes") == model.Killed("it closed its connection")


@pytest.mark.parametrize("function", ["hoards", "hoards_slowly"])
def test_memory_has_an_outcome_of_its_own(ask, function):
    assert ask(function) == model.OutOfMemory()


def test_without_the_limit_the_same_memory_can_be_had():
    """The twin of the test above: what stops it there is the limit, not the machine."""
    source = b"import numpy as np\ndef hoards(): return len(bytearray(300 * 2**20))"
    outcomes = []
    for mib in (256, 4096):
        with ForkServer(Zygote(), mib, ["numpy"]) as server:
            child = server.child(Output())
            child.ask(load_request("w.py", {"w.py": source}, {}, {}), soon())
            outcomes.append(child.ask(call_request("hoards", [], 0), soon()))
            child.close()
    assert outcomes == [model.OutOfMemory(), model.Returned(300 * 2**20)]


def test_a_missing_function_is_told_with_those_that_are_there(ask):
    outcome = ask("duble")
    assert isinstance(outcome, model.Missing)
    assert "double" in outcome.defined
    assert isinstance(ask("value"), model.Missing)


def test_a_function_with_other_parameters_is_told_with_its_signature(ask):
    assert ask("double", 1, 2) == model.WrongSignature("(x)")


def test_what_cannot_be_compared_is_named(ask):
    assert returned(ask("returns_a_set")) == Opaque("set")
    assert ask("returns_too_much") == model.BadValue("more than 64 MiB")


def test_a_student_cannot_have_the_instructors_extras(ask):
    assert ask("seeded") == model.WrongSignature("(rng)")


def test_the_child_finds_nothing_of_ours(ask):
    folder, files, environment, arguments = returned(ask("where"))
    assert folder.startswith("/tmp")  # noqa: S108
    assert (files, environment) == ([], {})
    assert "grader" not in str(arguments[:-1]) or arguments == ["-c"]


def test_nothing_can_be_written(ask):
    assert ask("writes").type in {"OSError", "PermissionError"}


def test_a_forged_second_answer_is_refused_with_the_next_call(ask):
    """The forged frame is taken for the answer, and is none; the true one that follows ends the child."""
    assert ask("forges") == model.BadValue("its process sent an answer that is not one")
    time.sleep(0.3)  # for the true one to arrive
    assert ask("double", 1) == model.BadValue("answered more often than it was asked")
    assert not ask.child.alive


def test_garbage_on_the_wire_is_refused(ask):
    assert isinstance(ask("lies"), model.BadValue)
    assert not ask.child.alive


def test_grandchildren_end_with_the_child(ask):
    before = sandboxed()
    returned(ask("forks"))
    (grandchild,) = sandboxed() - before
    ask.child.close()
    assert gone(grandchild)


def sandboxed():
    """Return the pids of the fork server's processes."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"grader.sandbox.zygote" in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def gone(pid):
    """Wait until a process has ended, and tell whether it has."""
    deadline = soon(5)
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pid)


def running(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_zygote_that_dies_is_started_anew():
    zygote = Zygote()
    with ForkServer(zygote, 256, ["numpy"]) as server:
        server.ready()
        zygote.process.kill()
        zygote.process.wait()
        child = server.child(Output())
        assert child.ask(load_request("w.py", {"w.py": b""}, {}, {}), soon()) is None
        child.close()


def test_a_zygote_that_cannot_start_is_a_fault_of_ours(capfd):
    with (
        ForkServer(Zygote(), 256, ["there_is_no_such_package"]) as server,
        pytest.raises(FaultError, match="the sandbox does not start"),
    ):
        server.child(Output())
    assert "No module named 'there_is_no_such_package'" in capfd.readouterr().err


def test_a_zygote_that_dies_under_a_child_is_a_fault_of_ours():
    zygote = Zygote()
    with ForkServer(zygote, 256, ["numpy"]) as server:
        child = server.child(Output())
        zygote.process.kill()
        zygote.process.wait()
        with pytest.raises(FaultError, match="ended in the middle"):
            child.ask(load_request("w.py", {"w.py": b""}, {}, {}), soon())


REAL_TIME = b"""
import os, signal
def ends(): os.kill(os.getpid(), signal.SIGRTMIN + 5)
class Odd:
    _fields = property(lambda self: 1 / 0)
class OddTuple(tuple):
    @property
    def _fields(self): raise ValueError("no")
def odd(): return OddTuple((1, 2))
"""


def test_odd_ways_to_end_and_to_answer_have_words(server):
    child = server.child(Output())
    assert child.ask(load_request("w.py", {"w.py": REAL_TIME}, {}, {}), soon()) is None
    assert child.ask(call_request("odd", [], 0), soon()) == model.BadValue("ValueError while it was read")
    assert child.ask(call_request("ends", [], 0), soon()) == model.Killed("signal 39")


def test_every_child_has_a_working_folder_of_its_own(server):
    """What one does to its folder does not meet the next, which is already there."""
    source = b"import os\nos.chmod('.', 0o700)\nos.rmdir(os.getcwd())\ndef f(): return 1"
    for text in (source, b"import os\nHERE = os.getcwd()\ndef f(): return os.listdir(HERE)"):
        child = server.child(Output())
        assert child.ask(load_request("w.py", {"w.py": text}, {}, {}), soon()) is None
        value = returned(child.ask(call_request("f", [], 0), soon()))
        child.close()
    assert value == []


def test_what_a_child_started_ends_with_the_zygote():
    with ForkServer(Zygote(), 256, ["numpy"]) as server:
        child = server.child(Output())
        source = b"import subprocess\ndef f(): return subprocess.Popen(['sleep', '300']).pid"
        child.ask(load_request("w.py", {"w.py": source}, {}, {}), soon())
        pid = returned(child.ask(call_request("f", [], 0), soon()))
        assert running(pid)
    assert gone(pid)
    child.close()


def test_children_die_with_their_zygote():
    with ForkServer(Zygote(), 256, ["numpy"]) as server:
        child = server.child(Output())
        source = b"import os\ndef pid(): return os.getpid()\ndef hangs():\n  while True: pass"
        child.ask(load_request("w.py", {"w.py": source}, {}, {}), soon())
        pid = child.ask(call_request("pid", [], 0), soon()).value
        child.send([call_request("hangs", [], 0)])
    assert gone(pid)
    child.close()


def test_many_requests_at_once_are_answered_in_turn(ask):
    """More than the socket holds, in both directions, so that neither side may wait for the other to read first."""
    arrays = [np.full(50_000, n) for n in range(20)]
    ask.child.send([call_request("double", [array], 0) for array in arrays])
    assert [returned(ask.child.receive(soon()))[0] for _ in arrays] == [2 * n for n in range(20)]


def test_what_was_asked_of_a_child_that_died_is_not_answered(ask):
    ask.child.send([call_request(function, [], 0) for function in ("draw", "quits", "draw")])
    outcomes = [ask.child.receive(soon()) for _ in range(2)]
    assert [type(outcome) for outcome in outcomes] == [model.Returned, model.Killed]
    assert not ask.child.alive


def test_the_instructors_worker_has_what_is_installed_and_gets_the_extras(tmp_path):
    source = "import reference.naive_em\ndef make(rng, X, n, seed=0): return float(rng.random()), X + n"
    child, _, outcome = trusted_worker("inputs", [write(tmp_path, {"inputs.py": source})], [])
    assert outcome is None
    request = call_request("make", [], 4, module="inputs", kwargs={"n": 1}, offers={"X": 2, "Y": 3})
    assert returned(child.ask(request, soon())) == (float(np.random.default_rng(4).random()), 3)
    child.close()
