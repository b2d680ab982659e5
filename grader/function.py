"""One function of a submission: called, judged and, where it is wrong, diagnosed.

    calls ─► answers ─► compared, properties held ─► an accepted variant? ─► with right parts? ─► which mistake?

With right parts: where a function fails and calls others of the assignment, it is called once more with proxies for
them, which ask the reference over the wire. What then passes fails only because of the others.
"""

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence

from grader import explain, model, score
from grader.compare import compare
from grader.diagnose import Evidence, Value, diagnose, explained, rounds_off
from grader.hold import Holding
from grader.judged import Judged
from grader.model import ItemResult, Returned
from grader.prepare import Call
from grader.run import Answer, Run
from grader.sandbox.replies import Question
from grader.seen import same
from grader.structure import common
from grader.variants import Variants

NOT_CALLED = (model.Missing, model.WrongSignature)
"""What is no better with right parts."""


class Trial:
    """A function, and what its calls did."""

    def __init__(self, run: Run, variants: Variants, name: str, graded: Mapping[str, ItemResult]) -> None:
        self.run, self.variants, self.name, self.graded = run, variants, name, graded
        self.spec = run.plan.assignment.spec
        self.function = self.spec.functions[name]
        self.holding = Holding(run, variants)
        self.judged: list[Judged] = []
        self.asked: Counter[str] = Counter()
        """How often each of the functions that it calls was asked for, where they were replaced."""
        self.with_right_parts: dict[int, Answer] = {}
        """What calls did whose functions were replaced, by their numbers."""

    def item(self) -> ItemResult:
        """Grade it."""
        self._call()
        self._hold()
        failing = [one for one in self.judged if one.failed]
        if failing and not failing[0].answer.loading:
            self._accept()
            self._try_with_right_parts()
            self._diagnose()
        main, spec = self.run.submission.main, self.spec
        cases = [one.result(self.name, main, spec) for one in self.judged]
        worth = self.function.follow_through if self._follows() else 0.0
        item = score.item(self.name, self.function.points, cases, self.spec.scoring, worth)
        return explain.summed_up(item, [one.diagnosis for one in self.judged])

    # --- calls and values ---

    def _call(self) -> None:
        calls = self.run.plan.calls[self.name]
        own = [call for call in calls if not call.derived and not call.using]
        answers = dict(zip([call.key for call in own], self.run.answers([call.frame for call in own]), strict=True))
        using = [call for call in calls if call.using]
        answers |= zip([call.key for call in using], self._apart(using), strict=True)
        nothing = Answer(Returned(None), 0.0)
        self.judged = [Judged(call, answers.get(call.key, nothing)) for call in calls]
        for one in self.judged:
            one.compare()

    def _apart(self, calls: Sequence[Call]) -> list[Answer]:
        """Return what calls do in a process of their own, where the functions that they call are right ones."""
        if not calls:
            return []
        oracle = self.variants.oracle()
        oracle.start()

        def answer(asked: Question) -> bytes:
            self.asked[asked.function] += 1
            return oracle.answer(asked, self.function.parts)

        with contextlib.closing(self.run.apart()) as apart:
            apart.start()
            apart.begin()
            return [apart.ask(call.request(proxies=self.function.parts), answer) for call in calls]

    # --- properties ---

    def _hold(self) -> None:
        values = [one for one in self.judged if one.call.holds is None and not one.call.remark]
        for one in self.judged:
            if one.call.holds is not None:
                self._judge(one, values if one.call.derived else [one])

    def _judge(self, one: Judged, of: Sequence[Judged]) -> None:
        """Judge a property of what calls returned; where none did, it does not hold."""
        returned = [other for other in of if isinstance(other.answer.outcome, Returned)]
        if not returned:
            one.answer = of[0].answer
            return
        for other in returned:
            one.violation = self.holding.broken(one.call, other.call, other.answer)
            if one.violation:
                return

    # --- other right answers, right parts ---

    def _evidence(self) -> tuple[list[int], list[Evidence]]:
        """Return the numbers of the calls whose values are compared, and these: with right parts, if others fail."""
        numbers, evidence = [], []
        for n, one in enumerate(self.judged):
            answer = self.with_right_parts.get(n, one.answer) if self.blamed else one.answer
            if one.call.holds is None and not one.call.remark and isinstance(answer.outcome, Returned):
                passed = not compare(answer.outcome.value, one.call.want, one.call.rules).problems
                numbers.append(n)
                evidence.append(Evidence(answer.outcome.value, one.call.want, one.call.args, one.call.rules, passed))
        return numbers, evidence

    def _accept(self) -> None:
        """Let pass what an accepted variant returns, if that accounts for every call that failed."""
        for variant in self.variants.of(self.name, "accepted"):
            numbers, evidence = self._evidence()
            found = [numbers[n] for n in explained(evidence, (variant,), self._valued(numbers))]
            failing = [n for n, one in enumerate(self.judged) if one.failed and one.call.holds is None]
            if found and set(failing) <= set(found):
                for n in found:
                    self.judged[n].accepted = variant

    def _valued(self, numbers: Sequence[int]) -> Value:
        return lambda n, slips: self.variants.known(self.judged[numbers[n]].call, slips)

    @property
    def blamed(self) -> list[str]:
        """The functions that it calls and that are wrong."""
        return [part for part in self.function.parts if part in self.graded and self.graded[part].status != "passed"]

    def _try_with_right_parts(self) -> None:
        """Call what failed once more, with right ones in the place of the functions that it calls."""
        numbers = [n for n, one in enumerate(self.judged) if one.failed and not one.call.using and not one.call.derived]
        outcomes = [self.judged[n].answer.outcome for n in numbers]
        hopeless = NOT_CALLED if self.blamed else (*NOT_CALLED, model.TimedOut)
        if not self.function.parts or not numbers or any(isinstance(outcome, hopeless) for outcome in outcomes):
            return
        numbers = numbers if self.blamed else numbers[:1]
        calls = [self.judged[n].call for n in numbers]
        self.with_right_parts = dict(zip(numbers, self._apart(calls), strict=True))
        for n, answer in self.with_right_parts.items():
            self.judged[n].follows = self._is_right(self.judged[n].call, answer)

    def _is_right(self, call: Call, answer: Answer) -> bool:
        outcome = answer.outcome
        if not isinstance(outcome, Returned):
            return False
        if call.holds is not None:
            return self.holding.broken(call, call, answer) is None
        return not compare(outcome.value, call.want, call.rules).problems

    def _follows(self) -> bool:
        """Tell whether everything that failed fails because of what is called."""
        failing = [one for one in self.judged if one.failed and not one.call.remark and not one.call.derived]
        return bool(self.blamed) and bool(failing) and all(one.follows for one in failing)

    # --- which mistake ---

    def _diagnose(self) -> None:
        if self.blamed:
            self._blame()
        else:
            self._diagnose_parts()
        self.name_mistake()
        if any(isinstance(answer.outcome, Returned) for answer in self.with_right_parts.values()):
            for part in [part for part in self.function.steps if not self.asked[part]]:
                for one in self.judged:
                    one.note(explain.never_calls(self.name, part))

    def _blame(self) -> None:
        right = self._follows()
        because = explain.because(self.name, self.blamed, right=right)
        for one in self.judged:
            if one.follows or (one.call.derived and right):
                one.note(because)

    def name_mistake(self) -> None:
        """Hold what came against known variants, then look for relations to the right value."""
        numbers, evidence = self._evidence()
        for n, diagnosis in diagnose(evidence, self.variants.of(self.name), self._valued(numbers)).items():
            self.judged[numbers[n]].note(diagnosis)
        self._diagnose_form(numbers, evidence)

    def _diagnose_form(self, numbers: Sequence[int], evidence: Sequence[Evidence]) -> None:
        """Name what all the failing calls have: a relation to the right value, or rounds too few or too many."""
        left = [n for n, one in enumerate(evidence) if not one.passed and self.judged[numbers[n]].diagnosis is None]
        if not left:
            return
        found = common([(evidence[n].got, evidence[n].want, evidence[n].args, evidence[n].rules) for n in left])
        diagnosis = explain.of_clues(found) if found else None
        if diagnosis is None and self.function.steps:
            rounds = [self.variants.rounds(self.judged[numbers[n]].call) for n in left]
            off = rounds_off([evidence[n] for n in left], rounds)
            diagnosis = explain.of_rounds(self.name, off) if off else None
        if diagnosis is not None:
            for n in left:
                self.judged[numbers[n]].note(diagnosis)

    def _diagnose_parts(self) -> None:
        """Name a function that passes alone, yet breaks the one that calls it: it changes what it is given."""
        if not any(one.follows for one in self.judged):
            return
        for part in self.function.parts:
            changed = self._changed_by(part)
            if changed:
                for one in self.judged:
                    one.note(explain.changes_input(self.name, part, changed))
                return

    def _changed_by(self, part: str) -> str | None:
        """Return which of its arguments a function changes in place, if any."""
        for call in self.run.plan.calls.get(part, ()):
            if call.derived or call.using:
                continue
            outcome = self.run.ask(call.request(echo=True)).outcome
            if isinstance(outcome, Returned) and outcome.after is not None:
                after = zip(call.args.items(), outcome.after, strict=False)
                return next((name for (name, value), now in after if not same(value, now)), None)
        return None
