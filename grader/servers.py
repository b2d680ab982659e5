"""Where submissions run: in the strongest sandbox that this machine has, or where that is asked for, in none."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from grader.errors import FaultError, LevelError
from grader.model import LEVELS, Level, Sandbox
from grader.sandbox.client import Child, Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.spawned import Spawner
from grader.spec import Spec

Files = Mapping[str, Path]
NONE: Files = MappingProxyType({})
CELL_TIMES = 6
"""How many times as long as one function all cells of a notebook may take together."""


class Server(Protocol):
    """What starts a process for each submission."""

    @property
    def layers(self) -> tuple[str, ...]:
        """What is around them."""

    def ready(self) -> None:
        """Wait until it can."""

    def child(self, output: Output) -> Child:
        """Start one; what it prints is added to `output`."""

    def close(self) -> None:
        """End them all."""


@contextmanager
def for_a_class(
    spec: Spec, zygotes: Sequence[Zygote], sandbox: Sandbox | None, jobs: int, files: Files = NONE
) -> Iterator[list[Server]]:
    """Open a server for each of so many submissions at a time, and close them in the end; none where there is no code.

    `files` are those that lie where a submission is run, by their names there.

    Raises:
        LevelError: the assignment demands a sandbox, and a plain process was asked for; or this system has none.
    """
    with ExitStack() as stack:
        if not spec.submission.code:  # answers alone: nothing of them is run
            yield []
            return
        if sandbox == "process":
            if "sandbox" in spec.model_fields_set:
                raise LevelError(f"{spec.name} demands a sandbox of level `{spec.sandbox}`, and a process is none")
            yield [stack.enter_context(Spawner(spec.limits, spec.packages, files)) for _ in range(jobs)]
            return
        if not zygotes:
            raise LevelError("a sandbox needs Linux; `--sandbox process` grades without one, at your own risk")
        demanded = max(spec.sandbox, sandbox or spec.sandbox, key=LEVELS.index)
        yield [stack.enter_context(_fork_server(spec, zygote, demanded, files)) for zygote in zygotes]


@contextmanager
def for_a_check(spec: Spec, zygotes: Sequence[Zygote], files: Files = NONE) -> Iterator[list[Server]]:
    """Open a server for one's own work: a sandbox where there is one, else a process."""
    if not spec.submission.code:
        yield []
        return
    server = _Either(spec, zygotes[0], files) if zygotes else Spawner(spec.limits, spec.packages, files)
    try:
        yield [server]
    finally:
        server.close()


def _fork_server(spec: Spec, zygote: Zygote, demanded: Level, files: Files) -> ForkServer:
    functions = len(spec.functions) + (CELL_TIMES if spec.submission.notebook else 0)
    return ForkServer(zygote, spec.limits, spec.packages, functions=functions, files=files, demanded=demanded)


class _Either:
    """A fork server, or where none can be locked, plain processes."""

    def __init__(self, spec: Spec, zygote: Zygote, files: Files) -> None:
        self._spec, self._files = spec, files
        self._server: Server = _fork_server(spec, zygote, "container", files)

    @property
    def layers(self) -> tuple[str, ...]:
        return self._server.layers

    def ready(self) -> None:
        try:
            self._server.ready()
        except FaultError:
            self._server.close()
            self._server = Spawner(self._spec.limits, self._spec.packages, self._files)

    def child(self, output: Output) -> Child:
        return self._server.child(output)

    def close(self) -> None:
        self._server.close()
