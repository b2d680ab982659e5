"""Start the sandbox's processes. Light to import, so that a zygote can start while the grader still does."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Self

ELSEWHERE = "GRADER_SANDBOX"
"""The variable that names a socket: where it is set, fork servers are started by who listens there (see `apart`)."""
CONNECT_SECONDS = 10.0
"""How long that may take to listen."""
END_SECONDS = 5.0
"""How long a zygote may take to clean up when it is told to end."""
ALONE = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"),
    "VECLIB_MAXIMUM_THREADS": "1",  # macOS
    "JOBLIB_MULTIPROCESSING": "0",
    "PYTHONHASHSEED": "0",
}
"""Tells libraries to start neither threads nor processes, since many workers share the cores and students' may not."""


class Zygote:
    """A fork server that is starting: the socket over which it takes orders, and its process (Linux only).

    It is a process of this machine, or where `ELSEWHERE` says so, one that is out of sight.

    Raises:
        OSError: nobody listens there.
    """

    process: subprocess.Popen[bytes] | None = None

    def __init__(self, *, wait: bool = True) -> None:
        """With `wait`, who is to listen there may still be starting."""
        elsewhere = os.environ.get(ELSEWHERE)
        if elsewhere:
            self.control = _connected(elsewhere, CONNECT_SECONDS if wait else 0)
            return
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = fork_server(theirs)

    @property
    def ended(self) -> bool:
        """Whether it is gone, or closed."""
        if self.process and self.process.poll() is not None:
            return True
        waiting = select.poll()
        try:
            waiting.register(self.control, 0)
        except ValueError:  # it is closed, perhaps just now by another thread
            return True
        return any(event & select.POLLHUP for _, event in waiting.poll(0))

    def close(self) -> None:
        """End the zygote, and with it every child."""
        self.control.close()
        if self.process is None:
            return
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def fork_server(control: socket.socket) -> subprocess.Popen[bytes]:
    """Start the process of a zygote, which takes its orders over this socket."""
    number = control.fileno()
    return subprocess.Popen(
        [sys.executable, "-sP", "-X", "utf8", "-c", _program("grader.sandbox.zygote"), str(number)],
        pass_fds=[number],
        env=ALONE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the grader, which ends the others
    )


def _connected(path: str, seconds: float) -> socket.socket:
    """Connect to who starts fork servers elsewhere, as soon as it listens."""
    deadline = time.monotonic() + seconds
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    while True:
        try:
            connection.connect(path)
        except OSError as error:
            if time.monotonic() >= deadline:
                connection.close()
                raise OSError(f"the sandbox at {path} ({ELSEWHERE}) does not answer: {error.strerror}") from error
            time.sleep(0.05)
        else:
            return connection


def zygotes(stack: ExitStack, number: int) -> list[Zygote]:
    """Start fork servers, where there can be any, which end with the stack."""
    return [stack.enter_context(Zygote()) for _ in range(number if sys.platform == "linux" else 0)]


class Started(NamedTuple):
    """A worker that is not locked, the socket to talk to it, and the one that it prints into."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    printed: socket.socket


def worker(
    options: Sequence[str], environment: Mapping[str, str], folder: str | None, packages: Sequence[str]
) -> Started:
    """Start a worker in a process of its own, on any system; `options` are Python's, `packages` are preloaded."""
    ours, theirs = socket.socketpair()
    read, write = socket.socketpair()
    numbers = [theirs.fileno(), write.fileno()]
    python, more = _python()
    program = [python, *options, "-X", "utf8", "-c", _program("grader.sandbox.worker"), *map(str, numbers), *packages]
    with _INHERITING, theirs, write:
        for end in (theirs, write):
            end.set_inheritable(True)
        process = subprocess.Popen(
            program,
            env={**environment, **more},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **_inherited(numbers),
        )
    return Started(process, ours, read)


_INHERITING = threading.Lock()
"""Held while sockets can be inherited: on Windows whatever is started meanwhile would hold them open as well."""


def _inherited(numbers: Sequence[int]) -> dict[str, Any]:
    """Return how a process is started that gets sockets, and that Ctrl-C, which is for the grader, does not reach."""
    if sys.platform == "win32":
        return {"close_fds": False, "creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    return {"pass_fds": numbers}


def _python() -> tuple[str, dict[str, str]]:
    """Return the interpreter, and what tells it where it belongs.

    On Windows that of a virtual environment only starts another one, which alone has the memory and the time that are
    looked at.
    """
    base = getattr(sys, "_base_executable", sys.executable)
    if sys.platform == "win32" and base != sys.executable:
        return base, {"__PYVENV_LAUNCHER__": sys.executable}
    return sys.executable, {}


def _program(module: str) -> str:
    """Return the program that runs a module of this very grader, with the numpy that is installed here."""
    numpy = find_spec("numpy")
    ours = str(Path(__file__).parents[2])
    theirs = str(Path(numpy.origin).parents[1]) if numpy and numpy.origin else ours
    return f"import sys; sys.path.insert(0, {ours!r}); sys.path.append({theirs!r}); from {module} import main; main()"
