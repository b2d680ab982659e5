"""Whatever stands in a page is escaped, short enough, and rid of control characters, without the template's saying so."""

from base64 import b64decode

import pytest
from jinja2 import DictLoader, UndefinedError

from grader import templating
from tests.hypertext import parsed
from tests.results import HOSTILE

MUCH = templating.LONGEST


def rendered(template, **values):
    """Return what a template becomes in the environment of the pages."""
    environment = templating._environment().overlay(loader=DictLoader({"one": template}))
    return environment.get_template("one").render(values)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("shown", ["text", "text | prose", "text | whole(1000)"])
def test_a_strangers_text_makes_no_element_and_ends_no_attribute(text, shown):
    page = parsed(rendered(f'<p title="{{{{ {shown.split(" | prose")[0]} }}}}">{{{{ {shown} }}}}</p>', text=text))
    (element,) = page.inside
    assert element.attributes.keys() == {"title"}
    assert not page.all("script", "a", "img", "b")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("shown", ["text", "text | prose", "text | whole(1000)"])
def test_control_characters_do_nothing_and_can_be_read(text, shown):
    shown = rendered(f"{{{{ {shown} }}}}", text=text)
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_a_control_character_is_written_out():
    assert rendered("{{ text }}", text="a\x1b[31m\u202eb\x00") == r"a\x1b[31m\u202eb\x00"


def test_a_text_that_may_be_shown_is_left_as_it_is():
    assert rendered("{{ text }}", text="Grüße,\n  日本") == "Grüße,\n  日本"


@pytest.mark.parametrize("shown", ["text", "text | prose", "text | whole(2000)"])
def test_a_long_text_is_cut_and_says_by_how_much(shown):
    assert (
        rendered(f"{{{{ {shown} }}}}", text="x" * 1_000_000) == "x" * MUCH + f" … ({1_000_000 - MUCH} more characters)"
    )


def test_a_text_of_just_the_length_is_whole():
    assert rendered("{{ text }}", text="x" * MUCH) == "x" * MUCH


@pytest.mark.parametrize("char", ["\0", "\ud83d", "\U000e0001", "\t"])
def test_control_characters_that_are_written_out_make_a_text_no_longer_than_others(char):
    shown = rendered("{{ text }}", text=char * MUCH)
    assert len(shown) == MUCH + len(" …")
    assert shown.endswith(" …")


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1"), (0.5, "0.5"), (1 / 3, "0.33"), (100.0, "100"), (0.0, "0"), (12, "12"), (0.1 + 0.2, "0.3")],
)
def test_points_have_no_needless_digits(number, text):
    assert rendered("{{ number }}", number=number) == text


@pytest.mark.parametrize(("share", "text"), [(None, "–"), (0.0, "0 %"), (0.666, "67 %"), (1.0, "100 %")])  # noqa: RUF001
def test_a_share_is_in_per_cent_and_a_dash_where_there_is_none(share, text):
    assert templating.percent(share) == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`y` is <b>", "<code>y</code> is &lt;b&gt;"),
        ("`<i>`", "<code>&lt;i&gt;</code>"),
        ("a `b` and `c`", "a <code>b</code> and <code>c</code>"),
        ("it's 5` long", "it&#39;s 5` long"),
        ("`a` and `b", "`a` and `b"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code(text, html):
    assert templating.prose(text) == html


def test_a_text_that_is_cut_within_its_code_stays_a_text():
    assert templating.prose("see `abc` here", 6) == "see `a … (8 more characters)"


@pytest.mark.parametrize("data", [b"\0\xff<" * MUCH, "<svg>ü\u202e</svg>" * MUCH])
def test_pictures_are_neither_cut_nor_changed(data):
    encoded = rendered("{{ data | base64 }}", data=data)
    assert b64decode(encoded, validate=True) == (data if isinstance(data, bytes) else data.encode())


def test_a_name_that_a_template_misspells_is_an_error():
    with pytest.raises(UndefinedError, match="'studnt' is undefined"):
        rendered("{{ studnt }}", student="alice")
