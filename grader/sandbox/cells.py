"""The cells of a notebook, run one after another in one namespace, nearly as a kernel runs them.

Where a statement raises, the definitions and imports below it in its cell are made all the same, so that a plot that
fails, or an `input()` that nobody answers, costs no function. What a kernel puts beside the code is there: `display`
and `get_ipython` do nothing, but for `%time`, which runs its line. `await` may stand outside of functions.
"""

import ast
import inspect
import sys
import time
import types
from typing import Any

from grader.sandbox.standins import Anything

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
"""What is run of a cell although something above it has failed."""
TIMED = frozenset({"time", "prun"})
"""Magics that run their line as it is."""


class Cells:
    """A namespace in which cells are run."""

    def __init__(self, space: dict[str, Any]) -> None:
        self.space = space
        self.flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        """With those that `from __future__ import` adds for all cells below."""
        self.loop: Any = None
        self.space.update(display=Anything(), get_ipython=Shell(self))

    def run(self, name: str, source: bytes) -> None:
        """Run a cell; raise what its first statement that fails raises."""
        tree = compile(source, name, "exec", self.flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        self.space.setdefault("input", _no_answer)
        failure: BaseException | None = None
        for statement in tree.body:
            if failure is None or isinstance(statement, DEFINITIONS):
                try:
                    self._execute(ast.Module([statement], []), name)
                except BaseException as error:
                    failure = error if failure is None else failure
        if self.space.get("input") is _no_answer:  # a function that is called later must not wait for one unnoticed
            del self.space["input"]
        try:
            if failure is not None:
                raise failure
        finally:
            del failure  # else it and this frame keep each other, and what was in memory where it was raised

    def _execute(self, tree: ast.Module, name: str) -> None:
        code = compile(tree, name, "exec", self.flags, dont_inherit=True)
        self.flags |= code.co_flags & _FUTURE
        if code.co_flags & inspect.CO_COROUTINE or "asyncio" in sys.modules:
            self.loop = self.loop or _event_loop()
            self.loop.run_until_complete(self._awaited(code))
        else:
            eval(code, self.space)  # noqa: S307  the sandbox is around it

    async def _awaited(self, code: types.CodeType) -> None:
        """Run code where there is a loop, as there always is in a kernel: tasks are made in it without an `await`."""
        result = eval(code, self.space)  # noqa: S307
        if code.co_flags & inspect.CO_COROUTINE:
            await result

    def line(self, source: str) -> Any:
        """Run a line, and return the value of one that is an expression."""
        try:
            return eval(source, self.space)  # noqa: S307
        except SyntaxError:
            exec(source, self.space)
            return None


_FUTURE = 0x1FE0000
"""The flags that `from __future__ import` may set in a code object."""


def _no_answer(_prompt: object = "") -> str:
    return ""


class Shell(Anything):
    """What `get_ipython()` returns: most magics do nothing."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return itself: it is `get_ipython` as well as what that returns."""
        return self

    def run_line_magic(self, name: str, line: str, *_: Any) -> Any:
        """Run the line of those that time it."""
        return self._cells.line(line) if name in TIMED else Anything()


def _event_loop() -> Any:
    """Return an event loop without sockets, which a child may not have: it runs what is ready, and sleeps."""
    import asyncio  # noqa: PLC0415  only for a cell that awaits: it takes longer than all else

    class Loop(asyncio.BaseEventLoop):
        def __init__(self) -> None:
            super().__init__()
            self._selector = self

        def select(self, timeout: float | None) -> list[Any]:
            if timeout is None:
                raise RuntimeError("what is awaited here never comes")
            time.sleep(timeout)
            return []

        def _process_events(self, event_list: list[Any]) -> None: ...

        def _write_to_self(self) -> None: ...

    loop = Loop()
    asyncio.set_event_loop(loop)
    return loop
