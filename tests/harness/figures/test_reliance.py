from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.figures.reliance import channel_metric, draw_reliance


@pytest.mark.parametrize("columns", [1, 2])
def test_a_panel_per_channel_has_every_row(mains, columns, check_layout):
    figure = draw_reliance(mains[0], columns)
    assert {"color", "background", "reliance", "erm", "group_dro"} <= {*check_layout(figure)}
    for axes, channel in zip(figure.axes, ("color", "background"), strict=True):
        points = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
        assert sorted(points) == sorted(e.channels["reliance"][channel].value for e in mains[0].entries)
        assert [0.02, 0.02] in [np.round(line.get_xdata(), 9).tolist() for line in axes.lines]


def test_many_channels_continue_below(mains, check_layout):
    names = [f"channel-{k}" for k in range(4)]
    spread = [
        replace(entry, channels={"reliance": dict.fromkeys(names, entry.channels["reliance"]["color"])})
        for entry in mains[0].entries
    ]
    sheet = replace(mains[0], entries=spread, task=None)
    many = type("Task", (), {"channels": tuple(names)})()
    assert {*names} <= {*check_layout(draw_reliance(replace(sheet, task=many), 1))}


def test_without_reliance_sss_is_shown_and_without_either_there_is_no_figure(mains):
    only = [replace(e, channels={"sss": e.channels["sss"]}) for e in mains[0].entries]
    assert channel_metric(replace(mains[0], entries=only)) == "sss"
    none = replace(mains[0], entries=[replace(e, channels={}) for e in mains[0].entries])
    with pytest.raises(ValueError, match="main-image: no row has a metric by channel"):
        draw_reliance(none)


def test_the_label_is_centred_below_the_panels(mains):
    figure = draw_reliance(mains[0], 1)
    figure.draw_without_rendering()
    first, last = (figure.axes[k].get_window_extent() for k in (0, -1))
    label = figure._supxlabel.get_window_extent()
    assert (label.x0 + label.x1) / 2 == pytest.approx((first.x0 + last.x1) / 2, abs=1)
