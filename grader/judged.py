"""A call of a function, with all that is found out about it, and what comes of that for the student."""

from dataclasses import dataclass

from grader import explain, messages, model
from grader.compare import compare
from grader.diagnose import Diagnosis
from grader.model import CaseResult, Comparison, Returned, Status
from grader.prepare import Call
from grader.run import Answer
from grader.seen import Violation
from grader.slips import Slip
from grader.spec import Spec

LONGEST_MESSAGE = 4000
"""In characters: a submission decides how long some of its names are."""

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
    accepted: Slip | None = None
    follows: bool = False
    """Whether it passes when the functions that it calls are right."""
    diagnosis: Diagnosis | None = None

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

    def compare(self) -> None:
        """Hold what came against what is wanted, unless it is a property that is asked for."""
        if isinstance(self.answer.outcome, Returned) and self.call.holds is None:
            self.comparison = compare(self.answer.outcome.value, self.call.want, self.call.rules)

    def note(self, diagnosis: Diagnosis) -> None:
        """Keep a diagnosis, if there is something to diagnose and no other was found before."""
        if self.failed and self.diagnosis is None:
            self.diagnosis = diagnosis

    def result(self, function: str, main: str, spec: Spec) -> CaseResult:
        """Return the case's result, in words; `main` is the file that was handed in."""
        call = self.call
        reveal: model.Reveal = "all" if call.visibility == "public" else spec.reveal
        shown = reveal == "all" and self.failed and not call.derived
        return CaseResult(
            name=call.name,
            status=self.status,
            visibility=call.visibility,
            score=0.0,
            max_score=0.0,
            seconds=self.answer.seconds,
            message=_cut(self._message(function, main, spec.limits, reveal)),
            remark=call.remark,
            diagnosis=self.diagnosis.id if self.diagnosis else None,
            inputs=explain.of_inputs(call.args) if shown else "",
        )

    def _message(self, function: str, main: str, limits: model.Limits, reveal: model.Reveal) -> str:
        if self.answer.loading:
            text = messages.of_loading(main, self.answer.outcome, limits)
        else:
            text = self._told(function, limits, reveal)
        if self.diagnosis:
            text = messages.of_diagnosis(self.diagnosis, text, reveal=reveal)
        return explain.freed(text) if self.call.remark and self.failed else text

    def _told(self, function: str, limits: model.Limits, reveal: model.Reveal) -> str:
        outcome = self.answer.outcome
        if self.accepted:
            return f"This is right as well: {self.accepted.what}"
        if not isinstance(outcome, Returned):
            return messages.of_outcome(function, outcome, limits, tuple(self.call.args), reveal=reveal)
        if self.violation:
            return messages.of_violation(self.violation, reveal=reveal)
        return messages.of_case(function, self.comparison or Comparison(), reveal=reveal)


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"
