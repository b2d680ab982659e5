"""Every shipped assignment: each sample gets exactly what is written beside it, and the starter gets nothing."""

import functools
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

from grader import assignment, engine, handout, servers, submission
from grader.instructor import load_data
from grader.sandbox.launch import Zygote
from reference.init import init
from tests.conftest import NAIVE_EM, ROOT, made_once

FOLDERS = {path.parent.name: path.parent for path in sorted(ROOT.glob("assignments/*/assignment.yaml"))}
SPECS = {name: assignment.load(folder).spec for name, folder in FOLDERS.items()}
CODE = [name for name, spec in SPECS.items() if spec.functions]
ANSWERS = [name for name, spec in SPECS.items() if spec.questions]
SHEETS = [name for name in ANSWERS if SPECS[name].submission.sheet]
MARKED = {"text", "plot"}
"""The kinds of questions that a person marks."""
EXPECTED = {
    name: yaml.safe_load((folder / "samples" / "expected.yaml").read_text()) for name, folder in FOLDERS.items()
}
SAMPLES = NAIVE_EM / "samples"


def grade(*paths, folder=NAIVE_EM, jobs=2):
    loaded = assignment.load(folder)
    submissions = submission.collect(paths, loaded.spec.submission)
    zygotes = [Zygote() for _ in range(jobs if loaded.spec.functions else 0)]
    with servers.for_a_class(loaded.spec, zygotes, None, jobs) as opened:
        return {result.id: result for result in engine.grade(loaded, submissions, opened)}


@functools.cache
def results(name):
    """Return the results of an assignment's samples, which are graded once."""
    return made_once(f"results_{name}", lambda: grade(FOLDERS[name] / "samples", folder=FOLDERS[name]))


def outcome(result):
    return {item.name: item.status for item in result.items} | {"score": result.score}


def diagnoses(result):
    return {case.diagnosis for item in result.items for case in item.cases if case.diagnosis}


def wanted(name, sample):
    """Return the expected outcome of a sample; `others` is the status of the items that it does not name."""
    words = {"says", "others", "diagnosis"}
    expected = {key: value for key, value in EXPECTED[name][sample].items() if key not in words}
    others = {item: EXPECTED[name][sample].get("others") for item in [*SPECS[name].functions, *SPECS[name].questions]}
    return others | expected


def test_all_the_courses_are_there():
    assert set(FOLDERS) == {
        "naive_em", "matrix_completion", "categorical_em", "gmm_full", "em_lab", "mri_em", "semi_supervised_em",
        "homework_em", "gmm_questions"}  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_every_sample_has_its_expected_result_and_there_are_enough(name):
    assert set(EXPECTED[name]) == {path.name for path in (FOLDERS[name] / "samples").iterdir() if path.is_dir()}
    questions = [question for question in SPECS[name].questions.values() if question.kind not in MARKED]
    full = sum(part.points for part in [*SPECS[name].functions.values(), *questions])
    right = [sample for sample in EXPECTED[name] if EXPECTED[name][sample]["score"] == full]
    assert len(right) >= 3
    assert len(EXPECTED[name]) - len(right) >= 8


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name in FOLDERS for sample in EXPECTED[name]])
def test_a_sample_gets_what_is_expected(name, sample):
    result = results(name)[sample]
    assert outcome(result) == wanted(name, sample)
    cases = [case for item in result.items for case in item.cases]
    said = [case.message for case in cases if case.message and case.status != "pending"]
    assert EXPECTED[name][sample].get("says", "") in (said[0] if said else "")
    assert bool(said) == ("says" in EXPECTED[name][sample])


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name in CODE for sample in EXPECTED[name]])
def test_no_sample_gets_a_wrong_diagnosis(name, sample):
    """What is named was written down by hand; where nothing is, nothing may be named."""
    expected = EXPECTED[name][sample].get("diagnosis", [])
    assert diagnoses(results(name)[sample]) == ({expected} if isinstance(expected, str) else set(expected))


@pytest.mark.parametrize("name", FOLDERS)
def test_every_case_that_counts_rejects_a_wrong_sample(name):
    """A case that no wrong sample fails by its value would tell nothing apart; a person marks prose and plots."""
    items = [item for result in results(name).values() for item in result.items if item.kind not in MARKED]
    failed = {(item.name, case.name) for item in items for case in item.cases if case.status == "failed"}
    assert {(item.name, case.name) for item in items for case in item.cases if not case.remark} - failed == set()


@pytest.mark.parametrize("name", CODE)
def test_the_starter_gets_nothing(name):
    (result,) = grade(FOLDERS[name] / "starter", folder=FOLDERS[name]).values()
    assert (result.score, result.fault) == (0, None)
    written = [item for item in result.items if item.kind == "function"]
    said = {case.message.partition(":")[0] for item in written for case in item.cases if not case.remark}
    assert said == {f"`{function}` is not written yet" for function in SPECS[name].functions}
    assert {item.name for item in result.items if item.status == "missing"} == set(SPECS[name].questions)


@pytest.mark.parametrize("name", SHEETS)
def test_the_empty_sheet_is_that_of_the_questions_and_gets_nothing(name):
    assert (FOLDERS[name] / "starter" / "answers.yaml").read_text() == handout.sheet(SPECS[name])
    (result,) = grade(FOLDERS[name] / "starter", folder=FOLDERS[name]).values()
    assert (result.score, {item.status for item in result.items}) == (0, {"missing"})
    assert {item.attempts.used for item in result.items} == {0}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_handout_asks_the_questions_of_the_spec(name):
    assert handout.render(SPECS[name]) in (FOLDERS[name] / "README.md").read_text()


@pytest.mark.parametrize("name", CODE)
def test_the_handout_names_every_function_with_its_arguments(name):
    page = (FOLDERS[name] / "README.md").read_text()
    for function, spec in SPECS[name].functions.items():
        assert f"{function}({', '.join(spec.cases[0].args)}" in page, function


@pytest.mark.parametrize("name", CODE)
def test_the_data_is_what_its_script_makes(name, tmp_path):
    data = FOLDERS[name] / "data"
    subprocess.run([sys.executable, data / "make_data.py", tmp_path], check=True)
    shipped = {path.name for path in data.iterdir()} - {"make_data.py", "README.md", "__pycache__"}
    assert {path.name for path in tmp_path.iterdir()} == shipped
    for file in shipped:
        made, kept = numbers(tmp_path / file), numbers(data / file)
        for one, other in zip(made, kept, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-9)


def numbers(path):
    """Return the arrays of a data file."""
    if path.suffix == ".npz":
        return [load_data(path, key) for key in np.load(path).files]
    return [load_data(path, None)]


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


@pytest.mark.alone
def test_two_hundred_at_once_get_the_right_results_and_leave_nothing(tmp_path):
    """The quick samples over and over, and the slow ones a few times; by CPU time, however busy the machine."""
    folder = tmp_path / "naive_em"
    shutil.copytree(NAIVE_EM, folder, ignore=shutil.ignore_patterns("samples"))
    text = (folder / "assignment.yaml").read_text()
    (folder / "assignment.yaml").write_text(text.replace("seconds: 10", "seconds: 60, cpu_seconds: 6"))
    slow = {"wrong_loops_forever", "right_loops"}
    called_again = {name for name, expected in EXPECTED["naive_em"].items() if "because_of" in str(expected)}
    quick = [name for name in EXPECTED["naive_em"] if name not in slow | called_again]
    names = [quick[n % len(quick)] for n in range(194)] + ["wrong_loops_forever"] * 4 + ["right_loops"] * 2
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
            assert outcome(result) == wanted("naive_em", name), result.id
            if n == 50:
                early = memory()
    assert sum(children.values()) == 200
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
    assert got == {name: expected["score"] for name, expected in EXPECTED["naive_em"].items()}
