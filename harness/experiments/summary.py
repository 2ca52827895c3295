"""The outcome of an experiment: typed, versioned, and all that its report and plots are made from."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.result import Environment, Result
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import Modality
from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import Spreads, pooled_spreads
from spurgen.harness.board.by_unit import ENDS, TaskValues
from spurgen.harness.board.eligibility import failure, not_fit
from spurgen.harness.board.leaderboard import make_row
from spurgen.harness.board.schema import TaskBoardRow
from spurgen.harness.experiments.bootstrap import OF_GROUPS, TaskBootstrap
from spurgen.harness.experiments.experiment import Experiment
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.metrics import basic_interval, percentile_interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.contradiction import BASE_METRICS
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.running.ideal import ideal_scores
from spurgen.harness.statistics import ALPHA, holm, paired_difference, seed_p_value
from spurgen.harness.statistics.estimate import Estimate, ignores_core
from spurgen.harness.statistics.units import PROPORTION
from spurgen.harness.statistics.worst_group_bias import corrected_wga

if TYPE_CHECKING:
    from pandas import DataFrame

TESTED = ("robust_accuracy", "accuracy", "wga", "sss")
BOOTSTRAPPED = (*OF_GROUPS, "sss", *BASE_METRICS)
CORE_USE = "core_use"
MINIMA = ("robust_accuracy", "wga")  # over groups or patterns, so that replicates lie too low
OF_IDEAL = ("robust_accuracy", "accuracy", "wga", "reliance", "sss", "ig", "core_sensitivity")
FILE_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]*"  # the pattern of an experiment's name, with which names of files begin
TOO_FEW_BASES = 30  # with fewer base samples, bootstrap intervals are too short to conclude anything from
Replicates = Mapping[str, Float64]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MethodSummary(_Frozen):
    """One method: its results by ascending seed, and their means with 95 % intervals over seeds and samples.

    `estimates` are over the whole task, `channels` per channel; both are empty if a result failed. `unranked`: why it
    is compared with no other, by the leaderboard's rules, or None.
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

    @property
    def ignores_core(self) -> bool:
        """Whether it ignores the core cue, as `statistics.estimate.ignores_core` has it."""
        return ignores_core(self.estimates)


class Difference(_Frozen):
    """How far a method lies above ERM in a metric: paired over the samples, p adjusted by Holm over all tests.

    `p_seeds`, by the paired t-test over seeds and adjusted likewise, is None where that test cannot be made.
    """

    method: str
    metric: str
    difference: Estimate
    p_value: float
    p_holm: float
    p_seeds: float | None = None

    @property
    def significant(self) -> bool:
        """Whether the difference is significant at 5 %."""
        return self.p_holm < ALPHA


class ExperimentSummary(_Frozen):
    """The outcome of an experiment; `differences` of the ranked methods are to ERM, if it is ranked.

    `ideal`: the metrics of the ideal observer of the training data, those of a channel as `<metric>/<channel>`; empty
    if there are too many combinations to weigh.
    """

    schema_version: Literal[4] = 4
    name: Annotated[str, Field(pattern=f"^{FILE_NAME}$")]
    command: str
    scenario: Scenario
    scenario_sha256: str
    modality: Modality
    device: str
    seeds: tuple[int, ...]
    methods: tuple[MethodSummary, ...]
    differences: tuple[Difference, ...] = ()
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
        """The methods of which something may be concluded."""
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
    task = experiment.task
    bootstrap = TaskBootstrap.of(task)
    complete = [row for row in rows.values() if not any(result.error for result in row.results)]
    spreads = pooled_spreads(complete, [*bootstrapped(complete), *_sss_names(task)])
    methods, replicates = [], {}
    for method in experiment.methods:
        row = rows[method.name]
        summary, replicates[method.name] = _summarize_method(bootstrap, spreads, method.name, row)
        unranked = failure(row) or not_fit(task, row, experiment.seeds)
        methods.append(summary.model_copy(update={"unranked": unranked}))
    devices = (result.provenance.environment.device for row in rows.values() for result in row.results)
    return ExperimentSummary(
        name=experiment.name,
        command=experiment.command,
        scenario=task.scenario,
        scenario_sha256=task.scenario.digest,
        modality=task.modality,
        device=" and ".join(dict.fromkeys(devices)),  # earlier results may be from another than the one asked for
        seeds=experiment.seeds,
        methods=tuple(methods),
        differences=differences_to_erm(
            [method for method in methods if method.unranked is None], replicates, _tested(task)
        ),
        ideal=_ideal(task, experiment.seeds),
        written=now(),
        environment=environment(experiment.device),
    )


def _ideal(task: Task, seeds: Sequence[int]) -> dict[str, float]:
    """Return the mean metrics of the task's ideal observers over seeds, or none if they cannot be computed."""
    try:
        each = [ideal_scores(task.in_world(seed)) for seed in seeds]
    except ScenarioError:
        return {}
    values = {name: np.mean([scores.metrics[name] for scores in each]) for name in OF_IDEAL}
    for channel in task.channels:
        values[f"sss/{channel}"] = np.mean([scores.channels[channel]["sss"] for scores in each])
    return {name: float(value) for name, value in values.items()}


def _tested(task: Task) -> tuple[str, ...]:
    """Return the metrics that rest on enough samples to be tested."""
    return tuple(name for name in TESTED if name != "sss" or task.scenario.splits.twins >= TOO_FEW_BASES)


def bootstrapped(rows: Sequence[TaskRow]) -> list[str]:
    """Return the metrics with an interval of the bootstrap: `BOOTSTRAPPED`, and core use where all rows have it."""
    known = all(CORE_USE in row.sums and CORE_USE in result.metrics for row in rows for result in row.results)
    return [*BOOTSTRAPPED, *([CORE_USE] if known else [])]


def _sss_names(task: Task) -> list[str]:
    return [f"sss/{channel}" for channel in task.channels]


def _summarize_method(
    bootstrap: TaskBootstrap, spreads: Spreads, name: str, row: TaskRow
) -> tuple[MethodSummary, Replicates]:
    """Return a method's summary, and the replicates of its bootstrapped metrics; none if a result failed."""
    if any(result.error for result in row.results):
        return MethodSummary(name=name, results=row.results), {}
    task, sizes = bootstrap.task, np.bincount(bootstrap.groups)
    metrics = [metric for metric in spreads if metric not in _sss_names(task)]
    replicates = {metric: bootstrap.replicates(name, row, metric, spreads) for metric in spreads}
    estimates = {metric: _estimate(metric, row, replicates[metric]) for metric in metrics}
    shown = make_row(name, row, TaskValues(task, sizes), estimates)
    corrected = float(np.mean([corrected_wga(np.array(result.groups), sizes) for result in row.results]))
    summary = MethodSummary(
        name=name,
        results=row.results,
        estimates=shown.estimates
        | {
            "wga_corrected": Estimate(corrected),
            "seconds": Estimate(shown.seconds),
            "wga_guaranteed": Estimate(shown.value("wga"), *shown.wga_simultaneous),
        },
        channels=_by_channel(shown, replicates),
    )
    return summary, replicates


def _estimate(metric: str, row: TaskRow, replicates: Float64) -> Estimate:
    """Return a metric's mean over seeds with its bootstrap interval."""
    mean = row.mean(metric)
    if metric in MINIMA:
        return Estimate(mean, *basic_interval(mean, replicates))
    low, high = percentile_interval(replicates)
    if metric == "ig":
        return Estimate(mean, low, high)
    least, most = ENDS.get(metric, PROPORTION)
    return Estimate(mean, max(low, least), min(high, most))  # the seeds' noise is normal, and may lead beyond


def _by_channel(row: TaskBoardRow, replicates: Replicates) -> dict[str, dict[str, Estimate]]:
    """Return a row's metrics by channel: channel -> metric -> estimate."""
    channels: dict[str, dict[str, Estimate]] = {}
    for metric, values in row.by_channel.items():
        for channel, value in values.items():
            interval: tuple[float, ...] = ()
            if metric == "sss":
                low, high = percentile_interval(replicates[f"sss/{channel}"])
                interval = (max(low, 0.0), min(high, 1.0))
            channels.setdefault(channel, {})[metric] = Estimate(value, *interval)
    return channels


def differences_to_erm(
    methods: Sequence[MethodSummary], replicates: Mapping[str, Replicates], tested: Sequence[str] = TESTED
) -> tuple[Difference, ...]:
    """Test every method against ERM in every metric in `tested`, Holm-corrected over all of these tests."""
    erm = next((method for method in methods if method.name == ERM), None)
    if erm is None:
        return ()
    pairs = [(method, metric) for method in methods if method is not erm for metric in tested]
    tests, p_seeds = [], []
    for method, metric in pairs:
        ours, its = ((m.estimates[metric].value, replicates[m.name][metric]) for m in (method, erm))
        tests.append(paired_difference(*ours, *its))
        values, others = (np.array([result.metrics[metric] for result in m.results]) for m in (method, erm))
        p_seeds.append(seed_p_value(values, others))
    corrected = zip(pairs, tests, holm([test.p for test in tests]), holm(p_seeds), strict=True)
    return tuple(
        Difference(
            method=method.name, metric=metric, difference=Estimate(test.value, *test.interval),
            p_value=test.p, p_holm=p_holm, p_seeds=p_seed,
        )
        for (method, metric), test, p_holm, p_seed in corrected
    )  # fmt: skip
