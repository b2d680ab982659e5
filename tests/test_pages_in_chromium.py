"""The pages as a browser has them: nothing is loaded, nothing of a stranger's runs, and everybody can read and work them."""

import os
import shutil
from dataclasses import replace

import pytest

from grader import outputs
from grader.content import Clusters, Content, Curve, Picture, Scatter
from grader.model import Attempt, Row, Spot
from grader.roster import Student
from tests.results import HOSTILE, case, classroom, faulty, item, result

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")

MIXTURE = Clusters(((0.0, 0.0), (2.0, 1.0)), (((1.0, 0.0), (0.0, 1.0)), ((0.5, 0.1), (0.1, 0.5))), (0.5, 0.5))
DRAWINGS = (
    Scatter("K = 2", tuple((n / 7, n % 3) for n in range(21)), MIXTURE, MIXTURE),
    Curve("K = 2", "ll", (-3.0, -2.0, -1.5), (-3.0, -1.0, -0.5)),
)
SOURCE = "\n".join(f"line_{n} = {n}  # {'long ' * 40 if n == 20 else ''}" for n in range(60))
WRONG = case(
    "to convergence", "failed", message="`post` is transposed. Look at `axis`.", diagnosis="transposed",
    inputs="X = array of shape (20, 2)", spot=Spot("work.py", 21), rows=(Row("post[4, 1]", "0.31", "0.62"),),
)  # fmt: skip
SVG = Picture(
    "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
)


def everything(who="ann", message=WRONG.message):
    """Return a result that has something of each kind."""
    prose = item("why", case("why", "pending", message=""), kind="text", status="pending", score=0.0, max_score=2.0,
                 prompt="Why does it converge?", content=Content(f"Because. {message}", (SVG,)))  # fmt: skip
    return result(
        who,
        item("estep", case(), case("hidden", visibility="hidden")),
        item("run", replace(WRONG, message=message), case("a shape", "error", message=message), drawings=DRAWINGS),
        prose,
        stdout="printed\n" * 30 + message,
        notes=(f"Cell [3] failed. {message}",),
        attempts=(
            Attempt(1, "0" * 64, 1.0, why=message),
            Attempt(
                2, "1" * 64, 2.0, 0.4, "2026-12-02T10:00:00+01:00", 1, counts=True, why="1 day late: 20% taken off"
            ),
        ),
        penalty=0.4,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages of a class in which there is everything, and of one whose every text is hostile."""
    path = tmp_path_factory.mktemp("pages")
    results = [everything(), result("bob"), result("cid", item("run", WRONG)), faulty("dan")]
    more = [result(f"s{n:03}", item("estep"), item("run", *([WRONG] if n % 3 else []))) for n in range(60)]
    students = {"ann": Student("ann", "Ann Ames", "ann@x.org"), "bob": Student("bob", "Zoë Bo")}
    told = {
        "missing": [Student("eve", "Eve E.")],
        "unknown": ["cid"],
        "refused": ["a/../b.py is refused: it leads out."],
    }
    outputs.write_pages(
        classroom(*results, *more, title="EM", students=students, sources=lambda _: {"work.py": SOURCE}, **told), path
    )
    bad = (
        "".join(HOSTILE.values())
        + "<img src=x onerror=alert(3)><script>alert(4)</script>'\"></td></title>"
        + "x" * 2000
    )
    hostile = everything(f"<b>{bad[:200]}", bad)
    outputs.write_pages(
        classroom(
            hostile, title=bad, refused=[bad], unknown=[hostile.id], sources=lambda _: {bad[:99]: bad, "work.py": bad}
        ),
        path / "hostile",
    )
    return path


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    options = ["--no-sandbox"] if os.getuid() == 0 else []
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser):
    """Open a page, which at the end has said nothing, asked for nothing, and opened no dialog."""
    heard, pages = [], []

    def visited(path, **options):
        page = browser.new_page(**{"viewport": {"width": 1100, "height": 900}, **options})
        pages.append(page)
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or heard.append(request.url))
        page.goto(path.as_uri())
        return page

    yield visited
    for page in pages:
        page.close()
    assert heard == []


def pages_in(folder):
    return [folder / "summary.html", *sorted((folder / "feedback").iterdir())[:3]]


def violations(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    return axe.Axe().run(page).response["violations"]


# --- everybody can read it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme, folder, visit, screenshots):
    for path in [*pages_in(folder), *pages_in(folder / "hostile")]:
        page = visit(path, color_scheme=scheme)
        for details in page.query_selector_all("details"):
            details.evaluate("one => one.open = true")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations(page)] == [], path
        if path.parent.name != "hostile":
            page.screenshot(path=screenshots / f"{path.stem}-{scheme}.png", full_page=True)


def test_axe_would_find_something(folder, visit):
    page = visit(folder / "summary.html")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in {one["id"] for one in violations(page)}


@pytest.mark.parametrize("where", ["", "hostile"])
def test_on_a_telephone_nothing_is_wider_than_the_screen(where, folder, visit, screenshots):
    for path in pages_in(folder / where):
        page = visit(path, viewport={"width": 360, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.screenshot(path=screenshots / f"{where}{path.stem[:20]}-narrow.png")


WIDTH_ON_PAPER = 718
"""Of A4 upright, with Chromium's margins."""
FOLDED = "[...document.querySelectorAll('details')].filter(one => one.scrollHeight < 1.5 * one.firstElementChild.scrollHeight).length"


def on_paper(page):
    page.emulate_media(media="print")
    page.wait_for_timeout(100)  # what was folded opens with the next frames
    return page


def test_on_paper_what_is_folded_is_open(folder, visit, screenshots):
    page = visit(folder / "feedback" / "ann.html")
    assert page.evaluate(FOLDED) > 0
    assert on_paper(page).evaluate(FOLDED) == 0
    (screenshots / "ann.pdf").write_bytes(page.pdf())


def test_on_paper_no_table_is_cut(folder, visit, tmp_path, screenshots):
    names = [f"question_number_{n}" for n in range(20)]
    many = classroom(*(result(f"student_with_a_long_name_{n}", *map(item, names)) for n in range(9)))
    outputs.write_pages(many, tmp_path)
    for path in [*pages_in(folder), *pages_in(tmp_path)]:
        page = on_paper(visit(path, viewport={"width": WIDTH_ON_PAPER, "height": 1000}))
        wide = page.evaluate("[...document.querySelectorAll('table')].map(one => one.offsetWidth)")
        assert max(wide, default=0) <= WIDTH_ON_PAPER, path
        (screenshots / f"{path.stem}-{len(wide)}-tables.pdf").write_bytes(page.pdf(prefer_css_page_size=True))


# --- everybody can work it ---------------------------------------------------------------------------------------------


NOTHING = "\N{EN DASH}"
TOTALS = """() => {
    const names = [...document.querySelectorAll('#class thead th')].map(one => one.textContent);
    return [...document.querySelectorAll('#class tbody tr')].map(one => one.cells[names.indexOf('Total')].textContent);
}"""


def shown(page):
    return [row.inner_text().split()[0] for row in page.query_selector_all("#class tbody tr") if row.is_visible()]


def test_the_first_key_leads_past_the_heading(folder, visit):
    page = visit(folder / "feedback" / "ann.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"


def test_the_class_is_searched_with_the_keyboard(folder, visit):
    page = visit(folder / "summary.html")
    page.focus("#wanted")
    page.keyboard.type("zoë")
    assert (shown(page), page.inner_text("#found")) == (["bob"], "1 of 64 students")
    page.keyboard.type("x")
    assert (shown(page), page.inner_text("#found")) == ([], "0 of 64 students")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert len(shown(page)) == 64


def test_the_class_is_sorted_with_the_keyboard(folder, visit):
    page = visit(folder / "summary.html")
    header = page.locator("#class th", has_text="Total").first
    header.locator("button").focus()
    for order, first in (("ascending", "0"), ("descending", "2")):
        page.keyboard.press("Enter")
        assert header.get_attribute("aria-sort") == order
        totals = page.evaluate(TOTALS)
        assert (totals[0], totals[-1]) == (first, NOTHING)  # a fault of ours has no points
    assert page.evaluate("document.activeElement.textContent") == "Total"


@pytest.mark.parametrize("where", ["", "hostile"])
def test_every_link_of_the_class_leads_to_a_student(where, folder, visit):
    page = visit(folder / where / "summary.html")
    links = {
        one.evaluate("one => decodeURIComponent(new URL(one.href).pathname)")
        for one in page.query_selector_all("main a")
    }
    assert links == {str(path) for path in (folder / where / "feedback").iterdir()}


def test_every_link_on_a_students_page_leads_to_a_place_on_it(folder, visit):
    page = visit(folder / "feedback" / "ann.html")
    places = {one.get_attribute("href") for one in page.query_selector_all("a")}
    assert {"#main", "#item-1", "#item-2", "#item-3"} <= places
    assert all(page.query_selector(place) for place in places)


# --- nothing of a stranger's runs --------------------------------------------------------------------------------------


def test_hostile_texts_make_no_element_and_say_nothing(folder, visit):
    for path in pages_in(folder / "hostile"):
        page = visit(path)
        assert page.query_selector("b, iframe, object, embed, form, img[src='x']") is None
        assert page.evaluate("document.scripts.length") == (path.name == "summary.html")


def test_an_svg_is_an_image_in_which_nothing_runs(folder, visit):
    page = visit(folder / "feedback" / "ann.html")
    sources = [one.get_attribute("src") for one in page.query_selector_all("img")]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert page.query_selector("main svg") is None


def test_the_policy_lets_no_other_script_run(folder, visit, browser, tmp_path):
    path = tmp_path / "page.html"
    html = (folder / "feedback" / "ann.html").read_text()
    path.write_text(
        html.replace("</main>", "<script>document.title = 'mine'</script><img src='http://localhost/x'></main>")
    )
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    assert page.title() != "mine"
    assert sum("Content Security Policy" in text for text in refused) == 2
    page.close()


def test_what_failed_stands_at_its_line(folder, visit):
    page = visit(folder / "feedback" / "ann.html")
    marked = page.query_selector("li.marked")
    assert "line_20 = 20" in marked.inner_text()
    assert "`post`".strip("`") in marked.inner_text()
    assert marked.is_visible()
