"""A task's bootstrap: the weights that all its rows share, and the replicates of a row's figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.record import Cell, unpack
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.board.evidence import KEPT
from spurgen.harness.data import task_groups
from spurgen.harness.metrics._arrays import Float64
from spurgen.harness.statistics.bootstrap import bootstrap_mean, bootstrap_wga, group_bootstrap_weights, seed_draws
from spurgen.harness.statistics.seed_spread import SeedSpread, add_spread, pool

REPLICATES = 1000


def figures_of(cells: Sequence[Cell], figure: str) -> Float64:
    """Returns a figure of every cell, float64 (S,); `figure`: one of `Cell.figures`, or `<figure>/<channel>`."""
    name, _, channel = figure.partition("/")
    return np.array([cell.channels[channel][name] if channel else cell.figures[name] for cell in cells])


def pooled_spread(rows: Iterable[Sequence[Cell]], figure: str) -> SeedSpread | None:
    """Pools a figure's variance over seeds within a task's rows; `figure`: as in `figures_of`."""
    return pool([figures_of(cells, figure) for cells in rows])


@dataclass(frozen=True)
class Plan:
    """Holds what all rows of a task share: groups, and the bootstrap's weights."""

    task: Task
    groups: NDArray[np.int64]
    test_weights: NDArray[np.uint8]
    base_weights: NDArray[np.uint8]

    @classmethod
    def of(cls, task: Task) -> "Plan":
        """Draws the weights; base samples are resampled within their class."""
        scenario = task.scenario
        test = sample(scenario, "test", range(scenario.num_test), images=False, captions=False)
        groups = task_groups(task, test.group_ids)
        bases = test.labels[: scenario.splits.twins]
        return cls(
            task,
            groups,
            group_bootstrap_weights(groups, REPLICATES, f"{task.name}/test"),
            group_bootstrap_weights(bases, REPLICATES, f"{task.name}/bases"),
        )

    def replicates(self, cells: Sequence[Cell], figure: str) -> Float64:
        """Draws the paired bootstrap of the mean over a row's cells, float64 (B,).

        `figure`: `wga`, `accuracy`, `sss` (the mean over the channels), `sss/<channel>` or one of
        `evidence.KEPT`. Rows with as many cells share their draws of seeds.
        """
        draws = seed_draws(len(cells), REPLICATES, self.task.name)
        if figure in ("wga", "accuracy"):
            correct = np.stack([unpack(cell.samples["correct"]) for cell in cells])
            if figure == "wga":
                return bootstrap_wga(correct, self.groups, self.test_weights, draws)
            return bootstrap_mean(correct.astype(np.float64), self.test_weights, draws)
        names = [f"sss/{name}" for name in self.task.channels] if figure == "sss" else [KEPT.get(figure, figure)]
        values = [np.mean([unpack(cell.samples[name]) for name in names], axis=0) for cell in cells]
        return bootstrap_mean(np.stack(values), self.base_weights, draws)

    def replicates_with_spread(
        self, label: str, cells: Sequence[Cell], figure: str, spread: SeedSpread | None
    ) -> Float64:
        """Draws the same, and gives a single cell the `spread` over seeds that the task's other rows have."""
        drawn = self.replicates(cells, figure)
        return add_spread(drawn, spread, self.task.name, label, figure) if spread and len(cells) == 1 else drawn
