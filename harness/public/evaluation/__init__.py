"""Predictions of any model evaluated in Python, as `spurgen evaluate` does: `from spurgen import evaluation`.

`read_predictions` and `from_arrays` return predictions, `evaluate` their figures, `compare_with_first` paired tests,
and `select` what rules that select a checkpoint reach. Messages name the command's flags.
"""

from spurgen.harness.evaluation.figures import (
    Calibration,
    Comparison,
    Evaluation,
    GroupFigures,
    Selected,
    compare,
    compare_with_first,
    evaluate,
    select,
)
from spurgen.harness.evaluation.predictions import Attribute, Predictions
from spurgen.harness.evaluation.reading import from_arrays, read_predictions
from spurgen.harness.evaluation.report import (
    comparison_summary,
    draw_groups,
    how_tested,
    summary,
    to_json,
    to_latex,
)
from spurgen.harness.evaluation.tables import Columns
from spurgen.harness.statistics.comparison import Compared

__all__ = [
    "Attribute",
    "Calibration",
    "Columns",
    "Compared",
    "Comparison",
    "Evaluation",
    "GroupFigures",
    "Predictions",
    "Selected",
    "compare",
    "compare_with_first",
    "comparison_summary",
    "draw_groups",
    "evaluate",
    "from_arrays",
    "how_tested",
    "read_predictions",
    "select",
    "summary",
    "to_json",
    "to_latex",
]
