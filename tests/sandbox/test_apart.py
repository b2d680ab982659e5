"""Where students' code has a container of its own, nothing of the grader's is there, whatever walls are up.

Those marked `docker` take both containers, and `tests/docker` runs them there.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import doctor, model
from grader.errors import FaultError
from grader.sandbox import launch
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from tests.sandbox.attacks import ATTACKS
from tests.sandbox.conftest import LEVELS, LIMITS, ROOT

GRADERS = {
    *("secret", "other_submission", "cache", "pickled", "folder", "open_folder", "spec", "reference"),
    *("tcp", "unix", "abstract"),
}
"""Targets that only the grader's container has; numbers of processes and paths of the system mean something in both."""
READS = "def attack(path): return open(path, 'rb').read(100)"


@pytest.mark.docker
@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.target in GRADERS], ids=lambda attack: attack.name)
def test_without_any_wall_nothing_of_the_graders_is_in_reach(attack, attempt):
    """In one container the same attacks get out: `test_without_its_walls_it_gets_out`."""
    out, outcome = attempt(attack, ())
    assert not out, outcome


@pytest.mark.docker
@pytest.mark.parametrize(("name", "out"), [("private", False), ("public", True)])
def test_a_file_in_reach_is_the_graders_users_alone(name, out, loaded, places):
    path = Path("/shared", name)
    assert path.read_text() == "wanted: 42\n"
    outcome = loaded(places.server(()), READS)("attack", str(path))
    assert isinstance(outcome, model.Returned) == out, outcome


@pytest.mark.docker
def test_children_have_another_user_and_say_that_they_are_apart(loaded):
    with ForkServer(Zygote(), LIMITS, ["numpy"]) as server:
        child = loaded(server, "import os\ndef attack(): return os.getuid()")
        assert child("attack") not in {model.Returned(os.getuid()), model.Returned(0)}
        assert server.layers[0] == "apart"
        assert next(iter(doctor._apart(server))).verdict == "PASS"


@pytest.mark.docker
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_contained(attack, attempt):
    if LEVELS["container"].isdisjoint(attack.walls):
        pytest.skip("not promised at the level of a container: what exists can be told, though not opened")
    out, outcome = attempt(attack, LEVELS["container"])
    assert not out, outcome


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Start what serves graders elsewhere, on this machine, and point to it."""
    path = tmp_path / "socket"
    program = [sys.executable, "-m", "grader.sandbox.apart", str(path)]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as serving:
        monkeypatch.setenv(launch.ELSEWHERE, str(path))
        yield serving
        serving.terminate()


def test_a_grader_that_is_not_apart_is_refused(beside):
    with (
        ForkServer(Zygote(), LIMITS, ["numpy"]) as server,
        pytest.raises(FaultError, match="the grader is among the processes that students' code would run beside"),
    ):
        server.ready()
    beside.terminate()
    assert beside.wait(10) == 0


@pytest.mark.skipif(not ROOT, reason="only root can start a process in a namespace of its own, as itself")
def test_a_grader_of_the_same_user_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "socket"
    program = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-m", "grader.sandbox.apart", str(path)]
    monkeypatch.setenv(launch.ELSEWHERE, str(path))
    with subprocess.Popen(program) as serving:
        with (
            ForkServer(Zygote(), LIMITS, ["numpy"]) as server,
            pytest.raises(FaultError, match="the grader has the user number of students' code, 0"),
        ):
            server.ready()
        serving.kill()


def test_who_does_not_listen_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv(launch.ELSEWHERE, str(tmp_path / "socket"))
    monkeypatch.setattr(launch, "CONNECT_SECONDS", 0.1)
    with pytest.raises(OSError, match=r"the sandbox at .*socket \(GRADER_SANDBOX\) does not answer: No such file"):
        Zygote()


def test_what_cannot_listen_says_so(tmp_path):
    program = [sys.executable, "-m", "grader.sandbox.apart", str(tmp_path / "none/socket")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, f"no socket at {tmp_path}/none/socket: No such file or directory\n")


def test_where_it_has_gone_in_the_middle_is_our_fault_and_told_at_once(monkeypatch, tmp_path):
    with ForkServer(Zygote(), LIMITS, ["numpy"]) as server:
        server.ready()
        monkeypatch.setenv(launch.ELSEWHERE, str(tmp_path / "socket"))
        server._zygote.close()
        began = time.monotonic()
        with pytest.raises(FaultError, match="does not answer: No such file or directory"):
            server.ready()
        assert time.monotonic() - began < launch.CONNECT_SECONDS / 2


def test_a_zygote_that_is_closed_has_ended():
    zygote = Zygote()
    assert not zygote.ended
    zygote.control.close()
    assert zygote.ended
    zygote.close()
