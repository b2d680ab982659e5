"""What cases and functions are worth."""

from collections.abc import Sequence
from dataclasses import replace

from grader.model import CaseResult, ItemResult, Scoring, Status


def item(
    name: str, points: float, cases: Sequence[CaseResult], scoring: Scoring, follow_through: float = 0.0
) -> ItemResult:
    """Return a function's result from those of its cases, whose scores are set here.

    Remarks count for nothing. The other cases share the points equally. A case that passed earns its share, under
    `all_or_nothing` only where all others passed too, so that the cases' scores always add up to the function's.
    `follow_through` is what a case that failed is worth, where all fail only because of other functions; under
    `all_or_nothing` every case is then worth that.
    """
    counted = [case for case in cases if not case.remark]
    if not counted:
        raise ValueError(f"{name} has no case that counts, so nothing can earn its points")
    passed = sum(case.status == "passed" for case in counted)
    whole = passed == len(counted)
    share = points / len(counted)
    earned = share if whole or scoring == "proportional" else share * follow_through
    lost = 0.0 if whole else share * follow_through
    scored = tuple(
        case if case.remark else replace(case, max_score=share, score=earned if case.status == "passed" else lost)
        for case in cases
    )
    # whole points are not summed up from shares, whose rounding would show
    score = points if whole else earned * passed + lost * (len(counted) - passed)
    return ItemResult(name, "function", status(counted), score, points, scored)


def status(cases: Sequence[CaseResult]) -> Status:
    """Return `passed`, or the status of the first case that did not."""
    return next((case.status for case in cases if case.status != "passed"), "passed")
