"""Watching: what a save has changed is told, in a few lines, and nothing that happens to files ends it."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader import watch
from grader.errors import UsageError
from grader.model import CaseResult, ItemResult, Limits, Result
from grader.report.changes import render
from grader.sandbox.client import Output
from grader.sandbox.spawned import Spawner
from tests.conftest import write
from tests.test_cli import RIGHT, WRONG


def item(name, *statuses, message="It differs.", points=1):
    """Return a function's result with a case of each status."""
    worst = next((status for status in statuses if status != "passed"), "passed")
    cases = [
        CaseResult(f"case {n}", status, "public", status == "passed", 1, 0, "" if status == "passed" else message)
        for n, status in enumerate(statuses)
    ]
    return ItemResult(name, "function", worst, points * (worst == "passed"), points, tuple(cases))


def result(*items, **more):
    return Result("small", "ann", (), "", items, sum(one.max_score for one in items), "", (), 0, **more)


CHANGED = {
    "nothing": (item("f", "passed"), item("f", "passed"), None, None),
    "what failed passes": (item("f", "failed"), item("f", "passed"), 1, "+ f: failed -> passed"),
    "what passed fails": (item("f", "passed"), item("f", "error"), -1, "- f: passed -> error"),
    "one case more": (
        item("f", "failed", "failed", "passed"), item("f", "failed", "passed", "passed"), 1, "+ f: 1 of 3 -> 2 of 3"),
    "one case less": (item("f", "failed", "passed"), item("f", "failed", "failed"), -1, "- f: 1 of 2 -> 0 of 2"),
    "another reason": (item("f", "failed"), item("f", "error"), 0, "~ f: failed -> error"),
    "another message": (
        item("f", "failed"), item("f", "failed", message="It is transposed."), 0, "~ f: still failed, in another way"),
    "half of the points": (
        item("f", "failed"), replace(item("f", "failed"), score=0.5), 1, "+ f: 0 of 1 points -> 0.5 of 1 points"),
    "a remark more": (
        item("f", "passed"),
        replace(item("f", "passed"), cases=(*item("f", "passed").cases,
                                            CaseResult("odd", "failed", "public", 0, 0, 0, "Odd.", remark=True))),
        None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_told_by_its_direction(name):
    before, after, direction, line = CHANGED[name]
    found = watch.changes(result(before), result(after))
    assert [one.direction for one in found.items] == ([] if direction is None else [direction])
    lines = render(found, "14:02:31").splitlines()
    assert (
        lines[0] == "14:02:31  " + {None: "nothing changed", 1: "1 better", -1: "1 worse", 0: "1 otherwise"}[direction]
    )
    assert line is None or lines[1] == line


def test_what_got_better_comes_first_and_what_still_fails_last():
    before = result(item("f", "passed"), item("g", "failed"), item("h", "failed"))
    after = result(item("f", "failed", message="`y` is 0."), item("g", "passed"), item("h", "failed"))
    assert render(watch.changes(before, after), "09:00:00").splitlines() == [
        "09:00:00  1 better, 1 worse",
        "+ g: failed -> passed",
        "- f: passed -> failed",
        "✗ f (failed): `y` is 0.",
        "✗ h (failed): It differs.",
        "Score: 1 of 3",
    ]


def test_a_score_that_changed_is_told_with_the_one_before():
    found = watch.changes(result(item("f", "failed")), result(item("f", "passed")))
    assert render(found, "09:00:00").splitlines()[-1] == "Score: 1 of 1 (before: 0 of 1)"


def test_a_function_that_was_not_graded_before_is_told_as_it_is():
    found = watch.changes(result(fault="the machine broke"), result(item("f", "passed")))
    assert render(found, "09:00:00").splitlines() == [
        "09:00:00  1 otherwise",
        "~ f: passed",
        "Score: 1 of 1 (before: none)",
    ]


def test_a_fault_of_ours_is_no_change_for_the_worse():
    found = watch.changes(result(item("f", "passed")), result(fault="the machine broke"))
    assert render(found, "09:00:00") == "09:00:00  Not graded, and nothing is lost: the machine broke\n"


def test_what_there_is_to_say_of_a_notebook_is_said_again():
    found = watch.changes(result(item("f", "passed")), result(item("f", "passed"), notes=("cell [4] raised\x1b[2J",)))
    assert render(found, "09:00:00").splitlines()[1] == "  cell [4] raised\\x1b[2J"


def test_a_long_message_is_cut_and_cannot_rewrite_the_screen():
    after = result(item("f", "failed", message="\x1b[2J" + "long " * 1000))
    text = render(watch.changes(result(item("f", "passed")), after), "09:00:00")
    assert "\x1b" not in text
    assert "…" in text
    assert len(text) < 1000


def test_colour_is_for_terminals():
    found = watch.changes(result(item("f", "passed")), result(item("f", "failed")))
    assert "\x1b" in render(found, "09:00:00", color=True)
    assert "\x1b" not in render(found, "09:00:00")


# --- files -----------------------------------------------------------------------------------------------------------

MATTERS = {
    "work.py": True, "hw.ipynb": True, "answers.yaml": True, "answers.csv": True, "src/helpers.py": True,
    "work.py~": False, ".work.py.swp": False, ".#work.py": False, "#work.py#": False, "4913": False,
    "work.py.tmp": False, "__pycache__/work.cpython-312.pyc": False, "__pycache__/work.py": False,
    ".ipynb_checkpoints/hw-checkpoint.ipynb": False, "venv/lib/x.py": False, ".grader": False, "notes.txt": False,
}  # fmt: skip


@pytest.mark.parametrize("name", MATTERS)
def test_only_files_that_a_submission_may_be_made_of_matter(name):
    root = Path("/home/ann/.config/env/hw")  # what stands above the folder does not count
    assert watch.matters(root / name, [root]) is MATTERS[name]


def test_a_file_elsewhere_does_not_matter():
    assert not watch.matters(Path("/home/bob/work.py"), [Path("/home/ann")])


def test_the_folder_of_a_file_is_watched_because_editors_replace_files(tmp_path):
    write(tmp_path, {"a/work.py": "", "b/work.py": ""})
    paths = [tmp_path / "a/work.py", tmp_path / "a", tmp_path / "b"]
    assert watch.folders(paths) == [(tmp_path / "a").resolve(), (tmp_path / "b").resolve()]


class Session:
    """A student who saves after each round, by a script: the next step is done when a round is shown."""

    def __init__(self, folder, *steps):
        self.file, self.steps, self.rounds = write(folder, {"work.py": "0"}) / "work.py", list(steps), []

    def grade(self):
        if not self.file.exists():
            raise UsageError("work.py: no such file or folder")
        passes = self.file.read_text() == "1"
        return [result(item("f", "passed" if passes else "failed"))]

    def show(self, one):
        self.rounds.append(one)
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)(self.file)

    def run(self):
        return watch.watch([self.file.parent.resolve()], self.grade, self.show)


def save(text):
    return lambda file: file.write_text(text)


def replace_as_editors_do(file):
    other = file.with_name("work.py.new")
    other.write_text("1")
    other.replace(file)


@pytest.mark.parametrize("how", [save("1"), replace_as_editors_do], ids=["written", "replaced"])
def test_a_save_is_graded_and_held_against_the_round_before(tmp_path, how):
    session = Session(tmp_path, how)
    last = session.run()
    first, second = session.rounds
    assert (first.changes, [one.score for one in first.results]) == (None, [0])
    assert [one.direction for one in second.changes[0].items] == [1]
    assert last == second.results


def test_a_save_during_the_first_round_is_not_missed(tmp_path):
    session = Session(tmp_path)
    graded, session.steps = session.grade, [lambda _file: None]

    def grade():
        found = graded()
        session.file.write_text("1")
        session.grade = graded
        return found

    watch.watch([tmp_path.resolve()], lambda: session.grade() if session.rounds else grade(), session.show)
    assert [one.results[0].score for one in session.rounds] == [0, 1]


def test_a_file_that_is_gone_is_waited_for(tmp_path):
    session = Session(tmp_path, lambda file: file.unlink(), save("1"))
    last = session.run()
    assert [one.problem for one in session.rounds] == [None, "work.py: no such file or folder", None]
    assert last[0].score == 1
    assert [one.direction for one in session.rounds[2].changes[0].items] == [1]  # since it was there


def test_what_is_not_a_submissions_is_not_graded(tmp_path):
    session = Session(tmp_path, lambda file: (write(file.parent, {".work.py.swp": "x"}), file.write_text("0")))
    session.run()
    assert len(session.rounds) == 2
    assert session.rounds[1].changes[0].items == ()


def test_nothing_to_begin_with_is_an_error(tmp_path):
    session = Session(tmp_path)
    session.file.unlink()
    with pytest.raises(UsageError, match="no such file"):
        session.run()


def test_an_interrupt_before_there_are_results_is_one(tmp_path):
    def grade():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch.watch([tmp_path], grade, print)


# --- processes -------------------------------------------------------------------------------------------------------


def test_a_worker_that_was_started_in_advance_is_the_next_child():
    with Spawner(Limits(), []) as server:
        server.ready()
        reserve = server._reserve
        server.ready()
        assert server._reserve is reserve
        child = server.child(Output())
        assert (child._process, server._reserve) == (reserve, None)
        child.close()


def test_what_still_runs_is_ended_with_the_server():
    with Spawner(Limits(), []) as server:
        child = server.child(Output())
        server.ready()
        started = [child._process, server._reserve]
    assert [one.runs for one in started] == [False, False]
    assert not any(os.path.exists(one._folder.name) for one in started)
    child.close()


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize(("text", "status"), [(RIGHT, 0), (WRONG, 1)])
def test_the_command_shows_all_then_changes_and_ends_as_the_last_round_was(small, tmp_path, text, status):
    write(tmp_path, {"work.py": "def double(x): raise NotImplementedError"})
    command = [sys.executable, "-m", "grader", "check", "--assignment", small, "--watch"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        first = read_until(process, "Score:")
        assert "`double` is not written yet" in "".join(first)
        write(tmp_path, {"work.py": text})
        second = read_until(process, "Score:")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert "+ pair: missing -> passed\n" in second
    assert ("+ double: error -> passed\n" in second) is (status == 0)
    assert ("~ double: error -> failed\n" in second) is (status == 1)
    assert (process.returncode, "Traceback" in rest) == (status, False)


def read_until(process, beginning):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(beginning):
            return lines
    raise AssertionError("".join(lines))


def test_a_message_stands_once_and_what_was_printed_below():
    both = result(item("f", "error", message="It is no Python."), item("g", "error", message="It is no Python."))
    printed = replace(both, stdout="".join(f"line {n}\n" for n in range(30)))
    told = [line.rstrip() for line in render(watch.changes(both, printed), "12:00:00").splitlines()]
    assert told[1:5] == ["✗ f (error): It is no Python.", "✗ g (error): as above", "It printed:", "line 0"]
    assert told[-3:] == ["line 9", "…", "Score: 0 of 2"]
