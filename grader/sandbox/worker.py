"""Answers calls, in a student's child and in the instructor's worker alike.

    load {main, files, given, names}   a submission, from the bytes in the request
    load {main, paths}                 an instructor's module, from folders and what is installed
    cell {name, source}                a notebook's cell, in the namespace of the loaded module
    value {source}                     what an expression is in that namespace
    call {function, module, args, kwargs, offers, seed, proxies, echo}
    parameters {function}              the names of what a function takes, in their order
    rounds {steps, state, number, times, seed}   a number after each round of [function, names of its args, returns]

The first thing it sends is `ready`. A reply is a dict with one key: `loaded`, `returned` (the value), `raised` (type,
message, frames, and whether the sandbox refused what was tried), `missing` (the functions that are there), `signature`
(of a function that does not take these arguments), `too_large` or `unreadable` (why the value cannot be sent). With
`echo` the arguments come back too, as they are `after` the call. Nothing here decides anything: the client believes no
reply further than its form.

While it runs, a call may ask in its turn: each function of `proxies` is replaced, for good, by one that sends `asks`
(function, args, kwargs) and waits for `value` or `error`, so that what answers is somewhere else.
"""

import contextlib
import errno
import functools
import importlib
import inspect
import os
import random
import socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grader.sandbox import protocol
from grader.sandbox.cells import Cells
from grader.sandbox.modules import Library, Source, build, loaded_packages, resolve
from grader.sandbox.values import Record, RefusedError

Reply = dict[str, Any]

LONGEST_MESSAGE = 2000
"""What is sent of an exception's text, in characters."""
HERE = str(Path(__file__).parent)
REFUSALS = frozenset({errno.EPERM, errno.EACCES, errno.EROFS})
"""What the kernel says when the sandbox stops something."""
MOST_FRAMES = 8
"""How many of the innermost stack frames are sent."""

OUT_OF_MEMORY: Reply = {"raised": {"type": "MemoryError", "message": "", "frames": [], "refused": False}}


class Worker:
    """What has been loaded, and how to answer; `locked` where a sandbox is around it."""

    def __init__(self, connection: socket.socket, *, locked: bool) -> None:
        self.connection, self.locked = connection, locked
        self.main = ""
        self.imports: Library | None = None
        self.given: list[str] = []
        self.cells: Cells | None = None
        self._answers: dict[str, Callable[..., Reply]] = {
            "load": self._load, "cell": self._cell, "value": self._value, "call": self._call, "rounds": self._rounds,
            "parameters": self._parameters,
        }  # fmt: skip

    def answer(self, request: dict[str, Any]) -> Reply:
        """Return the reply to a request; whatever the code that it runs raises is in the reply."""
        try:
            ((what, details),) = request.items()
            return self._answers[what](**details)
        except MemoryError as error:
            traceback.clear_frames(error.__traceback__)  # what they hold is what memory is full of
            return OUT_OF_MEMORY
        except BaseException as error:
            return {"raised": self._describe(error)}

    def _load(self, main: str, given: Any, paths: list[str] | None = None, **submission: Any) -> Reply:
        if paths is not None:
            sys.path[:0] = paths
            self.main, self.given = main, list(given)
        else:
            self.imports = Library(main, given=given, packages=loaded_packages(), **submission)
            sys.meta_path.insert(0, self.imports)
            ours = [name for name in sys.modules if name.partition(".")[0] == "grader"]
            for name in (*ours, *self.imports.own_names):  # a file of the submission's comes before the library's
                sys.modules.pop(name, None)
            self.main = self.imports.main
        importlib.import_module(self.main)
        return {"loaded": True}

    def _cell(self, name: str, source: bytes) -> Reply:
        if self.cells is None:
            self.cells = Cells(vars(sys.modules[self.main]))
        if self.imports:
            self.imports.own[name] = Source(name, source)
        self.cells.run(name, source)
        return {"loaded": True}

    def _value(self, source: str) -> Reply:
        return {"returned": eval(source, vars(sys.modules[self.main]))}  # noqa: S307  as its cells are

    def build(self, record: Record) -> Any:
        """Return what a record in a request stands for."""
        return self.imports.build(record) if self.imports else build(record, self.given, resolve)

    def _call(
        self,
        function: str,
        args: list[Any],
        seed: int,
        module: str | None = None,
        kwargs: dict[str, Any] | None = None,
        offers: dict[str, Any] | None = None,
        proxies: list[str] | None = None,
        *,
        echo: bool = False,
    ) -> Reply:
        home = importlib.import_module(module or self.main)
        target = getattr(home, function, None)
        if module is not None and target is not None and not callable(target):
            return {"returned": target}  # a table of the instructor's
        if not callable(target):
            return {"missing": sorted(name for name, value in vars(home).items() if inspect.isfunction(value))}
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002  the submission may use the global generator
        kwargs = kwargs or {}
        if offers is not None:
            kwargs = {**_wanted(target, {"rng": np.random.default_rng(seed), **offers}), **kwargs}
        self._replace(home, proxies or [])
        try:
            reply = {"returned": target(*args, **kwargs)}
        except TypeError:
            signature = _misfit(target, args, kwargs)
            if signature:
                return {"signature": signature}
            raise
        return reply | {"after": args} if echo else reply

    def _parameters(self, function: str) -> Reply:
        return {"returned": [*inspect.signature(getattr(sys.modules[self.main], function)).parameters]}

    def _rounds(self, steps: list[list[Any]], state: dict[str, Any], number: str, times: int, seed: int) -> Reply:
        numbers = []
        for _ in range(times):
            for function, args, returns in steps:
                value = self._call(function, [state[name] for name in args], seed)["returned"]
                state.update(zip(returns, value if len(returns) > 1 else [value], strict=True))
            numbers.append(float(np.asarray(state[number]).item()))
        return {"returned": numbers}

    def _replace(self, home: Any, names: list[str]) -> None:
        """Put a proxy in the place of each function, for good, under whatever name the submission's modules know it."""
        modules = [home, *(sys.modules[name] for name in self._own_names() if name in sys.modules)]
        for name in names:
            proxy = functools.partial(self._consult, name)
            original = vars(home).get(name, proxy)
            for module in modules:
                known = [alias for alias, value in vars(module).items() if value is original]
                vars(module).update(dict.fromkeys(known, proxy))
            vars(home)[name] = proxy

    def _own_names(self) -> set[str]:
        return self.imports.own_names - {self.main} if self.imports else set()

    def _consult(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Ask the other side for what a function returns."""
        try:
            say(self.connection, {"asks": {"function": function, "args": list(args), "kwargs": kwargs}})
        except RefusedError as error:
            raise ValueError(f"the arguments of {function} cannot be sent: {error}") from error
        answer = protocol.receive(self.connection, self.build)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["value"]

    def _describe(self, error: BaseException) -> dict[str, Any]:
        frames = [[*place, self._line(*place)] for place in deque(self._frames(error), MOST_FRAMES)]
        if isinstance(error, SyntaxError):
            frames.append([str(error.filename), error.lineno or 0, "", str(error.text or "").strip()])
        refused = self.locked and _was_refused(error)
        return {"type": type(error).__name__, "message": _text(error), "frames": frames, "refused": refused}

    def _frames(self, error: BaseException) -> Iterator[tuple[str, int, str]]:
        """Yield file, line and function of the frames in the submission, or of all in a trusted worker."""
        own = self.imports.own if self.imports else None
        for frame, line in traceback.walk_tb(error.__traceback__):
            code = frame.f_code
            if code.co_filename in own if own is not None else not code.co_filename.startswith(HERE):
                yield code.co_filename, line or 0, code.co_name

    def _line(self, filename: str, number: int, _function: str) -> str:
        source = self.imports.own.get(filename) if self.imports else None
        lines = source.data.splitlines()[number - 1 : number] if source else []
        return lines[0].decode("utf-8", "replace").strip() if lines else ""


def _was_refused(error: BaseException) -> bool:
    """Tell whether it is what the sandbox answers with, or was raised while such an error was handled."""
    with contextlib.suppress(BaseException):  # of a student's own exception, which may be anything
        for _ in range(MOST_FRAMES):
            if isinstance(error, socket.gaierror) or (isinstance(error, OSError) and error.errno in REFUSALS):
                return True
            if type(error) is RuntimeError and error.args == ("can't start new thread",):
                return True
            if error.__context__ is None:
                return False
            error = error.__context__
    return False


def _text(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        return str(text)[:LONGEST_MESSAGE]
    except BaseException:
        return "its message cannot be shown"


def _wanted(target: Callable[..., Any], offers: dict[str, Any]) -> dict[str, Any]:
    """Return those of the offered keyword arguments that an instructor's function has a parameter for."""
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in offers.items() if name in parameters}


def _misfit(target: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> str:
    """Return the signature of a function that does not take these arguments, else an empty string."""
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        names = (str(parameter.replace(annotation=parameter.empty)) for parameter in signature.parameters.values())
        return f"({', '.join(names)})"
    return ""


def say(connection: socket.socket, value: Any) -> None:
    """Send a value."""
    connection.sendall(protocol.pack(value))


def serve(connection: socket.socket, *, locked: bool) -> None:
    """Answer the requests that come over a socket until the other side closes it."""
    worker = Worker(connection, locked=locked)
    streams = (sys.stdout, sys.stderr)
    say(connection, {"ready": True})
    while True:
        try:
            request = protocol.receive(connection, worker.build)
        except EOFError:
            return
        frame = packed(worker.answer(request))
        with contextlib.suppress(Exception):  # a submission may have closed or replaced them
            for stream in streams:
                stream.flush()
        connection.sendall(frame)


def packed(reply: Reply) -> bytes:
    """Return the frame of a reply, or of why it cannot be sent."""
    try:
        return protocol.pack(reply)
    except RefusedError as error:
        return protocol.pack({"too_large": str(error)})
    except MemoryError:
        return protocol.pack(OUT_OF_MEMORY)
    except BaseException as error:  # a value's own methods, which took part in taking it apart
        return protocol.pack({"unreadable": f"{type(error).__name__} while it was read"})


def main() -> None:
    """Serve without a sandbox: on two sockets, one for what is printed, that the arguments number; preload the rest."""
    connection, printed = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    if sys.platform == "win32":  # where a socket is no file
        sys.stdout = sys.stderr = printed.makefile("w", encoding="utf-8", errors="backslashreplace")
    else:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(printed.fileno(), stream.fileno())
    for package in sys.argv[3:]:
        importlib.import_module(package)
    loaded_packages()
    threading.Thread(target=_end_with, args=[printed], daemon=True).start()
    serve(connection, locked=False)


def _end_with(other: socket.socket) -> None:
    """End this process, whatever it computes, when the other end is gone, over which nothing is ever sent to it."""
    with contextlib.suppress(OSError):
        other.recv(1)
    os._exit(0)
