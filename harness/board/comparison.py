"""Two rows side by side: does one beat the other, by how much, how surely, and in which channels."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypedDict

import numpy as np

from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.board.bootstrap import Plan, figures_of, pooled_spreads
from spurgen.harness.board.eligibility import not_believed, not_fit
from spurgen.harness.board.leaderboard import Rows
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics import holm, paired_difference

ALPHA = 0.05
BETTER: dict[str, int] = {"wga": 1, "accuracy": 1, "sss": -1}
"""Says in which direction a figure is better; an SSS of a channel is as `sss`."""


class Compared(TypedDict):
    """Holds a figure of both rows over the seeds that both have, and the first less the second.

    `p_holm` is corrected for all figures of all tasks and sets that are compared; `better` names the row that is
    significantly better in it, at 5 %, or is None.
    """

    first: float
    second: float
    difference: float
    interval: tuple[float, float]
    p: float
    p_holm: float
    better: Literal["first", "second"] | None


class Comparison(NamedTuple):
    """Maps tasks to the seeds that both rows have and to the figures, and other tasks to why they are left out.

    `overall` maps each set of tasks that is compared whole to the figures' means over it.
    """

    seeds: dict[str, int]
    overall: dict[str, dict[str, Compared]]
    figures: dict[str, dict[str, Compared]]
    left_out: dict[str, str]


class _Drawn(NamedTuple):
    """Holds a figure of both rows: float64 (2,), and its paired bootstrap, float64 (2, B)."""

    points: Float64
    replicates: Float64


def compare(suite: Suite, rows: Rows, first: str, second: str, tasks: Sequence[str]) -> Comparison:
    """Compares two rows on the tasks where the leaderboard could rank both.

    By the paired bootstrap over samples with the variance over seeds added, as rows are ranked; that of a task is
    pooled over all its rows. Sets of tasks are as in the suite.
    """
    found = Comparison({}, {}, {}, {})
    drawn: dict[str, dict[str, _Drawn]] = {}
    for name in tasks:
        task = suite.task(name)
        plan = Plan.of(task)
        fit, reasons = _sort(suite, task, plan, rows)
        lacking = [f"{label}: {reasons.get(label, 'not run')}" for label in (first, second) if label not in fit]
        if lacking:
            found.left_out[name] = "; ".join(lacking)
            continue
        found.seeds[name] = min(len(fit[first]), len(fit[second]))
        drawn[name] = _draw(plan, fit, first, second, found.seeds[name])
        found.figures[name] = {figure: _compared(some) for figure, some in drawn[name].items()}
    for name, means in _means(suite, rows, (first, second), drawn).items():
        found.overall[name] = {figure: _compared(mean) for figure, mean in means.items()}
    shown = [*found.overall.values(), *found.figures.values()]
    every = [figure for figures in shown for figure in figures.items()]
    for (name, figure), p_holm in zip(every, holm([figure["p"] for _, figure in every]), strict=True):
        assert p_holm is not None
        figure["p_holm"] = p_holm
        if p_holm < ALPHA:
            figure["better"] = "first" if figure["difference"] * BETTER[name.partition("/")[0]] > 0 else "second"
    return found


def _means(
    suite: Suite, rows: Rows, pair: tuple[str, str], drawn: Mapping[str, Mapping[str, _Drawn]]
) -> dict[str, dict[str, _Drawn]]:
    """Averages both rows over every set of tasks that is there whole, and where each was given the same on all."""
    found = {}
    for name, members in suite.overall.items():
        given = [{rows[label][task][0].access for task in members if task in drawn} for label in pair]
        if set(members) <= drawn.keys() and all(len(tiers) == 1 for tiers in given):
            parts = {figure: [drawn[task][figure] for task in members] for figure in BETTER}
            found[name] = {
                figure: _Drawn(*(np.mean(some, axis=0) for some in zip(*each, strict=True)))
                for figure, each in parts.items()
            }
    return found


def _sort(suite: Suite, task: Task, plan: Plan, rows: Rows) -> tuple[dict[str, Sequence[Cell]], dict[str, str]]:
    """Returns the rows that the leaderboard could rank on a task, and why it could not rank others."""
    fit: dict[str, Sequence[Cell]] = {}
    reasons: dict[str, str] = {}
    for label, by_task in sorted(rows.items()):
        cells = by_task.get(task.name)
        if cells:
            reason = not_believed(suite, task, plan.groups, cells) or not_fit(task, cells)
            if reason:
                reasons[label] = reason
            else:
                fit[label] = cells
    return fit, reasons


def _draw(plan: Plan, fit: Mapping[str, Sequence[Cell]], first: str, second: str, seeds: int) -> dict[str, _Drawn]:
    """Draws every figure of both rows."""
    names = [*BETTER, *(f"sss/{channel}" for channel in plan.task.channels)]
    spreads = pooled_spreads(fit.values(), names)
    table = {}
    for name in names:
        cells = {label: fit[label][:seeds] for label in (first, second)}
        points = np.array([figures_of(some, name).mean() for some in cells.values()])
        table[name] = _Drawn(points, np.stack([plan.replicates(*item, name, spreads) for item in cells.items()]))
    return table


def _compared(drawn: _Drawn) -> Compared:
    """Compares a figure, as yet uncorrected."""
    (first, second), (ours, theirs) = drawn.points.tolist(), drawn.replicates
    found = paired_difference(first, ours, second, theirs)
    return {
        "first": first, "second": second, "difference": found.value, "interval": (found.low, found.high),
        "p": found.p, "p_holm": found.p, "better": None,
    }  # fmt: skip
