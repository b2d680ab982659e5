"""The grader's side of the sandbox: ask a worker, and believe what it says no further than its form."""

import contextlib
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from grader import model
from grader.sandbox import protocol
from grader.sandbox.values import ProtocolError

OUTPUT_CAP = 64 * 2**10
"""How much of what a submission prints is kept, in bytes; the rest is read and dropped."""
CHUNK = 2**16
TEXT, LINE, FRAMES = 2000, 200, 50
"""How much is kept of a text that a worker sent, of a line of code, and how many names or stack frames, at most."""


class Output:
    """What one submission printed, cut at a limit."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._cut = False

    def add(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = OUTPUT_CAP - len(self._data)
        self._data += data[:room]
        self._cut = self._cut or len(data) > room

    def text(self) -> str:
        """Return what was kept, as text."""
        return self._data.decode("utf-8", "replace") + ("\n… (cut here)" if self._cut else "")


class Process(Protocol):
    """The process behind a child."""

    def kill(self) -> None:
        """End it, at once and for certain."""

    def exit_code(self) -> int:
        """Return the status that it ended with, negative where a signal ended it."""


class Child:
    """A worker at the other end of a socket. Once it has died it stays dead.

    Several requests may be sent at once; it works through them in turn. Sending never blocks: what the socket does not
    take is sent while an answer is awaited, so that two full buffers cannot stop the two of us.
    """

    def __init__(self, process: Process, connection: socket.socket, streams: list[int], output: Output) -> None:
        self.alive = True
        self._process, self._connection, self._streams, self._output = process, connection, streams, output
        self._unsent: deque[memoryview] = deque()
        self._failure: model.Outcome | None = None
        connection.settimeout(0)
        self._poll = select.poll()
        for descriptor in (connection.fileno(), *streams):
            self._poll.register(descriptor, select.POLLIN)

    def ask(self, frame: bytes, deadline: float) -> model.Outcome | None:
        """Send a request and return its outcome."""
        self.send([frame])
        return self.receive(deadline)

    def send(self, frames: Iterable[bytes]) -> None:
        """Send requests, when all earlier ones are answered; what goes wrong is told by `receive`."""
        try:
            self._expect_silence()
            self._unsent.extend(map(memoryview, frames))
            self._flush()
        except (OSError, ProtocolError) as error:
            self._failure = self._failed(error)

    def receive(self, deadline: float) -> model.Outcome | None:
        """Return the outcome of the next call that was sent, or None for a load that went well.

        The deadline is a `time.monotonic()`. Whatever ends the conversation ends the child.
        """
        if self._failure is not None:
            return self._failure
        try:
            prefix = self._fill(protocol.PREFIX, deadline)
            header, body = protocol.lengths(prefix)
            return _outcome(protocol.unpack(self._fill(header, deadline), self._fill(body, deadline)))
        except (EOFError, OSError, ProtocolError) as error:
            return self._failed(error)

    def _failed(self, error: Exception) -> model.Outcome:
        self.close()
        if isinstance(error, TimeoutError):
            return model.TimedOut()
        if isinstance(error, ProtocolError):
            return model.BadValue(str(error))
        return model.Killed(_how(self._process.exit_code()))

    def _expect_silence(self) -> None:
        if self._readable(0) and self._connection.recv(1, socket.MSG_PEEK):
            raise ProtocolError("answered more often than it was asked")

    def _fill(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            if not self._readable(deadline - time.monotonic()):
                raise TimeoutError
            got = self._connection.recv_into(view[at:])
            if got == 0:
                raise EOFError
            at += got
        return data

    def _readable(self, seconds: float) -> bool:
        """Wait until the socket has something to read; send meanwhile what is unsent, and take in what is printed."""
        end = time.monotonic() + seconds
        while True:
            events = dict(self._poll.poll(max(end - time.monotonic(), 0) * 1000))
            for stream in self._streams:
                if stream in events:
                    self._drain(stream)
            event = events.get(self._connection.fileno(), 0)
            if event & ~select.POLLOUT:
                return True
            if event:
                self._flush()
            if time.monotonic() >= end:
                return False

    def _flush(self) -> None:
        """Send what the socket takes now, and see to it that the rest is sent when it takes more."""
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                sent = self._connection.send(self._unsent[0])
                self._unsent[0] = self._unsent[0][sent:]
                if not self._unsent[0]:
                    self._unsent.popleft()
        wanted = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        self._poll.modify(self._connection.fileno(), wanted)

    def _drain(self, stream: int) -> bool:
        data = os.read(stream, CHUNK)
        self._output.add(data)
        if not data:
            self._poll.unregister(stream)
            self._streams.remove(stream)
            os.close(stream)
        return bool(data)

    def close(self) -> None:
        """End the worker, and take in what it has printed."""
        if not self.alive:
            return
        self.alive = False
        try:
            self._process.kill()
        finally:
            self._connection.close()
            for stream in list(self._streams):
                os.set_blocking(stream, False)
                with contextlib.suppress(BlockingIOError):  # it has not ended yet, or left something behind that prints
                    while self._drain(stream):
                        pass
            for stream in self._streams:
                os.close(stream)


def _how(code: int) -> str:
    if code >= 0:
        return f"it ended the process itself, with exit status {code}"
    if -code == signal.SIGKILL:
        return "it closed its connection"
    names = {int(number): number.name for number in signal.Signals}
    return f"signal {names.get(-code, -code)}"


def _outcome(reply: Any) -> model.Outcome | None:
    """Return what a reply says, if it is one."""
    match reply:
        case {"loaded": True}:
            return None
        case {"returned": value}:
            return model.Returned(value)
        case {"raised": {"type": "MemoryError"}}:
            return model.OutOfMemory()
        case {"raised": {"type": str(kind), "message": str(message), "frames": list(frames)}}:
            return model.Raised(kind[:TEXT], message[:TEXT], tuple(filter(None, map(_frame, frames[-FRAMES:]))))
        case {"missing": list(names)}:
            return model.Missing(tuple(name[:TEXT] for name in names[:FRAMES] if isinstance(name, str)))
        case {"signature": str(signature)}:
            return model.WrongSignature(signature[:TEXT])
        case {"refused": str(reason)}:
            return model.BadValue(reason[:TEXT])
    return model.BadValue("its process sent an answer that is not one")


def _frame(frame: Any) -> model.Frame | None:
    match frame:
        case [str(file), int(line), str(function), str(text)]:
            return model.Frame(file[:TEXT], line, function[:TEXT], text[:LINE])
    return None


def load_request(main: str, files: Mapping[str, bytes], given: Mapping[str, bytes], names: Mapping[str, str]) -> bytes:
    """Return the frame that loads a submission in a child."""
    return protocol.pack({"load": {"main": main, "files": dict(files), "given": dict(given), "names": dict(names)}})


def call_request(function: str, args: list[Any], seed: int, **instructor: Any) -> bytes:
    """Return the frame that calls a function; `instructor` may name a module, kwargs and offers (see `worker`)."""
    return protocol.pack({"call": {"function": function, "args": args, "seed": seed, **instructor}})
