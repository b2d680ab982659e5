"""Pages of HTML from templates, by which strangers' text does nothing.

Whatever a template shows is escaped, cut at a sane length, and rid of control characters, without the template's having
to say so: a filter is needed only to show something in another way. A page stands alone. Its policy (Content-Security-
Policy) lets a browser load nothing, and run and apply only the one script and style sheet whose hashes it names.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader import __version__
from grader.model import ItemResult
from grader.printable import cut

LONGEST = 2000
"""How much is shown of a text that may be short or not, in characters."""


@dataclass(frozen=True, slots=True)
class _Asset:
    """A script or style sheet as it stands in a page, and the hash by which the policy knows it."""

    text: Markup
    hash: str


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a page."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("grader.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(moment=moment, state=state, prose=prose, percent=percent, whole=whole, base64=_base64)
    environment.globals.update(style=_asset("pages.css"), script=_asset("summary.js"), version=__version__)
    return environment


def _asset(name: str) -> _Asset:
    text = files("grader.report").joinpath("templates", name).read_text("utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return _Asset(Markup(text), f"'sha256-{digest}'")  # noqa: S704  ours, and so that it stays what was hashed


def _shown(value: Any) -> Any:
    """Return what stands in a page for a value: points without needless digits, text that is harmless and not long."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return cut(value, LONGEST)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def prose(text: str, longest: int = LONGEST) -> Markup:
    """Return a text in which what stands between `backticks` is code."""
    parts = cut(text, longest).split("`")
    if len(parts) % 2 == 0:  # one is without its other
        return escape("`".join(parts))
    pieces = (Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts))
    return Markup().join(pieces)


def whole(text: str, longest: int) -> Markup:
    """Return a text of which more may be shown than of others."""
    return escape(cut(text, longest))


def moment(text: str) -> str:
    """Return a moment in ISO 8601 as people write it, and a text that is none as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = f" ({when.isoformat()[-6:]})" if when.tzinfo else ""
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def state(item: ItemResult) -> str:
    """Return how an item ended in a word: what earned a part of its points did not simply fail."""
    return "partly" if item.status == "failed" and item.score else item.status


def percent(share: float | None) -> str:
    """Return a share in per cent."""
    return "–" if share is None else f"{100 * share:.0f} %"  # noqa: RUF001  a dash, for there is no number


def _base64(data: bytes | str) -> str:
    encoded = b64encode(data.encode() if isinstance(data, str) else data).decode()
    return Markup(encoded)  # noqa: S704  letters and digits, which are not to be cut
