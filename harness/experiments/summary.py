"""The outcome of an experiment: its methods as lines of a board's frame, with tests against ERM."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import COLUMNS, Record, entries
from spurgen.harness.board.leaderboard import detail_line, head_line
from spurgen.harness.board.placing import ERM, tier_place
from spurgen.harness.board.rows import (
    ENDS,
    RANKED_BY,
    by_label,
    by_unit,
    failure,
    groups_on_test,
    is_baseline_row,
    not_fit,
    spread_of,
    unit_of,
)
from spurgen.harness.experiments.experiment import Experiment
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.running.scoring import ideal_scores
from spurgen.harness.statistics.comparison import Compared, compare, corrected, estimate
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.samples import Design, deviation
from spurgen.harness.statistics.units import Spread

IDEAL = "ideal observer"
TESTED = ("robust_accuracy", "wga", "accuracy", "sss")
TOO_FEW_BASES = 30  # with fewer base samples, intervals over them are too short to conclude anything from
SEED = 0  # of the bootstrap


@dataclass(frozen=True)
class Summary:
    """The outcome of an experiment, from the `rows` of its methods.

    `lines`: of a board's frame, of each method of which no result failed, by access tier, best first, those not ranked
    last; means over seeds, with 95 % intervals over seeds and test samples. `unranked`: why a method is not compared
    with others, by the leaderboard's rules. `differences`: every ranked method less ERM, by method and metric, if ERM
    is ranked; Holm-corrected over all. `ideal`: the ideal observer of the training data, as a line; empty if there are
    too many combinations to weigh.
    """

    experiment: Experiment
    rows: Mapping[str, TaskRow]
    lines: Sequence[Record]
    unranked: Mapping[str, str]
    differences: Mapping[str, Mapping[str, Compared]]
    ideal: Record


def summarize(experiment: Experiment, rows: Mapping[str, TaskRow]) -> Summary:
    """Summarize an experiment from the row of every method."""
    task, samples = experiment.task, TestSamples.of(experiment.task)
    reasons = {name: failure(row) or not_fit(task, row, experiment.seeds) for name, row in rows.items()}
    unranked = {name: reason for name, reason in reasons.items() if reason is not None}
    complete = {name: row for name, row in rows.items() if failure(row) is None}
    made = _Estimates(samples, complete, _over_samples(task, experiment.seeds))
    differences = made.differences([name for name in rows if name not in unranked])
    lines = [
        made.line(name) | {"ranked": name not in unranked} | _to_erm(differences.get(name, {}).get(RANKED_BY))
        for name in complete
    ]
    lines.sort(key=lambda line: (not line["ranked"], tier_place(line["access"]), -line[RANKED_BY]))
    return Summary(experiment, rows, lines, unranked, differences, _ideal(task, experiment.seeds))


def _to_erm(tested: Compared | None) -> Record:
    return entries("to_erm", tested.estimate) | {"to_erm_verdict": tested.verdict} if tested else {}


def _over_samples(task: Task, seeds: Sequence[int]) -> bool:
    """Return whether to add chance over test samples: the variance over worlds, which have their own, includes it."""
    return unit_of(task) == "seed" or len(seeds) == 1


def _ideal(task: Task, seeds: Sequence[int]) -> Record:
    """Return the line of the task's ideal observers, means over seeds; empty if they cannot be computed."""
    try:
        each = [scores for seed in seeds if (scores := ideal_scores(task.in_world(seed)))]
    except ScenarioError:
        each = []
    if not each:
        return {}
    values = {name: [scores.metrics[name] for scores in each] for name in COLUMNS if name in each[0].metrics}
    for channel in task.channels:
        for metric in ("follows", "sss"):
            values[f"{metric}_by_channel.{channel}"] = [scores.channels[channel][metric] for scores in each]
    return {"submission": IDEAL, "access": "", **{name: float(np.mean(found)) for name, found in values.items()}}


@dataclass(frozen=True)
class TestSamples:
    """A task's test samples, as groups, and its base samples with twins: their classes, int64 (m,)."""

    __test__ = False  # pytest would take it for tests

    task: Task
    design: Design
    classes: Int64

    @classmethod
    def of(cls, task: Task) -> "TestSamples":
        """Return the test samples of a task; all of its worlds have the same labels and groups."""
        groups, count, patterns = groups_on_test(task), task.num_groups, 2 ** len(task.channels)
        places = {"agree": 0, "mislead": patterns - 1}
        weights = {name: (np.arange(count) % patterns == k) / task.num_classes for name, k in places.items()}
        design = Design(groups, np.bincount(groups, minlength=count), weights)
        return cls(task, design, groups[: task.scenario.base_of("twins/core")[1]] // patterns)

    def errors(self, row: TaskRow) -> dict[str, float]:
        """Return the standard errors of a row's metrics by the choice of samples; names as in `Result.metric`."""
        drawn = self.design.metrics(self.design.resampled(row.correct, SEED))
        of_groups = {name: deviation(values.mean(axis=1)) for name, values in drawn.items()}
        return of_groups | {name: self._error(values) for name, values in self._base(row).items()}

    def difference_errors(self, row: TaskRow, other: TaskRow) -> dict[str, float]:
        """Return the standard errors of the differences of two rows' metrics, paired over the samples."""
        ours, theirs = self._base(row), self._base(other)
        of_groups = self.design.difference_errors(row.correct, other.correct, SEED)
        return of_groups | {name: self._error(ours[name] - theirs[name]) for name in ours}

    def _base(self, row: TaskRow) -> dict[str, Float64]:
        """Return what each base sample contributes to the metrics that are means over them, float64 (m,)."""
        by_channel = {f"sss/{name}": row.sample_mean(f"sss/{name}") for name in self.task.channels}
        whole: Float64 = np.mean([*by_channel.values()], axis=0)
        return {"sss": whole, **by_channel, "ig": row.sample_mean("ig")}

    def _error(self, values: Float64) -> float:
        """Return the standard error of a mean over base samples, which are drawn within their class.

        Where a class has a single one, they count as drawn regardless of class.
        """
        sizes = np.bincount(self.classes)
        classes = self.classes if sizes[sizes > 0].min() > 1 else np.zeros_like(self.classes)
        parts = [values[classes == k] for k in np.unique(classes)]
        if min(map(len, parts)) < 2:
            return 0.0
        return float(np.sqrt(sum(len(part) * part.var(ddof=1) for part in parts))) / len(values)


@dataclass(frozen=True)
class _Estimates:
    """Metrics of the rows of which no result failed, by label, over seeds and, if `over_samples`, test samples."""

    samples: TestSamples
    rows: Mapping[str, TaskRow]
    over_samples: bool

    def of(self, row: TaskRow, metrics: Iterable[str]) -> dict[str, Estimate]:
        """Return the estimates of the metrics that a row has."""
        errors = self.samples.errors(row) if self.over_samples else {}
        values = {metric: by_unit(row, metric) for metric in metrics}
        return {
            metric: estimate(known, spread=self._spread(metric), samples=errors.get(metric))
            for metric, known in values.items()
            if known is not None
        }

    def line(self, name: str) -> Record:
        """Return a method's line, with intervals of every metric, those of single channels too."""
        row = self.rows[name]
        line = head_line(name, row, self.of(row, ENDS)) | detail_line(row, self.samples.design.sizes)
        by_channel = {key: key.replace("_by_channel.", "/") for key in line if "_by_channel." in key}
        found = self.of(row, by_channel.values())
        for key, metric in by_channel.items():
            line |= entries(key, found[metric])
        return line

    def differences(self, names: Sequence[str]) -> dict[str, dict[str, Compared]]:
        """Compare methods with ERM, Holm-corrected over all tests."""
        others = [name for name in names if name != ERM] if ERM in names else []
        tests = {(name, metric): test for name in others for metric, test in self._tests(name)}
        every = corrected(tests)
        return {name: {metric: each for (of, metric), each in every.items() if of == name} for name in others}

    def _tests(self, name: str) -> Iterator[tuple[str, Compared]]:
        """Yield the comparisons of a method with ERM, of the metrics that rest on enough samples."""
        row, erm = self.rows[name], self.rows[ERM]
        errors = self.samples.difference_errors(row, erm) if self.over_samples else {}
        enough = len(self.samples.classes) >= TOO_FEW_BASES
        for metric in TESTED if enough else [name for name in TESTED if name != "sss"]:
            ours, its = by_unit(row, metric), by_unit(erm, metric)
            if ours is not None and its is not None:
                yield metric, compare(ours, its, "seed", spread=self._spread(metric), samples=errors.get(metric))

    def _spread(self, metric: str) -> Spread:
        """Return how a metric varies over seeds: of the baselines' rows, or of all where there are fewer than two."""
        ours = [name for name, row in self.rows.items() if is_baseline_row(row)]
        return spread_of(metric, by_label(self.rows, metric), ours if len(ours) > 1 else self.rows)
