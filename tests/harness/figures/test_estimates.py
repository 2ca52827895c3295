from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spurgen.harness.figures.estimates import LIMITS, draw_estimates
from spurgen.harness.machine.plotting import INK


@pytest.mark.parametrize("columns", [1, 2])
def test_all_rows_and_tasks_are_named_and_no_text_is_cut_off(mains, columns, check_layout):
    texts = check_layout(draw_estimates(mains, columns))
    assert {"erm", "mixup", "jtt", "group_dro", "> short", "access: none", "access: train_groups"} <= {*texts}
    assert {"main-image", "main-text", "robust accuracy"} <= {*texts}
    assert any(text.startswith("> evil_$^%&") and text.endswith("…") for text in texts)


def test_points_intervals_letters_and_ideal_observer_are_those_of_the_sheet(mains):
    figure = draw_estimates(mains, 2)
    for axes, sheet in zip(figure.axes, mains, strict=True):
        lines = [np.ravel(line.get_xdata()).tolist() for line in axes.lines]
        for entry in sheet.entries:
            assert [entry.estimates["robust_accuracy"].value] in lines
            assert [*entry.estimates["robust_accuracy"].ends] in lines
        assert [sheet.ideal["robust_accuracy"]] * 2 in lines
        assert sorted(text.get_text() for text in axes.texts) == sorted(e.letters for e in sheet.entries if e.letters)


@pytest.mark.parametrize("columns", [1, 2])
def test_letters_are_inside_their_panel_right_of_every_point(mains, columns):
    figure = draw_estimates(mains, columns)
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    for axes in figure.axes:
        end = axes.transData.transform((LIMITS[1], 0))[0]
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
        assert boxes
        assert all(end < box.x0 < box.x1 <= axes.bbox.x1 for box in boxes)


def test_the_ideal_observer_is_a_dark_dashed_line_above_the_grid_and_has_a_legend(mains):
    figure = draw_estimates(mains, 1)
    for axes, sheet in zip(figure.axes, mains, strict=True):
        at_ideal = [line for line in axes.lines if [*line.get_xdata()] == [sheet.ideal["robust_accuracy"]] * 2]
        behind, line = sorted(at_ideal, key=lambda each: each.get_zorder())
        assert (behind.get_color(), line.get_color(), line.get_linestyle()) == ("white", INK, "--")
        (zero,) = [each for each in axes.lines if [*each.get_xdata()] == [0, 0]]
        assert zero.get_zorder() < behind.get_zorder() < line.get_zorder() < 2  # 2: points
        assert axes.get_axisbelow()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ideal observer"]
    without = draw_estimates([replace(sheet, ideal={}) for sheet in mains], 1)
    assert without.legends == []


def test_long_names_of_panels_are_broken(mains, check_layout):
    renamed = [replace(sheet, name=f"a-long-name-of-{sheet.name}") for sheet in mains]
    texts = check_layout(draw_estimates([*renamed, mains[0]], 1))
    assert any("\n" in text and text.replace("\n", "").startswith("a-long-name-of-") for text in texts)


def test_rows_with_few_units_have_open_markers(mains):
    (axes,) = draw_estimates(mains[:1], 1).axes
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() not in ("None", "")]
    assert faces.count("white") == 1


def test_panels_have_the_same_scale_whatever_their_letters(mains):
    longer = [replace(entry, letters="abcdef" if entry.letters else "") for entry in mains[0].entries]
    axes = draw_estimates([replace(mains[0], entries=longer), mains[1]], 2).axes
    assert axes[0].get_xlim() == axes[1].get_xlim()


def test_names_of_21_characters_are_whole_in_one_column(mains, check_layout):
    name = "torchvision_finetuned"
    entries = [replace(entry, label=name) if entry.label == "short" else entry for entry in mains[0].entries]
    assert f"> {name}" in check_layout(draw_estimates([replace(mains[0], entries=entries), mains[1], mains[1]], 1))
