"""What GitHub shows of results: a summary in Markdown, annotations at lines of code, and points in GitHub Classroom.

A student's text must not become Markdown, a mention of somebody, or a command to the workflow, which is a line that
begins with `::`. GitHub Classroom shows the sum of its tests' scores, so what is taken off is a test too; what the
tests print goes into the log, so each of their texts is one line.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from grader.cells import DECIMALS
from grader.classroom import Classroom
from grader.model import CaseResult, ItemResult, Result
from grader.printable import cut

LONGEST = 500
"""How much of a message is shown, in characters."""
SUMMARY = 1_000_000
"""How long a summary may be, in bytes: GitHub refuses one of more than 1 MiB."""
ANNOTATIONS = 10
"""How many errors of a step GitHub shows."""
_PASS = {"passed": "pass", "failed": "fail", "missing": "fail"}
"""What a status is to GitHub Classroom; any other is an error."""


def render(classroom: Classroom) -> Iterator[str]:
    """Yield the summary: of one submission item by item, of a class a row each."""
    yield f"## {_markdown(classroom.title or classroom.assignment)}\n\n"
    first = list(islice(classroom.results, 2))
    yield from _submission(first[0]) if len(first) == 1 else _class(classroom)


def _submission(result: Result) -> Iterator[str]:
    yield f"**{_markdown(result.id)}: {_score(result)}**\n\n"
    if result.fault:
        yield f"{_fault(result)}\n"
        return
    yield from (f"Note: {_markdown(note)}\n\n" for note in result.notes)
    yield "| item | status | points | first thing to mend |\n|---|---|---|---|\n"
    for item in result.items:
        points = f"{item.score:.4g} of {item.max_score:.4g}"
        case = _first(item)
        yield f"| {_markdown(item.name)} | {item.status} | {points} | {_markdown(case.message) if case else ''} |\n"


def _class(classroom: Classroom) -> Iterator[str]:
    yield "| submission | points | first thing to mend |\n|---|---|---|\n"
    size = left = 0
    for result in classroom.results:
        row = f"| {_markdown(result.id)} | {_score(result)} | {_fault(result) if result.fault else _mend(result)} |\n"
        size += len(row.encode())
        if size < SUMMARY:
            yield row
        else:
            left += 1
    if left:
        yield f"\n{left} more are not shown, for GitHub shows no more than 1 MiB.\n"


def _score(result: Result) -> str:
    if result.score is None:
        return "not graded"
    late = f", {result.penalty:.4g} taken off because it was late" if result.penalty else ""
    waiting = sum(item.max_score for item in result.items if item.status == "pending")
    pending = f", {waiting:.4g} still to be marked" if waiting else ""
    return f"{result.score:.4g} of {result.max_score:.4g} points{late}{pending}"


def _fault(result: Result) -> str:
    return f"A fault of the grader or its machine, which costs no points: {_markdown(result.fault or '')}"


def _mend(result: Result) -> str:
    first = next(((item, case) for item in result.items if (case := _first(item))), None)
    return f"{_markdown(first[0].name)}: {_markdown(first[1].message)}" if first else ""


def _first(item: ItemResult) -> CaseResult | None:
    """Return the first case that costs points."""
    return next((case for case in item.cases if case.status not in {"passed", "pending"} and not case.remark), None)


def _markdown(text: str) -> str:
    """Return the beginning of a text on one line, such that Markdown takes it for nothing else."""
    shown = re.sub(r"([\\`*_\[\]<>|~&$])", r"\\\1", _line(text))
    shown = re.sub(r"(?i)(:)(?=//)|(?<=www)(\.)", r"\\\1\2", shown)
    return shown.replace("@", "@\u200b")  # a space without width, after which nobody is mentioned


def _line(text: str) -> str:
    return " ".join(cut(text, LONGEST).split())


def annotations(classroom: Classroom, folder: str = "") -> Iterator[str]:
    """Yield the commands that mark what to mend, as many as GitHub shows; of each item its first case.

    `folder` is where in the repository the submission is.
    """
    found = (one for result in classroom.results for one in _mistakes(result, folder))
    return islice((_command(*one) for one in found), ANNOTATIONS)


def _mistakes(result: Result, folder: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield a title, a message and the place of what is first to mend in each item."""
    if result.fault:
        yield f"{result.id} was not graded", f"a fault of the grader, which costs no points: {result.fault}", {}
    for item in result.items:
        case = _first(item)
        if case:
            spot = case.spot if case.spot and case.spot.file in result.files else None
            place = {"file": str(PurePosixPath(folder, spot.file)), "line": str(spot.line)} if spot else {}
            yield f"{result.id}: {item.name}", case.message, place


def _command(title: str, message: str, place: dict[str, str]) -> str:
    properties = {**place, "title": title}
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::error {given}::{_data(message)}\n"


def _data(text: str) -> str:
    return cut(text, LONGEST).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def payload(result: Result) -> str:
    """Return what GitHub Classroom's reporter takes as a step's output `result`."""
    status = "error" if result.fault else "fail" if result.lost else "pass"
    told = {
        "version": 3,
        "status": status,
        "max_score": 0 if result.fault else round(result.max_score, DECIMALS),  # with 0 it reports no points at all
        "tests": list(_tests(result)),
    }
    return b64encode(json.dumps(told, allow_nan=False).encode()).decode()


def _tests(result: Result) -> Iterator[dict[str, Any]]:
    if result.score is None:
        yield _test("grading", "error", 0.0, _line(result.fault or ""))
        return
    for item in result.items:
        if item.status != "pending":
            yield _of_item(item)
    if result.penalty:
        late = result.score - sum(item.score for item in result.items)
        yield _test("handed in late", "fail", late, f"{-late:.4g} taken off")


def _of_item(item: ItemResult) -> dict[str, Any]:
    case = _first(item)
    seconds = sum(case.seconds for case in item.cases)
    told = _test(_line(item.name), _PASS.get(item.status, "error"), item.score, _line(case.message) if case else "")
    place = {"filename": _line(case.spot.file), "line_no": case.spot.line} if case and case.spot else {}
    return {**told, "duration": round(seconds, 6), **place}


def _test(name: str, status: str, score: float, message: str) -> dict[str, Any]:
    told = {"name": name, "status": status, "score": round(score, DECIMALS), "message": message}
    return {**told, "filename": "", "line_no": 0, "duration": 0.0}
