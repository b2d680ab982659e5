"""What the pages say of clusters: the commands start a scheduler and workers that grade, and so does a job of Slurm's.

There is no Slurm here: a stand-in for its `sbatch` runs the job that it is given on this machine, and `scancel` ends it.
There is no Kubernetes either, so of its lines only the form is looked at, and the page says so.
"""

import ast
import csv
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import documented
from tests.docs import course
from tests.docs.shell import Shell, commands

SBATCH = """\
#!/bin/sh
setsid bash -c "$(cat "$1")" > /dev/null 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """\
#!/bin/sh
kill -- "-$1"
"""


def blocks(*languages):
    """Return the page's blocks that are tested here, in their order."""
    found = documented.blocks("docs/clusters.md")
    return [block.text for block in found if block.tested_by and block.language in languages]


GRADE, SCHEDULER, WORKER, FORWARD = blocks("sh")
SLURM, KUBERNETES = blocks("python")
(README,) = (block.text for block in documented.blocks("README.md") if block.tested_by.endswith("test_clusters.py"))


@pytest.fixture
def shell(tmp_path):
    return Shell(course.prepare(tmp_path))


class Running:
    """Programs that run beside a test, and are ended with it, and with all that they started."""

    def __init__(self, shell):
        self._shell, self._started = shell, []

    def start(self, *command):
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), str(self._shell.home / ".venv/bin"), os.environ["PATH"]]
        )
        process = subprocess.Popen(
            command, cwd=self._shell.home, env={**os.environ, "PATH": path}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._started.append(process)
        return process

    def close(self):
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdin.close()
            process.stdout.close()


@pytest.fixture
def running(shell):
    running = Running(shell)
    yield running
    running.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def scores(shell):
    with (shell.home / "results/gradebook.csv").open() as file:
        return {row["id"]: row["total"] for row in csv.DictReader(file)}


def test_a_cluster_that_is_started_by_hand_grades(shell, running):
    """The commands of the page, with one worker in place of eight, and the README's."""
    port = free_port()

    def here(text):
        return text.replace("HOST:PORT", f"127.0.0.1:{port}").replace("8786", str(port)).replace("HOST", "127.0.0.1")

    running.start("bash", "-c", f"exec {here(SCHEDULER).strip()} --host 127.0.0.1")
    running.start("bash", "-c", f"exec {here(WORKER.replace('--nworkers 8', '--nworkers 1')).strip()}")
    told = shell.run(here(README).replace("scheduler:", "127.0.0.1:"))
    assert told.status == 1, told.text
    assert scores(shell) == {"ann": "3", "bob": "1"}


def test_workers_in_jobs_of_slurm_grade(shell, running):
    """The page's program, with one worker in place of thirty-two, on a stand-in for Slurm."""
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        program = shell.home / ".venv/bin" / name
        program.write_text(text)
        program.chmod(0o755)
    small = SLURM.replace("cores=8, processes=8", "cores=1, processes=1").replace("jobs=4", "jobs=1")
    assert small != SLURM
    program = running.start(sys.executable, "-u", "-c", small)
    address = re.fullmatch(r"tcp://(.+)\n", program.stdout.readline())[1]
    try:
        told = shell.run(GRADE.replace("HOST:PORT", address))
    finally:
        program.stdin.write("\n")  # ends the workers
        program.stdin.flush()
        program.wait(timeout=30)
    assert told.status == 1, told.text
    assert scores(shell) == {"ann": "3", "bob": "1"}


def test_the_lines_for_kubernetes_have_their_form():
    """Python that parses, and commands of which the second is the one that is run above, at the forwarded port."""
    names = {node.id for node in ast.walk(ast.parse(KUBERNETES)) if isinstance(node, ast.Name)}
    assert names == {"KubeCluster", "cluster", "input"}
    forward, grade = commands(FORWARD)
    assert forward == "kubectl port-forward service/grading-scheduler 8786:8786"
    assert grade == commands(GRADE)[0].replace("HOST:PORT", "localhost:8786")
