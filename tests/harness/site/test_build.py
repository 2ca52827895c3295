"""The files of a site, without a browser."""

import json
import re
from html.parser import HTMLParser

import pytest

from spurgen.harness.board.export import to_csv
from spurgen.harness.site.names import file_name

PAGES = ("index.html", "trust.html", "rows/erm.html", "tasks/small-both.html")


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


def test_there_is_a_page_per_row_and_task(tiny_site, tiny):
    pages = {str(path.relative_to(tiny_site)) for path in tiny_site.rglob("*.html")}
    rows = {f"rows/{file_name(label)}.html" for label in tiny.rows}
    assert pages == {"index.html", "trust.html", *(f"tasks/{name}.html" for name in tiny.board.tasks), *rows}
    assert set(PAGES) < pages


def test_every_link_leads_to_a_page_and_a_place_on_it(tiny_site, many_site):
    for site in (tiny_site, many_site):
        for path in site.rglob("*.html"):
            for target in re.findall(r'(?:href|src)="([^"]+)"', path.read_text()):
                where, _, place = target.partition("#")
                file = (path.parent / where).resolve() if where else path
                assert file.is_relative_to(site.resolve()), (path.name, target)
                assert file.exists(), (path.name, target)
                assert not place or f'id="{place}"' in file.read_text(), (path.name, target)


def test_the_policy_allows_nothing_from_outside_and_no_page_needs_more(tiny_site):
    for path in tiny_site.rglob("*.html"):
        text = path.read_text()
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
        assert policy.startswith("default-src &#39;none&#39;; script-src &#39;self&#39;; style-src &#39;self&#39;")
        assert "unsafe" not in policy
        assert not [name for name in attributes(text) if name == "style" or name.startswith("on")], path.name
        assert not re.search(r"https?://", text), path.name


def test_downloads_are_the_boards_own_files(tiny_site, tiny):
    assert (tiny_site / "leaderboard.csv").read_text() == to_csv(tiny.board)
    record = json.loads((tiny_site / "leaderboard.json").read_text())
    assert record["tasks"].keys() == tiny.board.tasks.keys()
    text = (tiny_site / "leaderboard.tex").read_text()
    assert sorted(re.findall(r"\\label\{tab:spurgen-(.+?)\}", text)) == [
        "both",
        "small-both",
        "small-image",
        "small-text",
    ]
    assert "### Access: none" in (tiny_site / "leaderboard.md").read_text()


def test_a_figure_keeps_its_letters_as_text(tiny_site):
    text = (tiny_site / "figures" / "estimates.svg").read_text()
    assert "Just train twice</text>" in text
    assert "small-image</text>" in text


def test_a_row_has_the_command_to_make_it_again_and_what_made_it(tiny_site):
    text = (tiny_site / "rows" / "erm.html").read_text()
    assert "spurgen reproduce erm --suite" in text
    assert "Empirical risk minimisation (Vapnik 1992)" in text
    assert re.search(r"Submission SHA-256</th><td>[0-9a-f]{64}", text)


@pytest.mark.parametrize("name", ["short", "gone"])
def test_a_row_that_is_not_ranked_says_why(tiny_site, name):
    text = (tiny_site / "rows" / f"{name}.html").read_text()
    assert {"short": "Not ranked: it has 2 of 5 seeds.", "gone": "Not ranked: failed with seed 0"}[name] in text


def test_a_first_visit_is_small(tiny_site):
    files = [tiny_site / "index.html", *(tiny_site / "static").iterdir()]
    assert sum(len(path.read_bytes()) for path in files) < 250_000
