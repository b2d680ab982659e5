"""The image: what is in it, and that it grades under the locks of a container, as outside of one."""

import json
import os
import signal
import subprocess
import time

import pytest

from grader import __version__
from grader.sandbox.lockdown.namespaces import FOLDER
from tests.conftest import ROOT
from tests.docker.engine import BASE, LOCKED
from tests.test_cli import grader

pytestmark = pytest.mark.docker


def facts(docker):
    (about,) = json.loads(docker.docker("image", "inspect", "proofgrade").stdout)
    return about


def inside(docker, code):
    """Run Python in a container of the image, and return what it prints."""
    return docker.docker("run", *LOCKED, "--entrypoint", "python3", "proofgrade", "-c", code).stdout


def test_it_says_what_it_is_and_runs_as_nobody_in_particular(docker, capsys):
    about = facts(docker)
    assert about["Config"]["Entrypoint"] == ["grader"]
    assert about["Config"]["User"] == "1000:1000"
    assert about["Config"]["Labels"]["org.opencontainers.image.version"] == __version__
    with capsys.disabled():
        base = json.loads(docker.docker("image", "inspect", BASE).stdout)[0]["Size"]
        print(f"\nimage {about['Size'] / 1e6:.0f} MB, of which {base / 1e6:.0f} MB are the base")


def test_no_compiler_and_no_installer_is_left(docker):
    code = "import shutil; print([name for name in ('cc', 'gcc', 'make', 'pip', 'pip3') if shutil.which(name)])"
    assert inside(docker, code) == "[]\n"


def test_no_shell_is_needed(docker):
    shells = ["-v", "/dev/null:/bin/dash:ro", "-v", "/dev/null:/bin/bash:ro"]
    broken = docker.docker("run", *LOCKED, *shells, "--entrypoint", "sh", "proofgrade", "-c", "true", check=False)
    assert broken.returncode
    done = docker.grader("grade", "naive_em", "assignments/naive_em/samples/right_loops", options=shells)
    assert done.returncode == 0, done.stderr


def test_a_fork_server_compiles_nothing(docker):
    code = """
import importlib, os, sys
importlib.import_module('grader.sandbox.zygote')
importlib.import_module('grader.sandbox.worker')
for name in importlib.import_module('grader.sandbox.zygote').PRELOADED: importlib.import_module(name)
files = [module.__spec__ for module in list(sys.modules.values()) if getattr(module, '__spec__', None)]
print([one.name for one in files if one.has_location and one.cached and not os.path.exists(one.cached)])
"""
    assert inside(docker, code) == "[]\n"


def test_its_sandbox_is_of_the_level_of_a_container_and_says_so(docker):
    done = docker.grader("doctor")
    assert (done.returncode, "level `container`" in done.stdout) == (0, True), done.stdout


def without(tmp_path, forbidden):
    """Return the option for a profile that forbids more system calls than ours."""
    profile = json.loads((ROOT / "docker/seccomp.json").read_text())
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if not name.startswith(forbidden)]
    (tmp_path / "seccomp.json").write_text(json.dumps(profile))
    return ["--security-opt", f"seccomp={tmp_path}/seccomp.json"]


def test_it_fails_closed_where_nothing_is_left_between_a_child_and_the_graders_files(docker, tmp_path):
    weak = without(tmp_path, ("landlock", "unshare"))
    done = docker.grader("grade", "naive_em", "assignments/naive_em/samples", options=weak)
    assert done.returncode == 3
    assert "a sandbox of level `container` is demanded, and none can be had here" in done.stderr
    assert "landlock: the kernel has no Landlock, or it is off" in done.stderr
    assert done.stdout == ""


def test_it_fails_closed_where_the_other_container_does_not_answer(docker):
    options = ["-e", "GRADER_SANDBOX=/run/grader/socket"]
    done = docker.grader("grade", "naive_em", "assignments/naive_em/samples/right_loops", options=options)
    message = "grader: the sandbox at /run/grader/socket (GRADER_SANDBOX) does not answer: No such file or directory\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", message)


def test_where_it_may_not_write_is_told_in_a_line(docker, tmp_path):
    tmp_path.chmod(0o755)
    options = ["-v", f"{tmp_path}:/results"]
    done = docker.grader(
        "grade", "naive_em", "assignments/naive_em/samples/right_loops", "--out", "/results", options=options
    )
    assert done.returncode == 2
    message = "results cannot be kept in this file: unable to open database file"
    assert done.stderr == f"grader: /results/store.sqlite: {message}\n"


def results(folder):
    """Return the results in a folder without times, and without what was around the code and where it ran."""
    return [timeless(json.loads(line)) for line in (folder / "results.jsonl").read_text().splitlines()]


def timeless(value):
    if isinstance(value, dict):
        kept = {key: timeless(part) for key, part in value.items() if key not in {"seconds", "sandbox"}}
        # processes that were begun ahead and are not needed print by chance
        return kept | ({"stdout": sorted(set(kept["stdout"].split()))} if "stdout" in kept else {})
    if isinstance(value, list):
        return [timeless(part) for part in value]
    return value.replace(f"> {FOLDER}/", "> /") if isinstance(value, str) else value  # as a debugger prints it


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What this machine makes of the shipped class, without a container."""
    folder = tmp_path_factory.mktemp("outside")
    done = grader("grade", "naive_em", "assignments/naive_em/samples", "--out", folder, cwd=ROOT)
    assert done.returncode == 1
    return folder


def in_one_container(docker, folder):
    out = folder / "results"
    out.mkdir()
    out.chmod(0o777)
    folders = ["-v", f"{ROOT}/assignments:/course/assignments:ro", "-v", f"{out}:/results"]
    done = docker.grader("grade", "naive_em", "assignments/naive_em/samples", "--out", "/results", options=folders)
    return done, ["rlimits", "privileges", "landlock", "descriptors", "seccomp"]


def in_two_containers(docker, folder):
    (folder / "assignments").symlink_to(ROOT / "assignments")
    done = docker.run(ROOT / "docker/grade", "naive_em", "assignments/naive_em/samples", cwd=folder, check=False)
    return done, ["apart", "rlimits", "privileges", "landlock", "descriptors", "seccomp"]


@pytest.mark.parametrize("graded", [in_one_container, in_two_containers])
def test_results_are_byte_for_byte_those_of_the_machine_itself(graded, docker, outside, tmp_path):
    tmp_path.chmod(0o755)
    done, layers = graded(docker, tmp_path)
    assert done.returncode == 1, done.stderr
    found = tmp_path / "results"
    assert len(results(found)) == sum(path.is_dir() for path in (ROOT / "assignments/naive_em/samples").iterdir())
    assert results(found) == results(outside)
    assert (found / "gradebook.csv").read_bytes() == (outside / "gradebook.csv").read_bytes()
    lines = (found / "results.jsonl").read_text().splitlines()
    assert {tuple(json.loads(line)["sandbox"]) for line in lines} == {tuple(layers)}
    assert docker.left() == []


def test_with_namespaces_notebooks_are_executed_too(docker, tmp_path):
    """And without them, that is told, and nobody gets a score for it."""
    (tmp_path / "assignments").symlink_to(ROOT / "assignments")
    command = [ROOT / "docker/grade", "mri_em", "assignments/mri_em/samples/right_loops"]
    done = docker.run(*command, cwd=tmp_path, NAMESPACES="yes")
    assert "✓ notebook" in done.stdout
    (result,) = results(tmp_path / "results")
    done = docker.run(*command, "--fresh", cwd=tmp_path, check=False)
    assert done.returncode == 3
    assert "the execution of a notebook needs namespaces" in done.stderr
    assert results(tmp_path / "results") == [result]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_whatever_interrupts_the_script_all_is_removed(name, docker, tmp_path):
    (tmp_path / "assignments").symlink_to(ROOT / "assignments")
    command = [ROOT / "docker/grade", "naive_em", "assignments/naive_em/samples/wrong_loops_forever"]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=docker.env,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "results/store.sqlite").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(getattr(signal, name))
    _, told = running.communicate(timeout=60)
    assert (running.returncode, docker.left()) == (130, [])
    assert told.endswith("docker/grade: interrupted; the same command goes on from there\n")


def test_the_image_is_built_where_there_is_none(docker, tmp_path):
    (tmp_path / "assignments").symlink_to(ROOT / "assignments")
    docker.docker("tag", "proofgrade", "kept")  # with its layers, of which the new one is made again
    docker.docker("rmi", "proofgrade")
    done = docker.run(ROOT / "docker/grade", "naive_em", "assignments/naive_em/samples/right_loops", cwd=tmp_path)
    assert "Score: 3 of 3" in done.stdout
    docker.docker("rmi", "kept")


WRONG = {
    "no assignment": ([], "say which assignment: docker/grade ASSIGNMENT [SUBMISSIONS [OPTION...]]"),
    "no submissions": (["naive_em"], "there is no submissions in {here}"),
    "none of that name": (["naive_em", "-subs"], "there is no -subs in {here}"),
    "results among them": (["naive_em", "."], "{here} has the results in it: give submissions a folder of their own"),
    "a colon": (["naive_em", "a:b"], "Docker takes no path with a colon in it"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_the_script_cannot_do_is_told(what, tmp_path):
    arguments, told = WRONG[what]
    for name in ("assignments", "a:b"):
        (tmp_path / name).mkdir()
    assert script(tmp_path, *arguments) == (2, f"docker/grade: {told.format(here=tmp_path)}\n")


def test_where_it_cannot_write_is_told(tmp_path):
    assert script(tmp_path, "naive_em") == (2, f"docker/grade: there is no assignments in {tmp_path}\n")
    for name in ("assignments", "submissions", "results"):
        (tmp_path / name).mkdir()
    os.chown(tmp_path / "results", 1234, 1234)
    told = f"docker/grade: {tmp_path}/results must be yours, for what is written there is\n"
    assert script(tmp_path, "naive_em") == (2, told)
    (tmp_path / "results").rmdir()
    (tmp_path / "results").write_text("")
    status, told = script(tmp_path, "naive_em")
    assert (status, told.splitlines()[-1]) == (2, f"docker/grade: {tmp_path}/results cannot be a folder")


def test_where_no_engine_answers_is_told(tmp_path):
    for name in ("assignments", "submissions"):
        (tmp_path / name).mkdir()
    message = "docker/grade: Docker does not answer: is its daemon running, and may you use it?\n"
    assert script(tmp_path, "naive_em", DOCKER_HOST=f"unix://{tmp_path}/socket") == (3, message)


def script(folder, *arguments, **more):
    """Run it, and return its status and what it says."""
    command = [ROOT / "docker/grade", *arguments]
    env = {**os.environ, **more}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr
