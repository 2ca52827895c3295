import numpy as np
import pytest

from spurgen.harness.figures.estimates import draw_estimates


@pytest.mark.parametrize("columns", [1, 2])
def test_all_rows_and_tasks_are_named_and_no_text_is_cut_off(mains, columns, check_layout):
    texts = check_layout(draw_estimates(mains, columns))
    assert {"erm", "mixup", "jtt", "group_dro", "> short", "none", "train_groups"} <= {*texts}
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


def test_rows_with_few_units_have_open_markers(mains):
    (axes,) = draw_estimates(mains[:1], 1).axes
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() not in ("None", "")]
    assert faces.count("white") == 1
