"""Where a notebook's kernel runs, what no other child may do is threads and sockets of its own, and nothing else is."""

import json
import os
import socket
import subprocess
import sys

import pytest

import grader
from grader import model
from grader.errors import DiedError, FaultError
from grader.model import Limits
from grader.sandbox import protocol
from grader.sandbox.client import Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.lockdown import LAYERS, seccomp
from tests.sandbox.conftest import soon
from tests.sandbox.test_lockdown import ALLOW, BOTH, HEADERS, KILL, REFUSE, numbers_in

NO_SUCH_CALL, NO_SUCH_FAMILY = 0x00050026, 0x00050061


# --- its filter ------------------------------------------------------------------------------------------------------


def verdict(architecture, number, *arguments, kernel=True):
    """Run the filter as the kernel of the machine does."""
    words = {0: number, 4: {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[architecture]}
    words |= {16 + 8 * n: value & 0xFFFFFFFF for n, value in enumerate([*arguments, *[0] * (6 - len(arguments))])}
    steps, at, register = seccomp.program(architecture, scratch=True, kernel=kernel), 0, 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                register = words[operand]
            case 0x54:
                register &= operand
            case 0x15:
                at += if_true if register == operand else if_false
            case 0x35:
                at += if_true if register >= operand else if_false
            case 0x06:
                return operand


def number(name, architecture):
    return seccomp._KERNEL_CHECKED[name][0][architecture == "aarch64"]


@BOTH
def test_the_table_of_its_system_calls_is_the_kernels(architecture):
    header = HEADERS[architecture]
    if not header.is_file():
        pytest.skip(f"the kernel's headers for {architecture} are not installed ({header})")
    known = numbers_in(header)
    ours = seccomp.numbers(seccomp._KERNEL, architecture)
    ours |= {name: number(name, architecture) for name in seccomp._KERNEL_CHECKED}
    assert {name: known.get(name) for name in ours} == ours


@BOTH
@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("clone", (0x3D0F00,), ALLOW),  # a thread, as the C library starts it
        ("clone", (0x1200011,), REFUSE),  # fork
        ("clone", (0x4111,), REFUSE),  # vfork
        ("clone", (0x3D0F00 | 0x10000000,), REFUSE),  # a thread in a new namespace of users
        ("clone", (0x3D0F00 | 0x40000000,), REFUSE),  # of networks
        ("clone", (0x3D0F00 | 0x00020000,), REFUSE),  # of mounts
        ("clone3", (0, 88), NO_SUCH_CALL),
        ("socket", (1, 1), ALLOW),  # AF_UNIX
        ("socket", (2, 1), NO_SUCH_FAMILY),  # AF_INET
        ("socket", (10, 1), NO_SUCH_FAMILY),  # AF_INET6
        ("socket", (16, 3), NO_SUCH_FAMILY),  # AF_NETLINK
        ("socketpair", (1, 1), ALLOW),
        ("socketpair", (30, 1), NO_SUCH_FAMILY),  # AF_TIPC
        ("sched_setscheduler", (0, 0), ALLOW),
        ("sched_setscheduler", (0, 1), REFUSE),  # SCHED_FIFO
    ],
)
def test_some_calls_are_allowed_by_their_arguments(architecture, name, arguments, answer):
    assert verdict(architecture, number(name, architecture), *arguments) == answer


@BOTH
def test_what_is_not_listed_is_refused_and_what_is_added_no_other_child_may_do(architecture):
    added = set(seccomp.numbers(seccomp._KERNEL, architecture).values())
    checked = {number(name, architecture) for name in seccomp._KERNEL_CHECKED}
    for call in set(range(600)) - checked:
        ordinary = verdict(architecture, call, kernel=False)
        assert verdict(architecture, call) == (ALLOW if call in added else ordinary), call
        assert ordinary == REFUSE or call not in added, call
    assert {verdict(architecture, call, 1, kernel=False) for call in checked} == {REFUSE}
    assert verdict(architecture, 0x40000000) == KILL


# --- its sandbox -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kernels(places):
    """Start fork servers of kernels without some layers, as they are needed."""
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason="notebooks are executed with what the extra `execute` installs")
    places.need("namespaces")
    servers = {}

    def server(*without):
        if without not in servers:
            layers = [name for name in LAYERS if name in places.offered and name not in without]
            limits = Limits(seconds=20, memory_mib=512, scratch_mib=16)
            servers[without] = ForkServer(Zygote(), limits, ["numpy"], kernel=True, layers=layers)
        return servers[without]

    yield server
    for one in servers.values():
        one.close()


class Ran:
    """What became of a notebook of these cells."""

    def __init__(self, server, *cells, seconds=20.0, files=()):
        self.output = Output()
        try:
            child = server.child(self.output)
        except DiedError:  # once more, as the grader does: threads are counted by user, and the one before had them all
            child = server.child(self.output)
        code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        document = {
            "nbformat": 4,
            "nbformat_minor": 4,
            "metadata": {},
            "cells": [{**code, "source": cell} for cell in cells],
        }
        details = {"notebook": json.dumps(document).encode(), "files": dict(files)}
        details |= {"cell_seconds": seconds, "seconds": seconds}
        try:
            self.outcome = child.ask(protocol.pack({"execute": details}), soon(seconds + 10))
        finally:
            child.close()

    @property
    def ended(self):
        return self.outcome.value["ended"] if isinstance(self.outcome, model.Returned) else self.outcome

    @property
    def printed(self):
        """What each cell printed, or the name of what it raised."""
        cells = json.loads(self.outcome.value["notebook"])["cells"]
        return ["".join(out.get("text", out.get("ename", "")) for out in cell["outputs"]).strip() for cell in cells]


def here(source):
    """Run the same outside, where nothing is locked."""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def test_a_child_that_is_to_run_a_kernel_holds_like_every_other(kernels):
    server = kernels()
    server.ready()
    assert (server.broken, server.unreadable) == ({}, "")
    assert server.level in {"user", "root"}


def test_without_namespaces_there_is_no_execution(places):
    pytest.importorskip("nbclient")
    layers = [name for name in LAYERS if name != "namespaces"]
    with (
        ForkServer(Zygote(), Limits(scratch_mib=16), ["numpy"], kernel=True, layers=layers) as server,
        pytest.raises(FaultError, match=r"the execution of a notebook needs namespaces: .* \(see `grader doctor`\)"),
    ):
        server.ready()


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_text("secret")
    listening = socket.create_server(("127.0.0.1", 0))
    yield {
        "secret": str(home / "secret"),
        "source": grader.__file__,
        "folder": str(home),
        "port": listening.getsockname()[1],
        "pid": os.getpid(),
    }
    listening.close()


CONTAINED = {
    "read a file of the user's": "print(open({secret!r}).read())",
    "list a folder of the user's": "import os; print(os.listdir({folder!r}) and 'listed')",
    "read /etc": "print('root' in open('/etc/passwd').read())",
    "read the grader's source": "print(open({source!r}).read(10))",
    "write a file of the user's": "print(open({folder!r} + '/new', 'w').write('x'))",
    "connect to loopback": "import socket; print(socket.create_connection(('127.0.0.1', {port}), 5) and 'connected')",
    "signal the grader": "import os; os.kill({pid}, 0); print('signalled')",
    "list the processes": "import os; print('1' in os.listdir('/proc'))",
    "fork": "import os; pid = os.fork(); pid or os._exit(0); print('forked')",
    "start a program": "import subprocess, sys; print(subprocess.run(['/bin/echo', 'ran']).returncode)",
}


@pytest.mark.parametrize("name", CONTAINED)
def test_the_notebook_cannot(name, kernels, targets):
    """Each is tried outside first, where it works: else nothing would be shown."""
    source = CONTAINED[name].format(**targets)
    assert here(source), "it should work outside"
    ran = Ran(kernels(), source, "print('and on')")
    assert (ran.ended, ran.printed[1]) == ("whole", "and on")
    assert ran.printed[0] in {"", "FileNotFoundError", "PermissionError", "OSError", "ProcessLookupError"}, ran.printed


ONE_WALL = {
    "a network socket": ("import socket; print(bool(socket.socket(socket.AF_INET)))", "OSError", "True"),
    "a fork": ("import os\npid = os.fork()\npid or os._exit(0)\nprint('forked')", "PermissionError", "forked"),
    "namespaces of its own": (
        "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.unshare(0) == 0 or ctypes.get_errno() != errno.EPERM)",
        "False",
        "True",
    ),
}


@pytest.mark.parametrize("name", ONE_WALL)
def test_seccomp_alone_keeps_a_kernel_from(name, kernels):
    source, locked, open_ = ONE_WALL[name]
    assert [Ran(kernels(), source).printed, Ran(kernels("seccomp"), source).printed] == [[locked], [open_]]


def test_seccomp_is_not_all_that_keeps_it_from_the_network(kernels, targets):
    ran = Ran(kernels("seccomp"), CONTAINED["connect to loopback"].format(**targets))
    assert ran.printed[0] in {"OSError", "PermissionError"}


BOMB = """
import os, time
forked = 0
try:
    while forked < 1000:
        if os.fork() == 0:
            time.sleep(60)
        forked += 1
except OSError:
    print(forked)
"""


def test_processes_are_counted_where_they_can_be_started(kernels):
    (forked,) = Ran(kernels("seccomp"), BOMB).printed
    assert 0 < int(forked) < 128
    assert Ran(kernels(), BOMB).printed == ["0"]


THREADS = """
import threading, time
started = 0
try:
    while started < 1000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        started += 1
except RuntimeError:
    print(started)
"""


def test_threads_work_and_are_counted(kernels):
    (started,) = Ran(kernels(), THREADS).printed
    assert 8 < int(started) < 128


def test_the_process_beside_the_kernel_cannot_be_killed_by_it(kernels):
    """Its twin: the kernel itself can be."""
    ran = Ran(kernels(), "import os; os.kill(1, 9); print('sent')", "print('and on')")
    assert (ran.ended, ran.printed) == ("whole", ["sent", "and on"])
    assert Ran(kernels(), "import os; os.kill(os.getpid(), 9)").ended == {"dead": -9}


def test_the_process_beside_the_kernel_cannot_be_interrupted_by_it(kernels):
    """Its twin: the kernel itself can be."""
    ran = Ran(kernels(), "import os, time; os.kill(1, 2); time.sleep(0.5); print('sent')", "print('and on')")
    assert (ran.ended, ran.printed, ran.output.text()) == ("whole", ["sent", "and on"], "")
    assert Ran(kernels(), "os = __import__('os'); os.kill(os.getpid(), 2)").printed == ["KeyboardInterrupt"]


def test_what_fails_beside_the_kernel_tells_the_student_no_folder_of_the_machine(kernels):
    ran = Ran(kernels(), files={"a\0b": b"no name for a file"})
    assert isinstance(ran.outcome, model.Killed)
    assert ran.output.text() == ""


def test_plots_that_cannot_be_shown_cost_a_cell_nothing_else(kernels):
    ran = Ran(kernels(), "%matplotlib inline\nimport math", "print(math.e > 2)", "import matplotlib")
    assert ran.printed == ["", "True", "ModuleNotFoundError"]


FORGE = """
import os, socket
for number in range(3, 256):
    try:
        name = socket.socket(fileno=os.dup(number)).getpeername()
    except OSError:
        continue
    if not name:
        os.write(number, {frame!r})
print('tried')
"""


def test_the_kernel_has_no_hold_of_the_connection_to_the_grader(kernels):
    forged = protocol.pack({"returned": {"notebook": b"forged", "cells": [], "ended": "whole"}})
    ran = Ran(kernels(), FORGE.format(frame=forged), seconds=3.0)
    assert not (isinstance(ran.outcome, model.Returned) and ran.outcome.value["notebook"] == b"forged")


def test_the_folder_can_be_written_to_until_it_is_full(kernels):
    ran = Ran(kernels(), "print(open('a', 'w').write('x' * 100))", "open('b', 'wb').write(bytes(2**25))")
    assert ran.printed == ["100", "OSError"]


def test_the_next_child_finds_nothing_of_the_last(kernels):
    left = Ran(kernels(), "import os, sys; open('left', 'w'); os.environ['LEFT'] = sys.left = '1'; print(os.listdir())")
    assert "left" in left.printed[0]
    found = Ran(
        kernels(), "import os, sys; print(os.path.exists('left'), os.environ.get('LEFT'), hasattr(sys, 'left'))"
    )
    assert found.printed == ["False None False"]


def test_many_kernels_leave_nothing_behind(kernels):
    server = kernels()
    for _ in range(3):
        assert Ran(server, THREADS).ended == "whole"
    (started,) = Ran(server, THREADS).printed
    assert int(started) > 8


def test_memory_is_limited(kernels):
    ran = Ran(kernels(), "import numpy as np\nhoard = [np.ones(2**24) for _ in range(100)]\nprint('had it')")
    assert ran.ended != "whole" or ran.printed == ["MemoryError"]
