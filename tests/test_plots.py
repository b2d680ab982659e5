"""Drawings are small SVG elements that stand alone, and their words say what they show."""

import re
from xml.etree import ElementTree as ET

import pytest

from grader import plots
from grader.content import Clusters, Curve, Scatter

ROUND = ((1.0, 0.0), (0.0, 1.0))
POINTS = ((0.0, 0.0), (1.0, 2.0), (4.0, 3.0), (5.0, 5.0))


def clusters(*means, covariance=ROUND):
    return Clusters(means, (covariance,) * len(means), (1 / len(means),) * len(means))


WANT = clusters((1.0, 2.0), (4.0, 4.0))
SCATTER = Scatter("toy data", POINTS, clusters((1.0, 2.5), (3.0, 4.0)), WANT)
CURVE = Curve("toy data", "ll", (-3.0, -2.0, -2.5), (-3.0, -1.0, -0.5))


@pytest.fixture(autouse=True)
def _drawn_anew():
    plots.svg.cache_clear()


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314  it was made here


def lines(svg):
    """Return the styles of the lines that show the student's and the reference's."""
    return {
        re.search("#[0-9a-f]{6}", style)[0]: "stroke-dasharray" in style
        for style in re.findall(r'style="(fill: none; stroke[^"]*)"', svg)
    }


@pytest.mark.parametrize("drawing", [SCATTER, CURVE], ids=["scatter", "curve"])
def test_yours_and_the_references_differ_in_colour_and_in_the_form_of_the_line(drawing):
    found = lines(plots.svg(drawing))
    assert (found[plots.YOURS["color"]], found[plots.RIGHT["color"]]) == (False, True)


@pytest.mark.parametrize("drawing", [SCATTER, CURVE], ids=["scatter", "curve"])
def test_a_drawing_is_one_element_that_reaches_nothing_else_on_its_page(drawing):
    svg = plots.svg(drawing)
    root = parsed(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"<style|<script|<metadata|<g id=|https?://(?!www\.w3\.org)", svg)
    referred, named = set(re.findall(r"(?:#|url\(#)(\w+)[\")]", svg)), set(re.findall(r'\bid="(\w+)"', svg))
    assert referred & named == named


def test_the_background_is_transparent():
    assert "fill: #ffffff" not in plots.svg(SCATTER)


@pytest.mark.parametrize("drawing", [SCATTER, CURVE], ids=["scatter", "curve"])
def test_the_same_drawing_makes_the_same_bytes(drawing):
    once = plots.svg(drawing)
    plots.svg.cache_clear()
    assert plots.svg(drawing) == once


def test_titles_are_text_and_nothing_else():
    title = r"costs $\frac{ & <b>bold</b> 平均"
    svg = plots.svg(Curve(title, "$x^", (1.0, 2.0), (1.0, 3.0)))
    texts = {"".join(node.itertext()).strip() for node in parsed(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {title, "$x^"} <= texts


def test_a_long_title_is_cut_and_what_no_xml_may_have_is_spelt_out():
    svg = plots.svg(Curve("\0" + "x" * 1000, "l\x1bl", (1.0,), (1.0, 2.0)))
    assert parsed(svg) is not None
    assert r"\x00" + "x" * 74 + " …</text>" in svg
    assert r"l\x1bl</text>" in svg


FLAT, NEGATIVE = ((1.0, 1.0), (1.0, 1.0)), ((-1.0, 0.0), (0.0, -4.0))
HUGE = ((1e12, 0.0), (0.0, 1e12))


@pytest.mark.parametrize(
    ("points", "covariance"),
    [
        (POINTS, HUGE),
        (POINTS, ((0.0, 5.0), (-5.0, 0.0))),
        (((1.0, 1.0),), FLAT),
        (((1e12, 0.0), (1e12, 1.0)), NEGATIVE),
        (((0.0, 0.0), (1.0, 1e9)), ROUND),
    ],
    ids=["huge", "not symmetric", "a single point", "negative variances", "in a line"],
)
def test_whatever_a_student_returned_can_be_drawn(points, covariance):
    got = clusters((0.0, 0.0), (-1e12, 1e12), covariance=covariance)
    svg = plots.svg(Scatter("odd", points, got, WANT))
    assert set(lines(svg)) >= {plots.YOURS["color"], plots.RIGHT["color"]}
    assert "nan" not in svg


def test_where_nothing_came_the_references_is_drawn_alone():
    svg = plots.svg(Scatter("toy data", POINTS, None, WANT))
    assert plots.YOURS["color"] not in svg
    assert plots.RIGHT["color"] in svg


def test_without_matplotlib_there_is_no_drawing(monkeypatch):
    monkeypatch.setattr(plots, "find_spec", lambda _: None)
    assert plots.svg(SCATTER) == ""


# --- in words --------------------------------------------------------------------------------------------------------


def test_points_and_components_are_told_in_words():
    assert plots.describe(SCATTER) == (
        "toy data: 4 points. Yours: 2 components, at (1, 2.5), (3, 4). The reference's: 2 components, at (1, 2), (4, 4)."
    )
    alone = Scatter("toy data", POINTS, None, clusters((1.0, 2.0)))
    assert plots.describe(alone) == (
        "toy data: 4 points. What yours returned cannot be drawn. The reference's: 1 component, at (1, 2)."
    )


def test_many_components_are_not_all_told():
    many = clusters(*((float(n), 0.0) for n in range(12)))
    assert plots.describe(Scatter("t", POINTS, None, many)).endswith("(9, 0) and 2 more.")


def test_a_curve_is_told_by_its_ends_and_whether_it_falls():
    assert plots.describe(CURVE) == (
        "toy data: ll after each round. Yours goes from -3 to -2.5 in 3 rounds, falling in 1 of them; "
        "the reference's goes from -3 to -0.5 in 3 rounds."
    )
