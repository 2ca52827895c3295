"""What an experiment found: typed, versioned, and all that its report and pictures are made from."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from spurgen.benchmark.result import Environment, Report, Result
from spurgen.benchmark.scenario import Modality, Scenario
from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ALPHA, ERM
from spurgen.harness.board.bootstrap import Spreads, TaskBootstrap, pooled_spreads
from spurgen.harness.board.leaderboard import BOOTSTRAPPED, make_row
from spurgen.harness.board.schema import TaskBoardRow
from spurgen.harness.experiments.checks import Method
from spurgen.harness.experiments.experiment import Experiment
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.metrics import percentile_interval
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.differences import holm, paired_difference, seed_p_value
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.ranking import better_than_chance

TESTED = ("accuracy", "wga", "sss")
TOO_FEW_BASES = 30  # of fewer, a bootstrap's intervals are too short to conclude anything from
Replicates = dict[str, NDArray[np.float64]]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Figure(_Frozen):
    """Holds a mean over seeds, with a 95 % interval over seeds and samples where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


class SeedResult(_Frozen):
    """Holds one trained model; `report` is what the method told of its training. A failed one has `error`."""

    seed: int
    identity: str
    error: str | None = None
    figures: dict[str, float] = {}
    channels: dict[str, dict[str, float]] = {}
    report: Report | None = None
    seconds: dict[str, float] = {}


class MethodResult(_Frozen):
    """Holds a method's figures, over all and per channel; none of them if a seed of it failed."""

    name: str
    spec: str
    access: str
    options: dict[str, Any]
    seeds: tuple[SeedResult, ...]
    figures: dict[str, Figure] = {}
    channels: dict[str, dict[str, Figure]] = {}
    above_chance: bool = False

    @property
    def broken(self) -> list[str]:
        """Lists the promises that the method did not keep with some seed."""
        reports = [seed.report for seed in self.seeds if seed.report]
        return list(dict.fromkeys(check for report in reports for check in report.failed_checks))

    @property
    def ignores_core(self) -> bool:
        """Says whether the core cue moves the model no more than redrawn nuisances do."""
        return self.figures["core_sensitivity"].value <= self.figures["sss_placebo"].value


class Difference(_Frozen):
    """Holds how far a method lies above the reference in a figure: paired, p adjusted by Holm over all tests.

    `p_seeds`, by the paired t-test over seeds and adjusted alike, is None where that test cannot be made.
    """

    method: str
    figure: str
    value: float
    low: float
    high: float
    p_value: float
    p_holm: float
    p_seeds: float | None = None

    @property
    def significant(self) -> bool:
        """Says whether the difference is significant at 5 %."""
        return self.p_holm < ALPHA


class ExperimentRecord(_Frozen):
    """Holds an experiment; `differences` are to ERM, where it ran."""

    schema_version: Literal[1] = 1
    name: str
    command: str
    scenario: Scenario
    scenario_sha256: str
    modality: Modality
    device: str
    seeds: tuple[int, ...]
    methods: tuple[MethodResult, ...]
    differences: tuple[Difference, ...] = ()
    written: str
    environment: Environment

    @property
    def task(self) -> Task:
        """Is the scenario seen through the modality."""
        return Task(f"{self.scenario.name}-{self.modality}", self.scenario, self.modality)

    @property
    def finished(self) -> list[MethodResult]:
        """Lists the methods of which no seed failed."""
        return [method for method in self.methods if method.figures]

    def dump(self) -> str:
        """Writes the record as JSON; a NaN is an error."""
        # Not pydantic's own JSON, which writes a NaN as null.
        return json.dumps(self.model_dump(), indent=1, allow_nan=False) + "\n"


def make_record(experiment: Experiment, rows: Mapping[str, TaskRow]) -> ExperimentRecord:
    """Sum an experiment up from the row of every method."""
    task = experiment.task
    bootstrap = TaskBootstrap.of(task)
    whole = [row for row in rows.values() if not any(result.error for result in row.results)]
    spreads = pooled_spreads(whole, [*BOOTSTRAPPED, *_of_channels(task)])
    methods, replicates = [], {}
    for method in experiment.methods:
        result, replicates[method.name] = _result(bootstrap, spreads, method, rows[method.name])
        methods.append(result)
    return ExperimentRecord(
        name=experiment.name,
        command=experiment.command,
        scenario=task.scenario,
        scenario_sha256=task.scenario.digest,
        modality=task.modality,
        device=_devices(rows),
        seeds=experiment.seeds,
        methods=tuple(methods),
        differences=differences([method for method in methods if method.figures], replicates, _tested(task)),
        written=now(),
        environment=environment(),
    )


def _devices(rows: Mapping[str, TaskRow]) -> str:
    """Name the devices that the jobs ran on: an earlier result may be from another than the one asked for."""
    devices = (result.provenance.environment.device for row in rows.values() for result in row.results)
    return " and ".join(dict.fromkeys(devices))


def _tested(task: Task) -> tuple[str, ...]:
    """Names the figures that rest on enough samples to be tested."""
    return tuple(name for name in TESTED if name != "sss" or task.scenario.splits.twins >= TOO_FEW_BASES)


def _of_channels(task: Task) -> list[str]:
    """Names the SSS of each channel."""
    return [f"sss/{channel}" for channel in task.channels]


def _result(
    bootstrap: TaskBootstrap, spreads: Spreads, method: Method, cells: TaskRow
) -> tuple[MethodResult, Replicates]:
    """Averages a method's cells, with intervals; returns the replicates of what is tested as well."""
    seeds = tuple(_seed(result) for result in cells.results)
    about = {"name": method.name, "spec": method.spec, "access": cells.results[0].access, "options": method.options}
    if any(result.error for result in cells.results):
        return MethodResult(**about, seeds=seeds), {}
    task = bootstrap.task
    row, found = make_row(bootstrap, method.name, cells, spreads)
    found |= {name: bootstrap.replicates(method.name, cells, name, spreads) for name in _of_channels(task)}
    right = int(np.mean([sum(result.groups) for result in cells.results]))
    result = MethodResult(
        **about,
        seeds=seeds,
        figures=_figures(row),
        channels=_channels(row, found),
        above_chance=better_than_chance(right, task.scenario.num_test, task.scenario.num_classes),
    )
    return result, found


def _seed(result: Result) -> SeedResult:
    return SeedResult(
        seed=result.seed, identity=result.identity, error=result.error, figures=result.metrics,
        channels=result.channels, report=result.report, seconds=result.provenance.seconds,
    )  # fmt: skip


def _figures(row: TaskBoardRow) -> dict[str, Figure]:
    """Return the metrics of a leaderboard's row, each with its interval; WGA also with its guaranteed one."""
    estimates = row.estimates | {
        "wga_corrected": Estimate(row.wga_corrected),
        "seconds": Estimate(row.seconds),
        "wga_guaranteed": Estimate(row.value("wga"), *row.wga_simultaneous),
    }
    return {name: Figure(value=e.value, low=e.low, high=e.high) for name, e in estimates.items()}


def _channels(row: TaskBoardRow, replicates: Replicates) -> dict[str, dict[str, Figure]]:
    """Return a row's metrics by channel: channel -> metric."""
    found: dict[str, dict[str, Figure]] = {}
    for metric, by_channel in row.by_channel.items():
        for channel, value in by_channel.items():
            low, high = percentile_interval(replicates[f"sss/{channel}"]) if metric == "sss" else (None, None)
            found.setdefault(channel, {})[metric] = Figure(value=value, low=low, high=high)
    return found


def differences(
    methods: Sequence[MethodResult], replicates: Mapping[str, Replicates], tested: Sequence[str] = TESTED
) -> tuple[Difference, ...]:
    """Test every method against ERM in every metric `tested`, Holm-corrected over all of them."""
    reference = next((method for method in methods if method.name == ERM), None)
    if reference is None:
        return ()
    tests, by_seeds = [], []
    for method in (m for m in methods if m is not reference):
        for name in tested:
            ours, theirs = ((m.figures[name].value, replicates[m.name][name]) for m in (method, reference))
            tests.append((method.name, name, *paired_difference(*ours, *theirs)))
            each = [np.array([seed.figures[name] for seed in m.seeds]) for m in (method, reference)]
            by_seeds.append(seed_p_value(*each))
    adjusted = holm([test[-1] for test in tests]), holm(by_seeds)
    fields = ("method", "figure", "value", "low", "high", "p_value", "p_holm", "p_seeds")
    return tuple(
        Difference.model_validate(dict(zip(fields, (*test, *p), strict=True)))
        for test, *p in zip(tests, *adjusted, strict=True)
    )
