"""One submission on Gradescope's machine, graded as any other: what `run_autograder` of a package runs.

    submission/ ──► places, as `grade` has them ──► result ─┐
    submission_metadata.json ──► when it is due, and        ├─► policy ──► results/results.json
                                 what was handed in before ─┘

Gradescope gives back the results of what was handed in before. So each has under `extra_data` what that attempt earned
before anything was taken off, and `policy` settles all attempts anew: there is no other memory.

It fails closed: a file without a score is there before this starts, and is replaced by a whole one or not at all. Why
something failed is printed, which Gradescope shows to instructors alone; it may tell of what is hidden.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from grader import assignment, outputs, places
from grader.assignment import Assignment
from grader.cells import DECIMALS
from grader.errors import FaultError, GraderError
from grader.found import Place
from grader.model import Attempt, ItemResult, Result
from grader.policy import Handing, Moment, Policy, settle
from grader.report import gradescope, terminal
from grader.report.json import first_mistake
from grader.sandbox.launch import zygotes
from grader.submission import read_place

ASSIGNMENT = "source/assignment"
SUBMISSION = "submission"
METADATA = "submission_metadata.json"
RESULTS = "results/results.json"
_ID = "submission"


# --- what Gradescope says --------------------------------------------------------------------------------------------


class _Part(BaseModel):
    """A mapping, of which no more is looked at than is needed."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class _Ours(_Part):
    points: float | None
    """What the attempt earned before anything was taken off; None if it was not graded."""


def _if_ours(value: Any) -> Any:
    """Return what we left there; another autograder may have left anything."""
    return value if isinstance(value, dict) else None


class _Extra(_Part):
    proofgrade: Annotated[_Ours | None, BeforeValidator(_if_ours)] = None


class _Results(_Part):
    score: float | None = None
    tests: tuple[dict[str, Any], ...] | None = None
    extra_data: Annotated[_Extra | None, BeforeValidator(_if_ours)] = None


class _Previous(_Part):
    submission_time: Moment
    score: float | None = None
    results: _Results | None = None


class _Dates(_Part):
    due_date: Moment | None = None


class _User(_Part):
    assignment: _Dates | None = None


class Metadata(_Part):
    """What Gradescope says of a submission."""

    created_at: Moment
    assignment: _Dates = _Dates()
    users: tuple[_User, ...] = ()
    previous_submissions: Annotated[tuple[_Previous, ...], BeforeValidator(lambda value: value or ())] = ()

    @property
    def due(self) -> datetime | None:
        """When it is due, if Gradescope knows that: of those who hand in together, the latest."""
        own = [user.assignment.due_date for user in self.users if user.assignment and user.assignment.due_date]
        return max(own, default=self.assignment.due_date)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An attempt that was graded before, and the tests that were shown of it."""

    handing: Handing
    tests: Sequence[dict[str, Any]]


def read(path: Path) -> Metadata:
    """Return what Gradescope says of a submission.

    Raises:
        FaultError: it is not as Gradescope writes it.
    """
    try:
        return Metadata.model_validate_json(path.read_bytes())
    except OSError as error:
        raise FaultError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise FaultError(f"{path}: this is not as Gradescope writes it: {first_mistake(error)}") from None


def earlier(about: Metadata) -> list[Earlier]:
    """Return the attempts that were graded before, in their order."""
    ordered = sorted(about.previous_submissions, key=lambda previous: previous.submission_time)
    return [Earlier(handing, one.results.tests or ()) for one in ordered if one.results and (handing := _handing(one))]


def _handing(previous: _Previous) -> Handing | None:
    """Return an attempt; if another autograder graded it, with the score that it has, from which nothing is taken."""
    results = previous.results or _Results()
    if results.extra_data and results.extra_data.proofgrade:
        points, time = results.extra_data.proofgrade.points, previous.submission_time
        return None if points is None else Handing(_worth(points), time)
    graded = previous.score is not None and (results.score is not None or results.tests)
    return Handing(_worth(previous.score or 0.0)) if graded else None


def _worth(points: float) -> Result:
    """Return a result of which nothing is known but the points."""
    item = ItemResult("earlier", "function", "passed", points, points, ())
    return Result("", _ID, (), "", (item,), points, stdout="", sandbox=(), seconds=0.0)


# --- what Gradescope gets --------------------------------------------------------------------------------------------


def rendered(result: Result, before: Sequence[Earlier], policy: Policy, handed_in: datetime) -> dict[str, Any]:
    """Return the file of a submission that was graded: its own tests, and the score of the attempt that counts."""
    settled = settle([*(one.handing for one in before), Handing(result, handed_in)], policy)
    this, counts = settled.attempts[-1], _that_counts(settled)
    shown = settled if counts is this else result
    told: dict[str, Any] = json.loads(gradescope.render_one(shown))
    lines = [*_of_attempts(this, counts, policy), told["output"]]
    return told | _about(settled, lines, this.score)


def closed(before: Sequence[Earlier], policy: Policy) -> dict[str, Any]:
    """Return the file of a submission that comes after all attempts that may count: it shows the one that does."""
    settled = settle([one.handing for one in before], policy)
    counts = _that_counts(settled)
    line = (
        f"Not graded: {policy.most} {'attempt' if policy.most == 1 else 'attempts'} may count, and as many were graded "
        f"before. The score and the tests are those of attempt {counts.number}, {_points(counts)}."
    )
    formats = {"test_output_format": "text", "test_name_format": "text"}
    return _about(settled, [line], None) | formats | {"tests": before[counts.number - 1].tests}


def _about(settled: Result, lines: Sequence[str], points: float | None) -> dict[str, Any]:
    return {
        "score": round(settled.score or 0.0, DECIMALS),
        "output": "\n\n".join(filter(None, lines)),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": {"proofgrade": {"points": points}},
    }


def _that_counts(settled: Result) -> Attempt:
    return next(attempt for attempt in settled.attempts if attempt.counts)


def _of_attempts(this: Attempt, counts: Attempt, policy: Policy) -> Iterator[str]:
    """Say how many attempts are left, and where another counts, which one."""
    if policy.most is not None:
        left = policy.most - this.number
        yield f"Attempt {this.number} of {policy.most}: {left or 'none'} {'is' if left < 2 else 'are'} left."
    if counts is not this:
        why = f" ({this.why})" if this.why else ""
        yield (
            f"The score is that of attempt {counts.number}, {_points(counts)}. "
            f"This one has {_points(this)}{why}; the tests are its own."
        )


def _points(attempt: Attempt) -> str:
    worth = (attempt.score or 0.0) - attempt.penalty
    return f"{worth:.4g} {'point' if worth == 1 else 'points'}"


# --- the run ---------------------------------------------------------------------------------------------------------


def run(root: Path) -> None:
    """Grade what lies in Gradescope's folder, and write the results there.

    Raises:
        GraderError: it could not be graded; nothing was written.
    """
    about, loaded = read(root / METADATA), assignment.load(root / ASSIGNMENT)
    policy = replace(Policy.of(loaded.spec), due=about.due or loaded.spec.due)
    before = earlier(about)
    if policy.most is not None and len(before) >= policy.most:
        told = closed(before, policy)
    else:
        result = _graded(loaded, root / SUBMISSION)
        told = rendered(result, before, policy, about.created_at)
        remark = f"Kept in by: {', '.join(result.sandbox) or 'nothing, for nothing of it is run'}."
        print(terminal.render([result], loaded.spec.name, remarks=[remark]), end="")  # noqa: T201  for the instructor
    outputs.replace(root / RESULTS, [json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1), "\n"])


def _graded(loaded: Assignment, folder: Path) -> Result:
    with ExitStack() as stack:
        begun = zygotes(stack, 1 if loaded.spec.submission.code else 0)
        here = stack.enter_context(places.here(loaded, None, 1, begun))
        result = here.grade(read_place(Place(_ID, folder), loaded.spec.submission))
    if result.fault:
        raise FaultError(result.fault)
    return result


def main() -> int:
    """Grade, and return the exit status: 0 whatever the score, and another where there is none."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        run(Path(sys.argv[1]))
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)  # noqa: T201  for the instructor
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
