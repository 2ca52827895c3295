"""The files of a site, without a browser."""

import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageColor

from spurgen.harness.board.formats import to_csv
from spurgen.harness.plots import style
from spurgen.harness.site.build import _few_colours
from spurgen.harness.site.render import page
from spurgen.harness.site.words import file_name

PAGES = ("index.html", "trust.html", "rows/erm.html", "ladders/few-image.html")


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


def test_there_is_a_page_per_row_and_ladder(steps_site, steps_material):
    pages = {str(path.relative_to(steps_site)) for path in steps_site.rglob("*.html")}
    rows = {f"rows/{file_name(label)}.html" for label in steps_material.rows}
    tasks = {f"ladders/{name}.html" for name in ("index", "few-text", "few-image")}
    assert pages == {"index.html", "trust.html", "search.html", *tasks, *rows}
    assert set(PAGES) < pages


def test_every_link_leads_to_a_page_and_a_place_on_it(steps_site, tiny_site):
    for site in (steps_site, tiny_site):
        for path in site.rglob("*.html"):
            for target in re.findall(r'(?:href|src|srcset)="([^"]+)"', path.read_text()):
                where, _, place = target.partition("#")
                file = (path.parent / where).resolve() if where else path
                assert file.is_relative_to(site.resolve()), (path.name, target)
                assert file.exists(), (path.name, target)
                assert not place or "=" in place or f'id="{place}"' in file.read_text(), (path.name, target)


def test_the_policy_allows_nothing_from_outside_and_no_page_needs_more(steps_site):
    for path in steps_site.rglob("*.html"):
        text = path.read_text()
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
        assert policy.startswith("default-src &#39;none&#39;; script-src &#39;self&#39;; style-src &#39;self&#39;")
        assert "unsafe" not in policy
        assert not [name for name in attributes(text) if name == "style" or name.startswith("on")], path.name
        assert not re.search(r"https?://", text), path.name


def test_downloads_are_the_boards_own_files(steps_site, steps_material):
    assert (steps_site / "leaderboard.csv").read_text() == to_csv(steps_material.board)
    record = json.loads((steps_site / "leaderboard.json").read_text())
    assert record["tasks"].keys() == steps_material.board.tasks.keys()
    tables = (steps_site / "leaderboard.tex").read_text()
    assert r"\label{tab:spurgen-few-text}" in tables
    assert "few-text-4}" not in tables  # a rung


def test_scenario_tasks_have_a_plain_board_and_rows(tiny_site):
    text = (tiny_site / "index.html").read_text()
    assert re.findall(r'id="board-([\w-]+)"', text) == ["both", "small-image", "small-text"]
    assert "Accuracy if misled" in text
    assert "accuracy if misled" in (tiny_site / "rows" / "erm.html").read_text().lower()
    assert "failed with seed 0" in (tiny_site / "rows" / "gone.html").read_text()
    assert not (tiny_site / "ladders").exists()


def test_a_row_says_what_it_needs_in_single_worlds(steps_site):
    text = (steps_site / "rows" / "subg.html").read_text()
    assert re.search(r"It needs [\w ]+ counterexamples among [\d,]+ training samples, [\w ]+ in single worlds\. ", text)


def test_a_row_has_the_command_to_make_it_again_and_what_made_it(steps_site):
    text = (steps_site / "rows" / "erm.html").read_text()
    assert "spurgen reproduce erm --suite" in text
    assert "Empirical risk minimisation (Vapnik 1992)" in text
    assert re.search(r"Submission SHA-256</th><td>\w+", text)


@pytest.mark.parametrize("name", ["short", "gone"])
def test_a_row_that_is_not_ranked_says_why(steps_site, name):
    text = (steps_site / "rows" / f"{name}.html").read_text()
    assert {"short": "Not ranked: it has 2 of 5 worlds.", "gone": "failed with seed 0"}[name] in text


@pytest.mark.parametrize("where", ["index.html", "trust.html", "ladders/few-text.html", "rows/erm.html"])
def test_every_page_says_that_the_ceiling_was_fixed_on_other_worlds(steps_site, where):
    text = (steps_site / where).read_text()
    assert re.search("ceiling,? (which was )?fixed on other worlds", text, re.IGNORECASE)


def test_the_first_screen_names_its_pictures_and_the_board_its_rungs(steps_site):
    text = (steps_site / "index.html").read_text()
    assert "Accuracy if misled on pictures, mean over 4, 16 counterexamples</h2>" in text
    assert "Accuracy if misled<small>mean over 4, 16</small></th>" in text
    assert "(mean over 4, 16 counterexamples)." in (steps_site / "rows" / "erm.html").read_text()


@pytest.mark.parametrize(("shipped", "commands"), [
    (True, "make check MODEL=my_model.py\nmake submit MODEL=my_model.py SEEDS=0-9"),
    (False, "spurgen check my_model.py --suite v9\nspurgen score my_model.py --suite v9"),
])  # fmt: skip
def test_commands_are_those_that_a_visitor_has(shipped, commands):
    content = dict.fromkeys(("story", "boards", "plain_boards", "halves", "everything", "curve", "first", "documented"))
    about = {"suite": "v9", "suite_spoken": "v9", "digest": "", "nav": [], "here": "", "shipped": shipped}
    assert f"<code>{commands}</code>" in page("index.html.j2", "", content | about | {"boards": [], "plain_boards": []})


def test_a_figure_keeps_its_letters_as_text_and_has_a_dark_side(steps_site):
    text = (steps_site / "figures" / "few-image.svg").read_text()
    assert "ideal observer</text>" in text
    assert "prefers-color-scheme: dark" in text


def test_a_picture_in_few_colours_keeps_those_of_the_figures():
    noise = np.random.default_rng(0).integers(256, size=(400, 360, 3), dtype=np.uint8)

    def draw():
        figure = Figure((2, 2))
        figure.figimage(noise)  # takes more colours than there are
        for k, colour in enumerate(style.DARK):
            figure.patches.append(Rectangle((0.95, k / 10), 0.02, 0.01, color=colour, transform=figure.transFigure))
        return figure

    with Image.open(io.BytesIO(_few_colours(draw))) as picture:
        assert picture.mode == "P"
        found = {colour for _, colour in picture.convert("RGB").getcolors()}
    assert {ImageColor.getrgb(colour) for colour in style.DARK} <= found


def test_a_first_visit_and_the_site_are_small(steps_site):
    text = (steps_site / "index.html").read_text()
    shown = {
        steps_site / path for path in re.findall(r'(?:src|href|srcset)="((?:static|pictures|figures)/[^"]+)"', text)
    }
    assert len(shown) > 8
    assert sum(len(path.read_bytes()) for path in [steps_site / "index.html", *shown]) < 250_000
