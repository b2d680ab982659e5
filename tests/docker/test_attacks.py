"""The attacks of `tests/sandbox`, in containers: in one that is locked, with namespaces in it, and in two."""

import os
import re

import pytest

from tests.conftest import ROOT
from tests.docker.engine import LOCKED
from tests.sandbox.attacks import ATTACKS

pytestmark = pytest.mark.docker


def passed(done):
    """Return how many tests passed, of a run in which none failed."""
    assert done.returncode == 0, done.stdout[-5000:]
    return int(re.search(r"(\d+) passed", done.stdout).group(1))


PROFILES = {"the engine's": "", "ours": f"seccomp={ROOT}/docker/seccomp.json", "none": "seccomp=unconfined"}


@pytest.mark.parametrize("profile", PROFILES)
def test_no_attack_gets_out_of_a_container(profile, docker, testing):
    """Where the engine has no profile that stands behind our walls, each gets out as soon as these are down."""
    options = ["--security-opt", PROFILES[profile]] if PROFILES[profile] else []
    tests = [] if profile == "none" else ["-k", "not without"]
    done = docker.docker("run", *LOCKED, *options, testing, "tests/sandbox/test_attacks.py", *tests, check=False)
    levels = 1 if profile == "the engine's" else 2
    assert passed(done) > len(ATTACKS) * (levels + (profile == "none"))
    assert ("has no namespaces" in done.stdout) == (levels == 1)


def test_with_two_containers_a_child_is_another_user_with_nothing_of_the_graders_in_reach(docker, testing, tmp_path):
    for name, mode in (("private", 0o600), ("public", 0o644)):
        (tmp_path / name).write_text("wanted: 42\n")
        (tmp_path / name).chmod(mode)
        os.chown(tmp_path / name, 1000, 1000)
    tmp_path.chmod(0o755)
    compose = ["docker-compose", "-f", "docker/compose.yaml", "-f", "tests/docker/split.yaml"]
    env = {"SHARED": str(tmp_path), "SUBMISSIONS": str(tmp_path), "RESULTS": str(tmp_path)}
    done = docker.run(
        *compose, "run", "--rm", "-T", "grade", "-m", "docker", "tests/sandbox/test_apart.py", check=False, **env
    )
    docker.run(*compose, "down", "-v", **env)
    assert passed(done) > len(ATTACKS)
