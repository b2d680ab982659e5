"""The instructor's page shows at a glance how a class did, leaves nobody out, and a text in it is only a text."""

import re
from dataclasses import replace
from urllib.parse import unquote, urljoin

import pytest

from grader import statistics
from grader.files import filename
from grader.report import summary
from grader.roster import Student
from tests.hypertext import (
    assert_can_be_read_aloud,
    assert_stands_alone,
    is_folded,
    parsed,
    planted,
    planted_everywhere,
    policy,
    region,
    rows,
    skeleton,
)
from tests.results import HOSTILE, case, classroom, faulty, item, result

SIGN = case("b", "failed", message="`y` has the other sign. At [3].", diagnosis="sign")
ANN = result("s1", item("double"), item("pair", case(), case()), seconds=0.5)
BOB = result("s2", item("double", SIGN), item("pair", case(), case("b", "timeout")), seconds=2.25)
CEM = result("s3", item("double", SIGN), item("pair", case(), case()), penalty=0.5, seconds=1.0)
DAN = result(
    "s4", item("double"), item("pair", case("a", "pending"), status="pending", kind="text", max_score=2.0), seconds=0.1
)
EVE = faulty("s5", "the sandbox did not `start`", seconds=0.0)
NAMES = {
    "s1": Student("s1", "Ann Lee"),
    "s2": Student("s2", "Bob Ösk"),
    "s3": Student("s3", "Cem"),
    "s4": Student("s4"),
}
FULL = classroom(
    ANN, BOB, CEM, DAN, EVE, title="Mixtures", due="2026-12-01", students=NAMES, unknown=("s5",),
    missing=(Student("s6", "Fay Wu", "fay@example.org"), Student("s7")), refused=("g.zip: it is a bomb.",),
)  # fmt: skip


def shown(one):
    return parsed(summary.render(one))


def of(*results, **changes):
    return shown(classroom(*results, **changes))


def number(found, name):
    """Return what stands beside a name in the numbers of the class."""
    terms = {term.text: value.text for term, value in zip(found.all("dt"), found.all("dd"), strict=True)}
    return terms.get(name)


def table(found, heading):
    """Return a table: {first cell: {column: text}}."""
    header, *others = rows(region(found, heading).one("table"))
    return {row[0]: dict(zip(header, row, strict=True)) for row in others}


# --- the class -------------------------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_the_class():
    found = shown(FULL)
    known = statistics.of(FULL.results)
    assert found.one("h1").text == "Mixtures"
    assert re.search("due .*2026", found.one("header").text)
    assert [number(found, name) for name in ("Handed in", "Passed everything", "Lost points", "To be marked")] == [
        "5",
        "1",
        "2",
        "1",
    ]
    assert [number(found, name) for name in ("Faults of ours", "Handed in nothing")] == ["1", "2"]
    assert number(found, "Mean so far").split() == [f"{known.mean:.2f}".rstrip("0"), "of", "3"]
    assert float(number(found, "Median")) == pytest.approx(known.median, abs=0.005)
    assert float(number(found, "Standard deviation")) == pytest.approx(known.spread, abs=0.005)


def test_what_there_is_none_of_has_no_part_of_the_page():
    found = of(result())
    assert [number(found, name) for name in ("To be marked", "Faults of ours", "Handed in nothing")] == [None] * 3
    for heading in ("Faults of ours", "What went wrong most", "Not in the table", "Handed in nothing", "Refused"):
        assert heading not in found.one("main").text


def test_the_histogram_tells_its_numbers_in_words():
    picture = region(shown(FULL), "In numbers").one("svg")
    counts = dict(re.findall(r"(\d+ to \d+) %: (\d+)", picture.one("title").text))
    assert picture.attributes["role"] == "img"
    assert list(counts.values()) == [str(count) for count in statistics.of(FULL.results).bins]
    assert list(counts)[0::9] == ["0 to 10", "90 to 100"]
    assert sum(map(int, counts.values())) == 4


def test_the_bars_are_as_high_as_their_numbers():
    results = [result(f"a{n}", item("f", case())) for n in range(4)] + [result("b", item("f", case("a", "failed")))]
    heights = [int(bar.attributes["height"]) for bar in of(*results).all("rect")]
    assert heights[0] * 4 == heights[9] == summary.BAR_HEIGHT
    assert heights[1:9] == [0] * 8


@pytest.mark.parametrize("results", [(), (faulty(),)], ids=["nobody", "only faults"])
def test_a_class_in_which_nobody_was_graded_has_a_page_too(results):
    found = shown(classroom(results=results))
    assert (number(found, "Handed in"), number(found, "Mean")) == (str(len(results)), None)
    assert not found.all("svg")


def test_results_may_come_one_after_the_other():
    expected = summary.render(FULL)
    assert summary.render(replace(FULL, results=iter(FULL.results))) == expected


# --- items and mistakes ----------------------------------------------------------------------------------------------


def test_an_item_has_its_difficulty_its_discrimination_and_how_it_ended():
    found = table(shown(FULL), "Functions and questions")
    assert found["double"]["Kind"] == "function"
    assert found["double"]["Points"] == "1"
    assert found["double"]["Earned"] == "50 %"
    assert found["pair"]["Earned"] == "83 %"
    assert found["pair"]["How it ended"] == "2 passed, 1 timeout, 1 pending"
    assert found["double"]["Discrimination"] == f"{statistics.of(FULL.results).items[0].discrimination:.2f}"


def test_where_everybody_has_the_same_there_is_a_dash_and_why():
    found = of(*(result(f"s{n}", item("f"), item("g")) for n in range(5)))
    assert table(found, "Functions and questions")["f"]["Discrimination"] == "–"  # noqa: RUF001
    assert "fewer than three students" in region(found, "Functions and questions").one("caption").text


def test_a_mistake_stands_with_how_many_made_it_and_links_to_them():
    part = region(shown(FULL), "What went wrong most")
    first, second = rows(part.one("table"))[1:]
    assert "2" in first
    assert {"double", "Bob Ösk, Cem"} <= set(first)
    assert any("sign" in cell and "y has the other sign." in cell and "[3]" not in cell for cell in first)
    assert {"1", "pair", "Bob Ösk"} <= set(second)
    assert any("timeout" in cell and "For example" in cell for cell in second)
    assert [link.attributes["href"] for link in part.all("a")] == [f"feedback/{id_}.html" for id_ in ("s2", "s3", "s2")]


def test_of_very_many_with_a_mistake_the_first_are_named_and_the_rest_counted():
    found = of(*(result(f"s{n}", item("f", SIGN)) for n in range(summary.NAMED + 12)))
    part = region(found, "What went wrong most")
    assert len(part.all("a")) == summary.NAMED
    assert "and 12 more" in part.text


# --- everybody -------------------------------------------------------------------------------------------------------


def test_everybody_is_in_the_table_with_each_item_the_total_and_how_they_stand():
    found = table(shown(FULL), "Students")
    assert list(found) == ["s1", "s2", "s3", "s4", "s5"]
    columns = ("Name", "Standing", "Total", "double", "pair", "Seconds", "Mistakes")
    assert [[found[one][column] for column in columns] for one in found] == [
        ["Ann Lee", "all passed", "3", "1", "2", "0.50", ""],
        ["Bob Ösk", "lost points", "1", "0 failed", "1 timeout", "2.25", "sign"],
        ["Cem", "lost points, late", "1.5", "0 failed", "2", "1.00", "sign"],
        ["", "to be marked", "1", "1", "0 pending", "0.10", ""],
        ["", "fault of ours", "–", "–", "–", "0.00", ""],  # noqa: RUF001
    ]


def test_without_a_list_there_is_no_column_for_names():
    header, *_ = rows(region(of(result("s1")), "Students").one("table"))
    assert "Name" not in header


def test_who_has_no_such_item_has_a_dash():
    found = table(of(result("a", item("f")), result("b", item("g"))), "Students")
    assert [(one["f"], one["g"]) for one in found.values()] == [("1", "–"), ("–", "1")]  # noqa: RUF001


@pytest.mark.parametrize(
    "who", ["ann", "Ann Lee", "../../etc/passwd", "a/b", "a%2Fb", "CON", "日本", "x" * 300, "?q#f", "javascript:alert(1)", "\ud83d", "", "a\nb", "."],
)  # fmt: skip
def test_a_students_page_is_linked_by_the_name_of_its_file(who):
    found = region(of(result(who)), "Students")
    (link,) = {one.attributes["href"] for one in found.all("a")}
    there = urljoin("https://localhost/class/summary.html", link)
    assert unquote(there) == f"https://localhost/class/feedback/{filename(who)}.html"


def test_all_links_to_a_student_are_the_same():
    found = shown(FULL)
    assert {one.attributes["href"] for one in found.all("a") if one.text in {"s2", "Bob Ösk"}} == {"feedback/s2.html"}


def test_the_slowest_come_first_with_how_long_they_took():
    found = region(shown(FULL), "What took longest")
    assert [one.text for one in found.all("li")] == [
        "Bob Ösk: 2.25 s",
        "Cem: 1.00 s",
        "Ann Lee: 0.50 s",
        "s4: 0.10 s",
        "s5: 0.00 s",
    ]


def test_a_fault_of_ours_is_told_with_whom_it_concerns_and_what_to_do():
    part = region(shown(FULL), "Faults of ours")
    assert "s5: the sandbox did not start" in part.text
    assert "grade again" in part.text
    assert [one.attributes["href"] for one in part.all("a")] == ["feedback/s5.html"]


def test_who_is_missing_or_on_no_list_and_what_was_refused_is_named():
    part = region(shown(FULL), "Not in the table")
    assert [one.text for one in part.all("li")] == ["Fay Wu (s6), fay@example.org", "s7", "s5", "g.zip: it is a bomb."]


@pytest.mark.parametrize("which", ["missing", "unknown", "refused"])
def test_of_very_many_of_them_the_list_is_folded_and_whole(which):
    many = [f"one{n}" for n in range(summary.NAMED + 5)]
    entries = [Student(name) for name in many] if which == "missing" else many
    found = of(result(), **{which: entries})
    listed = region(found, "Not in the table").all("li")
    assert [one.text for one in listed] == many
    assert all(is_folded(found, one) for one in listed)
    assert str(len(many)) in region(found, "Not in the table").one("summary").text


def test_each_student_takes_few_elements_so_that_a_large_class_opens_at_once():
    def size(number):
        return sum(1 for _ in of(*(result(f"s{n}", item("f"), item("g")) for n in range(number))).walk())

    columns = len(rows(region(of(result("s", item("f"), item("g"))), "Students").one("table"))[0])
    assert (size(300) - size(100)) / 200 <= columns + 3


# --- strangers' texts, and the page itself ---------------------------------------------------------------------------


WORDS = "some words"
FEW = replace(FULL, results=(BOB, EVE))
"""One of each kind of text, and no more, for each is planted in by itself."""


def strange(text):
    """Yield pages that have the text in one place each, and which place that is."""
    for where, one in planted(FEW, text):
        yield where, shown(one)


def test_every_text_of_a_class_is_planted_in():
    """Else what follows would say nothing of it."""
    places = {re.sub(r"\[\w+\]", "[]", where) for where, _ in planted(FEW, WORDS)}
    assert places >= {
        ".assignment", ".title", ".due", ".results[].id", ".results[].fault", ".results[].items[].name", ".results[].items[].kind",
        ".results[].items[].status", ".results[].items[].cases[].message", ".results[].items[].cases[].diagnosis",
        ".results[].items[].cases[].status", ".students[].name", ".missing[].id", ".missing[].name", ".missing[].email", ".unknown[]", ".refused[]",
    }  # fmt: skip


@pytest.fixture(scope="module")
def harmless():
    return {where: skeleton(found) for where, found in strange(WORDS)}


@pytest.mark.parametrize("text", [text[:5000] for text in HOSTILE.values()], ids=HOSTILE)
def test_no_text_of_a_class_makes_an_element_or_an_attribute(text, harmless):
    for where, found in strange(text):
        assert skeleton(found) == harmless[where], where
        assert_stands_alone(found)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_control_characters_can_be_read_and_do_nothing(text):
    html = summary.render(planted_everywhere(FULL, text[:5000]))
    ours = "".join(one.raw for one in parsed(html).all("script", "style"))
    assert {char for char in html if not char.isprintable()} <= {"\n", *ours}


def test_long_texts_make_no_long_page():
    long = "x" * 1_000_000
    one = result(
        "s1", item("f", case("a", "failed", message=long, diagnosis=long), summary=long), notes=(long,), stdout=long
    )
    html = summary.render(classroom(one, faulty("s2", long), title=long, due=long, unknown=[long], refused=[long] * 20))
    assert len(html) < 200_000


def test_a_page_runs_only_its_own_script_and_loads_nothing():
    html = summary.render(FULL)
    found = parsed(html)
    assert_stands_alone(found)
    assert len(policy(found)["script-src"]) == len(found.all("script")) == 1
    assert not re.search(r"(?i)https?:|@import|url\(|innerHTML|eval\(|fetch\(|XMLHttp", html)


@pytest.mark.parametrize("one", [FULL, classroom(), classroom(results=())], ids=["full", "one", "nobody"])
def test_a_page_can_be_read_aloud(one):
    assert_can_be_read_aloud(shown(one))


def test_the_search_has_a_label_and_is_not_there_without_the_script():
    found = shown(FULL)
    field = found.one("input")
    assert found.one("label", **{"for": field.attributes["id"]}).text == "Search"
    assert any("hidden" in one.attributes and field in one.all("input") for one in found.walk())


def test_it_says_that_it_is_not_for_students():
    assert "it is not for students" in shown(FULL).one("footer").text
