"""A call of a function, with all that is found out about it, and what comes of that for the student."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from grader import explain, messages, model, rows
from grader.compare import compare
from grader.components import entries, like
from grader.diagnose import Diagnosis
from grader.hold import Holding
from grader.model import CaseResult, Returned, Status
from grader.prepare import Call
from grader.problems import Comparison
from grader.run import Answer
from grader.sandbox.values import Opaque
from grader.seen import Violation
from grader.slips import Slip
from grader.spec import Spec
from grader.submission import Handed

LONGEST_MESSAGE = 4000
"""In characters: a submission decides how long some of its names are."""

ACCEPTED = "This is right as well:"
"""How the message of a case begins that an accepted variant passes."""
TOO_LARGE = Opaque("value that is far too large")
"""Stands for what came where keeping it would only cost memory."""
MOST_TIMES = 10
"""How many times as large as what is wanted a value may be to be kept."""

STATUS: dict[type, Status] = {
    model.Raised: "error", model.WrongSignature: "error", model.TooLarge: "error", model.Unreadable: "error",
    model.TimedOut: "timeout", model.OutOfMemory: "memory", model.Killed: "killed", model.Flooded: "killed",
    model.Blocked: "blocked", model.Missing: "missing", model.BadValue: "failed",
}  # fmt: skip


@dataclass(slots=True)
class Judged:
    """A call, and all that is found out about it."""

    call: Call
    answer: Answer
    comparison: Comparison | None = None
    violation: Violation | None = None
    broken_by: Call | None = None
    """The call that breaks a property of several."""
    accepted: Slip | None = None
    follows: bool = False
    """Whether it passes when the functions that it calls are right."""
    diagnosis: Diagnosis | None = None

    def __post_init__(self) -> None:
        """Hold what came against what is wanted, and keep it in the form of that, unless it is far too large."""
        outcome, want = self.answer.outcome, self.call.want
        if isinstance(outcome, Returned) and self.call.holds is None:
            self.comparison = compare(outcome.value, want, self.call.rules)
            if self.comparison.problems:  # what is right needs no second look
                kept = outcome.value if self.call.rules.strict else like(outcome.value, want)
                kept = TOO_LARGE if entries(kept) > MOST_TIMES * (entries(want) + 1000) else kept
                self.answer = replace(self.answer, outcome=replace(outcome, value=kept))

    @property
    def value(self) -> Any:
        """What came, if something did that can be looked at, else None."""
        outcome = self.answer.outcome
        return outcome.value if isinstance(outcome, Returned) and outcome.value is not TOO_LARGE else None

    @property
    def status(self) -> Status:
        """The case's; only a value that came and was found right has passed."""
        match self.answer.outcome:
            case _ if self.accepted:
                return "passed"
            case Returned():
                return "passed" if self._is_right() else "failed"
            case model.Unreadable(absent=True):
                return "missing"
            case outcome:
                return STATUS[type(outcome)]

    def _is_right(self) -> bool:
        if self.call.holds is not None:
            return self.violation is None
        return self.comparison is not None and not self.comparison.problems

    @property
    def failed(self) -> bool:
        """Whether it has not passed."""
        return self.status != "passed"

    def hold(self, holding: Holding, of: Sequence["Judged"]) -> None:
        """Judge its property on what calls returned; where none did, it does not hold."""
        returned = [one for one in of if isinstance(one.answer.outcome, Returned)]
        if not returned:
            self.answer = of[0].answer
        for one in returned:
            self.violation = holding.broken(self.call, one.call, one.answer)
            if self.violation:
                self.broken_by = one.call
                return

    def accept(self, variant: Slip, value: Returned | None) -> None:
        """Let it pass as another right answer, if it is that in its form too."""
        outcome = self.answer.outcome
        if value and isinstance(outcome, Returned):
            comparison = compare(outcome.value, value.value, self.call.rules)
            self.accepted = None if comparison.problems else variant

    def note(self, diagnosis: Diagnosis) -> None:
        """Keep a diagnosis, if there is something to diagnose and no other was found before."""
        if self.failed and self.diagnosis is None and not self.call.remark:
            self.diagnosis = diagnosis

    @property
    def reveal(self) -> model.Reveal:
        """How much may be told; of a property no more than of the call that breaks it."""
        calls = (self.call, self.broken_by or self.call)
        return min((call.reveal for call in calls), key=get_args(model.Reveal).index)

    @property
    def may_be_named(self) -> bool:
        """Whether the mistake may be told."""
        return messages.shows(self.reveal, "diagnosis")

    def result(self, function: str, handed: Handed, spec: Spec) -> CaseResult:
        """Return the case's result, in words."""
        call, reveal = self.call, self.reveal
        elsewhere = self.diagnosis is not None and self.diagnosis.elsewhere
        shown = reveal == "all" and self.failed and self._was_called() and not call.derived and not elsewhere
        return CaseResult(
            name=call.name,
            status=self.status,
            visibility=call.visibility,
            score=0.0,
            max_score=0.0,
            seconds=self.answer.seconds,
            message=_cut(self._message(function, handed.main, spec.limits, reveal)),
            remark=call.remark,
            diagnosis=self.diagnosis.id if self.diagnosis and self.may_be_named else None,
            inputs=explain.of_inputs(call.args) if shown else "",
            spot=None if elsewhere else rows.spot(self.answer.outcome, _names(handed)),
            rows=() if elsewhere or self.accepted else rows.of_comparison(self.comparison or Comparison(), reveal),
        )

    def _was_called(self) -> bool:
        """Tell whether the arguments may have to do with what came."""
        match self.answer.outcome:
            case model.Missing() | model.WrongSignature() | model.Raised("NotImplementedError"):
                return False
        return not self.answer.loading

    def _message(self, function: str, main: str, limits: model.Limits, reveal: model.Reveal) -> str:
        if self.answer.loading:
            text = messages.of_loading(main, self.answer.outcome, limits)
        else:
            text = self._told(function, limits, reveal)
        if self.diagnosis:
            hidden = self.diagnosis.elsewhere and not self.violation and reveal != "title"
            text = messages.of_diagnosis(self.diagnosis, "" if hidden else text, reveal=reveal)
        return explain.freed(text) if self.call.remark and self.failed else text

    def _told(self, function: str, limits: model.Limits, reveal: model.Reveal) -> str:
        outcome = self.answer.outcome
        if self.accepted:
            return f"{ACCEPTED} {self.accepted.what}"
        if not isinstance(outcome, Returned):
            return messages.of_outcome(function, outcome, limits, tuple(self.call.args), reveal=reveal)
        if self.violation:
            return messages.of_violation(self.violation, reveal=reveal)
        comparison = self.comparison or Comparison()
        if self.diagnosis:  # which says more than the second problem would
            comparison = Comparison(comparison.problems[:1])
        return messages.of_case(function, comparison, reveal=reveal)


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"


def _names(handed: Handed) -> set[str]:
    """Return what frames call the files and cells that were handed in."""
    return {*handed.files, *(cell.name for cell in handed.cells)}
