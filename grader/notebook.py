"""A notebook as it was handed in: from its bytes to its cells. Nothing of it is run here.

    bytes ── text ── JSON ── cells as nbformat 4 has them ── Cell(number, kind, source, python, tags, pictures)

Jupyter's formats 4.0 to 4.5 differ in nothing that is read here (cells got ids), so their cells are taken as they
stand; an older notebook's go through nbformat's own upgrade. Validity is not asked for: metadata that is broken, ids
that are there twice, a kernel or outputs that are missing cost nothing, and what can be read is read. What cannot is an
`UnreadableNotebook`, with words for the student. Sizes are limited before anything is made of them.

A cell is tagged by its metadata, or by a line of its own: `# answer: NAME`, in Markdown also `<!-- answer: NAME -->`.
"""

import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

from grader import magics
from grader.answers.verdict import quoted
from grader.content import Picture

LARGEST = 32 * 2**20
"""In bytes."""
MOST_VALUES = 2**20
"""How many values its JSON may have, about: each takes more memory than its text."""
MOST_CELLS = 2000
LARGEST_CODE = 2**20
"""How much code its cells may have together, and how much text of another cell is kept, in characters."""
MOST_PICTURES = 4
"""Of a cell."""
LARGEST_PICTURE = 2**20
"""In bytes."""

MARKER = re.compile(
    r"^[ \t]*+(?:\#++|<!--)[ \t]*+answer[ \t]*+:[ \t]*+(\S+?)[ \t]*+(?:-->[ \t]*+)?$", re.IGNORECASE | re.MULTILINE
)
"""The line that says which question a cell answers."""

Kind = Literal["code", "markdown", "raw"]
_KINDS: Mapping[str, Kind] = {"code": "code", "markdown": "markdown", "heading": "markdown", "html": "markdown"}
_PICTURES = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8", "image/svg+xml": b"<"}
"""What a picture of each kind begins with; of several forms of one picture the first is taken."""


class UnreadableNotebook(Exception):  # noqa: N818  it is the student's, not ours
    """A notebook of which nothing can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    number: int
    """What Jupyter shows as [n] after everything was run once, in order; 0 where there is nothing to run."""
    kind: Kind
    source: str
    python: str = ""
    """Its code without magics, line by line."""
    tags: frozenset[str] = frozenset()
    pictures: tuple[Picture, ...] = ()
    """Those among its outputs and attachments."""
    left_out: int = 0
    """How many more pictures there are, which are too many, too large or damaged."""


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells, in their order."""

    cells: tuple[Cell, ...]

    def tagged(self, tag: str) -> list[Cell]:
        """Return the cells with a tag."""
        return [cell for cell in self.cells if tag in cell.tags]


def read(name: str, data: bytes) -> Notebook:
    """Return what is in a notebook.

    Raises:
        UnreadableNotebook: it is none that can be used.
    """
    try:
        document = _document(data)
        raw = _raw_cells(document)
        _refuse_other_languages(_dict(document.get("metadata")))
        return Notebook(tuple(_cells(raw)))
    except UnreadableNotebook as error:
        raise UnreadableNotebook(f"{name} {error}") from error
    except RecursionError as error:
        raise UnreadableNotebook(f"{name} is nested deeper than a notebook ever is") from error


def plain(notebook: Notebook) -> bytes:
    """Return a notebook of today's format with the same cells and tags, and nothing that was put out."""
    cells: list[dict[str, Any]] = [
        {
            "id": f"cell-{n}",
            "cell_type": cell.kind,
            "metadata": {"tags": sorted(cell.tags)} if cell.tags else {},
            "source": cell.source,
            **({"execution_count": None, "outputs": []} if cell.kind == "code" else {}),
        }
        for n, cell in enumerate(notebook.cells)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


# --- from bytes to JSON ----------------------------------------------------------------------------------------------


def _document(data: bytes) -> Any:
    clear = "clear its outputs and save it again"
    if len(data) > LARGEST:
        raise UnreadableNotebook(f"has {ceil(len(data) / 2**20)} MiB; a notebook may have {LARGEST // 2**20}: {clear}")
    text = data.decode(json.detect_encoding(data), "replace")
    if len(data) - len(data.translate(None, b"[{,")) > MOST_VALUES:
        raise UnreadableNotebook(f"holds more than {MOST_VALUES} values: {clear}")
    try:
        return json.loads(text, parse_int=lambda digits: int(digits[:20]))  # int refuses very long ones
    except json.JSONDecodeError as error:
        raise UnreadableNotebook(f"is not JSON: {_why(text, error)}") from error


def _why(text: str, error: json.JSONDecodeError) -> str:
    """Say what happened to a notebook that is not JSON."""
    conflict = re.search(r"^(?:<{7}|={7}|>{7})(?=\s|$)", text, re.MULTILINE)  # no text in JSON goes over lines
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return f"line {line} has a merge-conflict marker ({conflict[0]}): resolve the conflict and save again"
    if not text.strip("\0 \t\r\n"):
        return "it is empty: save the notebook and hand it in again"
    if text.lstrip().startswith("<"):
        return "it is a web page that was saved in place of the notebook: download the notebook itself"
    if error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()):
        lines = text.rstrip().count("\n") + 1
        return f"it ends in the middle, in line {lines}: it was not copied or downloaded to its end"
    return f"line {error.lineno} cannot be read ({error.msg}): open it in Jupyter and save it again"


# --- from JSON to cells ----------------------------------------------------------------------------------------------


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return a text that may be a list of lines, as one that can be written down: JSON can escape half a character."""
    text = value if isinstance(value, str) else "".join(line for line in _list(value) if isinstance(line, str))
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return text if text.isascii() else text.encode(errors="replace").decode()


def _refuse_other_languages(metadata: Mapping[str, Any]) -> None:
    """Refuse a notebook that names its language, and not as Python."""
    named = [_dict(metadata.get("language_info")).get("name"), _dict(metadata.get("kernelspec")).get("language")]
    languages = [name for name in [*named, metadata.get("language")] if isinstance(name, str) and name]
    if languages and not any("python" in name.casefold() for name in languages):
        raise UnreadableNotebook(f"is a notebook for {quoted(languages[0])}: this assignment is graded in Python")


def _raw_cells(document: Any) -> list[dict[str, Any]]:
    """Return the cells as JSON, in the form of nbformat 4."""
    cells, sheets = _dict(document).get("cells"), _dict(document).get("worksheets")
    if not isinstance(cells, list) and not isinstance(sheets, list):
        raise UnreadableNotebook("is JSON, but no notebook: it has no cells")
    older = [cell for sheet in _list(sheets) for cell in _list(_dict(sheet).get("cells"))]
    raw = [_dict(cell) for cell in _list(cells)] + [_upgraded(_dict(cell)) for cell in older]
    if len(raw) > MOST_CELLS:
        raise UnreadableNotebook(f"has {len(raw)} cells; a notebook may have {MOST_CELLS}")
    return raw


def _upgraded(cell: dict[str, Any]) -> dict[str, Any]:
    """Return a cell of an older notebook as nbformat upgrades it; one that is too broken for that stays as it is."""
    from nbformat import from_dict  # noqa: PLC0415  slow, and for old notebooks alone
    from nbformat.v4.convert import upgrade_cell  # noqa: PLC0415

    older = {"outputs": [], **cell}
    older |= {key: _text(cell[key]) for key in ("input", "source") if key in cell}
    try:
        return dict(upgrade_cell(from_dict(older)))
    except (AttributeError, KeyError, TypeError, ValueError):
        return cell


def _cells(raw: Sequence[Mapping[str, Any]]) -> Iterator[Cell]:
    kinds = [_KINDS.get(_text(cell.get("cell_type")), "raw") for cell in raw]
    sources = [_text(cell.get("source", cell.get("input"))) for cell in raw]
    pythons = magics.python(_code(kinds, sources))
    number = 0
    for kind, source, python, cell in zip(kinds, sources, pythons, raw, strict=True):
        runs = kind == "code" and not (not source or source.isspace())
        number += runs
        pictures, left_out = _pictures(cell)
        kept = source if kind == "code" else source[:LARGEST_CODE]
        yield Cell(number if runs else 0, kind, kept, python, _tags(cell, kept), pictures, left_out)


def _code(kinds: Sequence[Kind], sources: Sequence[str]) -> list[str]:
    """Return the sources of code cells, with nothing in the place of the others."""
    code = [source if kind == "code" else "" for kind, source in zip(kinds, sources, strict=True)]
    size = sum(map(len, code))
    if size > LARGEST_CODE:
        raise UnreadableNotebook(f"has {size / 2**20:.1f} MiB of code; a notebook may have {LARGEST_CODE // 2**20}")
    return code


def _tags(cell: Mapping[str, Any], source: str) -> frozenset[str]:
    tags = _list(_dict(cell.get("metadata")).get("tags"))
    return frozenset([*(tag for tag in tags if isinstance(tag, str)), *MARKER.findall(source)])


# --- pictures --------------------------------------------------------------------------------------------------------


def _pictures(cell: Mapping[str, Any]) -> tuple[tuple[Picture, ...], int]:
    """Return the pictures of a cell, and how many more there are."""
    outputs = [_dict(_dict(output).get("data")) for output in _list(cell.get("outputs"))]
    attached = [_dict(forms) for forms in _dict(cell.get("attachments")).values()]
    found = [_picture(forms) for forms in [*outputs, *attached] if not _PICTURES.keys().isdisjoint(forms)]
    pictures = [picture for picture in found if picture][:MOST_PICTURES]
    return tuple(pictures), len(found) - len(pictures)


def _picture(forms: Mapping[str, Any]) -> Picture | None:
    """Return a picture in the best of its forms, or None where it is damaged or too large."""
    media = next(media for media in _PICTURES if media in forms)
    text = _text(forms[media])
    try:
        data = text.encode() if media == "image/svg+xml" else binascii.a2b_base64(text)
    except ValueError:
        return None
    return Picture(media, data) if data.startswith(_PICTURES[media]) and len(data) <= LARGEST_PICTURE else None
