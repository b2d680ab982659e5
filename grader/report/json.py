"""One result as one line of JSON, and back.

`parse(render(result))` is the result, with its seconds rounded and without the executed notebook, which is no part of a
line. A line is believed no further than its form: types, statuses and pictures are checked, and the score is added up
anew from the items.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from grader import __version__
from grader.classroom import Classroom
from grader.content import Content
from grader.model import Attempt, ItemResult, Result

SCHEMA = 1
_ITEM = TypeAdapter(ItemResult)


def render(result: Result) -> str:
    """Return a result as a line of JSON, without the line's end."""
    return json.dumps(_result(result), ensure_ascii=False, allow_nan=False)


def document(classroom: Classroom) -> Iterator[str]:
    """Yield the results of a class as one array, a result at a time."""
    separator = "[\n"
    for result in classroom.results:
        yield separator + render(result)
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def _result(result: Result) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "assignment": result.assignment,
        "submission": {"id": result.id, "files": list(result.files), "sha256": result.sha256},
        "status": "fault" if result.fault else "graded",
        **({"fault": result.fault} if result.fault else {}),
        "score": result.score,
        "max_score": result.max_score,
        "penalty": result.penalty,
        "attempts": [asdict(attempt) for attempt in result.attempts],
        "items": [_item(item) for item in result.items],
        "notes": list(result.notes),
        "stdout": result.stdout,
        "sandbox": list(result.sandbox),
        "seconds": round(result.seconds, 6),
        "grader": __version__,
    }


def _item(item: ItemResult) -> dict[str, Any]:
    told: dict[str, Any] = _ITEM.dump_python(item, warnings=False)  # many times faster than `asdict`
    for case in told["cases"]:
        case["seconds"] = round(case["seconds"], 6)
    return told | {"content": _content(item.content) if item.content else None}


def _content(content: Content) -> dict[str, Any]:
    pictures = [{"media": one.media, "data": b64encode(one.data).decode()} for one in content.pictures]
    return {"text": content.text, "pictures": pictures, "sha256": content.sha256}


class _Part(BaseModel):
    """A mapping of a line; the records inside it are held to the same form."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, val_json_bytes="base64")


class _Submission(_Part):
    id: str
    files: tuple[str, ...]
    sha256: str


class _Line(_Part):
    number: Literal[1] = Field(alias="schema")
    assignment: str
    submission: _Submission
    fault: str | None = None
    max_score: float
    items: tuple[ItemResult, ...]
    notes: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    penalty: float = Field(default=0.0, ge=0)
    stdout: str
    sandbox: tuple[str, ...]
    seconds: float


def parse(line: str) -> Result:
    """Return the result that a line of JSON holds.

    Raises:
        ValueError: it holds none; the text says on one line what is wrong with it.
    """
    try:
        read = _Line.model_validate_json(line)
    except ValidationError as error:
        raise ValueError(f"this is no result of `grader grade`: {first_mistake(error)}") from None
    return Result(
        assignment=read.assignment,
        id=read.submission.id,
        files=read.submission.files,
        sha256=read.submission.sha256,
        items=read.items,
        max_score=read.max_score,
        stdout=read.stdout,
        sandbox=read.sandbox,
        seconds=read.seconds,
        fault=read.fault,
        notes=read.notes,
        attempts=read.attempts,
        penalty=read.penalty,
    )


def first_mistake(error: ValidationError) -> str:
    """Return where in a line of JSON the first thing stands that is wrong, and what that is."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in first["loc"])
    return f"${where}: {first['msg']}" if where else first["msg"]
