"""The command as its users call it: what it prints, and the status with which it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.handin import Submission
from tests.conftest import ROOT, SPEC, write
from tests.leftovers import everything

RIGHT = "def double(x): return 2 * x\ndef pair(xs): return min(xs), max(xs)\n"
WRONG = "def double(x): return x\ndef pair(xs): return min(xs), max(xs)\n"


def grader(*arguments, cwd, **options):
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60, **options)


@pytest.fixture
def here(small, tmp_path):
    """A folder with the small assignment and a class of two."""
    write(tmp_path / "class", {"alice/work.py": RIGHT, "bob/work.py": WRONG})
    return tmp_path


def test_a_class_gets_a_table_and_the_status_of_lost_points(here):
    done = grader("grade", "small", "class", cwd=here)
    assert done.returncode == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[2] == ["alice", "passed", "passed", "3", "of", "3"]
    assert lines[3][:8] == ["bob", "failed", "passed", "2", "of", "3", "`y`", "is"]
    assert done.stdout.splitlines()[-1] == "2 submissions: 1 passed everything, 1 lost points; mean 2.50"
    assert done.stderr == ""


def test_a_right_class_ends_with_success(here):
    assert grader("grade", "small", "class/alice", cwd=here).returncode == 0


def test_one_submission_is_shown_case_by_case(here):
    done = grader("grade", "small", "class/bob/work.py", cwd=here)
    assert "✗ double  0 of 1  0 of 2 cases" in done.stdout
    assert "✗ three and 1 more (failed): `y` is half of what is wanted." in done.stdout
    assert "`y` differs: got 3, want 6 (allowed ±6e-06)." in " ".join(done.stdout.split())
    assert "called with x = 3" in done.stdout
    assert "Score: 2 of 3" in done.stdout


def test_results_go_to_standard_output_as_json_lines_and_the_table_elsewhere(here):
    done = grader("grade", "small", "class", "--jsonl", "-", cwd=here)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["submission"]["id"], r["score"]) for r in results] == [("alice", 3.0), ("bob", 2.0)]
    assert "2 submissions" in done.stderr


def test_results_go_to_a_file(here):
    assert grader("grade", "small", "class", "--jsonl", "results.jsonl", cwd=here).returncode == 1
    assert len((here / "results.jsonl").read_text().splitlines()) == 2
    assert not (here / "results.jsonl.part").exists()


def test_a_failed_run_leaves_earlier_results_alone(here):
    write(here, {"results.jsonl": "earlier\n", "small/solution.py": "1 / 0"})
    assert grader("grade", "small", "class", "--jsonl", "results.jsonl", cwd=here).returncode == 3
    assert (here / "results.jsonl").read_text() == "earlier\n"


def test_results_are_the_same_for_any_number_of_jobs(here):
    def results(jobs):
        lines = grader("grade", "small", "class", "--jsonl", "-", "--jobs", jobs, cwd=here).stdout.splitlines()
        return [without_times(json.loads(line)) for line in lines]

    assert results(1) == results(3)


def without_times(result):
    del result["seconds"]
    for item in result["items"]:
        for case in item["cases"]:
            del case["seconds"]
    return result


def test_a_student_checks_in_the_assignments_folder(here):
    write(here / "small", {"work.py": WRONG})
    done = grader("check", cwd=here / "small")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "small (public cases)"
    assert "an array" not in done.stdout  # the hidden case
    assert done.stdout.splitlines()[-1] == "One hidden case exists and is graded later, when you have handed in."


def test_a_file_may_be_named_from_elsewhere(here):
    write(here / "small", {"work.py": WRONG})
    done = grader("check", "small/work.py", cwd=here)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "small (public cases)")


def test_a_student_checks_in_the_starters_folder(here):
    write(here / "small", {"starter/work.py": RIGHT})
    assert grader("check", cwd=here / "small" / "starter").returncode == 0


def test_a_full_disk_gets_one_line(here):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here to stand for a full disk")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "grader", "grade", "small", "class"]
        done = subprocess.run(command, cwd=here, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "grader: [Errno 28] No space left on device\n")


def test_a_student_checks_a_file_against_an_assignment_elsewhere(here):
    assert grader("check", "class/alice/work.py", "--assignment", "small", cwd=here).returncode == 0


ONE_LINE = {
    "no such assignment": (["grade", "smal", "class"], 2, "smal: no such assignment"),
    "no such class": (["grade", "small", "klass"], 2, "klass: no such file or folder"),
    "an empty folder": (["grade", "small", "empty"], 2, "empty: no work.py here, and no folders with one"),
    "no assignment here": (["check"], 2, "no .grader or assignment.yaml in this folder or the one above: go to the folder that "
                            "you got with the assignment, or say where it is with --assignment DIR"),
    "results without a name": (["grade", "small", "class", "--jsonl", ""], 2, "--jsonl needs the name of a file, or - for "
                               "standard output"),
    "no file to check": (["check", "--assignment", "small"], 2, "there is no work.py here: save your work under this name, or say which file is yours"),
    "a file that cannot be written": (
        ["grade", "small", "class", "--jsonl", "no/where.jsonl"], 2, "no/where.jsonl: No such file or directory"),
    "no public cases": (["check", "class/alice/work.py", "--assignment", "hidden"], 2, "small has no public cases: "
                        "they are all graded after handing in"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_LINE)
def test_a_wrong_call_gets_one_clear_line(name, here):
    (here / "empty").mkdir()
    write(here / "hidden", {"assignment.yaml": SPEC.replace("name: three,", "name: three, visibility: hidden,").replace(
        "name: of a list,", "name: of a list, visibility: hidden,"),
        "inputs.py": (here / "small/inputs.py").read_text(), "solution.py": (here / "small/solution.py").read_text()})  # fmt: skip
    arguments, status, message = ONE_LINE[name]
    done = grader(*arguments, cwd=here)
    assert (done.returncode, done.stderr, done.stdout) == (status, f"grader: {message}\n", "")


def test_a_broken_spec_gets_a_line_for_each_mistake(here):
    write(here, {"small/assignment.yaml": SPEC.replace("points: 1", "pionts: 1")})
    done = grader("grade", "small", "class", cwd=here)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "grader: small/assignment.yaml:7: $.functions.double.points: this key is required",
        "small/assignment.yaml:8: $.functions.double.pionts: unknown key (did you mean 'points'?)",
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["grade", "small", "class", "--out", "made"],
        ["validate", "small"],
        ["release", "small", "--to", "made"],
        ["package", "gradescope", "small", "--to", "made.zip"],
    ],
    ids=lambda command: command[0],
)
def test_arguments_in_another_order_than_the_references_are_told_before_anything_is_made(command, here):
    reference = (here / "small/solution.py").read_text().replace("pair(xs)", "pair(xs, by=1)")
    write(here, {"small/assignment.yaml": SPEC.replace("{xs:", "{by: 1, xs:"), "small/solution.py": reference})
    done = grader(*command, cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "grader: small/assignment.yaml:17: $.functions.pair.cases[0].args: these go by position, and stand in the order "
        "by, xs; the reference takes pair(xs, by)\n"
    )
    assert list(here.glob("made*")) == []


def test_a_reference_that_raises_is_our_fault_and_costs_nobody_points(here):
    write(here, {"small/solution.py": "def double(x): return x / 0\n"})
    done = grader("grade", "small", "class", "--jsonl", "-", cwd=here)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(
        "grader: the reference's double, called as in $.functions.double.cases[0], raised Zero"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["grade", "small"], "the following arguments are required: PATH"),
        (["grade", "small", "class", "--jobs", "0"], "must be a whole number from 1, not '0'"),
        (["grade", "small", "class", "--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, message, here):
    done = grader(*arguments, cwd=here)
    assert done.returncode == 2
    assert message in done.stderr


def test_what_was_not_expected_shows_its_traceback_and_is_our_fault(here):
    program = "import grader.cli as c, grader.assignment as a; a.here = None; raise SystemExit(c.main(['check']))"
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("Traceback")


def test_results_pass_through_a_pipe_as_utf8(here):
    write(here / "class", {"carol/work.py": "print('é ü ✓')\n" + RIGHT})
    done = grader("grade", "small", "class", "--jsonl", "-", cwd=here, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert json.loads(done.stdout.splitlines()[-1])["stdout"] == "é ü ✓\n"


def test_what_a_submission_says_cannot_rewrite_the_screen(here):
    text = "print('\\x1b[2J')\ndef double(x): raise ValueError('\\x1b[1A')\n"
    write(here / "class", {"carol/work.py": text})
    done = grader("grade", "small", "class/carol", cwd=here)
    assert "\x1b" not in done.stdout
    assert "It printed:\n\\x1b[2J" in done.stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"small/assignment.yaml": SPEC + "names: {np: nunpy}\n"},
         "ModuleNotFoundError: No module named 'nunpy' in this assignment"),
        ({"small/assignment.yaml": SPEC + "names: {np: numpy.nope}\n"},
         "AttributeError: module 'numpy' has no attribute 'nope'"),
        ({"small/given/common.py": "def f(:"}, "SyntaxError: invalid syntax"),
    ],
)  # fmt: skip
def test_what_the_course_gives_is_not_the_students_mistake(change, reason, here):
    write(here, change)
    done = grader("grade", "small", "class", cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "grader: small/assignment.yaml:2: $: what the course gives (`given/`, `names`) cannot be loaded: "
        + reason
        + "\n"
    )


def test_a_machine_without_room_for_a_child_is_a_fault_of_ours(here):
    command = f"ulimit -v 300000; {sys.executable} -m grader grade small class"
    done = subprocess.run(command, shell=True, cwd=here, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.returncode == 3
    assert "lost points" not in done.stdout


def test_a_screen_without_check_marks_gets_something_else(here):
    done = grader("grade", "small", "class/alice", cwd=here, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0
    assert "+ double" in done.stdout


def test_a_narrow_screen_has_the_messages_below_the_table():
    from grader.model import CaseResult, ItemResult, Result
    from grader.report import terminal

    case = CaseResult("three", "failed", "public", 0, 1, 0, "`y` differs.")
    item = ItemResult("double", "function", "failed", 0, 1, (case,))
    results = [Result("a", name, (), "", (item,), 1, "", ("process",), 0) for name in ("ann", "bob")]
    assert "ann: `y` differs." in terminal.render(results, "small", width=80)
    assert "ann: `y` differs." not in terminal.render(results, "small", width=120)


def test_what_was_said_of_one_function_is_not_said_again_of_the_next(here):
    write(here, {"class/carol/work.py": "import nowhere"})
    done = grader("grade", "small", "class/carol", cwd=here)
    assert done.stdout.count("ModuleNotFoundError") == 1
    assert "✗ pair  0 of 2  0 of 1 case" in done.stdout


def test_a_reader_that_stops_early_is_told_nothing(here):
    """It wants no more. The two results do not fit into its pipe, so they are noticed to be unwanted at the latest then."""
    write(here, {"class/alice/work.py": "print('x' * 60_000)", "class/bob/work.py": "print('x' * 60_000)"})
    command = f"{sys.executable} -m grader grade small class --jsonl - | head -c 1"
    done = subprocess.run(command, shell=True, cwd=here, capture_output=True, text=True, check=False)  # noqa: S602
    assert (len(done.stdout), done.stderr) == (1, "")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_grader_that_is_stopped_leaves_nothing_behind(stop, here):
    before = everything()
    write(here / "class", {"bob/work.py": "while True: pass"})
    write(here, {"small/assignment.yaml": SPEC.replace("seconds: 2", "seconds: 30"), "r.jsonl": "earlier"})
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", "small", "class", "--jsonl", "r.jsonl", "--jobs", "2"],
        cwd=here,
        stdout=-1,
        stderr=-1,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not (here / "r.jsonl.part").exists() or not (here / "r.jsonl.part").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(stop)
    out, errors = process.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while everything() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert everything() - before == set()
    assert (here / "r.jsonl").read_text() == "earlier"
    if stop == signal.SIGINT:
        assert "Score: 3 of 3" in out
        assert (process.returncode, errors) == (
            130,
            "grader: interrupted after 1 of 2 submissions; their results are in r.jsonl.part\n",
        )


def test_help_names_the_commands(here):
    done = grader("--help", cwd=here)
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("grade", "check"))


def test_the_installed_command_is_the_module(here):
    script = Path(sys.executable).with_name("grader")
    done = subprocess.run([script, "--version"], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout == grader("--version", cwd=ROOT).stdout


# --- sandboxes -------------------------------------------------------------------------------------------------------


def layers(done):
    return [json.loads(line)["sandbox"] for line in done.stdout.splitlines()]


def test_each_result_records_its_layers(here):
    found = layers(grader("grade", "small", "class", "--jsonl", "-", cwd=here))
    assert all({"rlimits", "privileges", "seccomp"} <= set(result) for result in found)


def test_a_plain_process_grades_when_it_is_asked_for_by_name(here):
    done = grader("grade", "small", "class", "--jsonl", "-", "--sandbox", "process", cwd=here)
    assert (done.returncode, layers(done)) == (1, [["process"], ["process"]])
    assert [json.loads(line)["score"] for line in done.stdout.splitlines()] == [3.0, 2.0]


def test_an_assignment_that_demands_a_sandbox_is_not_graded_in_a_plain_process(here):
    write(here, {"small/assignment.yaml": SPEC + "sandbox: container\n"})
    done = grader("grade", "small", "class", "--sandbox", "process", cwd=here)
    assert (done.returncode, done.stderr) == (
        3,
        "grader: small demands a sandbox of level `container`, and a process is none\n",
    )


@pytest.mark.parametrize("asked", [["--sandbox", "root"], []], ids=["by the call", "by the assignment"])
def test_below_the_level_that_is_demanded_nothing_is_graded(here, asked):
    """As root the level is there; an ordinary user is told what is missing."""
    if not asked:
        write(here, {"small/assignment.yaml": SPEC + "sandbox: root\n"})
    done = grader("grade", "small", "class", *asked, cwd=here)
    if os.geteuid() == 0:
        assert done.returncode == 1
    else:
        assert done.returncode == 3
        assert done.stdout == ""
        assert done.stderr.startswith("grader: a sandbox of level `root` is demanded, and only `")
        assert done.stderr.endswith(": see `grader doctor`\n")


def test_an_unknown_level_is_a_wrong_call(here):
    done = grader("grade", "small", "class", "--sandbox", "none", cwd=here)
    assert done.returncode == 2
    assert "invalid choice: 'none'" in done.stderr


def test_a_closed_stream_is_no_fault(here):
    command = f"{sys.executable} -m grader grade small class/alice 0>&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=here, stdout=-1, check=False).returncode == 0  # noqa: S602


def test_a_strict_umask_is_no_fault(here):
    command = f"umask 077; {sys.executable} -m grader grade small class/alice"
    assert subprocess.run(command, shell=True, cwd=here, stdout=-1, check=False).returncode == 0  # noqa: S602


ELSEWHERE = """
import os, select, selectors, signal, socket, sys
import platformdirs, psutil, subprocess, sysconfig, tempfile, threading  # which look at the platform when they are imported
sysconfig.get_config_vars()
for name in ("resource", "fcntl", "termios", "pwd", "grp"): sys.modules[name] = None
for module, names in ((os, ("fork", "geteuid", "setsid", "sched_getaffinity", "waitstatus_to_exitcode")),
                      (select, ("poll", "epoll")), (selectors, ("PollSelector", "EpollSelector")),
                      (socket, ("AF_UNIX", "SOCK_SEQPACKET", "send_fds", "recv_fds"))):
    for name in names: vars(module).pop(name, None)
sys.platform = "win32"
from grader.cli import main
sys.exit(main())
"""


def elsewhere(*arguments, cwd):
    """Run the command without what only Linux has. Starting a process is left as it is."""
    pair = "import socket; whole = socket.socketpair; unix = socket.AF_UNIX; socket.socketpair = lambda: whole(unix)\n"
    command = [sys.executable, "-c", pair + ELSEWHERE, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_a_check_needs_nothing_that_only_linux_has(here):
    done = elsewhere("check", "class/alice/work.py", "--assignment", "small", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Score: 3 of 3" in done.stdout


def test_a_class_is_graded_elsewhere_only_when_a_process_is_asked_for(here):
    done = elsewhere("grade", "small", "class", cwd=here)
    assert (done.returncode, done.stderr) == (
        3,
        "grader: a sandbox needs Linux; `--sandbox process` grades without one, at your own risk\n",
    )
    done = elsewhere("grade", "small", "class", "--sandbox", "process", cwd=here)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        1,
        "2 submissions: 1 passed everything, 1 lost points; mean 2.50",
    )


def test_a_check_without_a_sandbox_runs_in_a_plain_process(here, monkeypatch):
    from grader import assignment, engine, servers, submission
    from grader.errors import LevelError
    from grader.prepare import prepare
    from grader.sandbox.forkserver import ForkServer
    from grader.sandbox.launch import Zygote
    from grader.variants import Variants

    def none(_server):
        raise LevelError("none")

    monkeypatch.setattr(ForkServer, "ready", none)
    loaded = assignment.load(here / "small")
    submissions = submission.collect([here / "class/alice"], Submission(file="work.py"))
    with servers.for_a_check(loaded.spec, [Zygote()]) as opened:
        (result,) = engine.grade_by(Variants(prepare(loaded).public()), submissions, opened)
    assert (result.score, result.sandbox) == (3.0, ("process",))


QUIZ = """
name: quiz
submission: {answers: answers.yaml}
questions:
  two: {kind: number, points: 1, answer: 2, prompt: What is one and one?}
  why: {kind: text, points: 2}
"""


@pytest.fixture
def quiz(tmp_path):
    """A folder with an assignment of questions, and a class of two."""
    return write(tmp_path, {"quiz/assignment.yaml": QUIZ, "class/ann/answers.yaml": "two: 2\nwhy: because",
                            "class/bob/answers.yaml": "two: 3\nwhy: because"})  # fmt: skip


def test_answers_are_graded_and_what_a_person_marks_is_pending(quiz):
    done = grader("grade", "quiz", "class", cwd=quiz)
    assert (done.returncode, done.stderr) == (1, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert " ".join(lines[2]) == "ann passed pending 1 of 3, 2 pending"
    assert " ".join(lines[3]) == "bob failed pending 0 of 3, 2 pending two: 3 is not right."


def test_an_option_is_written_out(here):
    done = grader("grade", "small", "class", "--ou", "out", cwd=here)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "grader: error: unrecognized arguments: --ou out")


def test_where_results_are_and_what_to_do_with_them_is_said(quiz, here):
    done = grader("grade", "quiz", "class", "--out", "all", cwd=quiz)
    assert done.stderr == "All of it is in all: begin with summary.html. Mark what is pending: grader mark all\n"
    assert grader("grade", "small", "class/alice", "--out", "code", cwd=here).stderr == (
        "All of it is in code: begin with summary.html.\n"
    )


def test_what_is_pending_has_lost_nothing(quiz):
    done = grader("grade", "quiz", "class/ann", cwd=quiz)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Score: 1 of 3, and 2 pending")


def test_a_check_of_answers_tells_if_they_can_be_read_and_no_more(quiz):
    done = grader("check", "--assignment", "../../quiz", cwd=quiz / "class/bob")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Score: 0 of 3, and 3 pending")
    write(quiz, {"class/bob/answers.yaml": "two: 2,5"})
    done = grader("check", "--assignment", "../../quiz", cwd=quiz / "class/bob")
    assert (done.returncode, "`2,5` has a decimal comma: write 2.5." in done.stdout) == (1, True)


def test_the_questions_are_printed_for_the_handout(quiz):
    done = grader("handout", "quiz", cwd=quiz)
    assert done.returncode == 0
    assert "\n## Questions\n\n### 1. `two` (1 point)\n\nWhat is one and one?\n" in done.stdout
    assert done.stdout.endswith("### The sheet, `answers.yaml`\n\n    two:\n    why:\n")


def test_without_questions_there_is_nothing_to_print(here):
    done = grader("handout", "small", cwd=here)
    assert (done.returncode, done.stderr) == (2, "grader: small has no questions\n")


def test_a_table_of_many_items_has_marks_and_a_legend():
    from grader.model import Attempts, CaseResult, ItemResult, Result
    from grader.report import terminal

    scores = {"passed": 1, "failed": 0, "missing": 0, "pending": 0, "error": 0, "timeout": 0}
    items = [
        ItemResult(f"q{status}", "number", status, score, 1, (CaseResult("answer", status, "hidden", score, 1, 0, ""),))
        for status, score in scores.items()
    ]
    partly = ItemResult("partly", "choice", "failed", 0.5, 1, items[1].cases, Attempts(1, None))
    results = [Result("a", name, (), "", (*items, partly), 7, "", (), 0) for name in ("ann", "bob")]
    lines = terminal.render(results, "many").splitlines()
    assert lines[1].split()[1:8] == list("1234567")
    assert lines[2].split()[:8] == ["ann", "✓", "✗", "-", "…", "!", "!", "~"]
    assert lines[4].rstrip() == "1 qpassed, 2 qfailed, 3 qmissing, 4 qpending, 5 qerror, 6 qtimeout, 7 partly"
    assert lines[5].rstrip() == "✓ passed, ~ partly, ✗ failed, - missing, … pending, ! error"


SEVERAL = QUIZ.replace("  why:", """\
  three: {kind: number, points: 1, answer: 3, attempts: 2}
  where: {kind: choice, points: 2, options: [up, down], blanks: {x: up, y: down}}
  why:""")  # fmt: skip


def test_every_wrong_answer_is_told_even_if_in_the_same_words(quiz):
    write(quiz, {"quiz/assignment.yaml": SEVERAL, "class/ann/answers.yaml": "two: 9\nthree: 9\nwhere: [down, up]\n"})
    told = [line.rstrip() for line in grader("grade", "quiz", "class/ann", cwd=quiz).stdout.splitlines()]
    assert told[1:-3] == [
        "✗ two  0 of 1", "  ✗ answer (failed): 9 is not right.",
        "✗ three  0 of 1  1 of 2 attempts used", "  ✗ answer (failed): 9 is not right.",
        "✗ where  0 of 2", "  ✗ x (failed): That is not right.", "  ✗ y (failed): That is not right."]  # fmt: skip


def test_what_is_wrong_with_the_whole_sheet_is_told_once(quiz):
    write(quiz, {"quiz/assignment.yaml": SEVERAL, "class/ann/answers.yaml": "two: a: b\n"})
    told = grader("grade", "quiz", "class/ann", cwd=quiz).stdout
    assert (told.count("is not valid YAML"), told.count("(error): as above")) == (1, 4)


def test_what_a_check_may_not_tell_is_said_once_and_costs_no_attempt(quiz):
    write(quiz, {"quiz/assignment.yaml": SEVERAL, "class/ann/answers.yaml": "two: 2\nthree: 3\n"})
    told = grader("check", "--assignment", "../../quiz", cwd=quiz / "class/ann").stdout
    assert told.count("It can be read; whether it is right is told when it is graded.") == 1
    assert "… three  pending  2 attempts\n" in told


def test_a_class_counts_what_waits_to_be_marked(quiz):
    last = grader("grade", "quiz", "class", cwd=quiz).stdout.splitlines()[-1]
    assert last == "2 submissions: 0 passed everything, 1 lost points, 1 with answers to be marked; mean 0.50"


def test_a_package_that_is_not_there_gets_one_line(here):
    write(here, {"small/assignment.yaml": SPEC.replace("limits:", "packages: [skleern]\nlimits:")})
    done = grader("grade", "small", "class", cwd=here)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "grader: small/assignment.yaml:5: $.packages[0]: there is no package 'skleern' on this machine: "
        "install it (and write the name that is imported)"]  # fmt: skip
