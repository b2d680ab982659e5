"""A student's answer sheet: from the bytes of a `.yaml`, `.json` or `.csv` file to texts by the questions' ids.

A value is the text that was typed, a list of such (several ticks), or a mapping (several blanks). An answer may come
with the attempts before it, as a platform records them: `{attempts: [-24, -24.5]}`, or in a table as rows with the
same id.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import ceil
from typing import Any

import yaml

from grader.answers.verdict import Raw, UnreadableAnswer, quoted
from grader.content import Picture
from grader.yamlfile import LOADER, MANY, read

LARGEST = 2**18
"""In bytes."""
MOST = 1000
"""How many answers a sheet may have, with all attempts, ticks and blanks."""
DEEPEST = 10
"""How deep they may be nested."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a student answered."""

    attempts: Mapping[str, list[Raw]] = field(default_factory=dict)
    """By the question's id, the latest last."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Why the answer to a question cannot be told."""
    pictures: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    """What the cells of a notebook show."""


def parse(name: str, data: bytes) -> Sheet:
    """Return what stands in a sheet. What is wrong with one answer leaves the others alone.

    Raises:
        UnreadableAnswer: the sheet cannot be read; the text says why, and in which line.
    """
    if len(data) > LARGEST:
        raise UnreadableAnswer(f"{name} has {ceil(len(data) / 2**10)} KiB; an answer sheet may have {LARGEST // 2**10}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableAnswer(f"{name}, line {line}, is not UTF-8: save it as that") from error
    answers, problems = _READERS[name.rpartition(".")[2]](name, text)
    if not isinstance(answers, dict):
        raise UnreadableAnswer(
            f"{name} must have a line `question: answer` for each question, with a space after the `:`"
        )
    if len(answers) > MOST:
        raise _too_many(name)
    attempts: dict[str, list[Raw]] = {}
    for key, value in answers.items():
        try:
            attempts[_text(key)] = _attempts(_raw(value))
        except UnreadableAnswer as error:
            problems.setdefault(_text(key), f"{name}: {error}")
    if sum(map(_count, attempts.values())) > MOST:
        raise _too_many(name)
    return Sheet(attempts, problems)


def _too_many(name: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"{name} has more than {MOST} answers")


def _text(text: str) -> str:
    """Return a text that can be written down: JSON can escape half a character."""
    return text.encode(errors="replace").decode()


def _raw(value: Any, depth: int = 0) -> Raw:
    """Return an answer of reasonable size, with JSON's true, false and null as they are typed in YAML."""
    if isinstance(value, list | dict) and (depth == DEEPEST or len(value) > MOST):
        raise UnreadableAnswer("the answer has too many parts, or they are nested too deep")
    if isinstance(value, list):
        return [_raw(part, depth + 1) for part in value]
    if isinstance(value, dict):
        return {_text(key): _raw(part, depth + 1) for key, part in value.items()}
    return _text(value) if isinstance(value, str) else {True: "true", False: "false", None: ""}[value]


def _count(raw: Raw) -> int:
    """Return how many texts there are, an empty list being one too."""
    if isinstance(raw, str):
        return 1
    return max(1, sum(map(_count, raw.values() if isinstance(raw, dict) else raw)))


def _attempts(value: Raw) -> list[Raw]:
    if isinstance(value, dict) and set(value) == {"attempts"} and isinstance(value["attempts"], list):
        return value["attempts"]
    return [value]


def _refuse_oddities(name: str, text: str) -> None:
    """Refuse tags, and more or deeper values than a sheet has, before all are held: libyaml takes seconds for some.

    Raises:
        UnreadableAnswer: there are such.
    """
    if max(map(text.count, "[{-?")) >= MANY:  # for which `read` has a reader that is slow
        raise UnreadableAnswer(f"{name} has {MANY} dashes or brackets, or more")
    depth = count = 0
    try:
        for event in yaml.parse(text, Loader=LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            count += isinstance(event, yaml.NodeEvent)
            if getattr(event, "tag", None) is not None:
                where = f"{name}, line {event.start_mark.line + 1 if event.start_mark else 1}"
                raise UnreadableAnswer(f'{where}, has a text that begins with `!`: put it in "quotes"')
            if depth > DEEPEST:
                raise UnreadableAnswer(f'{name} is nested too deep: put a text with brackets in "quotes"')
            if count > 3 * MOST:  # with keys
                raise _too_many(name)
    except yaml.YAMLError:
        return  # `read` says what and where


def _yaml(name: str, text: str) -> tuple[Any, dict[str, str]]:
    _refuse_oddities(name, text)
    document = read(text, typed=False)
    problems: dict[str, str] = {}
    for mistake in document.mistakes:
        where = f"{name}, line {mistake.line or 1}"
        if not mistake.path:
            hint = 'put a text with `: `, ` #` or signs in front in "quotes"'
            raise UnreadableAnswer(f"{where}, is not valid YAML: {mistake.message} ({hint})")
        problems.setdefault(str(mistake.path[0]), f"{where}: {mistake.message[:200]}")
    return document.value or {}, problems


def _json(name: str, text: str) -> tuple[Any, dict[str, str]]:
    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        for key, value in pairs:
            if key in keys:
                raise UnreadableAnswer(f"{name}: the key {quoted(_text(key))} stands there twice")
            keys[key] = value
        return keys

    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=unique), {}
    except json.JSONDecodeError as error:
        raise UnreadableAnswer(f"{name}, line {error.lineno}, is not valid JSON: {error.msg}") from error
    except RecursionError as error:
        raise UnreadableAnswer(f"{name} is nested too deep") from error


def _csv(name: str, text: str) -> tuple[Any, dict[str, str]]:
    """Return a table's answers: an id and an answer in each row, the blanks of a question as `id.blank`."""
    separator = ";" if re.match(r"[^,;\n]*;", text) else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = [*islice(reader, 3 * MOST)]
    except csv.Error as error:
        raise UnreadableAnswer(f"{name}, line {reader.line_num}, is not valid CSV: {error}") from error
    if len(rows) == 3 * MOST:
        raise _too_many(name)
    return _entered(name, separator, list(filter(any, rows)))


def _entered(name: str, separator: str, rows: Sequence[Sequence[str]]) -> tuple[Any, dict[str, str]]:
    """Return the answers in the rows of a table; a formula may have the separator in it, where no more columns are."""
    rows, width = (rows[1:], len(rows[0])) if rows and _is_heading(rows[0]) else (rows, 2)
    answers: dict[str, dict[str, list[Raw]]] = {}
    for row in rows:
        question, _, blank = row[0].strip().partition(".")
        answer = separator.join(row[1:] if width == 2 else row[1:2]).strip()
        answers.setdefault(question, {}).setdefault(blank, []).append(answer)
    mixed = {question for question, blanks in answers.items() if "" in blanks and len(blanks) > 1}
    problems = {question: f"{name}: `{question}` has rows of its own and rows for its blanks" for question in mixed}
    return {question: {"attempts": _in_turn(blanks)} for question, blanks in answers.items()}, problems


def _in_turn(blanks: Mapping[str, list[Raw]]) -> list[Raw]:
    """Return the attempts at a question from the rows of its blanks: one that is not filled again stays as it was."""
    if "" in blanks:
        return blanks[""]
    count = max(map(len, blanks.values()))
    return [{blank: rows[min(n, len(rows) - 1)] for blank, rows in blanks.items()} for n in range(count)]


def _is_heading(row: Sequence[str]) -> bool:
    names = [cell.strip() for cell in row[:2]]
    return len(names) == 2 and bool(
        re.fullmatch(r"(?i)id|name|question|item", names[0]) and re.fullmatch(r"(?i)answers?|values?", names[1])
    )


_READERS: Mapping[str, Callable[[str, str], tuple[Any, dict[str, str]]]] = {
    "yaml": _yaml,
    "yml": _yaml,
    "json": _json,
    "csv": _csv,
}

SUFFIXES = tuple(f".{suffix}" for suffix in _READERS)
"""How the name of a sheet may end."""
