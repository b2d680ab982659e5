"""One function and those that it calls, graded end to end: whose mistake it is, which one, and what a student reads."""

import contextlib
import itertools
import threading

import pytest
import yaml

from grader import assignment, engine, submission
from grader.errors import GraderError, LevelError, SpecError
from grader.parts import Place
from grader.sandbox import protocol
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.values import RefusedError
from grader.variants import Variants
from tests.conftest import write

STEP = "def step(x): return 2 * x + 1\n"
WRONG = "def step(x): return 2 * x\n"
CLIMB = """
def climb(x, n):
    for _ in range(n):
        x = step(x)
    return x
"""
ONE_MORE = CLIMB.replace("range(n)", "range(n + 1)")
LEAP = "def leap(x): return step(x)\n"
SOLUTION = STEP + CLIMB + LEAP

UP = {"name": "up", "args": {"x": 3}}
THRICE = {"name": "thrice", "args": {"x": 3, "n": 3}}
ONCE = {"name": "once", "args": {"x": 5, "n": 1}}
STAY = {"name": "stay", "args": {"x": 5, "n": 0}}
USING = {"name": "using", "args": {"x": 5, "n": 1}, "using": "reference"}
ARRAY = {"x": {"array": [1.0, 2.0, 4.0]}, "n": 3}
LAST = {"leap": {"points": 4, "returns": ["x"], "cases": [{"name": "far", "args": {"x": 5}}]}}

BECAUSE = "Your `climb` is right: it fails because `step` is wrong."


def stairs(*cases, step=(UP,), climb=(), after=(), **top):
    """Return a spec: `step` goes up, and `climb` does so several times; what comes `after` is graded last."""
    functions = {
        "step": {"points": 1, "returns": ["x"], "cases": list(step)},
        "climb": {"points": 2, "returns": ["x"], "steps": {"step": ["x"]}, **dict(climb), "cases": list(cases)},
        **dict(after),
    }
    head = {"name": "stairs", "reference": "solution", "submission": {"file": "work.py"}, "limits": {"seconds": 2}}
    return yaml.safe_dump({**head, **top, "functions": functions}, sort_keys=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Grade a submission (its text, or its files by name) by a spec and what else the assignment has."""
    with contextlib.ExitStack() as opened:
        servers, known = {}, {}

        def variants(spec, **course):
            key = (spec, *sorted(course.items()))
            if key not in known:
                files = {"solution.py": SOLUTION} | {f"{name}.py": text for name, text in course.items()}
                folder = write(tmp_path_factory.mktemp("stairs"), {"assignment.yaml": spec} | files)
                plan = engine.prepare(assignment.load(folder))
                known[key] = opened.enter_context(contextlib.closing(Variants(plan)))
            return known[key]

        def run(text, spec, **course):
            planned = variants(spec, **course)
            loaded = planned.plan.assignment.spec
            files = text if isinstance(text, dict) else {"work.py": text}
            (handed,) = submission.collect([write(tmp_path_factory.mktemp("ann"), files)], loaded.submission)
            if loaded.limits not in servers:
                server = ForkServer(Zygote(), loaded.limits, ["numpy"], functions=3)
                servers[loaded.limits] = opened.enter_context(server)
            return engine.grade_one(planned, Place(servers[loaded.limits]), handed)

        yield run


def item(result, name="climb"):
    assert result.fault is None
    return next(one for one in result.items if one.name == name)


def case(result, name):
    return next(one for one in item(result).cases if one.name == name)


# --- whose mistake it is ---------------------------------------------------------------------------------------------


def test_a_right_submission_gets_every_point_and_nothing_is_said(run):
    result = run(STEP + CLIMB, stairs(THRICE, ONCE, USING))
    assert (result.score, {one.message for one in item(result).cases}) == (3, {""})


def test_one_that_fails_only_because_of_what_it_calls_is_told_so(run):
    climb = item(run(WRONG + CLIMB, stairs(THRICE, ONCE)))
    assert (climb.status, climb.score) == ("failed", 0)
    assert {(one.diagnosis, one.message) for one in climb.cases} == {("because_of_step", BECAUSE)}


def test_so_is_one_that_names_what_it_calls_without_steps(run):
    climb = item(run(WRONG + CLIMB, stairs(THRICE, climb={"steps": {}, "calls": ["step"]})))
    assert climb.cases[0].message == BECAUSE


def test_so_is_one_that_never_returns_or_raises_because_of_it(run):
    until = "def climb(x, n):\n    while n:\n        y = step(x)\n        n -= y > x\n        x = y\n    return x\n"
    late = item(run("def step(x): return x\n" + until, stairs(THRICE)))
    assert (late.status, late.cases[0].message) == ("timeout", BECAUSE)
    broken = item(run("def step(x): return None\n" + CLIMB.replace("step(x)", "step(x) + 0"), stairs(THRICE)))
    assert (broken.status, broken.cases[0].message) == ("error", BECAUSE)


def test_one_that_is_wrong_as_well_is_not_and_reads_what_is_wrong_with_it(run):
    """With right parts its own mistake can be seen."""
    climb = item(run(WRONG + ONE_MORE, stairs(THRICE, ONCE, climb={"follow_through": 1})))
    assert ({one.diagnosis for one in climb.cases}, climb.score) == ({"stops_late"}, 0)
    assert all("right: it fails" not in one.message for one in climb.cases)


def test_one_that_is_wrong_in_some_cases_is_told_in_which(run):
    text = WRONG + CLIMB.replace("return x", "return x if n < 3 else -x - 0.5")
    climb = item(run(text, stairs(THRICE, ONCE, climb={"follow_through": 1})))
    thrice, once = climb.cases
    assert (thrice.diagnosis, once.diagnosis, climb.score) == (None, "because_of_step", 0)
    assert once.message == "`climb` fails here because `step` is wrong; elsewhere it has a mistake of its own."


@pytest.mark.parametrize("scoring", ["all_or_nothing", "proportional"])
@pytest.mark.parametrize("share", [None, 0.5, 1])
def test_one_that_fails_only_because_of_others_earns_what_the_spec_says(run, scoring, share):
    """It has two cases, one of which passes, and two points."""
    earned = {None: 0, 0.5: 1, 1: 2} if scoring == "all_or_nothing" else {None: 1, 0.5: 1.5, 1: 2}
    follow = {} if share is None else {"follow_through": share}
    climb = item(run(WRONG + CLIMB, stairs(THRICE, STAY, climb=follow, scoring=scoring)))
    assert (climb.score, sum(one.score for one in climb.cases)) == (earned[share], earned[share])
    own = item(run(STEP + ONE_MORE, stairs(THRICE, STAY, climb=follow, scoring=scoring)))
    assert own.score == 0


def test_all_that_are_wrong_are_named(run):
    spec = stairs(THRICE, after={**LAST, "both": {
        "points": 1, "returns": ["x"], "calls": ["step", "climb"],
        "cases": [{"name": "four", "args": {"x": 1}}]}})  # fmt: skip
    both = "def both(x): return climb(step(x), 3)\n"
    told = item(run(WRONG + ONE_MORE + LEAP + both, spec, solution=SOLUTION + both), "both").cases[0]
    assert told.diagnosis == "because_of_step_and_climb"
    assert told.message == "Your `both` is right: it fails because `step` and `climb` are wrong."


def test_one_that_never_calls_a_part_is_told_so(run):
    climb = item(run(STEP + "def climb(x, n): return x / 7 - n\n", stairs(THRICE)))
    assert climb.cases[0].diagnosis == "never_calls_step"
    assert climb.cases[0].message.startswith("`climb` never calls `step`. What is each round made of? `x` differs:")
    calling = item(run(STEP + "def climb(x, n): return step(x) / 7 - n\n", stairs(THRICE)))
    assert calling.cases[0].diagnosis is None


STOPPING = """
def climb(x, n):
    for _ in range(n):
        new = step(x)
        if (new == x).all():
            break
        x = new
    return x
"""


def test_one_that_a_part_breaks_by_changing_its_argument_is_told_so(run):
    spec = stairs({"name": "array", "args": ARRAY}, step=[{"name": "up", "args": {"x": ARRAY["x"]}}])
    told = item(run("def step(x):\n    x *= 2\n    x += 1\n    return x\n" + STOPPING, spec)).cases[0]
    assert told.diagnosis == "changes_input"
    assert told.message.startswith(
        "`climb` fails because `step` changes its argument `x` in place. "
        "`climb` still needs what it was: make a new one instead. `x`: "
    )
    assert run(STEP + STOPPING, spec).score == 3


# --- right parts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        WRONG + CLIMB,
        WRONG + CLIMB.replace("step(x)", "step(x=x)"),
        "def step(x): raise ValueError\n" + CLIMB,
        "def step(x):\n    while True: pass\n" + CLIMB,
        "import os\ndef step(x): os._exit(1)\n" + CLIMB,
        {"work.py": "from helper import climb, step\n", "helper.py": WRONG + CLIMB},
        {"work.py": "from helper import step\n" + CLIMB, "helper.py": WRONG},
        {"work.py": "from inner.deep import climb, step\n", "inner/__init__.py": "", "inner/deep.py": WRONG + CLIMB},
        WRONG + "def climb(x, n):\n    def go(x): return step(x)\n    return [go(x) for _ in range(n)][-1]\n",
    ],
    ids=["wrong", "keyword", "raises", "hangs", "dies", "in another file", "imported", "in a package", "nested"],
)
def test_a_case_that_uses_the_reference_passes_whatever_the_part_is(run, text):
    result = run(text, stairs(ONCE, USING))
    assert [one.status == "passed" for one in item(result).cases] == [False, True]
    assert item(result, "step").status != "passed"


def test_a_case_that_uses_the_reference_rejects_a_function_that_is_wrong_itself(run):
    climb = item(run(STEP + ONE_MORE, stairs(USING)))
    assert (climb.status, climb.cases[0].diagnosis) == ("failed", "stops_late")


def test_the_students_own_parts_are_back_after_a_call_with_right_ones(run):
    """`leap` calls the wrong `step` again."""
    result = run(WRONG + CLIMB + LEAP, stairs(USING, after=LAST))
    assert (item(result).status, item(result, "leap").status) == ("passed", "failed")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("step('a', 'b')", "ValueError: step is called with other arguments than step(x)"),
        ("step(height=3)", "ValueError: step is called with other arguments than step(x)"),
        ("step('a')", "ValueError: step cannot be called with these arguments: can only concatenate str"),
        ("step(open)", "ValueError: step cannot be called with these arguments: unsupported operand"),
        ("step([0] * 300_000)", "more than 200000 values in lists, tuples or dicts"),
        ("step(bytes(10**8))", "more than 64 MiB"),
        ("step('x' * 10**8)", "more than"),
    ],
)
def test_nonsense_is_an_error_in_the_code_that_asks(run, call, said):
    told = case(run(STEP + f"def climb(x, n): return {call}\n", stairs(USING)), "using")
    assert told.status == "error"
    assert said in told.message
    assert f"(work.py, line 2: `def climb(x, n): return {call}`)" in told.message


def test_that_error_can_be_caught_and_the_next_question_is_answered(run):
    body = "def climb(x, n):\n    try: step('a', 'b')\n    except ValueError: return step(x)\n"
    assert case(run(WRONG + body, stairs(USING)), "using").status == "passed"


ASK = "def climb(x, n): return step.func('{}', x)\n"
"""By the proxy's own means."""


@pytest.mark.parametrize("name", ["leap", "climb", "exec", "__import__"])
def test_no_question_for_another_function_is_answered(run, name):
    """The twin asks in the same way for one that is named, and gets it."""
    spec = stairs(USING, after=LAST)
    told = case(run(WRONG + ASK.format(name) + LEAP, spec), "using")
    assert told.message.startswith(f"`climb` raised ValueError: {name} cannot be asked for (work.py, line 2")
    assert case(run(WRONG + ASK.format("step") + LEAP, spec), "using").status == "passed"


def test_no_question_is_answered_in_a_call_of_the_students_own(run):
    frame = protocol.pack({"asks": {"function": "step", "args": [5], "kwargs": {}}})
    text = STEP + f"import os\ndef climb(x, n):\n    os.write(3, {frame!r})\n    return os.read(3, 99)\n"
    told = case(run(text, stairs(ONCE)), "once")
    what = "its process sent an answer that is not one"
    assert (told.status, told.message) == ("failed", f"What `climb` returns cannot be compared: {what}.")


SHELVES = {
    "a global": ("seen = [0]\n", "seen[0] = {}", "seen[0]"),
    "a module": ("import math\nmath.kept = 0\n", "math.kept = {}", "math.kept"),
    "the environment": ("import os\nos.environ['at'] = '0'\n", "os.environ['at'] = str({})", "int(os.environ['at'])"),
    "a function": ("", "leap.__defaults__ = ({},)", "kept"),
    "a file": ("", "open('kept', 'w').write(str({}))", "int(open('kept').read())"),
}  # fmt: skip


@pytest.mark.parametrize("shelf", SHELVES)
@pytest.mark.parametrize("cases", [(ONCE, USING), (ONCE,)], ids=["using", "tried again"])
def test_nothing_that_a_right_part_tells_is_there_in_a_later_call(run, shelf, cases):
    """`leap` returns what `climb` has kept of `step`: with a right one of its own, that earns the points."""
    head, keep, recall = SHELVES[shelf]
    climb = f"def climb(x, n):\n    x = step(x)\n    {keep.format('x')}\n    return x\n"
    text = f"{head}{climb}def leap(x, kept=0): return {recall}\n"
    limits = {"seconds": 2, "scratch_mib": 1} if shelf == "a file" else {"seconds": 2}
    spec = stairs(*cases, after=LAST, limits=limits)
    try:
        cheat, honest = run(WRONG + text, spec), run(STEP + text, spec)
    except LevelError:
        pytest.skip("no scratch folder at this level")
    assert (item(cheat).cases[-1].status, item(cheat).cases[0].diagnosis) == (
        "passed" if len(cases) == 2 else "failed",
        "because_of_step",
    )
    assert (item(cheat, "leap").score, item(honest, "leap").score) == (0, 4)


PROXIED = """
import inspect, os
def climb(x, n):
    if not inspect.isfunction(step):
        {}
    return step(x)
"""
HARM = {
    "exits": ("os._exit(0)", "killed"),
    "crashes": ("os.abort()", "killed"),
    "closes its connection": ("os.close(3)", "killed"),
    "hangs": ("while True: pass", "timeout"),
    "asks for ever": ("while True: step(x)", "timeout"),
    "prints without end": ("while True: print('all tests passed' * 1000)", "killed"),
    "wants too much memory": ("bytearray(2**40)", "memory"),
    "writes on its connection": ("os.write(3, b'0' * 100)", "failed"),
    "answers itself": (f"os.write(3, {protocol.pack({'loaded': True})!r})", "failed"),
}


@pytest.mark.parametrize("harm", HARM)
def test_what_dies_or_lies_where_parts_are_right_costs_its_own_function_alone(run, harm):
    body, status = HARM[harm]
    result = run(WRONG + PROXIED.format(body) + "def leap(x): return 2 * x + 1\n", stairs(ONCE, USING, after=LAST))
    once, using = item(result).cases
    assert (once.status, once.diagnosis, using.status) == ("failed", None, status)
    assert (item(result, "leap").score, result.score) == (4, 4)


def test_what_is_printed_where_parts_are_right_is_not_kept(run):
    """It may be what the reference said."""
    body = "def climb(x, n):\n    y = step(x)\n    print('climbed to', y)\n    return y\n"
    assert run(WRONG + body, stairs(ONCE, USING)).stdout == "climbed to 10\n"


@pytest.mark.parametrize(("step", "processes"), [(STEP, 1), (WRONG, 2)], ids=["right part", "wrong part"])
def test_one_that_loops_for_ever_is_called_again_only_where_a_part_is_wrong(run, monkeypatch, step, processes):
    started, child = itertools.count(), ForkServer.child

    def counted(server, output):
        next(started)
        return child(server, output)

    monkeypatch.setattr(ForkServer, "child", counted)
    result = run(step + "def climb(x, n):\n    while True: pass\n", stairs(ONCE))
    assert (item(result).status, item(result).cases[0].diagnosis, next(started)) == ("timeout", None, processes)


# --- properties ------------------------------------------------------------------------------------------------------

CHECKS = "def odd(x):\n    return None if x % 2 else 'It is even.'\n"
NUMBER = {"x": 3, "n": 3}
LAWS = {
    "value": ({"at_least": 0, "of": "x"}, NUMBER, CLIMB.replace("return x", "return -x"),
              "`x` is not at least 0. It is -31."),
    "metamorphic": ({"permute": {"x": 0}}, ARRAY, CLIMB.replace("return x", "return x.cumsum()"),
                    "Called again with `x` in another order, "),
    "deterministic": ({"deterministic": True}, NUMBER,
                      "m = 0\n" + CLIMB.replace("return x", "global m; m += 1; return x + m"),
                      "Called again with the same arguments"),
    "steps": ({"non_decreasing": "x", "over": "steps"}, {"x": 3, "n": 0}, CLIMB + "def step(x): return x - 1\n",
              " rounds. In round 2 it goes from 2 to 1."),
    "unchanged": ({"unchanged": "x"}, ARRAY, CLIMB.replace("    for", "    x += 1\n    for"),
                  "`x` was changed in place: work on a copy. Entry 0 was 1 and is now 2."),
    "at_most_times": ({"at_most_times": 20}, NUMBER,
                      "import time\n" + CLIMB.replace("return x", "time.sleep(0.3); return x"),
                      "It takes more than 20 times as long as the reference: work on whole arrays. It took 0.3"),
    "check": ({"check": "odd"}, NUMBER, CLIMB.replace("return x", "return 2 * x"), "It is even."),
}  # fmt: skip


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("derived", [False, True], ids=["of its own call", "of the other cases"])
def test_a_property_holds_of_a_right_function_and_not_of_a_wrong_one(run, name, derived):
    law, args, wrong, said = LAWS[name]
    value = {"name": "value", "args": args}
    spec = stairs(
        *([value, {"name": "law", "property": law}] if derived else [{**value, "name": "law", "property": law}])
    )
    right = case(run(STEP + CLIMB, spec, checks=CHECKS), "law")
    assert (right.status, right.message) == ("passed", "")
    told = case(run(STEP + wrong, spec, checks=CHECKS), "law")
    assert (told.status, told.score) == ("failed", 0)
    assert said in told.message


def test_rounds_that_take_too_long_are_not_followed(run, monkeypatch):
    law, args, _, _ = LAWS["steps"]
    spec = stairs({"name": "law", "args": args, "property": law}, {"name": "value", "args": args})
    monkeypatch.setattr("grader.hold.FOLLOWED_TIMES", -1)
    assert case(run(STEP + CLIMB, spec), "law").message == "Its steps take too long to be followed."


SECOND = "m = 0\ndef again():\n    global m\n    m += 1\n    return m > 1\n"
ENDLESS = {
    "of the function": ("deterministic", STEP + CLIMB.replace("return x", "while again(): pass\n    return x"),
                        "Called again with the same arguments, it does not end in time."),
    "of a step": ("steps", "def step(x):\n    while again(): pass\n    return x + 1\ndef climb(x, n): return x + n\n",
                  "`step`, called in round 1, does not end in time."),
}  # fmt: skip


@pytest.mark.parametrize(("name", "code", "said"), ENDLESS.values(), ids=ENDLESS)
def test_another_call_that_does_not_end_is_called_that(run, name, code, said):
    law, args, _, _ = LAWS[name]
    spec = stairs({"name": "law", "args": args, "property": law})
    assert said in case(run(SECOND + code, spec), "law").message


def test_a_step_that_would_be_given_too_much_is_told(run, monkeypatch):
    def refused(*_):
        raise RefusedError("more than 64 MiB")

    law, args, _, _ = LAWS["steps"]
    spec = stairs({"name": "law", "args": args, "property": law})
    monkeypatch.setattr("grader.hold.call_request", refused)
    assert case(run(STEP + CLIMB, spec), "law").message == "`step`, called in round 1, would be given more than 64 MiB."


def test_a_property_of_cases_that_all_raised_does_not_hold_and_says_why(run):
    spec = stairs(THRICE, ONCE, {"name": "law", "property": {"at_least": 0, "of": "x"}})
    climb = item(run(STEP + "def climb(x, n): return step(x) / 0\n", spec))
    assert [one.status for one in climb.cases] == ["error", "error", "error"]
    assert climb.cases[2].message == climb.cases[0].message
    assert "raised ZeroDivisionError" in climb.cases[2].message


@pytest.mark.parametrize(("value", "status"), [("7", "passed"), ("-7", "failed")])
def test_a_property_is_judged_on_the_cases_that_returned(run, value, status):
    spec = stairs(THRICE, ONCE, {"name": "law", "property": {"at_least": 0, "of": "x"}})
    text = STEP + f"def climb(x, n):\n    step(x)\n    return {value} if n == 1 else 1 / 0\n"
    assert [one.status for one in item(run(text, spec)).cases] == ["error", "failed", status]


def test_a_property_is_not_judged_on_a_remark(run):
    law = {"name": "law", "property": {"at_least": 0, "of": "x"}}
    text = STEP + CLIMB.replace("return x", "return x if n == 1 else -x")
    assert case(run(text, stairs({**THRICE, "remark": True}, ONCE, law)), "law").status == "passed"
    assert case(run(text, stairs(THRICE, ONCE, law)), "law").status == "failed"


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ({"unchanged": "height"}, "height"),
        ({"permute": {"height": 0}}, "height"),
        ({"at_least": "height", "of": "x"}, "height"),
        ({"permute": {"x": 0}}, "the argument `x` has no axis 0"),
        ({"check": "even"}, "checks.py has no function 'even'"),
        ({"check": "of"}, "of(x, m) in checks.py asks for what it cannot be given (known: x, n)"),
    ],
)
def test_a_mistake_in_a_property_is_told_with_its_path_whenever_it_shows(run, law, said):
    spec = stairs(THRICE, {**ONCE, "name": "law", "property": law})
    with pytest.raises(SpecError) as raised:
        run(STEP + CLIMB, spec, checks=CHECKS + "def of(x, m): pass\n")
    assert "$.functions.climb.cases[1].property" in str(raised.value)
    assert said in str(raised.value)


CALLED_ELSE = {"name": "called else", "args": {"start": 3, "n": 3}}
"""Its first argument has another name than in the other cases."""


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ({"unchanged": "x"}, "there is no argument `x` (in the case 'called else')"),
        ({"check": "even"}, "even(n, start) in checks.py asks for what it cannot be given (known: x, n) (in the case 'once')"),
        ({"non_decreasing": "x", "over": "steps"}, "there is no argument `x` for its steps (in the case 'called else')"),
    ],
    ids=["of arguments", "of a check", "over steps"],
)  # fmt: skip
def test_an_argument_that_a_case_calls_otherwise_is_told_with_the_case(run, law, said):
    spec = stairs(ONCE, CALLED_ELSE, {"name": "law", "property": law})
    with pytest.raises(SpecError) as raised:
        run(STEP + CLIMB, spec, checks="def even(n, start): pass\n")
    assert str(raised.value).endswith(f"$.functions.climb.cases[2].property: {said}")


def test_rounds_that_cannot_be_followed_for_want_of_an_argument_name_no_mistake(run):
    wrong = STEP + ONE_MORE
    assert case(run(wrong, stairs(THRICE)), "thrice").diagnosis == "stops_late"
    assert case(run(wrong, stairs(THRICE, CALLED_ELSE)), "called else").diagnosis is None


def test_what_a_property_cannot_make_of_a_value_is_no_mistake_of_the_spec(run, monkeypatch, capsys):
    """Or one submission could end the grading of all."""
    monkeypatch.setattr("grader.traits.AtLeast.broken", lambda *_: int("what was returned"))
    result = run(STEP + CLIMB, stairs({**ONCE, "property": {"at_least": 0, "of": "x"}}))
    assert (result.score, result.fault[:39]) == (None, "the grader itself failed: ValueError: i")
    assert "Traceback" in capsys.readouterr().err


# --- variants of the right answer ------------------------------------------------------------------------------------

VARIANTS = """
def climb(x, n, *, more=0, by=1):
    for _ in range(n + more):
        x = 2 * x + by
    return x
"""
ACCEPTED = (
    VARIANTS
    + """
ACCEPTED = [{"id": "one_more", "function": "climb", "change": {"more": 1}, "what": "It goes on for a round."}]
"""
)
SLIPS = (
    VARIANTS
    + """
SLIPS = [
    {"id": "by_two", "function": "climb", "change": {"by": 2}, "what": "It adds 2.", "look": "What is added?"},
    {"id": "one_less", "function": "climb", "change": {"more": -1}, "what": "It ends early.", "look": "When does it?"},
]
"""
)
OWN = "def climb(x, n):\n    step(x)\n    for _ in range(n): x = 2 * x + {}\n    return x\n"
BY_TWO, BOTH = STEP + OWN.format(2), STEP + OWN.format(2).replace("range(n)", "range(n - 1)")


def test_what_is_right_as_well_passes_and_is_told(run):
    climb = item(run(STEP + ONE_MORE, stairs(THRICE, ONCE), accepted=ACCEPTED))
    assert (climb.status, climb.score, climb.summary) == ("passed", 2, "`climb` passes all 2 cases.")
    said = "This is right as well: It goes on for a round."
    assert {(one.message, one.diagnosis, one.inputs) for one in climb.cases} == {(said, None, "")}
    assert item(run(STEP + ONE_MORE, stairs(THRICE, ONCE))).score == 0


@pytest.mark.parametrize(
    "climb",
    [
        ONE_MORE.replace("n + 1", "n + (n == 3)"),
        ONE_MORE.replace("n + 1", "n + n"),
        ONE_MORE.replace("return x", "return x + 0.5"),
        ONE_MORE.replace("return x", "return x if n == 3 else 1 / 0"),
    ],
    ids=["right at times", "another at times", "near", "raises at times"],
)
def test_what_is_that_only_at_times_does_not_pass(run, climb):
    climb = item(run(STEP + climb, stairs(THRICE, ONCE), accepted=ACCEPTED))
    assert (climb.status == "passed", climb.score) == (False, 0)
    assert all("right as well" not in one.message for one in climb.cases)


def test_what_is_right_as_well_is_held_to_properties_all_the_same(run):
    law = {"name": "law", "property": {"check": "odd"}}
    climb = item(run(STEP + ONE_MORE, stairs(THRICE, law), accepted=ACCEPTED, checks=CHECKS.replace("x % 2", "x < 50")))
    assert [one.status for one in climb.cases] == ["passed", "failed"]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (BY_TWO, "by_two", "It adds 2. What is added? `x` differs: got 38, want 31 (allowed ±3e-05)."),
        (BOTH, "by_two+one_less", "It adds 2. It ends early. What is added? When does it? `x` differs: got 18, "),
        (STEP + OWN.format(3), None, "`x` differs: got 45, want 31 (allowed ±3e-05)."),
    ],
    ids=["one", "two", "none"],
)  # fmt: skip
def test_a_known_mistake_is_named_first_then_where_to_look_then_the_details(run, text, name, said):
    climb = item(run(text, stairs(THRICE, ONCE), slips=SLIPS))
    assert {one.diagnosis for one in climb.cases} == {name}
    assert climb.cases[0].message.startswith(said)


def test_a_known_mistake_is_seen_through_a_wrong_part(run):
    """Where the parts were replaced by right ones, what is left is the function's own."""
    text = "def step(x): return 3 * x\n" + CLIMB.replace("step(x)", "step(x) + 1")
    assert {one.diagnosis for one in item(run(text, stairs(THRICE, ONCE), slips=SLIPS)).cases} == {"by_two"}


def test_a_remark_is_never_given_a_known_mistake(run):
    climb = item(run(BY_TWO, stairs(STAY, {**ONCE, "remark": True}), slips=SLIPS))
    told = climb.cases[1]
    assert (told.status, told.diagnosis, climb.score) == ("failed", None, 2)
    assert told.message == "`x` differs: got 12, want 11 (allowed ±1e-05). This costs no points."
    assert item(run(BY_TWO, stairs(STAY, ONCE), slips=SLIPS)).cases[1].diagnosis == "by_two"


# --- what a student reads --------------------------------------------------------------------------------------------

HIDDEN = {**ONCE, "visibility": "hidden"}
LAW = {**HIDDEN, "args": ARRAY, "property": {"unchanged": "x"}}
LEVELS = ["title", "diagnosis", "got", "all"]
RAISING = STEP + "def climb(x, n):\n    raise ValueError(step(x))\n"
AT = "(work.py, line 3: `raise ValueError(step(x))`)."
IN_PLACE = STEP + CLIMB.replace("    for", "    x += 1\n    for")
CHANGED = "`x` was changed in place: work on a copy."
TOLD = {
    "a value": (STEP + CLIMB.replace("return x", "return x + 0.7"), HIDDEN, [
        "This hidden case failed.",
        "`x` differs. `x`: got floats, want whole numbers. That alone costs no points.",
        "`x` differs: got 11.7. `x`: got floats, want whole numbers. That alone costs no points.",
        "`x` differs: got 11.7, want 11 (allowed ±1e-05). `x`: got floats, want whole numbers. "
        "That alone costs no points."]),
    "a known mistake": (BY_TWO, HIDDEN, [
        "This hidden case failed.",
        "It adds 2. What is added? `x` differs.",
        "It adds 2. What is added? `x` differs: got 12.",
        "It adds 2. What is added? `x` differs: got 12, want 11 (allowed ±1e-05)."]),
    "another's mistake": (WRONG + CLIMB, HIDDEN, ["This hidden case failed.", BECAUSE, BECAUSE, BECAUSE]),
    "a property": (IN_PLACE, LAW, [
        "This hidden case failed.", CHANGED, *[f"{CHANGED} Entry 0 was 1 and is now 2."] * 2]),
    "an exception": (RAISING, HIDDEN, [
        *[f"`climb` raised ValueError {AT}"] * 2, *[f"`climb` raised ValueError: 11 {AT}"] * 2]),
}  # fmt: skip


@pytest.mark.parametrize("reveal", LEVELS)
@pytest.mark.parametrize("what", TOLD)
def test_of_a_hidden_case_as_much_is_told_as_the_spec_says(run, what, reveal):
    text, hidden, told = TOLD[what]
    one = item(run(text, stairs(hidden, reveal=reveal), slips=SLIPS)).cases[0]
    assert one.message == told[LEVELS.index(reveal)]
    inputs = "x = [1, 2, 4], n = 3" if hidden is LAW else "x = 5, n = 1"
    elsewhere = what == "another's mistake"  # where it is not this call that needs a look
    assert one.inputs == (inputs if reveal == "all" and not elsewhere else "")


@pytest.mark.parametrize("reveal", LEVELS)
def test_of_a_public_case_all_is_told_with_its_inputs(run, reveal):
    told = item(run(BY_TWO, stairs(ONCE, STAY, reveal=reveal), slips=SLIPS))
    once, stay = told.cases
    assert (once.message, once.inputs) == (TOLD["a known mistake"][2][3], "x = 5, n = 1")
    assert (stay.status, stay.message, stay.inputs) == ("passed", "", "")


@pytest.mark.parametrize(
    ("text", "cases", "summary"),
    [
        (STEP + CLIMB, [ONCE], "`climb` passes its only case."),
        (STEP + CLIMB, [ONCE, STAY], "`climb` passes all 2 cases."),
        (STEP + CLIMB, [ONCE, {**STAY, "remark": True}], "`climb` passes its only case."),
        (STEP + CLIMB.replace("return x", "return x + 0.7"), [ONCE], "`climb` does not pass."),
        (STEP + CLIMB.replace("return x", "return x + 0.7"), [ONCE, STAY], "`climb` passes none of its 2 cases."),
        (BY_TWO, [ONCE, STAY], "`climb` fails 1 of 2 cases: It adds 2."),
        (BOTH, [THRICE], "`climb` does not pass: It adds 2. It ends early."),
        (WRONG + CLIMB, [ONCE, THRICE], f"`climb` passes none of its 2 cases: {BECAUSE}"),
        (WRONG + CLIMB, [ONCE, STAY], f"`climb` fails 1 of 2 cases: {BECAUSE}"),
        (STEP + "def climb(x, n): return -0.3\n", [ONCE], "`climb` does not pass: `climb` never calls `step`."),
        (STEP + ONE_MORE, [ONCE], "`climb` does not pass: `climb` stops one round late: "
                                  "what it returns is right for the round it stops at."),
        (STEP, [ONCE], "`climb` does not pass."),
        ("def climb(", [ONCE, STAY], "`climb` passes none of its 2 cases."),
    ],
    ids=["only case", "all", "remark aside", "not", "none", "some, known", "two known", "another's", "some, another's",
         "never calls", "late", "missing", "does not load"],
)  # fmt: skip
def test_a_sentence_sums_up_how_a_function_did(run, text, cases, summary):
    assert item(run(text, stairs(*cases), slips=SLIPS)).summary == summary


# --- found by attacking it ---------------------------------------------------------------------------------------------

RAISE = {"name": "law", "property": {"at_least": 0, "of": "x"}}


@pytest.mark.parametrize("asks", ["other", "step"])
def test_asking_without_end_is_ended_at_the_deadline(run, asks):
    frame = protocol.pack({"asks": {"function": asks, "args": [1], "kwargs": {}}}) * 100
    text = WRONG + f"import os\ndef climb(x, n):\n    while True: os.write(3, {frame!r})\n"
    found = []
    thread = threading.Thread(target=lambda: found.append(run(text, stairs(USING))), daemon=True)
    thread.start()
    thread.join(15)
    assert item(found[0]).status == "failed"


def test_values_of_a_student_call_no_given_function_outside_the_sandbox(run, tmp_path):
    secret = write(tmp_path, {"secret": "the text of a file"}) / "secret"
    reference = SOLUTION.replace(
        "def step(x): return", "def step(x):\n    if isinstance(x, str): raise ValueError('got ' + x)\n    return"
    )
    text = (
        "from collections import namedtuple\nread = namedtuple('read', 'path')\n"
        + STEP
        + f"def climb(x, n): return step(read({str(secret)!r}))\n"
    )
    told = case(
        run(text, stairs(USING), solution=reference, **{"given/common": "def read(path): return open(path).read()\n"}),
        "using",
    )
    assert "the text of a file" not in told.message


def test_a_derived_property_without_other_values_is_a_mistake_of_the_spec(run):
    spec = stairs({**THRICE, "remark": True}, {**ONCE, "name": "p", "property": {"dtype": "int", "of": "x"}}, RAISE)
    with pytest.raises(SpecError, match="there is no case with a value on which it could be judged"):
        run(STEP + CLIMB, spec)


def test_a_case_that_uses_the_reference_can_say_unchanged(run):
    spec = stairs({**USING, "property": {"unchanged": "x"}})
    assert item(run(STEP + CLIMB, spec)).status == "passed"
    assert item(run(STEP + CLIMB, stairs(USING, {"name": "law", "property": {"unchanged": "x"}}))).status == "passed"


def test_a_case_that_uses_the_reference_does_so_in_the_second_call_of_a_law(run):
    text = "import random\ndef step(x): return random.random()\n" + CLIMB
    assert item(run(text, stairs({**USING, "property": {"deterministic": True}}))).status == "passed"


def test_the_first_submission_is_timed_as_the_second(run):
    text = "import time\n" + STEP + CLIMB.replace("return x", "time.sleep(0.15); return x")
    spec = stairs({**ONCE, "property": {"at_most_times": 20}})
    assert [item(run(text, spec)).status for _ in range(2)] == ["failed", "failed"]


def test_a_remark_alone_does_not_make_a_mistake_of_ones_own(run):
    text = "def step(x): return 2 * x + 1 if x < 4 else 0\n" + CLIMB
    spec = stairs(
        {"name": "low", "args": {"x": 1, "n": 1}},
        {**ONCE, "remark": True},
        step=[UP, {"name": "high", "args": {"x": 9}}],
    )
    assert "mistake of its own" not in item(run(text, spec)).cases[1].message


def test_a_remark_is_never_diagnosed(run):
    text = STEP + "def climb(x, n): return 2 * x + 1 if n == 1 else 5.5\n"
    assert item(run(text, stairs({**THRICE, "remark": True}, ONCE))).cases[0].diagnosis is None


def test_one_that_breaks_a_property_of_its_own_is_not_called_right(run):
    text = (
        WRONG
        + "def climb(x, n):\n    new = x.copy()\n    for _ in range(n): new = step(new)\n    x[:] = 0\n    return new\n"
    )
    spec = stairs(
        {"name": "v", "args": ARRAY}, {"name": "law", "property": {"unchanged": "x"}}, climb={"follow_through": 1}
    )
    climb = item(run(text, spec))
    assert (climb.score, climb.cases[1].message[:3]) == (0, "`x`")


def test_a_derived_property_shows_no_values_of_hidden_cases(run):
    text = STEP + CLIMB.replace("    for", "    x += 1\n    for")
    spec = stairs({**HIDDEN, "args": ARRAY}, {"name": "law", "property": {"unchanged": "x"}})
    assert "was 1" not in item(run(text, spec)).cases[1].message


def test_at_title_neither_the_summary_nor_the_id_tells_the_mistake(run):
    climb = item(run(BY_TWO, stairs(HIDDEN, reveal="title"), slips=SLIPS))
    assert (climb.cases[0].diagnosis, climb.summary) == (None, "`climb` does not pass.")


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ({}, "needs a checks.py in the assignment's folder"),
        ({"checks": "import nonsuch\ndef odd(x): pass\n"}, "checks.py raised ModuleNotFoundError: No module named"),
        ({"checks": "def even(x): pass\n"}, "checks.py has no function 'odd' (known: even)"),
    ],
    ids=["no file", "not importable", "not there"],
)
def test_checks_that_cannot_be_loaded_are_told_before_anybody_is_graded(run, course, told):
    with pytest.raises(GraderError) as error:
        run(STEP + CLIMB, stairs({**ONCE, "property": {"check": "odd"}}), **course)
    assert told in str(error.value)


def test_the_time_of_a_check_is_not_the_students(run):
    spec = stairs(
        {**ONCE, "name": "c", "property": {"check": "slow"}},
        {**ONCE, "name": "d", "property": {"check": "slow"}},
        {**ONCE, "name": "law", "property": {"deterministic": True}},
    )
    assert item(run(STEP + CLIMB, spec, checks="import time\ndef slow(x): time.sleep(1.2)\n")).status == "passed"


def test_a_function_whose_part_is_missing_is_right(run):
    assert "Your `climb` is right" in item(run(CLIMB, stairs(ONCE))).cases[0].message
    assert item(run(CLIMB, stairs(USING))).status == "passed"


@pytest.mark.parametrize(
    "text",
    [
        STEP + "move = step\n" + CLIMB.replace("step(x)", "move(x)").replace("return x", "return x + 1000.5"),
        STEP + CLIMB.replace("def climb(x, n)", "def climb(x, n, step=step)").replace("return x", "return x + 1000.5"),
        {
            "work.py": "from helper import step as move\nfrom helper import step\n"
            + CLIMB.replace("step(x)", "move(x)").replace("return x", "return x + 0.3"),
            "helper.py": STEP,
        },
    ],
)
def test_a_function_that_calls_a_part_by_another_name_calls_it(run, text):
    assert item(run(text, stairs(ONCE))).cases[0].diagnosis != "never_calls_step"


def test_a_case_without_rounds_does_not_tell_that_a_part_is_never_called(run):
    text = STEP + CLIMB.replace("return x", "return x if n else 77.1")
    assert item(run(text, stairs(STAY, ONCE))).cases[0].diagnosis != "never_calls_step"


def test_a_slip_without_look_leaves_the_details(run):
    slips = VARIANTS + 'SLIPS = [{"id": "by_two", "function": "climb", "change": {"by": 2}, "what": "It adds 2."}]\n'
    assert item(run(BY_TWO, stairs(ONCE), slips=slips)).cases[0].message.startswith("It adds 2. `x` differs: got 12")


def test_a_part_that_changes_its_argument_in_a_later_case_is_found(run):
    text = "def step(x):\n    x *= 2\n    x += 1\n    return x\n" + STOPPING
    spec = stairs({"name": "array", "args": ARRAY}, step=[UP, {"name": "up2", "args": {"x": ARRAY["x"]}}])
    assert item(run(text, spec)).cases[0].diagnosis == "changes_input"


def test_what_is_right_as_well_is_as_strict(run):
    text = STEP + ONE_MORE.replace("return x", "return list(x)")
    assert item(run(text, stairs({"name": "array", "args": ARRAY}, strict=True), accepted=ACCEPTED)).status == "failed"
