"""The package for Gradescope, in a container as Gradescope makes it: root's, with the engine's usual rights."""

import json

import pytest

from tests import gradescope_machine as machine
from tests.conftest import ROOT
from tests.docker.engine import BASE
from tests.test_cli import grader

pytestmark = pytest.mark.docker
SAMPLES = ROOT / "assignments/naive_em/samples"
THIEF = """
import pathlib
def attempt(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""
def write(path):
    try:
        pathlib.Path(path).write_text('{"score": 3}')
        return "written"
    except OSError:
        return ""
print("stolen:", attempt("/autograder/source/assignment/assignment.yaml")[:20], write("/autograder/results/results.json"))
"""


@pytest.fixture(scope="module")
def autograder(docker, tmp_path_factory):
    """A container in which the package was set up, with no Python of its own before."""
    folder = tmp_path_factory.mktemp("gradescope")
    done = grader("package", "gradescope", "naive_em", "--to", folder / "autograder.zip", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    root = machine.lay_out(folder / "autograder.zip", folder / "autograder")
    (folder / "Dockerfile").write_text(
        f"FROM {BASE}\nRUN apt-get purge -qq -y --auto-remove 'python3*' libpython3-stdlib\n"
    )
    docker.docker("build", "-t", "without-python", folder)
    run = ["run", "-d", "--init", "--network", "host", "-v", f"{root}:/autograder", "without-python", "sleep", "600"]
    name = docker.docker(*run).stdout.strip()
    docker.docker("exec", name, "/autograder/source/setup.sh")
    yield name, root
    docker.docker("rm", "-f", name)


def graded(docker, autograder, *files):
    name, root = autograder
    machine.hand_in(root, {path.name: path.read_bytes() for path in files})
    done = docker.docker("exec", "-w", "/autograder/submission", name, "/autograder/run_autograder", check=False)
    return done, json.loads((root / "results/results.json").read_text())


@pytest.mark.parametrize("sample", ["right_vectorised", "wrong_axis", "wrong_syntax", "wrong_variance_not_by_d"])
def test_a_submission_gets_there_what_it_gets_here(sample, docker, autograder, tmp_path):
    done, told = graded(docker, autograder, SAMPLES / sample / "naive_em.py")
    assert done.returncode == 0, done.stderr
    assert "Kept in by: rlimits, privileges, landlock, descriptors, seccomp" in done.stdout
    here = grader("grade", "naive_em", SAMPLES / sample, "--jsonl", "-", cwd=ROOT)
    assert told["score"] == json.loads(here.stdout)["score"]


def test_a_thief_gets_nothing(docker, autograder, tmp_path):
    right = (SAMPLES / "right_vectorised/naive_em.py").read_text()
    (tmp_path / "naive_em.py").write_text(THIEF + right)
    done, told = graded(docker, autograder, tmp_path / "naive_em.py")
    assert (done.returncode, told["score"]) == (0, 3.0)
    assert "stolen:  \n" in done.stdout


def test_the_thief_would_have_got_it_outside_of_the_sandbox(docker, autograder, tmp_path):
    name, root = autograder
    (root / "thief.py").write_text(THIEF)
    done = docker.docker("exec", name, "/autograder/venv/bin/python", "/autograder/thief.py")
    assert done.stdout.startswith("stolen: # yaml-language")
    assert done.stdout.endswith("written\n")


def test_without_a_sandbox_nobody_is_graded(docker, autograder):
    """An engine's container may have fewer rights than the sandbox takes."""
    _, root = autograder
    machine.hand_in(root, {"naive_em.py": (SAMPLES / "right_vectorised/naive_em.py").read_bytes()})
    run = [
        "run",
        "--rm",
        "--cap-drop",
        "ALL",
        "-v",
        f"{root}:/autograder",
        "without-python",
        "/autograder/run_autograder",
    ]
    done = docker.docker(*run, check=False)
    assert done.returncode
    assert "score" not in json.loads((root / "results/results.json").read_text())
