"""Children at every level, and without a sandbox: each way in which student code can end is told from the others."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader import model
from grader.errors import DiedError, FaultError, LevelError
from grader.model import Limits
from grader.sandbox import forkserver, lockdown
from grader.sandbox.client import KEPT_OUTPUT, Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import ALONE, Zygote
from grader.sandbox.lockdown import LAYERS
from grader.sandbox.lockdown.layer import Settings
from grader.sandbox.requests import call_request
from grader.sandbox.spawned import Spawner, trusted_worker
from grader.sandbox.values import Opaque, Record
from tests.conftest import write
from tests.leftovers import groups, parent_of, processes, runs
from tests.sandbox.conftest import LIMITS, ROOT, soon

pytestmark = pytest.mark.alone

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
WIRE = int(sys.argv[1]) if len(sys.argv) > 2 else 3

def double(x): return 2 * x
def clobber(x): x[:] = 0; return x
def swap(point): return type(point)(point.y, point.x)
def name_of(point): return type(point).__module__, type(point).__name__
def draw(): return random.random(), np.random.rand()
def seeded(rng): return rng
def greet(): print("hello"); print("oops", file=sys.stderr)
def chatter():
    while True: print("x" * 1000)
def chatters_twice():
    while True: print("x" * 1000, file=sys.stdout); print("x" * 1000, file=sys.stderr)
def chatters_in_c():
    while True: os.write(1, b"x" * 10000)
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
def crashes():
    import ctypes
    ctypes.string_at(0)
def aborts(): os.abort()
def signals_itself(): os.kill(os.getpid(), 9)
def overflows():
    nested = []
    for _ in range(10**6): nested = [nested]
    sys.setrecursionlimit(10**9)
    repr(nested)
def explodes():
    import re
    re.match("(a+)+$", "a" * 60 + "b")
def waits_in_c():
    import ctypes
    while True: ctypes.CDLL(None).sleep(60)
def at_exit():
    import atexit
    atexit.register(time.sleep, 60)
    sys.exit(0)
def leaves_a_thread():
    import threading
    threading.Thread(target=time.sleep, args=[600]).start()
    return 1
def hidden_exit():
    class Odd(SystemExit): pass
    raise Odd
def hidden_interrupt():
    class Odd(KeyboardInterrupt): pass
    raise Odd
def raises_when_deleted():
    class Odd:
        def __del__(self): raise ValueError("too late")
    Odd()
    return 1
def slow_to_say():
    class Slow(Exception):
        def __str__(self): time.sleep(60)
    raise Slow
def huge_to_say():
    class Huge(Exception):
        def __str__(self): return "x" * 10**9
    raise Huge
def reads_a_huge_file(): return len(open("/dev/zero", "rb").read(10**12))
def hoards_in_small_pieces():
    kept = []
    while True: kept.append(object())
def hangs_for(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until: pass
    return 1
def forges_a_value():
    os.write(WIRE, len(SIX).to_bytes(4, "big") + bytes(4) + SIX)
    return 1
SIX = b'{"dict":[["returned",6]]}'
def answers_then_hangs(): frame(SIX)
def half(): os.write(WIRE, b"\\0\\0\\0\\x20\\0\\0\\0\\0{"); os._exit(0)
def longest(): os.write(WIRE, b"\\xff" * 8)
def too_long(): os.write(WIRE, (2**31).to_bytes(4, "big") + bytes(4))
def deep(): frame(b"[" * 10**5 + b"]" * 10**5)
def liar(): frame(b'{"dict":[["returned",{"array":["<f8",[1000000000,1000000000]]}]]}')
def frame(header): os.write(WIRE, len(header).to_bytes(4, "big") + bytes(4) + header); time.sleep(60)
def hoards():
    return np.ones(2**40).sum()
def hoards_slowly():
    kept = []
    while True: kept.append(bytearray(2**24))
def recurses(): return recurses()
def returns_a_set(): return {1}
def returns_too_much(): return "x" * 10**8
def closes(): os.close(WIRE)
def shy():
    class Shy(Exception):
        def __str__(self): raise self
    raise Shy
def verbose(): raise ValueError("x" * 10**7)
def reads(): return input()
def where(): return os.getcwd(), dict(os.environ), sys.argv
def writes():
    with open("note.txt", "w") as file: file.write("x" * 100)
def forges():
    os.write(WIRE, b"\\0\\0\\0\\1\\0\\0\\0\\0" + b"1")
    return 2
def lies():
    os.write(WIRE, b"\\xff" * 40)
    return 2
value = 3
"""


@pytest.fixture
def ask(place, loaded):
    """Load the source above in a new child, and call functions of it."""
    work = loaded(place, SOURCE, COMMON)
    assert work.loading is None
    return work


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


@pytest.mark.parametrize("function", ["chatter", "chatters_twice", "chatters_in_c"])
def test_an_endless_print_is_cut_and_ended(ask, function):
    assert ask(function) == model.Flooded()
    assert KEPT_OUTPUT <= len(ask.output.text()) <= KEPT_OUTPUT + 40
    assert ask.output.text().endswith("(cut here)")


@pytest.mark.parametrize("function", ["hangs", "sleeps", "deaf", "explodes", "waits_in_c", "slow_to_say"])
def test_what_does_not_end_is_ended_at_the_deadline(ask, function):
    began = time.monotonic()
    assert ask(function, seconds=0.3) == model.TimedOut()
    assert not ask.child.alive
    assert time.monotonic() - began < 5


def test_cpu_time_has_a_limit_of_its_own(ask):
    assert ask("hangs", cpu_seconds=0.3) == model.TimedOut(cpu=True)


def test_sleeping_uses_no_cpu_time(ask):
    assert ask("sleeps", cpu_seconds=0.1, seconds=0.5) == model.TimedOut()


def test_cpu_time_is_counted_from_the_call_on(ask):
    assert ask("hangs_for", 0.4, cpu_seconds=5) == model.Returned(1)
    assert ask("hangs_for", 0.2, cpu_seconds=0.35) == model.Returned(1)


@pytest.mark.parametrize(
    ("function", "kind", "message", "text"),
    [
        ("raises", "IndexError", "list index out of range", "def raises(): return [][1]"),
        ("leaves", "SystemExit", "3", "def leaves(): sys.exit(3)"),
        ("at_exit", "SystemExit", "0", "sys.exit(0)"),
        ("hidden_exit", "Odd", "", "raise Odd"),
        ("interrupts", "KeyboardInterrupt", "", "def interrupts(): raise KeyboardInterrupt"),
        ("hidden_interrupt", "Odd", "", "raise Odd"),
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


def test_an_exceptions_text_may_not_take_all_memory(ask):
    assert isinstance(ask("huge_to_say"), model.Raised | model.OutOfMemory)


def test_an_endless_recursion_is_an_exception(ask):
    assert ask("recurses").type == "RecursionError"


def test_an_exception_while_an_object_is_deleted_is_only_printed(ask):
    assert returned(ask("raises_when_deleted")) == 1


@pytest.mark.parametrize(
    ("function", "how"),
    [
        ("quits", "exit status 7"),
        ("crashes", "signal SIGSEGV"),
        ("overflows", "signal SIGSEGV"),
        ("aborts", "signal SIG"),
    ],
)
def test_a_process_that_ends_is_told_from_one_that_hangs(ask, function, how):
    outcome = ask(function)
    assert isinstance(outcome, model.Killed)
    assert how in outcome.how


def test_a_thread_keeps_no_process_alive(ask, place):
    """In the sandbox there is none; in a plain process, Python would wait for it at its exit."""
    outcome = ask("leaves_a_thread")
    if isinstance(place, Spawner):
        assert outcome == model.Returned(1)
        ask.child.close()
        assert ask.child._process._process.poll() is not None
    else:
        assert outcome.what == "RuntimeError: can't start new thread"


def test_a_closed_connection_is_the_end(ask):
    assert ask("closes") == model.Killed("it closed its connection")


@pytest.mark.parametrize("function", ["hoards", "hoards_slowly", "hoards_in_small_pieces", "reads_a_huge_file"])
def test_memory_has_an_outcome_of_its_own(ask, function):
    assert ask(function, seconds=60) == model.OutOfMemory()


def test_without_the_limit_the_same_memory_can_be_had(places, loaded):
    """The twin of the test above: what stops it there is the limit, not the machine."""
    source = "def hoards(): return len(bytes(b'1') * (300 * 2**20))"
    servers = [places.server(LAYERS), places.server(LAYERS, Limits(memory_mib=1024))]
    outcomes = [loaded(server, source)("hoards") for server in servers]
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
    assert ask("returns_too_much") == model.TooLarge("more than 64 MiB")


def test_a_student_cannot_have_the_instructors_extras(ask):
    assert ask("seeded") == model.WrongSignature("(rng)")


def test_the_child_finds_nothing_of_ours(ask, place):
    folder, environment, arguments = returned(ask("where"))
    assert "grader" not in folder
    assert set(environment) <= {*ALONE, "LC_CTYPE"}
    assert not environment or isinstance(place, Spawner)
    assert arguments[0] == "-c"


def test_what_the_sandbox_refuses_is_blocked_and_says_where(ask, place):
    outcome = ask("signals_itself")
    if isinstance(place, Spawner):
        assert outcome == model.Killed("it closed its connection")
    else:
        assert outcome.what == "PermissionError: [Errno 1] Operation not permitted"
        assert outcome.frames[-1].text == "def signals_itself(): os.kill(os.getpid(), 9)"
        assert ask.child.alive


def test_nothing_can_be_written(ask, place):
    outcome = ask("writes")
    assert isinstance(outcome, model.Returned if isinstance(place, Spawner) else model.Blocked)


def test_a_forged_second_answer_is_refused_with_the_next_call(ask):
    """The forged frame is taken for the answer, and is none; the true one that follows ends the child."""
    assert ask("forges") == model.BadValue("its process sent an answer that is not one")
    time.sleep(0.3)  # for the true one to arrive
    assert ask("double", 1) == model.BadValue("answered more often than it was asked")
    assert not ask.child.alive


def test_without_that_check_an_early_answer_would_be_taken_for_the_next(ask, monkeypatch):
    """The twin: what is sent early is still but a value, and the verdict on it is formed elsewhere."""
    assert ask("forges_a_value") == model.Returned(6)
    monkeypatch.setattr(ask.child, "_expect_silence", lambda: None)
    assert ask("double", 5) == model.Returned(1)


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        ("lies", model.BadValue("a frame of more than 4 MiB")),
        ("longest", model.BadValue("a frame of more than 4 MiB")),
        ("too_long", model.BadValue("a frame of more than 4 MiB")),
        ("half", model.Killed("it ended the process itself, with exit status 0")),
        ("deep", model.BadValue("not a frame: RecursionError")),
        ("liar", model.BadValue("the header promises more bytes than came")),
    ],
)
def test_what_is_no_frame_is_refused_and_ends_the_child(ask, function, outcome):
    assert ask(function) == outcome
    assert not ask.child.alive


def test_an_answer_counts_though_the_child_hangs_after_it(ask):
    """It has said what it had to say; the next call is what does not come back."""
    assert ask("answers_then_hangs") == model.Returned(6)
    assert ask("double", 1, seconds=0.3) == model.TimedOut()


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


ODD = b"""
class OddTuple(tuple):
    @property
    def _fields(self): raise ValueError("no")
def odd(): return OddTuple((1, 2))
"""


def test_a_value_whose_own_methods_fail_is_a_bad_one(place, loaded):
    assert loaded(place, ODD)("odd") == model.BadValue("ValueError while it was read")


def test_what_one_submission_leaves_in_memory_the_next_does_not_find(place, loaded):
    source = "import math\nSEEN = getattr(math, 'seen', [])\nmath.seen = ['secret']\ndef seen(): return SEEN"
    assert [loaded(place, source)("seen") for _ in range(2)] == [model.Returned([])] * 2


def test_within_one_child_it_would_be_found(place, loaded):
    """The twin: a process remembers, so each submission gets a new one."""
    source = "import math\ndef seen():\n    old = getattr(math, 'seen', [])\n    math.seen = ['secret']\n    return old"
    child = loaded(place, source)
    assert [child("seen") for _ in range(2)] == [model.Returned([]), model.Returned(["secret"])]


# --- the life of a zygote --------------------------------------------------------------------------------------------


def server(zygote, **options):
    return ForkServer(zygote, LIMITS, ["numpy"], **options)


def left(before, look):
    """Wait until what came since has gone, and return what has not."""
    deadline = time.monotonic() + 5
    while look() - before and time.monotonic() < deadline:
        time.sleep(0.01)
    return look() - before


@pytest.fixture
def nothing_left():
    """Check that a test has left neither a process nor a control group."""
    before = processes(), groups()
    yield
    assert (left(before[0], processes), left(before[1], groups)) == (set(), set())


@pytest.mark.usefixtures("nothing_left")
def test_a_zygote_that_dies_is_started_anew(loaded):
    zygote = Zygote()
    with server(zygote) as running:
        running.ready()
        zygote.process.kill()
        zygote.process.wait()
        assert loaded(running, "").loading is None


@pytest.mark.usefixtures("nothing_left")
def test_the_fork_that_serves_may_die_as_well(loaded):
    """What was started waits for it, cleans up and ends."""
    zygote = Zygote()
    with server(zygote) as running:
        child = loaded(running, "")
        (serving,) = [pid for pid in processes() if parent_of(pid) == zygote.process.pid]
        os.kill(serving, signal.SIGKILL)
        zygote.process.wait(5)
        child.child.close()
        assert loaded(running, "").loading is None


@pytest.mark.usefixtures("nothing_left")
def test_a_zygote_is_replaced_after_so_many_children(monkeypatch, loaded):
    monkeypatch.setattr(forkserver, "RECYCLED_AFTER", 3)
    with server(Zygote()) as running:
        zygotes = set()
        for _ in range(8):
            child = loaded(running, "def one(): return 1")
            assert child("one") == model.Returned(1)
            child.child.close()
            zygotes.add(running._zygote.process.pid)
    assert len(zygotes) == 3


def test_an_order_that_cannot_be_sent_is_followed_by_no_other(loaded):
    """Or each answer would be taken for the one before."""
    with server(Zygote()) as running:
        running.ready()
        running._order({"fork": "x" * 10**7})
        assert running._zygote.control.fileno() == -1
        assert loaded(running, "def one(): return 1")("one") == model.Returned(1)


def test_a_package_that_does_not_import_is_a_fault_of_ours(capfd):
    with (
        ForkServer(Zygote(), LIMITS, ["there_is_no_such_package"]) as running,
        pytest.raises(FaultError, match="cannot be locked: No module named"),
    ):
        running.ready()
    capfd.readouterr()


class EndsUnread:
    """A zygote that ends after it was told what to do, and before it has read everything."""

    process, ended = None, False

    def __init__(self):
        self.control, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def end(self):
        self.theirs.send(b'{"problem": "this machine is full"}')
        self.theirs.close()

    def close(self):
        self.control.close()


@pytest.mark.parametrize("late", [0, 1, 2], ids=["in time", "with an order after it", "with two"])
def test_the_reason_why_a_zygote_ends_is_read_though_orders_are_left(late, monkeypatch):
    zygote = EndsUnread()
    monkeypatch.setattr(forkserver, "Zygote", lambda **_: pytest.fail("another one is not needed"))
    with server(zygote) as running:
        zygote.end()
        for _ in range(late):
            running._order({"verify": True})
        with pytest.raises(FaultError, match="the sandbox cannot be locked: this machine is full"):
            running.ready()


def test_a_zygote_that_dies_under_a_child_is_a_fault_of_ours_and_the_next_one_cleans_up(loaded):
    before = processes(), groups()
    zygote = Zygote()
    with server(zygote) as running:
        child = loaded(running, "def hangs():\n  while True: pass")
        child.child.send([call_request("hangs", [], 0)])
        zygote.process.kill()
        zygote.process.wait()
        with pytest.raises(DiedError, match="ended in the middle"):
            child.child.receive(soon())
    with server(Zygote()) as running:
        running.ready()
    assert (left(before[0], processes), left(before[1], groups)) == (set(), set())


def test_below_the_level_that_is_demanded_there_are_no_children(monkeypatch):
    """As where the machine has no namespaces: the zygote is asked for all layers but these."""
    with server(Zygote(), demanded="root") as running:
        running._settings["layers"] = [name for name in LAYERS if name != "namespaces"]
        running._drop()
        running._zygote.close()
        running._zygote = Zygote()
        running._begin()
        with pytest.raises(LevelError, match="`root` is demanded, and only `container` can be had here"):
            running.child(Output())


def test_without_the_layers_of_any_level_there_are_no_children_either():
    with server(Zygote()) as running:
        running._settings["layers"] = ["namespaces", "landlock"]
        running._drop()
        running._zygote.close()
        running._zygote = Zygote()
        running._begin()
        with pytest.raises(LevelError, match="`container` is demanded, and none can be had here"):
            running.child(Output())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_does_not_hold_is_found_before_any_child(places, layer):
    """What tries to break each layer breaks it where it is off, so a layer that only claims to be on is found out."""
    places.need(layer)
    if layer == "privileges" and not ROOT:
        places.need("namespaces")
    running = places.server(frozenset(LAYERS) - {layer})
    running.ready()
    assert set(running.broken) == {layer}


def test_a_sandbox_that_does_not_hold_grades_nobody(monkeypatch):
    with server(Zygote()) as running:
        told = SimpleNamespace(
            first=lambda: {"broken": {"seccomp": "can open a socket"}, "unreadable": ""}, close=running._verifying.drop
        )
        monkeypatch.setattr(running._verifying, "as_child", lambda _: told)
        with pytest.raises(
            FaultError, match="the sandbox does not hold: seccomp: can open a socket; see `grader doctor`"
        ):
            running.child(Output())


def test_a_child_that_cannot_be_locked_is_a_fault_of_ours_and_no_submissions(capfd):
    """Without a privilege to give up, or the promise to want no new ones, the filter is refused: so is the child."""
    with server(Zygote()) as running:
        running._settings["scratch"] = -1
        running._drop()
        running._zygote.close()
        running._zygote = Zygote()
        running._begin()
        with pytest.raises(FaultError):
            running.child(Output())
    capfd.readouterr()


DAEMON = """
import os, time
def leaves():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(600)
        os._exit(0)
    os.wait()
    return 1
"""


def orphans(places, loaded, off):
    """Let a child without these layers leave a daemon behind, and return what is still there when the child is not."""
    before = processes()
    with ForkServer(Zygote(), LIMITS, ["numpy"], layers=[layer for layer in LAYERS if layer not in off]) as running:
        child = loaded(running, DAEMON)
        assert child("leaves") == model.Returned(1)
        child.child.close()
        running._zygote.close()
        return left(before, processes)


def test_what_a_child_leaves_behind_ends_with_it(places, loaded):
    """Though nothing kept it from starting processes: its process namespace ends."""
    places.need("namespaces")
    assert orphans(places, loaded, {"seccomp", "rlimits"}) == set()


def test_without_namespaces_it_would_stay(places, loaded):
    """The twin."""
    still_there = orphans(places, loaded, {"seccomp", "rlimits", "namespaces", "cgroup"})
    for pid in still_there:
        os.kill(pid, signal.SIGKILL)
    assert len(still_there) == 1


def test_on_an_architecture_without_a_table_nothing_is_locked_by_guess(monkeypatch):
    monkeypatch.setattr(lockdown, "ARCHITECTURE", "")
    with pytest.raises(OSError, match="there is no table of system calls for"):
        lockdown.Lockdown(Settings(2**20, 1, 0, ()))


def test_a_child_that_somebody_else_kills_is_no_fault_of_the_submissions(loaded):
    """As the kernel does for want of memory on the machine. It could not have done so itself."""
    with server(Zygote()) as running:
        child = loaded(running, "def hangs():\n  while True: pass")
        child.child.send([call_request("hangs", [], 0)])
        children = [pid for pid in processes() if parent_of(parent_of(pid)) == running._zygote.process.pid]
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(DiedError, match="killed by somebody else"):
            child.child.receive(soon())


@pytest.mark.usefixtures("nothing_left")
def test_children_die_with_their_zygote(loaded):
    with server(Zygote()) as running:
        child = loaded(running, "def hangs():\n  while True: pass")
        child.child.send([call_request("hangs", [], 0)])
    child.child.close()


def test_the_instructors_worker_has_what_is_installed_and_gets_the_extras(tmp_path):
    source = "import reference.naive_em\ndef make(rng, X, n, seed=0): return float(rng.random()), X + n"
    child, _, outcome = trusted_worker("inputs", [write(tmp_path, {"inputs.py": source})], [])
    assert outcome is None
    request = call_request("make", [], 4, module="inputs", kwargs={"n": 1}, offers={"X": 2, "Y": 3})
    assert returned(child.ask(request, soon())) == (float(np.random.default_rng(4).random()), 3)
    child.close()


# --- without a sandbox -----------------------------------------------------------------------------------------------


@pytest.fixture
def spawner():
    with Spawner(LIMITS, ["numpy"]) as spawner:
        yield spawner


def test_without_a_sandbox_each_has_a_folder_of_its_own_that_goes_with_it(spawner, loaded):
    folders = []
    for _ in range(2):
        work = loaded(spawner, "import os\ndef f():\n    os.makedirs('out')\n    return os.getcwd()")
        folders.append(Path(work("f").value))
        work.child.close()
    assert folders[0] != folders[1]
    assert not any(folder.exists() for folder in folders)


def test_without_a_sandbox_what_a_child_started_ends_with_it(spawner, loaded):
    """Also when its parent has ended before, as long as it stays in its group."""
    source = "import os, subprocess\ndef f():\n    print(subprocess.Popen(['sleep', '600']).pid, flush=True)\n    os._exit(0)"
    work = loaded(spawner, source)
    work("f", seconds=1)
    work.child.close()
    pid = int(work.output.text())
    deadline = time.monotonic() + 5
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not runs(pid)


def test_without_a_sandbox_a_worker_ends_when_the_grader_is_killed():
    program = (
        "from grader.model import Limits; from grader.sandbox.spawned import Spawner\n"
        "from grader.sandbox.client import Output\n"
        "from grader.sandbox.requests import load_request, call_request\n"
        "child = Spawner(Limits(), ['numpy']).child(Output())\n"
        "child.send([load_request('w.py', {'w.py': b'while True: pass'}, {}, {})])\n"
        "print(child._process._process.pid, flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=-1, text=True) as grader:
        pid = int(grader.stdout.readline())
        grader.kill()
    deadline = time.monotonic() + 10
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(pid)
