"""Forks children that begin with numpy imported.

The client speaks to it over one socket, in messages of five bytes (a letter and an unsigned 32-bit number):

    O n     the first message; n bytes of JSON follow: {packages (to import), memory_mib (for each child)}
    F 0     fork; three file descriptors come along (the child's socket, stdout and stderr); the answer is F pid
    E pid   end: kill the child with all its process group and reap it; the answer is E and its wait status

A child stays unreaped, so that its pid cannot name another process, until the client asks for its end.
"""

import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
import traceback
from collections.abc import Iterable
from typing import Any

_LIBC = ctypes.CDLL(None)

PRELOADED = ("numpy.random", "numpy.linalg", "numpy.ma", "numpy.fft", "typing", "math", "itertools", "warnings")
"""What submissions use and every child would otherwise import for itself (numpy loads its parts when first named)."""

MESSAGE = struct.Struct(">cI")
"""An order or an answer."""


def main() -> None:
    """Serve on the socket whose number is the last argument."""
    control = socket.socket(fileno=int(sys.argv[-1]))
    # one thread each: many children share the cores, and OpenBLAS's own threads would count as processes
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    worker = importlib.import_module("grader.sandbox.worker")
    _import(PRELOADED)
    order = _order(control)
    if order is not None:
        _import(order["packages"])
        os.environ.clear()
        worker.loaded_packages()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folders:
            os.chdir(folders)
            gc.freeze()
            with contextlib.suppress(ConnectionError):  # the client has gone, and wants no answer any more
                _serve(control, worker, _mapped() + order["memory_mib"] * 2**20)
    os._exit(0)  # there is nothing left that an orderly exit would do


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _order(control: socket.socket) -> Any:
    message = control.recv(MESSAGE.size, socket.MSG_WAITALL)
    if not message:
        return None
    _, length = MESSAGE.unpack(message)
    return json.loads(control.recv(length, socket.MSG_WAITALL))


def _serve(control: socket.socket, worker: Any, address_space: int) -> None:
    children: set[int] = set()
    try:
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, MESSAGE.size, 3)
            if not message:
                return
            letter, number = MESSAGE.unpack(message)
            if letter == b"E":
                children.discard(number)
                control.sendall(MESSAGE.pack(b"E", _end(number)))
            else:
                pid = _fork(worker, descriptors, address_space)
                children.add(pid)
                control.sendall(MESSAGE.pack(b"F", pid))
    finally:
        for pid in children:
            _end(pid)


def _fork(worker: Any, descriptors: list[int], address_space: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _child(worker, descriptors, address_space, parent)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _end(pid: int) -> int:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    shutil.rmtree(str(pid), ignore_errors=True)
    return status


def _child(worker: Any, descriptors: list[int], address_space: int, parent: int) -> None:
    """Become a child: three descriptors, limits, then answer calls until the socket closes."""
    status = 70  # EX_SOFTWARE: a fault of ours, since the worker answers for what a submission raises
    try:
        os.setsid()
        _die_with(parent)
        connection = _only_keep(descriptors)
        with contextlib.suppress(FileExistsError):  # left by an earlier child of this number
            os.mkdir(str(os.getpid()), 0o500)  # an empty working folder of its own
        os.chdir(str(os.getpid()))
        _limit(address_space)
        _open_streams()
        worker.serve(connection)
        status = 0
    except OSError:  # the submission closed the connection under us
        os.kill(os.getpid(), signal.SIGKILL)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _only_keep(descriptors: list[int]) -> socket.socket:
    """Make the three descriptors 3, 1 and 2, nothing 0, and close all others."""
    connection, out, err = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    # first to numbers that none of the four is to have, lest one be overwritten before it is moved
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, 4) for fd in (nothing, out, err, connection)]
    for number, fd in enumerate(moved):
        os.dup2(fd, number)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return socket.socket(fileno=3)


def _open_streams() -> None:
    """Give Python new streams on the three descriptors; they live as long as the process."""
    sys.stdin = open(0, encoding="utf-8", errors="replace")
    sys.stdout, sys.stderr = (open(fd, "w", 1, encoding="utf-8", errors="backslashreplace") for fd in (1, 2))


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        set_parent_death_signal = 1
        _LIBC.prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked to die with it
        os._exit(0)


def _mapped() -> int:
    """Return how much address space this process has mapped, in bytes; 0 where that is not known."""
    if sys.platform != "linux":
        return 0
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def _limit(address_space: int) -> None:
    """Limit this process: so many bytes of address space, no files written, no core dumped."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
