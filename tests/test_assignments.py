"""Every shipped assignment: each sample gets exactly what is written beside it, and the starter gets nothing."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import yaml

from grader import assignment, engine, servers, submission
from grader.sandbox.launch import Zygote
from reference.init import init
from tests.conftest import NAIVE_EM, ROOT

SAMPLES = NAIVE_EM / "samples"
EXPECTED = yaml.safe_load((SAMPLES / "expected.yaml").read_text())


def grade(*paths, folder=NAIVE_EM, jobs=2):
    loaded = assignment.load(folder)
    submissions = submission.collect(paths, loaded.spec.submission)
    with servers.for_a_class(loaded.spec, [Zygote() for _ in range(jobs)], None, jobs) as opened:
        return {result.id: result for result in engine.grade(loaded, submissions, opened)}


@pytest.fixture(scope="module")
def results():
    return grade(SAMPLES)


def outcome(result):
    return {item.name: item.status for item in result.items} | {"score": result.score}


def test_every_sample_has_its_expected_result_and_there_are_enough():
    assert set(EXPECTED) == {path.name for path in SAMPLES.iterdir() if path.is_dir()}
    assert len(EXPECTED) >= 14


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gets_what_is_expected(name, results):
    expected = {key: value for key, value in EXPECTED[name].items() if key != "says"}
    assert outcome(results[name]) == expected
    cases = [case for item in results[name].items for case in item.cases]
    said = [case.message for case in cases if case.message]
    assert EXPECTED[name].get("says", "") in (said[0] if said else "")
    assert bool(said) == ("says" in EXPECTED[name])


def test_every_case_that_counts_rejects_a_wrong_sample(results):
    """A case that no wrong sample fails by its value would tell nothing apart."""
    items = [item for result in results.values() for item in result.items]
    failed = {(item.name, case.name) for item in items for case in item.cases if case.status == "failed"}
    assert {(item.name, case.name) for item in items for case in item.cases} - failed == set()


def test_the_starter_gets_nothing():
    (result,) = grade(NAIVE_EM / "starter" / "naive_em.py").values()
    assert (result.score, result.fault) == (0, None)
    assert {case.message.partition(":")[0] for item in result.items for case in item.cases if not case.remark} == {
        "`estep` is not written yet", "`mstep` is not written yet", "`run` is not written yet"}  # fmt: skip


def test_the_handouts_figure_is_a_case_of_estep_alone():
    (case,) = [case for case in assignment.load(NAIVE_EM).spec.functions["estep"].cases if case.expect]
    assert case.expect == {"ll": -1388.0818}
    assert case.tolerance["ll"].decimals == 4


def test_the_courses_own_data_may_take_the_place_of_ours(course_data, tmp_path):
    folder = tmp_path / "naive_em"
    shutil.copytree(NAIVE_EM, folder, ignore=shutil.ignore_patterns("samples"))
    shutil.copyfile(course_data / "toy_data.txt", folder / "data" / "toy.txt")
    right, wrong = grade(SAMPLES / "right_loops", SAMPLES / "wrong_stops_early", folder=folder).values()
    assert (right.score, wrong.score) == (3, 2)


def test_the_toy_data_is_what_its_script_makes():
    script = NAIVE_EM / "data" / "make_toy.py"
    made = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    np.testing.assert_allclose(
        np.array([line.split() for line in made.splitlines()], dtype=float), np.loadtxt(NAIVE_EM / "data" / "toy.txt"),
        atol=1e-9)  # fmt: skip


def test_the_given_start_is_the_references():
    loaded = importlib.util.spec_from_file_location("common", NAIVE_EM / "given" / "common.py")
    common = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(common)
    X = np.loadtxt(NAIVE_EM / "data" / "toy.txt")
    for K in (1, 3, 5):
        theirs, ours = common.init(X, K, K), init(X, K, K)
        for one, other in zip([*theirs[0], theirs[1]], [*ours[0], ours[1]], strict=True):
            np.testing.assert_array_equal(one, other)


def memory():
    """Return this process's resident memory, in MiB."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def test_five_hundred_at_once_get_the_right_results_and_leave_nothing(tmp_path):
    """All samples but the endless one, over and over, and that one a few times under a shorter limit."""
    folder = tmp_path / "naive_em"
    shutil.copytree(NAIVE_EM, folder, ignore=shutil.ignore_patterns("samples"))
    text = (folder / "assignment.yaml").read_text()
    (folder / "assignment.yaml").write_text(text.replace("seconds: 10", "seconds: 6"))
    quick = [name for name in EXPECTED if name not in {"wrong_loops_forever", "right_loops"}]
    names = [quick[n % len(quick)] for n in range(494)] + ["wrong_loops_forever"] * 4 + ["right_loops"] * 2
    for n, name in enumerate(names):
        (tmp_path / "class" / f"{n:03}_{name}").parent.mkdir(exist_ok=True)
        shutil.copytree(SAMPLES / name, tmp_path / "class" / f"{n:03}_{name}")
    before, others, children = memory(), processes(), Counter()
    loaded = assignment.load(folder)
    submissions = submission.collect([tmp_path / "class"], loaded.spec.submission)
    early = 0.0
    with servers.for_a_class(loaded.spec, [Zygote(), Zygote()], None, 2) as opened:
        for n, result in enumerate(engine.grade(loaded, submissions, opened)):
            name = result.id[4:]
            children[name] += 1
            assert outcome(result) == {key: value for key, value in EXPECTED[name].items() if key != "says"}, result.id
            if n == 50:
                early = memory()
    assert sum(children.values()) == 500
    assert memory() - early < 20
    assert early - before < 200
    assert processes() <= others


def processes():
    return {pid for pid in os.listdir("/proc") if pid.isdigit() and is_child(pid)}


def is_child(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return int(stat.read().rpartition(")")[2].split()[1]) == os.getpid()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_readmes_first_command_grades_the_samples():
    done = subprocess.run(
        [sys.executable, "-m", "grader", "grade", "naive_em", "assignments/naive_em/samples", "--jsonl", "-"],
        cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    got = {(result := json.loads(line))["submission"]["id"]: result["score"] for line in done.stdout.splitlines()}
    assert got == {name: expected["score"] for name, expected in EXPECTED.items()}
