"""The site of v4 with its documentation in a real browser: one bar, one font, one search, small, accessible."""

import gzip
import re
import shutil
from io import BytesIO

import pytest
from pages import DEVICES
from pypdf import PdfReader

from spurgen.harness.cli import main
from spurgen.harness.site.render import NAV

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
KINDS = (
    "index.html", "metrics.html", "first-world.html", "world.html", "genindex.html", "README.html",
    "benchmark/CALIBRATION.html", "api/baselines.html", "api/baselines/erm.html", "api/harness/metrics.html",
    "source/submissions/numpy_centroid.py.html", "../search.html?q=metrics", "../trust.html",
)  # fmt: skip
"""Of each kind of page one: lists, formulas, notebook, pictures, indexes, wide tables, Python API, source, search."""
BAR = """() => {
    const bar = document.querySelector(".top");
    const style = (of) => getComputedStyle(of);
    return {
        links: [...bar.querySelectorAll("a")].map((each) => [each.textContent.trim(), each.href]),
        search: bar.querySelector("form").action,
        current: [...bar.querySelectorAll("nav a:not(.brand)[aria-current]")].map((each) => each.textContent),
        fonts: [style(document.body).fontFamily, style(bar).fontFamily],
        colours: [style(document.body).backgroundColor, style(bar).color, style(bar).backgroundColor],
        box: [bar.getBoundingClientRect().x, bar.getBoundingClientRect().width, bar.getBoundingClientRect().height],
    };
}"""


@pytest.fixture(scope="module")
def whole(site, made_once):
    """The folder of the board of v4, which has the documentation."""

    def build(out):
        shutil.copytree(site, out / "docs")
        assert main(["site", "--suite", "v4", "--out", str(out)]) == 0

    return made_once("board", build)


@pytest.fixture
def opened(whole, visit):
    """Return a function that opens pages of the site, each in a visit of its own; nothing may go wrong on them."""
    begun = []

    def open_page(where, **settings):
        begun.append(visit(offline=True, **settings))
        return begun[-1].open(whole, where)

    yield open_page
    assert [problem for seen in begun for problem in seen.problems] == []


def test_board_and_documentation_are_small_and_so_is_a_first_visit(whole):
    assert sum(path.stat().st_size for path in whole.rglob("*") if path.is_file()) <= 6.5e6
    text = (whole / "index.html").read_text()
    shown = set(re.findall(r'(?:src|href|srcset)="((?:static|pictures|figures)/[^"]+)"', text))
    sizes = [len(gzip.compress((whole / path).read_bytes())) for path in ["index.html", *shown]]
    assert len(sizes) > 8
    assert sum(sizes) <= 250_000


@pytest.mark.parametrize("device", DEVICES)
def test_the_first_screen_leads_to_its_first_row(opened, check_first_row, device):
    page = opened("index.html", **DEVICES[device])
    page.locator("#controls").wait_for()
    check_first_row(page, device)


@pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_board_and_documentation_have_one_bar_and_one_font(opened, device, scheme):
    board, docs, deep = (
        opened(where, color_scheme=scheme, **DEVICES[device]).evaluate(BAR)
        for where in ("index.html", "docs/metrics.html", "docs/api/baselines/erm.html")
    )
    assert [text for text, _ in board["links"]] == ["SpurGen", *(title for title, _ in NAV)]
    assert (board["current"], docs["current"], deep["current"]) == (["Board"], ["Documentation"], ["Documentation"])
    for each in (docs, deep):
        assert {**each, "current": []} == {**board, "current": []}


def test_the_search_of_a_page_of_the_documentation_finds_rows_and_pages(opened):
    page = opened("docs/api/baselines/erm.html")
    field = page.get_by_role("searchbox", name="Search the board and the documentation")
    field.fill("deep feature")
    field.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    assert page.locator("#found li:visible a").all_inner_texts() == ["Deep feature reweighting"]
    page.goto(page.url.partition("?")[0] + "?q=counterexamples+needed")
    assert page.locator("#pages a").first.inner_text() == "Metrics"
    page.locator("#pages a", has_text=re.compile("^Counterexamples needed$")).first.click()
    assert page.url.endswith("docs/metrics.html#counterexamples-needed")


@pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_in_the_documentation(opened, violations, device, scheme):
    page = opened("docs/index.html", color_scheme=scheme, **DEVICES[device])
    for where in KINDS:
        page.goto(page.url.partition("/docs/")[0] + f"/docs/{where}")
        assert violations(page) == [], where
        assert page.evaluate("document.documentElement.scrollWidth") <= DEVICES[device]["viewport"]["width"], where


def test_the_documentation_is_complete_without_scripts_and_in_print(opened):
    page = opened("docs/metrics.html", java_script_enabled=False, **DEVICES["phone"])
    assert page.get_by_role("heading", name="Counterexamples needed").is_visible()
    assert page.locator(".top nav a", has_text="Board").is_visible()
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
    assert "Counterexamples needed" in text
    assert "Can I trust it?" not in text
