import numpy as np

from spurgen.harness.plots.heat import heat_map


def test_a_cell_has_its_number_and_a_missing_one_none(check_layout):
    figure = heat_map(np.array([[0.25, np.nan], [1.0, 0.0]]), ["a", "b"], ["x", "y"], "accuracy", (0.0, 1.0))
    texts = check_layout(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == [".25", "1", "0"]
    assert {"a", "b", "x", "y", "accuracy"} <= {*texts}
