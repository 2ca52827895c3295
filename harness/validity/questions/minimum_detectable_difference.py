"""How small a true difference of the score that ranks can be and still be detected, at 5 % with 80 % power.

It is (t(1 - alpha / 2) + t(power)) times the moderated standard error of the difference, for the median pair of methods
and for the pair that is noisier than nine in ten. As one of all pairs: alpha is 5 % times the share of pairs that are
told apart.
"""

from functools import partial

import numpy as np
from matplotlib.figure import Figure
from scipy.special import stdtrit

from spurgen.harness.board.columns import Line
from spurgen.harness.statistics.estimate import ALPHA
from spurgen.harness.statistics.standing import References
from spurgen.harness.statistics.units import pair_errors
from spurgen.harness.validity.answer import MEASURED, Answer, forest_of, in_order, of_each
from spurgen.harness.validity.suite import Ranked, RankedSuite

PLACE = 8
TITLE = "Minimum detectable difference"
POWER = 0.8


def examine(suite: RankedSuite) -> Answer:
    """Measure the errors of all pairs of rows with enough units for a rank."""
    tasks = {name: _line(task) for name, task in suite.tasks.items() if len(task.full) > 1}
    short = [name for name in suite.tasks if name not in tasks]
    main = [tasks[name] for name in suite.main if name in tasks]
    return Answer(
        MEASURED,
        _summary(main) if main else "",
        {"Detectable differences": list(tasks.values())},
        suite.missing(dict.fromkeys(short, "fewer than two ranked rows")),
        plot=partial(_plot, list(tasks.values())) if tasks else None,
    )


def _line(task: Ranked) -> Line:
    rows = [task.units(label) for label in task.full]
    errors, degrees = pair_errors(rows, task.spread())
    degree, pairs = float(degrees.min()), len(errors)
    told_apart = int(References.of(rows, task.spread()).differ().sum()) // 2
    line: dict[str, object] = {
        "task": task.name, "unit": task.unit, "units": min(map(len, rows)), "rows": len(rows), "pairs": pairs,
        "told_apart": told_apart, "degrees": degree,
    }  # fmt: skip
    for suffix, share in (("", 0.5), ("_noisiest", 0.9)):
        error = float(np.quantile(errors, share))
        of_all = detectable(error, degree, ALPHA * max(told_apart, 1) / pairs)
        line |= {f"error{suffix}": error, f"pair{suffix}": detectable(error, degree), f"all_pairs{suffix}": of_all}
    return line


def detectable(error: float, degrees: float, alpha: float = ALPHA) -> float:
    """Return (t(1 - alpha / 2) + t(POWER)) * error, t Student's quantile.

    `error`: the standard error of the estimated difference. A two-sided t-test at `alpha` detects a true difference of
    that size with about probability `POWER` (Cohen 1988; the other tail is neglected).
    """
    return float((stdtrit(degrees, POWER) - stdtrit(degrees, alpha / 2)) * error)


def _summary(main: list[Line]) -> str:
    units, pairs = (
        in_order(f"{line['units']} {line['unit']}s" for line in main),
        in_order(f"{line['pairs']}" for line in main),
    )
    return f"With {POWER:.0%} power and {units}, {of_each(main, 'all_pairs')} as one of all {pairs} pairs of rows."


def _plot(lines: list[Line]) -> Figure:
    both = [
        {"of": title, "task": line["task"], "value": line[name], "value_high": line[f"{name}_noisiest"]}
        for name, title in (("pair", "one pair"), ("all_pairs", "one of all pairs"))
        for line in lines
    ]
    return forest_of(both, "value", "score (line: up to the noisiest tenth)", panel="of", row="task")
