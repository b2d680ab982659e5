"""What known variants of the right functions return, computed when it is first asked for, and kept.

They are computed in the instructor's worker, from the arguments of the cases; nothing of them depends on a submission.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from grader import cache, model
from grader.compare import compare
from grader.content import Scatter
from grader.course import Course, what_happened
from grader.draw import DrawScatter, series
from grader.model import Returned
from grader.nearness import Known, known
from grader.prepare import Call, Plan
from grader.sandbox import protocol
from grader.sandbox.replies import Question
from grader.sandbox.requests import answer, refusal
from grader.sandbox.values import RefusedError
from grader.slips import Home, Slip

SECONDS = 20.0
"""How long a variant may take for one case."""
COMBINED_SECONDS = 5.0
"""How long the combinations of slips may take for one function; when that is used up, no more are tried."""
MOST_ROUNDS = 1000
"""How many rounds of an iteration are looked at."""

MOST_REMEMBERED = 2**26
"""How many bytes of answers are remembered."""

State = dict[str, Any]
Brought = Callable[[str], list[Any] | None]
"""Gives what was computed before under a name (`named_value`, `named_rounds`); None where nothing was."""


class Variants:
    """What slips, accepted variants and the reference's own rounds make of the calls of a plan.

    With `brought` the course is not at hand, as in a student's bundle. What that does not give is not known, and stands
    for what is right: so it speaks neither for nor against a mistake.
    """

    def __init__(self, plan: Plan, brought: Brought | None = None) -> None:
        self.plan, self._brought = plan, brought
        self._course = Course(plan.assignment)
        self._oracles: dict[int, Oracle] = {}
        self._key = cache.key(plan.assignment) if plan.slips and brought is None else ""
        self._kept: dict[str, Any] | None = None
        self._known: dict[str, Known | None] = {}
        self._rounds: dict[tuple[str, int, int], list[Known]] = {}
        self._curves: dict[tuple[tuple[str, int, int], str], tuple[float, ...]] = {}
        self._scatters: dict[tuple[tuple[str, int, int], DrawScatter], Scatter | None] = {}
        self._spent: dict[str, float] = {}
        self._new = False

    def close(self) -> None:
        """Keep what was computed for the next time, and end the workers."""
        self._course.close()
        for oracle in self._oracles.values():
            oracle.close()
        if self._new and self._kept is not None:
            cache.keep(self.plan.assignment.folder, "variants", self._key, self._kept)

    @property
    def knows_reference(self) -> bool:
        """Whether the reference can be asked, and `checks.py`."""
        return self._brought is None

    def of(self, function: str, home: Home = "slips") -> list[Slip]:
        """Return the variants of a function."""
        return [slip for slip in self.plan.slips if slip.function == function and slip.home == home]

    def value(self, call: Call, variants: Sequence[Slip]) -> Returned | None:
        """Return what variants of a function, taken together, return for a call; None where they return nothing."""
        name = named_value(call, variants)
        if self._brought is not None:
            known_of = self._brought(name)
            values = [call.want] if known_of is None else known_of
            return Returned(values[0]) if values else None
        if self._kept is None:
            self._kept = cache.load(self.plan.assignment.folder, "variants", self._key) or {}
        if name not in self._kept:
            if len(variants) > 1 and self._spent.get(call.key[0], 0) > COMBINED_SECONDS:
                return None
            began = time.monotonic()
            self._kept[name] = self.computed(call, variants)
            self._new = True
            if len(variants) > 1:
                self._spent[call.key[0]] = self._spent.get(call.key[0], 0) + time.monotonic() - began
        kept = self._kept[name]
        return Returned(kept[0]) if kept else None

    def known(self, call: Call, variants: Sequence[Slip]) -> Known | None:
        """Return the same, ready to be held against what students return."""
        name = named_value(call, variants)
        if name not in self._known:
            value = self.value(call, variants)
            self._known[name] = known(value.value, call.want, call.rules) if value else None
        return self._known[name]

    def computed(self, call: Call, variants: Sequence[Slip]) -> list[Any]:
        """Return what was returned, in a list, or an empty list."""
        outcome = self.outcome(call, variants)
        return [outcome.value] if isinstance(outcome, Returned) else []

    def outcome(self, call: Call, variants: Sequence[Slip] = ()) -> model.Outcome:
        """Return what variants, taken together, do; where there are none, what `slips.py` does without a change."""
        home = variants[0].home if variants else "slips"
        change = {key: value for slip in variants for key, value in slip.change.items()}
        return self._outcome(call, call.args, module=home, kwargs=change)

    def reference(self, call: Call, args: Mapping[str, Any]) -> Returned | None:
        """Return what the reference returns for a call's function, with other arguments."""
        outcome = self._outcome(call, args)
        return outcome if isinstance(outcome, Returned) else None

    def went_wrong(self, call: Call, outcome: model.Outcome, variant: Slip | None = None) -> str:
        """Return what a variant, or `slips.py` without a change, did that did not return a value, after its name."""
        match outcome:
            case model.TimedOut() | Returned():  # by now it may be faster
                return f"took longer than {SECONDS:g} s"
            case model.WrongSignature(signature) if variant:
                keywords = ", ".join(f"{name}={value!r}" for name, value in variant.change.items())
                return f"calls {call.key[0]} with {keywords}, and that takes {signature}"
        return what_happened(outcome).replace(f"{self.plan.assignment.folder.resolve()}{os.sep}", "")

    def _outcome(self, call: Call, args: Mapping[str, Any], **more: Any) -> model.Outcome:
        return self._course.call(call.key[0], list(args.values()), call.seed, seconds=SECONDS, **more)

    def reference_seconds(self, call: Call) -> float:
        """Return how long the reference takes for a call, the second time: the first may start its worker."""
        self.reference(call, call.args)
        began = time.monotonic()
        self.reference(call, call.args)
        return time.monotonic() - began

    def rounds(self, call: Call) -> list[Known]:
        """Return what a call would return after each of the reference's rounds, and after some that are too many."""
        if call.key not in self._rounds:
            values = self.iterate(call) if self._brought is None else self._brought(named_rounds(call)) or []
            self._rounds[call.key] = [known(value, call.want, call.rules) for value in values]
        return self._rounds[call.key]

    def iterate(self, call: Call) -> Iterator[Any]:
        """Yield the values of `rounds`."""
        left, found = MOST_ROUNDS, False
        for state in self._states(call):
            value = _returned_of(state, call)
            yield value
            left -= 1
            if not found and not compare(value, call.want, call.rules).problems:
                found, left = True, MOST_ROUNDS - left + 10
            if not left:
                return

    def _states(self, call: Call) -> Iterator[State]:
        """Yield the state after each of the reference's rounds."""
        functions = self.plan.assignment.spec.functions
        state, end = dict(call.args), time.monotonic() + SECONDS
        while time.monotonic() < end:
            for name, arguments in functions[call.key[0]].steps.items():
                if not state.keys() >= {*arguments}:  # as of a case that leaves one to its default
                    return
                outcome = self._course.call(name, [state[arg] for arg in arguments], call.seed, seconds=SECONDS)
                if not isinstance(outcome, Returned):
                    return
                state |= named(outcome.value, functions[name].returns)
            yield state

    def curve(self, call: Call, part: str) -> tuple[float, ...]:
        """Return what a number is after each of the reference's rounds."""
        key = (call.key, part)
        if key not in self._curves:
            self._curves[key] = series(state.get(part) for state in self._states(call))
        return self._curves[key]

    def scatter(self, call: Call, draw: DrawScatter) -> Scatter | None:
        """Return the drawing of what is wanted of a call, in which what came is still to be drawn."""
        key = (call.key, draw)
        if key not in self._scatters:
            self._scatters[key] = draw.right(call.name, call.args, call.want, call.rules.returns)
        return self._scatters[key]

    def oracle(self) -> "Oracle":
        """Return the one for this thread, since each is asked one thing at a time."""
        return self._oracles.setdefault(threading.get_ident(), Oracle(self.plan))


class Oracle:
    """The reference, answering what a student's function asks while it runs; its memory is limited as the student's.

    Answers are remembered: students whose `mstep` is wrong ask in their `run` what the next one asks too.
    """

    def __init__(self, plan: Plan) -> None:
        spec = plan.assignment.spec
        self._course = Course(plan.assignment, spec.limits.memory_mib * 2**20)
        self._seconds = spec.limits.seconds
        self._answers: dict[bytes, bytes] = {}
        self._room = MOST_REMEMBERED

    def close(self) -> None:
        """End the worker."""
        self._course.close()

    def start(self) -> None:
        """Start the worker, so that it is not on a student's time."""
        self._course.start()

    def call(self, function: str, args: list[Any], *, seconds: float | None = None, **more: Any) -> model.Outcome:
        """Call a function of the course's with values that a student's code has made."""
        return self._course.call(function, args, 0, seconds=min(self._seconds, seconds or self._seconds), **more)

    def answer(self, asked: Question, allowed: Sequence[str], seconds: float) -> bytes:
        """Return the frame that answers a question."""
        if asked.function not in allowed:
            return refusal(f"{asked.function} cannot be asked for")
        try:
            key = sha256(protocol.pack(list(asked))).digest()
            if key in self._answers:
                return self._answers[key]
            outcome = self.call(asked.function, asked.args, seconds=seconds, kwargs=asked.kwargs)
            if not isinstance(outcome, Returned):
                return refusal(_why(asked.function, outcome))
            return self._remembered(key, answer(outcome.value))
        except RefusedError as error:
            return refusal(str(error))

    def _remembered(self, key: bytes, frame: bytes) -> bytes:
        if len(frame) <= self._room:
            self._room -= len(frame)
            self._answers[key] = frame
        return frame


def _why(function: str, outcome: model.Outcome) -> str:
    """Return why the reference gives no value for what it was called with, for the student whose code called it."""
    match outcome:
        case model.Raised(_, message):
            return f"{function} cannot be called with these arguments: {message}"
        case model.WrongSignature(signature):
            return f"{function} is called with other arguments than {function}{signature}"
    return f"{function} has no value for these arguments"


def named(value: Any, returns: Sequence[str]) -> State:
    """Return what a function returns by the names of its parts."""
    if len(returns) == 1:
        return {returns[0]: value}
    return dict(zip(returns, value, strict=True)) if isinstance(value, tuple) and len(value) == len(returns) else {}


def _returned_of(state: Mapping[str, Any], call: Call) -> Any:
    """Return what a call returns that ends in a state."""
    parts = tuple(state.get(name) for name in call.rules.returns)
    return parts if len(parts) > 1 else parts[0]


def named_rounds(call: Call) -> str:
    """Return under which name it is kept what a call would return after each of the reference's rounds."""
    return "/".join(map(str, [*call.key, "rounds"]))


def named_value(call: Call, variants: Sequence[Slip]) -> str:
    """Return under which name it is kept what variants return for a call."""
    return "/".join(map(str, [*call.key, variants[0].home, "+".join(slip.id for slip in variants)]))
