"""Every kind of page in a real browser: accessible, complete without scripts, silent on the network."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PAGES = ("index.html", "trust.html", "rows/erm.html", "tasks/small-both.html")


@pytest.fixture(scope="session")
def reported_site(tiny_file, tiny_results, tmp_path_factory, make_site):
    """A site with a validity report."""
    folder = tmp_path_factory.mktemp("report")
    text = "# Is it any good?\n\n## Verdicts\n\n- ERM fails: passed. By 0.3.\n\n## ERM fails\n\n| a |\n|---|\n| 1 |\n"
    (folder / "validity.md").write_text(text)
    return make_site(tiny_file, tiny_results, "--validity", str(folder / "validity.md"))


def violations(page):
    """Return what axe-core finds."""
    page.evaluate("document.querySelectorAll('main details:not(.menu)').forEach((each) => { each.open = true; })")
    page.evaluate(AXE.read_text())  # evaluated by the test: the page's own policy forbids any script from outside
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], preload: false}).then((found) => found.violations)"
    )
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_kind_of_page(visit, reported_site, many_site, scheme):
    seen = visit(color_scheme=scheme)
    pages = [*((reported_site, where) for where in PAGES), (many_site, "index.html"), (many_site, "rows/erm.html")]
    for site, where in pages:
        assert violations(seen.open(site, where)) == [], where
    assert seen.problems == []


def test_axe_finds_nothing_in_a_comparison_with_open_menus(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#rows=erm&rows=dfr")
    page.get_by_text("Columns", exact=True).click()
    assert violations(page) == []
    page.get_by_text("Columns", exact=True).click()
    page.get_by_text("Copy", exact=True).click()
    assert violations(page) == []


def test_every_page_works_without_network_and_asks_for_files_of_the_site_alone(visit, tiny_site):
    seen = visit(offline=True)
    for path in sorted(tiny_site.rglob("*.html")):
        seen.open(tiny_site, str(path.relative_to(tiny_site)))
    assert seen.problems == []
    assert {url.startswith(tiny_site.as_uri()) for url in seen.asked} == {True}
    assert all(
        Path(tiny_site, url.removeprefix(f"{tiny_site.as_uri()}/").partition("#")[0]).exists() for url in seen.asked
    )


def test_without_scripts_all_boards_and_rows_are_there(visit, tiny_site):
    page = visit(java_script_enabled=False).open(tiny_site)
    assert page.locator("#controls").is_hidden()
    assert page.locator(".board table:visible").count() == 3
    table = page.locator("#board-small-image table")
    for name in ("ideal observer", "erm", "group_dro", "short"):
        assert table.get_by_role("rowheader", name=re.compile(rf"^{name}\b")).is_visible()
    assert table.get_by_role("columnheader", name="Robust accuracy").is_visible()
    page.get_by_role("link", name="erm", exact=True).first.click()
    assert page.get_by_role("heading", name="erm", exact=True).is_visible()
    assert page.get_by_role("heading", name="Why it lost").first.is_visible()


def test_a_lost_family_shows_two_pictures_of_200_pixels_and_both_answers(visit, tiny_site):
    page = visit().open(tiny_site, "rows/erm.html")
    family = page.locator(".family").first
    sizes = [family.locator("img").nth(k).bounding_box()["width"] for k in (0, 1)]
    assert min(sizes) >= 200
    assert "right" in family.inner_text()
    assert "wrong" in family.inner_text()


def test_hostile_names_and_errors_are_shown_as_text(visit, tiny_site):
    seen = visit()
    for path in sorted(tiny_site.rglob("*.html")):
        page = seen.open(tiny_site, str(path.relative_to(tiny_site)))
        assert page.title().endswith("· SpurGen tiny")
        assert page.locator("img[src=x]").count() == 0
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.content()
    page = seen.open(tiny_site, "index.html#board=small-image")
    page.locator(".board:visible").get_by_role("link", name="loud").first.click()
    assert "<img src=x onerror=alert(1)>" in page.locator("body").inner_text()
    assert seen.problems == []


@pytest.mark.parametrize("where", PAGES)
def test_a_phone_shows_every_page_without_scrolling_sideways(visit, reported_site, where):
    page = visit(**PHONE).open(reported_site, where)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_names_and_titles_stay_in_sight_where_a_board_is_scrolled(visit, tiny_site):
    page = visit(viewport={"width": 390, "height": 500}).open(tiny_site, "index.html#board=small-image")
    scroll = page.locator(".board:visible > .scroll")
    scroll.evaluate("(node) => { node.scrollLeft = 1e6; node.scrollTop = 200; }")
    box = scroll.bounding_box()
    name = page.locator(".board:visible tbody tr[data-label] th").last.bounding_box()
    title = page.locator(".board:visible thead th:visible").last.bounding_box()
    assert abs(name["x"] - box["x"]) < 2
    assert abs(title["y"] - box["y"]) < 2


def test_dark_mode_is_dark_and_figures_stay_on_white(visit, tiny_site):
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).open(tiny_site)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(map(int, re.findall(r"\d+", ground)[:3]))
        assert (
            page.locator(".figure").evaluate("(node) => getComputedStyle(node).backgroundColor") == "rgb(255, 255, 255)"
        )
    assert grounds["dark"] < 150 < 600 < grounds["light"]


def test_a_print_has_every_row_of_the_board_without_the_controls(visit, tiny_site):
    page = visit().open(tiny_site)
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
    assert [name for name in ("ideal observer", "erm", "group_dro", "Robust accuracy") if name not in text] == []
    assert "Reset" not in text


def test_the_first_part_of_a_row_is_open_and_others_open_by_their_link(visit, tiny_site):
    page = visit().open(tiny_site, "rows/erm.html")
    parts = page.locator(".part > details")
    assert parts.evaluate_all("(all) => all.map((each) => each.open)") == [True, False, False]
    page.get_by_role("link", name="small-text", exact=True).click()
    assert page.locator("#small-text").evaluate("(node) => node.open")
