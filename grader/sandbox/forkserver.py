"""The fork server as the grader uses it, and the worker for the instructor's own Python."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from grader import model
from grader.errors import FaultError
from grader.sandbox import launch, protocol
from grader.sandbox.client import Child, Output
from grader.sandbox.launch import Zygote

START_SECONDS = 60.0
"""How long a worker may take to start, on a machine that is busy."""

_MESSAGE = struct.Struct(">cI")  # as in zygote, which cannot be imported here: it is not for every platform


class _Answer:
    """A number that the zygote will answer an order with."""

    value: int | None = None


class ForkServer:
    """A zygote and its orders: children of it begin with numpy imported. Started anew when it dies.

    The zygote works through its orders while the grader goes on: there is always one child in reserve, forked while
    the one before was at work, and nobody waits until a child that was killed is gone.
    """

    layers = ("process", "rlimits")

    def __init__(self, zygote: Zygote, memory_mib: int, packages: Sequence[str]) -> None:
        self._settings = json.dumps({"memory_mib": memory_mib, "packages": packages}).encode()
        self._zygote = zygote
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._due: deque[_Answer] = deque()
        self._zygote.control.settimeout(START_SECONDS)
        with contextlib.suppress(OSError):  # a zygote that has died is found out when a child is wanted
            self._zygote.control.sendall(_MESSAGE.pack(b"O", len(self._settings)) + self._settings)
        self._reserve = _Forked(self)

    def ready(self) -> None:
        """Wait until a child is there.

        Raises:
            FaultError: the zygote does not answer, even after it was started anew.
        """
        if self._closed:
            raise FaultError("the sandbox was closed")
        if self._zygote.process.poll() is not None or not self._reserve.is_there():
            self._reserve.drop()
            self._zygote.close()
            self._zygote = Zygote()
            self._begin()
            if not self._reserve.is_there():
                raise FaultError("the sandbox does not start: its fork server ends or does not answer")

    def child(self, output: Output) -> Child:
        """Return a new child, whose output is added to `output`.

        Raises:
            FaultError: as `ready`.
        """
        self.ready()
        forked, self._reserve = self._reserve, _Forked(self)
        return Child(forked, forked.connection, forked.streams, output)

    def order(self, letter: bytes, number: int, descriptors: Sequence[int] = ()) -> _Answer:
        """Send an order, and return where its answer will be."""
        answer = _Answer()
        self._due.append(answer)
        with contextlib.suppress(OSError):  # found out when the answer is awaited
            socket.send_fds(self._zygote.control, [_MESSAGE.pack(letter, number)], descriptors)
        return answer

    def wait(self, answer: _Answer) -> int | None:
        """Return an answer when it is there, or None if the zygote has died."""
        while answer.value is None:
            try:
                message = self._zygote.control.recv(_MESSAGE.size, socket.MSG_WAITALL)
            except OSError:
                return None
            if len(message) < _MESSAGE.size:
                return None
            self._due.popleft().value = int(_MESSAGE.unpack(message)[1])
        return answer.value

    def close(self) -> None:
        """End the zygote, and with it every child."""
        self._closed = True
        self._reserve.drop()
        self._zygote.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Forked:
    """A child that the zygote was asked for, and our ends of its socket and pipes."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self.connection, theirs = socket.socketpair()
        pipes = [os.pipe(), os.pipe()]
        self.streams = [read for read, _ in pipes]
        with theirs:
            self._pid = server.order(b"F", 0, [theirs.fileno(), *(write for _, write in pipes)])
        for _, write in pipes:
            os.close(write)
        self._ended: _Answer | None = None

    def is_there(self) -> bool:
        return self._server.wait(self._pid) is not None

    def drop(self) -> None:
        """Let go of a child that nobody has used."""
        self.connection.close()
        while self.streams:
            os.close(self.streams.pop())

    def kill(self) -> None:
        pid = self._server.wait(self._pid)
        if pid is not None:
            self._ended = self._server.order(b"E", pid)

    def exit_code(self) -> int:
        status = self._server.wait(self._ended) if self._ended else None
        if status is None:
            raise FaultError("the sandbox's fork server ended in the middle of a submission")
        return os.waitstatus_to_exitcode(status)


class _Started:
    """A process of the instructor's."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def exit_code(self) -> int:
        return self._process.wait()


def trusted_worker(main: str, paths: list[Path], given: list[str]) -> tuple[Child, Output, model.Outcome | None]:
    """Start a worker for the instructor's own Python, load `main` in it, and return how that went."""
    process, connection, printed = launch.trusted_worker()
    output = Output()
    child = Child(_Started(process), connection, [printed], output)
    load = {"load": {"main": main, "paths": [str(path) for path in paths], "given": given}}
    return child, output, child.ask(protocol.pack(load), time.monotonic() + START_SECONDS)
