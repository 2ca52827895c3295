"""The built site: complete, linked, and readable without a network."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import build

ROOT = Path(__file__).parents[3]
BOARD = {"index.html", "ladders/index.html", "trust.html", "search.html"}  # pages of the board that the bar links to
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class Links(HTMLParser):
    """Addresses that a page loads or links to, and the anchors in it."""

    def __init__(self, page):
        super().__init__()
        self.loaded, self.linked, self.anchors = [], [], set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors.add(attributes.get("id"))
        (self.linked if tag == "a" else self.loaded).append(attributes.get("href"))
        self.linked.append(attributes.get("action"))
        self.loaded.append(attributes.get("src"))


@pytest.fixture(scope="module")
def pages(site):
    return {path: Links(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_docs_and_every_method_is_built(site):
    for page in (ROOT / "docs").glob("*.[mi][dp]*"):
        assert (site / page.with_suffix(".html").name).exists(), page
    assert (site / "submitting.html").exists()
    assert len(list((site / "api" / "baselines").glob("*.html"))) > 27


def test_pages_load_nothing_from_elsewhere(site, pages):
    for page, links in pages.items():
        for address in filter(None, links.loaded):
            assert not re.match(r"(\w+:)?//", address), f"{page.name}: {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text("utf-8")), style.name


def test_every_link_leads_somewhere(site, pages):
    for page, links in pages.items():
        for address in filter(None, [*links.loaded, *links.linked]):
            if re.match(r"\w+:", address):
                continue
            target, _, anchor = address.partition("#")
            path = (page.parent / unquote(target.partition("?")[0])).resolve() if target else page
            if path.is_relative_to(site.parent) and not path.is_relative_to(site):
                assert path.relative_to(site.parent).as_posix() in BOARD
                continue
            assert path.exists(), f"{page.name}: {address}"
            if anchor and path in pages:
                assert unquote(anchor) in pages[path].anchors, f"{page.name}: {address}"


def test_no_page_names_a_folder_of_this_machine(pages):
    for page in pages:
        assert str(ROOT) not in page.read_text("utf-8"), page.name


def test_pictures_are_small_and_nothing_is_there_that_no_page_asks_for(site):
    assert list(site.rglob("*.webp"))
    assert not list(site.rglob("*.png"))
    assert {path.name for path in (site / "_static").rglob("*") if path.is_file()} == build.KEPT
    assert not (site / "search.html").exists()


def test_formulas_are_mathml(site):
    assert "<math " in (site / "metrics.html").read_text("utf-8")


def test_the_notebook_has_its_plots_and_its_network_relies_on_the_shortcut(site):
    page = (site / "first-world.html").read_text("utf-8")
    assert page.count('src="_images/') == 3
    text = unescape(re.sub(r"<[^>]+>", "", page))
    printed = re.findall(r"^(accuracy if misled|follows color|uses the thing) +([\d.]+) +([\d.]+)$", text, re.M)
    misled, follows, uses = ((float(shortcut), float(without)) for _, shortcut, without in printed)
    assert misled[0] + 0.15 < misled[1]
    assert follows[0] > follows[1] + 0.1
    assert uses[1] > uses[0] + 0.1


def test_the_notebook_is_stored_without_outputs():
    for cell in json.loads((ROOT / "docs" / "first-world.ipynb").read_text("utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_the_leaderboard_is_linked_where_its_address_is_given(pages, site):
    for page in (site / "index.html", site / "api" / "baselines" / "erm.html"):
        linked = {(page.parent / address).resolve() for address in pages[page].linked if address}
        assert site.parent / "index.html" in linked
