"""A check on macOS and Windows, played on Linux: what those systems lack is taken away, in the grader and in its workers.

Both are started with a prelude that says that they are on another system, and in which whatever only Linux has is
missing or raises: modules, functions, forks, files under /proc. Python's own way to start a process is left as it is.
"""

import os
import subprocess
import sys

import pytest

from grader.model import Limits
from grader.sandbox import launch
from grader.sandbox.client import Output
from grader.sandbox.requests import load_request
from grader.sandbox.spawned import Spawner
from tests.conftest import SPEC, write
from tests.test_cli import RIGHT

if sys.platform != "linux":
    pytest.skip("here it needs no playing", allow_module_level=True)

PRELUDE = """
import os, select, selectors, signal, socket, subprocess, sys, types
import asyncio, multiprocessing, platform, sysconfig, tempfile, threading  # which look at the platform when imported
import numpy
sysconfig.get_config_vars()
try:
    import platformdirs, psutil
except ImportError:  # a worker has neither
    psutil = None
PLATFORM = {platform!r}
MISSING = {{
    "darwin": [(os, "sched_getaffinity sched_setaffinity posix_fadvise unshare setns memfd_create pidfd_open prctl"),
               (select, "epoll"), (selectors, "EpollSelector"), (socket, "SOCK_SEQPACKET SO_PEERCRED"),
               (signal, "SIGPWR SIGSTKFLT SIGPOLL")],
    "win32": [(os, "fork forkpty posix_spawn posix_spawnp sched_getaffinity killpg getpgid getpgrp setsid setpgid geteuid "
                   "getuid getgid wait waitid waitstatus_to_exitcode WNOHANG chown fchmod mkfifo uname sysconf pipe2"),
              (select, "poll epoll"), (selectors, "PollSelector EpollSelector"),
              (socket, "AF_UNIX SOCK_SEQPACKET SO_PEERCRED SO_REUSEPORT send_fds recv_fds"),
              (signal, "SIGKILL SIGHUP SIGQUIT SIGALRM SIGCHLD SIGSYS SIGXCPU alarm setitimer pthread_sigmask")],
}}
NO_MODULES = {{"darwin": ["spwd", "ossaudiodev"], "win32": "fcntl grp pwd resource termios tty pty syslog".split()}}


def tcp_pair():
    "As Windows has it: two ends of a connection of the machine with itself."
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        other, _ = server.accept()
    return one, other


def in_psutil():
    "Whether it is asked in the name of psutil, which has its own way on each system."
    frame = sys._getframe(2)
    while frame and not str(frame.f_globals.get("__name__")).startswith("psutil"):
        frame = frame.f_back
    return frame is not None


def forbid(event, args):
    if event in {{"os.fork", "os.forkpty", "os.posix_spawn", "ctypes.dlopen"}}:
        raise RuntimeError(f"there is no {{event}} here")
    if event == "open" and str(args[0]).startswith(("/proc", "/sys", "/dev/shm")) and not in_psutil():
        raise RuntimeError(f"there is no {{args[0]}} here")
    if event == "subprocess.Popen" and any("zyg" + "ote" in str(part) for part in args[1]):
        raise RuntimeError("a fork server was started")


if PLATFORM == "win32":
    for module in filter(None, (subprocess, psutil)):
        module.signal = types.SimpleNamespace(**vars(signal))  # to end a process takes a signal here
    subprocess.os = types.SimpleNamespace(**vars(os))
    socket.socketpair = tcp_pair
for module, names in MISSING[PLATFORM]:
    for name in names.split():
        vars(module).pop(name, None)
for name in NO_MODULES[PLATFORM]:
    sys.modules[name] = None
sys.platform = PLATFORM
sys.addaudithook(forbid)
"""
DRIVER = """
from grader.sandbox import launch
program = launch._program
launch._program = lambda module: {prelude!r} + program(module)
from grader.cli import main
sys.exit(main())
"""


@pytest.fixture(params=["darwin", "win32"])
def elsewhere(request):
    """Return what runs a command on another system, into a pipe that takes what Windows's usual one does."""
    prelude = PRELUDE.format(platform=request.param)
    program = prelude + DRIVER.format(prelude=prelude)

    def run(*arguments, cwd):
        command = [sys.executable, "-c", program, *map(str, arguments)]
        environment = {**os.environ, "PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0"}
        done = subprocess.run(command, cwd=cwd, capture_output=True, check=False, timeout=120, env=environment)
        return done.returncode, *(text.decode("cp1252").replace("\r\n", "\n") for text in (done.stdout, done.stderr))

    return run


@pytest.fixture
def folder(small):
    return write(small, {"assignment.yaml": SPEC.replace("seconds: 2", "seconds: 1")})


MET = {
    "right": (RIGHT, 0, ["double  1 of 1", "Score: 3 of 3"]),
    "a typo": (
        RIGHT + "retrun 1\n", 1, ["work.py is not valid Python: invalid syntax (work.py, line 3: `retrun 1`)"]),
    "a loop without an end": (
        RIGHT.replace("return 2 * x", "\n    while True: pass"), 1,
        ["`double` was still running when its 1 s were over: does its loop end?", "pair  2 of 2"]),
    "an exit": (
        RIGHT.replace("return 2 * x", "import os; os._exit(5)"), 1,
        ["The process ended while `double` ran: it ended the process itself, with exit status 5.", "pair  2 of 2"]),
    "much memory": (
        RIGHT.replace("return 2 * x", "return sum(map(len, [bytes(b'1' * 2**20) for _ in range(2**14)]))"), 1,
        ["`double` needed more than the 256 MiB of memory it may have"]),
    "nothing yet": (
        "def double(x): raise NotImplementedError\ndef pair(xs): raise NotImplementedError\n", 1,
        ["`double` is not written yet: it raises NotImplementedError", "Score: 0 of 3"]),
    "prints in another script": ("print('é ü ✓ 数')\n" + RIGHT, 0, ["It printed:\né ü + \\u6570"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MET)
def test_what_appears_says_what_to_do_next(name, elsewhere, folder):
    text, status, parts = MET[name]
    memory = SPEC.replace("seconds: 2", "seconds: 20, memory_mib: 256") if name == "much memory" else None
    write(folder, {"work.py": text, **({"assignment.yaml": memory} if memory else {})})
    code, out, errors = elsewhere("check", cwd=folder)
    assert (code, errors) == (status, "")
    for part in parts:
        assert " ".join(part.split()) in " ".join(out.split())
    assert "\x1b" not in out


def test_without_a_file_it_says_which_is_missing(elsewhere, folder):
    says = "grader: there is no work.py here: save your work under this name, or say which file is yours\n"
    assert elsewhere("check", cwd=folder) == (2, "", says)


def test_a_folder_whose_name_is_in_another_script_is_no_hindrance(elsewhere, folder, tmp_path):
    there = write(tmp_path / "Übung ✓ 数", {"work.py": RIGHT})
    code, out, errors = elsewhere("check", there / "work.py", "--assignment", folder, cwd=tmp_path)
    assert (code, errors) == (0, "")
    assert "Score: 3 of 3" in out


PROBES = {
    "os.fork()": ("RuntimeError: there is no os.fork here", "AttributeError"),
    "open('/proc/self/maps')": ("RuntimeError: there is no /proc/self/maps here",) * 2,
    "os.sched_getaffinity(0)": ("AttributeError", "AttributeError"),
    "signal.SIGKILL": ("it is there", "AttributeError"),
    "socket.socketpair(socket.AF_UNIX)": ("it is there", "AttributeError"),
    "__import__('resource')": ("it is there", "ModuleNotFoundError"),
    "subprocess.run([sys.executable, '-c', 'zygote'])": ("RuntimeError: a fork server was started",) * 2,
}
TRYING = """
for probe in {probes!r}:
    try:
        eval(probe)
        print("it is there")
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}")
"""


@pytest.mark.parametrize(("n", "system"), [(0, "darwin"), (1, "win32")])
def test_what_a_system_lacks_is_lacking_in_these_tests(n, system):
    program = PRELUDE.format(platform=system) + TRYING.format(probes=list(PROBES))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()
    assert [line[: len(want[n])] for line, want in zip(found, PROBES.values(), strict=True)] == [
        want[n] for want in PROBES.values()
    ]


def test_a_worker_ends_when_nobody_is_there_any_more():
    """On Windows no parent is ever told to be gone; and a grader that was killed cannot end its workers."""
    server = Spawner(Limits(), [])
    child = server.child(Output())
    child.send([load_request("work.py", {"work.py": b"while True: pass"}, {}, {})])
    child._connection.close()
    child._printed.close()
    assert child._process._process.wait(20) == 0
    child.close()


# --- what only Windows does ------------------------------------------------------------------------------------------


def test_on_windows_the_interpreter_itself_is_started_not_what_starts_it(monkeypatch):
    """There the python.exe of a virtual environment starts another process, whose memory nobody would look at."""
    monkeypatch.setattr(sys, "_base_executable", "C:\\Python\\python.exe", raising=False)
    assert launch._python() == (sys.executable, {})
    monkeypatch.setattr(sys, "platform", "win32")
    assert launch._python() == ("C:\\Python\\python.exe", {"__PYVENV_LAUNCHER__": sys.executable})


def test_on_windows_a_worker_has_no_window_and_gets_sockets_by_inheritance(monkeypatch):
    assert launch._inherited([3, 4]) == {"pass_fds": [3, 4]}
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
    assert launch._inherited([3, 4]) == {"close_fds": False, "creationflags": 0x8000000}
