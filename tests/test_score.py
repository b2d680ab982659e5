"""What cases and functions earn."""

import pytest

from grader import score
from grader.model import CaseResult


def case(status, *, remark=False):
    return CaseResult("a case", status, "public", 0.0, 0.0, 0.0, "", remark)


P, F, E, T = (case(status) for status in ("passed", "failed", "error", "timeout"))
REMARK = case("failed", remark=True)


@pytest.mark.parametrize(
    ("cases", "status", "whole", "share"),
    [
        ([P, P], "passed", 3, 3), ([P, F], "failed", 0, 1.5), ([F, F], "failed", 0, 0), ([P, P, P, E], "error", 0, 2.25),
        ([T, F, P], "timeout", 0, 1), ([P, REMARK], "passed", 3, 3), ([F, REMARK], "failed", 0, 0),
        ([P] * 7, "passed", 3, 3),
    ],
)  # fmt: skip
def test_a_function_earns_all_or_nothing_or_its_share(cases, status, whole, share):
    for scoring, earned in (("all_or_nothing", whole), ("proportional", share)):
        item = score.item("f", 3, cases, scoring)
        assert (item.status, item.score, item.max_score) == (status, earned, 3)
        assert sum(case.score for case in item.cases) == pytest.approx(item.score)
        assert sum(case.max_score for case in item.cases) == pytest.approx(3)


def test_a_remark_is_worth_nothing():
    remark = score.item("f", 3, [P, REMARK], "proportional").cases[1]
    assert (remark.score, remark.max_score) == (0, 0)


@pytest.mark.parametrize("cases", [[], [REMARK], [case("passed", remark=True)]])
def test_without_a_case_that_counts_nothing_is_earned(cases):
    with pytest.raises(ValueError, match="f has no case that counts"):
        score.item("f", 3, cases, "proportional")
