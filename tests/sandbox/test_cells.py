"""The cells of a notebook: run as a kernel runs them, and what one of them does costs no function of another."""

import inspect
import tempfile
import types
from pathlib import Path

import pytest

from grader import model
from grader import run as run_module
from grader.model import Limits, Returned
from grader.run import MOST_LEFT_OUT, Run
from grader.sandbox import protocol
from grader.sandbox.cells import Cells
from grader.sandbox.client import Output
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.requests import call_request
from grader.sandbox.spawned import Spawner
from grader.servers import CELL_TIMES
from grader.submission import Cell, Handed
from tests.conftest import write
from tests.sandbox.conftest import LEVELS

pytestmark = pytest.mark.alone

LIMITS = Limits(memory_mib=128)
PRELUDE = "import os, sys, types"
F = "def f(): return 'f'"
G = "def g(): return 'g'"


@pytest.fixture(scope="module")
def server():
    with ForkServer(Zygote(), LIMITS, ["numpy"], functions=CELL_TIMES) as server:
        yield server


@pytest.fixture
def run(server):
    """Run sources as the cells of a notebook, each in so many seconds; all are ended after the test."""
    runs = []

    def run(*sources, seconds=20.0, files=(), main="work.ipynb"):
        limits = LIMITS.model_copy(update={"seconds": seconds})
        plan = types.SimpleNamespace(
            given={}, assignment=types.SimpleNamespace(spec=types.SimpleNamespace(limits=limits, names={}))
        )
        cells = tuple(Cell(f"cell [{n}]", source.encode()) for n, source in enumerate(sources, 1))
        runs.append(Run(plan, server, Handed(main, dict(files), cells), Output()))
        runs[-1].start()
        return runs[-1]

    yield run
    for one in runs:
        one.close()


def value(run, source):
    return run.values({"it": source})["it"]


def called(run, *functions):
    """Return what each function returned, called by itself, or how it failed."""
    outcomes = [next(iter(run.answers([call_request(name, [], 0)]))).outcome for name in functions]
    return [outcome.value if isinstance(outcome, Returned) else type(outcome) for outcome in outcomes]


def kinds(run):
    return {name: getattr(outcome, "type", type(outcome)) for name, outcome in run.problems.items()}


# --- one after another, in one namespace -----------------------------------------------------------------------------


def test_a_cell_finds_what_those_before_it_left(run):
    one = run("x = 1", "def f(): return x", "x = x + 1")
    assert (called(one, "f"), one.problems) == ([2], {})


def test_the_later_definition_wins(run):
    assert called(run("def f(): return 'old'", F), "f") == ["f"]


def test_a_cell_that_raises_is_told_with_its_own_line_and_the_next_ones_are_run(run):
    one = run(F, "x = 1\n1 / 0", G)
    assert called(one, "f", "g") == ["f", "g"]
    frame = model.Frame("cell [2]", 2, "<module>", "1 / 0")
    assert one.problems == {"cell [2]": model.Raised("ZeroDivisionError", "division by zero", (frame,))}


def test_a_cell_that_is_no_python_is_told_with_its_line(run):
    one = run(F, "x = 1\ny = = 2", G)
    assert called(one, "f", "g") == ["f", "g"]
    assert [(frame.file, frame.line) for frame in one.problems["cell [2]"].frames] == [("cell [2]", 2)]


BELOW = {
    "a function": ("def f(): return 'f'", "f()"),
    "a function that waits": ("async def f(): return 'f'\ndef g(): return f().close() or 'f'", "g()"),
    "a class": ("class f:\n    it = 'f'", "f.it"),
    "an import": ("import string as s\ndef f(): return s.ascii_lowercase[5]", "f()"),
    "an import of a name": ("from string import ascii_lowercase as s\ndef f(): return s[5]", "f()"),
}


@pytest.mark.parametrize("name", BELOW)
def test_below_a_statement_that_raises_there_is_still(run, name):
    definition, use = BELOW[name]
    one = run(f"1 / 0\n{definition}")
    assert (value(one, use), kinds(one)) == (Returned("f"), {"cell [1]": "ZeroDivisionError"})


def test_other_statements_below_one_that_raises_are_not_run(run):
    one = run("x = 1\n1 / 0\nx = 2\nprint('on')")
    assert (value(one, "x"), one.output.text()) == (Returned(1), "")


def test_the_first_statement_that_fails_is_told_and_a_definition_may_fail_too(run):
    one = run("1 / 0\nimport nowhere\n@nothing\ndef g(): pass\ndef f(): return 'f'")
    assert (called(one, "f"), kinds(one)) == (["f"], {"cell [1]": "ZeroDivisionError"})


@pytest.mark.parametrize("leave", ["exit()", "raise SystemExit", "raise KeyboardInterrupt", "quit(3)"])
def test_a_cell_that_wants_to_leave_leaves_its_definitions(run, leave):
    one = run(f"{leave}\n{F}", G)
    assert (called(one, "f", "g"), len(one.problems)) == (["f", "g"], 1)


# --- what a kernel puts beside the code ------------------------------------------------------------------------------


def test_nobody_answers_input_in_a_cell(run):
    assert value(run("name = input('Your name? ')\nagain = input()"), "name + again") == Returned("")


def test_an_input_that_cannot_be_used_costs_no_function(run):
    one = run(f"n = int(input())\n{F}")
    assert (called(one, "f"), kinds(one)) == (["f"], {"cell [1]": "ValueError"})


def test_a_function_that_is_called_later_does_not_wait_for_input_unnoticed(run):
    (answer,) = run("def f(): return input()", "f()").answers([call_request("f", [], 0)])
    assert answer.outcome.type == "EOFError"


def test_a_students_own_input_stays(run):
    assert called(run("def input(): return 'mine'", "x = input()", "def f(): return x + input()"), "f") == ["minemine"]


NOTHING = [
    "display(1, 2)", "display(x=3).update()", "get_ipython()", "get_ipython().run_line_magic('matplotlib', 'inline')",
    "get_ipython().run_cell_magic('html', '', 'x')", "get_ipython().system('ls')", "for name in get_ipython().getoutput('ls'): 1 / 0",
    "get_ipython().run_line_magic('timeit', '1 / 0')", "from IPython.display import display, Image\ndisplay(Image('x.png'))",
    "from IPython import get_ipython\nget_ipython().ast_node_interactivity = 'all'",
]  # fmt: skip


@pytest.mark.parametrize("source", NOTHING)
def test_it_does_nothing(run, source):
    assert run(source).problems == {}


@pytest.mark.parametrize("magic", ["time", "prun"])
def test_a_line_that_is_timed_is_run(run, magic):
    one = run(
        f"get_ipython().run_line_magic('{magic}', 'x = [1, 2]')",
        f"y = get_ipython().run_line_magic('{magic}', 'len(x)')",
    )
    assert (value(one, "y"), one.problems) == (Returned(2), {})


def test_what_a_timed_line_raises_is_told(run):
    assert kinds(run("get_ipython().run_line_magic('time', '1 / 0')")) == {"cell [1]": "ZeroDivisionError"}


def test_what_was_put_beside_the_code_is_no_function_of_the_students(run):
    (answer,) = run(F).answers([call_request("g", [], 0)])
    assert answer.outcome == model.Missing(("f",))


@pytest.mark.parametrize("later", ["", "x = 1"])
def test_what_is_there_from_the_future_is_there_in_all_cells_below(run, later):
    one = run("from __future__ import annotations", later, "def f(x: nowhere = 1): return x")
    assert (called(one, "f"), one.problems) == ([1], {})


def test_what_is_there_from_the_future_is_not_there_above(run):
    one = run("def f(x: nowhere = 1): return x", "from __future__ import annotations")
    assert kinds(one) == {"cell [1]": "NameError"}


def test_a_namespace_is_all_that_cells_need():
    space = {}
    cells = Cells(space)
    with pytest.raises(ZeroDivisionError):
        cells.run("cell [1]", b"x = 1 / 0\ndef f(): return 3")
    if cells.loop is not None:  # where another test has imported asyncio
        cells.loop.close()
    assert (inspect.isfunction(space["f"]), "input" in space, "x" in space) == (True, False, False)


# --- await -----------------------------------------------------------------------------------------------------------

SLOW = "import asyncio\nasync def slow(x):\n    await asyncio.sleep(0.01)\n    return x"
AWAITS = {
    "a coroutine": ("y = await slow(3)", 3),
    "several at once": ("y = await asyncio.gather(slow(1), slow(2))", [1, 2]),
    "in a loop": (
        "async def many():\n    yield 1\n    yield 2", "y = 0\nasync for x in many():\n    y += x", 3),
    "in a comprehension": ("y = [await slow(n) for n in range(2)]", [0, 1]),
    "a task of an earlier cell": ("async def begin():\n    return asyncio.ensure_future(slow(4))", "task = await begin()", "y = await task", 4),
    "for a while": ("try:\n    await asyncio.wait_for(slow(1), 0.001)\nexcept TimeoutError:\n    y = 'late'", "late"),
}  # fmt: skip


@pytest.mark.parametrize("name", AWAITS)
def test_outside_of_functions_may_be_awaited(run, name):
    *sources, wanted = AWAITS[name]
    one = run(SLOW, *sources)
    assert (one.problems, value(one, "y")) == ({}, Returned(wanted))


def test_what_is_awaited_for_ever_is_told_and_the_next_can_be_awaited(run):
    one = run(SLOW, f"await asyncio.Event().wait()\n{F}", "y = await slow(5)")
    assert (called(one, "f"), value(one, "y")) == (["f"], Returned(5))
    told = one.problems.pop("cell [2]")
    assert (told.type, told.message, one.problems) == ("RuntimeError", "what is awaited here never comes", {})


def test_what_is_raised_while_it_is_awaited_is_told(run):
    one = run("async def fails():\n    1 / 0", f"await fails()\n{F}")
    assert (called(one, "f"), kinds(one)) == (["f"], {"cell [2]": "ZeroDivisionError"})


# --- what a process does not survive ---------------------------------------------------------------------------------

ENDS = {
    "takes too long": ("while True: pass", model.TimedOut),
    "exits": ("os._exit(0)", model.Killed),
    "crashes": ("os.abort()", model.Killed),
    "closes its socket": ("os.close(3)", model.Killed),
    "puts another file in its socket's place": ("os.dup2(1, 3)", model.Killed),
    "prints without end": ("while True: print('x' * 10**5)", model.Flooded),
    "fills its memory": ("kept = []\nwhile True: kept.append(bytearray(2**22))", model.OutOfMemory),
    "answers with garbage": ("os.write(3, b'\\xff' * 100)", model.BadValue),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_other_cells_are_graded_when_one(run, name):
    source, kind = ENDS[name]
    one = run(PRELUDE, F, f"before = 1\n{source}", G, seconds=2)
    assert called(one, "f", "g") == ["f", "g"]
    assert kinds(one) == {"cell [3]": kind}


def test_a_cell_that_is_left_out_leaves_nothing(run):
    one = run(PRELUDE, "before = 1\ndef f(): return 'f'\nos._exit(1)")
    assert called(one, "f") == [model.Missing]
    assert value(one, "before").type == "NameError"


@pytest.mark.parametrize(
    ("source", "kind"),
    [("open('data.csv')", "FileNotFoundError"), ("import socket\nsocket.socket()", model.Blocked), ("x = bytearray(2**40)", model.OutOfMemory)],
)  # fmt: skip
def test_what_is_refused_ends_no_process(run, source, kind):
    one = run(F, f"before = 1\n{source}\n{G}")
    assert (called(one, "f", "g"), kinds(one), value(one, "before")) == (["f", "g"], {"cell [2]": kind}, Returned(1))


def test_what_follows_from_a_cell_that_is_left_out_is_told_too(run):
    one = run(PRELUDE, "x = 1\nos._exit(1)", "y = x", F)
    assert (called(one, "f"), kinds(one)) == (["f"], {"cell [2]": model.Killed, "cell [3]": "NameError"})


def test_with_many_such_cells_it_loads_still(run):
    one = run(PRELUDE, *["os._exit(1)"] * MOST_LEFT_OUT, F)
    assert (called(one, "f"), len(one.problems), one.unloadable) == (["f"], MOST_LEFT_OUT, None)


def test_with_more_such_cells_it_does_not_load(run):
    one = run(PRELUDE, *["os._exit(1)"] * (MOST_LEFT_OUT + 1), F)
    names = ", ".join(f"cell [{n + 2}]" for n in range(MOST_LEFT_OUT + 1))
    assert called(one, "f") == [model.Unreadable]
    assert one.unloadable.reason == f"too many of its cells end the process or take too long: {names}"


def test_each_cell_has_a_time_of_its_own(run):
    one = run("import time", *["time.sleep(0.6)"] * 2, F, seconds=1)
    assert (called(one, "f"), one.problems) == (["f"], {})


def test_all_cells_together_have_a_time(run, monkeypatch):
    monkeypatch.setattr(run_module, "CELL_TIMES", 2)
    one = run("import time", *["time.sleep(0.3)"] * 5, F, seconds=0.5)
    assert called(one, "f") == [model.Unreadable]
    assert one.unloadable.reason.startswith("its cells take more than 1 s together (")


def test_a_function_that_ends_the_process_costs_no_other_and_adds_no_noise(run):
    """The notebook is loaded again: without the cell that was left out, and its problems are told once."""
    one = run(f"{PRELUDE}, time", "1 / 0", "time.sleep(60)", "def f(): os._exit(1)", G, seconds=1)
    before = dict(one.problems)
    assert kinds(one) == {"cell [2]": "ZeroDivisionError", "cell [3]": model.TimedOut}
    assert called(one, "f", "g", "f", "g") == [model.Killed, "g", model.Killed, "g"]
    assert one.problems == before


# --- what is asked of it afterwards ----------------------------------------------------------------------------------


def test_values_come_by_their_names(run):
    one = run("import numpy as np", "ll = -24.5\nxs = np.arange(3)", "def half(x): return x / 2")
    found = one.values({"one": "ll", "two": "half(ll)", "three": "xs.sum()", "none": "nothing"})
    assert {name: getattr(outcome, "value", outcome.__class__) for name, outcome in found.items()} == {
        "one": -24.5, "two": -12.25, "three": 3, "none": model.Raised}  # fmt: skip


def test_a_value_that_takes_for_ever_is_late_and_the_functions_are_graded(run):
    one = run("def forever():\n    while True: pass", F, seconds=1)
    assert isinstance(value(one, "forever()"), model.TimedOut)
    assert called(one, "f") == ["f"]


@pytest.mark.parametrize(
    ("main", "files"),
    [("work.ipynb", {"aid.py": b"A = 3"}), ("hw/work.ipynb", {"hw/aid.py": b"A = 3"}), ("work.ipynb", {"aid/__init__.py": b"A = 3"})],
    ids=["beside it", "in its folder", "a package"],
)  # fmt: skip
def test_its_own_modules_are_found(run, main, files):
    one = run("from aid import A", "def f(): return A", files=files, main=main)
    assert (called(one, "f"), one.problems) == ([3], {})


def test_a_function_that_is_missing_is_told_with_the_cell_that_failed(run):
    one = run(F, "raise ValueError('no')\nif True:\n    def g(): pass", "h = lambda: 3 / 0")
    (answer,) = one.answers([call_request("g", [], 0)])
    told = one.explained(answer, "g").outcome
    assert (told.defined, told.because) == (
        ("f", "h"), "cell [2] raised ValueError: no (line 1: `raise ValueError('no')`).")  # fmt: skip


def test_a_function_that_no_failing_cell_defines_is_missing_without_a_reason(run):
    one = run(F, "1 / 0  # g(3)")
    (answer,) = one.answers([call_request("g", [], 0)])
    assert one.explained(answer, "g").outcome == model.Missing(("f",))


# --- hostile ---------------------------------------------------------------------------------------------------------


def frame(reply):
    return f"os.write(3, {protocol.pack(reply)!r})"


WORKER = "def of(frame): return frame.f_locals.get('worker') or of(frame.f_back)\nworker = of(sys._getframe())\n"
RIGHT = "def f(): return 'f' * len([1])"
HOSTILE = {
    "says that it is loaded once more": ([frame({"loaded": True}), RIGHT], model.BadValue),
    "answers what was not asked": ([frame({"returned": "forged"}), RIGHT], model.BadValue),
    "says that all is missing": ([frame({"missing": []}), RIGHT], model.BadValue),
    "asks something": ([frame({"asks": {"function": "f", "args": [], "kwargs": {}}}), RIGHT], model.BadValue),
    "announces more than it sends": (["os.write(3, b'\\0\\0\\1\\0\\0\\0\\0\\0')", RIGHT], "f"),  # it is left out
    "takes the builtins away": (["__builtins__ = {}", RIGHT], model.Raised),
    "has no module": ([RIGHT, "del sys.modules[__name__]"], model.Missing),
    "has another module": ([RIGHT, "sys.modules[__name__] = types.ModuleType('work')"], model.Missing),
    "is no module": ([RIGHT, "sys.modules[__name__] = 3"], model.Raised),
    "clears its namespace": ([RIGHT, "globals().clear()"], model.Missing),
    "makes the worker deaf": ([f"{WORKER}worker._answers.clear()", RIGHT], model.Raised),
    "makes the worker forget": ([f"{WORKER}worker.main = 'nowhere'", RIGHT], model.Raised),
    "makes the worker lie": ([RIGHT, f"{WORKER}worker.answer = lambda request: {{'loaded': True}}"], model.BadValue),
    "raises what cannot be looked at": (
        ["class E(Exception):\n    def __str__(self): os._exit(1)\n    __repr__ = __len__ = __str__\nraise E", RIGHT], "f"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_gained_by_a_notebook_that(run, name):
    """What comes is what its function returns, or no value at all."""
    cells, outcome = HOSTILE[name]
    assert called(run(PRELUDE, *cells, seconds=2), "f") == [outcome]


@pytest.mark.parametrize("make", ["asyncio.create_task", "asyncio.ensure_future"])
def test_a_task_may_be_made_in_a_cell_that_awaits_nothing(run, make):
    one = run(SLOW, f"task = {make}(slow(4))", "y = await task")
    assert (one.problems, value(one, "y")) == ({}, Returned(4))


def test_below_an_exception_that_cannot_be_looked_at_definitions_are_made(run):
    one = run(f"class E(Exception):\n    def __bool__(self): 1 / 0\nraise E\nimport nowhere\n{F}")
    assert (called(one, "f"), kinds(one)) == (["f"], {"cell [1]": "E"})


def test_what_failed_keeps_no_memory(run):
    one = run(
        "def big():\n    x = bytearray(80 * 2**20)\n    raise ValueError", "big()", "y = bytearray(80 * 2**20)", F
    )
    assert (called(one, "f"), kinds(one)) == (["f"], {"cell [2]": "ValueError"})


def test_an_old_module_of_the_notebook_s_name_is_not_run(run):
    """Such as an export, which lies beside many notebooks and is read where its name is a word in the notebook."""
    one = run(F, files={"work.py": b"def g(): pass\nraise ValueError('stale')"})
    assert called(one, "f", "g") == ["f", model.Missing]


def test_a_function_that_ends_the_process_costs_no_cell_when_its_time_is_too_short_to_load_again(run):
    slow = ["time.sleep(1.2)"] * 2
    one = run(f"{PRELUDE}, time", "def f(): os._exit(1)", *slow, f"{slow[0]}\n{G}", seconds=3)
    outcomes = [answer.outcome for answer in one.answers([call_request("f", [], 0)] * 2)]
    assert [type(outcome) for outcome in outcomes] == [model.Killed, model.TimedOut]
    assert (called(one, "g"), one.problems) == (["g"], {})


# --- the course's data -----------------------------------------------------------------------------------------------

LOADS = (
    "import numpy as np, os\nX = np.loadtxt('data/a.csv', delimiter=',')\nnames = sorted(os.listdir('data'))",
    "def tried(path):\n    try:\n        open(path, 'w')\n    except OSError as error:\n        return type(error).__name__",
    "new, old = tried('data/b.csv'), tried('data/a.csv')",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write(tmp_path_factory.mktemp("course"), {"data/a.csv": "1,2\n3,4\n", "data/answers.csv": "5"})


def loaded(server):
    cells = tuple(Cell(f"cell [{n}]", source.encode()) for n, source in enumerate(LOADS, 1))
    plan = types.SimpleNamespace(
        assignment=types.SimpleNamespace(spec=types.SimpleNamespace(limits=Limits(), names={})), given={}
    )
    one = Run(plan, server, Handed("work.ipynb", cells=cells), Output())
    one.start()
    found = one.values({"sum": "X.sum()", "names": "names", "tried": "new, old"})
    one.close()
    return {name: getattr(outcome, "value", outcome) for name, outcome in found.items()}


@pytest.mark.parametrize("level", LEVELS)
def test_a_cell_finds_the_data_that_students_get_and_can_only_read_it(level, data, places):
    if level == "namespaces":
        places.need("namespaces")
    files = {"data/a.csv": data / "data/a.csv"}
    with ForkServer(Zygote(), Limits(), ["numpy"], files=files, layers=sorted(LEVELS[level])) as server:
        server.ready()
        folders = set(laid_out())
        assert folders or level == "namespaces"
        refused = "OSError" if level == "namespaces" else "PermissionError"
        assert loaded(server) == {"sum": 10.0, "names": ["a.csv"], "tried": (refused, refused)}
    assert not folders & set(laid_out())


def laid_out():
    """Return the folders with data in the machine's own place for what is temporary."""
    return Path(tempfile.gettempdir()).glob("tmp*/data/a.csv")


def test_without_a_sandbox_each_process_has_a_copy_of_its_own(data):
    with Spawner(Limits(), [], {"data/a.csv": data / "data/a.csv"}) as server:
        found = loaded(server)
    assert (found["sum"], found["names"], found["tried"]) == (10.0, ["a.csv"], (None, None))
    assert (data / "data/a.csv").read_text() == "1,2\n3,4\n"


def test_without_them_there_is_no_file(data):
    with ForkServer(Zygote(), Limits(), ["numpy"]) as server:
        assert isinstance(loaded(server)["sum"], model.Raised)
