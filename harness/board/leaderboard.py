"""Building the leaderboard: a pure function of the rows and the suite."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.board.bootstrap import Spreads, TaskBootstrap, one_thread, pooled_spreads
from spurgen.harness.board.eligibility import eligible
from spurgen.harness.board.ranks import place_rows, rank_set
from spurgen.harness.board.schema import (
    AgainstErm,
    Leaderboard,
    PrivateGap,
    TaskBoard,
    TaskBoardRow,
)
from spurgen.harness.metrics import Interval, basic_interval, bias_corrected, percentile_interval, simultaneous_interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.contradiction import BASE_METRICS
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.estimate import Estimate

BOOTSTRAPPED = ("wga", "accuracy", "sss", *BASE_METRICS)
SHOWN = ("wga",)  # metrics whose intervals tables show
UNSURE = 0.05  # how often a guaranteed interval may miss
ISOLATIONS = ("process", "bubblewrap")  # weakest first; an unknown one is weaker still
ASKED = ("same", "fresh")
VERIFICATIONS = ("self-reported", "re-run", "private")
Value = TypeVar("Value")


@one_thread
def build(
    suite: Suite, rows: Rows, private: Rows | None = None, bootstrapped: Sequence[str] = BOOTSTRAPPED
) -> Leaderboard:
    """Build the leaderboard: per task, and over each set of tasks that the suite names.

    `private`: the rows on the private splits of the newest commitment, which are shown, and unrank a row that is
    significantly worse there. `bootstrapped`: the metrics that get an interval, among them `SHOWN`, which are enough
    for tables and take half of the time.
    """
    boards: dict[str, TaskBoard] = {}
    replicates: dict[str, dict[str, Float64]] = {}
    for name, task in suite.tasks.items():
        of_task = on_task(rows, name)
        if of_task:
            boards[name], replicates[name] = _task_board(
                suite, task, of_task, on_task(private or {}, name), bootstrapped
            )
    overall = {name: rank_set(members, boards, replicates) for name, members in suite.overall.items()}
    return Leaderboard(suite.name, suite.manifest.digest, boards, overall)


def _task_board(
    suite: Suite, task: Task, rows: Mapping[str, TaskRow], private: Mapping[str, TaskRow], bootstrapped: Sequence[str]
) -> tuple[TaskBoard, dict[str, Float64]]:
    """Rank a task's rows; return the board, and the bootstrap of WGA by submission, float64 (2, B).

    Seeds that disagree more than the baselines' do widen a row's interval and cost it victories, but they do not
    protect it from defeat: else one bad seed on purpose would.
    """
    bootstrap = TaskBootstrap.of(task)
    divided = eligible(suite, task, bootstrap.groups, rows, private)
    fit = divided.ranked
    spreads = pooled_spreads(fit.values(), bootstrapped)
    bootstrap.draw(fit.values())
    made = {label: make_row(bootstrap, label, row, spreads, bootstrapped) for label, row in fit.items()}

    def first_seeds(label: str, seeds: int) -> Float64:
        row = fit[label].first(seeds)
        return made[label][1]["wga"] if row is fit[label] else bootstrap.replicates(label, row, "wga", spreads)

    against = against_erm(fit, first_seeds)
    replicates = {
        label: np.stack([drawn["wga"], bootstrap.replicates(label, fit[label], "wga", spreads, own=False)])
        for label, (_, drawn) in made.items()
    }
    shown = [_completed(row, against.get(label), divided.gaps.get(label)) for label, (row, _) in made.items()]
    return TaskBoard(place_rows(shown, replicates), [*divided.unranked.values()]), replicates


def make_row(
    bootstrap: TaskBootstrap, label: str, row: TaskRow, spreads: Spreads, bootstrapped: Sequence[str] = BOOTSTRAPPED
) -> tuple[TaskBoardRow, dict[str, Float64]]:
    """Average a row's results and put an interval on every metric that is bootstrapped, WGA first among them.

    `spreads` maps those metrics to their pooled spread over seeds within the task's rows; where no row has two seeds,
    intervals leave the variance over seeds out, and `seed_variance` is `unknown`. Return the row, and the replicates
    of those metrics, float64 (B,).
    """
    drawn = {metric: bootstrap.replicates(label, row, metric, spreads) for metric in bootstrapped}
    results, wga = row.results, row.mean("wga")
    estimates = {"wga": Estimate(wga, *basic_interval(wga, drawn["wga"]))}
    for metric in bootstrapped[1:]:
        low, high = percentile_interval(drawn[metric])
        # The seeds' noise is normal, and may lead out of where a proportion can lie.
        ends = (low, high) if metric == "ig" else (max(low, 0.0), min(high, 1.0))
        estimates[metric] = Estimate(row.mean(metric), *ends)
    for metric, mean in _means([result.metrics for result in results]).items():
        estimates.setdefault(metric, Estimate(mean))
    checks = [result.provenance.consistency for result in results]
    shown = TaskBoardRow(
        submission=label,
        name=results[0].submission,
        access=results[0].access,
        seeds=len(row),
        seed_variance="own" if len(row) > 1 else "pooled" if spreads["wga"] else "unknown",
        estimates=estimates,
        wga_corrected=bias_corrected(wga, drawn["wga"]),
        wga_simultaneous=_guaranteed(bootstrap, row),
        by_channel=_by_channel(results),
        patterns=_means([result.patterns for result in results]),
        ignores_core=estimates["core_sensitivity"].value <= estimates["sss_placebo"].value,
        selections={name: _means(tables) for name, tables in _shared([result.rules for result in results]).items()},
        isolation=_weakest(ISOLATIONS, [result.isolation for result in results]),
        asked_again=_weakest(ASKED, [check.worker if check else "unknown" for check in checks]),
        verification=_weakest(VERIFICATIONS, [result.verification for result in results]),
        seconds=float(np.mean([result.provenance.total_seconds for result in results])),
    )
    return shown, drawn


def _completed(row: TaskBoardRow, against: AgainstErm | None, private: PrivateGap | None) -> TaskBoardRow:
    """Add how a row compares with ERM and what it reaches on private splits: with all its seeds, that verifies it."""
    confirmed = private is not None and private.seeds == row.seeds
    verification = "private" if confirmed else row.verification
    return replace(row, against_erm=against, private=private, verification=verification)


def _guaranteed(bootstrap: TaskBootstrap, row: TaskRow) -> Interval:
    """Return a guaranteed interval for these seeds' mean WGA: at its level all seeds' intervals cover at once."""
    sizes = np.bincount(bootstrap.groups)
    level = 1 - UNSURE / len(row)
    ends = [simultaneous_interval(np.array(result.groups), sizes, level) for result in row.results]
    return Interval(*np.mean(ends, axis=0).tolist())


def _shared(tables: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """Return the values of the keys that all tables have, in the first one's order."""
    return {key: [table[key] for table in tables] for key in tables[0] if all(key in table for table in tables)}


def _means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average what all tables have."""
    return {key: float(np.mean(values)) for key, values in _shared(tables).items()}


def _by_channel(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Average the metrics of every channel: metric -> channel -> mean over the results."""
    means: dict[str, dict[str, float]] = {}
    for channel, tables in _shared([result.channels for result in results]).items():
        for metric, mean in _means(tables).items():
            means.setdefault(metric, {})[channel] = mean
    return dict(sorted(means.items()))


def _weakest(order: Sequence[str], names: Sequence[str]) -> str:
    """Return the weakest of the names, by an order from the weakest; one that is not in it is weaker still."""
    return min(names, key=lambda name: (order.index(name) if name in order else -1, name))
