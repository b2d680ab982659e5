"""Awkward notebooks, as classes hand them in, each with what it must get: for `naive_em`, handed in as a notebook.

A notebook is made of sources: a text is a code cell, and whatever a cell has besides comes from `cell` and `markdown`.
What is not said to be lost must pass; `says` are words that a message or a note must have.
"""

import base64
import json
from dataclasses import dataclass, field

from tests.conftest import NAIVE_EM

FILE = "naive_em.ipynb"
KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "version": "3.11.4"},
}

IMPORTS = """import numpy as np
from common import GaussianMixture"""
ESTEP = """def estep(X, mixture):
    mu, var, p = mixture
    square = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    f = np.log(p) - X.shape[1] / 2 * np.log(2 * np.pi * var) - square / (2 * var)
    total = np.logaddexp.reduce(f, axis=1, keepdims=True)
    return np.exp(f - total), float(total.sum())"""
MSTEP = """def mstep(X, post):
    n, d = X.shape
    weight = post.sum(axis=0)
    mu = post.T @ X / weight[:, None]
    square = ((X[:, None, :] - mu) ** 2).sum(axis=2)
    return GaussianMixture(mu, (post * square).sum(axis=0) / (d * weight), weight / n)"""
RUN = """def run(X, mixture, post):
    old = None
    while True:
        post, ll = estep(X, mixture)
        mixture = mstep(X, post)
        if old is not None and ll - old <= 1e-6 * abs(ll):
            return mixture, post, ll
        old = ll"""
WRONG_MSTEP = MSTEP.replace("(d * weight)", "weight")
DATA = """from common import init
X = np.random.default_rng(0).normal(size=(50, 2))
mixture, post = init(X, 3, 0)"""
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3 * 2**18)).decode()


def cell(source, kind="code", **more):
    outputs = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **outputs, **more}


def markdown(source, **more):
    return cell(source, "markdown", **more)


def notebook(*cells, metadata=KERNEL, minor=5, **more):
    made = [{"id": f"cell-{n}", **(cell(one) if isinstance(one, str) else one)} for n, one in enumerate(cells)]
    if minor < 5:
        made = [{key: value for key, value in one.items() if key != "id"} for one in made]
    document = {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": made, **more}
    return json.dumps(document, indent=1).encode()


def old(*cells):
    """Return a notebook of version 3, with its cells on two sheets."""
    made = [{"cell_type": "code", "language": "python", "input": one.splitlines(keepends=True), "prompt_number": 7,
             "collapsed": False, "metadata": {}, "outputs": []} for one in cells]  # fmt: skip
    made[0]["outputs"] = [{"output_type": "pyout", "prompt_number": 7, "text": ["1"], "metadata": {}}]
    heading = {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["EM"]}
    sheets = [{"cells": [heading, *made[:2]], "metadata": {}}, {"cells": made[2:], "metadata": {}}]
    document = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "", "signature": ""}, "worksheets": sheets}
    return json.dumps(document).encode()


@dataclass(frozen=True)
class Awkward:
    """A notebook, what it loses (the status by the function, or one for all), and what is said."""

    what: str
    data: bytes
    lost: dict[str, str] = field(default_factory=dict)
    says: str = ""
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def wanted(self):
        return dict.fromkeys(("estep", "mstep", "run"), "passed") | self.lost


def nothing(status):
    return dict.fromkeys(("estep", "mstep", "run"), status)


def around(*cells, **more):
    """Return a right notebook with these cells in its middle."""
    return notebook(IMPORTS, ESTEP, *cells, MSTEP, RUN, **more)


RIGHT = around()
COMMON = (NAIVE_EM / "given" / "common.py").read_text()
NOTEBOOKS = {
    # --- how it was saved --------------------------------------------------------------------------------------------
    "version_3": Awkward("It is from 2013, with worksheets and headings.", old(IMPORTS, ESTEP, MSTEP, RUN)),
    "version_4_0": Awkward("It is of the first version 4.", around(minor=0)),
    "version_4_4": Awkward("Its cells have no ids yet.", around(minor=4)),
    "ids_twice": Awkward("All cells have one id, as after copying.", around(cell("x = 1", id="cell-0"), cell("y = 2", id="cell-0"))),
    "no_kernelspec": Awkward("A converter wrote no metadata.", around(metadata={})),
    "broken_metadata": Awkward(
        "A merge left metadata of wrong types, and cells without outputs, without a source, or none at all.",
        notebook(IMPORTS, {"cell_type": "code", "source": ESTEP.splitlines(keepends=True)}, {}, cell(MSTEP, metadata="x", outputs=3),
                 cell(RUN, metadata={"tags": 7}, execution_count="three"), metadata=[]),
    ),
    "byte_order_mark": Awkward("An editor on Windows saved it.", b"\xef\xbb\xbf" + RIGHT.replace(rb"\n", rb"\r\n")),
    "lone_surrogate": Awkward("A print holds half an emoji.", around(cell("title = '\ud83d'"))),
    "large_pictures": Awkward(
        "Its outputs hold five pictures of a megabyte.",
        around(cell("plt.show()", outputs=[{"output_type": "display_data", "metadata": {}, "data": {"image/png": PNG}}] * 5)),
        says="cell [3] raised NameError: name 'plt' is not defined",
    ),
    "merge_conflict": Awkward(
        "The file has the markers of a conflict that nobody resolved.",
        RIGHT.replace(b'\n "cells": [', b'\n<<<<<<< HEAD\n "cells": [\n=======\n>>>>>>> theirs'),
        nothing("error"),
        "Nothing could be graded: naive_em.ipynb is not JSON: line 15 has a merge-conflict marker (<<<<<<<)",
    ),
    "half_a_download": Awkward(
        "Its end is missing.", RIGHT[: len(RIGHT) // 2], nothing("error"), "naive_em.ipynb is not JSON: it ends in the middle"),
    "a_web_page": Awkward(
        "The page around it was saved.", b"<!DOCTYPE html>\n<html></html>", nothing("error"), "download the notebook itself"),
    "no_notebook": Awkward("It is some other JSON.", b'{"ll": -24.5}', nothing("error"), "naive_em.ipynb is JSON, but no notebook"),
    "another_language": Awkward(
        "It is for R.", around(metadata={"language_info": {"name": "R"}}), nothing("error"), "is a notebook for `R`"),
    "nested": Awkward("It is a bomb of brackets.", b"[" * 100_000, nothing("error"), "is nested deeper than a notebook ever is"),
    "empty": Awkward("It has no cells.", notebook(), nothing("missing"), "There is no function `estep`"),
    "empty_file": Awkward("It has no bytes.", b"", nothing("error"), "it is empty"),
    # --- what Jupyter adds to Python ---------------------------------------------------------------------------------
    "magics": Awkward(
        "It begins as all do.",
        around("%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n%config InlineBackend.figure_format = 'retina'\n%pip install numpy")),
    "shell_lines": Awkward(
        "It installs a package, over two lines, and lists files.",
        around("!pip install \\\n    tqdm\nfiles = !ls\nfor name in files:\n    print(name)\nlen(files)")),
    "timed_cell": Awkward(
        "Definitions stand under %%time and its like.",
        notebook(IMPORTS, "%%time\n" + ESTEP, "\n%%timeit -n 1 -r 1\n" + MSTEP, "%%capture out\n" + RUN)),
    "timed_line": Awkward(
        "A result is used that a timed line made.",
        notebook(IMPORTS, ESTEP, MSTEP, RUN, DATA, "%time mixture, post, ll = run(X, mixture, post)\nassert ll < 0")),
    "other_languages_cells": Awkward(
        "Cells are for the shell, a page, a file.",
        around("%%bash\nls -l | wc", "%%html\n<b>EM</b>", "%%writefile notes.txt\nIt's no Python", "%%latex\n$x$")),
    "help": Awkward("Somebody wanted to know.", around("np.sum?\n?estep\nestep??", "x = 3\nx?")),
    "ipython_by_hand": Awkward(
        "It talks to IPython itself.",
        around("ip = get_ipython()\nip.run_line_magic('matplotlib', 'inline')\nip.system('ls')\nif 'google.colab' in str(ip):\n    1 / 0")),
    "magic_in_a_definition": Awkward("A function ends with a magic.", notebook(IMPORTS, ESTEP, MSTEP, RUN + "\n\n%time run")),
    "pasted_prompts": Awkward("A cell was pasted with its prompts.", around(">>> a = 1\n>>> for i in range(3):\n...     a += i")),
    "pip_without_a_sign": Awkward(
        "Jupyter would have understood.", around("pip install numpy"), says="cell [3] is not valid Python: invalid syntax"),
    # --- what cells do -----------------------------------------------------------------------------------------------
    "raises_between": Awkward("A cell raises.", around("raise ValueError('no convergence')"), says="cell [3] raised ValueError: no convergence"),
    "raises_within": Awkward(
        "A cell raises between its own definitions.",
        notebook(IMPORTS, f"{ESTEP}\nprint(estep(None, None))\n{MSTEP}\n{RUN}"),
        says="cell [2] raised TypeError: cannot unpack non-iterable NoneType object"),
    "raises_above_an_import": Awkward(
        "A cell fails before it imports.", notebook(f"1 / 0\n{IMPORTS}", ESTEP, MSTEP, RUN), says="cell [1] raised ZeroDivisionError"),
    "empty_cells": Awkward(
        "Empty cells and text are not counted.", around("", markdown("# M-step"), " \n", "x = 1 +* 2"), says="cell [3] is not valid Python"),
    "syntax_error": Awkward(
        "A function's cell does not parse.",
        notebook(IMPORTS, ESTEP, MSTEP.replace("(X, post):", "(X, post)"), RUN),
        {"mstep": "missing", "run": "error"},
        "There is no function `mstep`, for the cell that defines it fails: cell [3] is not valid Python: expected ':'"),
    "conflict_in_a_cell": Awkward(
        "The markers are inside a cell.",
        notebook(IMPORTS, ESTEP, f"<<<<<<< HEAD\n{MSTEP}\n=======\n{WRONG_MSTEP}\n>>>>>>> theirs", RUN),
        {"mstep": "missing", "run": "error"},
        "cell [3] is not valid Python: invalid syntax (line 1: `<<<<<<< HEAD`)"),
    "prose_as_code": Awkward(
        "A text cell was turned into code.", around("We didn't see the likelihood fall, as expected."), says="cell [3] is not valid Python"),
    "right_later": Awkward("The right version comes later.", notebook(IMPORTS, ESTEP, WRONG_MSTEP, RUN, MSTEP)),
    "wrong_later": Awkward(
        "A wrong version comes later.", notebook(IMPORTS, ESTEP, MSTEP, RUN, WRONG_MSTEP), {"mstep": "failed", "run": "failed"}, "`mixture.var`"),
    "deleted_cell": Awkward(
        "The cell with `run` is gone.", notebook(IMPORTS, ESTEP, MSTEP), {"run": "missing"}, "There is no function `run` (there is estep, mstep)"),
    "duplicated_cells": Awkward("Every cell is there twice.", notebook(*[IMPORTS, ESTEP, MSTEP, RUN] * 2)),
    "order_of_cells": Awkward(
        "A cell uses what is defined below it.", notebook(IMPORTS, DATA, "ll = estep(X, mixture)[1]", ESTEP, MSTEP, RUN),
        says="cell [3] raised NameError: name 'estep' is not defined"),
    "asks_for_input": Awkward(
        "A definition stands below input().", notebook(IMPORTS, ESTEP, f"K = int(input('K: '))\n{MSTEP}", RUN), says="cell [3] raised ValueError"),
    "awaits": Awkward(
        "It awaits outside of functions.",
        around("import asyncio\nasync def wait():\n    await asyncio.sleep(0.01)\n    return 3", "three = await wait()\nassert three == 3\nawait asyncio.sleep(0)")),
    "plots": Awkward(
        "It plots and displays.",
        around("import matplotlib.pyplot as plt\nfrom IPython.display import display, HTML\nfig, ax = plt.subplots()\nax.plot(np.arange(3), label='a')\n"
               "plt.legend()\nplt.savefig('a.png')\nplt.show()\ndisplay(fig)\ndisplay(HTML('<b>x</b>'))", "display(3)\nfig")),
    "progress": Awkward(
        "It has a progress bar for notebooks.",
        notebook(IMPORTS, "from tqdm.notebook import tqdm, trange", ESTEP, MSTEP,
                 RUN.replace("while True:", "for _ in tqdm(range(10**5)):"))),
    "widgets": Awkward("It makes a slider.", around("from ipywidgets import interact\n@interact(K=(1, 5))\ndef show(K):\n    print(K)")),
    "missing_file": Awkward("Its data lies elsewhere.", around("X = np.loadtxt('/home/ann/toy.txt')", "X.shape")),
    "needed_file": Awkward(
        "Its data lies elsewhere, and a function takes that for its argument.",
        notebook(IMPORTS, "data = np.loadtxt('/home/ann/toy.txt')", "data.shape", ESTEP, MSTEP.replace("X.shape", "data.shape"), RUN),
        {"mstep": "error", "run": "error"}, "cell [2] raised FileNotFoundError: /home/ann/toy.txt not found"),
    "future": Awkward(
        "Annotations are left unread, which the first cell says.",
        notebook("from __future__ import annotations\n" + IMPORTS, ESTEP.replace("mixture)", "mixture: Unknown) -> Never[0]"), MSTEP, RUN)),
    "guard": Awkward("It guards its main part.", around(f"if __name__ == '__main__':\n    {DATA.splitlines()[0]}\n    print(init)")),
    "classes": Awkward(
        "It has classes, records and decorators of its own.",
        notebook(IMPORTS,
                 "from collections import namedtuple\nfrom dataclasses import dataclass\nimport functools\nPoint = namedtuple('Point', 'x y')\n"
                 "@dataclass\nclass Fit:\n    n: int\n    d: int",
                 "def logged(function):\n    @functools.wraps(function)\n    def inner(*args):\n        return function(*args)\n    return inner",
                 "@logged\n" + ESTEP, "@logged\n" + MSTEP.replace("n, d = X.shape", "fit = Fit(*X.shape)\n    n, d = fit.n, fit.d"), "@logged\n" + RUN)),
    "globals": Awkward(
        "A function counts on what cells change.",
        notebook(IMPORTS, "factor = 2", ESTEP, MSTEP.replace("(d * weight)", "(factor * d * weight)"), "factor = 1", RUN)),
    "own_module": Awkward(
        "It imports a module that lies beside it.",
        notebook(IMPORTS, "from steps import distances", ESTEP, MSTEP.replace("((X[:, None, :] - mu) ** 2).sum(axis=2)", "distances(X, mu)"), RUN),
        beside={"steps.py": "def distances(X, mu):\n    return ((X[:, None, :] - mu) ** 2).sum(axis=2)\n"}),
    "own_common": Awkward(
        "An extended copy of the course's module lies beside it.",
        around("from common import twice\nassert twice(2) == 4"), beside={"common.py": f"{COMMON}\n\ndef twice(x):\n    return 2 * x\n"}),
    # --- what ends a process -----------------------------------------------------------------------------------------
    "exits": Awkward("A cell says goodbye.", around("exit()", "quit()", "import sys; sys.exit(0)"), says="cell [3]"),
    "exits_in_a_function": Awkward(
        "A function exits.", notebook(IMPORTS, ESTEP, MSTEP, "import sys\n" + RUN.replace("return", "sys.exit(0)\n            return")), {"run": "error"},
        "calls exit()"),
    "ends_its_process": Awkward(
        "A cell ends the process outright.", around("import os\nos._exit(0)"), says="The process ended while cell [3] ran"),
    "loops_for_ever": Awkward("A cell never ends.", around("while True:\n    pass"), says="cell [3] was still running when its 2 s were over"),
    "prints_without_end": Awkward(
        "A cell prints for ever.", around("while True:\n    print('iteration' * 1000)"), says="cell [3] was ended because it printed more than 16 MiB"),
    "too_much_memory": Awkward("A cell wants all memory.", around("huge = np.ones(10**11)"), says="cell [3] needed more than the"),
    "four_that_end": Awkward(
        "Too many cells end the process.", around(*["import os\nos._exit(1)"] * 4), nothing("error"),
        "too many of its cells end the process or take too long: cell [3], cell [4], cell [5], cell [6]"),
}  # fmt: skip
