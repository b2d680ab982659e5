"""A class on a Dask cluster: a real scheduler and two workers that die and come back; and a pretended one for the rest."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import distributed
import pytest

from grader import __version__, assignment, cluster, engine, places, remote, scheduler, submission
from grader.errors import FaultError, SpecError, UsageError
from grader.handin import Submission as Wanted
from grader.prepare import prepare
from grader.report.json import render
from tests.conftest import INPUTS, SOLUTION, SPEC, write
from tests.results import result

RIGHT = "def double(x): return 2 * x\ndef pair(xs): return min(xs), max(xs)\n"
SAMPLES = {
    "right": RIGHT,
    "wrong": "def double(x): return x\ndef pair(xs):\n    print('hello')\n    return max(xs), min(xs)\n",
    "raises": "def double(x): return 1 / 0\n",
    "does_not_load": "def double(x)",
}
PRELOADED = """
import os, time
from pathlib import Path
from grader import engine

def grade(self, submission, graded=engine.Here.grade):
    if submission.id == "poison":
        os._exit(1)
    if submission.id.startswith("held"):
        Path(os.environ["HELD"], f"{submission.id}.{os.getpid()}").touch()
        while not Path(os.environ["HELD"], "go").exists():
            time.sleep(0.01)
    return graded(self, submission)

engine.Here.grade = grade
"""
"""What the workers of the tests have besides: it ends them under one submission, and holds others until they may go."""


def until(condition, what):
    deadline = time.monotonic() + 30
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)
    return found


class Dask:
    """A scheduler, and workers that are started again when they die, in a folder of their own."""

    def __init__(self, folder):
        self.folder, self.held, self._started = folder, folder / "held", []
        self.held.mkdir()
        write(folder, {"preloaded.py": PRELOADED})
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", "scheduler.json")
        told = until(
            lambda: (folder / "scheduler.json").exists() and (folder / "scheduler.json").read_text(), "scheduler"
        )
        self.address = json.loads(told)["address"].removeprefix("tcp://")

    def workers(self, *options, preloaded="preloaded.py"):
        preload = ["--preload", str(self.folder / preloaded), "--local-directory", str(self.folder)]
        return self._start("worker", self.address, "--nthreads", "1", *preload, *options)

    def _start(self, what, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options, "--no-dashboard"]
        with (self.folder / f"{what}.log").open("a") as log:
            environment = {**os.environ, "HELD": str(self.held)}
            process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stderr=log, stdout=log, start_new_session=True
            )
        self._started.append(process)
        return process

    def close(self):
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    dask = Dask(tmp_path_factory.mktemp("dask"))
    try:
        dask.workers("--nworkers", "2")
        with distributed.Client(dask.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield dask
    finally:
        dask.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    files = {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION}
    return assignment.load(write(tmp_path_factory.mktemp("cluster") / "small", files))


@pytest.fixture
def held(dask):
    """Return what tells which processes hold a submission."""
    yield lambda name: [int(path.suffix[1:]) for path in dask.held.glob(f"{name}.*")]
    for path in dask.held.iterdir():
        path.unlink()


@pytest.fixture
def handed_in(tmp_path):
    """Return submissions, from the texts of their files by their ids."""

    def handed_in(texts):
        write(tmp_path / "class", {f"{name}/work.py": text for name, text in texts.items()})
        return submission.collect([tmp_path / "class"], Wanted(file="work.py"))

    return handed_in


def graded(places, submissions):
    return {result.id: result for _, result in engine.finished(places.grade, submissions, places)}


def scores(results):
    return {name: result.score for name, result in results.items()}


def line(result):
    """Return what is kept of a result, but for how long it took."""
    items = [replace(item, cases=tuple(replace(case, seconds=0) for case in item.cases)) for item in result.items]
    return render(replace(result, seconds=0, items=tuple(items)))


# --- a real scheduler, and two workers -------------------------------------------------------------------------------


def test_a_class_has_the_same_results_on_a_cluster_as_here(dask, small, handed_in):
    submissions = handed_in(SAMPLES)
    with cluster.connected(dask.address, small, None) as there:
        assert there.number == 2
        results = graded(there, submissions)
    with places.here(small, None, 1) as here:
        assert {name: line(one) for name, one in results.items()} == {s.id: line(here.grade(s)) for s in submissions}


def test_a_mistake_of_the_spec_that_shows_only_there_is_raised_here_with_the_folders_name(dask, tmp_path, handed_in):
    renamed = SPEC.replace("{name: three, args: {x: 3}}", "{name: three, args: {n: 3}}")
    law = "      - {name: left as it was, property: {unchanged: x}}\n  pair:"
    files = {"assignment.yaml": renamed.replace("  pair:", law), "inputs.py": INPUTS, "solution.py": SOLUTION}
    loaded = assignment.load(write(tmp_path / "renamed", files))
    with cluster.connected(dask.address, loaded, None) as there, pytest.raises(SpecError) as raised:
        graded(there, handed_in({"right": RIGHT, "again": RIGHT}))
    where = "renamed/assignment.yaml:13: $.functions.double.cases[2].property"
    assert str(raised.value) == f"{where}: there is no argument `x` (in the case 'three')"


def test_what_was_opened_on_workers_is_closed_in_the_end(dask, small, handed_in):
    with cluster.connected(dask.address, small, None) as there:
        graded(there, handed_in({"right": RIGHT}))
        assert len(list(dask.folder.rglob("proofgrade-*/small"))) == 2
    assert not list(dask.folder.rglob("proofgrade-*"))


def test_a_submission_whose_worker_is_killed_is_graded_by_another(dask, small, handed_in, held):
    submissions = handed_in({"held": RIGHT, **dict.fromkeys("abc", RIGHT)})
    with cluster.connected(dask.address, small, None) as there:
        results = {}
        grading = threading.Thread(target=lambda: results.update(graded(there, submissions)))
        grading.start()
        first = until(lambda: held("held"), "the first worker that holds it")
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(held("held")) == 2, "the second worker that holds it")
        (dask.held / "go").touch()
        grading.join()
    assert scores(results) == dict.fromkeys(["held", *"abc"], 3)


def test_a_submission_that_ends_three_workers_is_given_up_and_costs_no_other_its_own(dask, small, handed_in):
    submissions = handed_in({"a": RIGHT, "poison": RIGHT, **dict.fromkeys("bc", RIGHT)})
    with cluster.connected(dask.address, small, None) as there:
        results = graded(there, submissions)
    assert scores(results) == {"a": 3, "poison": None, "b": 3, "c": 3}
    assert results["poison"].fault == (
        "given up after 3 workers were lost with it: it ends them, or their machines fail, which is not the student's fault"
    )
    assert (results["poison"].max_score, results["poison"].items) == (3, ())


def test_a_worker_that_comes_later_is_used(dask, small, handed_in, held):
    first, second, third = handed_in({"held1": RIGHT, "held2": RIGHT, "third": RIGHT})
    with cluster.connected(dask.address, small, None) as there:
        waiting = [threading.Thread(target=there.grade, args=[one]) for one in (first, second)]
        for thread in waiting:
            thread.start()
        until(lambda: held("held1") and held("held2"), "both workers to be at work")
        later = dask.workers("--no-nanny")
        assert there.grade(third).score == 3
        assert there.number == 3
        (dask.held / "go").touch()
        for thread in waiting:
            thread.join()
    later.terminate()
    later.wait()


def test_ending_it_ends_what_runs_on_workers(dask, tmp_path, handed_in, held):
    [endless] = handed_in({"held": "while True: pass"})
    files = {
        "assignment.yaml": SPEC.replace("seconds: 2", "seconds: 600"),
        "inputs.py": INPUTS,
        "solution.py": SOLUTION,
    }
    errors = []

    def grade():
        try:
            there.grade(endless)
        except FaultError as error:
            errors.append(str(error))

    with cluster.connected(dask.address, assignment.load(write(tmp_path / "long", files)), None) as there:
        grading = threading.Thread(target=grade)
        grading.start()
        until(lambda: held("held"), "it to be at work")
        (dask.held / "go").touch()
        there.close()
        grading.join()
    assert errors == ["grading on the cluster was ended"]
    assert not list(dask.folder.rglob("proofgrade-*"))  # which is there until what runs has ended


def refused(match):
    return pytest.raises(FaultError, match=match)


def test_a_worker_that_cannot_grade_says_why_before_anybody_is_graded(dask, tmp_path):
    files = {"assignment.yaml": SPEC + "sandbox: user\n", "inputs.py": INPUTS, "solution.py": SOLUTION}
    demanding = assignment.load(write(tmp_path / "demanding", files))
    why = r"the worker tcp://\S+ cannot grade: small demands a sandbox of level `user`, and a process is none"
    with refused(why), cluster.connected(dask.address, demanding, "process"):
        pass


def test_a_worker_with_other_versions_is_refused(dask, small, monkeypatch):
    monkeypatch.setattr(remote, "__version__", "0.0")
    why = rf"the worker tcp://\S+ cannot grade: it has proofgrade {__version__} there and 0.0 here: install the same on both"
    with refused(why), cluster.connected(dask.address, small, None):
        pass


def test_a_worker_without_the_grader_is_told_and_lives_on(dask, small):
    write(dask.folder, {"without.py": "import sys\nsys.modules['grader'] = None\n"})
    without = dask.workers("--no-nanny", preloaded="without.py")
    with distributed.Client(dask.address, set_as_default=False) as client:
        client.wait_for_workers(3, timeout=30)
        install = f"install proofgrade=={__version__} there, with all that the assignment takes"
        with (
            refused(f"cannot grade: .*No module named 'grader.*; {install}"),
            cluster.connected(dask.address, small, None),
        ):
            pass
        assert len(client.nthreads()) == 3
    without.terminate()
    without.wait()


def test_where_no_scheduler_answers_that_is_said(small, monkeypatch):
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # one that is none, such as a dashboard's
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with refused(f"no Dask scheduler answers at {address}: is it running, and is the port right\\?"):
            cluster.connected(address, small, None).__enter__()


def test_without_dask_it_is_said_how_to_install_it(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"not installed here: pip install 'proofgrade\[dask\]'"):
        cluster.connected("127.0.0.1:8786", small, None).__enter__()


# --- a pretended one -------------------------------------------------------------------------------------------------


class Pretended:
    """A cluster's client. `act` is what a worker does with a submission: it gets its address."""

    status = "running"

    def __init__(self, act, *addresses):
        self.act, self.addresses, self.broken = act, set(addresses), {}

    def nthreads(self, **_):
        return dict.fromkeys(self.addresses, 1)

    def submit(self, function, *args, workers, **_):
        acts = {remote.begin: lambda *_: None, remote.grade: lambda *_: self.act(*workers)}
        return SimpleNamespace(result=lambda: acts[function](*args), cancel=lambda: None)

    def run(self, function, *_, workers, **__):
        if function is remote.end:
            return {}
        [worker] = workers
        return {worker: self.broken.get(worker) or remote.versions()}


@pytest.fixture
def pretend(small, monkeypatch):
    """Open places on a pretended cluster."""
    monkeypatch.setattr(cluster, "LOOKS_EVERY", 0.01)
    opened = []

    def pretend(client):
        there = cluster.Cluster(client, "127.0.0.1:8786", prepare(small), cluster._package(small, None))
        opened.append(there)
        there.start()
        return there

    yield pretend
    for there in opened:
        there.end()


ONE = submission.Submission("ann", submission.Handed("work.py", {"work.py": RIGHT.encode()}))


class KilledWorker(Exception):  # noqa: N818  it is Dask's name that is looked for
    """As Dask calls it."""


def raising(error):
    def act(*_, **__):
        raise error

    return act


LOST = {
    "Dask gave the task up": raising(KilledWorker()),
    "the task was cancelled": raising(CancelledError()),
    "another worker came to the same address": lambda _: None,
}


@pytest.mark.parametrize("name", LOST)
def test_a_worker_counts_as_lost_where(pretend, name):
    asked = []

    def act(address):
        asked.append(address)
        return LOST[name](address)

    given_up = pretend(Pretended(act, "tcp://a:1")).grade(ONE)
    assert (len(asked), given_up.fault[:42]) == (3, "given up after 3 workers were lost with it")
    assert (given_up.id, given_up.files, given_up.sha256) == ("ann", ("work.py",), ONE.sha256)


def test_an_error_on_a_worker_is_a_fault_of_that_submission_alone(pretend, small):
    right = result("ann")
    results = iter([ValueError("no memory"), "TypeError: it failed there", right])

    def act(address):
        came = next(results)
        return raising(came)(address) if isinstance(came, Exception) else came

    places = pretend(Pretended(act, "tcp://a:1"))
    assert places.grade(ONE).fault == "the worker tcp://a:1 failed: ValueError: no memory"
    assert places.grade(ONE).fault == "the worker tcp://a:1 failed: TypeError: it failed there"
    assert places.grade(ONE) == right


def test_without_workers_it_gives_up_after_a_while(pretend, monkeypatch):
    monkeypatch.setattr(cluster, "START_SECONDS", 0.05)
    with refused(
        r"has had no workers for 0.05 s: start some \(dask worker 127.0.0.1:8786 --nthreads 1\), and grade again"
    ):
        pretend(Pretended(None))


def test_a_later_worker_that_cannot_grade_is_left_out_and_named_when_there_is_no_other(pretend, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 0.1)
    client = Pretended(None, "tcp://a:1")
    places = pretend(client)
    client.broken = {"tcp://b:1": ModuleNotFoundError("No module named 'grader'")}
    client.addresses = {"tcp://b:1"}
    until(lambda: "tcp://b:1" in places._workers, "the other worker")
    install = rf"No module named 'grader'; install proofgrade=={__version__} there, with all that the assignment takes"
    with refused(rf"no workers that can be used \(the worker tcp://b:1 cannot grade: {install}\) for 0.1 s"):
        places.grade(ONE)


def test_where_the_scheduler_has_no_grader_that_is_said(pretend, monkeypatch):
    client = Pretended(None, "tcp://a:1")
    monkeypatch.setattr(
        client, "submit", raising(RuntimeError("Error during deserialization of the task graph.\nThis"))
    )
    install = f"install proofgrade=={__version__} there, with all that the assignment takes too"
    with refused(f"the worker tcp://a:1 cannot grade: the scheduler does not know what is sent; {install}"):
        pretend(client)


def test_workers_that_are_lost_while_they_open_it_are_none(pretend, monkeypatch):
    monkeypatch.setattr(cluster, "START_SECONDS", 0.1)
    client = Pretended(None, "tcp://a:1")
    client.broken = {"tcp://a:1": OSError("it has gone")}
    with refused("has had no workers for 0.1 s"):
        pretend(client)


def test_where_the_scheduler_is_lost_grading_ends(pretend):
    client = Pretended(None, "tcp://a:1")
    places = pretend(client)
    client.nthreads = raising(OSError)
    until(lambda: places._ended, "the loss to be noticed")
    with refused("the scheduler at 127.0.0.1:8786 is lost: see why it ended, and grade again"):
        places.grade(ONE)


def test_workers_that_are_lost_with_the_scheduler_are_no_fault_of_a_submission(pretend):
    client = Pretended(raising(CancelledError()), "tcp://a:1")
    places = pretend(client)
    client.status = "connecting"
    with refused("the scheduler at 127.0.0.1:8786 is lost"):
        places.grade(ONE)


# --- what is sent, and what is there ---------------------------------------------------------------------------------


def test_what_nothing_is_made_from_is_not_sent(small):
    write(small.folder, {"samples/x/work.py": RIGHT, "starter/work.py": "", "README.md": "", "__pycache__/x.pyc": ""})
    package = cluster._package(small, None)
    assert (package.name, set(package.files)) == ("small", {"assignment.yaml", "inputs.py", "solution.py"})


def test_an_assignment_that_is_too_large_is_not_sent(small, monkeypatch):
    monkeypatch.setattr(cluster, "LARGEST", 10)
    with pytest.raises(UsageError, match="its files have more than the 0 MiB that are sent to a cluster"):
        cluster._package(small, None)


@pytest.fixture
def worker(tmp_path, small, monkeypatch):
    """Open the assignment as on a worker, whose folder it returns."""
    monkeypatch.setattr("distributed.get_worker", lambda: SimpleNamespace(local_directory=str(tmp_path)))

    def worker():
        assert remote.begin("token", cluster._package(small, "process")) is None
        return tmp_path

    yield worker
    asyncio.run(remote.end(["token"]))


def test_what_fails_on_a_worker_comes_back_as_text(worker, monkeypatch, capfd):
    worker()
    monkeypatch.setattr(engine.Here, "grade", lambda *_: 1 / 0)
    assert remote.grade("token", ONE) == "ZeroDivisionError: division by zero"
    assert "Traceback" in capfd.readouterr().err


def kept():
    return set(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.frame"))


def test_a_worker_grades_what_was_meant_for_it_and_nothing_when_it_is_closed(worker, small):
    prepare(small)
    before = kept()
    folder = worker()
    assert (remote.grade("token", ONE).score, remote.grade("another", ONE)) == (3, None)
    asyncio.run(remote.end(["token", "another"]))
    assert remote.grade("token", ONE) is None
    assert (list(folder.iterdir()), kept()) == ([], before)


def test_a_worker_closes_what_a_lost_grader_has_left(worker, monkeypatch):
    monkeypatch.setattr(remote, "IDLE_SECONDS", 0.05)
    folder = worker()
    until(lambda: not list(folder.iterdir()), "it to be closed")
    assert remote.grade("token", ONE) is None
