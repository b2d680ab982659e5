"""Pages of HTML taken to pieces, and texts planted in records to see what a page makes of them."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, fields, is_dataclass, replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

VOID = {"br", "hr", "img", "input", "link", "meta"}
INLINE = {"a", "bdi", "button", "code", "em", "small", "span", "strong", "time"}
PATHS = {"href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href"}
"""Attributes by which a browser would go or load."""


@dataclass
class Element:
    tag: str
    attributes: dict = field(default_factory=dict)
    inside: list = field(default_factory=list)
    """Elements and texts."""

    def walk(self):
        """Yield this element and all below it, as they stand in the page."""
        yield self
        for one in self.inside:
            if isinstance(one, Element):
                yield from one.walk()

    def all(self, *tags, **attributes):
        """Return those below it that are such; `class_` is one of its classes."""
        wanted = attributes.pop("class_", None)
        return [
            one
            for one in self.walk()
            if one is not self
            and (not tags or one.tag in tags)
            and (wanted is None or wanted in one.attributes.get("class", "").split())
            and all(one.attributes.get(name) == value for name, value in attributes.items())
        ]

    def one(self, *tags, **attributes):
        (found,) = self.all(*tags, **attributes)
        return found

    @property
    def raw(self):
        return "".join(one if isinstance(one, str) else one.raw for one in self.inside)

    @property
    def text(self):
        """What there is to read, with single spaces."""
        return " ".join("".join(self._said()).split())

    def _said(self):
        for one in self.inside:
            if isinstance(one, str):
                yield one
            elif one.tag not in {"script", "style"}:
                yield from one._said() if one.tag in INLINE else (" ", *one._said(), " ")


class _Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = [Element("")]

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def parsed(html):
    """Return a page, in which every element is closed where it should be."""
    html.encode()
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert len(parser.open) == 1, f"<{parser.open[-1].tag}> is not closed"
    return parser.open[0]


def region(page, heading):
    """Return the part of the page under a heading that begins so."""
    (found,) = [one for one in page.all("section", "nav") if _heading(page, one).startswith(heading)]
    return found


def headings(page):
    return [(int(one.tag[1]), one.text) for one in page.all("h1", "h2", "h3", "h4", "h5", "h6")]


def _heading(page, part):
    return page.one(id=part.attributes["aria-labelledby"]).text


def rows(table):
    """Return the texts of a table's cells, row by row, the header first."""
    return [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]


def is_folded(page, element):
    """Tell whether something is seen only when a person opens it."""
    folds = [one for one in page.all("details") if "open" not in one.attributes]
    return any(_holds(fold, element) and not _holds(fold.one("summary"), element) for fold in folds)


def _holds(outer, element):
    return any(one is element for one in outer.walk())


def pictures(page):
    """Return (type, bytes) of the pictures of a page, all of which are within it."""
    found = []
    for image in page.all("img"):
        head, _, data = image.attributes["src"].partition(";base64,")
        assert head.startswith("data:")
        found.append((head.removeprefix("data:"), b64decode(data, validate=True)))
    return found


# --- what holds of every page ----------------------------------------------------------------------------------------


def policy(page):
    """Return what the page lets a browser do."""
    text = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    return {name: values for name, *values in (part.split() for part in text.split(";"))}


def hashes(elements):
    """Return the hashes by which a policy knows scripts or style sheets."""
    return [f"'sha256-{b64encode(sha256(one.raw.encode()).digest()).decode()}'" for one in elements]


def assert_stands_alone(page):
    """A browser loads nothing for it, and runs and applies only what its policy names by hash."""
    allowed = policy(page)
    assert (allowed["default-src"], allowed["img-src"], allowed["base-uri"]) == (["'none'"], ["data:"], ["'none'"])
    assert allowed["style-src"] == hashes(page.all("style"))
    assert allowed["script-src"] == (hashes(page.all("script")) or ["'none'"])
    for element in page.walk():
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"], element.tag
        assert element.tag not in {"iframe", "object", "embed", "form", "base"}
        for name in PATHS & element.attributes.keys():
            assert _is_inside(element.attributes[name], is_loaded=element.tag in {"img", "link"}), element.attributes


def _is_inside(path, *, is_loaded):
    """Tell whether what a browser loads is within the page, and what it goes to is a part of it or a student's page."""
    if is_loaded:
        return path.startswith("data:")
    return path.startswith("#") or re.fullmatch(r"feedback/[^/\\?#:]+\.html", unquote(path).replace("%", ""))


def assert_can_be_read_aloud(page):
    """It has the marks by which screen readers find their way, and none of them leads nowhere."""
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("head").one("title").text
    assert page.one("meta", name="viewport").attributes["content"] == "width=device-width, initial-scale=1"
    ids = [one.attributes["id"] for one in page.walk() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for one in page.walk():
        named = [
            one.attributes[name] for name in ("for", "aria-labelledby", "aria-describedby") if name in one.attributes
        ]
        link = one.attributes.get("href", "")
        named += [link[1:]] if link.startswith("#") else []
        assert set(named) <= set(ids)
    levels = [level for level, _ in headings(page)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert all(image.attributes["alt"] for image in page.all("img"))
    assert all(cell.attributes.get("scope") in {"row", "col"} for cell in page.all("th"))
    assert (len(page.all("main")), len(page.all("header")), len(page.all("footer"))) == (1, 1, 1)


# --- texts in the places of others -----------------------------------------------------------------------------------


def planted(value, text):
    """Yield (where, record) with a text in the place of each of a record's texts, one after the other."""
    if isinstance(value, str):
        yield "", text
    elif is_dataclass(value):
        for name in (one.name for one in fields(value)):
            yield from (
                (f".{name}{where}", replace(value, **{name: new})) for where, new in planted(getattr(value, name), text)
            )
    elif isinstance(value, tuple | list):
        for n, entry in enumerate(value):
            yield from (
                (f"[{n}]{where}", type(value)((*value[:n], new, *value[n + 1 :])))
                for where, new in planted(entry, text)
            )
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from ((f"[{key}]{where}", {**value, key: new}) for where, new in planted(entry, text))


def planted_everywhere(value, text):
    """Return a record with a text in the place of each of its texts."""
    if isinstance(value, str):
        return text
    if is_dataclass(value):
        return replace(value, **{one.name: planted_everywhere(getattr(value, one.name), text) for one in fields(value)})
    if isinstance(value, tuple | list):
        return type(value)(planted_everywhere(entry, text) for entry in value)
    if isinstance(value, dict):
        return {key: planted_everywhere(entry, text) for key, entry in value.items()}
    return value


def skeleton(page):
    """Return a page's elements and attributes without its texts; that words are code is as good as a text."""
    return [(one.tag, *sorted(one.attributes)) for one in page.walk() if one.tag != "code" or one.attributes]
