"""What every page is made from: a suite, its rows, its leaderboard, and what the ideal observers reach."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from spurgen.benchmark.reading import read_text
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import TaskValues, group_sizes, spread_of
from spurgen.harness.board.files import build_board
from spurgen.harness.board.schema import Leaderboard, SetBoard, TaskBoard
from spurgen.harness.figures.from_board import board_sheets, set_sheets
from spurgen.harness.figures.sheet import Sheet
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.ideal import Ideals, mean_ideal, stored_ideals, with_ideal
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.results.store import ENTRY, REFERENCE, Store
from spurgen.harness.site.cells import scale_of
from spurgen.harness.site.names import file_names
from spurgen.harness.site.set_channels import with_channels
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.recovery import mean_over_tasks
from spurgen.harness.statistics.units import mean_estimate

Board = TaskBoard | SetBoard
REPORT_BYTES = 1 << 24


@dataclass(frozen=True)
class Material:
    """A suite's results.

    `rows` have the metrics that follow from what is stored, also those that are not ranked; `references`: ERM trained
    without the correlations. `entries`: what `tools/entry.py` trained, on worlds that are not ranked. `validity`: the
    text of the validity report, if there is one. `documented`: whether the documentation lies in the site's folder, so
    that pages link to it.
    """

    suite: Suite
    rows: Rows
    board: Leaderboard
    references: Rows = field(default_factory=dict)
    entries: Rows = field(default_factory=dict)
    validity: str | None = None
    documented: bool = False

    @cached_property
    def ideals(self) -> Ideals:
        """The stored metrics of ideal observers, by world and modality."""
        return stored_ideals(self.suite)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The file name of every row's page, without its ending."""
        return file_names(self.rows)

    @cached_property
    def values(self) -> dict[str, TaskValues]:
        """Metrics by unit, of every task with rows."""
        return {name: TaskValues(task, group_sizes(task)) for name, task in self.tasks.items()}

    @cached_property
    def sheets(self) -> dict[str, Sheet]:
        """What tables for papers are made from, by the name of the set of tasks or task."""
        sheets = set_sheets(self.rows, self.board)
        means = {name: with_channels(self, sheet, self.board.overall[name].tasks) for name, sheet in sheets.items()}
        return means | board_sheets(self.suite, self.rows, self.board)

    @cached_property
    def reliance_scale(self) -> float:
        """The end of the scale on which all reliances are drawn; rows with few units, which vary most, are left out."""
        rows = [row for part in self.board.tasks.values() for row in part.rows or part.few]
        ends = [row.estimates["reliance"].ends[1] for row in rows if "reliance" in row.estimates]
        ideals = [self.ideal_mean([name], "reliance") for name in self.board.tasks]
        return scale_of([*ends, *(ideal for ideal in ideals if ideal is not None)])

    @property
    def tasks(self) -> dict[str, Task]:
        """Tasks that have rows, in the suite's order."""
        return {name: self.suite.tasks[name] for name in self.board.tasks}

    @property
    def main(self) -> list[str]:
        """Names of the main tasks that have rows, or of all if no main one has."""
        return [name for name in self.suite.main if name in self.board.tasks] or list(self.board.tasks)

    @property
    def first_page(self) -> list[str]:
        """Names of the boards on the first page: sets of tasks, then the main tasks."""
        return [*(name for name, board in self.board.overall.items() if board.rows or board.few), *self.main]

    def ideal_mean(self, tasks: Sequence[str], metric: str) -> float | None:
        """Return a metric of the ideal observer, the mean over worlds and tasks; None if one of them lacks it.

        `metric`: as in `Result.metric`, so `reliance/color` is the reliance on one channel.
        """
        means = [mean_ideal(self.ideals, self.suite.tasks[name]).get(metric) for name in tasks]
        known = [mean for mean in means if mean is not None]
        return float(np.mean(known)) if known and len(known) == len(means) else None

    def board_of(self, name: str) -> Board:
        """Return the board of a task or of a set of tasks."""
        return self.board.tasks[name] if name in self.board.tasks else self.board.overall[name]

    def estimates(self, tasks: Sequence[str], metric: str) -> dict[str, Estimate]:
        """Return a metric of the board's rows, the mean over tasks and units, by label; rows that lack it are left out.

        `metric`: as in `Result.metric`. The spread is that of the baselines, as on the leaderboard.
        """
        key = (*tasks, metric)
        if key not in self._estimates:
            self._estimates[key] = self._estimated(tasks, metric)
        return self._estimates[key]

    @cached_property
    def _estimates(self) -> dict[tuple[str, ...], dict[str, Estimate]]:
        return {}

    def _estimated(self, tasks: Sequence[str], metric: str) -> dict[str, Estimate]:
        boards = [self.board.tasks[task] for task in tasks]
        of_boards = [[row.submission for row in (*board.rows, *board.few)] for board in boards]
        values: dict[str, Float64] = {}
        for label in (label for label in of_boards[0] if all(label in others for others in of_boards)):
            of_tasks = [self.values[task].of(self.rows[label][task], metric) for task in tasks]
            known = [each for each in of_tasks if each is not None]
            if known and len(known) == len(of_tasks):
                values[label] = mean_over_tasks(known)
        baselines = [label for label in values if all(is_baseline_row(self.rows[label][task]) for task in tasks)]
        spread = spread_of(metric, values, baselines)
        return {label: mean_estimate(each, spread) for label, each in values.items()}

    def baseline(self, name: str, task: str) -> TaskRow | None:
        """Return the row of one of our methods on a task, or None; another submission's row of that name is none."""
        return _of_ours(self.rows.get(name, {}).get(task))

    def reference(self, name: str, task: str) -> TaskRow | None:
        """Return the row of one of our methods trained without the correlations on a task, or None."""
        return _of_ours(self.references.get(name, {}).get(task))


def _of_ours(row: TaskRow | None) -> TaskRow | None:
    return row if row is not None and is_baseline_row(row) else None


def of_ideal(metric: str) -> str:
    """Return the metric of an ideal observer that stands beside a row's: its WGA is exact and needs no correction."""
    return "wga" if metric == "wga_corrected" else metric


def gather(suite: Suite, results: Path, validity: Path | None = None) -> Material:
    """Read a suite's rows from a folder of results, and the validity report from its file."""
    rows = Store(results, suite.name).rows()
    board = build_board(suite, results, rows)
    text = read_text(validity, REPORT_BYTES) if validity else None
    references, entries = (Store(results, suite.name, kind).rows() for kind in (REFERENCE, ENTRY))
    return Material(suite, with_ideal(suite, rows), board, references, entries, text)
