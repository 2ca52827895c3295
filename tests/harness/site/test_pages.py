import re
from dataclasses import replace

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.columns import CHANNEL
from spurgen.harness.board.columns import COLUMNS as CELLS
from spurgen.harness.site.boards import follow_bars, ladder_table
from spurgen.harness.site.marks import scale
from spurgen.harness.site.pages import _asks, _often, _twins, ladder_page, row_page
from spurgen.harness.site.render import page
from spurgen.harness.site.scenes import Scenes
from spurgen.harness.site.words import percent

ABOUT = {"suite": "v9", "suite_spoken": "v9", "digest": "", "nav": [], "here": "", "shipped": True}


@pytest.fixture
def climb(steps_material):
    return steps_material.ladders["few-text"]


def test_a_ladder_without_numbers_of_counterexamples_has_no_column_for_them(steps_material, climb):
    assert "needed" in ladder_table(steps_material, climb).columns
    assert "needed" not in ladder_table(steps_material, steps_material.ladders["few-image"]).columns


def test_columns_have_the_titles_of_every_table(steps_material, climb):
    terminal = {each.title for each in CELLS.values()}
    assert {title for title, _ in ladder_table(steps_material, climb).columns.values()} <= terminal


def test_a_page_calls_a_ladder_and_a_rank_by_their_names(steps_site):
    for name in ("index.html", "ladders/index.html", "ladders/few-text.html", "rows/erm.html"):
        text = re.sub(r"<(style|code|pre)\b.*?</\1>|<[^>]*>", " ", (steps_site / name).read_text(), flags=re.DOTALL)
        assert not re.findall(r"\b[Tt]asks?\b|\bPlaces?\b", text), name


def test_shares_name_the_rungs_over_which_they_are_means(steps_material, climb):
    assert ladder_table(steps_material, climb).over == climb.over == "mean over 4, 16"
    assert replace(climb, rungs=climb.rungs[:2]).over == "with 4"


def test_one_rung_has_no_small_curve(steps_material, climb):
    one = replace(climb, rungs=climb.rungs[1:2])
    assert {str(row["spark"]) for block in ladder_table(steps_material, one).blocks for row in block.rows} == {""}


def test_the_pages_of_one_rung_have_tables_and_no_chart(steps_material, climb):
    one = replace(climb, rungs=climb.rungs[1:2], boards=climb.boards[1:2])
    material = replace(steps_material)
    material.__dict__["ladders"] = {"few-text": one}
    task = ladder_page(material, Scenes(), None, "few-text")  # it begins no figure
    assert task["curve"] is None
    row = page("row.html.j2", "", ABOUT | row_page(material, Scenes(), "erm"))
    for text in (page("ladder.html.j2", "", ABOUT | task), row):
        assert '<table class="rungs">' in text
        assert '<svg class="curve' not in text
    assert "With more counterexamples" not in row
    assert "With 4 counterexamples in training: when all shortcuts" in row


def test_an_end_of_an_interval_that_is_0_is_drawn_at_0(steps_material, climb):
    ends = {"robust_accuracy": 0.2, "robust_accuracy_low": 0.0, "robust_accuracy_high": 0.4, "accuracy_agree": None}
    lines = [dict(line) | ends for line in steps_material.lines["few-text"] if not line.get("reason")]
    material = replace(steps_material)
    material.__dict__["lines"] = steps_material.lines | {"few-text": lines}
    for block in ladder_table(material, climb).blocks:
        assert {str(row["scale"]) for row in block.rows} == {str(scale(0.2, 0.0, 0.4, None))}


def test_rows_without_a_rank_are_sorted_by_score(steps_material, climb):
    lines = [dict(line) | {"ranked": False} for line in steps_material.lines["few-text"] if not line.get("reason")]
    material = replace(steps_material)
    material.__dict__["lines"] = steps_material.lines | {"few-text": lines[::-1]}
    (block,) = ladder_table(material, climb).blocks
    scores = [float(row["raw"]["score"]) for row in block.rows]
    assert scores == sorted(scores, reverse=True)


def test_a_row_has_what_it_was_given_itself(steps_material, climb):
    rows = {row["label"]: row for block in ladder_table(steps_material, climb).blocks for row in block.rows}
    assert (rows["short"]["access"], rows["dfr"]["access"]) == ("none", "val_groups")


def test_the_second_number_of_a_row_is_its_accuracy_where_shortcuts_agree(steps_material, climb):
    rows = {row["label"]: row["agree"] for block in ladder_table(steps_material, climb).blocks for row in block.rows}
    lines = {label: steps_material.line("few-text", label) for label in rows}
    assert rows == {label: percent(line["accuracy_agree"]) for label, line in lines.items()}
    assert rows["erm"] != percent(lines["erm"]["accuracy_mislead"])


def test_an_only_shortcut_has_one_bar():
    line = {"follows": 0.09, f"{CHANNEL}hue": 0.14}
    assert [(name, text) for name, text, _ in follow_bars(line)] == [("hue", "9\N{NO-BREAK SPACE}%")]
    assert [name for name, *_ in follow_bars(line | {f"{CHANNEL}wall": 0.1})] == ["all", "hue", "wall"]


def test_how_often_shortcuts_are_followed_is_a_sentence():
    space = "\N{NO-BREAK SPACE}"
    assert _often(["hue", "wall"], {"all": 0.74, "hue": 0.02, "wall": 0.46}) == (
        f"when all shortcuts are switched, 74{space}% of its answers follow them; "
        f"when only the wall's pattern is, 46{space}%; when only the wall's hue is, 2{space}%."
    )
    assert _often(["hue"], {"all": 0.1}) == f"when the wall's hue is switched, 10{space}% of its answers follow it."
    assert _often(["hue"], {}) == ""


def test_what_is_hidden_and_what_is_trained_is_said():
    things, mole, tuned = (
        _asks(load_suite("v3").task(f"{name}-8"), (8, 32)) for name in ("things-text", "mole-text", "finetuned-text")
    )
    assert "not told" not in things
    assert "except in 8 or 32 of 1,200 samples" in things  # the rungs that the ladder has
    assert mole.endswith(" Of the place, training is not told.")
    assert tuned == f"{things} Methods train the whole encoder here."


def test_wrong_labels_and_a_single_shortcut_are_said():
    noise, single = (_asks(load_suite("v3").task(name), (32,)) for name in ("noise-text-32", "single-hue-text-8"))
    assert noise.endswith(" 10\N{NO-BREAK SPACE}% of the training labels are wrong.")
    assert "the wall's hue goes with the category" in single
    assert single.endswith("it points to another category. Other scenery varies at random.")


@pytest.mark.parametrize(("name", "tile"), [
    ("single-hue-text-8", ("the wall's hue misleads", "it goes with another class")),
    ("things-text-8", ("all shortcuts mislead", "all go with another class")),
])  # fmt: skip
def test_a_single_shortcut_is_named_where_all_would_be(name, tile):
    tiles = _twins(Scenes(), load_suite("v3").task(name).in_world(0))
    assert (tiles[1].title, tiles[1].about) == tile
