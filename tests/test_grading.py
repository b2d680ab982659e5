"""A class is graded once, whatever ends a run: kept at once, told in order, and shown as it is now."""

import csv
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from grader import assignment, batch, book, cli, engine, markfile
from grader.errors import FaultError, SpecError
from grader.intake import Entry, Intake
from grader.marks import answers, give
from grader.policy import Policy
from grader.submission import Handed, Submission
from tests.conftest import SPEC, write
from tests.notebooks import notebook
from tests.results import item, result
from tests.test_cli import RIGHT, WRONG, grader

HISTORY = """
    SELECT id, count(*) FROM results
    JOIN attempts ON attempt = attempts.number JOIN students ON student = students.number GROUP BY id"""
QUESTION = "questions:\n  why: {kind: text, points: 2}\n"


@pytest.fixture
def here(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, {"class/alice/work.py": RIGHT, "class/bob/work.py": WRONG})


def grade(*options, cwd=Path(), status=(0, 1)):
    done = grader("grade", "small", "class", "--out", "out", *options, cwd=cwd)
    assert done.returncode in status, done.stderr
    return done


def lines(path="out/results.jsonl"):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def scores(path="out/results.jsonl"):
    return {line["submission"]["id"]: line["score"] for line in lines(path)}


def history():
    """Return how many results there are of each student, by the store."""
    with closing(sqlite3.connect("out/store.sqlite")) as store:
        return dict(store.execute(HISTORY))


# --- what there is in the end ------------------------------------------------------------------------------------------


def test_a_folder_has_results_gradebook_and_pages(here):
    done = grade()
    assert done.returncode == 1
    assert sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*") if path.is_file()) == [
        "feedback/alice.html", "feedback/bob.html", "gradebook.csv", "results.jsonl", "store.sqlite", "summary.html",
    ]  # fmt: skip
    assert scores() == {"alice": 3.0, "bob": 2.0}
    with open("out/gradebook.csv", newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "double", "pair", "total", "max"], ["alice", "1", "2", "3", "3"], ["bob", "0", "2", "2", "3"],
        ]  # fmt: skip
    assert "2 submissions: 1 passed everything, 1 lost points; mean 2.50" in done.stdout


def test_lines_on_standard_output_are_those_of_the_store(here):
    done = grade("--jsonl", "-")
    assert done.stdout == Path("out/results.jsonl").read_text()


def test_results_come_in_the_order_of_the_submissions(here):
    write(here, {f"class/s{n:02}/work.py": f"import time\ntime.sleep({(7 * n) % 5 / 50})\n{RIGHT}" for n in range(12)})
    names = [line["submission"]["id"] for line in lines_of(grade("--jsonl", "-", "--jobs", "4").stdout)]
    assert names == sorted(names)
    assert len(names) == 14


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


# --- again ---------------------------------------------------------------------------------------------------------------


def test_only_what_changed_is_graded_again(here):
    grade()
    write(here, {"class/bob/work.py": RIGHT, "class/cid/work.py": WRONG})
    done = grade()
    assert done.stderr == "All of it is in out: begin with summary.html. 2 graded now, 1 unchanged.\n"
    assert scores() == {"alice": 3.0, "bob": 3.0, "cid": 2.0}
    assert history() == {"alice": 1, "bob": 2, "cid": 1}
    bob = lines()[1]
    assert [(one["number"], one["score"], one["counts"]) for one in bob["attempts"]] == [
        (1, 2.0, False),
        (2, 3.0, True),
    ]


def test_nothing_new_starts_no_grading_and_tells_the_same(here):
    first, second = grade(), grade()
    assert history() == {"alice": 1, "bob": 1}
    assert (second.stdout, second.returncode) == (first.stdout, first.returncode)


def test_fresh_grades_everything_and_keeps_what_was(here):
    grade()
    grade("--fresh")
    assert history() == {"alice": 2, "bob": 2}
    assert scores() == {"alice": 3.0, "bob": 2.0}


def test_a_changed_assignment_has_everything_graded_again(here):
    grade()
    write(
        here, {"small/solution.py": "def double(x):\n    return 3 * x\n\ndef pair(xs):\n    return min(xs), max(xs)\n"}
    )
    grade()
    assert history() == {"alice": 2, "bob": 2}
    assert scores() == {"alice": 2.0, "bob": 2.0}


class Slow:
    """Places at which of two submissions the one that came first is graded last."""

    number = 2

    def __init__(self):
        self.other = threading.Event()

    def grade(self, submission):
        if submission.code.files["work.py"] == b"first":
            assert self.other.wait(20)
        else:
            self.other.set()
        return result(submission.id, item(), sha256=submission.sha256)

    def close(self):
        pass


def test_attempts_are_those_that_were_handed_in_whichever_is_graded_first(here):
    spec = assignment.load(Path("small")).spec
    own = [Submission("alice", Handed("work.py", {"work.py": text})) for text in (b"first", b"second")]
    entries = [Entry("alice", partial(replace, one)) for one in own]
    with book.temporary() as kept:
        kept.begin(spec, Policy(), Intake((), {}))
        done, told = [], []
        batch.Batch(spec, kept, Slow(), "key", fresh=False).grade(entries, done.append, told.append)
        assert told == ["alice"]
        assert [each.sha256 for each in done] == [one.sha256 for one in own]
        assert [one.sha256 for one in kept.result("alice").attempts] == [one.sha256 for one in own]


def test_what_is_handed_in_after_the_last_attempt_counts_no_more_when_an_earlier_one_comes_again(here):
    write(here, {"small/assignment.yaml": SPEC + "attempts: {most: 2}\n"})
    none = "x = 1\n"
    for work, counts in ((none, 1), (WRONG, 2), (RIGHT, 2), (none, 1), (RIGHT, 1), (WRONG, 2)):
        write(here, {"class/alice/work.py": work})
        for _ in range(2):
            grade()
            attempts = lines()[0]["attempts"]
            assert [one["number"] for one in attempts if one["counts"]] == [counts]
    assert [(one["score"], one["why"]) for one in attempts] == [
        (0.0, ""), (2.0, ""), (3.0, "after 2 attempts it does not count"),
    ]  # fmt: skip


def test_a_moved_assignment_is_the_same(here):
    grade()
    shutil.move("small", "elsewhere")
    assert grader("grade", "elsewhere", "class", "--out", "out", cwd=here).returncode == 1
    assert history() == {"alice": 1, "bob": 1}


def test_a_file_that_was_absent_and_is_unreadable_now_is_graded_again(here):
    (here / "class/bob/work.py").unlink()
    grade()
    write(here, {"class/bob/work.py": b"\0"})
    grade()
    assert [item["status"] for item in lines()[1]["items"]] == ["error", "error"]


def test_a_run_that_cannot_grade_replaces_nothing(here):
    grade()
    before = Path("out/results.jsonl").read_bytes()
    write(here, {"small/solution.py": "1 / 0"})
    grade(status=(3,))
    assert Path("out/results.jsonl").read_bytes() == before


def test_a_fault_leaves_the_earlier_result_and_is_told(here, monkeypatch, capsys):
    grade()
    before = scores()
    graded = engine.grade_one

    def fails(variants, place, submission):
        result = graded(variants, place, submission)
        return replace(result, items=(), fault="no memory") if submission.id == "bob" else result

    monkeypatch.setattr(engine, "grade_one", fails)
    assert cli.main(["grade", "small", "class", "--out", "out", "--fresh"]) == 3
    assert "Not graded by a fault of ours: bob (no memory)." in capsys.readouterr().err
    assert scores() == before


def test_a_mistake_of_the_spec_that_shows_only_now_is_told_once(here):
    renamed = SPEC.replace("{name: three, args: {x: 3}}", "{name: three, args: {n: 3}}")
    law = "      - {name: left as it was, property: {unchanged: x}}\n  pair:"
    write(here, {"small/assignment.yaml": renamed.replace("  pair:", law)})
    done = grade("--jobs", "2", status=(2,))
    assert (done.stdout, done.stderr) == (
        "",
        "grader: small/assignment.yaml:13: $.functions.double.cases[2].property: "
        "there is no argument `x` (in the case 'three')\n",
    )


class Mistaken:
    """Places at which a mistake of the spec shows only with the second submission, when the first is kept."""

    number = 2

    def __init__(self):
        self.kept = threading.Event()

    def grade(self, submission):
        if submission.id == "bob":
            assert self.kept.wait(20)
            raise SpecError("there is no argument `x`")
        return result(submission.id, item(), sha256=submission.sha256)

    def close(self):
        pass


def test_what_was_graded_before_a_mistake_of_the_spec_showed_is_kept(here):
    spec, places = assignment.load(Path("small")).spec, Mistaken()
    both = [Submission(name, Handed("work.py", {"work.py": b""})) for name in ("alice", "bob")]
    entries = [Entry(one.id, partial(replace, one)) for one in both]
    with book.temporary() as kept:
        kept.begin(spec, Policy(), Intake((), {}))
        class_ = batch.Batch(spec, kept, places, "key", fresh=False)
        told = []
        with pytest.raises(SpecError, match="there is no argument `x`"):
            class_.grade(entries, lambda _: places.kept.set(), told.append)
        assert told == ["alice"]
        assert kept.result("alice").score == item().score


def test_students_of_an_earlier_run_stay(here):
    grade()
    grader("grade", "small", "class/alice", "--out", "out", cwd=here)
    assert scores() == {"alice": 3.0, "bob": 2.0}


def test_another_assignment_needs_a_folder_of_its_own(here):
    grade()
    write(here, {"small/assignment.yaml": SPEC.replace("name: small", "name: other")})
    done = grade(status=(2,))
    assert (
        done.stderr
        == "grader: out/store.sqlite: results of small are kept here, not of other: give each assignment a folder of its own\n"
    )


# --- whatever ends it ----------------------------------------------------------------------------------------------------


def start(*options):
    command = [sys.executable, "-m", "grader", "grade", "small", "class", "--out", "out", *options]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True, start_new_session=True)


def kept():
    """Return how many results are kept by now."""
    try:
        return sum(history().values())
    except sqlite3.Error:
        return 0


def wait_for(number, process):
    while kept() < number and process.poll() is None:
        time.sleep(0.02)


def test_an_interrupted_run_keeps_what_is_done_and_says_how_to_go_on(here):
    write(
        here,
        {"small/assignment.yaml": SPEC.replace("seconds: 2", "seconds: 30"), "class/bob/work.py": "while True: pass"},
    )
    process = start("--jobs", "2")
    wait_for(1, process)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Score: 3 of 3" in out
    assert errors.splitlines()[-1] == (
        "grader: interrupted after 1 of 2 submissions; they are kept in out (see them with grader report out), "
        "and the same command goes on from there"
    )
    write(here, {"class/bob/work.py": WRONG})
    grade()
    assert (history(), scores()) == ({"alice": 1, "bob": 1}, {"alice": 3.0, "bob": 2.0})


class Waiting:
    """Places at which the first submission is graded only when all is over."""

    number = 2

    def __init__(self):
        self.over = threading.Event()

    def grade(self, submission):
        if submission.id == "alice":
            self.over.wait(20)
        return result(submission.id, item(), sha256=submission.sha256)

    def close(self):
        self.over.set()


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def told_of(here, request):
    """Whom a run told of, and who is kept, that was interrupted so often.

    What is interrupted is the very keeping of a result, while who comes first is not graded yet.
    """
    spec, told = assignment.load(Path("small")).spec, []
    entries = [Entry(name, partial(Submission, name, Handed("work.py", {"work.py": b""}))) for name in ("alice", "bob")]
    before = signal.signal(request.param, signal.default_int_handler)  # as `grader.cli` has it
    with book.temporary() as kept, pytest.MonkeyPatch.context() as patch:
        kept.begin(spec, Policy(), Intake((), {}))
        add = kept.store.add

        def run(times):
            def interrupt(*given):
                add(*given)
                for _ in range(times):
                    signal.raise_signal(request.param)

            patch.setattr(kept.store, "add", interrupt)
            with pytest.raises(KeyboardInterrupt):
                batch.Batch(spec, kept, Waiting(), "key", fresh=False).grade(entries, [].append, told.append)
            return told, kept.store.students()

        yield run
    assert signal.signal(request.param, before) is signal.default_int_handler  # it is as it was


def test_whoever_interrupts_is_told_of_all_that_is_kept(told_of):
    assert told_of(1) == (["bob"], ["bob"])


def test_whoever_insists_is_not_kept_waiting(told_of):
    assert told_of(2) == ([], ["bob"])


def test_without_putting_it_off_what_is_kept_is_not_told(told_of, monkeypatch):
    monkeypatch.setattr(batch, "_undivided", nullcontext)
    assert told_of(1) == ([], ["bob"])


def test_an_interrupted_run_that_grades_all_afresh_does_not_say_that_it_goes_on(here):
    grade()
    write(
        here,
        {"small/assignment.yaml": SPEC.replace("seconds: 2", "seconds: 30"), "class/bob/work.py": "while True: pass"},
    )
    process = start("--fresh", "--jobs", "2")
    wait_for(3, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.splitlines()[-1] == (
        "grader: interrupted after 1 of 2 submissions; they are kept in out (see them with grader report out)"
    )


def test_a_run_killed_at_ten_random_moments_loses_nothing_and_grades_nothing_twice(here):
    shutil.rmtree("class")
    write(here, {f"class/s{n:03}/work.py": f"{WRONG if n % 3 else RIGHT}\n# {n}" for n in range(150)})
    moments = random.Random(7)
    before = 0
    for _ in range(10):
        process = start()
        wait_for(before + moments.randrange(1, 14), process)
        time.sleep(moments.random() / 50)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert kept() >= before  # none is lost
        before = kept()
    assert 10 <= before < 150
    grade()
    assert history() == {f"s{n:03}": 1 for n in range(150)}  # none is graded twice
    assert scores() == {f"s{n:03}": 2.0 if n % 3 else 3.0 for n in range(150)}


def test_two_graders_on_one_folder_lose_nothing(here):
    write(here, {f"class/s{n:03}/work.py": f"{RIGHT}\n# {n}" for n in range(30)})
    both = [start("--jobs", "1"), start("--jobs", "1")]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [1, 1]
    assert len(scores()) == 32
    with book.opened(Path("out")) as kept:
        assert len(list(kept.results())) == 32


# --- marks, lists, policies ------------------------------------------------------------------------------------------------


def prose(here):
    write(here, {"small/assignment.yaml": SPEC.replace("{file: work.py}", "{notebook: work.ipynb}") + QUESTION})
    shutil.rmtree("class")
    write(here, {"class/alice/work.ipynb": notebook(RIGHT, "# answer: why\n'Because.'")})


def test_marks_count_in_everything_that_is_written_and_again_after_a_regrade(here):
    prose(here)
    assert "Mark what is pending: grader mark out" in grade().stderr
    with book.opened(Path("out")) as kept:
        kept.add_marks([give(answer, [2.0], "By hand.") for answer in answers(list(kept.results()))])
    for options in ([], ["--fresh"]):
        done = grade(*options)
        assert "pending" not in done.stderr
        assert (scores(), "By hand." in done.stdout) == ({"alice": 5.0}, True)
        assert Path("out/gradebook.csv").read_text().splitlines()[1] == "alice,1,2,2,5,5"


def test_marks_beside_a_file_count_when_it_is_written_anew(here):
    prose(here)
    command = ["grade", "small", "class", "--jsonl", "r.jsonl"]
    grader(*command, cwd=here)
    markfile.add(Path("r.jsonl"), [give(answer, [1.5], "") for answer in answers(markfile.read(Path("r.jsonl")))])
    grader(*command, cwd=here)
    assert scores("r.jsonl") == {"alice": 4.5}


def test_a_list_names_students_and_those_who_are_missing(here):
    write(here, {"list.csv": "id,name,email\n17,Alice Ames,alice@x.org\n18,Cid,cid@x.org\n"})
    done = grade("--roster", "list.csv")
    assert scores() == {"17": 3.0, "bob": 2.0}
    assert "Cid" in done.stdout
    with open("out/gradebook.csv", newline="") as file:
        assert [row[:3] for row in csv.reader(file)] == [
            ["id", "name", "email"], ["17", "Alice Ames", "alice@x.org"], ["bob", "", ""], ["18", "Cid", "cid@x.org"],
        ]  # fmt: skip


def test_who_has_another_id_on_a_later_list_is_told_of(here):
    write(here, {"list.csv": "id,name\nalice,Alice\nbob,Bob\n", "other.csv": "id,name\n17,Alice\nbob,Bob\n"})
    grade("--roster", "list.csv")
    (here / "class/alice").rename(here / "class/17")
    assert "1 who handed in is not on the class's list: alice" in grade("--roster", "other.csv").stdout
    assert "alice" not in grader("report", "out", "--format", "canvas", cwd=here).stdout


def test_who_may_have_been_late_is_counted(here):
    told = "is not known: they count as in time. A column `handed_in` of the class's list (--roster) can say when.\n"
    late = "due: 2026-12-01T12:00:00+01:00\nlate: {per_day: 0.1}\n"
    write(here, {"list.csv": "id,handed_in\nalice,2026-12-03T11:00:00+01:00\nbob,\n"})
    assert "is not known" not in grade().stderr
    write(here, {"small/assignment.yaml": SPEC + late})
    assert f"When 2 of 2 came in {told}" in grade().stderr
    assert f"When 1 of 2 came in {told}" in grade("--roster", "list.csv").stderr


def test_what_is_late_costs_points_wherever_they_are_told(here):
    late = "due: 2026-12-01T12:00:00+01:00\nlate: {per_day: 0.1}\n"
    write(
        here,
        {"small/assignment.yaml": SPEC + late, "list.csv": "id,handed_in\nalice,2026-12-03T11:00:00+01:00\nbob,\n"},
    )
    done = grade("--roster", "list.csv")
    alice = lines()[0]
    assert (alice["score"], alice["penalty"], alice["attempts"][0]["days_late"]) == (
        pytest.approx(2.4),
        pytest.approx(0.6),
        2,
    )
    assert "2 days late" in Path("out/feedback/alice.html").read_text()
    assert done.returncode == 1


# --- other views -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["csv", "canvas", "moodle", "nbgrader", "junit", "json", "html", "github"])
def test_a_report_of_the_folder_is_that_of_the_file(format_, here):
    grade()
    of_folder, of_file = (
        grader("report", path, "--format", format_, cwd=here) for path in ("out", "out/results.jsonl")
    )
    assert (of_folder.returncode, of_file.returncode) == (0, 0)
    assert "alice" in of_file.stdout or format_ == "github"
    assert bool(of_folder.stdout)


def test_pages_are_written_to_a_folder_or_a_single_file(here):
    grade()
    grader("report", "out", "--format", "html", "--to", "site", cwd=here)
    assert sorted(path.name for path in Path("site").rglob("*.html")) == ["alice.html", "bob.html", "summary.html"]
    grader("report", "out", "--format", "html", "--to", "all.html", cwd=here)
    assert Path("all.html").read_text() == Path("site/summary.html").read_text()


def test_gradescope_gets_a_file_for_each(here):
    grade()
    done = grader("report", "out", "--format", "gradescope", cwd=here)
    assert (done.returncode, done.stderr) == (
        2,
        "grader: gradescope takes a file for each submission: give --to a folder for them\n",
    )
    grader("report", "out", "--format", "gradescope", "--to", "gs", cwd=here)
    assert {path.name: json.loads(path.read_text())["score"] for path in Path("gs").iterdir()} == {
        "alice.json": 3.0,
        "bob.json": 2.0,
    }


def test_github_gets_its_summary_and_of_one_submission_its_payload(here):
    there = {**os.environ, "GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "output"}
    grader("grade", "small", "class/bob", "--jsonl", "bob.jsonl", cwd=here)
    done = grader("report", "bob.jsonl", "--format", "github", cwd=here, env=there)
    assert done.stdout.startswith("::error ")
    assert "double" in Path("summary.md").read_text()
    assert Path("output").read_text().startswith("result=")


WRONG_REPORTS = {
    "nothing there": (["none", "--format", "csv"], "none: no such file or folder (grader grade ... --jsonl FILE writes one)"),
    "two assignments": (["two.jsonl", "--format", "csv"], "two.jsonl: results of several assignments (small, other): report one at a time"),
    "a place that is none": (["out", "--format", "csv", "--to", "class/alice/work.py/x"], "class/alice/work.py/x: File exists"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG_REPORTS.values(), ids=WRONG_REPORTS)
def test_a_report_that_cannot_be_is_told_in_one_line(call, message, here):
    grade()
    first = Path("out/results.jsonl").read_text().splitlines()[0]
    other = first.replace('"assignment": "small"', '"assignment": "other"')
    write(here, {"two.jsonl": f"{first}\n{other}\n"})
    done = grader("report", *call, cwd=here)
    assert (done.returncode, done.stderr) == (2, f"grader: {message}\n")


# --- what can go wrong -----------------------------------------------------------------------------------------------------


def test_results_among_the_submissions_are_not_graded(here):
    for _ in range(2):
        assert grader("grade", "small", "class", "--out", "class/results", cwd=here).returncode == 1
    assert scores("class/results/results.jsonl") == {"alice": 3.0, "bob": 2.0}


def test_lines_do_not_take_the_place_of_what_is_in_the_folder(here):
    grade()
    for name in ("results.jsonl", "store.sqlite"):
        done = grade("--jsonl", f"out/../out/{name}", status=(2,))
        assert f"{name}: --out writes this file already: give --jsonl another name, or leave it out" in done.stderr
    assert scores() == {"alice": 3.0, "bob": 2.0}
    grade("--jsonl", "out/mine.jsonl")
    assert scores("out/mine.jsonl") == scores()


FAULTS = {
    "ours": (FaultError("tmp: an archive cannot be taken out here: No space left on device"), "tmp: an archive cannot be taken out here: No space left on device"),
    "the disk's": (OSError(28, "No space left on device"), "what was handed in cannot be read here: No space left on device"),
    "a mistake of ours": (RuntimeError("?"), "what was handed in cannot be read here: RuntimeError"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_read_costs_nobody_points_and_is_read_again_next_time(fault, told, here):
    spec = assignment.load(Path("small")).spec
    alice, bob = (Submission(name, Handed("work.py", {"work.py": name.encode()})) for name in ("alice", "bob"))

    def cannot():
        raise fault

    def graded(*entries):
        class_ = batch.Batch(spec, kept, Places(), "key", fresh=False)
        told = []
        class_.grade(entries, [].append, told.append)
        return [kept.result(student) for student in told]

    class Places:
        number = 1

        def grade(self, submission):
            return result(submission.id, item(), sha256=submission.sha256)

        def close(self):
            pass

    with book.temporary() as kept:
        kept.begin(spec, Policy(), Intake((), {}))
        unread, read = graded(Entry("alice", cannot), Entry("bob", lambda: bob))
        assert (unread.fault, unread.score, unread.max_score, unread.files) == (told, None, 3.0, ())
        assert (read.fault, read.score) == (None, 1.0)
        (again,) = graded(Entry("alice", lambda: alice))
        assert (again.fault, again.score, len(again.attempts)) == (None, 1.0, 1)
