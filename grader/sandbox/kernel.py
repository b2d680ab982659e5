"""A notebook's kernel: the process in which Jupyter runs a student's cells (see `executing`).

It is a fork of a process that has imported Jupyter, and starts where that left off. There is no network, no process can
be started and nobody can be asked, so what would try that is replaced by what says so, or by nothing.
"""

import contextlib
import ctypes
import importlib
import io
import json
import logging
import os
import sys
import types
from pathlib import Path
from typing import Any, NoReturn

import nbformat
from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

OWN = ".jupyter"
"""A folder beside the student's files, for Jupyter's."""
_LATER = (
    "asttokens", "executing", "pure_eval", "stack_data", "pygments.formatters.terminal256", "pygments.styles.default",
    "IPython.core.completerlib", "IPython.extensions.storemagic", "tornado.platform.asyncio", "encodings.idna",
)  # fmt: skip
"""What a kernel imports when it needs it."""
_SCRIPTS = ("bash", "sh", "script", "perl", "ruby")
_M_ARENA_MAX = -8


def preload(packages: list[str]) -> None:
    """Import what is needed later, in the zygote: there it is seen, and nobody waits for it."""
    for name in _LATER:
        with contextlib.suppress(ImportError):  # another version of Jupyter does without it
            importlib.import_module(name)
    nbformat.reads(nbformat.writes(nbformat.v4.new_notebook()), as_version=4)  # makes its schema ready
    if "matplotlib" in packages:
        importlib.import_module("matplotlib_inline.backend_inline")
        with contextlib.suppress(ImportError):  # versions before 3.9 ask nobody which backends there are
            importlib.import_module("matplotlib.backends.registry").backend_registry.list_all()
        importlib.import_module("matplotlib.figure").Figure().savefig(io.BytesIO())


def connection() -> dict[str, Any]:
    """Return where the two find each other. Nobody else sees that folder, so messages need no signature."""
    ports = {f"{name}_port": n for n, name in enumerate(("shell", "iopub", "stdin", "control", "hb"), 1)}
    return {"transport": "ipc", "ip": str(Path(OWN, "socket").absolute()), "key": "", **ports}


def run() -> NoReturn:
    """Be the kernel, until it is killed or ends itself."""
    try:
        home = Path(OWN).absolute()
        home.mkdir()
        os.environ |= dict.fromkeys(("HOME", "IPYTHONDIR", "MPLCONFIGDIR", "TMPDIR"), str(home))
        file = home / "kernel.json"
        file.write_text(json.dumps(connection()), encoding="utf-8")
        _forget_the_grader()
        with contextlib.suppress(AttributeError):  # only glibc would reserve address space for every thread
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
        sys.path.insert(0, str(Path.cwd()))
        vars(sys).update(__stdout__=sys.stdout, __stderr__=sys.stderr)  # Jupyter puts others in their place
        IOPubThread._setup_pipe_in = _without_pipe
        # what the C library prints goes where a child's prints go
        app = IPKernelApp.instance(connection_file=str(file), capture_fd_output=False, log_level=logging.CRITICAL)
        app.update_config(Config(HistoryManager={"enabled": False}))
        app.initialize([])
        _do_without(app.kernel, app.shell)
        if "matplotlib" in sys.modules:
            app.shell.run_line_magic("matplotlib", "inline")
        app.start()
    finally:
        os._exit(0)


def _without_pipe(thread: Any) -> None:
    """Stand in for what binds a port for the prints of other processes, of which there are none."""
    thread._pipe_flag = False


def _forget_the_grader() -> None:
    """Let a notebook that checks itself with `grader.check` go on: it is graded anyway."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]
    stand_in = types.ModuleType("grader")
    stand_in.__dict__["check"] = lambda *_args, **_kwargs: None
    sys.modules["grader"] = stand_in


def _do_without(kernel: Any, shell: Any) -> None:
    """Give nothing to those who ask for input, and tell those who call a shell that there is none."""
    kernel.raw_input = kernel.getpass = lambda *_args, **_kwargs: ""

    def tell(*_args: object, **_kwargs: object) -> None:
        print("(shell commands are not run when a notebook is graded)")  # noqa: T201  into the cell's output

    shell.system = shell.getoutput = tell
    for name in _SCRIPTS:
        shell.register_magic_function(tell, "line_cell", name)
    if "matplotlib" not in sys.modules:  # `%matplotlib inline` opens many a cell that plots nothing
        shell.register_magic_function(lambda _line: None, "line", "matplotlib")
