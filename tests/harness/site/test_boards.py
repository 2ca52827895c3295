"""Tables of pages: a ladder's board, its rows over the rungs, and the drawings in cells."""

import re
from dataclasses import replace

import pytest

from spurgen.harness.board.columns import CHANNEL
from spurgen.harness.board.columns import COLUMNS as CELLS
from spurgen.harness.plots.style import DARK, METHODS, OTHER, TIERS
from spurgen.harness.site.boards import bar, follow_bars, ladder_table, over_rungs, scale, spark
from spurgen.harness.site.build import STATIC
from spurgen.harness.site.words import percent


def made_rows(material, climb):
    return {row["label"]: row for block in ladder_table(material, climb).blocks for row in block.rows}


def test_a_ladder_without_numbers_of_counterexamples_has_no_column_for_them(steps_material, climb):
    assert "needed" in ladder_table(steps_material, climb).columns
    assert "needed" not in ladder_table(steps_material, steps_material.ladders["few-image"]).columns


def test_columns_have_the_titles_of_every_table(steps_material, climb):
    terminal = {each.title for each in CELLS.values()}
    assert {title for title, _ in ladder_table(steps_material, climb).columns.values()} <= terminal


def test_shares_name_the_rungs_over_which_they_are_means(steps_material, climb):
    assert ladder_table(steps_material, climb).over == climb.over == "mean over 4, 16"
    assert replace(climb, rungs=climb.rungs[:2]).over == "with 4"


def test_one_rung_has_no_small_curve(steps_material, climb):
    one = replace(climb, rungs=climb.rungs[1:2])
    assert {row["spark"] for row in made_rows(steps_material, one).values()} == {""}


@pytest.fixture
def with_lines(steps_material):
    """Return a function that returns the material with other lines of the ladder of captions."""

    def change(lines):
        material = replace(steps_material)
        material.__dict__["lines"] = steps_material.lines | {"few-text": lines}
        return material

    return change


def test_an_end_of_an_interval_that_is_0_is_drawn_at_0(steps_material, climb, with_lines):
    ends = {"robust_accuracy": 0.2, "robust_accuracy_low": 0.0, "robust_accuracy_high": 0.4, "accuracy_agree": None}
    lines = [line | ends for line in steps_material.lines["few-text"] if not line.get("reason")]
    rows = made_rows(with_lines(lines), climb)
    assert {row["scale"] for row in rows.values()} == {scale(0.2, 0.0, 0.4, None)}


def test_rows_without_a_rank_are_sorted_by_score(steps_material, climb, with_lines):
    lines = [line | {"ranked": False} for line in steps_material.lines["few-text"] if not line.get("reason")]
    (block,) = ladder_table(with_lines(lines[::-1]), climb).blocks
    scores = [float(row["raw"]["score"]) for row in block.rows]
    assert scores == sorted(scores, reverse=True)


def test_a_row_has_what_it_was_given_itself_and_its_accuracy_where_shortcuts_agree(steps_material, climb):
    rows = made_rows(steps_material, climb)
    assert (rows["short"]["access"], rows["dfr"]["access"]) == ("none", "val_groups")
    lines = {label: steps_material.line("few-text", label) for label in rows}
    agree = {label: row["agree"] for label, row in rows.items()}
    assert agree == {label: percent(line["accuracy_agree"]) for label, line in lines.items()}
    assert agree["erm"] != percent(lines["erm"]["accuracy_mislead"])


def test_an_only_shortcut_has_one_bar():
    line = {"follows": 0.09, f"{CHANNEL}hue": 0.14}
    assert [(name, text) for name, text, _ in follow_bars(line)] == [("hue", "9\N{NO-BREAK SPACE}%")]
    assert [name for name, *_ in follow_bars(line | {f"{CHANNEL}wall": 0.1})] == ["all", "hue", "wall"]


def test_erm_and_the_best_of_each_tier_are_compared_and_on_side_ladders_erm_alone(steps_material, climb):
    def styles(climb, *own):
        return [(row.style, row.name) for row in over_rungs(steps_material, climb, *own)]

    side, whole = replace(climb, main=False), styles(climb)
    assert whole[0] == ("of-erm", "ERM")
    assert len(whole) > 2
    (own, *others), of_subg = styles(climb, "jtt"), styles(climb, "subg")[0]
    assert (own[0], others[0][0], of_subg[0]) == ("of-val_groups own", "of-erm", "of-train_groups own")
    assert styles(side, "jtt") == [own, ("of-erm", "ERM")]
    assert styles(side) == whole


def test_a_row_has_a_value_per_rung(steps_material, climb):
    (erm, *_) = over_rungs(steps_material, climb)
    assert erm.texts == ["" if value is None else percent(value) for value in climb.curve("erm")]
    assert len(erm.texts) == len(climb.numbers) == 3


def test_the_pages_colours_are_those_of_the_figures():
    css = (STATIC / "base.css").read_text()
    tiers = {"erm": METHODS["erm"].colour} | {tier: look.colour for tier, look in TIERS.items()}
    for name, light in {**tiers, "other": OTHER.colour}.items():
        assert re.findall(rf"--{name}: (#\w+);", css) == [light, DARK[light]]
        assert f".of-{name} {{ color: var(--{name}); }}" in (STATIC / "site.css").read_text()


def test_a_scale_has_the_value_its_interval_and_an_open_mark():
    drawn = scale(0.5, 0.4, 0.6, 1.0)
    assert re.findall(r'cx="([\d.]+)"', drawn) == ["104.0", "54.0"]
    assert 'd="M44.0 6.0H64.0"' in drawn
    assert "open" not in scale(0.5, 0.4, 0.6, None)


def test_a_bar_is_as_high_as_its_share_and_numbers_beyond_a_scale_stay_on_it():
    assert 'y="13.0"' in bar(0.5)
    assert [f'height="{high}"' in bar(value) for value, high in ((0, "0.0"), (7, "26.0"))] == [True, True]
    assert 'cx="104.0"' in scale(1.2, -1, 3, None)


@pytest.mark.parametrize(("values", "path"), [
    ((0.0, 0.5, 1.0), "M3 23L32 13L61 3"), ((None, 0.5, 1.0), "M32 13L61 3"), ((None,) * 3, "M0 0"),
])  # fmt: skip
def test_a_small_curve_leaves_out_what_is_missing(values, path):
    assert f'class="line" d="{path}"' in spark((0, 8, 32), values)
