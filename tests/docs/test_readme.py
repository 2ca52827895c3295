"""README.md: short, led by the numbers, which are those of the board, and the picture."""

import csv
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
WIDE, HIGH = 832, 900  # pixels: of the text as a repository's page shows it on a screen of 1,440, and of that screen
STYLE = """
body { margin: 0; font: 16px/1.5 "Liberation Sans", Arial, sans-serif; } img { max-width: 100%; }
h1 { font-size: 32px; line-height: 1.25; margin: 0 0 16px; padding-bottom: 10px; } p, table { margin: 0 0 16px; }
table { border-spacing: 0; border-collapse: collapse; } th, td { padding: 6px 13px; border: 1px solid #ccc; }
"""


def test_it_is_short():
    assert len(TEXT.split()) <= 760
    assert TEXT.count("\n") <= 106


def line_of(task, name):
    """The line of a row on a task or ladder in leaderboard.csv."""
    with (README.parent / "benchmark" / "leaderboard.csv").open(encoding="utf-8") as file:
        (row,) = [row for row in csv.DictReader(file) if (row["task"], row["name"]) == (task, name)]
    return row


def test_its_first_numbers_are_those_of_its_table():
    said = (
        r"\*\*On drawn data (\d+) if told which they are\s\(BSoftmax\), (\d+) if not \(ERM\); "
        r"on real data at most (\d+) and (\d+)\.\*\*"
    )
    rows = [re.search(rf"^\|[^|]+\| {name} .*", TEXT, re.MULTILINE)[0] for name in ("BSoftmax", "ERM")]
    head = next(line for line in TEXT.splitlines() if line.startswith("| Given"))
    heads, *cells = ([cell.strip() for cell in row.split("|")] for row in (head, *rows))
    needed = [each[heads.index(half)] for half in ("N controlled", "N real") for each in cells]
    assert [*re.search(said, TEXT).groups()] == [text.partition(" ")[0].removeprefix("<=") for text in needed]


def test_what_erm_does_with_4_counterexamples_is_on_the_board():
    said = re.search(
        r"with 4, ERM is right in (\d+) % of drawn captions where shortcuts agree, in (\d+) % where they mislead", TEXT
    )
    row = line_of("things-text-4", "erm")
    assert said.groups() == tuple(f"{100 * float(row[f'accuracy_{state}']):.0f}" for state in ("agree", "mislead"))


def test_a_method_has_one_name():
    text = TEXT.partition("## Install")[0]
    assert not re.findall(r"\b(?:bsoftmax|erm|cda|jtt|group_dro|adversarial)\b", text)
    assert "BSoftmax" in text


@pytest.mark.slow
def test_the_numbers_and_the_picture_are_on_the_first_screen(visit, tmp_path):
    body = MarkdownIt("commonmark").enable("table").render(TEXT).replace('src="', f'src="{README.parent.as_uri()}/')
    (tmp_path / "readme.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}", encoding="utf-8"
    )
    page = visit(viewport={"width": WIDE, "height": HIGH}).open(tmp_path, "readme.html")
    assert page.locator("img").first.evaluate("(image) => image.naturalWidth") > 0
    picture = page.locator("img").first.bounding_box()
    assert picture["y"] + picture["height"] <= HIGH
    assert picture["width"] <= WIDE
    page.screenshot(path=str(tmp_path / "readme.png"))
