"""Mutants of the reference, run as submissions: do an assignment's cases notice them?

A mutant that every case lets pass may be one that is right as well. Therefore it is also called with other arguments of
the same kind, which are drawn anew; one that returns there what the reference does is taken for alike.
"""

import contextlib
import queue
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from grader import prepare
from grader.arguments import Make
from grader.compare import DEFAULT, Rules, compare
from grader.course import Course
from grader.errors import GraderError
from grader.instructor import Instructor
from grader.model import Returned
from grader.mutants import Mutant
from grader.prepare import Call, Plan
from grader.run import Answer, Run
from grader.sandbox.client import Output
from grader.sandbox.values import Record
from grader.servers import Server
from grader.source import variations
from grader.submission import Handed
from grader.validation import Mutation, Survivor

DRAWS = 3
"""How often the arguments of a case are drawn anew."""
PATIENCE = 20.0
"""How many times as long as the reference a mutant may take for a function."""
LEAST_SECONDS = 1.0


class Mutations:
    """The mutants of a reference, on the cases of a plan."""

    def __init__(self, plan: Plan, reference: Handed, seconds: Mapping[str, float]) -> None:
        self.reference = reference
        self.plan = _hurried(plan, max([LEAST_SECONDS, *(PATIENCE * taken for taken in seconds.values())]))
        self.calls = {name: [c for c in calls if c.holds is None and not c.using] for name, calls in plan.calls.items()}
        self.others = _drawn_anew(plan)
        self.rejected: Counter[tuple[str, int]] = Counter()
        """How many mutants each case rejects, by its function and number."""

    def run(self, servers: Sequence[Server]) -> Mutation:
        """Run them all, as many at a time as there are servers."""
        free: queue.SimpleQueue[Server] = queue.SimpleQueue()
        for server in servers:
            free.put(server)

        def one(made: tuple[str, Mutant, Handed]) -> tuple[str, Survivor]:
            server = free.get()
            try:
                path, mutant, handed = made
                return self._fate(server, handed), Survivor(f"{path}:{mutant.line}", f"{mutant.was} → {mutant.now}")
            finally:
                free.put(server)

        with ThreadPoolExecutor(len(servers)) as pool:
            fates = list(pool.map(one, variations(self.reference, list(self.plan.calls))))
        counted = Counter(fate for fate, _ in fates)
        survivors = tuple(survivor for fate, survivor in fates if fate == "survives")
        return Mutation(len(fates), counted["killed"], counted["alike"], survivors)

    def _fate(self, server: Server, handed: Handed) -> str:
        with contextlib.closing(Run(self.plan, server, handed, Output())) as run:
            run.start()
            if run.unloadable is not None or self._is_caught(run):
                return "killed"
            alike = any(self.others.values()) and all(_same(run, calls) for calls in self.others.values())
            return "alike" if alike else "survives"

    def _is_caught(self, run: Run) -> bool:
        """Tell whether a function has a case that rejects it; the functions that follow are then not called."""
        for calls in self.calls.values():
            failing = [call for call, answer in _answered(run, calls) if _is_wrong(call, answer, call.rules)]
            self.rejected.update({call.key[:2] for call in failing if not call.remark})
            if any(not call.remark for call in failing):
                return True
        return False


def _answered(run: Run, calls: Sequence[Call]) -> Iterator[tuple[Call, Answer]]:
    return zip(calls, run.answers([call.frame for call in calls]), strict=True)


def _is_wrong(call: Call, answer: Answer, rules: Rules) -> bool:
    outcome = answer.outcome
    return not isinstance(outcome, Returned) or bool(compare(outcome.value, call.want, rules).problems)


def _same(run: Run, calls: Sequence[Call]) -> bool:
    """Tell whether a function returns what the reference does, to more digits than its cases ask for."""
    exact = [replace(call.rules, tolerance=dict.fromkeys(call.rules.returns, DEFAULT)) for call in calls]
    answered = list(_answered(run, calls))
    return not any(_is_wrong(call, answer, rules) for (call, answer), rules in zip(answered, exact, strict=True))


def _hurried(plan: Plan, seconds: float) -> Plan:
    """Return the plan with less time for a function."""
    spec = plan.assignment.spec
    limits = spec.limits.model_copy(update={"seconds": min(seconds, spec.limits.seconds)})
    hurried = plan.assignment.with_spec(spec.model_copy(update={"limits": limits}))
    return replace(plan, assignment=hurried)


def _drawn_anew(plan: Plan) -> dict[str, list[Call]]:
    """Return calls like those of the cases whose arguments are made, with others."""
    drawn: dict[str, list[Call]] = {}
    with contextlib.closing(Course(plan.assignment)) as course:
        instructor = Instructor(course)
        for name, function in plan.assignment.spec.functions.items():
            drawn[name] = []
            for n, case in enumerate(function.cases):
                if case.holds is None and any(isinstance(given, Make) for given in case.args.values()):
                    drawn[name] += _draws(instructor, name, n, case.repeat)
            if not drawn[name]:
                drawn[name] = [
                    call for made in plan.calls[name] if not made.holds for call in _varied(instructor, made)
                ]
    return drawn


def _draws(instructor: Instructor, name: str, n: int, repeat: int) -> list[Call]:
    draws = []
    for k in range(repeat, repeat + DRAWS):
        with contextlib.suppress(GraderError):  # other arguments may be ones that the reference has no value for
            draws.append(prepare.call_of(instructor.assignment, name, n, k, instructor.make(name, n, k)))
    return draws


def _varied(instructor: Instructor, call: Call) -> list[Call]:
    """Return calls like one whose arguments are written out or loaded, with other numbers in them."""
    rng, varied = np.random.default_rng(call.seed), []
    name, n, k = call.key
    for _ in range(DRAWS):
        args = [_other(value, rng) for value in call.args.values()]
        with contextlib.suppress(GraderError):
            want = instructor.referred(name, args, call.seed, ("functions", name, "cases", n))
            varied.append(prepare.call_of(instructor.assignment, name, n, k, (args, want)))
    return varied


def _other(value: Any, rng: np.random.Generator) -> Any:
    """Return an argument with other numbers; whole ones stay whole."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return type(value)(value * rng.uniform(-2, 2))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * rng.uniform(0.5, 1.5, value.shape)
    if isinstance(value, Record):
        return Record(value.name, {field: _other(part, rng) for field, part in value.fields.items()})
    return [_other(part, rng) for part in value] if isinstance(value, list) else value
