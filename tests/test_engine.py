"""Submissions graded end to end on a small assignment: one function never takes another with it."""

import json
from concurrent.futures import ALL_COMPLETED
from types import SimpleNamespace

import jsonschema
import pytest

from grader import assignment, engine, parts, servers, submission
from grader import judged as judged_module
from grader.errors import FaultError
from grader.handin import Submission
from grader.model import Attempts
from grader.parts import Place
from grader.report.json import render
from grader.sandbox.client import Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.variants import Variants
from tests.conftest import INPUTS, SOLUTION, SPEC, write
from tests.test_archives import zipped

pytestmark = pytest.mark.alone

DOUBLE = "def double(x): return 2 * x\n"
PAIR = "def pair(xs): return min(xs), max(xs)\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Grade the text of a submission on the small assignment, or on one with parts of its spec replaced."""
    servers, plans = {}, {}

    def prepared(spec):
        if spec not in plans:
            files = {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": SOLUTION}
            plans[spec] = engine.prepare(assignment.load(write(tmp_path_factory.mktemp("engine"), files)))
        return plans[spec]

    def run(text, *, replace=(), limit="seconds: 1", public_only=False, name="work.py"):
        changed = SPEC.replace("seconds: 2", limit)
        for old, new in replace:
            assert old in changed
            changed = changed.replace(old, new)
        plan = prepared(changed).public() if public_only else prepared(changed)
        klass = write(tmp_path_factory.mktemp("class"), {f"ann/{name}": text})
        submissions = submission.collect([klass], Submission(file="work.py"))
        limits = plan.assignment.spec.limits
        if limits not in servers:
            servers[limits] = ForkServer(Zygote(), limits, ["numpy"], functions=2)
        return engine.grade_one(Variants(plan), Place(servers[limits]), submissions[0])

    yield run
    for server in servers.values():
        server.close()


def statuses(result):
    return {item.name: item.status for item in result.items}


def test_what_was_left_out_of_a_students_archive_is_noted_beside_the_points(run):
    result = run(zipped({"work.py": DOUBLE + PAIR, "../../evil.py": ""}), name="hw.zip")
    assert (result.score, result.max_score) == (3, 3)
    assert result.notes == ("Left out of hw.zip: ../../evil.py leads out of the folder.",)


def test_a_right_submission_gets_every_point(run):
    result = run(DOUBLE + PAIR)
    assert (statuses(result), result.score, result.max_score) == ({"double": "passed", "pair": "passed"}, 3, 3)


def test_a_wrong_function_costs_its_points_alone(run):
    result = run("def double(x): return x\n" + PAIR)
    assert (statuses(result), result.score) == ({"double": "failed", "pair": "passed"}, 2)


BAD = {
    "raises": ("raise ValueError", "error"),
    "hangs": ("while True: pass", "timeout"),
    "sleeps": ("import time; time.sleep(60)", "timeout"),
    "exits": ("import os; os._exit(0)", "killed"),
    "calls exit": ("import sys; sys.exit(0)", "error"),
    "crashes": ("import os; os.abort()", "killed"),
    "wants too much memory": ("return bytearray(2**40)", "memory"),
    "returns a generator": ("return (n for n in [6])", "failed"),
    "returns too much": ("return 'x' * 10**8", "error"),
    "returns nothing": ("pass", "failed"),
    "prints without end": ("while True: print('all tests passed' * 1000)", "killed"),
    "writes on its socket": ("import os; os.write(3, b'0' * 100)", "failed"),
    "opens a socket": ("import socket; socket.socket()", "blocked"),
    "asks the network for a name": ("import urllib.request; urllib.request.urlopen('http://example.org')", "blocked"),
    "gives up where it was refused": ("try: open('x', 'w')\n    except OSError: raise ValueError", "blocked"),
    "starts a thread": ("import threading; threading.Thread(target=int).start()", "blocked"),
    "starts a program": ("import subprocess; subprocess.run(['true'])", "blocked"),
    "takes other arguments": ("return 6\ndef double(): return 6", "error"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_the_other_function_is_graded_when_one(run, name, first):
    body, status = BAD[name]
    if first:
        result = run(f"def double(x):\n    {body}\n{PAIR}")
        assert (statuses(result), result.score) == ({"double": status, "pair": "passed"}, 2)
    else:
        result = run(f"def pair(xs):\n    {body.replace('double', 'pair')}\n{DOUBLE}")
        assert (statuses(result), result.score) == ({"double": "passed", "pair": status}, 1)


def test_a_function_that_is_killed_gets_a_new_process_for_its_next_case(run):
    text = "import os\ndef double(x):\n    if isinstance(x, int): os._exit(1)\n    return 2 * x\n"
    double = run(text + PAIR).items[0]
    assert [case.status for case in double.cases] == ["killed", "passed"]
    assert (double.status, double.score) == ("killed", 0)


def test_the_cases_of_a_function_share_its_time(run):
    double = run("def double(x):\n    while True: pass\n" + PAIR).items[0]
    assert [case.status for case in double.cases] == ["timeout", "timeout"]
    assert double.cases[1].message == "Not run: earlier cases of `double` had used up its time."
    assert double.cases[1].seconds == 0


@pytest.mark.parametrize(
    ("text", "status"),
    [("def double(x)", "error"), ("1 / 0", "error"), ("while True: pass", "timeout"), ("import os; os._exit(0)", "killed"),
     ("x = bytearray(2**40)", "memory")],
)  # fmt: skip
def test_a_submission_that_does_not_load_gets_no_points_and_one_reason(run, text, status):
    result = run(text)
    assert (set(statuses(result).values()), result.score) == ({status}, 0)
    assert len({case.message for item in result.items for case in item.cases}) == 1
    assert result.fault is None


def test_a_missing_function_is_missing(run):
    result = run(PAIR)
    assert statuses(result) == {"double": "missing", "pair": "passed"}
    assert result.items[0].cases[0].message.startswith("There is no function `double` (there is pair)")


def test_proportional_points_on_request(run):
    text = "def double(x): return 6\n" + PAIR
    assert run(text).score == 2
    assert run(text, replace=[("name: small", "name: small\nscoring: proportional")]).score == 2.5


def test_a_remark_is_told_and_costs_nothing(run):
    text = "def double(x): return 6\n" + PAIR
    result = run(text, replace=[("{name: an array,", "{name: an array, remark: true,")])
    assert (result.score, result.items[0].status) == (3, "passed")
    remark = result.items[0].cases[1]
    assert (remark.status, remark.max_score) == ("failed", 0)
    assert remark.message.endswith("This costs no points.")


def test_strict_on_request(run):
    text = DOUBLE + "def pair(xs): return [min(xs), max(xs)]\n"
    assert run(text).score == 3
    assert run(text, replace=[("name: small", "name: small\nstrict: true")]).score == 1


def test_public_cases_alone(run):
    result = run("def double(x): return 6\n" + PAIR, public_only=True)
    assert [case.name for item in result.items for case in item.cases] == ["three", "of a list"]
    assert result.score == 3


def test_hidden_values_are_in_no_message(run):
    result = run("def double(x): return x * 0 + 12345\n" + PAIR)
    public, hidden = result.items[0].cases
    assert "12345" in public.message
    assert hidden.message == "`y`: 4 of 4 entries differ, worst at [0]."


def test_every_case_begins_from_its_own_seed(run):
    """A submission that draws random numbers gets the same result each time."""
    text = "import random\ndef double(x): return random.random()\n" + PAIR
    messages = {run(text).items[0].cases[0].message for _ in range(3)}
    assert len(messages) == 1


def test_what_is_printed_is_kept(run):
    assert run("print('loading')\ndef double(x): print('x =', x); return 2 * x\n" + PAIR).stdout.startswith(
        "loading\nx = 3"
    )


def test_a_fault_of_ours_costs_nobody_points(run, monkeypatch):
    def broken(*_):
        raise engine.FaultError("the machine is on fire")

    monkeypatch.setattr(ForkServer, "child", broken)
    result = run(DOUBLE)
    assert (result.score, result.fault, result.items) == (None, "the machine is on fire", ())
    assert json.loads(render(result))["status"] == "fault"


def test_a_submission_whose_fork_server_died_is_graded_once_more(run, monkeypatch):
    deaths = iter([True, False])
    child = ForkServer.child

    def dies_once(server, output):
        if next(deaths):
            raise engine.DiedError("it ended")
        return child(server, output)

    monkeypatch.setattr(ForkServer, "child", dies_once)
    assert (run(DOUBLE + PAIR).score, next(deaths, None)) == (3, None)


def test_one_that_dies_again_is_a_fault_of_ours(run, monkeypatch):
    def dies(*_):
        raise engine.DiedError("it ended")

    monkeypatch.setattr(ForkServer, "child", dies)
    assert (run(DOUBLE + PAIR).score, run(DOUBLE + PAIR).fault) == (None, "it ended")


def test_cpu_time_that_is_over_ends_a_function_as_a_whole(run):
    """Its other cases do not get that much each."""
    text = "def double(x):\n    while True: pass\n" + PAIR
    result = run(text, limit="seconds: 20, cpu_seconds: 0.5")
    assert statuses(result) == {"double": "timeout", "pair": "passed"}
    assert [case.message for case in result.items[0].cases] == [
        "`double` had used up its 0.5 s of CPU time: does its loop end?",
        "Not run: earlier cases of `double` had used up its time.",
    ]


def test_what_was_finished_when_something_is_raised_comes_first(monkeypatch):
    monkeypatch.setattr(engine, "FIRST_COMPLETED", ALL_COMPLETED)
    places, came = SimpleNamespace(number=6, close=lambda: None), []
    with pytest.raises(ZeroDivisionError):
        came.extend(n for n, _ in engine.finished(lambda n: 1 / (n - 6), range(12), places))
    assert sorted(came) == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


def test_a_mistake_of_ours_in_one_submission_is_told_and_costs_nothing(run, monkeypatch, capsys):
    monkeypatch.setattr(judged_module, "compare", lambda *_: 1 / 0)
    result = run(DOUBLE + PAIR)
    assert (result.score, result.fault) == (None, "the grader itself failed: ZeroDivisionError: division by zero")
    assert "Traceback" in capsys.readouterr().err


def test_hidden_values_are_not_told_by_an_exception(run):
    result = run("def double(x): raise ValueError(str(x))\n" + PAIR)
    public, hidden = result.items[0].cases
    assert "raised ValueError: 3 (work.py, line 1" in public.message
    assert hidden.message.startswith("`double` raised ValueError (work.py, line 1")


@pytest.mark.parametrize(
    "value",
    ["['x' * 10**6] + [''] * 1000", "type('A ' * 10**6, (), {})", "[[1], [2, 3]]", "10**400", "{'a' * 10**6: 1}"],
)
def test_an_odd_value_costs_its_function_alone_and_few_words(run, value):
    result = run(f"def double(x): return {value}\n{PAIR}")
    assert (statuses(result), result.fault) == ({"double": "failed", "pair": "passed"}, None)
    assert len(render(result)) < 20_000


def test_loading_again_is_not_on_the_next_functions_time(run):
    text = "import time\ntime.sleep(0.7)\ndef double(x):\n    while True: pass\ndef pair(xs):\n    time.sleep(0.5)\n"
    assert statuses(run(text + "    return min(xs), max(xs)\n")) == {"double": "timeout", "pair": "passed"}


def test_forged_answers_to_the_load_are_not_taken_for_values(run):
    text = "import os\nos.write(3, b'\\0\\0\\0\\x11\\0\\0\\0\\0' + b'{\"dict\":[[\"returned\",6]]}'[:17])\n"
    assert run(text + DOUBLE + PAIR).score == 0


NUMBER = {"type": "number"}
TEXT = {"type": "string"}
STATUS = {"enum": ["passed", "failed", "error", "timeout", "memory", "killed", "missing", "blocked", "pending"]}


def fields(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


INTERFACE = fields(
    schema={"const": 1}, assignment=TEXT, status={"enum": ["graded", "fault"]}, score={"type": ["number", "null"]},
    submission=fields(id=TEXT, files={"type": "array", "items": TEXT}, sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"}),
    max_score=NUMBER, stdout=TEXT, sandbox={"type": "array", "items": TEXT, "minItems": 1}, seconds=NUMBER, grader=TEXT,
    items={"type": "array", "items": fields(
        name=TEXT, kind={"enum": ["function", "number", "formula", "choice", "text"]}, status=STATUS, score=NUMBER, max_score=NUMBER,
        attempts={"type": ["object", "null"]}, explanation={"type": ["string", "null"]}, latex={"type": ["string", "null"]},
        cases={"type": "array", "minItems": 1, "items": fields(
            name=TEXT, status=STATUS, visibility={"enum": ["public", "hidden"]}, score=NUMBER, max_score=NUMBER,
            seconds=NUMBER, message=TEXT, diagnosis={"type": "null"})})},
)  # fmt: skip
"""The fields of a result, as they are promised to other programs."""


@pytest.mark.parametrize("text", [DOUBLE + PAIR, "def double(", "def double(x): return float('nan')", ""])
def test_the_json_has_the_promised_fields(run, text):
    assert list(jsonschema.Draft202012Validator(INTERFACE).iter_errors(json.loads(render(run(text))))) == []


def test_the_json_is_one_line_whatever_is_printed(run):
    assert "\n" not in render(run("print('a\\nb\\u2028c\\ud800')"))


QUESTIONS = """
due: 2020-01-01T00:00:00+00:00
questions:
  two: {kind: number, points: 1, answer: 2, attempts: 2, explanation: One and one., explain: due}
  four: {kind: number, points: 1, answer: 4, visibility: public}
  twice: {kind: formula, points: 1, answer: 2*x, variables: {x: [0, 1]}}
  why: {kind: text, points: 1}
"""
RIGHT = "{two: 2, four: 4, twice: x + x, why: because}"


@pytest.fixture
def ask(tmp_path):
    """Grade code and a sheet on an assignment with functions and questions; None is not handed in."""

    def ask(code, sheet, *, public_only=False, questions=QUESTIONS):
        spec = SPEC.replace("{file: work.py}", "{file: work.py, answers: answers.yaml}") + questions
        write(tmp_path / "small", {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": SOLUTION})
        loaded = assignment.load(tmp_path / "small")
        handed = {"work.py": code, "answers.yaml": sheet}
        write(tmp_path / "ann", {name: text for name, text in handed.items() if text is not None})
        (submitted,) = submission.collect([tmp_path / "ann"], loaded.spec.submission)
        plan = engine.prepare(loaded)
        with ForkServer(Zygote(), loaded.spec.limits, ["numpy"], functions=2) as server:
            return engine.grade_one(Variants(plan.public() if public_only else plan), Place(server), submitted)

    return ask


def test_code_and_answers_are_graded_together(ask):
    result = ask(DOUBLE + PAIR, RIGHT)
    assert statuses(result) == {
        "double": "passed", "pair": "passed", "two": "passed", "four": "passed", "twice": "passed", "why": "pending"}  # fmt: skip
    assert (result.score, result.max_score, result.lost) == (6, 7, False)
    assert result.files == ("work.py", "answers.yaml")
    assert list(jsonschema.Draft202012Validator(INTERFACE).iter_errors(json.loads(render(result)))) == []


@pytest.mark.parametrize(
    ("code", "sheet", "functions", "answers", "message"),
    [
        (None, RIGHT, "missing", "passed", "Nothing could be graded: no work.py was handed in."),
        (DOUBLE + PAIR, None, "passed", "missing", "Nothing could be graded: no answers.yaml was handed in."),
        ("def", RIGHT, "error", "passed", "work.py is not valid Python"),
        (DOUBLE + PAIR, "two: a: b", "passed", "error", "answers.yaml, line 1, is not valid YAML"),
        (DOUBLE + PAIR, "[]", "passed", "missing", "There is no answer `two`."),
        (DOUBLE + PAIR, "[2, 4]", "passed", "error", "answers.yaml must have a line `question: answer`"),
    ],
)
def test_what_is_wrong_with_one_leaves_the_other(ask, code, sheet, functions, answers, message):
    result = ask(code, sheet)
    assert [statuses(result)[name] for name in ("double", "two")] == [functions, answers]
    said = [case.message for item in result.items for case in item.cases if case.message]
    assert said[0].startswith(message)


def test_a_check_tells_of_a_hidden_answer_only_if_it_can_be_read(ask):
    result = ask(DOUBLE + PAIR, "{two: 3, four: 3, twice: 2x, why: because}", public_only=True)
    assert {item.name: item.status for item in result.items[2:]} == {
        "two": "pending", "four": "failed", "twice": "error", "why": "pending"}  # fmt: skip
    assert result.items[2].cases[0].message == "It can be read; whether it is right is told when it is graded."
    assert "did you mean 2*x?" in result.items[4].cases[0].message
    assert result.items[2].score == 0


def test_an_explanation_waits_until_it_is_due(ask):
    assert ask(DOUBLE, "{two: 3}").items[2].explanation == "One and one."
    assert ask(DOUBLE, "{two: 3}", questions=QUESTIONS.replace("2020", "2999")).items[2].explanation is None


def test_answers_alone_are_graded_without_a_sandbox(tmp_path):
    spec = "name: quiz\nsubmission: {answers: quiz.json}\n" + QUESTIONS
    loaded = assignment.load(write(tmp_path / "quiz", {"assignment.yaml": spec}))
    write(tmp_path, {"class/ann/quiz.json": '{"two": 2, "four": 5}', "class/bob/quiz.csv": "two,1\ntwo,2\ntwo,3"})
    submissions = submission.collect([tmp_path / "class"], loaded.spec.submission)
    with servers.for_a_class(loaded.spec, [], None, 1) as opened:
        ann, bob = engine.grade(loaded, submissions, opened)
    assert (ann.score, ann.sandbox, ann.lost) == (1, (), True)
    assert (bob.score, bob.items[0].attempts) == (1, Attempts(2, 2))


def test_a_mistake_of_ours_in_an_answer_is_a_fault_and_costs_nothing(ask, monkeypatch, capsys):
    monkeypatch.setattr(parts, "read_sheet", lambda *_: 1 / 0)
    assert (ask(DOUBLE + PAIR, RIGHT).score, "Traceback" in capsys.readouterr().err) == (None, True)


def test_what_fails_where_a_place_was_closed_is_told_without_a_traceback():
    place = Place(None)
    assert isinstance(engine._attempt(None, place, None, Output()).fault, AttributeError)
    place.close()
    fault = engine._attempt(None, place, None, Output()).fault
    assert (type(fault), str(fault)) == (FaultError, "its place was closed")
