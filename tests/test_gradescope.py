"""On Gradescope's machine a submission is graded as anywhere: nothing of it is believed, and without a verdict no score."""

import contextlib
import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

from grader import assignment, gradescope, package, places
from grader.errors import FaultError
from grader.policy import Late, Policy, Resubmission, moment
from tests import documented
from tests import gradescope_machine as machine
from tests.conftest import INPUTS, ROOT, SOLUTION, SPEC, write
from tests.gradescope_machine import HANDED_IN, metadata, previous, user
from tests.report.test_gradescope import SCHEMA
from tests.results import case, faulty, item, result
from tests.test_cli import RIGHT, WRONG

FORGED = '{"score": 100, "tests": []}'
UNGRADED = "This was not graded. It is no fault of yours, and nothing is lost: your teachers can see why, and have it graded again."


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A machine that is set up for the small assignment."""
    folder = tmp_path_factory.mktemp("gradescope")
    course = write(folder / "small", {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION})
    package.package(assignment.load(course), folder / "autograder.zip")
    root = machine.lay_out(folder / "autograder.zip", folder / "autograder")
    printed = machine.set_up(root, folder / "tools")
    (root / "printed").write_text(printed)
    return root


# --- set up ---


def test_setting_up_installs_what_is_required(root):
    printed = (root / "printed").read_text()
    assert printed.startswith("setup.sh: packaged with Python 3.11, installed with Python 3.")
    assert printed.endswith(f"-r {root}/source/requirements.txt\n")


def test_setting_up_where_there_is_no_python_says_what_to_do(tmp_path):
    write(tmp_path, {"source/.python-version": "3.11\n", "tools/cat": "#!/bin/sh\necho 3.11\n"})
    (tmp_path / "tools/cat").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", ROOT / "docker/gradescope/setup.sh"], env=machine.environment(tmp_path, PATH=str(tmp_path / "tools")),
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "setup.sh: there is no Python 3.11 or later here, and none to install: choose a newer base image in Gradescope\n"
    )


# --- graded as anywhere ---


def test_a_submission_gets_its_score_and_the_run_succeeds(root):
    machine.hand_in(root, {"work.py": RIGHT})
    done, told = machine.run(root)
    assert (done.returncode, done.stderr) == (0, "")
    jsonschema.validate(told, SCHEMA)
    assert (told["score"], len(told["tests"])) == (3.0, 3)


SUBMISSIONS = {
    "a syntax error": ({"work.py": "def double(x)\n"}, 0.0),
    "in a folder, as from GitHub": ({"repository/src/work.py": WRONG, "repository/README.md": "mine"}, 2.0),
}


@pytest.mark.parametrize(("files", "score"), SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_whatever_was_handed_in_gets_a_score(root, files, score):
    machine.hand_in(root, files)
    gradescope.run(root)
    told = json.loads((root / "results/results.json").read_text())
    assert (told["score"], len(told["tests"])) == (score, 3)


# --- fails closed ---


def broken_metadata(root):
    (root / "submission_metadata.json").write_text('{"created_at": "yesterday"}')
    return (
        f"grader: {root}/submission_metadata.json: this is not as Gradescope writes it: $.created_at: Value error, must be a "
        "time with its zone, as 2026-12-01T23:59:00+01:00, not yesterday\n"
    )


def no_metadata(root):
    (root / "submission_metadata.json").unlink()
    return f"grader: {root}/submission_metadata.json: No such file or directory\n"


@pytest.mark.parametrize("break_it", [broken_metadata, no_metadata])
def test_what_fails_leaves_no_score_and_not_the_results_that_were_there(root, break_it):
    machine.hand_in(root, {"work.py": RIGHT})
    (root / "results/results.json").write_text(FORGED)
    error = break_it(root)
    done, told = machine.run(root)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", error)
    jsonschema.validate(told, SCHEMA)
    assert (told["output"], told.keys() & {"score", "tests"}) == (UNGRADED, set())


def test_without_a_sandbox_nothing_is_graded(root):
    machine.hand_in(root, {"work.py": RIGHT})
    done, told = machine.run(root, limit="ulimit -t 5")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(
        "grader: the sandbox cannot be locked: this machine limits the CPU time of a process to 5"
    )
    assert (told["output"], "score" in told) == (UNGRADED, False)


def test_a_grader_that_cannot_even_start_leaves_no_score(root, tmp_path):
    write(tmp_path, {"results/results.json": FORGED, "submission/work.py": RIGHT})
    (tmp_path / "run_autograder").write_bytes((root / "run_autograder").read_bytes())
    (tmp_path / "run_autograder").chmod(0o755)
    done, told = machine.run(tmp_path)
    assert done.returncode not in {0, None}
    assert told["output"] == UNGRADED
    assert "score" not in told


def test_a_fault_of_ours_is_told_to_instructors_alone(root, monkeypatch, capsys):
    machine.hand_in(root, {"work.py": RIGHT})
    results = write(root, {"results/results.json": "as run_autograder left it"}) / "results/results.json"
    broken = SimpleNamespace(grade=lambda _: faulty(fault="a secret of the reference"))
    monkeypatch.setattr(places, "here", lambda *_: contextlib.nullcontext(broken))
    monkeypatch.setattr("sys.argv", ["gradescope", str(root)])
    assert gradescope.main() == FaultError.status
    assert capsys.readouterr().err == "grader: a secret of the reference\n"
    assert results.read_text() == "as run_autograder left it"


# --- nothing of a submission is believed ---

ATTACK = """
import os

root = {root!r}
stolen = []
for name in ("source/assignment/solution.py", "source/assignment/assignment.yaml", "submission_metadata.json"):
    try:
        stolen.append(open(os.path.join(root, name)).read(30))
    except OSError:
        pass
for name in ("results/results.json", "source/assignment/planted.py"):
    try:
        open(os.path.join(root, name), "w").write({forged!r})
        stolen.append("wrote " + name)
    except OSError:
        pass
print("stolen:", stolen)

def double(x): return x
def pair(xs): return min(xs), max(xs)
"""


def test_a_submission_reaches_neither_the_results_nor_the_assignment(root):
    machine.hand_in(root, {"work.py": ATTACK.format(root=str(root), forged=FORGED)})
    done, told = machine.run(root)
    assert (done.returncode, told["score"]) == (0, 2.0)
    assert "`y` is half of what is wanted." in done.stdout  # which instructors see
    assert "stolen: []" in done.stdout
    assert "Kept in by: " in done.stdout


def test_without_a_sandbox_it_would(root, monkeypatch, capsys):
    machine.hand_in(root, {"work.py": ATTACK.format(root=str(root), forged=FORGED)})
    without = places.here
    monkeypatch.setattr(places, "here", lambda loaded, _, jobs, begun: without(loaded, "process", jobs, begun))
    gradescope.run(root)
    (root / "source/assignment/planted.py").unlink()
    printed = capsys.readouterr().out
    assert "def double(x)" in printed
    assert "wrote results/results.json" in printed
    assert json.loads((root / "results/results.json").read_text())["score"] == 2.0  # what is forged is never taken


def read_as_somebody_else(root):
    """Return what another user reads of the reference, and of what a student's process is to read."""
    return [
        subprocess.run(["cat", path], cwd=root, user=65534, capture_output=True, check=False).stdout.decode()
        for path in (
            "source/assignment/solution.py",
            next(root.glob("venv/lib/*/site-packages/lent.pth")).relative_to(root),
        )
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
def test_nobody_but_root_may_read_the_package(root):
    secret, open_to_all = read_as_somebody_else(root)
    assert (secret, bool(open_to_all)) == ("", True)
    (root / "source").chmod(0o755)
    (root / "source/assignment").chmod(0o755)
    (root / "source/assignment/solution.py").chmod(0o644)
    assert "def double(x)" in read_as_somebody_else(root)[0]  # so it is the modes that keep others out
    (root / "source").chmod(0o700)


IMPOSTORS = {
    "submission_metadata.json": json.dumps(metadata(created_at="2020-01-01T00:00:00Z")),
    "results.json": FORGED, "results/results.json": FORGED, "assignment.yaml": "name: mine\n",
    "source/assignment/assignment.yaml": "name: mine\n", "manifest.json": "{}", "run_autograder": "#!/bin/sh\n",
    **{
        f"{name}.py": "raise SystemExit('an impostor was imported')\n"
        for name in ("sitecustomize", "usercustomize", "grader/__init__", "grader/gradescope", "json", "numpy", "pydantic/__init__")
    },
}  # fmt: skip


def test_files_that_pass_for_gradescopes_or_the_graders_do_nothing(root):
    shutil.rmtree(root / "cache", ignore_errors=True)  # so that the reference is asked too
    machine.hand_in(root, {"work.py": WRONG, **IMPOSTORS})
    done, told = machine.run(root, PYTHONPATH=str(root / "submission"))
    assert (done.returncode, done.stderr, told["score"]) == (0, "", 2.0)


def test_python_that_looks_into_the_submission_would_import_them(root):
    machine.hand_in(root, {"work.py": WRONG, **IMPOSTORS})
    script = root / "run_autograder"
    text = script.read_text()
    try:
        script.write_text(text.replace(" -I ", " ").replace("unset PYTHONPATH", ":"))
        done, told = machine.run(root, PYTHONPATH=str(root / "submission"))
    finally:
        script.write_text(text)
    assert "an impostor was imported" in done.stderr
    assert done.returncode != 0
    assert "score" not in told  # and even then there is no score


def test_a_link_to_the_reference_is_not_followed(root):
    (machine.hand_in(root, {}) / "work.py").symlink_to(root / "source/assignment/solution.py")
    gradescope.run(root)
    told = json.loads((root / "results/results.json").read_text())
    assert told["score"] == 0
    assert "work.py is a link out of the folder, which is not followed" in told["tests"][0]["output"]


def test_a_copy_of_the_reference_would_get_all_points(root):
    machine.hand_in(root, {"work.py": (root / "source/assignment/solution.py").read_text()})
    gradescope.run(root)
    assert json.loads((root / "results/results.json").read_text())["score"] == 3.0


# --- handed in late, and again ---

DUE = "2026-11-01T00:00:00-08:00"
TIMES = {
    "the assignment's": ({"assignment": {"due_date": DUE}}, DUE),
    "the student's own, with an extension": ({"assignment": {"due_date": DUE}, "users": [user("2026-11-09T00:00:00Z")]}, "2026-11-09T00:00:00Z"),
    "the latest of a group's": ({"users": [user("2026-11-09T00:00:00Z"), user("2026-11-08T00:00:00Z")]}, "2026-11-09T00:00:00Z"),
    "none that Gradescope knows": ({"users": [user()]}, None),
    "none of what is usual is told": ({"users": [{"id": 1}]}, None),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "due"), TIMES.values(), ids=TIMES)
def test_it_is_due_when_gradescope_says(changes, due, tmp_path):
    path = write(tmp_path, {"about.json": json.dumps(metadata(**changes))}) / "about.json"
    assert gradescope.read(path).due == (moment(due) if due else None)


@contextlib.contextmanager
def spec_with(root, keys):
    """The small assignment with more keys, for as long as that."""
    spec = root / "source/assignment/assignment.yaml"
    spec.write_text(f"{keys}\n{SPEC}")
    try:
        yield
    finally:
        spec.write_text(SPEC)


@pytest.mark.parametrize(("due", "score"), [("2026-11-03T00:00:00-08:00", 3.0), (None, 1.5)])
def test_gradescopes_date_comes_before_that_of_the_spec(root, due, score):
    machine.hand_in(root, {"work.py": RIGHT}, metadata(assignment={"due_date": due}))
    with spec_with(root, "due: 2026-11-02T00:00:00-08:00\nlate: {per_day: 0.5}"):
        gradescope.run(root)
    assert json.loads((root / "results/results.json").read_text())["score"] == score


def points(earned, name="double"):
    """A result with so many of three points."""
    status = "passed" if earned == 3 else "failed"
    return result("submission", item(name, case(status=status, score=float(earned), max_score=3.0)))


def told(now, policy, *before, created_at=HANDED_IN):
    """Return what students are told of results, each handed in on a day of October, and of the one that is graded now."""
    about = gradescope.Metadata.model_validate(metadata(created_at=created_at, previous_submissions=before))
    return gradescope.rendered(now, gradescope.earlier(about), policy, about.created_at)


def graded(day, earned, policy=None):
    """Return an earlier submission with the file that was written for it."""
    written = told(points(earned, f"of day {day}"), policy or Policy(), created_at=f"2026-10-{day:02}T10:00:00-08:00")
    return previous(day, json.loads(json.dumps(written)))


BEST = Policy(attempts=Resubmission(most=3, counts="best"))
LATE = Policy(late=Late(per_day=0.1, days=2), due=moment("2026-11-01T11:00:00-08:00"))


def test_late_points_are_taken_off_once():
    now = told(points(3), LATE)
    assert (now["score"], now["output"]) == (2.7, "Handed in late: 0.3 taken off the points of the tests.")
    best = Policy(late=Late(per_day=0.1), attempts=Resubmission(counts="best"), due=moment("2026-10-04T00:00:00Z"))
    assert told(points(0), best, graded(4, 3, best))["score"] == 2.7


def test_what_comes_too_late_does_not_replace_what_came_in_time():
    now = told(points(3), LATE, graded(4, 2), created_at="2026-11-05T10:00:00-08:00")
    assert now["score"] == 2
    assert now["output"] == (
        "The score is that of attempt 1, 2 points. This one has 0 points (2 days after it was due it counts nothing); "
        "the tests are its own."
    )


@pytest.mark.parametrize(("number", "left"), [(1, "2 are left"), (2, "1 is left"), (3, "none is left")])
def test_students_are_told_how_many_attempts_are_left(number, left):
    now = told(points(3), BEST, *(graded(day, 0) for day in range(1, number)))
    assert now["output"] == f"Attempt {number} of 3: {left}."


def test_where_the_best_counts_a_worse_one_keeps_the_score_and_shows_its_own_tests():
    now = told(points(1), BEST, graded(1, 1), graded(2, 2))
    assert (now["score"], [test["score"] for test in now["tests"]]) == (2, [1])
    assert now["output"].endswith(
        "The score is that of attempt 2, 2 points. This one has 1 point; the tests are its own."
    )


def test_the_page_shows_what_such_a_student_reads():
    (shown,) = (block for block in documented.blocks("docs/ci/gradescope.md") if block.tested_by)
    assert f"{told(points(1), BEST, graded(1, 3))['output']}\n" == shown.text


def test_where_the_last_counts_a_worse_one_replaces_the_score():
    assert told(points(1), Policy(), graded(1, 2))["score"] == 1


def test_after_the_last_attempt_nothing_is_graded_and_the_score_stays(root):
    machine.hand_in(root, {"work.py": RIGHT}, metadata(previous_submissions=[graded(2, 2), graded(1, 1)]))
    with spec_with(root, "attempts: {most: 2}"):
        done, now = machine.run(root)
    assert (done.returncode, done.stdout) == (0, "")
    jsonschema.validate(now, SCHEMA)
    assert (now["score"], [test["name"] for test in now["tests"]]) == (2, ["of day 2: three"])
    assert now["output"] == (
        "Not graded: 2 attempts may count, and as many were graded before. The score and the tests are those of attempt 2, "
        "2 points."
    )


ELSEWHERE = {"score": 1.5, "tests": [{"name": "theirs", "score": 1.5}]}
NO_ATTEMPTS = {
    "one that was not graded": previous(1, {"output": UNGRADED}, 0.0),
    "one of which there are no results": {**previous(1, {}), "results": None},
    "one after all attempts": previous(1, {**ELSEWHERE, "extra_data": {"proofgrade": {"points": None}}}),
}


@pytest.mark.parametrize("before", NO_ATTEMPTS.values(), ids=NO_ATTEMPTS)
def test_what_was_not_graded_is_no_attempt(before):
    assert told(points(3), BEST, before)["output"] == "Attempt 1 of 3: 2 are left."


def test_what_another_autograder_graded_counts_as_it_stands():
    now = told(points(1), Policy(LATE.late, BEST.attempts, moment("2026-09-01T00:00:00Z")), previous(1, ELSEWHERE))
    assert (now["score"], now["output"][:27]) == (1.5, "Attempt 2 of 3: 1 is left.\n")


@pytest.mark.parametrize("left", [[1], "text", 3, {}, {"proofgrade": "theirs"}], ids=str)
def test_whatever_another_autograder_left_is_no_obstacle(left):
    assert told(points(3), Policy(), previous(1, {**ELSEWHERE, "extra_data": left}))["score"] == 3


def test_no_earlier_submissions_may_be_null():
    assert gradescope.earlier(gradescope.Metadata.model_validate(metadata(previous_submissions=None))) == []


# --- what students see ---


PRINTS = "It printed:\nX is secret\n"


def test_what_was_printed_is_shown_unless_a_hidden_case_may_be_in_it():
    shown = partial(result, "submission", stdout="X is secret\n")
    assert told(shown(item("double", case())), Policy())["output"] == PRINTS
    hidden = told(shown(item("double", case(visibility="hidden"))), Policy())
    assert hidden["output"] == "What it printed is not shown, since some cases are hidden."
    assert "secret" not in json.dumps(hidden)


def test_a_hidden_answer_is_no_reason_for_prints_are_not_of_answers():
    answer = item("loglik", case(visibility="hidden"), kind="number")
    assert told(result("submission", answer, stdout="X is secret\n"), Policy())["output"] == PRINTS


def test_the_autograders_own_output_stays_with_instructors(root):
    assert told(points(3), Policy())["stdout_visibility"] == "hidden"
    assert '"stdout_visibility": "hidden"' in Path(root / "run_autograder").read_text()
