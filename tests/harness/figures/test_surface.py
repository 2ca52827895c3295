from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from spurgen.harness.figures.surface import draw_surface, find_surface
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity.series import Series, find_series

SURFACE = [["dial-0.8-0.5", "dial-0.8-0.9"], ["dial-1.3-0.5", "dial-1.3-0.9"]]


@pytest.fixture(scope="module")
def surface(toy):
    return find_surface(find_series(toy.tasks_with("dose")))


def test_series_that_differ_in_one_dial_make_a_surface(surface):
    assert surface.dial == "core_size"
    assert (surface.values, surface.strengths, surface.tasks) == (["0.8", "1.3"], [0.5, 0.9], SURFACE)


def test_one_series_or_series_of_different_strengths_make_none():
    one, other = Series("core_size 1", ["a", "b"], [0.1, 0.9]), Series("core_size 2", ["c", "d"], [0.1, 0.8])
    assert find_surface([one]) is None
    assert find_surface([one, other]) is None


def test_values_of_a_dial_are_sorted_as_numbers_and_several_dials_have_no_name():
    series = [Series(f"core_size {k}", [f"{k}a", f"{k}b"], [0.1, 0.9]) for k in ("10", "2")]
    assert find_surface(series).values == ["2", "10"]
    series = [Series(f"noise.rate {k}, core_size {k}", ["a", "b"], [0.1, 0.9]) for k in "12"]
    assert (find_surface(series).dial, find_surface(series).values) == ("", [one.name for one in series])


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("metric", ["robust_accuracy", "reliance"])
def test_a_panel_per_row_has_its_values(surface, sheets, metric, columns, check_layout):
    figure = draw_surface(surface, sheets, metric, columns)
    assert {"erm", "jtt", "core size", "0.8", "1.3", ".9"} <= {*check_layout(figure)}
    *drawn, bar = figure.axes
    assert len(drawn) == 4  # the others are not on all tasks
    panels = {axes.texts[-1].get_text(): axes.images[0].get_array() for axes in drawn}
    assert bar.get_ylabel() == {"robust_accuracy": "robust accuracy", "reliance": "reliance"}[metric]
    largest = max(np.max(shown) for shown in panels.values())
    assert {axes.images[0].get_clim()[1] for axes in drawn} == {largest if metric == "reliance" else 1.0}
    for label, shown in panels.items():
        values = [[sheets[task].by_label[label].estimates[metric].value for task in row] for row in SURFACE]
        assert np.allclose(shown, values)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_cell_has_half_the_width_of_its_interval_also_where_one_end_is_cut(surface, sheets, columns, check_layout):
    def drawn(*ends):
        estimates = {"robust_accuracy": Estimate(0.22, *ends)}
        changed = {
            name: replace(s, entries=[replace(e, estimates=e.estimates | estimates) for e in s.entries])
            for name, s in sheets.items()
        }
        return {*check_layout(draw_surface(surface, changed, "robust_accuracy", columns))}

    assert ".22\n±.15" in drawn(0.07, 0.37)
    assert ".22\n±.30" in drawn(0.0, 0.52)
    assert ".22" in drawn(None, None)


def test_the_colour_bar_has_ticks_at_its_ends(surface, sheets):
    for metric in ("robust_accuracy", "reliance"):
        *panels, bar = draw_surface(surface, sheets, metric, 2).axes
        low, high = panels[0].images[0].get_clim()
        assert bar.get_yticks() == pytest.approx([low, (low + high) / 2, high])


def test_cells_of_many_strengths_keep_their_width(surface, sheets, check_layout):
    wide = surface._replace(strengths=[0.1 * k for k in range(8)], tasks=[[row[0]] * 8 for row in SURFACE])
    figure = draw_surface(wide, sheets, "robust_accuracy", 1)
    check_layout(figure)
    assert len({axes.get_position().y0 for axes in figure.axes[:4]}) == 4  # a panel per line


def test_a_metric_that_no_row_has_is_an_error(surface, sheets):
    with pytest.raises(ValueError, match="no row has core_use on all of dial-0"):
        draw_surface(surface, sheets, "core_use")


def test_the_colour_bar_names_the_only_channel(surface, sheets):
    def with_channels(*names):
        task = SimpleNamespace(channels=names)
        changed = {name: replace(sheet, task=task) for name, sheet in sheets.items()}
        return draw_surface(surface, changed, "reliance", 2).axes[-1].get_ylabel()

    assert with_channels("color") == "reliance on color"
    assert with_channels("color", "shape") == "reliance"
