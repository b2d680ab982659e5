"""One function of a submission: called, judged and, where it is wrong, diagnosed.

    calls ─► answers ─► compared, properties held ─► an accepted variant? ─► with right parts? ─► which mistake?

With right parts: where a function fails and calls others of the assignment, it is called once more with proxies for
them, which ask the reference over the wire. What then passes fails only because of the others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader import drawings, explain, model, score
from grader.asking import Own, WithRightParts
from grader.diagnose import Diagnosis, Evidence, Value, diagnose, explained, rounds_off
from grader.hold import Holding
from grader.judged import Judged
from grader.model import ItemResult, Returned
from grader.run import Answer, Run
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
        self.judged: list[Judged] = []
        self.right: dict[int, Judged] = {}
        """The calls that were made with right parts, by their numbers."""
        self._apart: WithRightParts | None = None

    def item(self) -> ItemResult:
        """Grade it."""
        try:
            self._call()
            self._hold()
            failing = [one for one in self.judged if one.failed]
            if failing and not failing[0].answer.loading:
                self._accept()
                self._try_with_right_parts()
                self._diagnose()
        finally:
            if self._apart:
                self._apart.close()
        cases = [one.result(self.name, self.run.submission, self.spec) for one in self.judged]
        worth = self.function.follow_through if self._follows() else 0.0
        item = score.item(self.name, self.function.points, cases, self.spec.scoring, worth)
        item = replace(item, drawings=drawings.of(self.function, self.judged, self.run, self.variants))
        return explain.summed_up(item, [one.diagnosis for one in self.judged if one.may_be_named])

    # --- calls and values ---

    def _call(self) -> None:
        calls = self.run.plan.calls[self.name]
        own = [call for call in calls if not call.derived and not call.using]
        answers = self.run.answers([call.frame for call in own])
        done = {
            call.key: Judged(call, self.run.explained(answer, self.name))
            for call, answer in zip(own, answers, strict=True)
        }
        for call in calls:
            if call.using:
                done[call.key] = Judged(call, self._with_right_parts().ask(call))
        nothing = Answer(Returned(None), 0.0)
        self.judged = [done[call.key] if call.key in done else Judged(call, nothing) for call in calls]

    def _with_right_parts(self) -> WithRightParts:
        if self._apart is None:
            self._apart = WithRightParts(self.run, self.variants, self.function.parts)
        return self._apart

    # --- properties ---

    def _hold(self) -> None:
        values = self._values({})
        for one in self.judged:
            if one.call.holds is not None:
                one.hold(self._holding(right=one.call.using), values if one.call.derived else [one])

    def _values(self, right: Mapping[int, Judged]) -> list[Judged]:
        """Return the calls whose values properties of several are judged on, with right parts where there are some."""
        valued = [n for n, one in enumerate(self.judged) if one.call.holds is None and not one.call.remark]
        return [right.get(n, self.judged[n]) for n in valued]

    def _holding(self, *, right: bool) -> Holding:
        asker = self._with_right_parts() if right else Own(self.run)
        return Holding(asker, self.variants)

    # --- other right answers, right parts ---

    def _evidence(self) -> tuple[list[int], list[Evidence]]:
        """Return the numbers of the calls whose values are compared, and these: with right parts, if others fail."""
        numbers, evidence = [], []
        for n, own in enumerate(self.judged):
            one = self.right.get(n, own) if self.blamed else own
            if one.call.holds is None and not one.call.remark and one.value is not None:
                numbers.append(n)
                evidence.append(Evidence(one.value, one.call.want, one.call.args, one.call.rules, not one.failed))
        return numbers, evidence

    def _accept(self) -> None:
        """Let pass what an accepted variant returns, if that accounts for every call that failed."""
        failing = {n for n, one in enumerate(self.judged) if one.failed and one.call.holds is None}
        for variant in self.variants.of(self.name, "accepted"):
            numbers, evidence = self._evidence()
            found = {numbers[n] for n in explained(evidence, (variant,), self._valued(numbers))}
            if found and failing == found:
                for n in found:
                    value = self.variants.value(self.judged[n].call, (variant,))
                    self.judged[n].accept(variant, value)

    def _valued(self, numbers: Sequence[int]) -> Value:
        return lambda n, slips: self.variants.known(self.judged[numbers[n]].call, slips)

    @property
    def blamed(self) -> list[str]:
        """The functions that it calls and that are wrong."""
        return [part for part in self.function.parts if part in self.graded and self.graded[part].status != "passed"]

    def _try_with_right_parts(self) -> None:
        """Call what failed once more, with right ones in the place of the functions that it calls."""
        failing = [n for n, one in enumerate(self.judged) if one.failed and not one.call.remark]
        numbers = [n for n in failing if not self.judged[n].call.using and not self.judged[n].call.derived]
        hopeless = NOT_CALLED if self.blamed else (*NOT_CALLED, model.TimedOut)
        outcomes = [self.judged[n].answer.outcome for n in numbers]
        if not self.function.parts or any(isinstance(outcome, hopeless) for outcome in outcomes):
            return
        if not self.variants.knows_reference:
            return
        for n in numbers if self.blamed else numbers[:1]:
            self._try(n)
        for n in failing:
            if self.blamed and self.judged[n].call.derived:
                again = Judged(self.judged[n].call, self.judged[n].answer)
                again.hold(self._holding(right=True), self._values(self.right))
                self.judged[n].follows = not again.failed

    def _try(self, n: int) -> None:
        call = self.judged[n].call
        self.right[n] = again = Judged(call, self._with_right_parts().ask(call))
        if call.holds is not None:
            again.hold(self._holding(right=True), [again])
        self.judged[n].follows = not again.failed

    def _follows(self) -> bool:
        """Tell whether everything that failed fails because of what is called."""
        failing = [one for one in self.judged if one.failed and not one.call.remark]
        return bool(self.blamed) and bool(failing) and all(one.follows for one in failing)

    # --- which mistake ---

    def _diagnose(self) -> None:
        if self.blamed and not self.variants.knows_reference:
            self._send_to_parts()
        elif self.blamed:
            self._blame()
        else:
            self._diagnose_parts()
        self.name_mistake()
        for part in self.function.steps:
            if self._never_calls(part):
                for one in self.judged:
                    one.note(explain.never_calls(self.name, part))

    def _blame(self) -> None:
        because = explain.because(self.name, self.blamed, right=self._follows())
        for one in self.judged:
            if one.follows:
                one.note(because)

    def _send_to_parts(self) -> None:
        """Say what is to be mended first, where it cannot be known whether the function is right besides."""
        others, them = explain.listed(self.blamed), "it" if len(self.blamed) == 1 else "these"
        what = f"`{self.name}` calls {others}: mend {them} first, then check again."
        for one in self.judged:
            outcome = one.answer.outcome
            unwritten = isinstance(outcome, model.Raised) and outcome.type == "NotImplementedError"
            if not unwritten and not isinstance(outcome, NOT_CALLED):
                came = isinstance(outcome, Returned)
                one.note(Diagnosis(f"mend_{'_and_'.join(self.blamed)}_first", what, elsewhere=came))

    def _never_calls(self, part: str) -> bool:
        """Tell whether a function was not called, and is not spoken of anywhere besides its definition."""
        returned = any(one.value is not None for one in self.right.values())
        if not returned or self._apart is None or self._apart.asked[part]:
            return False
        mentioned = re.compile(rf"(?<!\bdef )\b{part}\b".encode())
        handed = self.run.submission
        texts = [*handed.files.values(), *(cell.source for cell in handed.cells)]
        return not any(mentioned.search(text) for text in texts)

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

    def _changed_by(self, part: str) -> list[str]:
        """Return which of its arguments a function changes in place."""
        changed: dict[str, None] = {}
        for call in self.run.plan.calls.get(part, ()):
            if not call.derived and not call.using:
                outcome = self.run.ask(call.request(echo=True)).outcome
                changed |= dict.fromkeys(explain.changes(call.args, outcome))
        return list(changed)
