"""What Gradescope says of the submissions in an export: who handed them in, and when.

It is YAML, a mapping by the names of the folders. Its values are taken as the texts that they are, so an id keeps the
zeros in front of it. A file of a single folder may be the work of the student whose folder it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

MOST = 20
"""How many may hand in together."""
LARGEST_ONE = 2**16
"""The largest that the file of a single folder may be, in bytes."""
DEEPEST = 10
"""How deep its values may be nested; libyaml has no limit of its own, and crashes."""
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One submission of an export."""

    people: tuple[tuple[str, ...], ...] = ()
    """Of each who handed it in: the id, the address, the name, as far as they are told."""
    time: datetime | None = None


def parse(data: bytes) -> Mapping[str, HandedIn]:
    """Return what stands in the file of a whole export, by the names of the folders.

    Raises:
        ValueError: it cannot be read; the text says why.
    """
    return {str(name): _handed_in(about) for name, about in _mapping(data).items()}


def parse_one(data: bytes) -> HandedIn:
    """Return what stands in the file of a single folder.

    Raises:
        ValueError: it cannot be read; the text says why.
    """
    if len(data) > LARGEST_ONE:
        raise ValueError(f"it has more than {LARGEST_ONE // 2**10} KiB")
    return _handed_in(_mapping(data))


def _mapping(data: bytes) -> Mapping[Any, Any]:
    try:
        text = data.decode("utf-8-sig")
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise ValueError("it is nested too deep")
        value = yaml.load(text, Loader=_LOADER)  # noqa: S506  it makes texts, lists and mappings, and nothing else
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"line {mark.line + 1 if mark else 1} is not valid YAML") from error
    if not isinstance(value, dict):
        raise ValueError("it is not a mapping, as Gradescope writes it")  # noqa: TRY004  of a file, not of an argument
    return value


def _handed_in(about: object) -> HandedIn:
    if not isinstance(about, dict):
        return HandedIn()
    submitters = about.get(":submitters")
    people = [_person(one) for one in submitters[:MOST]] if isinstance(submitters, list) else []
    return HandedIn(tuple(dict.fromkeys(filter(None, people))), _time(about.get(":created_at")))


def _person(submitter: object) -> tuple[str, ...]:
    if not isinstance(submitter, dict):
        return ()
    told: Sequence[object] = [submitter.get(key) for key in (":sid", ":email", ":name")]
    return tuple(value.strip() for value in told if isinstance(value, str) and value.strip() not in {"", "~", "null"})


def _time(value: object) -> datetime | None:
    """Return a moment that is told with its zone."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return datetime.fromisoformat("{}T{}{}".format(*found.groups())) if found else None
    except ValueError:
        return None
