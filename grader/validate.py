"""Try an assignment on itself: does it tell right from wrong?

    the reference, samples, the starter ─► graded      slips, accepted variants ─► compared      mutants ─► run
                                    └──────────────► one row a case ◄──────────────────────────────┘

What is right must pass, with room to spare; what is wrong must fail; and every case must reject something.
"""

import contextlib
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from grader import engine, parts, samples, source, submission
from grader.answers.judge import judge_sheet
from grader.answers.right import right
from grader.answers.sheet import Sheet
from grader.assignment import Assignment
from grader.compare import compare
from grader.judged import ACCEPTED
from grader.margins import TIGHT, Key, Margins
from grader.model import CaseResult, Result
from grader.mutation import Mutations
from grader.nearness import deviation
from grader.prepare import Call, prepare
from grader.questions import MARKED
from grader.servers import Server
from grader.slips import TABLES, Slip
from grader.submission import Submission
from grader.validation import CaseCheck, Mutation, Validation
from grader.variants import Variants

STARTER = "the starter"
REFERENCES = ("the reference", "the reference, again")
"""It is graded twice, because what is called for the first time takes longer."""
LOOSE = 2.0
"""Up to how many times what is allowed a wrong answer is near the edge."""


class Validator:
    """An assignment that is tried on itself, and what was found so far."""

    def __init__(self, assignment: Assignment, servers: Sequence[Server]) -> None:
        self.assignment, self.spec, self.servers = assignment, assignment.spec, servers
        self.plan = prepare(assignment)
        self.variants = Variants(self.plan)
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.rejects: Counter[Key] = Counter()
        self.margins = Margins(self.variants)
        self.wrong: dict[Key, float] = {}
        self.seconds: dict[Key, float] = {}
        self.slips: list[Slip] = []
        """The variants that return something."""
        self.silent: set[str] = set()
        """The functions of those that do not."""
        self.caught: dict[str, tuple[str, ...]] = {}
        self.samples = 0
        self.reference_passes = True
        self.mutation = Mutation()

    def validate(self) -> Validation:
        """Try everything, and return what was found."""
        began = time.monotonic()
        with contextlib.closing(self.variants):
            for call in self._calls():
                self.margins.measure(call)
            self._look_at_variants()
            self._grade()
            for slip in self.slips:
                self._try(slip)
            self._look_for_alike()
            self._mutate()
            self._answer()
        self._look_at_cases()
        return Validation(
            assignment=self.spec.name,
            cases=tuple(self._checks()),
            slips=self.caught,
            samples=self.samples,
            mutation=self.mutation,
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            seconds=time.monotonic() - began,
        )

    def _calls(self) -> Iterator[Call]:
        return (call for calls in self.plan.calls.values() for call in calls)

    # --- graded as submissions ---

    def _grade(self) -> None:
        """Grade the reference, the starter and the samples, all as submissions."""
        if self.servers:
            engine.try_out(self.plan, self.servers)
        reference, folder = source.reference(self.assignment), self.assignment.folder
        if self.spec.reference and self.spec.functions and not reference:
            self.notes.append("the reference's source was not found: it is neither graded nor mutated")
        named = [(name, Submission(name, code=reference)) for name in REFERENCES if reference]
        for name in ("starter", "samples"):
            found = submission.collect([folder / name], self.spec.submission) if (folder / name).is_dir() else []
            named += [(STARTER if name == "starter" else f"samples/{one.id}", one) for one in found]
        results = engine.grade_all(self.variants, self.servers, [one for _, one in named])
        graded = {name: result for (name, _), result in zip(named, results, strict=True)}
        for name, result in graded.items():
            if result.fault:
                self._add(f"{name} was not graded: {result.fault}")
        for name in REFERENCES if reference else ():
            self._see_reference(graded.pop(name))
        if (folder / "starter").is_dir():
            self._see_starter(graded.pop(STARTER))
        self._see_samples(graded)

    def _cases(self, result: Result) -> Iterator[tuple[Key, CaseResult]]:
        """Yield the cases of a result's functions, with their keys."""
        for item in result.items:
            if item.kind == "function":
                yield from zip([c.key[:2] for c in self.plan.calls[item.name]], item.cases, strict=True)

    def _see_reference(self, result: Result) -> None:
        for key, case in self._cases(result):
            self.seconds[key] = min(self.seconds.get(key, math.inf), case.seconds)
            if case.status != "passed" or case.message.startswith(ACCEPTED):
                self.reference_passes = False
                self._add(f"the reference fails {_title(key[0], case.name)}: {case.message}")

    def _add(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _see_starter(self, result: Result) -> None:
        if result.score:
            self.problems.append(f"the starter earns {result.score:g} points")

    def _see_samples(self, graded: Mapping[str, Result]) -> None:
        self.samples = len(graded)
        expected = samples.expected(self.assignment.folder)
        items = [*self.spec.functions, *self.spec.questions]
        for mistake in samples.mistakes(expected, [result.id for result in graded.values()], items):
            self._add(mistake)
        for name, result in graded.items():
            wrong = {key for key, case in self._cases(result) if case.status == "failed"}
            wrong |= {(item.name, 0) for item in result.items if item.kind != "function" and item.status == "failed"}
            self.rejects.update(wrong)
            found = samples.differences(expected.get(result.id, {}), result)
            told = "; ".join(f"{what} is {got}, not {want}" for what, want, got in found)
            if told:
                self._add(f"{name} gets something else than {samples.EXPECTED} says: {told}")

    # --- variants ---

    def _look_at_variants(self) -> None:
        """Keep the variants that return something, and tell what keeps the others from that, once."""
        broken = self.margins.broken
        for name, what in broken.items():
            self._add(f"slips.py: {name} without a change {what}")
        for slip in self.plan.slips:
            calls, name = self._valued(slip.function), slip.function
            if not calls or any(self.variants.value(call, (slip,)) for call in calls):
                self.slips.append(slip)
                continue
            self.silent.add(name)
            if slip.home == "slips":
                self.caught[slip.id] = ()
            if slip.home == "accepted" or name not in broken:
                outcome = self.variants.outcome(calls[0], (slip,))
                self._add(f"{slip.home}.py: {slip.id} {self.variants.went_wrong(calls[0], outcome, slip)}")

    def _valued(self, name: str) -> list[Call]:
        return [call for call in self.plan.calls[name] if call.holds is None]

    def _try(self, slip: Slip) -> None:
        """See which cases catch a slip, and by how much; an accepted variant must return what has the right form."""
        caught: dict[Key, str] = {}
        for call in self._valued(slip.function):
            value = self.variants.value(call, (slip,))
            rules = replace(call.rules, shapes_only=True) if slip.home == "accepted" else call.rules
            if value is None or compare(value.value, call.want, rules).problems:
                caught[call.key[:2]] = call.name
                if value is not None:
                    self._note_wrong(call, deviation(value.value, call.want, call.rules))
        counting = [_title(slip.function, name) for key, name in caught.items() if not self._case(key).remark]
        if slip.home == "accepted":
            for title in counting:
                self._add(f"accepted.py: {slip.id} returns nothing that could be right for {title}")
            return
        self.rejects.update(caught.keys())
        self.caught[slip.id] = tuple(counting)
        if not counting:
            self._add(f"slips.py: no case catches {slip.id}")

    def _case(self, key: Key) -> Any:
        return self.spec.functions[key[0]].cases[key[1]]

    def _note_wrong(self, call: Call, off: float) -> None:
        key = call.key[:2]
        self.wrong[key] = min(self.wrong.get(key, math.inf), off)

    def _look_for_alike(self) -> None:
        """Tell of variants that no case tells apart: of two slips, or of what is wrong and what is accepted."""
        for name in self.plan.calls:
            valued = [call for call in self._valued(name) if not call.remark]
            slips, accepted = ([s for s in self.slips if s.function == name and s.home == home] for home in TABLES)
            for one, other in [*combinations(slips, 2), *product(slips, accepted)]:
                if all(self._alike(call, one, other) for call in valued):
                    self._add(f"{other.home}.py: no case tells {other.id} from the slip {one.id}")

    def _alike(self, call: Call, one: Slip, other: Slip) -> bool:
        first, second = (self.variants.known(call, (slip,)) for slip in (one, other))
        if first is None or second is None:
            return first is second
        return (first.is_right and second.is_right) or (
            first.is_right == second.is_right and first.is_same(second.parts)
        )

    # --- mutants ---

    def _mutate(self) -> None:
        reference = source.reference(self.assignment)
        if reference and self.servers and self.reference_passes:
            mutations = Mutations(self.plan, reference, self._seconds_by_function())
            self.mutation = mutations.run(self.servers)
            self.rejects.update(mutations.rejected)

    def _seconds_by_function(self) -> dict[str, float]:
        taken: dict[str, float] = {}
        for (name, _), seconds in self.seconds.items():
            taken[name] = taken.get(name, 0.0) + seconds
        return taken

    # --- questions ---

    def _answer(self) -> None:
        """See that the answer which the spec gives is right by its own rules."""
        asked = [ask for ask in parts.asks(self.plan) if not isinstance(ask.question, MARKED)]
        for item in judge_sheet(asked, Sheet({ask.name: [right(ask.question)] for ask in asked}, {})):
            if item.status != "passed":
                self._add(f"{item.name} does not accept its own answer: {item.cases[0].message}")

    # --- what it comes to ---

    def _look_at_cases(self) -> None:
        for name, function in self.spec.functions.items():
            for n, case in enumerate(function.cases):
                key, title = (name, n), _title(name, case.name)
                self._look_at_margins(key, title)
                untold = case.remark or name in self.silent or not self.reference_passes
                if not self.rejects[key] and not untold:
                    self._add(f"{title} rejects nothing: write a sample, or a slip, that it must reject")
        for name, question in self.spec.questions.items():
            if not self.rejects[name, 0] and not isinstance(question, MARKED):
                self._add(f"{name} rejects nothing: write a sample with a wrong answer to it")

    def _look_at_margins(self, key: Key, title: str) -> None:
        right, wrong = self.margins.formula.get(key, 0), self.wrong.get(key, math.inf)
        if right > 1:
            self._add(f"{title} rejects the functions of slips.py without a change, or these are wrong ({right:.2g})")
        elif right > TIGHT:
            self.notes.append(f"{title} is tight: a right answer uses {right:.0%} of what is allowed")
        if self.margins.is_edge(key):
            self.notes.append(f"{title} stands on an edge: another answer is right for arguments a rounding away")
        if wrong < LOOSE:
            self.notes.append(f"{title} is loose: a slip is off by {wrong:.2g} times what is allowed")

    def _checks(self) -> Iterator[CaseCheck]:
        for name, function in self.spec.functions.items():
            for n, case in enumerate(function.cases):
                key = (name, n)
                margins = (self.margins.of(key), self.margins.single.get(key), self.wrong.get(key))
                yield CaseCheck(
                    name, case.name, not case.remark, self.rejects[key], *margins, self.seconds.get(key, 0.0)
                )
        for name, question in self.spec.questions.items():
            counts = not isinstance(question, MARKED)
            yield CaseCheck(name, question.kind, counts, self.rejects[name, 0], None, None, None, 0.0)


def _title(function: str, case: str) -> str:
    return f"{function}: {case}"
