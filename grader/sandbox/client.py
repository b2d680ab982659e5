"""The grader's side of the sandbox: ask a worker, and believe what it says no further than its form."""

import contextlib
import math
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from grader import model
from grader.errors import DiedError, FaultError
from grader.sandbox import protocol
from grader.sandbox.replies import FULL, SIGSYS, Question, how, outcome, question
from grader.sandbox.values import ProtocolError

KEPT_OUTPUT = 64 * 2**10
"""How much of what a submission prints is kept, in bytes; the rest is read and dropped."""
START_SECONDS = 60.0
"""How long a worker may take to start, on a machine that is busy."""
CHUNK = 2**16


Answering = Callable[[Question, float], bytes]
"""Returns the frame that answers a question, within so many seconds."""


class Output:
    """What one submission printed, cut at a limit."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._cut = False

    def add(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = KEPT_OUTPUT - len(self._data)
        self._data += data[:room]
        self._cut = self._cut or len(data) > room

    def text(self) -> str:
        """Return what was kept, as text."""
        return self._data.decode("utf-8", "replace") + ("\n… (cut here)" if self._cut else "")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    """Its exit status, negative where a signal ended it."""
    out_of_memory: bool = False
    out_of_cpu: bool = False


class Process(Protocol):
    """The process behind a child."""

    def kill(self, *, ending: bool) -> None:
        """End it with all that it started, at once and for certain; `ending`: it seems to be ending by itself."""

    def ended(self) -> Ended:
        """Return how it ended, after `kill`."""

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used."""


@dataclass(slots=True)
class Deadline:
    """When a child must have answered: on the clock, and by the CPU time that it has used."""

    wall: float
    """A `time.monotonic()`."""
    cpu: float = math.inf
    """In seconds."""
    earliest: float = math.inf
    """When on the clock the CPU time can be over at the earliest."""


class _FloodError(Exception):
    """It prints without end."""


class _CpuError(Exception):
    """Its CPU time is over."""


class Child:
    """A worker at the other end of a socket. Once it has died it stays dead.

    Several requests may be sent at once; it works through them in turn. Sending never blocks: what the socket does not
    take is sent while an answer is awaited, so that two full buffers cannot stop the two of us.
    """

    def __init__(self, process: Process, connection: socket.socket, printed: socket.socket, output: Output) -> None:
        self.alive = True
        self._process, self._connection, self._printed, self._output = process, connection, printed, output
        self._room = model.OUTPUT_MIB * 2**20
        self._unsent: deque[memoryview] = deque()
        self._failure: model.Outcome | None = None
        # epoll, the default, would cost a descriptor and some more system calls for each child
        self._selector = getattr(selectors, "PollSelector", selectors.SelectSelector)()
        for end in (connection, printed):
            end.settimeout(0)
            self._selector.register(end, selectors.EVENT_READ)

    def begin(self) -> None:
        """Wait until it has said that it is ready, which it does before any code of a student's is there.

        Raises:
            FaultError: it has said something else, or (DiedError) has ended.
        """
        if self.first() != {"ready": True}:
            self.close()
            raise FaultError("a process of the sandbox began with something else than it should")

    def first(self) -> Any:
        """Return what it says of itself.

        Raises:
            DiedError: it has ended.
        """
        try:
            return self._reply(Deadline(time.monotonic() + START_SECONDS))
        except (EOFError, OSError, ProtocolError) as error:
            self.close(ending=True)
            text = f"a process of the sandbox ended before it began: {how(self._process.ended().code)}"
            raise DiedError(f"{text}\n{self._output.text()}".rstrip()) from error

    def deadline(self, wall: float, cpu_seconds: float | None) -> Deadline:
        """Return the deadline for what it is asked next."""
        if cpu_seconds is None:
            return Deadline(wall)
        return Deadline(wall, self._process.cpu_seconds() + cpu_seconds, time.monotonic() + cpu_seconds)

    def ask(self, frame: bytes, deadline: Deadline) -> model.Outcome | None:
        """Send a request and return its outcome."""
        self.send([frame])
        return self.receive(deadline)

    def consult(self, frame: bytes, deadline: Deadline, answer: Answering) -> model.Outcome | None:
        """Send a request, answer what its function asks while it runs, and return its outcome."""
        self.send([frame])
        try:
            while self._failure is None:
                reply = self._reply(deadline)
                asked = question(reply)
                if asked is None:
                    return outcome(reply)
                self._answer(answer, asked, deadline.wall - time.monotonic())
        except (EOFError, OSError, ProtocolError, _FloodError, _CpuError) as error:
            return self._failed(error)
        return self._failure

    def _answer(self, answer: Answering, asked: Question, seconds: float) -> None:
        if self._unsent:
            raise ProtocolError("asked again before it took the last answer")
        if seconds <= 0:  # what has come already is read without a look at the clock
            raise TimeoutError
        self._unsent.append(memoryview(answer(asked, seconds)))
        self._flush()

    def print_freely(self) -> None:
        """Forget how much was printed: of a worker that is trusted, and serves many."""
        self._room = model.OUTPUT_MIB * 2**20

    def send(self, frames: Iterable[bytes]) -> None:
        """Send requests, when all earlier ones are answered; what goes wrong is told by `receive`."""
        try:
            self._expect_silence()
            self._unsent.append(memoryview(b"".join(frames)))
            self._flush()
        except (OSError, ProtocolError) as error:
            self._failure = self._failed(error)

    def receive(self, deadline: Deadline) -> model.Outcome | None:
        """Return the outcome of the next call that was sent, or None for a load that went well.

        Whatever ends the conversation ends the child.
        """
        if self._failure is not None:
            return self._failure
        try:
            return outcome(self._reply(deadline))
        except (EOFError, OSError, ProtocolError, _FloodError, _CpuError) as error:
            return self._failed(error)

    def _reply(self, deadline: Deadline) -> Any:
        header, body = protocol.lengths(self._fill(protocol.PREFIX, deadline))
        return protocol.unpack(self._fill(header, deadline), self._fill(body, deadline))

    def _failed(self, error: Exception) -> model.Outcome:
        self.close(ending=isinstance(error, EOFError | ConnectionError))
        match error:
            case _CpuError():
                return model.TimedOut(cpu=True)
            case _FloodError():
                return model.Flooded()
            case TimeoutError():
                return model.TimedOut()
            case ProtocolError():
                return model.BadValue(str(error))
        ended = self._process.ended()
        if ended.out_of_memory or ended.code == FULL:
            return model.OutOfMemory()
        if ended.out_of_cpu:
            return model.TimedOut(cpu=True)
        if ended.code == -SIGSYS:  # which seccomp sends
            return model.Blocked("a system call in another architecture's numbering")
        return model.Killed(how(ended.code))

    def _expect_silence(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if self._connection.recv(1, socket.MSG_PEEK):
                raise ProtocolError("answered more often than it was asked")

    def _fill(self, size: int, deadline: Deadline) -> bytearray:
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            try:
                got = self._connection.recv_into(view[at:])
            except BlockingIOError:
                self._wait(deadline)
                continue
            if got == 0:
                raise EOFError
            at += got
        return data

    def _wait(self, deadline: Deadline) -> None:
        """Wait until the socket has something to read."""
        while not self._readable(min(deadline.wall, deadline.earliest)):
            now = time.monotonic()
            if now >= deadline.wall:
                raise TimeoutError
            left = deadline.cpu - self._process.cpu_seconds()
            if left <= 0:
                raise _CpuError
            deadline.earliest = now + left

    def _readable(self, end: float) -> bool:
        """Wait until the socket has something to read; send meanwhile what is unsent, and take in what is printed."""
        while True:
            ready = {key.fileobj: events for key, events in self._selector.select(max(end - time.monotonic(), 0))}
            if self._printed in ready:
                self._drain()
            event = ready.get(self._connection, 0)
            if event & selectors.EVENT_READ:
                return True
            if event:
                self._flush()
            if time.monotonic() >= end:
                return False

    def _flush(self) -> None:
        """Send what the socket takes now, and see to it that the rest is sent when it takes more."""
        before = bool(self._unsent)
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                sent = self._connection.send(self._unsent[0])
                self._unsent[0] = self._unsent[0][sent:]
                if not self._unsent[0]:
                    self._unsent.popleft()
        if before:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
            self._selector.modify(self._connection, wanted)

    def _drain(self) -> bool:
        """Take in some of what is printed, and tell whether there may be more."""
        data = self._printed.recv(CHUNK)
        self._output.add(data)
        self._room -= len(data)
        if not data:
            self._selector.unregister(self._printed)
        elif self._room < 0:
            raise _FloodError
        return bool(data)

    def close(self, *, ending: bool = False) -> None:
        """End the worker, and take in what it has printed."""
        if not self.alive:
            return
        self.alive = False
        try:
            self._process.kill(ending=ending)
        finally:
            self._connection.close()
            with contextlib.suppress(OSError, KeyError, _FloodError):  # all is read, or was before
                while self._drain():
                    pass
            self._selector.close()
            self._printed.close()
