"""Where the sandbox's tests run: at every level that this machine and this user have, and without a sandbox."""

import os
import time

import pytest

from grader.model import Limits
from grader.sandbox.client import Deadline, Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.lockdown import LAYERS
from grader.sandbox.requests import call_request, load_request
from grader.sandbox.spawned import Spawner

ROOT = os.geteuid() == 0
LEVELS = {"namespaces": frozenset(LAYERS), "container": frozenset(LAYERS) - {"namespaces"}}
"""By what a level stands on, its layers: as root these are `root` and the layers of a container that runs as root."""
LIMITS = Limits(memory_mib=256)


def soon(seconds=10.0):
    return Deadline(time.monotonic() + seconds)


class Places:
    """Fork servers by their layers, started when they are first needed."""

    def __init__(self):
        self.servers = {}
        with ForkServer(Zygote(), LIMITS, ["numpy"], layers=LAYERS) as server:
            server.ready()
            self.offered = frozenset(server.layers)
            self.missing = {layer["name"]: layer["missing"] for layer in server.known if layer["missing"]}

    def server(self, layers, limits=LIMITS):
        """Return a fork server with these layers, as far as this machine has them."""
        key = (frozenset(layers) & self.offered, limits)
        if key not in self.servers:
            self.servers[key] = ForkServer(
                Zygote(), limits, ["numpy"], functions=5, layers=sorted(key[0], key=LAYERS.index)
            )
        return self.servers[key]

    def need(self, layer):
        if layer not in self.offered:
            pytest.skip(f"this machine or user has no {layer}: {self.missing[layer]}")

    def close(self):
        for server in self.servers.values():
            server.close()


@pytest.fixture(scope="session")
def places():
    places = Places()
    yield places
    places.close()


@pytest.fixture(scope="session", params=["namespaces", "container", "process"])
def place(request, places):
    """A server at each level, and the one that is no sandbox."""
    if request.param == "process":
        with Spawner(LIMITS, ["numpy"]) as spawner:
            yield spawner
        return
    if request.param == "namespaces":
        places.need("namespaces")
    places.need("landlock")
    yield places.server(LEVELS[request.param])


class Loaded:
    """A source that is loaded in a child of its own."""

    def __init__(self, server, source, given=b"", limits=LIMITS):
        self.output = Output()
        self.limits = limits
        self.child = server.child(self.output)
        source = source if isinstance(source, bytes) else source.encode()
        frame = load_request("work.py", {"work.py": source}, {"common.py": given}, {"np": "numpy"})
        self.loading = self.child.ask(frame, soon())

    def __call__(self, function, *args, seed=0, seconds=10.0, cpu_seconds=None):
        if self.loading is not None:
            return self.loading
        deadline = self.child.deadline(time.monotonic() + seconds, cpu_seconds)
        return self.child.ask(call_request(function, list(args), seed), deadline)


@pytest.fixture
def loaded():
    """Load a source in a new child of a server; all are ended after the test."""
    children = []

    def load(server, source, given=b""):
        children.append(Loaded(server, source, given))
        return children[-1]

    yield load
    for one in children:
        one.child.close()
