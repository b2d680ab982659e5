"""Gradescope's `results.json`, which is of one submission.

A test is a case, or an item whose cases do not tell its points. What the results tell of a hidden case the student
may read, so no test is hidden: with a hidden one Gradescope would show the student no total. What a person still has
to mark has no points here, and gets them in Gradescope. A submission that was not graded has neither tests nor a
score, which Gradescope takes for a failure of the autograder: the student gets no points, and no 0 either.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from grader.cells import DECIMALS
from grader.model import CaseResult, ItemResult, Result
from grader.printable import cut

LONGEST = 5_000
"""How much of a message, or of what was printed, is shown, in characters."""
LONGEST_NAME = 200
"""The same of a name."""


def render_one(result: Result) -> str:
    """Return the file of a submission."""
    about: dict[str, Any] = {
        "execution_time": round(result.seconds, 3),
        "output": "\n\n".join(_output(result)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
    }
    if result.score is not None:
        about["score"] = round(result.score, DECIMALS)
        about["tests"] = [test for n, item in enumerate(result.items, start=1) for test in _tests(n, item)]
    return json.dumps(about, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _output(result: Result) -> Iterator[str]:
    if result.fault:
        yield f"Not graded, and nothing is lost: {cut(result.fault, LONGEST)}. Your teachers can have it graded again."
    if result.penalty:
        yield f"Handed in late: {result.penalty:.4g} taken off the points of the tests."
    yield from (cut(note, LONGEST) for note in result.notes)
    if result.printed:
        yield f"It printed:\n{cut(result.printed, LONGEST)}"
    elif result.stdout:
        yield "What it printed is not shown, since some cases are hidden."


def _tests(number: int, item: ItemResult) -> Iterator[dict[str, Any]]:
    if item.status == "pending":
        yield _test(str(number), item.name, f"Still to be marked: worth {item.max_score:.4g}.")
    elif math.isclose(math.fsum(case.score for case in item.cases), item.score, abs_tol=1e-9):
        for n, case in enumerate(item.cases, start=1):
            yield _test(f"{number}.{n}", f"{item.name}: {case.name}", _message(case)) | _points(case)
    else:
        messages = dict.fromkeys(_message(case) for case in item.cases)
        yield _test(str(number), item.name, "\n".join(filter(None, messages))) | _points(item)


def _test(number: str, name: str, output: str) -> dict[str, Any]:
    return {"number": number, "name": cut(name, LONGEST_NAME), "output": output}


def _message(case: CaseResult) -> str:
    return cut(case.message + (f"\ncalled with {case.inputs}" if case.inputs else ""), LONGEST)


def _points(one: CaseResult | ItemResult) -> dict[str, Any]:
    """Return what one is worth; a remark is worth nothing, and nothing is lost by it."""
    if isinstance(one, CaseResult) and one.remark:
        return {}
    status = "passed" if one.status == "passed" else "failed"
    return {"score": round(one.score, DECIMALS), "max_score": round(one.max_score, DECIMALS), "status": status}
