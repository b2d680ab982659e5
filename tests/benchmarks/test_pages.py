"""What the instructor's page of a large class costs a browser, beside a plain table of the same texts.

python -m pytest -m benchmark -s tests/benchmarks/test_pages.py
"""

import html
import os
import shutil
import statistics
import time

import pytest

from grader.report import page, summary
from tests.results import case, classroom, item, result

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]
STUDENTS = 2000
TIMES = 4
"""How many times as long as the plain table the page may take; what is wanted besides is that it is there in a second."""


@pytest.fixture(scope="module")
def large():
    wrong = case("to convergence", "failed", message="`post` is transposed.", diagnosis="transposed")
    kinds = [[item("estep"), item("mstep"), item("run", *more)] for more in ([], [wrong])]
    return classroom(*(result(f"student{n:04}", *kinds[n % 3 > 0]) for n in range(STUDENTS)))


@pytest.fixture
def opened(tmp_path):
    """Return how many seconds a page takes to be there, laid out and drawn, the median of some."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)

        def seconds(name, text):
            path = tmp_path / f"{name}.html"
            path.write_text(text, encoding="utf-8")
            series = []
            for _ in range(5):
                page = browser.new_page()
                began = time.perf_counter()
                page.goto(path.as_uri())
                page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
                series.append(time.perf_counter() - began)
                page.close()
            return statistics.median(series)

        yield seconds
        browser.close()


def test_the_page_of_two_thousand_students_opens_at_once(large, opened):
    began = time.perf_counter()
    text = summary.render(large)
    rendered = time.perf_counter() - began
    cells = "".join(
        f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in (one.id, 'lost points', one.score, 1, 1, 1, 0.25, 'transposed'))}</tr>"
        for one in large.results
    )
    plain = opened("plain", f"<!doctype html><meta charset=utf-8><table>{cells}</table>")
    ours = opened("summary", text)
    wanted = "met" if ours < 1 else "MISSED"
    print(
        f"\nopens in {ours:.2f} s (wanted under 1 s: {wanted}), a plain table in {plain:.2f} s; rendered in {rendered:.2f} s"
    )
    assert ours < TIMES * plain


def test_a_page_of_a_student_is_rendered_in_milliseconds(large):
    first = next(iter(large.results))
    page.render(first, large)
    began = time.perf_counter()
    for one, _ in zip(large.results, range(200), strict=False):
        page.render(one, large)
    each = (time.perf_counter() - began) / 200
    began = time.perf_counter()
    for _ in range(200):
        html.escape("<p>`post` is transposed.</p>" * 400)
    escaping = (time.perf_counter() - began) / 200
    print(f"\na student's page takes {1000 * each:.2f} ms; to escape as much text, {1000 * escaping:.2f} ms")
    assert each < 20 * escaping
