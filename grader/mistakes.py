"""What is wrong with a spec, in words: pydantic's errors as `file:line: $.path: what (got ...)`."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails, PydanticCustomError

from grader.yamlfile import Document, Mistake, dotted

Keys = Mapping[str, Sequence[str]]
"""The keys that a mapping may have, by the key of the spec that it stands under (the whole spec's under "")."""


def in_words(file: Path, document: Document, mistakes: Sequence[Mistake]) -> str:
    """Return a line for each mistake, in the order of the file."""
    placed = [(mistake.line or document.line(mistake.path), mistake) for mistake in mistakes]
    placed.sort(key=lambda pair: pair[0])
    return "\n".join(f"{file}:{line}: {dotted(mistake.path)}: {mistake.message}" for line, mistake in placed)


def from_pydantic(document: Any, detail: ErrorDetails, keys: Keys) -> Mistake:
    """Return pydantic's error as a mistake at the path where the document has it."""
    location = (*detail["loc"], *detail.get("ctx", {}).get("below", ()))
    path, value = _path(document, location, missing=detail["type"] == "missing")
    if detail["type"] == "extra_forbidden":
        known = _allowed_keys(path, keys)
        return Mistake(
            path,
            "this key is not for this kind" if path[-1] in known else f"unknown key{suggest(str(path[-1]), known)}",
        )
    return Mistake(path, _WORDS.get(detail["type"], _plainly)(detail, value))


def at(below: Sequence[int | str], message: str) -> PydanticCustomError:
    """Return the error for a validator to raise where a part below the one that it validates is wrong."""
    return PydanticCustomError("at", "{message}", {"below": tuple(below), "message": message})


def _path(document: Any, location: tuple[int | str, ...], *, missing: bool) -> tuple[tuple[int | str, ...], Any]:
    """Return the part of an error's location that is in the document (the rest names types), and the value there."""
    path: list[Any] = []
    value = document
    for n, part in enumerate[Any](location):
        if (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int)):
            value = value[part]
        elif missing and n == len(location) - 1:
            value = None
        else:
            continue
        path.append(part)
    return tuple(path), value


def _allowed_keys(path: Sequence[int | str], keys: Keys) -> Sequence[str]:
    for part in reversed(path[:-1]):
        if part in keys:
            return keys[str(part)]
    return keys[""]


def suggest(word: str, known: Sequence[str]) -> str:
    """Return ` (did you mean ...?)`, or what there is to choose from."""
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else (f" (known: {', '.join(known)})" if known else "")


def _got(value: Any) -> str:
    text = repr(value)
    return f"(got {text if len(text) <= 60 else text[:57] + '...'})"


def _number(detail: ErrorDetails, value: Any) -> str:
    wanted = "a whole number" if detail["type"].startswith("int") else "a number"
    if isinstance(value, str) and _is_number(value):
        return f"must be {wanted} (got the text {value!r}: YAML reads 1e-6 as text, write 1.0e-6)"
    return f"must be {wanted} {_got(value)}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _own_words(detail: ErrorDetails, _value: Any) -> str:
    return detail["msg"].removeprefix("Value error, ")


def _plainly(detail: ErrorDetails, value: Any) -> str:
    message = detail["msg"].removeprefix("Input should be ")
    return f"must be {message} {_got(value)}" if message != detail["msg"] else f"{message} {_got(value)}"


def _must_be(what: str) -> Callable[[ErrorDetails, Any], str]:
    return lambda _detail, value: f"must be {what} {_got(value)}"


def _text(_detail: ErrorDetails, value: Any) -> str:
    hint = (
        ' (YAML reads yes, no, on and off as true and false: put them in "quotes")' if isinstance(value, bool) else ""
    )
    return f"must be a text {_got(value)}{hint}"


def _length(detail: ErrorDetails, value: Any) -> str:
    ctx = detail["ctx"]
    if ctx.get("min_length") == 1:
        return "must not be empty"
    wanted = f"at least {ctx['min_length']}" if "min_length" in ctx else f"at most {ctx['max_length']}"
    return f"must have {wanted} entries, not {len(value)}"


def _missing(detail: ErrorDetails, _value: Any) -> str:
    over = " (`over: steps` judges it over the rounds of a run; of the entries of an array, write a check in checks.py)"
    return f"this key is required{over if detail['loc'][-1] == 'over' else ''}"


def _mapping(detail: ErrorDetails, value: Any) -> str:
    example = ", as {atol: 1.0e-6}" if "tolerance" in detail["loc"] else ""
    return f"must be a mapping{example} {_got(value)}"


_KINDS = "number, formula, choice, text or plot"

_WORDS: dict[str, Callable[[ErrorDetails, Any], str]] = {
    "union_tag_not_found": lambda _detail, _value: f"needs a `kind`: {_KINDS}",
    "union_tag_invalid": lambda _detail, value: f"`kind` must be {_KINDS} {_got(value['kind'])}",
    "missing": _missing,
    "value_error": _own_words,
    "at": _own_words,
    "float_type": _number,
    "int_type": _number,
    "string_type": _text,
    "bool_type": _must_be("true or false"),
    "dict_type": _mapping,
    "model_type": _mapping,
    "list_type": _must_be("a list"),
    "string_too_short": lambda _detail, _value: "must not be empty",
    "too_short": _length,
    "too_long": _length,
    "model_attributes_type": _must_be("a mapping"),
}
