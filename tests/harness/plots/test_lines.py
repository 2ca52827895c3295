import numpy as np

from spurgen.harness.plots.lines import learning_curves


def test_curves_have_a_band_and_a_mark_where_a_stage_begins():
    lines = {"all samples": np.array([[0.2, 0.4, 0.6], [0.4, 0.6, 0.8]]), "epoch": np.array([[1.0, 2.0, 1.0]])}
    figure = learning_curves({"erm": lines, "a very long name of a method": lines}, 1, shared=True, wide=3)
    axes = figure.axes[0]
    assert np.allclose(axes.lines[0].get_ydata(), [0.3, 0.5, 0.7])
    assert axes.lines[1].get_xdata()[0] == 2.5
    assert "\n" in figure.axes[1].get_title("left")
