"""Each way out is shut at every level, by each of its walls alone; and with all of these down it is open."""

import os
import pickle
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import grader
import reference
from grader import model
from grader.sandbox.lockdown import LAYERS
from tests.sandbox.attacks import ATTACKS, ROOT
from tests.sandbox.conftest import LEVELS


@pytest.fixture(scope="module")
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


def named(attack):
    return attack.name


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_an_attack_is_contained(attack, level, attempt, places):
    places.need("landlock")
    if level == "namespaces":
        places.need("namespaces")
    if LEVELS[level].isdisjoint(attack.walls):
        pytest.skip("not promised at the level of a container: what exists can be told, though not opened")
    out, outcome = attempt(attack, LEVELS[level])
    assert not out, outcome


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_each_of_its_walls_stops_it_alone(attack, attempt, places):
    for wall in attack.walls:
        if wall in places.offered and lockable(places.offered - set(attack.walls) | {wall}):
            out, outcome = attempt(attack, places.offered - set(attack.walls) | {wall})
            assert not out, (wall, outcome)


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_without_its_walls_it_gets_out(attack, attempt, places):
    if attack.only_root and not ROOT:
        pytest.skip("an ordinary user may not do that, with walls or without")
    out, outcome = attempt(attack, places.offered - set(attack.walls))
    assert out, outcome


def lockable(layers):
    """Tell whether these layers can be put on: an ordinary user needs `privileges` for some of them."""
    return ROOT or "privileges" in layers or "namespaces" in layers or not layers & {"landlock", "seccomp"}


def test_every_layer_is_a_wall_to_something():
    assert set(LAYERS) - {wall for attack in ATTACKS for wall in attack.walls} == {"cgroup"}
