"""The outcome of an experiment: typed, versioned, and the only input of its report and plots."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.result import Environment, Result
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import Scenario
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import ENDS, by_label, by_unit, spread_of, unit_of
from spurgen.harness.board.columns import COLUMNS
from spurgen.harness.board.eligibility import failure, not_fit
from spurgen.harness.board.leaderboard import make_row
from spurgen.harness.experiments.experiment import Experiment
from spurgen.harness.experiments.samples import TestSamples
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.running.scoring import ideal_scores
from spurgen.harness.statistics.comparison import Compared, compare, corrected, estimate
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import Spread

if TYPE_CHECKING:
    from pandas import DataFrame

TESTED = ("robust_accuracy", "wga", "accuracy", "sss")
FILE_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]*"  # the pattern of an experiment's name, with which names of files begin
TOO_FEW_BASES = 30  # with fewer base samples, intervals over them are too short to conclude anything from


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MethodSummary(_Frozen):
    """One method: its results by ascending seed, and their means with 95 % intervals over seeds and test samples.

    `estimates` are over the whole task, `channels` per channel; both are empty if a result failed. `unranked`: why it
    is not compared with others, by the leaderboard's rules, or None.
    """

    name: str
    results: tuple[Result, ...]
    estimates: dict[str, Estimate] = {}
    channels: dict[str, dict[str, Estimate]] = {}
    unranked: str | None = None

    @property
    def access(self) -> str:
        """Access tier."""
        return self.results[0].access


class ExperimentSummary(_Frozen):
    """The outcome of an experiment.

    `differences`: every ranked method less ERM, by method and metric, if ERM is ranked; Holm-corrected over all.
    `ideal`: the metrics of the ideal observer of the training data, those of a channel as `<metric>/<channel>`; empty
    if there are too many combinations to weigh.
    """

    schema_version: Literal[6] = 6
    name: Annotated[str, Field(pattern=f"^{FILE_NAME}$")]
    command: str
    scenario: Scenario
    scenario_sha256: str
    modality: Modality
    device: str
    seeds: tuple[int, ...]
    methods: tuple[MethodSummary, ...]
    differences: dict[str, dict[str, Compared]] = {}
    ideal: dict[str, float] = {}
    written: str
    environment: Environment

    @property
    def task(self) -> Task:
        """The scenario in its modality."""
        return Task(f"{self.scenario.name}-{self.modality}", self.scenario, self.modality)

    @property
    def finished(self) -> list[MethodSummary]:
        """The methods of which no result failed."""
        return [method for method in self.methods if method.estimates]

    @property
    def ranked(self) -> list[MethodSummary]:
        """The methods about which conclusions may be drawn."""
        return [method for method in self.methods if method.unranked is None]

    def to_pandas(self) -> "DataFrame":
        """Return a line per method and seed with typed columns."""
        from spurgen.harness.results.frames import results_frame

        return results_frame([result for method in self.methods for result in method.results])

    def dump(self) -> str:
        """Return the summary as JSON; a NaN is an error."""
        # Not pydantic's own JSON, which writes a NaN as null.
        return json.dumps(self.model_dump(), indent=1, allow_nan=False) + "\n"


def summarize(experiment: Experiment, rows: Mapping[str, TaskRow]) -> ExperimentSummary:
    """Summarize an experiment from the row of every method."""
    task, samples = experiment.task, TestSamples.of(experiment.task)
    complete = {name: row for name, row in rows.items() if failure(row) is None}
    made = _Estimates(samples, complete, _over_samples(task, experiment.seeds))
    methods = [
        _summarize_method(made, name, rows[name], failure(rows[name]) or not_fit(task, rows[name], experiment.seeds))
        for name in (method.name for method in experiment.methods)
    ]
    devices = (result.provenance.environment.device for row in rows.values() for result in row.results)
    return ExperimentSummary(
        name=experiment.name,
        command=experiment.command,
        scenario=task.scenario,
        scenario_sha256=task.scenario.digest,
        modality=task.modality,
        device=" and ".join(dict.fromkeys(devices)),  # earlier results may be from another device
        seeds=experiment.seeds,
        methods=tuple(methods),
        differences=made.differences([method.name for method in methods if method.unranked is None]),
        ideal=_ideal(task, experiment.seeds),
        written=now(),
        environment=environment(experiment.device),
    )


def _over_samples(task: Task, seeds: Sequence[int]) -> bool:
    """Return whether to add chance over test samples: the variance over worlds, which have their own, includes it."""
    return unit_of(task) == "seed" or len(seeds) == 1


def _ideal(task: Task, seeds: Sequence[int]) -> dict[str, float]:
    """Return the mean metrics of the task's ideal observers over seeds, or none if they cannot be computed."""
    try:
        each = [found for seed in seeds if (found := ideal_scores(task.in_world(seed)))]
    except ScenarioError:
        return {}
    if not each:
        return {}
    values = {name: np.mean([scores.metrics[name] for scores in each]) for name in COLUMNS if name in each[0].metrics}
    for channel in task.channels:
        for metric in ("follows", "sss"):
            values[f"{metric}/{channel}"] = np.mean([scores.channels[channel][metric] for scores in each])
    return {name: float(value) for name, value in values.items()}


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


def _summarize_method(made: _Estimates, name: str, row: TaskRow, unranked: str | None) -> MethodSummary:
    """Return a method's summary, without estimates if a result failed."""
    if name not in made.rows:
        return MethodSummary(name=name, results=row.results, unranked=unranked)
    shown = make_row(name, row, made.samples.design.sizes, made.of(row, ENDS))
    channels: dict[str, dict[str, Estimate]] = {}
    for metric, by_channel in shown.by_channel.items():
        found = made.of(row, [f"{metric}/{channel}" for channel in by_channel])
        for channel in by_channel:
            channels.setdefault(channel, {})[metric] = found[f"{metric}/{channel}"]
    estimates = shown.estimates | {"seconds": Estimate(shown.seconds)}
    return MethodSummary(name=name, results=row.results, estimates=estimates, channels=channels, unranked=unranked)
