"""Forks children that begin with numpy imported, each of them locked.

The client speaks to it over one socket, in messages of JSON. The first says what to preload and what the children
may use; the answer is `Lockdown.state`, or {problem} and the end:

    {packages, memory, cpu_seconds, scratch, layers, kernel, files}    and a descriptor, for what is in the files

Then it takes orders, and answers each:

    {"fork": true}         and two descriptors, a child's socket and what it prints into     {pid}
    {"verify": true}       and two descriptors: the child tries to break its own layers      {pid}
    {"cpu": pid}           the CPU time that a child has used, in seconds                    {cpu}
    {"end": pid, ending}   kill a child with all that it started, and reap it                {status, had_ended, cpu,
                           (`ending`: it seems to be ending by itself)                        out_of_memory}

With `kernel`, children execute notebooks (see `executing`) and answer no calls.

A child stays unreaped, so that its pid cannot name another process, until the client asks for its end. The process
that was started only waits for the zygote, its fork, and cleans up behind it.
"""

import contextlib
import fcntl
import functools
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from grader.sandbox.lockdown import Lockdown
from grader.sandbox.lockdown.layer import Settings
from grader.sandbox.lockdown.view import readable

PRELOADED = ("numpy.random", "numpy.linalg", "numpy.ma", "numpy.fft", "typing", "math", "itertools", "warnings")
"""What submissions use and every child would otherwise import for itself (numpy loads its parts when first named)."""

PARTS = {"scipy": ("scipy.linalg", "scipy.special", "scipy.optimize", "scipy.stats")}
"""What is preloaded with a package: each submission that imports them would wait for it."""
MOMENT = 0.1
"""How long a child that has closed its socket may take to end, in seconds."""
LONGEST = 2**16
"""The longest message, in bytes."""
FAILED, CLOSED, FULL = 70, 71, 72
"""With what a child ends that cannot be locked, whose connection is closed under it, or whose memory is full."""


def main() -> None:
    """Serve on the socket whose number is the last argument."""
    control = _only_at(3, int(sys.argv[-1]))  # where a child has its own socket, so that no child inherits this one
    worker = importlib.import_module("grader.sandbox.worker")
    _import(PRELOADED)
    with contextlib.suppress(OSError, SystemExit):  # the client has gone, and wants no answer any more
        message, descriptors, _, _ = socket.recv_fds(control, LONGEST, 1)
        if message:
            _run(control, worker, json.loads(message), descriptors[0])
    os._exit(0)  # there is nothing left that an orderly exit would do


def _forget_proc() -> None:
    """Keep threadpoolctl, which scikit-learn asks for its threads, from looking into /proc: a child has none."""
    threads = sys.modules.get("threadpoolctl")
    if threads:
        threads._HAS_PROCFS = False  # type: ignore[attr-defined]


def _only_at(number: int, descriptor: int) -> socket.socket:
    """Move a socket to this number."""
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)
    return socket.socket(fileno=number)


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _run(control: socket.socket, worker: Any, order: dict[str, Any], contents: int) -> None:
    """Fork the zygote, and clean up behind it."""
    try:
        executing = importlib.import_module("grader.sandbox.executing") if order["kernel"] else None
        _import(order["packages"])
        _import(part for package in order["packages"] for part in PARTS.get(package, ()))
        if executing:
            executing.kernels.preload(order["packages"])
        _forget_proc()
        hints = dict(os.environ)
        os.environ.clear()
        for name, value in hints.items():  # libraries that are loaded later look for them in C's environment
            os.putenv(name, value)
        worker.loaded_packages()
        limits = (order["memory"], order["cpu_seconds"], order["scratch"])
        settings = Settings(*limits, readable(), order["kernel"], tuple(order["files"].items()), contents)
        lockdown = Lockdown(settings, order["layers"])
    except BaseException as error:
        _give_up(control, error)
    try:
        lockdown.begin()
        pid = os.fork()
        if pid == 0:
            _Zygote(control, worker, executing, lockdown).serve()
        os.waitpid(pid, 0)
    except BaseException as error:
        _give_up(control, error)
    finally:
        lockdown.clean_up()


def _give_up(control: socket.socket, error: BaseException) -> NoReturn:
    """Tell the client why; what is expected (a limit of the machine, a package) needs no traceback."""
    expected = isinstance(error, OSError | ModuleNotFoundError)
    text = str(error) if expected else f"{type(error).__name__}: {error}"
    control.send(json.dumps({"problem": text}).encode())
    if not expected:
        traceback.print_exception(error)
    raise SystemExit(1)


class _Zygote:
    """The process that forks, and its children."""

    def __init__(self, control: socket.socket, worker: Any, executing: Any, lockdown: Lockdown) -> None:
        self.control, self.worker, self.executing, self.lockdown = control, worker, executing, lockdown
        self.children: set[int] = set()

    def serve(self) -> None:
        """Take orders until the client has gone, then end with all children."""
        try:
            self.lockdown.enter()
            gc.freeze()
            self._send(self.lockdown.state())
            while True:
                message, descriptors, _, _ = socket.recv_fds(self.control, LONGEST, 2)
                if not message:
                    break
                self._send(self._obey(json.loads(message), descriptors))
        except ConnectionError:
            pass
        except BaseException as error:
            _give_up(self.control, error)
        finally:
            for pid in list(self.children):
                self._end(pid)
            os._exit(0)

    def _send(self, answer: dict[str, Any]) -> None:
        self.control.send(json.dumps(answer).encode())

    def _obey(self, order: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        match order:
            case {"cpu": pid} if pid in self.children:
                return {"cpu": _cpu(pid)}
            case {"end": pid, "ending": ending} if pid in self.children:
                return self._end(pid, ending=ending)
            case {"fork": True} | {"verify": True}:
                return {"pid": self._fork(descriptors, verify="verify" in order)}
        raise ValueError(f"not an order: {order}")

    def _fork(self, descriptors: list[int], *, verify: bool) -> int:
        parent = os.getpid()
        pid = self.lockdown.fork()
        if pid == 0:
            self._be_child(descriptors, parent, verify=verify)
        self.children.add(pid)
        for descriptor in descriptors:
            os.close(descriptor)
        return pid

    def _end(self, pid: int, *, ending: bool = False) -> dict[str, Any]:
        self.children.discard(pid)
        had_ended = _has_ended(pid, MOMENT if ending else 0)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
        return {
            "status": status,
            "had_ended": had_ended,
            "cpu": used.ru_utime + used.ru_stime,
            "out_of_memory": self.lockdown.out_of_memory(),
        }

    def _be_child(self, descriptors: list[int], parent: int, *, verify: bool) -> None:
        """Become a child: two descriptors, the locks, then answer calls until the socket closes."""
        try:
            os.setsid()
            connection = _move(descriptors)
            os.chdir("/")
            if verify:
                self.worker.say(connection, self.lockdown.verify())
                os._exit(0)
            serve = self._lock(connection)
            if os.getppid() in {0, parent}:  # else it died before this asked to die with it
                _ending(serve)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(FAILED)

    def _lock(self, connection: socket.socket) -> Callable[[], None]:
        """Lock this child, and return what serves its connection; for a kernel, fork that."""
        if self.executing is None:
            self.lockdown.apply()
            return functools.partial(self.worker.serve, connection, locked=True)
        pid = self.lockdown.apply_twice()
        if pid == 0:
            connection.close()
            self.executing.kernels.run()
        return functools.partial(self.executing.serve, connection, pid)


def _ending(serve: Callable[[], None]) -> None:
    """Serve, and end with what says why that failed."""
    try:
        serve()
    except MemoryError:
        os._exit(FULL)
    except OSError:
        os._exit(CLOSED)


def _move(descriptors: list[int]) -> socket.socket:
    """Make the child's socket number 3, its output 1 and 2, and nothing 0; give Python new streams on these."""
    connection, printed = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    # first to numbers that none of the four is to have, lest one be overwritten before it is moved
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, 4) for fd in (nothing, printed, printed, connection)]
    for number, fd in enumerate(moved):
        os.dup2(fd, number)
    sys.stdin = open(0, encoding="utf-8", errors="replace")
    sys.stdout, sys.stderr = (open(fd, "w", 1, encoding="utf-8", errors="backslashreplace") for fd in (1, 2))
    return socket.socket(fileno=3)


def _has_ended(pid: int, seconds: float) -> bool:
    """Tell whether a child ends within some time; its sockets close a little before."""
    deadline = time.monotonic() + seconds
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.001)
    return True


def _cpu(pid: int) -> float:
    """Return the CPU time of a process, from the clock that Linux keeps for each; see clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)
