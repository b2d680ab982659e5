"""Executes a whole notebook as Jupyter would, in a child of two processes that are locked alike.

    grader ◄── a request, a reply ──► nbclient ◄── sockets in the child's folder ──► kernel, where the student's code is

Both are forks of a zygote that has imported all they need. The kernel starts while its child waits in reserve, and a
child is `ready` when its kernel has answered. It executes one notebook, in a folder with the files that belong to it:

    execute {notebook, files, cell_seconds, seconds}

The reply is `returned` {notebook, cells, ended}, or `raised` where the notebook cannot be read. `cells` has for each
code cell that was begun None, what it raised (type and message) or "timeout"; what fails does not keep later cells from
being run. `ended` is "whole"; "time", when all cells together took too long; "deaf", when one could not be interrupted;
or {"dead": code}, when the kernel ended.

Of a notebook only its sources are executed: its kernelspec and tags are ignored, and its old outputs thrown away.
Nothing here decides anything: the kernel can tell nbclient what it likes. What it cannot is interrupt it; and what
fails in nbclient's process once there is a notebook is not printed, for the student reads what is.
"""

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import socket
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.asynchronous.client import AsyncKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from grader.sandbox import kernel as kernels
from grader.sandbox import protocol
from grader.sandbox.values import RefusedError

TEXT, PICTURES, ALL = 2**20, 4 * 2**20, 16 * 2**20
"""How much is kept of a cell's texts, of its pictures and the like, and of all cells together, in characters."""
CUT = "\n… (cut here: a notebook may not put out more)"
SIZE_OF_AN_OUTPUT = 100
"""What each output counts for besides its text."""
LONGEST_MESSAGE = 2000
"""What is sent of an exception's text, in characters."""
GRACE = 3.0
"""How long a cell may go on when it is interrupted, in seconds."""
START_SECONDS = 50.0
"""How long a kernel may take to start: a little less than the grader waits for a child."""
_OUTPUTS = frozenset(["stream", "display_data", "update_display_data", "execute_result", "error"])


class _Client(AsyncKernelClient):
    """The connection to a kernel that is a process of ours."""

    pid = 0

    def lives(self) -> bool:
        """Tell whether it has not ended."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def code(self) -> int:
        """Return with what it has ended."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    async def is_alive(self) -> bool:
        """Tell nbclient whether it has not ended."""
        return self.lives()

    _async_is_alive = is_alive  # under which name jupyter_client itself asks


class _Run(NotebookClient):
    """The code cells of a notebook, executed one by one; `cells` says what became of each."""

    def __init__(self, sources: list[str], kernel: _Client) -> None:
        cells: list[dict[str, Any]] = [
            {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
            for source in sources
        ]
        notebook = nbformat.from_dict({"cells": cells, "metadata": {}})
        super().__init__(notebook, allow_errors=True, timeout=None, on_cell_error=self._on_error)
        self.kc = kernel
        self.cells: list[Any] = []
        self._raised: list[str] | None = None
        self._used: dict[int, dict[str, int]] = {}

    async def whole(self, cell_seconds: float, seconds: float) -> Any:
        """Execute them, and return how far that came."""
        end = time.monotonic() + seconds
        for index, cell in enumerate(self.nb.cells):
            left = end - time.monotonic()
            if left <= 0:
                return "time"
            self._raised = None
            self.cells.append(None)
            try:
                ended = await self._one(cell, index, min(cell_seconds, left))
            except DeadKernelError:
                return {"dead": self.kc.code()}
            if ended:
                return ended
            self.cells[-1] = self.cells[-1] or self._raised
        return "whole"

    async def _one(self, cell: Any, index: int, seconds: float) -> str:
        task = asyncio.ensure_future(self.async_execute_cell(cell, index))
        if not await _done(task, seconds):
            self.cells[-1] = "timeout"
            os.kill(self.kc.pid, signal.SIGINT)
            if not await _done(task, GRACE):
                task.cancel()
                with contextlib.suppress(DeadKernelError, asyncio.CancelledError):  # which it takes that for
                    await task
                return "deaf"
        task.result()
        return ""

    def _on_error(self, execute_reply: Any, **_cell: Any) -> None:
        content = execute_reply["content"]
        self._raised = [str(content[key])[:LONGEST_MESSAGE] for key in ("ename", "evalue")]

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take in what the kernel says of a cell, as far as there is room."""
        kind, content = msg["msg_type"], msg["content"]
        if kind.startswith("comm"):  # of widgets, which nobody is there to use
            return None
        used = self._used.setdefault(cell_index, {"text": 0, "data": 0})
        if kind == "clear_output":
            del self._used[cell_index]
        if kind in _OUTPUTS:
            if used["text"] >= TEXT:
                return None
            used["text"] += SIZE_OF_AN_OUTPUT
            self._cut(content, used)
        return super().process_message(msg, cell, cell_index)

    def _cut(self, content: Any, used: dict[str, int]) -> None:
        """Cut texts where the room for them ends, and leave out data that there is no room for."""
        for key in {"text", "ename", "evalue"} & content.keys():
            content[key] = self._text(content[key], used)
        if "traceback" in content:
            content["traceback"] = [self._text(line, used) for line in content["traceback"]]
        if "metadata" in content:
            content["metadata"] = {}  # nobody looks at it, and there may be much
        data = content.get("data", {})
        if "text/plain" in data:
            data["text/plain"] = self._text(data["text/plain"], used)
        for media in data.keys() - {"text/plain"}:
            value = data[media]
            if not self._fits(value if isinstance(value, str) else json.dumps(value), used):
                del data[media]
                data["text/plain"] = str(data.get("text/plain", "")) + CUT

    def _text(self, text: str, used: dict[str, int]) -> str:
        kept = text[: max(min(TEXT - used["text"], self._room()), 0)]
        used["text"] = TEXT if len(kept) < len(text) else used["text"] + len(text)
        return kept if len(kept) == len(text) else kept + CUT

    def _fits(self, data: str, used: dict[str, int]) -> bool:
        fits = len(data) <= min(PICTURES - used["data"], self._room())
        used["data"] += len(data) * fits
        return fits

    def _room(self) -> int:
        """Return how much the cells may still put out together."""
        return ALL - sum(sum(used.values()) for used in self._used.values())


async def _done(task: asyncio.Task[Any], seconds: float) -> bool:
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)


def serve(connection: socket.socket, pid: int) -> None:
    """Answer one request with the kernel that is this process."""
    logging.disable()  # what Jupyter complains of, the reply says
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve(connection, pid))


async def _serve(connection: socket.socket, pid: int) -> None:
    kernel = _Client()
    kernel.pid = pid
    kernel.load_connection_info(kernels.connection())
    kernel.start_channels(hb=False)
    kernel.allow_stdin = False
    await kernel.wait_for_ready(timeout=START_SECONDS)
    connection.sendall(protocol.pack({"ready": True}))
    try:
        request = protocol.receive(connection)["execute"]
    except EOFError:
        return
    sys.stdout = sys.stderr = io.StringIO()  # a traceback would name folders of this machine
    connection.sendall(await _reply(kernel, **request))


async def _reply(kernel: _Client, notebook: bytes, files: dict[str, bytes], **seconds: float) -> bytes:
    _write(files)
    try:
        document = nbformat.reads(notebook.decode("utf-8-sig"), as_version=4)
        cells = [cell for cell in document.cells if cell.cell_type == "code"]
        run = _Run([cell.source for cell in cells if cell.source.strip()], kernel)
    except Exception as error:
        reason = {"type": type(error).__name__, "message": str(error)[:LONGEST_MESSAGE], "frames": [], "refused": False}
        return protocol.pack({"raised": reason})
    try:
        ended = await run.whole(**seconds)
        _fill(cells, run.nb.cells)
        executed = nbformat.v4.writes(document, split_lines=False).encode("utf-8", "backslashreplace")
        return protocol.pack({"returned": {"notebook": executed, "cells": run.cells, "ended": ended}})
    except RefusedError as error:
        return protocol.pack({"too_large": str(error)})
    except MemoryError:
        raise
    except Exception as error:  # nbclient's, at a message that is none
        return protocol.pack({"unreadable": f"{type(error).__name__} while its kernel was listened to"})


def _write(files: dict[str, bytes]) -> None:
    for path, data in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)


def _fill(cells: list[Any], executed: list[Any]) -> None:
    """Put what was put out in the place of what a notebook came with."""
    results = iter(executed)
    for cell in cells:
        result = next(results) if cell.source.strip() else {"outputs": [], "execution_count": None}
        cell.outputs, cell.execution_count = result["outputs"], result["execution_count"]
