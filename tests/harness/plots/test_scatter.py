from spurgen.harness.plots.forest import Named
from spurgen.harness.plots.scatter import scatter
from spurgen.harness.statistics.estimate import Estimate


def test_a_row_without_one_of_the_metrics_is_left_out_and_named_rows_are_labelled(check_layout):
    rows = [Named("a", "Method A", "none"), Named("b", "Method B", "envs"), Named("c", "Method C", "envs")]
    figure = scatter(rows, {"a": 0.2, "b": 0.5}, {"a": Estimate(0.1), "b": Estimate(0.4, 0.3, 0.5)}, ("x", "y"), ["b"])
    texts = check_layout(figure)
    assert "Method B" in texts
    assert "Method A" not in texts
    assert "access: none" in texts
    marks = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert [mark.get_xdata()[0] for mark in marks] == [0.2, 0.5]
