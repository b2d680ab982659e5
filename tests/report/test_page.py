"""A student's page tells all that the result holds, each thing once, and nothing else; a text in it is only a text."""

import re
from functools import cache

import pytest

from grader import __version__, listing, templating
from grader.content import Clusters, Content, Curve, Mark, Picture, RubricLine, Scatter
from grader.model import Attempt, Attempts, Row, Spot
from grader.report import page
from grader.roster import Student
from tests.hypertext import (
    Element,
    assert_can_be_read_aloud,
    assert_stands_alone,
    is_folded,
    parsed,
    pictures,
    planted,
    planted_everywhere,
    policy,
    region,
    rows,
    skeleton,
)
from tests.results import HOSTILE, case, classroom, faulty, item, result

ROUND = Clusters(((0.0, 0.0),), (((1.0, 0.0), (0.0, 1.0)),), (1.0,))
SCATTER = Scatter("the data", ((0.0, 1.0), (2.0, 3.0)), ROUND, ROUND)
CURVE = Curve("the rounds", "ll", (-2.0, -1.0), (-2.0, -0.5))
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ROWS = (Row("[0, 1]", "4.5", "6.25"), Row("[2, 0]", "nan", "0.5"))
WRONG = case(
    "an array", "failed", message="`y` has the other sign.", diagnosis="sign", inputs="x = array([3, 1])", rows=ROWS,
    spot=Spot("work.py", 2),
)  # fmt: skip
HIDDEN = case("secret", "failed", message="`y` is wrong in a hidden case.", visibility="hidden")
MARK = Mark(1.5, "Say why.", "0" * 64, (1.0, 0.5))
PROSE = item(
    "why", case("answer", "pending"), kind="text", status="pending", score=0.0, max_score=2.0, prompt="Why does it converge?",
    content=Content("Because it rises.", (Picture("image/png", b"\x89PNG..."), Picture("image/svg+xml", SVG.encode()))),
    rubric=(RubricLine(1.0, "names the bound"), RubricLine(1.0, "says why it rises")), mark=MARK,
)  # fmt: skip
FORMULA = item(
    "bound", case("answer", "failed"), kind="formula", attempts=Attempts(2, 3), latex=r"\log p", explanation="It is Jensen's.",
)  # fmt: skip
ATTEMPTS = (
    Attempt(1, "1" * 64, 1.25, 0.0, "2026-12-01T22:00:00+00:00", 0, False, "the best counts"),
    Attempt(2, "2" * 64, 3.0, 0.5, "2026-12-03T09:30:00+00:00", 2, True, "2 days late: 10% taken off"),
)
FULL = result(
    "alice", item("double", case(), WRONG, HIDDEN, drawings=(SCATTER, CURVE), summary="It fails in two of three cases."), PROSE, FORMULA,
    notes=("A cell failed.",), stdout="hello", attempts=ATTEMPTS, penalty=0.5,
)  # fmt: skip
"""Something in every field that a page shows."""
SOURCE = "def double(x):\n    return -2 * x\n"
ALICE = Student("alice", "Alice Áron", "alice@example.org")


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr(page.plots, "svg", lambda drawing: f"{SVG}{type(drawing).__name__}")


def rendered(one, sources=None, **changes):
    return page.render(one, classroom(one, sources=lambda _: sources or {}, **changes))


def shown(one, sources=None, **changes):
    return parsed(rendered(one, sources, **changes))


def full():
    return shown(FULL, {"work.py": SOURCE}, students={"alice": ALICE})


# --- whose, and how many points --------------------------------------------------------------------------------------


def test_a_page_is_headed_by_the_name_and_has_the_id():
    found = shown(result("s123"), title="Mixtures", students={"s123": Student("s123", "Ann Lee")})
    assert found.one("h1").text == "Ann Lee"
    assert "s123" in found.one("header").text
    assert "Mixtures" in found.one("header").text
    assert found.one("title").text == "Ann Lee: Mixtures"


def test_who_is_on_no_list_goes_by_the_id():
    assert shown(result("s123")).one("h1").text == "s123"


def test_there_is_one_total():
    found = shown(result("a", item("f", case(), case("b", "failed")), item("g", case(), case(), case())))
    assert "4 of 5 points" in found.one("header").text
    assert found.text.count("of 5 points") == 1
    assert "1 of 2 points" in region(found, "f").text
    assert "3 of 3 points" in region(found, "g").text


def test_what_is_taken_off_is_taken_off_the_total_and_said():
    found = shown(result("a", item("f", case(), case())), students={})
    late = shown(result("a", item("f", case(), case()), penalty=0.25)).one("header").text
    assert "taken off" not in found.one("header").text
    assert "1.75 of 2 points" in late
    assert "2 points earned, 0.25 taken off because it was late" in late


def test_every_attempt_is_told_with_what_counts_and_why():
    (header, first, second) = rows(region(full(), "What you handed in").one("table"))
    assert [header[0], *header[2:]] == ["Attempt", "Points", "Taken off", "Counts"]
    assert [first[0], *first[2:]] == ["1", "1.25", "–", "no: the best counts"]  # noqa: RUF001
    assert [second[0], *second[2:]] == ["2", "3", "0.5", "yes: 2 days late: 10% taken off"]
    assert ("2026" in first[1], "2 days late" in second[1]) == (True, True)


def test_an_attempt_that_was_not_graded_says_so_and_its_time_may_be_unknown():
    attempts = (Attempt(1, "1" * 64, None, why="it could not be graded"), Attempt(2, "2" * 64, 1.0, counts=True))
    _, first, _ = rows(region(shown(result("a", attempts=attempts)), "What you handed in").one("table"))
    assert first[:4] == ["1", "not known", "not graded", "–"]  # noqa: RUF001


def test_a_fault_of_ours_says_that_nothing_is_lost():
    found = shown(faulty("bob", "the sandbox did not `start`"))
    assert "Not graded yet" in found.one("header").text
    assert "by a fault of ours. You lose nothing by it. the sandbox did not start" in found.one("main").text
    assert " of 1 point" not in found.text


def test_what_a_person_has_still_to_give_is_no_loss():
    found = shown(result("a", item("f"), PROSE))
    assert "2 points still to be given by a person" in found.one("header").text
    assert "2 points to be given" in region(found, "why").text


def test_at_a_glance_all_items_lead_to_their_own_part():
    found = full()
    links = region(found, "At a glance").all("a")
    assert [link.text for link in links] == ["double", "why", "bound"]
    for link in links:
        assert found.one(id=link.attributes["href"][1:]).text.startswith(link.text)


def test_one_item_alone_needs_no_overview():
    assert not shown(result("a")).all("nav")


# --- what to mend ----------------------------------------------------------------------------------------------------


def test_a_message_of_several_cases_is_said_once():
    wrong = [case(name, "failed", message="`y` is twice too large.") for name in ("a", "b", "c")]
    found = region(shown(result("a", item("f", *wrong))), "f")
    assert found.text.count("y is twice too large.") == 1
    assert "In: a, and 2 more cases" in found.text


def test_a_mistake_that_was_recognised_is_said_once_though_its_particulars_differ():
    wrong = [case(str(n), "failed", message=f"`y` has the other sign. At [{n}].", diagnosis="sign") for n in range(3)]
    assert shown(result("a", item("f", *wrong))).text.count("has the other sign") == 1


def test_a_long_message_that_was_said_of_another_item_leads_there():
    message = f"the file does not compile: {'x' * page.REPEATED}"
    found = shown(result("a", *(item(name, case("a", "error", message=message)) for name in ("f", "g", "h"))))
    assert found.text.count(message) == 1
    for name in ("g", "h"):
        part = region(found, name)
        assert "The same as for f" in part.text
        assert found.one(id=part.one("a").attributes["href"][1:]).text.startswith("f")


def test_a_line_that_raises_in_several_cases_is_told_of_once():
    wrong = [case(str(n), "error", message=f"line 2: no index {n}", spot=Spot("work.py", 2)) for n in range(3)]
    found = shown(result("a", item("f", *wrong)), {"work.py": SOURCE})
    assert "no index 0" in region(found, "f").text
    assert "no index 1" not in found.text


CALLS = "def other():\n    return 1\n\ndef double(x):\n    return 3 * x\n"


@pytest.mark.parametrize(
    ("wrong", "marked"),
    [
        (case("a", "failed", message="It is tripled."), ["def double(x):"]),
        (case("a", "failed", message="It is tripled.", diagnosis="because_of_other"), []),
        (case("a", "timeout", message="It never ends."), []),
        (case("a", "failed", message="Mind the type.", remark=True), []),
    ],
    ids=["a wrong value", "another's mistake", "no value", "a remark"],
)
def test_a_function_that_returned_a_wrong_value_is_marked_where_it_begins(wrong, marked):
    page = shown(result("a", item("double", wrong)), {"work.py": CALLS})
    lines = [one.text for one in page.all("li", class_="marked")]
    assert [line.replace("Marked line: ", "").split("\n")[0].strip()[:14] for line in lines] == marked


def test_what_costs_points_is_said_before_what_does_not():
    cases = (case("a", "failed", message="Mind the dtype.", remark=True), case("b", "failed", message="`y` is wrong."))
    text = region(shown(result("a", item("f", *cases))), "f").text
    assert text.index("y is wrong.") < text.index("Mind the dtype.")


def test_an_item_that_passed_has_nothing_to_mend():
    found = shown(result("a", item("f", case(), case())))
    assert not found.all(class_="problem")


def test_each_case_is_listed_with_its_status_in_words_and_its_points():
    cases = [case("a"), case("b", "timeout"), case("c", "failed", remark=True), HIDDEN]
    table = region(shown(result("a", item("f", *cases))), "f").all("table")[-1]
    assert [row[:3] for row in rows(table)[1:]] == [
        ["a", "passed", "1 of 1"],
        ["b", "timeout", "0 of 1"],
        ["c", "failed", "a remark"],
        ["secret hidden", "failed", "0 of 1"],
    ]


def test_of_very_many_cases_the_first_are_listed_and_the_rest_counted():
    part = region(shown(result("a", item("f", *(case(str(n)) for n in range(page.MOST_CASES + 7))))), "f")
    assert len(rows(part.one("table"))) == 1 + page.MOST_CASES
    assert "and 7 more" in part.text


def test_entries_stand_beside_what_they_should_be():
    table = region(full(), "double").one("table", class_="values")
    assert rows(table) == [["Entry", "Yours", "Right"], ["[0, 1]", "4.5", "6.25"], ["[2, 0]", "nan", "0.5"]]


def test_where_it_is_not_told_what_is_right_there_is_no_column_for_it():
    wrong = case("a", "failed", visibility="hidden", rows=(Row("[0]", "4.5"),))
    table = region(shown(result("a", item("f", wrong))), "f").one("table")
    assert rows(table) == [["Entry", "Yours"], ["[0]", "4.5"]]


def test_what_it_was_called_with_can_be_opened():
    found = full()
    (inputs,) = [one for one in found.all("pre") if one.text == "x = array([3, 1])"]
    assert is_folded(found, inputs)


def test_of_a_hidden_case_nothing_is_told_that_the_result_has_not():
    found = shown(result("a", item("f", WRONG, HIDDEN)))
    (hidden,) = [one for one in found.all(class_="problem") if "hidden" in one.text]
    assert hidden.text == "y is wrong in a hidden case. In: secret (hidden)"
    assert not hidden.all("table", "pre", "details")


def test_a_page_needs_no_other_result_and_names_no_other_student():
    def others():
        raise AssertionError("another's result was read")
        yield

    names = {"bob": Student("bob", "Robert Tables", "bob@example.org"), "alice": ALICE}
    one = classroom(
        results=others(), students=names, missing=[Student("carol", "Carol Moss", "carol@example.org")],
        unknown=["dave"], refused=["erin.zip is a bomb"], sources=lambda _: {"work.py": SOURCE},
    )  # fmt: skip
    html = page.render(FULL, one)
    for other in ("bob", "Robert", "Tables", "carol", "Moss", "dave", "erin", "@example.org"):
        assert other not in html
    assert "Alice Áron" in html


# --- questions, pictures, and what else there is ---------------------------------------------------------------------


def test_an_answer_stands_with_what_was_asked_what_a_person_gave_and_for_what():
    part = region(full(), "why")
    assert "Why does it converge?" in part.text
    assert part.one("blockquote").text == "Because it rises."
    assert "Say why." in part.text
    assert rows(part.one("table")) == [
        ["For", "Given", "Points"],
        ["names the bound", "1", "1"],
        ["says why it rises", "0.5", "1"],
    ]


@pytest.mark.parametrize(("status", "earlier"), [("pending", True), ("passed", False)])
def test_a_mark_of_an_earlier_answer_says_so(status, earlier):
    part = region(shown(result("a", item("why", case("answer", status), kind="text", mark=MARK))), "why")
    assert "1.5 points" in part.text
    assert ("handed in earlier" in part.text) == earlier


def test_a_formula_stands_as_it_was_read_and_attempts_are_counted():
    part = region(full(), "bound")
    assert r"Read as \log p" in part.text
    assert "2 of 3 attempts used" in part.text
    assert "It is Jensen's." in part.text


def test_all_pictures_are_within_the_page_and_none_is_markup_of_it():
    found = full()
    assert pictures(found) == [
        ("image/svg+xml", f"{SVG}Scatter".encode()),
        ("image/svg+xml", f"{SVG}Curve".encode()),
        ("image/png", b"\x89PNG..."),
        ("image/svg+xml", SVG.encode()),
    ]
    assert not found.all("svg", "script", "object")


def test_a_drawing_is_told_in_words_too():
    first, second, *_ = full().all("img")
    assert first.attributes["alt"] == page.plots.describe(SCATTER)
    assert second.attributes["alt"] == page.plots.describe(CURVE)


def test_where_nothing_can_be_drawn_no_drawing_is_left(monkeypatch):
    monkeypatch.setattr(page.plots, "svg", lambda _: "")
    found = shown(result("a", item("f", case("a", "failed"), drawings=(SCATTER,))))
    assert not found.all("img", "figure")


def test_what_it_printed_is_folded_and_cut():
    found = shown(result("a", stdout="x" * 1_000_000))
    (text,) = region(found, "What it printed").all("pre")
    assert text.text == "x" * page.PRINTED_LENGTH + f" … ({1_000_000 - page.PRINTED_LENGTH} more characters)"
    assert is_folded(found, text)
    assert "What it printed" not in shown(result("a")).text


def test_what_may_be_the_arguments_of_a_hidden_case_is_not_shown():
    hidden = item("f", case("a"), case("b", visibility="hidden"))
    found = shown(result("a", hidden, stdout="X = zebra"))
    assert "Not shown, since some cases are hidden." in region(found, "What it printed").text
    assert "zebra" not in found.text


def test_notes_stand_at_the_top_and_of_very_many_the_rest_is_counted():
    found = shown(result("a", notes=tuple(f"note {n}." for n in range(page.MOST_NOTES + 3)))).one("main").text
    assert "note 0." in found
    assert f"note {page.MOST_NOTES}." not in found
    assert "and 3 more of the kind" in found


def test_the_foot_tells_how_long_it_took_by_which_version_and_from_what():
    foot = shown(result("a", seconds=1.5, files=("work.py", "b.py"), sha256="abc" * 20)).one("footer").text
    for text in ("1.50 s", __version__, "work.py, b.py", "abcabcabcabc"):
        assert text in foot


def test_nothing_that_a_student_should_read_is_left_out():
    told = {where for where, found in with_texts("zebra") if "zebra" in found.one("html").text}
    double, why, bound = (f".items[{n}]" for n in range(3))
    assert told >= {
        ".assignment", ".files[0]", ".notes[0]", ".attempts[0].why", ".attempts[1].why",
        f"{double}.name", f"{double}.status", f"{double}.summary", f"{double}.cases[0].name", f"{double}.cases[1].message",
        f"{double}.cases[1].inputs", f"{double}.cases[1].rows[0].where", f"{double}.cases[1].rows[0].got", f"{double}.cases[1].rows[0].want",
        f"{double}.cases[2].message", f"{double}.drawings[0].title", f"{why}.prompt", f"{why}.content.text", f"{why}.rubric[0].text",
        f"{why}.mark.comment", f"{bound}.latex", f"{bound}.explanation",
    }  # fmt: skip


# --- code ------------------------------------------------------------------------------------------------------------


def lines(found):
    """Return the lines of code that the page shows, by their numbers: (element, text)."""
    return {
        int(one.attributes["start"]) + n: line
        for one in found.all("ol")
        if "start" in one.attributes
        for n, line in enumerate(one.all("li"))
    }


def test_the_line_that_failed_is_marked_in_words_and_has_the_message():
    found = full()
    code = lines(found)
    assert code[1].text == "def double(x):"
    assert code[2].text.startswith("Marked line: return -2 * x")
    assert code[2].text.endswith("y has the other sign.")
    assert code[2].raw.count("    return") == 1
    assert [n for n, line in code.items() if "Marked line" in line.text] == [2]
    assert not is_folded(found, code[2])


def test_of_long_code_only_what_is_around_the_line_that_failed_is_open():
    wrong = case("a", "error", message="`y` is not defined", spot=Spot("work.py", 150))
    found = shown(result("a", item("f", wrong)), {"work.py": "".join(f"line({n})\n" for n in range(1, 301))})
    code = lines(found)
    assert list(code) == list(range(1, 301))
    assert code[299].text == "line(299)"
    opened = [n for n, line in code.items() if not is_folded(found, line)]
    assert opened == list(range(150 - listing.AROUND, 151 + listing.AROUND))


def test_code_of_which_nothing_is_said_is_folded():
    found = shown(result("a"), {"work.py": SOURCE})
    assert all(is_folded(found, line) for line in lines(found).values())
    assert lines(found)[1].text == "def double(x):"


def test_code_that_is_too_long_says_how_many_lines_are_left_out():
    found = shown(result("a"), {"work.py": "x\n" * 100_000})
    left_out = 100_000 - len(lines(found))
    assert f"{left_out} lines of work.py not shown" in region(found, "Your code").text


def test_without_code_there_is_no_part_for_it():
    assert "Your code" not in shown(FULL).text


# --- strangers' texts ------------------------------------------------------------------------------------------------


WORDS = "some words"


def with_texts(text):
    """Yield pages that have the text in one place each, and which place that is."""
    for where, one in planted(FULL, text):
        yield where, shown(one, {"work.py": SOURCE}, students={one.id: ALICE})


@cache
def harmless():
    return {where: skeleton(found) for where, found in with_texts(WORDS)}


def test_every_field_of_a_result_with_texts_is_planted_in():
    """Else what follows would say nothing of it."""
    names = {re.sub(r"\[\d+\]", "", where).rpartition(".")[2] for where in harmless()}
    assert names >= {
        "assignment", "id", "files", "sha256", "stdout", "sandbox", "notes", "name", "status", "kind", "summary", "prompt", "message",
        "diagnosis", "inputs", "visibility", "explanation", "latex", "text", "media", "comment", "where", "got", "want", "file", "title",
        "label", "handed_in", "why",
    }  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_of_a_result_makes_an_element_or_an_attribute(text):
    for where, found in with_texts(text):
        assert skeleton(found) == harmless()[where], where
        assert_stands_alone(found)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_in_the_code_makes_an_element_or_an_attribute(text):
    wrong = case("a", "error", message=text, spot=Spot(text, 1))
    found = shown(result("a", item("f", wrong)), {text: text})
    plain = shown(
        result("a", item("f", case("a", "error", message=WORDS, spot=Spot(WORDS, 1)))), {WORDS: f"{WORDS}\n\n"}
    )
    assert set(skeleton(found)) - {("code",)} <= set(skeleton(plain))
    assert_stands_alone(found)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_of_the_list_or_of_the_assignment_does(text):
    def of(text):
        return shown(FULL, title=text, due=text, students={"alice": Student("alice", text, text)})

    assert skeleton(of(text)) == skeleton(of(WORDS))
    assert_stands_alone(of(text))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_control_characters_can_be_read_and_do_nothing(text):
    html = rendered(planted_everywhere(FULL, text), {text: text}, title=text, students={text: Student(text, text)})
    assert {char for char in html if not char.isprintable()} <= {"\n"}


def test_a_text_is_shown_as_it_stands():
    text = "<b>&amp;\x1b[31m\u202eA"
    found = shown(result("a", item("f", case("a", "failed", message=text))))
    assert r"<b>&amp;\x1b[31m\u202eA" in region(found, "f").text


@pytest.mark.parametrize("char", ["x", "&", "\0", "\n"])
def test_however_long_the_texts_are_a_page_stays_small(char):
    long = char * 1_000_000
    html = rendered(planted_everywhere(FULL, long), {f"{n}.py": long for n in range(100)})
    assert len(html) < 1_500_000


def test_many_long_messages_and_notes_make_no_huge_page():
    long = "x" * 1_000_000
    cases = [case(f"{n}", "failed", message=f"{n} {long}", inputs=f"{n} {long}") for n in range(10)]
    html = rendered(result("a", *(item(f"f{n}", *cases) for n in range(10)), notes=(long,) * 1000))
    assert len(html) < 1_000_000


def test_a_cut_text_says_how_much_is_left_out():
    found = shown(result("a", item("f", case("a", "failed", message="x" * 1_000_000))))
    (left,) = set(re.findall(r"… \((\d+) more characters\)", region(found, "f").text))
    assert 1_000_000 - templating.LONGEST <= int(left) < 1_000_000


# --- the page itself -------------------------------------------------------------------------------------------------


def test_a_page_runs_nothing_loads_nothing_and_leads_nowhere():
    html = rendered(FULL, {"work.py": SOURCE}, students={"alice": ALICE})
    assert_stands_alone(parsed(html))
    assert policy(parsed(html))["script-src"] == ["'none'"]
    assert not re.search(r"(?i)https?:|@import|url\(", html)


@pytest.mark.parametrize("one", [FULL, result(), faulty()], ids=["full", "passed", "fault"])
def test_a_page_can_be_read_aloud(one):
    assert_can_be_read_aloud(shown(one, {"work.py": SOURCE}))


def test_what_a_reader_jumps_over_leads_to_the_main_part():
    found = full()
    skip = next(one for one in found.all("a"))
    assert isinstance(skip, Element)
    assert found.one(id=skip.attributes["href"][1:]).tag == "main"


def test_the_same_result_makes_the_same_page():
    assert rendered(FULL, {"work.py": SOURCE}) == rendered(FULL, {"work.py": SOURCE})
