"""An evaluation as a LaTeX table and as a figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from spurgen.harness.evaluation.figures import Evaluation
from spurgen.harness.evaluation.paired import Comparison
from spurgen.harness.figures.latex import Section, Table, bold, escaped
from spurgen.harness.figures.style import SERIES, SMALL, drawable, fraction, new_figure, paper_style
from spurgen.harness.machine.plotting import grid_lines
from spurgen.harness.statistics.differences import ALPHA
from spurgen.harness.statistics.estimate import Estimate

HEAD = ("Model", "Robust", "Worst group", "Corrected", "Accuracy")
LINE, FOOT, LEGEND = 0.2, 0.45, 0.3  # inches: a line per group and model, and what lies below and above


def to_latex(evaluations: Sequence[Evaluation], comparison: Comparison | None) -> str:
    """Return a table with a line per model; the significantly better of two is bold."""
    rows = [_row(evaluation, comparison, second=k == 1) for k, evaluation in enumerate(evaluations)]
    first = evaluations[0]
    heading = f"{first.samples:,} samples, {len(first.groups)} groups"
    sections, caption = [Section(escaped(heading), rows)], _caption(evaluations, comparison)
    return Table(HEAD, sections, caption, "tab:evaluation", columns=2).text


def _row(evaluation: Evaluation, comparison: Comparison | None, *, second: bool) -> list[str]:
    low, high = evaluation.wga_simultaneous
    robust = evaluation.robust_accuracy
    cells = {
        "robust_accuracy": "--" if robust is None else robust.text(),
        "wga": Estimate(evaluation.wga, low, high).text(),
        "corrected": evaluation.wga_corrected.text(),
        "accuracy": evaluation.accuracy.text(),
    }
    for metric, compared in (comparison.metrics if comparison else {}).items():
        if compared.p_holm < ALPHA and (compared.difference < 0) == second:
            cells[metric] = bold(cells[metric])
    return [escaped(evaluation.name), *cells.values()]


def _caption(evaluations: Sequence[Evaluation], comparison: Comparison | None) -> str:
    runs = " and ".join(dict.fromkeys(f"{e.runs} run{'s' * (e.runs > 1)}" for e in evaluations))
    several = [e.runs > 1 for e in evaluations]
    over = "samples and runs" if all(several) else "samples, and runs if several" if any(several) else "samples"
    said = f"Means over {runs}, with 95 % intervals over {over}; that of the worst group is simultaneous."
    if comparison is None:
        return said
    mcnemar = "; McNemar's exact test for accuracy" if comparison.mcnemar else ""
    return f"{said} Bold: significantly better (paired bootstrap{mcnemar}, Holm-corrected over the metrics, 5 %)."


def draw_groups(evaluations: Sequence[Evaluation]) -> Figure:
    """Draw the accuracy of every group with its interval, the models of a group below one another."""
    names = [row.name for row in sorted(evaluations[0].groups, key=lambda row: row.accuracy.value)]
    models = len(evaluations)
    with paper_style():
        figure = new_figure(1, FOOT + LEGEND * (models > 1) + LINE * models * len(names))
        axes = figure.subplots()
        for k, evaluation in enumerate(evaluations):
            of_group = {row.name: row.accuracy for row in evaluation.groups}
            places = np.arange(len(names)) + (k - (models - 1) / 2) * 0.3
            colour, mark = SERIES[k]
            for y, estimate in zip(places, (of_group[name] for name in names), strict=True):
                axes.plot(estimate.ends, (y, y), color=colour, linewidth=0.9, solid_capstyle="butt", clip_on=False)
            values = [of_group[name].value for name in names]
            axes.plot(values, places, mark, color=colour, markersize=3, clip_on=False, label=drawable(evaluation.name))
        axes.set_yticks(np.arange(len(names)), [drawable(name, 40) for name in names], fontsize=SMALL)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: fraction(value)))
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("accuracy")
        grid_lines(axes, "x")
        if models > 1:
            figure.legend(loc="outside upper center", ncols=models, frameon=False)
    return figure
