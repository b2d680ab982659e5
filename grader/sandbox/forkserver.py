"""The fork server as the grader uses it: locked children, one after another."""

import json
import math
import os
import socket
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from grader.errors import DiedError, FaultError, LevelError
from grader.model import LEVELS, Level, Limits
from grader.sandbox.client import START_SECONDS, Child, Ended, Output
from grader.sandbox.launch import Zygote
from grader.sandbox.replies import SIGKILL

RECYCLED_AFTER = 1000
"""How many children a zygote forks before another takes its place."""
_LONGEST = 2**16


class _Answer:
    """What the zygote will answer an order with."""

    value: dict[str, Any] | None = None


class ForkServer:
    """A zygote and its orders: children of it begin with numpy imported, locked. Started anew when it dies.

    The zygote works through its orders while the grader goes on: there is always one child in reserve, forked while
    the one before was at work, and nobody waits until a child that was killed is gone. Before its first child each
    zygote forks one that tries to break out (`lockdown`); if it can, or if the zygote does not reach the level that
    is demanded, there are no children at all.

    `functions` is how many functions a child may have to answer for, each with its CPU time. With `kernel`, children
    execute notebooks. `files` are those that lie where a child starts, by their names there. `layers` names the layers
    to put on, whatever they amount to: for tests, and to look at what there is.
    """

    layers: tuple[str, ...] = ()
    """Those that are on; empty until the zygote is there."""
    known: tuple[dict[str, str], ...] = ()
    """Of every layer: name, what, remedy, missing (see `lockdown`)."""
    level = ""
    broken: dict[str, str]
    """Of every layer that a child could break, how. Layers that are off are tried as well."""
    unreadable: str
    """What a child must read (the standard library, a package) and cannot; empty if there is nothing."""

    def __init__(  # noqa: PLR0913  a setting each
        self,
        zygote: Zygote,
        limits: Limits,
        packages: Sequence[str],
        *,
        functions: int = 1,
        kernel: bool = False,
        files: Mapping[str, Path] = MappingProxyType({}),
        demanded: Level = "container",
        layers: Sequence[str] | None = None,
    ) -> None:
        cpu = (limits.cpu_seconds or limits.seconds) * (functions + 1)  # once more for loading
        self._cpu_seconds = math.ceil(cpu) + 1
        self._settings = {
            "packages": packages,
            "memory": limits.memory_mib * 2**20,
            "cpu_seconds": self._cpu_seconds,
            "scratch": limits.scratch_mib * 2**20,
            "layers": layers,
            "kernel": kernel,
        }
        self._files = files
        self._demanded, self._free = demanded, layers is not None
        self._zygote = zygote
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._due: deque[_Answer] = deque()
        self._zygote.control.settimeout(START_SECONDS)
        self._locked = self._begun()
        self._verifying: _Forked | None = _Forked(self, "verify")
        self._reserve = _Forked(self, "fork")
        self._forked = 1

    def _begun(self) -> _Answer:
        """Send the settings, and with them what is in the files."""
        with tempfile.TemporaryFile() as contents:
            sizes = {name: contents.write(path.read_bytes()) for name, path in self._files.items()}
            contents.flush()
            return self._order({**self._settings, "files": sizes}, [contents.fileno()])

    @property
    def apart(self) -> bool:
        """Whether children share neither user nor processes nor files with the grader (see `apart`)."""
        return self._zygote.process is None

    def ready(self) -> None:
        """Wait until a child is there.

        Raises:
            LevelError: the machine does not give the level that is demanded.
            FaultError: the zygote does not answer, even after it was started anew, or what locks it does not hold.
        """
        if self._closed:
            raise FaultError("the sandbox was closed")
        if self._forked > RECYCLED_AFTER or self._zygote.ended or not self._goes_on():
            self._drop()
            self._zygote.close()
            try:
                self._zygote = Zygote(wait=False)
            except OSError as error:
                raise FaultError(str(error)) from error
            self._begin()
            if not self._is_there():
                raise FaultError("the sandbox does not start: its fork server ends or does not answer")

    def _goes_on(self) -> bool:
        try:
            return self._is_there()
        except DiedError:
            return False

    def _is_there(self) -> bool:
        state = self._wait(self._locked)
        if state is None:
            return False
        self.known, self.level = tuple(state["known"]), state["level"]
        self._demand_level()
        if self._verifying:
            child, self._verifying = self._verifying.as_child(Output()), None
            found = child.first()
            child.close()
            self.broken, self.unreadable = found["broken"], found["unreadable"]
            if self.broken and not self._free:
                raise FaultError(f"the sandbox does not hold: {_listed(self.broken)}; see `grader doctor`")
            if self.unreadable and not self._free:
                raise FaultError(
                    f"student code could not read {self.unreadable}: install Python where everybody may read it"
                )
        self.layers = (*(["apart"] if self.apart else ()), *state["layers"])
        return self._wait(self._reserve.pid) is not None

    def _demand_level(self) -> None:
        if self._free or (self.level and LEVELS.index(self.level) >= LEVELS.index(self._demanded)):
            return
        why = _listed({layer["name"]: layer["missing"] for layer in self.known if layer["missing"]})
        got = f"only `{self.level}` can be had here" if self.level else "none can be had here"
        raise LevelError(f"a sandbox of level `{self._demanded}` is demanded, and {got} ({why}): see `grader doctor`")

    def child(self, output: Output) -> Child:
        """Return a new child, whose output is added to `output`.

        Raises:
            LevelError, FaultError: as `ready`.
        """
        self.ready()
        forked, self._reserve = self._reserve, _Forked(self, "fork")
        self._forked += 1
        child = forked.as_child(output)
        child.begin()
        return child

    def _order(self, order: dict[str, Any], descriptors: Sequence[int] = ()) -> _Answer:
        """Send an order, and return where its answer will be."""
        answer = _Answer()
        self._due.append(answer)
        try:
            socket.send_fds(self._zygote.control, [json.dumps(order).encode()], descriptors)
        except ConnectionError:
            pass  # it has ended, so no later order reaches it either; what it said until then is still to be read
        except OSError:  # found out when the answer is awaited; later answers are to other orders
            self._zygote.control.close()
        return answer

    def _wait(self, answer: _Answer) -> dict[str, Any] | None:
        """Return an answer when it is there, or None if the zygote has died.

        Raises:
            FaultError: it cannot lock itself.
            DiedError: it could not do what it was told, and has ended.
        """
        while answer.value is None:
            try:
                message = self._zygote.control.recv(_LONGEST)
            except ConnectionResetError:  # it ended without taking all its orders; that is told once, and first
                continue
            except OSError:
                return None
            if not message:
                return None
            self._due.popleft().value = json.loads(message)
        if "problem" in answer.value:
            if answer is self._locked:
                raise FaultError(f"the sandbox cannot be locked: {answer.value['problem']}")
            raise DiedError(f"the sandbox's fork server cannot go on: {answer.value['problem']}")
        return answer.value

    def _drop(self) -> None:
        for forked in (self._reserve, self._verifying):
            if forked:
                forked.drop()

    def close(self) -> None:
        """End the zygote, and with it every child."""
        self._closed = True
        self._drop()
        self._zygote.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Forked:
    """A child that the zygote was asked for, and our ends of its sockets."""

    def __init__(self, server: ForkServer, order: str) -> None:
        self._server = server
        self._connection, theirs = socket.socketpair()
        self._printed, prints = socket.socketpair()
        with theirs, prints:
            self.pid = server._order({order: True}, [theirs.fileno(), prints.fileno()])
        self._ended: _Answer | None = None

    def as_child(self, output: Output) -> Child:
        return Child(self, self._connection, self._printed, output)

    def drop(self) -> None:
        """Let go of a child that nobody has used."""
        self._connection.close()
        self._printed.close()

    def kill(self, *, ending: bool) -> None:
        answer = self._server._wait(self.pid)
        if answer is not None:
            self._ended = self._server._order({"end": answer["pid"], "ending": ending})

    def ended(self) -> Ended:
        answer = self._server._wait(self._ended) if self._ended else None
        if answer is None:
            raise DiedError("the sandbox's fork server ended in the middle of a submission")
        code, out_of_cpu = os.waitstatus_to_exitcode(answer["status"]), answer["cpu"] >= self._server._cpu_seconds
        out_of_memory = answer["out_of_memory"]
        if answer["had_ended"] and code == -SIGKILL and not (out_of_cpu or out_of_memory):
            raise DiedError(
                "a process of the sandbox was killed by somebody else, or for want of memory on the machine"
            )
        return Ended(code, out_of_memory, out_of_cpu)

    def cpu_seconds(self) -> float:
        pid = self._server._wait(self.pid)
        answer = self._server._wait(self._server._order({"cpu": pid["pid"]})) if pid else None
        if answer is None:
            raise DiedError("the sandbox's fork server ended in the middle of a submission")
        return float(answer["cpu"])


def _listed(reasons: dict[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
