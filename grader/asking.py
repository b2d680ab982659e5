"""Who is asked: a submission as it is, or one with right functions in the place of those that its functions call."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from grader.prepare import Call
from grader.run import Answer, Run
from grader.sandbox.client import Output
from grader.sandbox.replies import Question
from grader.variants import Variants


class Own:
    """A submission with its own functions, in the process that serves all its calls."""

    with_right_parts = False

    def __init__(self, run: Run) -> None:
        self.run = run

    def ask(self, call: Call, args: Mapping[str, Any] | None = None) -> Answer:
        """Return what a call does, or the same function with other arguments."""
        return self.run.ask(call.request(args))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock of the function that is graded, while the course's own code runs."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.run.deadline.wall += time.monotonic() - began


class WithRightParts(Own):
    """A submission in a process of its own, in which proxies for some functions ask the reference.

    It serves nothing else, so that what it learns there earns no points.
    """

    with_right_parts = True

    def __init__(self, run: Run, variants: Variants, parts: Sequence[str]) -> None:
        super().__init__(Run(run.plan, run.server, run.submission, Output()))
        self.parts = parts
        self.asked: Counter[str] = Counter()
        """How often each of them was asked for."""
        self._oracle = variants.oracle()
        self._oracle.start()
        self.run.start()
        self.run.begin()

    def close(self) -> None:
        """End the process."""
        self.run.close()

    def ask(self, call: Call, args: Mapping[str, Any] | None = None) -> Answer:
        """Return what a call does, or the same function with other arguments."""
        return self.run.ask(call.request(args, proxies=list(self.parts)), self._answer)

    def _answer(self, asked: Question, seconds: float) -> bytes:
        if asked.function in self.parts:
            self.asked[asked.function] += 1
        return self._oracle.answer(asked, self.parts, seconds)
