from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.figures.curves import draw_curves, with_curves


@pytest.mark.parametrize("columns", [1, 2])
def test_a_panel_per_row_that_reports_curves(mains, columns, check_layout):
    figure = draw_curves(mains[0], columns)
    texts = check_layout(figure)
    assert {"mixup", "erm", "jtt", "group_dro"} <= {*texts}
    assert {"accuracy on val", "all samples", "worst group", "epoch, over all stages"} <= {*texts}
    assert "worst pattern" not in texts  # no row reports it
    assert len(figure.axes) == 4
    assert figure.get_supylabel() == "accuracy on val"


def test_a_curve_is_a_mean_over_units_and_a_further_stage_has_a_line(mains):
    axes = draw_curves(mains[0], 2).axes[0]
    curves = with_curves(mains[0])[0].curves
    solid = next(line for line in axes.lines if line.get_linestyle() == "-")
    assert solid.get_ydata() == pytest.approx(curves["val_accuracy"].mean(axis=0))
    assert [2.5, 2.5] in [np.ravel(line.get_xdata()).tolist() for line in axes.lines]


@pytest.mark.parametrize("columns", [1, 2])
def test_an_access_tier_begins_a_line_of_panels_under_its_name(mains, columns, check_layout):
    figure = draw_curves(mains[0], columns)
    assert {"access: none", "access: val_groups", "access: train_groups"} <= {*check_layout(figure)}
    names = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    first = [name[0] for axes, name in zip(figure.axes, names, strict=True) if axes.get_subplotspec().is_first_col()]
    assert first == [next(e.label for e in with_curves(mains[0]) if e.access == name[1].removeprefix("access: "))
                     for name in names if len(name) == 2]  # fmt: skip


def test_tiers_share_lines_where_the_page_lacks_room(mains, check_layout):
    rows = with_curves(mains[0])
    many = [replace(row, label=f"{row.label}-{k}") for row in rows for k in range(7)]
    figure = draw_curves(replace(mains[0], entries=many), 1)
    assert "access: val_groups" in check_layout(figure)
    assert len(figure.axes) == 28
    assert max(axes.get_subplotspec().rowspan.stop for axes in figure.axes) == 10


def test_a_sheet_without_curves_has_no_figure(mains):
    silent = replace(mains[0], entries=[replace(e, curves={}) for e in mains[0].entries])
    assert with_curves(silent) == []
    with pytest.raises(ValueError, match="no row reports learning curves"):
        draw_curves(silent)
