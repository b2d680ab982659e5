"""Whether this machine can hold student code: each layer and each limit, by trying to break it."""

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from grader import model
from grader.model import Limits
from grader.sandbox.client import Child, Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.requests import call_request, load_request

Verdict = Literal["PASS", "FAIL", "SKIPPED"]

WIDTH = 100
_SECONDS = 0.5
_LIMITS = Limits(seconds=_SECONDS, memory_mib=64)
_SOURCE = b"""
import time

def hoard():
    kept = []
    while True:
        kept.append(bytes(b"1") * 2**20)

def compute():
    while True:
        pass

def sleep():
    time.sleep(60)

def chatter():
    while True:
        print("x" * 10_000)
"""
_ATTEMPTS: dict[str, tuple[str, Callable[[Child], model.Outcome | None], model.Outcome]] = {
    "memory": ("use more than its memory", lambda child: _call(child, "hoard", 30), model.OutOfMemory()),
    "time": ("sleep past its deadline", lambda child: _call(child, "sleep", _SECONDS), model.TimedOut()),
    "CPU time": ("compute for ever", lambda child: _call(child, "compute", 30, _SECONDS), model.TimedOut(cpu=True)),
    "output": ("print without end", lambda child: _call(child, "chatter", 30), model.Flooded()),
}
"""By limit: what is tried, how, and the outcome with which it must end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one layer or limit."""

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""


def examine() -> tuple[str, list[Finding]]:
    """Return the level that this machine gives, empty if none holds, and what was found of each layer and limit.

    Raises:
        FaultError: the fork server does not start, or cannot lock itself.
    """
    if sys.platform != "linux":
        found = Finding("sandbox", "SKIPPED", f"there is none on {sys.platform}", "grade on Linux or in a container")
        return "", [found]
    from grader.sandbox.lockdown import LAYERS  # noqa: PLC0415  made of what only Linux has

    with Zygote() as zygote, ForkServer(zygote, _LIMITS, ["numpy"], layers=LAYERS) as server:
        server.ready()
        findings = [*_apart(server), *_layers(server), *_readable(server), *_limits(server)]
        return "" if any(finding.verdict == "FAIL" for finding in findings) else server.level, findings


def _apart(server: ForkServer) -> Iterator[Finding]:
    """Find whether it is elsewhere, which only matters where it has no namespaces; who serves there has tried it."""
    if server.apart:
        yield Finding("apart", "PASS", "out of reach: whatever the grader's container and user have")
    elif server.level == "container":
        remedy = "run students' code in a container of its own, as docker/compose.yaml does"
        yield Finding("apart", "SKIPPED", "student code has the grader's user and container", remedy)


def _layers(server: ForkServer) -> Iterator[Finding]:
    for layer in server.known:
        name = layer["name"]
        if layer["missing"]:
            yield Finding(name, "SKIPPED", layer["missing"], layer["remedy"])
        elif name in server.broken:
            yield Finding(name, "FAIL", f"student code {server.broken[name]}", layer["remedy"])
        else:
            yield Finding(name, "PASS", f"out of reach: {layer['what']}")


def _readable(server: ForkServer) -> Iterator[Finding]:
    if server.unreadable:
        text = f"student code could not read {server.unreadable}, which it needs"
        yield Finding("files", "FAIL", text, "install Python where everybody may read it")


def _limits(server: ForkServer) -> Iterator[Finding]:
    for name, (tried, attempt, wanted) in _ATTEMPTS.items():
        child = server.child(Output())
        load = load_request("doctor.py", {"doctor.py": _SOURCE}, {}, {})
        loading = child.ask(load, child.deadline(time.monotonic() + 30, None))
        outcome = attempt(child) if loading is None else loading
        child.close()
        if outcome == wanted:
            yield Finding(name, "PASS", f"is ended when it tries to {tried}")
        else:
            yield Finding(name, "FAIL", f"tried to {tried}: {outcome}", "tell us: this should work on every machine")


def _call(child: Child, function: str, seconds: float, cpu_seconds: float | None = None) -> model.Outcome | None:
    return child.ask(call_request(function, [], 0), child.deadline(time.monotonic() + seconds, cpu_seconds))


def render(level: str, findings: list[Finding]) -> str:
    """Return the findings as text, a line each and one for the remedy."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict:<8} {finding.name:<12} {finding.text}")
        if finding.remedy:
            lines += textwrap.wrap(f"→ {finding.remedy}", WIDTH, initial_indent=" " * 22, subsequent_indent=" " * 24)
    if level:
        lines.append(f"A class can be graded here: the sandbox is of level `{level}`.")
    else:
        lines.append("No class can be graded here safely. `grader check` works everywhere, for one's own code.")
    return "\n".join(lines) + "\n"
