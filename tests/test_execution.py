"""A whole notebook is executed as Jupyter would, and what comes back is believed no further than its form."""

import base64
import functools
import importlib.util
import json

import pytest

from grader import execution, model
from grader.errors import FaultError, LevelError, UsageError
from grader.execution import CellRun, Executor, believed
from grader.sandbox.client import Output
from grader.spec import Spec

pytestmark = pytest.mark.alone


def spec_with(**keys):
    return Spec.model_validate({"name": "plots", "submission": {"notebook": "plots.ipynb"}, "execute": True, **keys})


def notebook(*cells, **metadata):
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 4,
            "metadata": metadata,
            "cells": [cell if isinstance(cell, dict) else code(cell) for cell in cells],
        }
    ).encode()


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "outputs": [], "execution_count": None, "source": source}


def opened(**keys):
    """Return an executor, if there can be one here."""
    for package in execution.NEEDED:
        pytest.importorskip(package, reason="notebooks are executed with what the extra `execute` installs")
    executor = Executor(spec_with(limits={"memory_mib": 256}, **keys))
    try:
        executor.execute(notebook(), {}, Output())
    except FaultError as error:
        executor.close()
        if "namespaces" not in str(error):
            raise
        pytest.skip(f"this machine or user cannot execute notebooks: {error}")
    return executor


@pytest.fixture(scope="module")
def executor():
    with opened() as executor:
        yield executor


@pytest.fixture(scope="module")
def hurried():
    """Give a cell a second, and all of them four."""
    with opened(execute={"cell_seconds": 1.0, "seconds": 4.0}) as executor:
        yield executor


def executed(executor, *cells, files=None, **metadata):
    """Return what became of cells, and what each put out."""
    done = executor.execute(notebook(*cells, **metadata), files or {}, Output())
    document = json.loads(done.notebook) if done.notebook else {"cells": []}
    return done, [cell["outputs"] for cell in document["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def run(executor):
    return functools.partial(executed, executor)


@pytest.fixture
def hurry(hurried):
    return functools.partial(executed, hurried)


def texts(outputs):
    return "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


def whole(*problems):
    return tuple(CellRun(n, problem) for n, problem in enumerate(problems, 1))


# --- what runs -------------------------------------------------------------------------------------------------------


def test_a_notebook_comes_back_with_its_outputs(run):
    done, outputs = run("x = 20", "print('so')", "x + 1")
    assert done.outcome == model.Returned(None)
    assert done.cells == whole(None, None, None)
    assert [texts(cell) for cell in outputs] == ["", "so\n", "21"]


def test_it_finds_its_data_and_the_courses_modules(run):
    files = {"data/points.txt": b"1 2 3", "common.py": b"answer = 42"}
    done, outputs = run("import common\nprint(open('data/points.txt').read(), common.answer)", files=files)
    assert (done.cells, texts(outputs[0])) == (whole(None), "1 2 3 42\n")


def test_a_cell_that_raises_is_named_and_the_rest_is_run(run):
    done, outputs = run("1/0", "", "print('still')", {"cell_type": "markdown", "metadata": {}, "source": "prose"})
    assert done.outcome == model.Returned(None)
    assert done.cells == whole(model.Raised("ZeroDivisionError", "division by zero"), None)
    assert [out["output_type"] for out in outputs[0]] == ["error"]
    assert texts(outputs[2]) == "still\n"


def test_what_it_was_handed_in_with_is_thrown_away(run):
    old = {**code("1/0"), "outputs": [{"output_type": "stream", "name": "stdout", "text": "all tests passed"}]}
    empty = {**code(" "), "outputs": old["outputs"]}
    _, outputs = run(old, empty)
    assert ([out["output_type"] for out in outputs[0]], outputs[1]) == (["error"], [])


@pytest.mark.parametrize("tag", ["skip-execution", "raises-exception", 5])
def test_no_tag_keeps_a_cell_from_being_run(tag, run):
    done, _ = run(code("1/0", tags=[tag]))
    assert done.cells == whole(model.Raised("ZeroDivisionError", "division by zero"))


def test_its_own_kernel_is_not_asked_for(run):
    done, outputs = run("6 * 7", kernelspec={"name": "julia-1.9", "display_name": "Julia", "language": "julia"})
    assert (done.cells, texts(outputs[0])) == (whole(None), "42")


@pytest.mark.parametrize(
    "source",
    [
        "input('your name? ')", "!pip install numpy", "%pip install numpy", "%%bash\nls", "%%time\nx = 1", "x = !ls",
        "import asyncio\nawait asyncio.sleep(0)", "import grader; grader.check('estep', None)", "display('x')",
        "from IPython.display import clear_output; clear_output()",
    ],
)  # fmt: skip
def test_what_makes_sense_only_at_a_desk_does_no_harm(source, run):
    done, _ = run(source, "print('on')")
    assert (done.outcome, done.cells) == (model.Returned(None), whole(None, None))


def test_an_older_format_is_read_too(executor):
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [
        {"cell_type": "code", "input": "1/0", "language": "python", "outputs": [], "collapsed": False},
    ]}]}  # fmt: skip
    done = executor.execute(json.dumps(old).encode(), {}, Output())
    assert done.cells == whole(model.Raised("ZeroDivisionError", "division by zero"))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff\xfe", b"[" * 10_000, b'{"nbformat": 4, "cells": 5}', b"<<<<<<< HEAD"]
)
def test_what_is_no_notebook_is_told(data, executor):
    done = executor.execute(data, {}, Output())
    assert isinstance(done.outcome, model.Raised)
    assert (done.notebook, done.cells) == (b"", ())


def test_plots_are_put_out_where_matplotlib_may_be_used():
    pytest.importorskip("matplotlib")
    with opened(packages=["numpy", "matplotlib"]) as plotting:
        cells = ["import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", "%matplotlib inline\nplt.plot([3])"]
        done = plotting.execute(notebook(*cells), {}, Output())
    for cell in json.loads(done.notebook)["cells"]:
        pictures = [out["data"]["image/png"] for out in cell["outputs"] if "image/png" in out.get("data", {})]
        assert [base64.b64decode(picture)[:4] for picture in pictures] == [b"\x89PNG"]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_cell_that_takes_too_long_is_interrupted_and_the_rest_is_run(hurry):
    done, outputs = hurry("while True: pass", "print('on')")
    assert (done.outcome, done.cells) == (model.Returned(None), whole(model.TimedOut(), None))
    assert texts(outputs[1]) == "on\n"


def test_all_cells_together_have_a_time_too(hurry):
    done, outputs = hurry(*["import time; time.sleep(0.8); print('slept')"] * 9)
    assert done.outcome == model.TimedOut()
    assert texts(outputs[0]) == "slept\n"
    assert 1 < len(done.cells) < 9
    assert done.cells[-1].problem in {None, model.TimedOut()}


def test_a_cell_that_cannot_be_interrupted_ends_it(hurry):
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    done, outputs = hurry("print('before')", deaf, "print('after')")
    assert (done.outcome, done.cells) == (model.TimedOut(), whole(None, model.TimedOut()))
    assert [texts(cell) for cell in outputs] == ["before\n", "", ""]


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import os; os._exit(0)", "exit status 0"),
        ("import os; os._exit(7)", "exit status 7"),
        ("import os; os.kill(os.getpid(), 9)", "signal SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "signal SIGSEGV"),
    ],
)
def test_a_kernel_that_ends_is_killed_and_never_a_pass(source, how, run):
    done, outputs = run("print('before')", source, "print('after')")
    assert isinstance(done.outcome, model.Killed)
    assert done.outcome.how.endswith(how)
    assert (len(done.cells), texts(outputs[0]), texts(outputs[2])) == (2, "before\n", "")


def test_memory_is_limited(run):
    done, _ = run("hoard = bytearray(2**30)", "print(len(hoard))")
    out_of_memory = {type(done.outcome).__name__, *(getattr(cell.problem, "type", "") for cell in done.cells)}
    assert out_of_memory & {"OutOfMemory", "MemoryError"}


def test_text_is_cut_and_says_so(run):
    from grader.sandbox.executing import CUT, TEXT

    done, outputs = run(f"print('x' * {2 * TEXT})", "print('next')")
    assert done.cells == whole(None, None)
    assert texts(outputs[0]).endswith(CUT)
    assert len(texts(outputs[0])) <= TEXT + len(CUT)
    assert texts(outputs[1]) == "next\n"


def test_pictures_are_left_out_where_there_are_too_many_and_that_is_said(run):
    from grader.sandbox.executing import CUT, PICTURES

    draw = f"from IPython.display import Image\nfor _ in range(3): display(Image(b'\\x89PNG' + bytes({PICTURES // 3})))"
    _, outputs = run(draw)
    kept = ["image/png" in out["data"] for out in outputs[0]]
    assert kept == [True, True, False]
    assert texts(outputs[0][2:]).endswith(CUT)


def test_what_is_said_about_an_output_is_dropped(run):
    """It would have no limit."""
    told = "display({'text/plain': 'x'}, metadata={'said': 'x' * 2**25}, raw=True)"
    done, outputs = run(told, "print('on')")
    assert (done.outcome, done.cells) == (model.Returned(None), whole(None, None))
    assert [texts(cell) for cell in outputs] == ["x", "on\n"]
    assert outputs[0][0]["metadata"] == {}


def test_all_outputs_together_are_cut(run):
    from grader.sandbox.executing import ALL, TEXT

    _, outputs = run(*[f"print('x' * {TEXT - 1000})"] * 20)
    assert 0.9 * ALL < sum(len(texts(cell)) for cell in outputs) < 1.1 * ALL


def test_many_small_outputs_end_too(run):
    from grader.sandbox.executing import SIZE_OF_AN_OUTPUT, TEXT

    _, outputs = run("for n in range(12_000): display(n)")
    assert 0 < len(outputs[0]) <= TEXT // SIZE_OF_AN_OUTPUT


def test_what_is_cleared_makes_room(run):
    from grader.sandbox.executing import TEXT

    again = "from IPython.display import clear_output"
    _, outputs = run(f"{again}\nfor n in range(3):\n    clear_output(wait=True)\n    print('x' * {TEXT - 1000}, n)")
    assert texts(outputs[0]).endswith(" 2\n")


def test_prints_past_the_notebook_are_kept_and_without_end_are_a_flood(executor):
    output = Output()
    executor.execute(notebook("import os; os.write(1, b'past it')"), {}, output)
    assert output.text() == "past it"
    done = executor.execute(notebook("import os\nwhile True: os.write(1, bytes(2**16))"), {}, Output())
    assert done.outcome == model.Flooded()


# --- what is believed ------------------------------------------------------------------------------------------------


def came(**changes):
    return model.Returned({"notebook": notebook("1"), "cells": [None], "ended": "whole"} | changes)


def nothing():
    raise AssertionError("it had not ended")


def test_a_reply_in_form_is_believed():
    assert believed(came(), nothing) == (model.Returned(None), notebook("1"), whole(None))


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        model.Returned(None),
        model.Returned("passed"),
        came(notebook="text"),
        came(notebook=b"not JSON"),
        came(notebook=b"[" * 100_000),
        came(notebook=b'"' + b'\\"' * 2**20),  # from each quote a text could begin, and none ends
        came(notebook=b"[]"),
        came(notebook=b'{"cells": {}}'),
        came(notebook=b'{"cells": [5]}'),
        came(notebook=notebook({"cell_type": "code", "source": "1"})),
        came(notebook=notebook({"cell_type": "markdown", "source": ["1"]})),
        came(notebook=b'{"cells": [' + b"[]," * 200_000 + b"[]]}"),
        came(cells="none"),
    ],
)
def test_what_is_no_executed_notebook_is_a_bad_value(outcome):
    got, data, cells = believed(outcome, nothing)
    assert (type(got), data, cells) == (model.BadValue, b"", ())
    assert got.reason == "what executed it sent something that is no executed notebook"


@pytest.mark.parametrize("ended", [None, "finished", True, {"dead": "9"}])
def test_an_end_that_is_none_is_no_pass(ended):
    assert isinstance(believed(came(ended=ended), nothing)[0], model.BadValue)


def test_a_problem_that_is_none_is_one_still():
    assert believed(came(cells=[["E"], 5, ["E" * 9999, ""]]), nothing)[2] == whole(
        model.Raised("Exception", ""), model.Raised("Exception", ""), model.Raised("E" * 2000, "")
    )


def test_a_notebook_that_is_too_long_is_not_read():
    got, data, _ = believed(came(notebook=b" " * (32 * 2**20 + 1)), nothing)
    assert (got, data) == (model.TooLarge("a notebook of more than 32 MiB"), b"")


def test_brackets_in_a_text_are_no_parts():
    text = '[{,"\\' * 100_000
    assert believed(came(notebook=notebook(text)), nothing)[0] == model.Returned(None)


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (model.OutOfMemory(), model.OutOfMemory()),
        (model.TimedOut(cpu=True), model.TimedOut(cpu=True)),
        (model.Killed("it closed its connection"), model.Killed("signal SIGSEGV")),
        (model.Returned(1.0), model.Killed("signal SIGSEGV")),
        (None, model.Killed("signal SIGSEGV")),
    ],
)
def test_the_fork_server_knows_best_of_what_a_kernel_ended(after, outcome):
    assert believed(came(ended={"dead": -11}), lambda: after)[0] == outcome


# --- where there is none ---------------------------------------------------------------------------------------------


def test_missing_packages_are_named_with_what_to_install(monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(execution, "find_spec", lambda name: None if name == "ipykernel" else known(name))
    with pytest.raises(UsageError) as error, Executor(spec_with()):
        pass
    assert str(error.value) == (
        "plots has notebooks executed, which takes ipykernel: install it with pip install 'proofgrade[execute]'"
    )


def test_a_plain_process_executes_no_notebook():
    with pytest.raises(LevelError) as error, execution.for_a_class(spec_with(), "process", 2):
        pass
    assert str(error.value) == "plots has notebooks executed, and that is done in a sandbox or not at all"


def test_nothing_is_started_where_nothing_is_executed():
    spec = spec_with(execute=False, questions={"q": {"kind": "text", "points": 1, "prompt": "Why?"}})
    with execution.for_a_class(spec, None, 2) as executors:
        assert executors == []


def test_data_that_has_no_room_is_no_fault_of_the_students(executor):
    with pytest.raises(FaultError) as error:
        executor.execute(notebook("1"), {"data/all.bin": bytes(33 * 2**20)}, Output())
    assert str(error.value) == (
        "a notebook's data takes 33.0 MiB, more than half of the folder that it is executed in: "
        "raise limits.scratch_mib to 66"
    )


def test_what_is_too_large_to_send_is_no_fault_of_the_students(executor):
    with pytest.raises(FaultError, match="a notebook and its files cannot be sent to be executed: more than 64 MiB"):
        executor.execute(bytes(2**26 + 1), {}, Output())
