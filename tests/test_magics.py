"""What Jupyter adds to Python is taken out, and every line keeps its number."""

import subprocess
import sys

import pytest

from grader.magics import CALL, LONG, MOST_WORK, python


def one(source):
    (code,) = python([source])
    return code


TAKEN_OUT = {
    "a line magic": ("%matplotlib inline\nx = 1", "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1\n"),
    "a line that is timed": ("%time a, b = f()", "get_ipython().run_line_magic('time', 'a, b = f()')\n"),
    "a shell line": ("!pip install tqdm", "get_ipython().system('pip install tqdm')\n"),
    "a shell line whose output is kept": ("x = !ls\ny", "x = get_ipython().getoutput('ls')\ny\n"),
    "a magic whose value is kept": ("x = %pwd", "x = get_ipython().run_line_magic('pwd', '')\n"),
    "a magic in a function": ("def f():\n    %time g()", "def f():\n    get_ipython().run_line_magic('time', 'g()')\n"),
    "help": ("estep?\n?mstep", "get_ipython().run_line_magic('pinfo', 'estep')\nget_ipython().run_line_magic('pinfo', 'mstep')\n"),
    "a pasted prompt": (">>> x = 1\n... y", "x = 1\ny\n"),
    "a cell that is indented": ("  x = 1\n  y", "x = 1\ny\n"),
    "%%time": ("%%time\ndef f(): pass", "\ndef f(): pass\n"),
    "%%timeit with options": ("%%timeit -n 3 -r 1\nx", "\nx\n"),
    "two magics for a cell": ("%%time\n\n%%capture out\nx", "\n\n\nx\n"),
    "%%time above a magic": ("%%time\n%time x = 1", "\nget_ipython().run_line_magic('time', 'x = 1')\n"),
    "%%bash": ("%%bash\nls", ""),
    "%%html": ("\n%%html\n<b>", ""),
    "%%writefile": ("%%writefile a.py\nx = 1", ""),
    "%%time above %%bash": ("%%time\n%%bash\nls", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN_OUT)
def test_what_jupyter_adds_is_taken_out(name):
    source, wanted = TAKEN_OUT[name]
    assert one(source) == wanted


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("!pip install \\\n    tqdm \\\n    scipy\n1 / 0", 4),
        ("\n\n%matplotlib inline\n1 / 0", 4),
        ("%%time\n\n1 / 0", 3),
        ("def f():\n    x = !ls \\\n        -l\n    return x\n1 / 0", 5),
        ("x = !ls \\\n -l\ny = !ls \\\n -a\n1 / 0", 5),
    ],
)
def test_a_line_keeps_its_number(source, line):
    assert one(source).splitlines()[line - 1] == "1 / 0"


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x % 2\n",
        "x = (1\n  % 2)",
        "print('ll=%d' % x)",
        "text = '''\n%time\n!ls\nwhat?\n'''\n",
        "# %matplotlib inline\n# why?",
        "for i in range(3)\n    pass",
        "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs",
        "This is prose, isn't it",
        "x = 1\n\x00",
    ],
)
def test_what_is_no_magic_stays(source):
    assert one(source).rstrip("\n") == source.rstrip("\n")


def test_a_cell_is_none_of_the_others_business():
    assert python(["%%bash\nls", "x = 1", "", "!ls"]) == ["", "x = 1", "", "get_ipython().system('ls')\n"]


def test_too_much_work_is_not_done():
    """The transformer reads a cell once for each magic in it, so that many in one take it for ever."""
    lines = int((MOST_WORK / (CALL + 2)) ** 0.5)
    few, many = "!\n" * (lines - 1), "!\n" * (lines + 1)
    assert (one(few) == few, one(many) == many) == (False, True)


def test_the_work_is_that_of_all_cells_together():
    cell = "!ls\n" + "x = 1\n" * (MOST_WORK // 15)
    assert [code == cell for code in python([cell, cell, cell])] == [False, False, True]


def test_a_long_line_is_more_work():
    cell = f"!ls\n# {'a' * 45 * LONG}"
    assert [code == cell for code in python([cell, cell])] == [False, True]


READ_AGAIN = {
    "a long name": ("{} 1?", "a", 21_500),
    "long names in a text": ('("""\n{}""")?', "a" * 950 + "\n", 400),
    "spaces before what is no Python": ("!ls\n{}", f"x{' ' * 90}$\n", 1_000),
    "quotes without an end": ("!ls\n'{}", "\\'", 20_000),
}


@pytest.mark.parametrize("name", READ_AGAIN)
def test_what_is_read_again_from_each_character_is_more_work(name):
    """Each of these is short, and would keep IPython busy for long."""
    cell, part, times = READ_AGAIN[name]
    once, often = cell.format(part), cell.format(part * times)
    assert (one(once) == once, one(often) == often) == (False, True)


def test_a_long_notebook_is_not_too_much_work():
    function = 'def estep(X, mixture):\n    """Return the posteriors of each point, and the log-likelihood."""\n'
    body = "    post = np.exp(ll - logsumexp(ll, axis=1, keepdims=True))  # as in the notes\n" * 20
    cells = [f"%time estep(X, mixture)\n{function}{body}"] * 100
    assert not set(cells) & set(python(cells))


def test_python_alone_needs_no_transformer():
    """Importing it would cost every check its time."""
    code = "import sys; from grader.magics import python; python(['x = 1', 'for', '%%time\\nx']); print('IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code.replace(", '%%time\\nx'", "")], capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "False\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
