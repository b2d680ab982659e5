"""The documentation's site: it is built without a warning, loads nothing from elsewhere, and has every page in its menu."""

import os
import re
import subprocess
import sys

import pytest

from tests import documented
from tests.conftest import ROOT, write
from tests.hypertext import PATHS

WITHOUT_ADVERTISEMENT = {"NO_MKDOCS_2_WARNING": "1"}
"""Material's own way to leave out a banner about the future of MkDocs."""


def build(source, site):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    environment = {**os.environ, **WITHOUT_ADVERTISEMENT}
    return subprocess.run(
        command, cwd=source, env=environment, check=False, capture_output=True, text=True, timeout=100
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT, folder)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


def test_a_page_of_the_documentation_is_one_of_the_site_and_in_its_menu(site):
    pages = [page.removeprefix("docs/").removesuffix(".md") for page in documented.pages() if page != "README.md"]
    home = (site / "index.html").read_text()
    for page in pages:
        assert (site / f"{page}.html").is_file(), page
        assert f'href="{page}.html"' in home, page


def test_pages_load_nothing_from_elsewhere(site):
    """A link may lead away; a script, a style, a font or a picture may not come from there."""
    attributes = "|".join(sorted(PATHS - {"href"}))
    loaded = re.compile(rf'<link[^>]* href="?([^" >]+)|<[^>]+ (?:{attributes})="?([^" >]+)')
    for path in site.rglob("*.html"):
        found = [one or other for one, other in loaded.findall(path.read_text())]
        assert found, path
        assert [one for one in found if re.match(r"(?:\w+:)?//", one)] == [], path
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"(?:url|@import)[( ]\s*[\"']?(?:\w+:)?//[^)]*", styles) == []


def test_the_reference_has_the_shapes_of_what_it_documents(site):
    page = (site / "reference.html").read_text()
    for name in ("naive_em.estep", "em.fill_matrix", "gmm_full.mstep", "hard_em.run", "init.init", "criteria.bic"):
        assert f'id="reference.{name}"' in page, name
    assert "(n, K)" in page
    assert "(K,)" in page


def test_what_is_broken_fails(tmp_path):
    """The site's own settings, on pages of which all is wrong that can be."""
    settings = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[0]
    write(tmp_path, {
        "mkdocs.yml": f"{settings}\nnav: [index.md, page.md]\n",
        "docs/index.md": "# A\n\n[x](nowhere.md) [x](page.md#nowhere)\n",
        "docs/page.md": "# B\n",
        "docs/forgotten.md": "# C\n",
        "docs/extra.css": "",
        "docs/favicon.svg": "",
    })  # fmt: skip
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode == 1
    told = {
        "a page that is in no menu": "- forgotten.md",
        "a link to no page": "contains a link 'nowhere.md', but the target is not found",
        "a link to no heading": "'page.md' does not contain an anchor '#nowhere'",
    }
    assert [what for what, text in told.items() if text not in built.stderr] == [], built.stderr
