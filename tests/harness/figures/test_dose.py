import numpy as np
import pytest

from spurgen.harness.figures.dose import draw_dose


@pytest.mark.parametrize("columns", [1, 2])
def test_a_line_per_row_and_metric_goes_through_its_estimates(sheets, columns, check_layout):
    series = [sheets["dial-0.8-0.5"], sheets["dial-0.8-0.9"]]
    figure = draw_dose(series, [0.5, 0.9], columns)
    texts = check_layout(figure)
    assert {"erm", "jtt", "ideal observer", "reliance", "strength of the correlation"} <= {*texts}
    for axes, metric in zip(figure.axes, ("robust_accuracy", "reliance"), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        values = [sheet.by_label["jtt"].estimates[metric].value for sheet in series]
        assert np.allclose(lines["jtt"], values)
        assert np.allclose(lines["ideal observer"], [sheet.ideal[metric] for sheet in series])
