"""Where the sandbox's tests run: at every level that this machine and this user have, and without a sandbox."""

import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import grader
import reference
from grader import model
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


@pytest.fixture(scope="session")
def targets(tmp_path_factory):
    """Return what attacks aim at, by name: files of this user's, sockets that listen, a process that waits."""
    home = tmp_path_factory.mktemp("home")
    files = {"secret": b"secret", "other_submission": b"zeros = 0", "cache": b"{wanted}", "pickled": pickle.dumps([1])}
    for name, data in files.items():
        (home / name).write_bytes(data)
        (home / name).chmod(0o600)
    open_to_all = tempfile.TemporaryDirectory()  # whatever another run of pytest does to its own folders meanwhile
    shared = Path(open_to_all.name)
    (shared / "theirs").write_bytes(b"")
    shared.chmod(0o777)
    tcp, unix, abstract = (
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(socket.AF_UNIX),
        socket.socket(socket.AF_UNIX),
    )
    unix.bind(str(shared / "socket"))
    (shared / "socket").chmod(0o777)
    abstract.bind(f"\0proofgrade-{os.getpid()}")
    for listening in (unix, abstract):
        listening.listen()
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    yield {
        "etc": "/etc/passwd",
        **{name: str(home / name) for name in files},
        "folder": str(home),
        "open_folder": str(shared),
        "shm": f"/dev/shm/proofgrade-{os.getpid()}-",  # noqa: S108  which is what is tried
        "spec": str(Path(reference.__file__).parents[1] / "assignments/naive_em/assignment.yaml"),
        "reference": str(Path(reference.__file__).parent / "naive_em.py"),
        "engine": str(Path(grader.__file__).parent / "engine.py"),
        **{name: f"/proc/{victim.pid}/{name}" for name in ("maps", "environ", "cmdline")},
        "tcp": list(tcp.getsockname()),
        "unix": str(shared / "socket"),
        "abstract": f"\0proofgrade-{os.getpid()}",
        "victim": victim.pid,
    }
    victim.kill()
    victim.wait()
    for listening in (tcp, unix, abstract):
        listening.close()
    open_to_all.cleanup()
    for path in Path("/dev/shm").glob(f"proofgrade-{os.getpid()}-*"):  # noqa: S108
        path.unlink()


@pytest.fixture
def attempt(places, loaded, targets):
    """Load an attack in a child with these layers, and tell whether it gets out."""

    def attempt(attack, layers):
        (Path(targets["open_folder"]) / "theirs").touch()
        child = loaded(places.server(layers), attack.source)
        outcome = child("attack", *([targets[attack.target]] if attack.target else []))
        child.child.close()
        return isinstance(outcome, model.Returned) and bool(outcome.value), outcome

    return attempt


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
