"""A task's bootstrap: the weights that all its rows share, and the replicates of a row's figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.result import Cell, unpack
from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.consistency import KEPT
from spurgen.harness.running.task_data import task_groups
from spurgen.harness.statistics.bootstrap import GroupWeights, bootstrap_mean, group_bootstrap_weights
from spurgen.harness.statistics.seed_spread import SeedSpread, add_noise, mean_deviation, pool

REPLICATES = 1000
Spreads = Mapping[str, SeedSpread | None]
Pair = tuple[Float64, Float64]


def figures_of(cells: Sequence[Cell], figure: str) -> Float64:
    """Returns a figure of every cell, float64 (S,); `figure`: one of `Cell.figures`, or `<figure>/<channel>`."""
    name, _, channel = figure.partition("/")
    return np.array([cell.channels[channel][name] if channel else cell.figures[name] for cell in cells])


def pooled_spreads(rows: Iterable[Sequence[Cell]], figures: Iterable[str]) -> Spreads:
    """Pools every figure's variance over seeds within a task's rows; `figures`: as in `figures_of`.

    Of the baselines' rows where two seeds of one differ: a stranger's, however it varies, then moves no interval but
    its own. Else of all.
    """
    some = list(rows)
    ours = [cells for cells in some if is_baseline(cells[0].spec)]
    return {figure: _pooled(ours, figure) or _pooled(some, figure) for figure in figures}


def _pooled(rows: Sequence[Sequence[Cell]], figure: str) -> SeedSpread | None:
    return pool([figures_of(cells, figure) for cells in rows])


def groups_on_test(task: Task) -> NDArray[np.int64]:
    """Returns the groups of a task's test samples, int64 (n,): class times 2 ** channels, plus pattern."""
    scenario = task.scenario
    test = sample(scenario, "test", range(scenario.num_test), images=False, captions=False)
    return task_groups(task, test.group_ids)


def mean_weights(classes: NDArray[np.int64], seed: str) -> Float64:
    """Draws weights for means over base samples, float64 (B, m); `classes` int64 (m,).

    Bases are resampled within their class. The mean of k samples drawn from k has but (k - 1) / k of the variance that
    it should have, so the weights' deviations from 1 are scaled by the root of k / (k - 1). Where a class has a single
    base, they are resampled regardless of class.
    """
    sizes = np.bincount(classes)[classes]
    if sizes.min() < 2:
        classes, sizes = np.zeros_like(classes), np.full_like(classes, len(classes))
    counts = group_bootstrap_weights(classes, REPLICATES, seed)
    scale: Float64 = np.sqrt(sizes / np.maximum(sizes - 1, 1.0))
    return 1 + (counts - 1.0) * scale


@dataclass(frozen=True)
class Plan:
    """Holds what all rows of a task share: groups, and the bootstrap's weights."""

    task: Task
    groups: NDArray[np.int64]
    test_weights: GroupWeights
    base_weights: Float64
    _made: dict[tuple[int, ...], tuple[tuple[Cell, ...], Pair]] = field(default_factory=dict, repr=False, compare=False)
    """By the ids of cells, which are kept so that no others get these: WGA and accuracy."""

    @classmethod
    def of(cls, task: Task) -> "Plan":
        """Draws the weights, the same for tasks of one scenario and the same channels."""
        scenario = task.scenario
        drawn = f"{scenario.name}/{'+'.join(task.channels)}"
        groups = groups_on_test(task)
        classes = groups[: scenario.splits.twins] // 2 ** len(task.channels)
        return cls(
            task,
            groups,
            GroupWeights(groups, group_bootstrap_weights(groups, REPLICATES, f"{drawn}/test")),
            mean_weights(classes, f"{drawn}/bases"),
        )

    def replicates(
        self, label: str, cells: Sequence[Cell], figure: str, spreads: Spreads, *, own: bool = True
    ) -> Float64:
        """Draws the mean over a row's cells as other samples and other seeds might have it, float64 (B,).

        `figure`: `wga`, `accuracy`, `sss` (the mean over the channels), `sss/<channel>` or one of
        `evidence.KEPT`; `spreads` has the task's pooled spread of it, `own`: as in `mean_deviation`. Rows are paired
        over the samples; the seeds' noise is each one's own.
        """
        deviation = mean_deviation(figures_of(cells, figure), spreads[figure], own=own)
        return add_noise(self.resampled(cells, figure), deviation, self.task.name, label, figure)

    def resampled(self, cells: Sequence[Cell], figure: str) -> Float64:
        """Draws the same as other samples alone might have it: the paired bootstrap with these very seeds."""
        if figure in ("wga", "accuracy"):
            return self._of_groups(cells)[figure == "accuracy"]
        names = [f"sss/{name}" for name in self.task.channels] if figure == "sss" else [KEPT.get(figure, figure)]
        values = [np.mean([unpack(cell.samples[name]) for name in names], axis=0) for cell in cells]
        return bootstrap_mean(np.stack(values), self.base_weights)

    def _of_groups(self, cells: Sequence[Cell]) -> Pair:
        """Draws WGA and accuracy, or returns what was drawn before: boards ask more than once."""
        key = tuple(map(id, cells))
        if key not in self._made:
            correct = np.stack([unpack(cell.samples["correct"]) for cell in cells])
            self._made[key] = tuple(cells), self.test_weights.wga_and_accuracy(correct)
        return self._made[key][1]
