"""A check from a notebook: of a function as it is there, with the table and the words of `grader check`."""

import random
import subprocess
import sys
import types

import numpy as np
import pytest

import grader as package
from grader import live
from grader.errors import GraderError, UsageError
from tests.conftest import NAIVE_EM, SPEC, write
from tests.test_cli import WRONG, grader


@pytest.fixture
def small(small, monkeypatch):
    monkeypatch.chdir(small)
    return small


def defined(text, file="<ipython-input-1-abc>", **names):
    """Return the functions that a cell with this text defines, or a file."""
    space = {"__name__": "__main__", **names}
    exec(compile(text, file, "exec"), space)
    return types.SimpleNamespace(**{name: value for name, value in space.items() if callable(value)})


def test_a_right_function_passes(small):
    report = package.check("double", lambda x: 2 * x)
    assert repr(report).splitlines()[1:3] == ["✓ double  1 of 1  1 of 1 case", "Score: 1 of 1"]
    assert (report.result.score, report.result.max_score) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        WRONG,
        "def double(): return 6",
        "def double(x): return [x] * 3",
        "def double(x): raise NotImplementedError",
        "def double(x): import sys; sys.exit(0)",
    ],
)
def test_it_says_what_the_command_says(small, text):
    write(small, {"work.py": text})
    lines = grader("check", cwd=small).stdout.splitlines()
    command = lines[1 : next(n for n, line in enumerate(lines) if "pair" in line)]
    report = repr(package.check("double", defined(text, small / "work.py").double)).splitlines()
    assert report[1 : len(command) + 1] == command


def test_it_shows_itself_once_and_prints_nothing(small, capsys):
    def double(x):
        print("x is", x)
        print("odd", file=sys.stderr)
        return 2 * x

    report = package.check("double", double)
    assert "It printed:\nx is 3\nodd" in repr(report)
    assert capsys.readouterr() == ("", "")


def test_an_exception_names_the_line_of_the_student_not_of_a_library(small):
    text = "import numpy as np\ndef double(x):\n    return np.linalg.inv(np.zeros((2, 2)))\n"
    told = " ".join(repr(package.check("double", defined(text).double)).split())
    assert "`double` raised LinAlgError: Singular matrix (<ipython-input-1-abc>, line 3)." in told


def test_a_function_gets_copies(small):
    write(small, {
        "assignment.yaml": SPEC.replace("args: {xs: [3, 1, 2]}", "args: {xs: {array: [3.0, 1.0, 2.0]}}")})  # fmt: skip
    kept = []

    def pair(xs):
        kept.append(xs.copy())
        low, high = xs.min(), xs.max()
        xs[:] = 0
        return low, high

    assert package.check("pair", pair).result.score == 2
    assert package.check("pair", pair).result.score == 2
    assert [list(xs) for xs in kept] == [[3, 1, 2]] * 2


def test_what_it_does_not_return_does_not_count(small):
    """A value whose own comparison is always true crosses as what it is."""

    class Liar(float):
        def __eq__(self, other):
            return True

    assert package.check("double", lambda _: Liar(5)).result.score == 0


def test_generators_of_random_numbers_go_on_as_if_nothing_had_been(small):
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002  which the worker seeds
    package.check("double", lambda x: 2 * x)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_too_slow_is_told_though_nobody_stops_it(small):
    write(small, {"assignment.yaml": SPEC.replace("seconds: 2", "seconds: 0.05").replace(
        "{name: three, args: {x: 3}}", "{name: three, args: {x: 3}, repeat: 2}")})  # fmt: skip

    def double(x):
        import time

        time.sleep(0.1)
        return 2 * x

    (item,) = package.check("double", double).result.items
    assert [case.status for case in item.cases] == ["timeout", "timeout"]
    assert item.cases[0].message == "`double` was still running when its 0.05 s were over: does its loop end?"
    assert item.cases[1].message == "Not run: earlier cases of `double` had used up its time."


def test_an_interrupt_ends_the_check_and_leaves_nothing(small):
    def double(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        package.check("double", double)
    assert live.MODULE not in sys.modules


WRONG_CALLS = {
    "another name": (("duoble", len), "there is no function 'duoble' in this assignment (did you mean 'double'?)"),
    "a name alone": (("double",), 'call it with a name and a function: grader.check("estep", estep)'),
    "a number": ((3, len), 'call it with a name and a function: grader.check("estep", estep)'),
    "no function": (("double", 6), 'call it with a name and a function: grader.check("estep", estep)'),
    "a function with no name in it": ((lambda x: x,), "there is no function '<lambda>' in this assignment (known: "
                                      "double, pair)"),
    "no public cases": (("pair", len), "'pair' has no public cases: it is graded after handing in"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_a_wrong_call_gets_one_clear_error(small, name):
    if name == "no public cases":
        write(small, {"assignment.yaml": SPEC.replace("name: of a list,", "name: of a list, visibility: hidden,")})
    arguments, message = WRONG_CALLS[name]
    with pytest.raises(UsageError) as raised:
        package.check(*arguments)
    assert str(raised.value) == message


def test_without_an_assignment_it_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, {"a/b/c": ""}) / "a/b")
    with pytest.raises(GraderError, match=r"assignment\.yaml in this folder or the one above"):
        package.check("double", len)


def test_in_a_students_bundle_it_needs_nothing_else(small, tmp_path, monkeypatch):
    write(
        small,
        {"starter/work.py": "def double(x): raise NotImplementedError\ndef pair(xs): raise NotImplementedError\n"},
    )
    done = grader("release", small, "--to", tmp_path / "bundle", cwd=small)
    assert (done.returncode, done.stderr) == (0, "")
    monkeypatch.chdir(tmp_path / "bundle")
    assert package.check("double", lambda x: 2 * x).result.score == 1
    assert "`y` differs: got 3, want 6" in repr(package.check("double", lambda x: x))


def test_a_function_alone_goes_by_its_own_name(small):
    def double(x):
        return 2 * x

    assert package.check(double).result.items[0].name == "double"


# --- with others -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sample(monkeypatch):
    """Return what defines the functions of one of naive_em's samples, as a notebook in its folder would."""
    monkeypatch.chdir(NAIVE_EM)
    monkeypatch.syspath_prepend(NAIVE_EM / "given")
    sys.modules.pop("common", None)  # another test's

    def load(name):
        import common

        names = {"np": np, "Tuple": tuple, "GaussianMixture": common.GaussianMixture}
        return defined((NAIVE_EM / "samples" / name / "naive_em.py").read_text(), **names)

    yield load
    sys.modules.pop("common", None)


def statuses(functions):
    return {name: package.check(name, getattr(functions, name)).result.items[0].status for name in ("estep", "run")}


def test_records_are_the_kernels_own(sample):
    """The course's class is found where the student has imported it from, and what is returned is taken apart."""
    assert statuses(sample("right_vectorised")) == {"estep": "passed", "run": "passed"}


def test_a_class_of_the_course_that_was_not_imported_is_the_courses(sample, monkeypatch):
    functions = sample("right_vectorised")
    sys.modules.pop("common")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not path.endswith("given")])
    kinds = []

    def estep(X, mixture):
        kinds.append(type(mixture))
        return functions.estep(X, mixture)

    assert package.check("estep", estep).result.score == 1
    assert {(kind.__name__, kind.__module__) for kind in kinds} == {("GaussianMixture", "common")}


def test_a_mistake_is_named(sample):
    (item,) = package.check("mstep", sample("wrong_variance_not_by_d").mstep).result.items
    assert item.cases[0].diagnosis or item.cases[1].diagnosis
    assert (
        "The variance is not divided by the number of dimensions d." in item.cases[-1].message + item.cases[0].message
    )


def test_a_function_that_calls_a_wrong_one_is_sent_there(sample):
    (item,) = package.check("run", sample("wrong_variance_not_by_d").run).result.items
    assert item.cases[0].message == "`run` calls `mstep`: mend it first, then check again."


# --- where it is used ------------------------------------------------------------------------------------------------

HEAVY = ("numpy", "pydantic", "rich", "yaml", "psutil", "IPython", "watchfiles")


def test_importing_it_loads_nothing_before_it_is_used():
    program = f"import sys, grader; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


CELLS = [
    "import grader",
    "def double(x):\n    y = 2 * x\n    return 1 / 0",
    'grader.check("double", double)',
    'grader.check("duoble", double)',
    "def double(x): return 2 * x\ngrader.check(double)",
]


def test_in_a_notebook_the_table_is_the_cells_output_and_an_error_is_one_line(small):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    nbclient.NotebookClient(book, allow_errors=True, resources={"metadata": {"path": str(small)}}).execute()
    outputs = [cell.outputs for cell in book.cells]
    assert [[output.output_type for output in each] for each in outputs] == [
        [], [], ["execute_result"], ["error"], ["execute_result"]]  # fmt: skip
    failed = " ".join(outputs[2][0].data["text/plain"].split())
    assert "`double` raised ZeroDivisionError: division by zero (cell [2], line 3: `return 1 / 0`)." in failed
    assert outputs[3][0].traceback == [
        "grader: there is no function 'duoble' in this assignment (did you mean 'double'?)"]  # fmt: skip
    assert "Score: 1 of 1" in outputs[4][0].data["text/plain"]
