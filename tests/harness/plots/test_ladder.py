from dataclasses import replace

import numpy as np
import pytest
from ladder_results import with_ceiling

from spurgen.benchmark.suite import load_suite
from spurgen.harness.plots import style
from spurgen.harness.plots.forest import named
from spurgen.harness.plots.ladder import (
    APART,
    TOP,
    Climbed,
    Shown,
    draw_ladder,
    draw_own_ladder,
    draw_story,
    ladder_items,
    ladders_drawn,
    named_rows,
    places,
    spread,
)
from spurgen.harness.statistics.estimate import Estimate

RUNGS = (0, 4, 16, 64)
ROWS = {
    "erm": ("none", (0.1, 0.15, 0.4, 0.83), "77 [66, 88]"),
    "lff": ("none", (0.1, 0.25, 0.55, 0.85), "50 [40, 60]"),
    "mixup": ("none", (0.1, 0.2, 0.45, 0.84), "70 [60, 80]"),
    "subg": ("train_groups", (None, 0.5, 0.75, 0.85), "22 [15, 30]"),
    "contrastive": ("twins", (0.9, 0.91, 0.92, 0.93), "<=8"),
    "bad": ("none", (None, None, None, None), ""),
}


def line(label, access, value, **more):
    ends = {"robust_accuracy_low": value - 0.05, "robust_accuracy_high": min(value + 0.05, 1)}
    return {"submission": label, "access": access, "ranked": True, "robust_accuracy": value, **ends, **more}


@pytest.fixture
def climbed():
    """A ladder of five rows, of which one lacks the rung at 0, and one that is not believed."""
    boards = [
        [line(label, access, curve[k]) for label, (access, curve, _) in ROWS.items() if curve[k] is not None]
        for k in range(len(RUNGS))
    ]
    whole = [
        line(label, access, float(np.mean(curve[1:])), counterexamples_text=text)
        for label, (access, curve, text) in ROWS.items()
        if curve[1] is not None
    ]
    whole.append({"submission": "bad", "ranked": False, "reason": "failed", "access": None})
    return Climbed(load_suite("v4").ladders["things-text"][:4], boards, whole)


@pytest.mark.parametrize("columns", [1, 2])
def test_erm_the_best_of_each_tier_and_the_ceiling_are_named_at_their_lines(climbed, check_layout, columns):
    (item,) = ladder_items([climbed], {"lff": "LfF"}, columns)
    assert item.name == "ladder-things-text"
    assert len(item.caption.split()) <= 40
    figure = item.draw()
    texts = {" ".join(text.split()) for text in check_layout(figure)}
    assert {
        "ERM needs 77",
        "LfF needs 50",
        "subg needs 22",
        "contrastive needs at most 8",
        "ideal observer",
    } <= texts
    assert not [text for text in texts if text.startswith(("mixup", "bad"))]
    assert [text for text in texts if text.startswith("ceiling")]
    assert {"0", "4", "16", "64", "3/4 of the ceiling"} <= texts
    assert "counterexamples among 1,200 training samples" in texts


def test_on_a_screen_a_label_says_that_twins_are_needed_as_well(climbed, check_layout):
    texts = {" ".join(text.split()) for text in check_layout(draw_ladder(climbed, {}, screen=True))}
    assert "contrastive at most 8, with twins" in texts


def test_a_line_per_row_over_the_rungs_that_it_has(climbed):
    (item,) = ladder_items([climbed], {}, 2)
    (axes,) = item.draw().axes
    at = places(RUNGS)
    curves = {tuple(drawn.get_ydata()): tuple(drawn.get_xdata()) for drawn in axes.lines if len(drawn.get_ydata()) > 2}
    assert curves == {
        tuple(y for y in curve if y is not None): tuple(x for x, y in zip(at, curve, strict=True) if y is not None)
        for _, curve, _ in ROWS.values()
        if curve[1] is not None
    }
    assert len(axes.collections) == 4  # bands of the named rows


def test_a_row_is_drawn_again_in_its_own_look_under_its_id(climbed):
    missing = {"subg": "row-a", "mixup": "row-b", "bad": "row-c", "unknown": "row-d"}
    (axes,) = draw_ladder(climbed, {}, screen=True, ids=missing).axes
    own = {line.get_gid(): line for line in axes.lines if line.get_gid()}
    assert own.keys() == {"row-a", "row-b"}
    assert [*own["row-a"].get_ydata()] == list(ROWS["subg"][1][1:])
    assert [line.get_color() for line in own.values()] == [style.METHODS["subg"].colour, style.TIERS["none"].colour]
    assert len(axes.collections) == 4  # without further bands


def test_the_ideal_observer_is_drawn_on_the_rungs_that_have_counterexamples(climbed):
    (axes,) = draw_ladder(climbed, {}).axes
    (ideal,) = (drawn for drawn in axes.lines if {*drawn.get_ydata()} == {1})
    assert [*ideal.get_xdata()] == [places(RUNGS)[1], places(RUNGS)[-1]]


def test_a_method_has_its_look_on_a_ladder_whatever_else_is_drawn(climbed):
    def looks(figure):
        (axes,) = figure.axes
        return {drawn.get_color() for drawn in axes.lines if drawn.get_marker() not in ("", "None", None)}

    wanted = {style.look(label, ROWS[label][0]).colour for label in ("erm", "lff", "subg", "contrastive")}
    assert looks(draw_ladder(climbed, {})) == wanted
    few = replace(climbed, whole=[each for each in climbed.whole if each["submission"] in ("erm", "subg")])
    assert looks(draw_ladder(few, {})) == {style.METHODS[label].colour for label in ("erm", "subg")}


def test_own_methods_have_their_looks_and_encoders_take_turns():
    curve = [Estimate(0.3), Estimate(0.6)]
    names = ("erm", "group_dro", "subg", "irm", "mixup")
    (axes,) = draw_own_ladder(dict.fromkeys(names, curve), (2, 8), None, "m").axes
    drawn = [line.get_color() for line in axes.lines]
    assert drawn == [style.look(name).colour for name in names]
    assert len({(line.get_color(), line.get_marker()) for line in axes.lines[:3]}) == 3
    (axes,) = draw_own_ladder({f"encoder-{k}": curve for k in range(12)}, (2, 8), None, "m").axes
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 12


def test_the_axis_is_logarithmic_with_0_a_step_left_of_the_first_rung():
    assert np.diff(places((0, 8, 32, 128))) == pytest.approx([np.log(4)] * 3)
    assert np.diff(places((8, 16, 128))) == pytest.approx([np.log(2), np.log(8)])
    assert np.diff(places((0, 8))) == pytest.approx([1])


def test_the_best_row_of_a_tier_is_that_of_the_highest_score(climbed):
    rows = named(climbed.whole, {})
    assert [row.label for row in named_rows(climbed.whole, rows)] == ["erm", "lff", "subg", "contrastive"]
    few = [{**each, "ranked": each["submission"] != "lff"} for each in climbed.whole]
    assert [row.label for row in named_rows(few, rows)] == ["erm", "mixup", "subg", "contrastive"]


def test_labels_are_moved_apart_in_their_order_and_not_above_the_axis():
    heights = [0.8, 0.81, 0.8, 0.3, 1.0]
    moved = np.array(spread(heights, APART))
    assert np.diff(np.sort(moved)).min() > 0.95 * APART
    assert moved[3] == pytest.approx(0.3)
    assert moved.max() <= TOP
    assert np.argsort(moved, kind="stable").tolist() == np.argsort(heights, kind="stable").tolist()
    assert spread([], APART) == []


def test_the_name_of_the_ceiling_stands_where_no_line_crosses_it(climbed):
    def places(*curve):
        boards = [[line("erm", "none", value)] for value in curve]
        (axes,) = draw_ladder(replace(with_ceiling(climbed, 0.88), boards=boards, whole=boards[0]), {}).axes
        return {text.get_text(): (text.get_ha(), text.get_va()) for text in axes.texts if "ceiling" in text.get_text()}

    long = "ceiling fixed on other worlds: no shortcut in training"
    assert places(0.2, 0.2, 0.2, 0.2) == {long: ("left", "bottom"), "3/4 of the ceiling": ("left", "bottom")}
    assert places(0.92, 0.92, 0.92, 0.92)[long] == ("left", "top")
    assert places(0.7, 0.55, 0.2, 0.2)["3/4 of the ceiling"] == ("right", "bottom")
    assert "ceiling" in places(0.92, 0.92, 0.6, 0.92)  # the long name would cross the line


def test_labels_beside_lines_are_in_ink(climbed):
    (axes,) = draw_ladder(climbed, {}, screen=True).axes
    beside = [text for text in axes.texts if text.get_position()[0] == 1.045]
    assert len(beside) > 2
    assert {text.get_color() for text in beside} == {style.INK}


def test_a_ladder_without_a_ceiling_has_no_line_for_it(climbed):
    (item,) = ladder_items([with_ceiling(climbed, None)], {}, 2)
    assert not [text for axes in item.draw().axes for text in axes.texts if "ceiling" in text.get_text()]


def test_sets_of_other_tasks_are_no_ladders(toy, toy_board):
    assert ladders_drawn(toy, toy_board) == []


@pytest.mark.parametrize("pictured", [True, False])
def test_scenes_answers_and_the_curve_are_in_one_picture(check_layout, pictured):
    pixels = np.zeros((8, 8, 3), np.uint8) if pictured else None
    scene = Shown(pixels, "A cat in front of a brick wall.")
    line = {"submission": "erm", "access": "none", "ranked": True, "robust_accuracy": 0.4}
    twins = line | {"submission": "cda", "access": "twins"}
    whole = [line | {"counterexamples_text": ">8"}, twins | {"counterexamples_text": "11 [<=8, 109]"}]
    ladder = Climbed(load_suite("v4").ladders["things-text"][:2], [[line, twins], [line, twins]], whole)
    answers = ("ERM: animal ✓", "ERM: food ✗")
    note = "An extreme case: of such answers, 97 % turn. Over all, one alone turns 46 %, all shortcuts together 74 %."
    figure = draw_story("It says food.", [scene] * 6, [scene] * 2, answers, note, ladder, {})
    assert note in {" ".join(text.get_text().split()) for text in figure.texts}
    assert [len(axes.images) for axes in figure.axes] == [int(pictured)] * 8 + [0]
    written = {" ".join(text.get_text().split()) for axes in figure.axes for text in axes.texts}
    assert {"ERM needs more than 8", "cda 11, with twins", "ideal observer"} <= written
    assert ("A cat in front of a brick wall." in written) != pictured
    if pictured:
        assert {"It says food.", *answers} <= set(check_layout(figure))
