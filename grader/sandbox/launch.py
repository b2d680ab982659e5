"""Start the sandbox's processes. Light to import, so that a zygote can start while the grader still does."""

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Self

END_SECONDS = 5.0
"""How long a zygote may take to clean up when it is told to end."""


class Zygote:
    """A fork server that is starting: its process, and the socket over which it takes orders."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-sP", "-X", "utf8", "-c", _program("grader.sandbox.zygote"), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the grader, which ends the others
            )

    def close(self) -> None:
        """End the zygote, and with it every child."""
        self.control.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def trusted_worker() -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """Start a worker for the instructor's own Python; return its process, its socket and what it prints into."""
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", "-c", _program("grader.sandbox.worker"), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=write,
            start_new_session=True,
        )
    os.close(write)
    return process, ours, read


def _program(module: str) -> str:
    """Return the program that runs a module of this very grader, with the numpy that is installed here."""
    numpy = find_spec("numpy")
    ours = str(Path(__file__).parents[2])
    theirs = str(Path(numpy.origin).parents[1]) if numpy and numpy.origin else ours
    return f"import sys; sys.path.insert(0, {ours!r}); sys.path.append({theirs!r}); from {module} import main; main()"
