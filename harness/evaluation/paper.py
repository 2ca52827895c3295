"""An evaluation as a LaTeX table and as a figure."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.board.latex import bold, latex_table
from spurgen.harness.evaluation.figures import Evaluation
from spurgen.harness.evaluation.paired import Compared, Comparison
from spurgen.harness.machine.text import as_latex
from spurgen.harness.plots.style import SERIES, SMALL, drawable, fraction, grid_lines, new_figure, styled
from spurgen.harness.statistics.differences import ALPHA
from spurgen.harness.statistics.estimate import Estimate

HEAD = ("Model", "Robust", "Worst group", "Corrected", "Accuracy")
LINE, FOOT, LEGEND = 0.2, 0.45, 0.3  # inches: a line per group and model, and what lies below and above
ACROSS = 3  # models in a line of the legend
SPREAD = 0.8  # of the room of a group that its models take


def to_latex(evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison]) -> str:
    """Return a table with a line per model; `comparisons` are of the first with each of the others.

    Bold are figures that are significantly better than the first model's, and those of the first that are significantly
    better than all others'. Raises `SpurgenError` unless there is no comparison, or one for each other model in order.
    """
    pairs = [(comparison.first, comparison.second) for comparison in comparisons]
    if pairs and pairs != [(evaluations[0].name, other.name) for other in evaluations[1:]]:
        raise SpurgenError("the comparisons are not of the first model with each of the others in order")
    rows = [_row(evaluations[0], comparisons, 1)]
    rows += [_row(other, comparisons[k : k + 1], -1) for k, other in enumerate(evaluations[1:])]
    first = evaluations[0]
    heading = f"{first.samples:,} samples, {len(first.groups)} groups"
    return latex_table(HEAD, [(heading, rows)], _caption(evaluations, comparisons), "tab:evaluation", columns=2)


def _row(evaluation: Evaluation, comparisons: Sequence[Comparison], sign: int) -> list[str]:
    """Return a line; bold is where all differences are significant and have this sign."""
    figures = {
        "robust_accuracy": evaluation.robust_accuracy,
        "wga": Estimate(evaluation.wga, *evaluation.wga_simultaneous),
        "corrected": evaluation.wga_corrected,
        "accuracy": evaluation.accuracy,
    }
    compared = {name: [one.metrics[name] for one in comparisons if name in one.metrics] for name in figures}
    better = [name for name, tests in compared.items() if tests and all(_is_better(test, sign) for test in tests)]
    cells = ["--" if figure is None else _cell(figure, name in better) for name, figure in figures.items()]
    return [as_latex(evaluation.name), *cells]


def _is_better(compared: Compared, sign: int) -> bool:
    return compared.p_holm < ALPHA and compared.difference * sign > 0


def _cell(estimate: Estimate, is_better: bool) -> str:
    """Return a number above its interval, which beside it would be too wide for most papers."""
    number, _, interval = estimate.text().partition(" ")
    lines = [bold(number) if is_better else number, as_latex(interval)]
    return r"\shortstack[r]{" + r"\\".join(line for line in lines if line) + "}"


def _caption(evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison]) -> str:
    by_number: dict[str, list[str]] = {}
    for e in evaluations:
        by_number.setdefault(f"{e.runs} run{'s' * (e.runs > 1)}", []).append(e.name)
    runs = " and ".join(by_number)
    if len(by_number) > 1:
        runs = " and ".join(f"{number} ({', '.join(names)})" for number, names in by_number.items())
    several = [e.runs > 1 for e in evaluations]
    over = "samples and runs" if all(several) else "samples, and runs if several" if any(several) else "samples"
    said = f"Means over {runs}, with 95 % intervals over {over}; that of the worst group is simultaneous."
    if not comparisons:
        return said
    first, has_more = evaluations[0].name, len(comparisons) > 1
    than = f" than {first}, or where {first} is better than all others" if has_more else ""
    tested = [comparison.mcnemar for comparison in comparisons]
    where = "" if all(tested) else " where each has one run"
    mcnemar = f"; McNemar's exact test for accuracy{where}" if any(tested) else ""
    over = "metrics and models" if has_more else "metrics"
    return f"{said} Bold: significantly better{than} (paired bootstrap{mcnemar}, Holm-corrected over the {over}, 5 %)."


def check_count(models: int) -> None:
    """Raise `SpurgenError` for more models than `draw_groups` has colours and marks."""
    if models > len(SERIES):
        raise SpurgenError(f"a figure shows at most {len(SERIES)} models, not {models}; name fewer")


def draw_groups(evaluations: Sequence[Evaluation]) -> Figure:
    """Draw the accuracy of every group with its interval, the models of a group below one another.

    Raises `SpurgenError` for more models than there are colours and marks, or models of other groups.
    """
    check_count(len(evaluations))
    for other in evaluations[1:]:
        if {group.name for group in other.groups} != {group.name for group in evaluations[0].groups}:
            raise SpurgenError(f"{evaluations[0].name} and {other.name} have different groups; draw them one by one")
    names = [row.name for row in sorted(evaluations[0].groups, key=lambda row: row.accuracy.value)]
    models = len(evaluations)
    legend = LEGEND * (models > 1) + (math.ceil(models / ACROSS) - 1) * LINE
    with styled():
        figure = new_figure(1, FOOT + legend + LINE * models * len(names))
        axes = figure.subplots()
        for k, evaluation in enumerate(evaluations):
            of_group = {row.name: row.accuracy for row in evaluation.groups}
            places = np.arange(len(names)) + (k - (models - 1) / 2) * min(0.3, SPREAD / models)
            colour, mark = SERIES[k]
            for y, estimate in zip(places, (of_group[name] for name in names), strict=True):
                axes.plot(estimate.ends, (y, y), color=colour, linewidth=0.9, solid_capstyle="butt", clip_on=False)
            values = [of_group[name].value for name in names]
            axes.plot(values, places, mark, color=colour, markersize=3, clip_on=False, label=drawable(evaluation.name))
        axes.set_yticks(np.arange(len(names)), [drawable(name, 40) for name in names], fontsize=SMALL)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(FuncFormatter(fraction))
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("accuracy")
        grid_lines(axes, "x")
        if models > 1:
            figure.legend(loc="outside upper center", ncols=min(models, ACROSS), frameon=False)
    return figure
