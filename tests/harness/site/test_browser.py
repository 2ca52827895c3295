"""Every kind of page in a real browser, at three widths: accessible, complete without scripts, silent."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from pages import DEVICES
from pypdf import PdfReader

pytestmark = pytest.mark.slow
DESKTOP, PHONE = DEVICES["desktop"], DEVICES["phone"]
PAGES = (
    "index.html", "trust.html", "search.html", "rows/erm.html", "rows/gone.html", "ladders/index.html",
    "ladders/few-image.html", "ladders/few-text.html",
)  # fmt: skip


@pytest.fixture(scope="session")
def reported_site(steps_file, steps_results, tmp_path_factory, make_site):
    """A site with a validity report, which has a chart."""
    folder = tmp_path_factory.mktemp("report")
    text = (
        "# Is it any good?\n\n## Verdicts\n\n- ERM fails: holds. By 0.3.\n\n## ERM fails\n\n| a |\n|---|\n| 1 |\n\n"
        "| b |\n|---|\n| 2 |\n\n"
        "![ERM fails](erm.svg)\n"
    )
    (folder / "validity.md").write_text(text)
    (folder / "erm.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style></style></svg>')
    return make_site(steps_file, steps_results, "--validity", str(folder / "validity.md"))


def test_axe_finds_nothing_on_any_kind_of_page_in_light_or_dark(visit, violations, reported_site, tiny_site):
    seen = visit()
    pages = [*((reported_site, where) for where in PAGES), (tiny_site, "index.html"), (tiny_site, "rows/erm.html")]
    for site, where in pages:
        page = seen.open(site, where)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == [], (where, scheme)
    assert seen.problems == []


def test_axe_finds_nothing_on_a_phone_and_in_a_comparison_with_an_open_menu(visit, violations, steps_site):
    assert violations(visit(**PHONE).open(steps_site)) == []
    page = visit().open(steps_site, "index.html#rows=erm&rows=dfr")
    page.get_by_text("Download", exact=True).click()
    assert violations(page) == []


@pytest.mark.parametrize("device", DEVICES)
def test_the_first_row_is_on_the_first_screen_after_few_words(visit, check_first_row, steps_site, device):
    check_first_row(visit(**DEVICES[device]).open(steps_site), device)


def test_the_first_screen_shows_the_example_who_wins_and_two_doors(visit, steps_site):
    page = visit(**DESKTOP).open(steps_site)
    title = page.get_by_role("heading", level=1).inner_text()
    assert re.fullmatch(r"It says “(animal|vehicle|food)” because of the [\w -]+ wall\.", title)
    twins = page.locator(".hero .twins .scene")
    assert min(twins.nth(k).bounding_box()["width"] for k in (0, 1)) >= 180
    answers = page.locator(".hero .answer").all_inner_texts()
    assert [("✓" in text, "✗" in text) for text in answers] == [(True, False), (False, True)]
    assert page.locator(".hero .figure").evaluate("(image) => image.naturalWidth") > 0
    page.get_by_role("link", name="Score your model").click()
    assert page.locator("#score").bounding_box()["y"] < 900
    page.get_by_role("link", name="All methods").click()
    assert round(page.locator("#boards").bounding_box()["y"]) >= 0  # in whole pixels


@pytest.mark.parametrize("device", DEVICES)
def test_the_first_screen_has_the_best_row_and_erm_with_their_numbers_as_on_the_board(visit, steps_site, device):
    page = visit(**DEVICES[device]).open(steps_site)
    winners = page.locator(".winners li")
    assert winners.count() == 2
    bottom = winners.nth(1).bounding_box()
    assert bottom["y"] + bottom["height"] < DEVICES[device]["viewport"]["height"]
    first = page.locator("tr[data-label]").first
    names = [first.locator("th a").inner_text().partition(",")[0], "ERM"]
    scores = [row.locator(".score b").inner_text() for row in (first, page.locator("tr[data-label=erm]").first)]
    shown = [winners.nth(k).inner_text() for k in (0, 1)]
    for name, score, text in zip(names, scores, shown, strict=True):
        assert name in text
        assert score in text  # the small ladder of pictures has no ceiling


def test_the_search_finds_rows_and_tasks_by_words_in_any_order(visit, steps_site):
    seen = visit()
    page = seen.open(steps_site, "rows/erm.html")
    field = page.get_by_role("searchbox", name="Search the board and the documentation")
    field.fill("TWICE just")
    field.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    assert page.locator("#found li:visible a").all_inner_texts() == ["Just train twice"]
    assert page.locator("#words").input_value() == "TWICE just"
    assert page.locator("#count").inner_text() == "1 found for “TWICE just”"
    page.goto(f"{steps_site.as_uri()}/search.html?q=groupdro")
    assert page.locator("#found li:visible a").all_inner_texts() == ["Group distributionally robust optimisation"]
    page.goto(f"{steps_site.as_uri()}/search.html?q=nothing-like-it")
    assert page.locator("#count").inner_text() == "Nothing found for “nothing-like-it”"
    assert page.get_by_role("heading", name="Board").count() == 0
    page.locator("#words").fill("few-text")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=few-text")
    page.locator("#found li:visible a").click()
    assert page.get_by_role("heading", level=1).inner_text() == "few-text: captions"
    assert seen.problems == []


def test_every_page_works_offline_with_files_of_the_site_alone_and_shows_hostile_names_as_text(visit, steps_site):
    seen = visit(offline=True)
    for path in sorted(steps_site.rglob("*.html")):
        page = seen.open(steps_site, str(path.relative_to(steps_site)))
        assert page.title().endswith("· SpurGen steps")
        assert page.locator("img[src=x]").count() == 0
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.content()
    page = seen.open(steps_site)
    page.locator("table.main:visible").get_by_role("link", name="__loud__").click()
    assert "<img src=x onerror=alert(1)>" in page.locator("body").inner_text()
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
    assert page.locator(".winners li").count() == 2
    page.locator("#board-few-text").get_by_text("Every number of this board").click()
    assert page.locator("#board-few-text table.plain").get_by_role("rowheader", name="erm", exact=True).is_visible()
    table.get_by_role("link", name="Empirical risk minimisation").click()
    assert page.get_by_role("heading", name="Where it fails, and why").first.is_visible()
    page.goto(f"{steps_site.as_uri()}/search.html")
    assert page.locator("#found").get_by_role("link", name="Just train twice").is_visible()


def test_a_row_shows_two_pictures_of_200_pixels_and_both_answers(visit, steps_site):
    page = visit(**DESKTOP).open(steps_site, "rows/erm.html")
    family = page.locator(".family").first
    sizes = [family.locator("img").nth(k).bounding_box()["width"] for k in (0, 1)]
    assert min(sizes) >= 200
    captions = page.locator(".family figcaption").all_inner_texts()
    assert re.fullmatch(r"It says “\w+” because both shortcuts changed\.", captions[0])
    assert re.fullmatch(r"Only the wall's (hue|pattern) changed: it says “\w+” because of the .* wall\.", captions[1])
    assert "✓" in family.inner_text()
    assert "✗" in family.inner_text()
    assert page.locator(".verdict").first.bounding_box()["y"] < family.bounding_box()["y"] < 900


@pytest.mark.parametrize("width", [390, 768, 1001, 1161, 1279, 1440])
def test_the_board_and_the_chart_are_whole_and_readable_at_every_width(visit, steps_site, width):
    page = visit(viewport={"width": width, "height": 900}).open(steps_site)
    cut = page.locator(".board:visible .scroll").first.evaluate("(region) => region.scrollWidth - region.clientWidth")
    assert cut <= 0
    assert page.locator(".hero .figure").bounding_box()["width"] >= min(width - 30, 440)
    cells = page.locator("tr[data-label] td").evaluate_all(
        "(all) => all.filter((each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1).length"
    )
    assert cells == 0


def test_a_tablet_uses_both_halves_of_a_row_and_a_phone_stacks_verdicts(visit, reported_site):
    page = visit(**DEVICES["tablet"]).open(reported_site)
    cells = page.locator("tr[data-label]:visible").first.locator("td")
    assert cells.nth(1).bounding_box()["x"] > cells.nth(0).bounding_box()["x"] + 300
    page = visit(**PHONE).open(reported_site, "trust.html")
    boxes = [page.locator(".verdicts tbody tr").first.locator(name).first.bounding_box() for name in ("th", "td")]
    assert boxes[0]["x"] == boxes[1]["x"]
    assert boxes[0]["y"] < boxes[1]["y"]


def test_a_phone_has_a_long_title_beside_its_triangle(visit, steps_site):
    page = visit(viewport={"width": 120, "height": 844}).open(steps_site, "rows/erm.html")
    title = page.locator(".part h2").first
    assert title.bounding_box()["y"] - page.locator(".part summary").first.bounding_box()["y"] < 20
    assert title.evaluate("(title) => title.getClientRects().length") > 1


def test_captions_mark_the_words_that_changed(visit, steps_site):
    page = visit().open(steps_site, "rows/erm.html#few-text")
    marks = page.locator("#few-text .family").first.locator("mark")
    assert marks.count() >= 2
    assert marks.first.is_visible()


@pytest.mark.parametrize("device", DEVICES)
def test_no_page_scrolls_sideways(visit, reported_site, device):
    seen = visit(**DEVICES[device])
    for where in PAGES:
        page = seen.open(reported_site, where)
        assert page.evaluate("document.documentElement.scrollWidth") <= DEVICES[device]["viewport"]["width"], where


def test_a_phone_names_the_numbers_of_a_row(visit, steps_site):
    page = visit(**PHONE).open(steps_site)
    page.locator("select[name=board]").select_option("few-text")  # the other ladder has no ceiling
    cell = page.locator("tr[data-label]:visible td[data-title]").first
    assert cell.evaluate("(cell) => getComputedStyle(cell, '::before').content").startswith('"Counterexamples')


def test_the_two_ceilings_are_told_apart_beside_the_report(reported_site):
    text = (reported_site / "trust.html").read_text()
    assert "the ceiling measured in these worlds." in text
    assert (
        "the ceiling fixed on other worlds, before any row was ranked: 90\N{NO-BREAK SPACE}% on few-text.</p>" in text
    )


def test_numbers_wrap_where_a_phone_is_too_narrow(visit, steps_site):
    page = visit(viewport={"width": 240, "height": 844}).open(steps_site, "index.html#board=few-text")
    cells = page.locator("tr[data-label]:visible td[data-title='Counterexamples']")
    assert cells.evaluate_all("(all) => all.filter((each) => each.scrollWidth > each.clientWidth).length") == 0


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


def test_a_figure_shows_the_row_that_its_address_names_and_no_other(visit, steps_site):
    page = visit().open(steps_site, "rows/dfr.html")
    where = page.locator("#few-image .climb img").get_attribute("src")
    assert where == "../figures/few-image.svg#row-dfr"
    page.goto(f"{steps_site.as_uri()}/figures/few-image.svg#row-dfr")
    drawn = page.locator("[id^=row-]").evaluate_all(
        "(all) => all.map((each) => [each.id, getComputedStyle(each).display])"
    )
    assert len(drawn) == len({row for row, _ in drawn}) > 5
    assert [row for row, display in drawn if display != "none"] == ["row-dfr"]


def test_a_print_has_every_row_of_the_board_without_the_controls(visit, steps_site):
    page = visit().open(steps_site)
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
    wanted = ("Empirical risk minimisation", "short", "Counterexamples", "few-text: captions", "Uses the thing")
    assert [name for name in wanted if name not in text] == []
    assert [absent for absent in ("Reset", "No method of this board") if absent in text] == []


def test_a_print_in_landscape_has_the_board_as_a_table(visit, steps_site):
    page = visit(viewport={"width": 1032, "height": 700}).open(steps_site)  # A4 without its margins
    page.emulate_media(media="print")
    row = page.locator("tr[data-label]").first
    assert row.evaluate("(line) => getComputedStyle(line).display") == "table-row"


def test_the_first_part_of_a_row_has_pictures_and_others_open_by_their_link(visit, steps_site):
    page = visit().open(steps_site, "rows/erm.html")
    parts = page.locator(".part > details")
    assert parts.evaluate_all("(all) => all.map((each) => [each.id, each.open])") == [
        ["few-image", True], ["few-text", False],
    ]  # fmt: skip
    page = visit().open(steps_site, "rows/erm.html#few-text")
    assert page.locator("#few-text").evaluate("(node) => node.open")
