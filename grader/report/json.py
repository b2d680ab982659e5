"""One result as one line of JSON."""

import json
from dataclasses import asdict
from typing import Any

from grader import __version__
from grader.model import ItemResult, Result

SCHEMA = 1


def render(result: Result) -> str:
    """Return a result as a line of JSON, without the line's end."""
    return json.dumps(_result(result), ensure_ascii=False, allow_nan=False)


def _result(result: Result) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "assignment": result.assignment,
        "submission": {"id": result.id, "files": list(result.files), "sha256": result.sha256},
        "status": "fault" if result.fault else "graded",
        **({"fault": result.fault} if result.fault else {}),
        "score": result.score,
        "max_score": result.max_score,
        "items": [_item(item) for item in result.items],
        "stdout": result.stdout,
        "sandbox": list(result.sandbox),
        "seconds": round(result.seconds, 6),
        "grader": __version__,
    }


def _item(item: ItemResult) -> dict[str, Any]:
    cases = [{**asdict(case), "seconds": round(case.seconds, 6)} for case in item.cases]
    return {**asdict(item), "cases": cases}
