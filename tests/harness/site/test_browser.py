"""Every kind of page in a real browser, at three widths: accessible, complete without scripts, silent."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
TABLET = {"viewport": {"width": 820, "height": 1180}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PAGES = ("index.html", "trust.html", "rows/erm.html", "rows/gone.html", "tasks/few-image.html", "tasks/few-text.html")
MOST_WORDS = 120
WORDS_BEFORE_THE_FIRST_ROW = """() => {
    const row = document.querySelector("tr[data-label]");
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    let words = 0;
    while (walker.nextNode() && !row.contains(walker.currentNode)) {
        const around = walker.currentNode.parentElement;
        if (around.checkVisibility() && !around.closest("option, .spoken")) {
            words += (walker.currentNode.textContent.match(/\\S+/g) || []).length;
        }
    }
    return words;
}"""


@pytest.fixture(scope="session")
def reported_site(steps_file, steps_results, tmp_path_factory, make_site):
    """A site with a validity report, which has a chart."""
    folder = tmp_path_factory.mktemp("report")
    text = (
        "# Is it any good?\n\n## Verdicts\n\n- ERM fails: holds. By 0.3.\n\n## ERM fails\n\n| a |\n|---|\n| 1 |\n\n"
        "![ERM fails](erm.svg)\n"
    )
    (folder / "validity.md").write_text(text)
    (folder / "erm.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style></style></svg>')
    return make_site(steps_file, steps_results, "--validity", str(folder / "validity.md"))


def violations(page):
    """Return what axe-core finds."""
    page.evaluate("document.querySelectorAll('main details:not(.menu)').forEach((each) => { each.open = true; })")
    page.evaluate(AXE.read_text())  # evaluated by the test: the page's own policy forbids any script from outside
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], preload: false}).then((found) => found.violations)"
    )
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_kind_of_page(visit, reported_site, tiny_site, scheme):
    seen = visit(color_scheme=scheme)
    pages = [*((reported_site, where) for where in PAGES), (tiny_site, "index.html"), (tiny_site, "rows/erm.html")]
    for site, where in pages:
        assert violations(seen.open(site, where)) == [], where
    assert seen.problems == []


def test_axe_finds_nothing_on_a_phone_and_in_a_comparison_with_an_open_menu(visit, steps_site):
    assert violations(visit(**PHONE).open(steps_site)) == []
    page = visit().open(steps_site, "index.html#rows=erm&rows=dfr")
    page.get_by_text("Download", exact=True).click()
    assert violations(page) == []


@pytest.mark.parametrize(("device", "screens"), [(DESKTOP, 1.0), (TABLET, 1.25), (PHONE, 1.5)])
def test_the_first_row_is_on_the_first_screen_after_few_words(visit, steps_site, device, screens):
    page = visit(**device).open(steps_site)
    row = page.locator("tr[data-label]").first.bounding_box()
    whole = row["y"] + (row["height"] if screens == 1 else 0)
    assert whole <= screens * device["viewport"]["height"]
    assert page.evaluate(WORDS_BEFORE_THE_FIRST_ROW) <= MOST_WORDS


def test_the_first_screen_shows_the_example_with_both_answers_and_two_doors(visit, steps_site):
    page = visit(**DESKTOP).open(steps_site)
    title = page.get_by_role("heading", level=1).inner_text()
    assert re.fullmatch(r"It says “(animal|vehicle|food)” because of the [\w -]+ wall\.", title)
    twins = page.locator(".hero .twins .scene")
    assert [twins.nth(k).bounding_box()["width"] for k in (0, 1)] == [224, 224]
    answers = page.locator(".hero .answer").all_inner_texts()
    assert [("✓" in text, "✗" in text) for text in answers] == [(True, False), (False, True)]
    assert page.locator(".hero .figure").evaluate("(image) => image.naturalWidth") > 0
    page.get_by_role("link", name="Score your model").click()
    assert page.locator("#score").bounding_box()["y"] < 900
    page.get_by_role("link", name="See the board").click()
    assert page.locator("#boards").bounding_box()["y"] >= 0


def test_every_page_works_without_network_and_asks_for_files_of_the_site_alone(visit, steps_site):
    seen = visit(offline=True)
    for path in sorted(steps_site.rglob("*.html")):
        seen.open(steps_site, str(path.relative_to(steps_site)))
    assert seen.problems == []
    assert {url.startswith(steps_site.as_uri()) for url in seen.asked} == {True}
    assert all(
        Path(steps_site, url.removeprefix(f"{steps_site.as_uri()}/").partition("#")[0]).exists() for url in seen.asked
    )


def test_without_scripts_all_boards_and_rows_are_there(visit, steps_site):
    page = visit(java_script_enabled=False).open(steps_site)
    assert page.locator("#controls").is_hidden()
    assert page.locator("table.main:visible").count() == 2
    table = page.locator("#board-few-text table.main")
    for name in ("Empirical risk minimisation", "Just train twice", "short"):
        assert table.get_by_role("rowheader", name=re.compile(rf"^{name}\b")).is_visible()
    page.locator("#board-few-text").get_by_text("Every number of this board").click()
    assert page.locator("#board-few-text table.plain").get_by_role("rowheader", name="erm", exact=True).is_visible()
    table.get_by_role("link", name="Empirical risk minimisation").click()
    assert page.get_by_role("heading", name="Why it lost").first.is_visible()


def test_a_row_shows_two_pictures_of_200_pixels_and_both_answers(visit, steps_site):
    page = visit(**DESKTOP).open(steps_site, "rows/erm.html")
    family = page.locator(".family").first
    sizes = [family.locator("img").nth(k).bounding_box()["width"] for k in (0, 1)]
    assert min(sizes) >= 200
    assert "✓" in family.inner_text()
    assert "✗" in family.inner_text()
    assert page.locator(".verdict").first.bounding_box()["y"] < family.bounding_box()["y"] < 900


def test_captions_mark_the_words_that_changed(visit, steps_site):
    page = visit().open(steps_site, "rows/erm.html#few-text")
    marks = page.locator("#few-text .family").first.locator("mark")
    assert marks.count() >= 2
    assert marks.first.is_visible()


def test_hostile_names_and_errors_are_shown_as_text(visit, steps_site):
    seen = visit()
    for path in sorted(steps_site.rglob("*.html")):
        page = seen.open(steps_site, str(path.relative_to(steps_site)))
        assert page.title().endswith("· SpurGen steps")
        assert page.locator("img[src=x]").count() == 0
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.content()
    page = seen.open(steps_site)
    page.locator("table.main:visible").get_by_role("link", name="__loud__").click()
    assert "<img src=x onerror=alert(1)>" in page.locator("body").inner_text()
    assert seen.problems == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE])
@pytest.mark.parametrize("where", PAGES)
def test_no_page_scrolls_sideways(visit, reported_site, where, device):
    page = visit(**device).open(reported_site, where)
    assert page.evaluate("document.documentElement.scrollWidth") <= device["viewport"]["width"]


def test_a_phone_names_the_numbers_of_a_row(visit, steps_site):
    page = visit(**PHONE).open(steps_site)
    cell = page.locator("tr[data-label] td[data-title]").first
    assert cell.evaluate("(cell) => getComputedStyle(cell, '::before').content").startswith('"Counterexamples needed')


def test_dark_mode_is_dark_in_figures_too(visit, steps_site):
    grounds = {}
    for scheme in ("light", "dark"):
        seen = visit(color_scheme=scheme)
        page = seen.open(steps_site)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.goto(f"{steps_site.as_uri()}/figures/few-image.svg")
        drawn = page.evaluate("getComputedStyle(document.querySelector('path')).fill")
        grounds[scheme] = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ground, drawn)]
    assert grounds["dark"][0] == grounds["dark"][1] < 150
    assert grounds["light"][0] == grounds["light"][1] > 600


def test_a_print_has_every_row_of_the_board_without_the_controls(visit, steps_site):
    page = visit().open(steps_site)
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
    wanted = ("Empirical risk minimisation", "short", "Counterexamples needed", "few-text: captions", "Uses the thing")
    assert [name for name in wanted if name not in text] == []
    assert "Reset" not in text


def test_the_first_part_of_a_row_has_pictures_and_others_open_by_their_link(visit, steps_site):
    page = visit().open(steps_site, "rows/erm.html")
    parts = page.locator(".part > details")
    assert parts.evaluate_all("(all) => all.map((each) => [each.id, each.open])") == [
        ["few-image", True], ["few-text", False],
    ]  # fmt: skip
    page = visit().open(steps_site, "rows/erm.html#few-text")
    assert page.locator("#few-text").evaluate("(node) => node.open")
