import re

import pytest

from spurgen.benchmark.result import Report
from spurgen.harness.site.charts import by_conflicts, curves, pattern_bars, shade, signed_bar

PATTERNS = {"aa": 1.0, "ca": 0.9, "ac": 0.8, "cc": 0.2}


def test_bars_are_ordered_by_conflicts_and_the_lowest_is_marked():
    assert by_conflicts(PATTERNS) == ["aa", "ac", "ca", "cc"]
    drawn = pattern_bars(PATTERNS, ("color", "shape"))
    assert drawn.count('class="bar lowest"') == 1
    assert drawn.count('class="conflict"') == drawn.count('class="agree"') == 4
    assert "cc 0.20" in drawn


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.55, 5), (1.0, 9), (-0.1, 0)])
def test_shades_cover_proportions(share, expected):
    assert shade(share) == expected


def test_curves_are_means_over_results_and_missing_where_none_are_reported(tiny):
    results = tiny.rows["erm"]["small-text"].results
    drawn = curves(results)
    assert "loss ends at 0.333; validation ends at 0.8" in drawn
    assert drawn.count(">Accuracy<") == drawn.count(">Loss<") == 1  # each on an axis of its own
    assert "val_accuracy" not in drawn
    silent = [result.model_copy(update={"report": Report()}) for result in results]
    assert curves(silent) is None
    texts = Report(curves=({"epoch": 1.0, "note": "<b>"},))
    assert curves([result.model_copy(update={"report": texts}) for result in results]) is None


def test_a_negative_number_is_a_bar_to_the_left():
    assert re.search(r"H12V", signed_bar(-0.5, 1.0))
    assert re.search(r"H36V", signed_bar(0.5, 1.0))
