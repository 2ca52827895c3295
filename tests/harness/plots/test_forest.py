import numpy as np
import pytest

from spurgen.harness.plots.forest import (
    Drawn,
    Named,
    Panel,
    by_channel,
    comparison,
    estimates,
    figures,
    forest,
    heat_map,
    limits_of,
    most_panels,
    named,
    points,
    sensitivity,
)
from spurgen.harness.plots.style import WIDTHS
from spurgen.harness.statistics.estimate import Estimate

ROWS = [Named("a", "Method A", "none"), Named("b", "Method B", "envs")]


def test_a_point_has_its_interval_its_letter_and_its_place_below_its_tier(check_layout):
    panel = Panel("task", {"a": Estimate(0.5, 0.4, 0.6), "b": Estimate(0.7)}, {"b"}, {"a": "x"}, ideal=0.9)
    figure = forest([panel], ROWS, "accuracy", 1)
    axes = figure.axes[0]
    points = [(line.get_xdata(), line.get_ydata()) for line in axes.lines if len(line.get_xdata()) == 1]
    assert [(x[0], y[0]) for x, y in points] == [(0.5, 1), (0.7, 3)]
    assert {"access: none", "Method A", "access: envs", "Method B", "x", "ideal observer"} <= {*check_layout(figure)}


def test_the_axis_holds_every_interval_and_zero():
    low, high = limits_of([Panel("", {"a": Estimate(-0.2, -0.5, 0.1)}, ideal=0.4)])
    assert low < -0.5
    assert high > 0.4


def test_as_many_panels_as_fit_a_page():
    assert most_panels(ROWS * 15, 2) == 4
    assert most_panels(ROWS[:1], 2) > 8


NAMES = {"erm": "Empirical risk minimisation", "group_dro": "Group distributionally robust optimisation"}


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 2])
def test_every_figure_fits_the_page_with_full_names_and_a_short_caption(drawn, check_layout, columns):
    boards = [drawn["main-image"], drawn["main-text"], drawn["main"]]
    items = figures(boards, NAMES, columns)
    kinds = {item.name.partition("-")[0] for item in items}
    assert kinds == {"ranks", "follows"}
    for item in items:
        assert len(item.caption.split()) <= 40
        figure = item.draw()
        assert figure.get_figwidth() == WIDTHS[columns]
        texts = " ".join(check_layout(figure)).replace("\n", " ")
        assert "Empirical risk minimisation" in texts
        assert columns == 1 or "Group distributionally robust" in texts


def test_boards_that_do_not_fit_one_page_are_continued(drawn):
    boards = [drawn["main-image"]] * 40
    names = [item.name for item in figures(boards, {}, 1) if item.name.startswith("ranks")]
    assert names == [f"ranks-{k}" for k in range(1, len(names) + 1)]
    assert len(names) > 1


def test_a_row_that_is_not_ranked_has_an_open_mark_and_no_letter(drawn):
    board = drawn["main-image"]
    (line,) = (line for line in board.lines if line["submission"] == "short")
    figure = estimates([board], {})
    faces = {mark.get_markerfacecolor() for mark in figure.axes[0].lines if len(mark.get_xdata()) == 1}
    assert not line["ranked"]
    assert not line.get("letters")
    assert "white" in faces
    (item,) = (item for item in figures([board], {}, 2) if item.name == "ranks")
    assert "Open marks" in item.caption


def test_intervals_by_channel_are_those_of_units(drawn):
    board = drawn["main-image"]
    point = points(board.lines, "follows_by_channel.color")["erm"]
    assert point.low <= point.value <= point.high
    assert [axes.get_title("left") for axes in by_channel(board, {}).axes] == ["color", "background"]


def test_rows_are_grouped_by_access_in_the_contracts_order(drawn):
    rows = named([*drawn["main-text"].lines, *drawn["main-image"].lines], NAMES)
    tiers = [row.access for row in rows]
    assert list(dict.fromkeys(tiers)) == ["none", "val_groups", "train_groups"]
    assert rows[-1].name == NAMES["group_dro"]
    assert len({row.label for row in rows}) == len(rows)


def test_on_a_rung_what_answers_follow_is_drawn_by_shortcut(check_layout):
    lines = [
        {"submission": label, "access": "none", "ranked": True, "robust_accuracy": value, "accuracy_agree": 1.0,
         "follows_by_channel.hue": 1 - value, "follows_by_channel.hue_low": 0.9 - value,
         "follows_by_channel.hue_high": min(1.1 - value, 1.0)}
        for label, value in (("erm", 0.2), ("subg", 0.7))
    ]  # fmt: skip
    board = Drawn("few-text-4", lines, {})
    items = {item.name: item for item in figures([board], {}, 2)}
    assert list(items) == ["ranks", "follows-few-text-4"]
    assert all(len(item.caption.split()) <= 40 for item in items.values())
    assert "Accuracy if misled" in items["ranks"].caption
    assert "accuracy if misled" in check_layout(items["ranks"].draw())
    assert points(lines, "follows_by_channel.hue")["erm"].low == pytest.approx(0.7)
    assert {"hue", "follows"} <= {*check_layout(items["follows-few-text-4"].draw())}


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_methods_that_are_not_ranked_have_open_marks(make_experiment):
    summary = make_experiment({"erm": {}, "dice": {"quality": 0.33}})
    figure = comparison(summary.lines, summary.ideal)
    assert (titles(figure), figure.get_supxlabel()) == (
        ["Accuracy if misled", "WGA", "Accuracy", "SSS"],
        "open marks: not ranked",
    )
    faces = [line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() in ("o", "X")]
    assert [face == "white" for face in faces] == [False, True]
    assert comparison(summary.lines[:1], {}).get_supxlabel() == ""


def test_the_sensitivity_to_each_channel_stands_beside_the_ideal_observers(make_experiment):
    summary = make_experiment({"erm": {}})
    channels = list(summary.experiment.task.channels)
    figure = sensitivity(summary.lines[0], channels, summary.ideal)
    assert titles(figure) == ["channel redrawn", "ideal observer"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == channels


def test_a_cell_has_its_number_and_a_missing_one_none(check_layout):
    figure = heat_map(np.array([[0.25, np.nan], [1.0, 0.0]]), ["a", "b"], ["x", "y"], "accuracy", (0.0, 1.0))
    texts = check_layout(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == [".25", "1", "0"]
    assert {"a", "b", "x", "y", "accuracy"} <= {*texts}
