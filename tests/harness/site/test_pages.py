"""Every page in a real browser: accessible, complete without scripts, silent on the network."""

import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SEVERE = ("serious", "critical")
PAGES = ("index.html", "tasks.html", "benchmark.html", "rows/erm.html", "tasks/small-both.html")


def pages_of(site):
    return sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))


class Attributes(HTMLParser):
    """Collects the names of all attributes."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def handle_starttag(self, _, attrs):
        self.names |= {name for name, _ in attrs}


def attributes(text):
    parser = Attributes()
    parser.feed(text)
    return parser.names


def severe(page):
    """Return what axe-core finds serious or critical."""
    page.evaluate("document.querySelectorAll('main details:not(.menu)').forEach((each) => { each.open = true; })")
    page.evaluate(AXE.read_text())  # evaluated by the test: the page's own policy forbids any script from outside
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], preload: false}).then((found) => found.violations)"
    )
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in SEVERE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_kind_of_page(visit, tiny_site, many_site, scheme):
    seen = visit(color_scheme=scheme)
    pages = [*((tiny_site, where) for where in PAGES), (many_site, "index.html"), (many_site, "rows/erm.html")]
    for site, where in pages:
        assert severe(seen.open(site, where)) == [], where
    assert seen.problems == []


def test_axe_finds_nothing_serious_in_a_comparison_with_open_menus(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site, "index.html#rows=erm&rows=dfr")
    page.get_by_text("Columns").click()
    assert severe(page) == []
    page.get_by_text("Download", exact=True).click()
    assert severe(page) == []


def test_every_page_works_without_network_and_asks_for_files_of_the_site_alone(visit, tiny_site, many_site):
    for site in (tiny_site, many_site):
        seen = visit(offline=True)
        for where in pages_of(site):
            seen.open(site, where)
        assert seen.problems == []
        assert {url.startswith(site.as_uri()) for url in seen.asked} == {True}
        assert all(Path(site, url.removeprefix(f"{site.as_uri()}/").partition("#")[0]).exists() for url in seen.asked)


def test_every_link_leads_to_a_page_and_a_place_on_it(tiny_site, many_site):
    for site in (tiny_site, many_site):
        for path in site.rglob("*.html"):
            for target in re.findall(r'(?:href|src)="([^"]+)"', path.read_text()):
                where, _, place = target.partition("#")
                file = (path.parent / where).resolve() if where else path
                assert file.is_relative_to(site.resolve()), (path.name, target)
                assert file.exists(), (path.name, target)
                mark = f'data-key="{place[6:]}"' if place.startswith("board=") else f'id="{place}"'
                assert not place or mark in file.read_text(), (path.name, target)


def test_the_policy_allows_nothing_from_outside_and_no_page_needs_more(tiny_site):
    for path in tiny_site.rglob("*.html"):
        text = path.read_text()
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
        assert policy.startswith("default-src &#39;none&#39;; script-src &#39;self&#39;; style-src &#39;self&#39;")
        assert "unsafe" not in policy
        assert not [name for name in attributes(text) if name == "style" or name.startswith("on")], path.name
        assert not re.search(r"https?://", text), path.name


def test_without_scripts_all_boards_and_rows_are_there(visit, tiny_site):
    seen = visit(java_script_enabled=False)
    page = seen.open(tiny_site)
    assert page.locator("#controls").is_hidden()
    assert page.get_by_role("table").count() == 3
    table = page.locator("#board-small-image table")
    for name in ("ideal observer", "erm", "group_dro", "short"):
        assert table.get_by_role("rowheader", name=name, exact=True).is_visible() or name == "short"
    assert table.get_by_role("columnheader", name="Robust accuracy").is_visible()
    assert table.locator("svg.interval").count() > 8
    page.get_by_role("link", name="erm", exact=True).first.click()
    assert page.get_by_role("heading", name="erm", exact=True).is_visible()
    assert page.get_by_role("heading", name="Where it fails").first.is_visible()


def test_hostile_names_and_errors_are_shown_as_text(visit, tiny_site):
    seen = visit()
    for where in pages_of(tiny_site):
        page = seen.open(tiny_site, where)
        assert page.title().endswith("· SpurGen tiny")
        assert page.locator("img[src=x]").count() == 0
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.content()
    page = seen.open(tiny_site)
    page.get_by_text("Not ranked: ").first.click()
    hostile = page.locator("#boards .shown").get_by_role("link", name="onerror")
    hostile.first.click()
    assert "<img src=x onerror=alert(1)>" in page.locator("h1").inner_text()
    assert seen.problems == []


@pytest.mark.parametrize("where", PAGES)
def test_a_phone_shows_every_page_without_scrolling_sideways(visit, tiny_site, where):
    seen = visit(**PHONE)
    page = seen.open(tiny_site, where)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert seen.problems == []


def test_letters_of_figures_can_be_read_on_a_phone(visit, tiny_site):
    seen = visit(**PHONE)
    for where in ("index.html", "rows/erm.html", "tasks/small-both.html"):
        page = seen.open(tiny_site, where)
        for figure in page.locator("svg.figure:visible").all():
            scale = figure.evaluate("(node) => node.getBoundingClientRect().width / node.viewBox.baseVal.width")
            assert 11 * scale >= 9, where  # 11 units: the smallest letters


def test_a_phone_shows_accuracies_by_pattern_without_scrolling_sideways(visit, tiny_site):
    page = visit(**PHONE).open(tiny_site, "rows/erm.html")
    for last in (page.locator("table.heat tbody td[class^=shade]"), page.locator("svg.figure .lowest")):
        last.first.scroll_into_view_if_needed()
        ends = last.evaluate_all("(nodes) => nodes.map((node) => node.getBoundingClientRect().right)")
        assert max(ends) <= PHONE["viewport"]["width"]


def test_a_cell_of_the_heat_map_has_its_pattern_as_header(visit, many_site):
    page = visit().open(many_site, "rows/erm.html")
    heat = page.locator("table.heat").first
    heads = heat.get_by_role("columnheader", name="conflict").all_text_contents()
    assert len(heads) == 7
    assert any("color, background and shape conflict" in head for head in heads)
    assert heat.get_by_role("columnheader", name="all agree").count() == 1


def test_the_titles_of_columns_stay_in_sight_as_long_as_their_board_does(visit, tiny_site):
    for where, head in (("index.html", ".tabulator-header"), ("tasks/small-both.html", "thead")):
        page = visit(viewport={"width": 1400, "height": 400}).open(tiny_site, where)
        shown = page.locator(f".board {head}:visible").first
        region = page.locator(".board > .scroll:visible").first
        assert region.bounding_box()["height"] > 500
        page.evaluate("(top) => scrollTo(0, top)", page.evaluate("scrollY") + region.bounding_box()["y"] + 200)
        page.wait_for_function("(node) => Math.abs(node.getBoundingClientRect().top) < 1", arg=shown.element_handle())
        box = shown.bounding_box()
        found = page.evaluate(
            "([x, y]) => !!document.elementFromPoint(x, y).closest('.tabulator-header, thead')",
            [box["x"] + 200, box["y"] + box["height"] - 4],
        )
        assert found, where
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_function("(node) => !node.style.transform", arg=shown.element_handle())


def test_on_a_phone_nothing_of_an_access_tiers_heading_is_left_beside_its_name(visit, tiny_site):
    for where in ("index.html#board=small-image", "tasks/small-both.html"):
        page = visit(**PHONE).open(tiny_site, where)
        scroll = page.locator(".board > .scroll:visible").first
        scroll.evaluate("(node) => { node.scrollLeft = 1e6; }")
        left = scroll.bounding_box()["x"]
        for heading in page.locator(".stay:visible").all():
            box = heading.bounding_box()
            assert left - 11 <= box["x"]
            assert box["x"] + box["width"] <= PHONE["viewport"]["width"]
            ends = heading.locator("span").evaluate("(node) => node.getBoundingClientRect().left")
            assert ends >= left


def test_the_name_of_a_row_is_its_header_with_and_without_scripts(visit, tiny_site):
    for scripts in (True, False):
        board = visit(java_script_enabled=scripts).open(tiny_site).locator("#boards > .panel").first
        assert board.get_by_role("rowheader", name="group_dro").count() == 1


def test_dark_mode_is_dark(visit, tiny_site):
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).open(tiny_site)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(map(int, re.findall(r"\d+", ground)[:3]))
    assert grounds["dark"] < 150 < 600 < grounds["light"]


def test_a_print_has_every_row_and_column_of_the_board_without_the_controls(visit, tiny_site):
    page = visit().open(tiny_site)
    table = page.locator("#boards > .shown table.rows")
    titles = table.locator("thead th[data-c]:not([data-hidden])").all_text_contents()
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
    assert len(titles) > 8
    assert [title for title in titles if title.strip() not in text] == []
    assert [name for name in ("ideal observer", "erm", "group_dro") if name not in text] == []
    assert "Reset" not in text


def test_a_print_is_light_with_its_colours_and_small_text_smaller_than_its_number(visit, tiny_site):
    page = visit(color_scheme="dark").open(tiny_site)
    page.emulate_media(media="print")
    style = (
        "(node) => { const style = getComputedStyle(node);"
        "return [parseFloat(style.fontSize), style.printColorAdjust, style.backgroundColor]; }"
    )
    _, colours, ground = page.locator("body").evaluate(style)
    assert (colours, ground) == ("exact", "rgb(255, 255, 255)")
    number = page.locator("#boards > .shown table.rows td:has(small)").first
    assert number.locator("small").evaluate(style)[0] < number.evaluate(style)[0]


def test_the_first_table_is_soon_visible_and_nothing_moves_after_it(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site)
    moved = page.evaluate(
        "new Promise((done) => { let sum = 0; new PerformanceObserver((list) => list.getEntries().forEach((entry) => {"
        "sum += entry.hadRecentInput ? 0 : entry.value; })).observe({ type: 'layout-shift', buffered: true });"
        "setTimeout(() => done(sum), 300); })"
    )
    assert moved < 0.01
    assert len((tiny_site / "index.html").read_bytes()) < 400_000


def test_the_latex_of_the_board_has_a_table_per_set_and_task(tiny_site):
    text = (tiny_site / "leaderboard.tex").read_text()
    labels = re.findall(r"\\label\{tab:spurgen-(.+?)\}", text)
    tasks = ["small-both", "small-image", "small-text"]
    assert sorted(labels) == ["mean-of-both", "reliance-mean-of-both", *(f"reliance-{name}" for name in tasks), *tasks]
    assert text.count(r"\end{tabular}") == 8
    assert "onerror" in text  # a hostile name is text


def test_the_first_task_of_a_row_is_open_and_the_others_open_by_their_link_and_by_a_click(visit, tiny_site):
    for scripts in (True, False):
        page = visit(java_script_enabled=scripts).open(tiny_site, "rows/erm.html")
        parts = page.locator(".part > details")
        state = "(all) => all.map((each) => each.open)"
        assert parts.evaluate_all(state) == [True, False, False]
        page.get_by_role("link", name="small-text", exact=True).click()
        assert page.locator("#small-text").get_by_role("heading", name="Training", exact=True).is_visible()
        assert page.get_by_role("heading", name="small-text").bounding_box()["y"] >= 0
        page.get_by_role("heading", name="small-both").click()
        assert page.locator("#small-both").get_by_role("heading", name="Training", exact=True).is_visible()


def test_a_print_of_a_row_has_every_task(visit, tiny_site):
    page = visit().open(tiny_site, "rows/erm.html")
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
    assert text.count("Training seeds side by side") == 3


def test_a_board_on_a_task_page_is_short_with_scripts_and_whole_without(visit, tiny_site):
    for scripts in (True, False):
        page = visit(java_script_enabled=scripts).open(tiny_site, "tasks/small-both.html")
        board = page.locator(".board")
        assert board.get_by_role("columnheader", name="Robust accuracy").is_visible()
        assert board.get_by_role("columnheader", name="SSS").is_visible() != scripts


def test_names_stay_where_a_board_on_a_task_page_is_scrolled_sideways(visit, tiny_site):
    page = visit(**PHONE).open(tiny_site, "tasks/small-both.html")
    scroll = page.locator(".board .scroll")
    scroll.evaluate("(node) => { node.scrollLeft = 1e6; }")
    left = scroll.bounding_box()["x"]
    for sticky in (".board thead tr:last-child th:first-child", ".board tbody tr:not(.tier) th", ".board tr.tier b"):
        assert left <= page.locator(sticky).last.bounding_box()["x"] < left + 20
