from spurgen.harness.plots.forest import Named, Panel, forest, limits_of, most_panels
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
