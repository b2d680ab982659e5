"""`grader validate`: what keeps an assignment from telling right from wrong is told, and nothing else is."""

import fcntl
import functools
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from grader import assignment, cli, engine, servers
from grader.report import validation as report
from grader.sandbox import launch
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.validate import Validator
from grader.validation import CaseCheck, Mutation, Survivor, Validation
from tests.conftest import INPUTS, SOLUTION, SPEC, made_once, write
from tests.test_assignments import CODE, EXPECTED, FOLDERS, results
from tests.test_cli import grader, without_times

RIGHT = "def double(x): return 2 * x\ndef pair(xs): return min(xs), max(xs)\n"
WRONG = RIGHT.replace("2 * x", "x")
STARTER = "def double(x):\n    raise NotImplementedError\n\ndef pair(xs):\n    raise NotImplementedError\n"
SLIPS = """
def double(x, *, by=2):
    return by * x

def pair(xs, *, swap=False):
    low, high = min(xs), max(xs)
    return (high, low) if swap else (low, high)

SLIPS = [
    {"id": "once", "function": "double", "change": {"by": 1}, "what": "It is not doubled."},
    {"id": "swapped", "function": "pair", "change": {"swap": True}, "what": "The other way round."},
]
"""
ACCEPTED = SLIPS.replace("SLIPS", "ACCEPTED").replace('"by": 1', '"by": 2.0').replace("True", "False")
AGAIN = 'SLIPS = [\n    {"id": "again", "function": "double", "change": {"by": 1}, "what": "It stays."},'
GOOD = {
    "starter/work.py": STARTER,
    "samples/ann/work.py": RIGHT,
    "samples/bob/work.py": WRONG,
    "samples/expected.yaml": "ann: {others: passed, score: 3}\n"
    "bob: {double: failed, pair: passed, score: 2, diagnosis: once, says: It is not doubled.}\n",
    "slips.py": SLIPS,
    "accepted.py": ACCEPTED,
}
"""With the small assignment, one that has everything, and no problem."""
THREE = "{name: three, args: {x: 3}}"
ARRAY = "      - {name: an array, args: {x: {make: numbers, n: 4}}, visibility: hidden}\n"
UNCHANGED = "      - {name: x is left as it was, property: {unchanged: x}}\n"
CHECK = "      - {name: it is even, property: {check: even}}\n"
LIST = "{name: of a list, args: {xs: [3, 1, 2]}}"


def spec(*replacements):
    text = SPEC
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def assemble(folder, files):
    return write(folder, {"assignment.yaml": SPEC, "inputs.py": INPUTS, "solution.py": SOLUTION, **files})


@pytest.fixture(scope="module")
def validate(tmp_path_factory):
    """Try the small assignment on itself, with these files in addition or in place of its own."""
    opened = {}

    def validate(files):
        loaded = assignment.load(assemble(tmp_path_factory.mktemp("validate") / "small", files))
        limits = loaded.spec.limits
        if limits not in opened:
            opened[limits] = ForkServer(Zygote(), limits, ["numpy"], functions=2)
        return Validator(loaded, [opened[limits]]).validate()

    yield validate
    for server in opened.values():
        server.close()


def test_an_assignment_that_tells_right_from_wrong_has_no_problems_and_no_notes(validate):
    found = validate(GOOD)
    assert (found.problems, found.notes, found.samples) == ((), (), 2)
    assert found.slips == {"once": ("double: three", "double: an array"), "swapped": ("pair: of a list",)}
    assert report.table(found).splitlines()[-1] == "✓ it tells right from wrong"


def expected(old, new):
    assert old in GOOD["samples/expected.yaml"]
    return {**GOOD, "samples/expected.yaml": GOOD["samples/expected.yaml"].replace(old, new)}


def slips(old, new):
    assert old in SLIPS
    return {**GOOD, "slips.py": SLIPS.replace(old, new)}


PROBLEMS = {
    "the reference fails what is expected": (
        {"assignment.yaml": spec((THREE, "{name: three, args: {x: 3}, expect: {y: 7}}"))},
        "the reference fails double: three: `y` differs: got 6, want 7 (allowed ±7e-06)."),
    "an accepted variant hides that the reference fails": (
        {**GOOD, "assignment.yaml": spec((THREE, "{name: three, args: {x: 3}, expect: {y: 7}}"))},
        "the reference fails double: three: This is right as well: It is not doubled."),
    "the starter earns points": (
        {**GOOD, "starter/work.py": "def double(x): pass\ndef pair(xs): return min(xs), max(xs)\n"},
        "the starter earns 2 points"),
    "a sample has another status": (
        expected("double: failed", "double: error"), "samples/bob gets something else than expected.yaml says: double is failed, not error"),
    "a sample has another status than all others": (
        expected("others: passed", "others: failed"), "samples/ann gets something else than expected.yaml says: double is passed, not failed; pair is passed, not failed"),
    "a sample has another score": (
        expected("score: 2", "score: 1"), "samples/bob gets something else than expected.yaml says: score is 2, not 1"),
    "a sample is told something else": (
        expected("says: It is not", "says: It was"),
        "samples/bob gets something else than expected.yaml says: the first message is "
        "'It is not doubled. `y` differs: got 3, want 6 (allowed ±6e-06).', not 'It was doubled.'"),
    "a sample has another diagnosis": (
        expected("diagnosis: once", "diagnosis: [twice, swapped]"),
        "samples/bob gets something else than expected.yaml says: diagnosis is ['once'], not ['twice', 'swapped']"),
    "a sample has a diagnosis": (
        expected("diagnosis: once", "diagnosis: []"), "samples/bob gets something else than expected.yaml says: diagnosis is ['once'], not []"),
    "a sample is not named": (
        {**GOOD, "samples/carl/work.py": RIGHT}, "expected.yaml does not say what samples/carl must get"),
    "a sample is not there": (expected("bob:", "bod:"), "expected.yaml: there is no sample bod (did you mean 'bob'?)"),
    "an item of a sample is not there": (
        expected("double:", "duoble:"),
        "expected.yaml: bob: duoble is no item and no key (did you mean 'double'?)"),
    "a key of a sample is not there": (
        expected("diagnosis:", "diagnoses:"),
        "expected.yaml: bob: diagnoses is no item and no key (did you mean 'diagnosis'?)"),
    "no case catches a slip": (slips('"by": 1', '"by": 2.0'), "slips.py: no case catches once"),
    "a slip is caught by a remark alone": (
        {**slips('"by": 1', '"by": 2.0'), "assignment.yaml": spec((THREE, THREE[:-1] + ", remark: true}"))},
        "slips.py: no case catches once"),
    "two slips are alike": (slips("SLIPS = [", AGAIN), "slips.py: no case tells once from the slip again"),
    "a slip is accepted": (
        {"slips.py": SLIPS, "accepted.py": SLIPS.replace("SLIPS", "ACCEPTED")},
        "accepted.py: no case tells once from the slip once"),
    "a slip returns nothing": (
        slips('"by": 1', '"bye": 1'), "slips.py: once calls double with bye=1, and that takes (x, by=2)"),
    "an accepted variant returns nothing": (
        {**GOOD, "accepted.py": ACCEPTED.replace("by * x", "by / 0")},
        "accepted.py: once raised ZeroDivisionError: float division by zero (accepted.py, line 3)"),
    "an accepted variant has another form": (
        {**GOOD, "accepted.py": ACCEPTED.replace("return by * x", "return None")},
        "accepted.py: once returns nothing that could be right for double: three"),
    "a case rejects nothing": (
        {**GOOD, "assignment.yaml": spec((LIST, f"{LIST}\n      - {{name: of one, args: {{xs: [1]}}}}"))},
        "pair: of one rejects nothing: write a sample, or a slip, that it must reject"),
    "a property rejects nothing": (
        {**GOOD, "assignment.yaml": spec((LIST, f"{LIST}\n      - {{name: kept, property: {{unchanged: [xs]}}}}"))},
        "pair: kept rejects nothing: write a sample, or a slip, that it must reject"),
    "the functions of slips.py are wrong without a change": (
        slips("by * x", "by * x + 1"),
        "double: three rejects the functions of slips.py without a change, or these are wrong (1.7e+05)"),
    "the functions of slips.py raise without a change": (
        slips("by * x", "by * x if by == 1 else x.copi()"),
        "slips.py: double without a change raised AttributeError: 'int' object has no attribute 'copi' (slips.py, line 3)"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_told_when(validate, name):
    files, problem = PROBLEMS[name]
    found = validate(files)
    assert problem in found.problems
    assert f"✗ {problem}" in report.table(found, width=400).splitlines()
    assert "✓" not in report.table(found)


CRASHING = SLIPS.replace("return by * x", "x.copi()").replace("SLIPS = [", AGAIN)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"slips.py": CRASHING}, "slips.py: double without a change raised AttributeError: 'int' object has no attribute 'copi' "
                                 "(slips.py, line 3)"),
        ({"slips.py": SLIPS.replace('"by": 1', '"bye": 1')}, "slips.py: once calls double with bye=1, and that takes (x, by=2)"),
        ({"accepted.py": ACCEPTED.replace("by * x", "x.copi()"), "slips.py": SLIPS},
         "accepted.py: once raised AttributeError: 'int' object has no attribute 'copi' (accepted.py, line 3)"),
    ],
    ids=["slips that all raise", "a keyword that is not there", "an accepted variant that raises"],
)  # fmt: skip
def test_what_variants_raise_is_told_once_and_nothing_that_follows_from_it(validate, files, problem):
    """Neither that cases do not tell them apart nor that nothing is rejected: there is no sample that would be."""
    found = validate(files)
    assert found.problems == (problem,)
    assert found.slips["once"] == (() if "accepted.py" not in files else ("double: three", "double: an array"))


def test_a_remark_need_not_reject_anything(validate):
    remark = f"{LIST}\n      - {{name: of one, args: {{xs: [1]}}, remark: true}}"
    found = validate({**GOOD, "assignment.yaml": spec((LIST, remark))})
    assert (found.problems, [case.name for case in found.cases if not case.counts]) == ((), ["of one"])


def test_samples_need_no_expectations(validate):
    assert validate({name: text for name, text in GOOD.items() if not name.endswith(".yaml")}).problems == ()


def test_a_sample_may_be_called_starter(validate):
    files = {**GOOD, "samples/starter/work.py": RIGHT}
    files["samples/expected.yaml"] += "starter: {score: 3}\n"
    found = validate(files)
    assert (found.problems, found.samples) == ((), 3)


def test_an_assignment_without_a_reference_is_tried_on_its_samples(validate):
    """There is nothing to make mutants of, and nothing to perturb."""
    given = spec(("reference: solution\n", ""), (ARRAY, ""), (THREE, THREE[:-1] + ", expect: {y: 6}}"),
                 (LIST, LIST[:-1] + ", expect: {low: 1, high: 3}}"))  # fmt: skip
    wrong = {"samples/wrong/work.py": RIGHT.replace("2 * x", "x").replace("min(xs)", "0")}
    found = validate({"assignment.yaml": given, **wrong})
    assert (found.problems, found.mutation.made, [case.rejects for case in found.cases]) == ((), 0, [1, 1])
    assert {problem.partition(" rejects")[0] for problem in validate({"assignment.yaml": given}).problems} == {
        "double: three", "pair: of a list"}  # fmt: skip


BROKEN = {
    "two mistakes": (
        {"assignment.yaml": spec(("points: 1", "pionts: 1"), ("visibility: hidden", "visibilty: hidden"))},
        ["$.functions.double.pionts: unknown key (did you mean 'points'?)",
         "$.functions.double.cases[1].visibilty: unknown key (did you mean 'visibility'?)"]),
    "expectations that are no table": (
        {"samples/expected.yaml": "- ann\n", "samples/ann/work.py": RIGHT},
        ["small/samples/expected.yaml: it must have a line `sample: {item: status, score: number}` for each sample"]),
    "expectations that are no YAML": (
        {"samples/expected.yaml": "ann: {", "samples/ann/work.py": RIGHT},
        ["small/samples/expected.yaml: while parsing a flow "]),
    "a starter without the file": (
        {"starter/other.py": RIGHT}, ["starter: no work.py here, and no folders with one (but other.py)"]),
    "given code that does not load": (
        {**GOOD, "given/common.py": "import not_there\n"},
        ["what the course gives (`given/`, `names`) cannot be loaded: ModuleNotFoundError: No module named"]),
    "slips without a table": ({"slips.py": RIGHT}, ["small/slips.py: it must have a list named SLIPS"]),
    "a property of an argument that a case calls otherwise": (
        {**GOOD, "assignment.yaml": spec((THREE, "{name: three, args: {n: 3}}"), (ARRAY, ARRAY + UNCHANGED))},
        ["grader: small/assignment.yaml:13: $.functions.double.cases[2].property: there is no argument `x` "
         "(in the case 'three')\n"]),
    "a check of what there is not": (
        {**GOOD, "assignment.yaml": spec((ARRAY, ARRAY + CHECK)), "checks.py": "def even(x, result): pass\n"},
        ["grader: small/assignment.yaml:13: $.functions.double.cases[2].property: even(x, result) in checks.py asks for "
         "what it cannot be given (known: x, y) (in the case 'three')\n"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_ends_it_with_status_2(tmp_path, name):
    files, messages = BROKEN[name]
    assemble(tmp_path / "small", files)
    done = grader("validate", "small", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    for message in messages:
        assert message in done.stderr
    assert "Traceback" not in done.stderr


# --- mutants ---


def test_there_are_none_of_a_reference_that_fails(validate):
    """That a case rejects nothing is then not told either: the reference is what is to be mended."""
    found = validate({"assignment.yaml": spec((THREE, "{name: three, args: {x: 3}, expect: {y: 7}}"))})
    assert (found.mutation.made, len(found.problems)) == (0, 1)


DRAWN = {
    "assignment.yaml": spec((THREE, "{name: a number, args: {x: {make: number}}}"), (ARRAY, "")),
    "inputs.py": "def number(rng):\n    return float(rng.uniform())\n",
}
"""Of the numbers that are drawn, the case's is above 0.55, and the others are below."""
BRANCH = SOLUTION.replace("return 2 * x", "return 2 * x if x > 0.55 else 3 * x")


def changes(found):
    return [survivor.change for survivor in found.mutation.survivors]


def test_a_mutant_of_what_no_case_exercises_survives(validate):
    found = validate({**DRAWN, "solution.py": BRANCH})
    assert "3 * x → 3 / x" in changes(found)
    assert {survivor.place for survivor in found.mutation.survivors} == {"solution.py:3"}
    assert found.mutation.share < 0.95
    assert "  survives: " in report.table(found)


def test_it_does_not_where_a_case_does(validate):
    low = DRAWN["assignment.yaml"].replace("  pair:", "      - {name: low, args: {x: 0.25}}\n  pair:")
    found = validate({**DRAWN, "assignment.yaml": low, "solution.py": BRANCH})
    assert "3 * x → 3 / x" not in changes(found)


def test_a_mutant_survives_where_all_arguments_are_written_out(validate):
    fixed = spec((ARRAY, ""))
    assert "3 * x → 3 / x" in changes(validate({"assignment.yaml": fixed, "solution.py": BRANCH}))


def test_a_mutant_that_is_equal_is_not_counted(validate):
    found = validate({**DRAWN, "solution.py": SOLUTION.replace("2 * x", "x + max(x, x)")})
    assert (found.mutation.alike, changes(found), found.mutation.share) == (1, [], 1.0)
    assert found.mutation.made == found.mutation.killed + 1


def test_a_mutant_that_loops_for_ever_ends_soon(validate):
    """Long before the function's own time is over, by how long the reference takes."""
    loop = "n = 2\n    while n > 0:\n        n -= 1\n    return 2 * x"
    files = {
        "assignment.yaml": spec(("seconds: 2", "seconds: 60")),
        "solution.py": SOLUTION.replace("return 2 * x", loop),
    }
    found = validate(files)
    assert (found.problems, changes(found)) == ((), [])
    assert found.seconds < 40


PACKAGE = {
    "assignment.yaml": DRAWN["assignment.yaml"].replace("reference: solution", "reference: course.solution"),
    "course/__init__.py": "",
    "course/tool.py": BRANCH.replace("double", "scaled"),
}


def test_a_mutant_of_a_module_that_the_reference_imports_is_named_by_its_file(validate):
    calls = "from course.tool import scaled\n" + SOLUTION.replace("2 * x", "scaled(x)")
    found = validate({**DRAWN, **PACKAGE, "course/solution.py": calls})
    assert "3 * x → 3 / x" in changes(found)
    assert {survivor.place for survivor in found.mutation.survivors} == {"course/tool.py:3"}


def test_a_graded_function_that_the_reference_imports_has_mutants(validate):
    named = "from course.tool import pair, scaled as double\n"
    assert "3 * x → 3 / x" in changes(validate({**DRAWN, **PACKAGE, "course/solution.py": named}))


def test_a_reference_may_import_relatively(validate):
    files = {"course/__init__.py": "", "course/tool.py": "def two():\n    return 1 + 1\n",
             "course/solution.py": "from .tool import two\n" + SOLUTION.replace("2 * x", "two() * x"),
             "assignment.yaml": spec(("reference: solution", "reference: course.solution"))}  # fmt: skip
    assert validate(files).problems == ()


# --- what is worth a look ---

NOTES = {
    "a right answer is near the edge": (
        {**GOOD, "slips.py": SLIPS.replace("by * x", "by * x * (1 + 0.7e-6)")},
        "double: three is tight: a right answer uses 70% of what is allowed"),
    "a slip is near the edge": (
        slips('"by": 1', '"by": 2.000003'), "double: three is loose: a slip is off by 1.5 times what is allowed"),
    "rounding decides": (
        {"solution.py": "import numpy as np\n" + SOLUTION.replace("min(xs)", "np.sign(xs[0] - 0.3)"),
         "assignment.yaml": spec(("[3, 1, 2]", "{array: [0.3, 1.0]}"))},
        "pair: of a list stands on an edge: another answer is right for arguments a rounding away"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_a_note_is_made_when(validate, name):
    files, note = NOTES[name]
    found = validate(files)
    assert note in found.notes
    assert f"note: {note}" in report.table(found, width=400).splitlines()


def test_a_case_is_told_how_near_right_and_wrong_answers_come(validate):
    """In units of what is allowed: 1e-6 of 6, and 3 is off by 3."""
    three, _, pair = validate({**GOOD, "slips.py": SLIPS.replace("by * x", "by * x * (1 + 0.25e-6)")}).cases
    assert three.right == pytest.approx(0.25, rel=0.01)
    assert three.wrong == pytest.approx(3 / 6e-6, rel=0.01)
    assert (pair.right, pair.single) == (0, 0)


# --- the command ---

KEYS = {"assignment", "cases", "slips", "samples", "mutation", "problems", "notes", "seconds"}
CASE_KEYS = {"function", "name", "counts", "rejects", "right", "single", "wrong", "seconds"}


def test_it_ends_with_success_where_all_is_well(tmp_path):
    assemble(tmp_path / "small", GOOD)
    done = grader("validate", "small", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("small: 3 cases, 2 samples, 2 slips, 6 mutants, ")
    assert "\n✓ it tells right from wrong\n" in done.stdout


def test_several_assignments_get_a_table_and_a_line_each_and_the_status_of_the_worst(tmp_path):
    assemble(tmp_path / "one", {**GOOD, "assignment.yaml": spec(("name: small", "name: one"))})
    assemble(tmp_path / "two", {"assignment.yaml": spec(("name: small", "name: two")), "starter/work.py": RIGHT})
    done = grader("validate", "two", "one", "--jsonl", "-", cwd=tmp_path)
    assert done.returncode == 1
    two, one = map(json.loads, done.stdout.splitlines())
    assert [two["assignment"], two["problems"]] == ["two", ["the starter earns 3 points"]]
    assert [one["assignment"], one["problems"]] == ["one", []]
    assert [line for line in done.stderr.splitlines() if line[:1] in "✗✓" and line] == [
        "✗ the starter earns 3 points", "✓ it tells right from wrong"]  # fmt: skip


def test_a_mistake_in_one_is_told_before_another_is_tried(tmp_path):
    assemble(tmp_path / "one", {})
    assemble(tmp_path / "two", {"assignment.yaml": spec(("points: 1", "pionts: 1"))})
    done = grader("validate", "one", "two", "--jsonl", "found.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "two/assignment.yaml:8: $.functions.double.pionts: unknown key" in done.stderr
    assert not list(tmp_path.glob("found*"))


def test_a_line_has_all_that_was_found(tmp_path):
    assemble(tmp_path / "small", GOOD)
    assert grader("validate", "small", "--jsonl", "found.jsonl", cwd=tmp_path).returncode == 0
    (line,) = (tmp_path / "found.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert set(found) == KEYS
    assert {key for case in found["cases"] for key in case} == CASE_KEYS
    assert found["slips"]["once"] == ["double: three", "double: an array"]
    assert found["mutation"] == {"made": 6, "killed": 6, "alike": 0, "survivors": [], "share": 1.0}
    assert not (tmp_path / "found.jsonl.part").exists()


def test_any_number_of_jobs_finds_the_same(tmp_path):
    assemble(tmp_path / "small", {**DRAWN, "solution.py": BRANCH})

    def found(jobs):
        found = json.loads(grader("validate", "small", "--jsonl", "-", "--jobs", jobs, cwd=tmp_path).stdout)
        found["items"] = [{"cases": found.pop("cases")}]
        return without_times(found)

    assert found(1) == found(3)


@pytest.mark.parametrize("jobs", ["0", "two"])
def test_jobs_are_a_number(tmp_path, jobs):
    done = grader("validate", "small", "--jobs", jobs, cwd=tmp_path)
    assert done.returncode == 2
    assert f"must be a whole number from 1, not '{jobs}'" in done.stderr


class NoZygote:
    def __init__(self):
        raise AssertionError("a fork server is started")


def test_questions_alone_start_no_server(monkeypatch, capsys):
    monkeypatch.setattr(launch, "Zygote", NoZygote)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    assert cli.main(["validate", str(FOLDERS["homework_em"])]) == 0
    assert "22 samples" in capsys.readouterr().out


def test_functions_start_one(monkeypatch, capsys, small):
    monkeypatch.setattr(launch, "Zygote", NoZygote)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    assert cli.main(["validate", str(small)]) == 3
    assert "a fork server is started" in capsys.readouterr().err


def on_a_terminal(columns, *arguments, cwd):
    """Return what the command shows on a terminal that is so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1"}
    process = subprocess.Popen(command, cwd=cwd, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # that is how a terminal ends
        pass
    os.close(ours)
    process.communicate(timeout=60)
    return shown.decode().replace("\r\n", "\n")


def test_lines_fit_on_a_terminal(tmp_path):
    assemble(
        tmp_path / "small",
        {"starter/work.py": RIGHT, "assignment.yaml": spec(("name: three", f"name: {'three ' * 20}"))},
    )
    shown = on_a_terminal(80, "validate", "small", cwd=tmp_path)
    assert "✗ the starter earns 3 points" in shown
    assert max(map(len, shown.splitlines())) <= 80
    wide = on_a_terminal(130, "validate", "small", cwd=tmp_path)
    assert max(map(len, wide.splitlines())) > 80


# --- the table ---

LONG = "a name of a case that is longer than there is any room for on one line of a terminal"
CASES = (
    CaseCheck("estep", LONG, True, 120, 1e-9, 1.5, 9812.0, 0.0123456),
    CaseCheck("estep", "a remark", False, 0, 0.25, float("inf"), 54321.0, 0.0),
    CaseCheck("iteration", "a property", True, 0, None, None, None, 0.001),
)
FIGURES = [
    ["120", "<0.0001", "1.5", "9.8e+03", "12.3"], ["0", "0.25", "∞", "5e+04", "0.0"], ["0", "1.0"],
]  # fmt: skip


def rows(text):
    """Return the lines of the cases."""
    lines = text.splitlines()
    return lines[2 : 2 + len(CASES)]


def figures(line):
    """Return what stands behind a case's name."""
    return line.replace("(remark)", "").split()[-5:]


@pytest.mark.parametrize("width", [120, 80])
def test_every_figure_of_a_case_is_shown(width):
    text = report.table(Validation("em", CASES), width=width)
    assert text.splitlines()[1].split()[1:] == ["case", "rejects", "right", "float32", "slip", "ms"]
    assert [figures(line)[-len(want) :] for line, want in zip(rows(text), FIGURES, strict=True)] == FIGURES
    assert max(map(len, text.splitlines())) <= width


def test_a_long_name_is_cut_and_a_remark_is_marked():
    long, remark, other = rows(report.table(Validation("em", CASES)))
    assert "a name of a case that is longer" in long
    assert "…" in long
    assert LONG not in long
    assert "a remark (remark)" in remark
    assert other.startswith("iteration  a property")


def test_a_case_that_rejects_nothing_is_red_and_a_remark_is_not():
    long, remark, other = rows(report.table(Validation("em", CASES), color=True))
    assert ["\x1b[31m" in line for line in (long, remark, other)] == [False, False, True]


def test_so_many_survivors_are_shown_and_all_are_in_the_json():
    survivors = tuple(Survivor(f"em.py:{n}", "a + b → a - b") for n in range(23))
    found = Validation("em", mutation=Mutation(made=100, killed=67, alike=10, survivors=survivors))
    lines = report.table(found).splitlines()
    assert lines[1:4:2] == [
        "Mutants of the reference: 67 of 100 rejected, 10 are right as well, 23 survive "
        "(74% of the wrong ones are rejected).",
        "  survives: em.py:1: a + b → a - b",
    ]  # fmt: skip
    assert (sum("survives:" in line for line in lines), lines[22]) == (20, "  … and 3 more")
    mutation = json.loads(report.json(found))["mutation"]
    assert (len(mutation["survivors"]), mutation["share"]) == (23, 0.7444)
    assert mutation["survivors"][0] == {"place": "em.py:0", "change": "a + b → a - b"}


def test_what_is_infinite_is_null_in_the_json():
    _, remark, _ = json.loads(report.json(Validation("em", CASES)))["cases"]
    assert (remark["single"], remark["right"]) == (None, 0.25)


@pytest.mark.parametrize(
    ("mutation", "share"),
    [(Mutation(), 1.0), (Mutation(4, 0, 4), 1.0), (Mutation(10, 4, 2), 0.5), (Mutation(3, 3, 0), 1.0)],
    ids=["none", "all alike", "half", "all killed"],
)
def test_a_share_is_of_those_that_are_not_alike(mutation, share):
    assert mutation.share == share


# --- the shipped assignments ---


@functools.cache
def shipped(name):
    """Return what is found when a shipped assignment is tried on itself, once; its samples were graded elsewhere."""
    return made_once(f"validation_{name}", lambda: tried_on_itself(name))


def tried_on_itself(name):
    loaded, known = assignment.load(FOLDERS[name]), results(name)
    grade_all = engine.grade_all

    def grade_the_rest(variants, opened, submissions):
        rest = iter(list(grade_all(variants, opened, [one for one in submissions if one.id not in known])))
        return [known[one.id] if one.id in known else next(rest) for one in submissions]

    zygotes = [Zygote() for _ in range(2 if loaded.spec.functions else 0)]
    with pytest.MonkeyPatch.context() as patch, servers.for_a_class(loaded.spec, zygotes, None, 2) as opened:
        patch.setattr(engine, "grade_all", grade_the_rest)
        return Validator(loaded, opened).validate()


@pytest.mark.parametrize("name", FOLDERS)
def test_a_shipped_assignment_has_no_problems(name):
    found = shipped(name)
    assert found.problems == ()
    assert found.samples == len(EXPECTED[name])
    assert [slip for slip, caught in found.slips.items() if not caught] == []


@pytest.mark.parametrize("name", CODE)
def test_nineteen_of_twenty_mutants_of_a_shipped_reference_are_killed(name):
    mutation = shipped(name).mutation
    assert mutation.made >= 20
    assert mutation.share >= 0.95, mutation.survivors
