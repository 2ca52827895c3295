"""The stored metrics of ideal observers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spurgen.benchmark.ideal import IdealValues
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.results.derived import reliances, with_total
from spurgen.harness.results.identity import SCORING_VERSION
from spurgen.harness.results.rows import Rows

Ideals = Mapping[tuple[str, str], IdealValues]
"""What ideal observers reach, by the name of a world and the modality."""


def stored_ideals(suite: Suite) -> Ideals:
    """Return the values that a suite stores, without those of another description or scoring version.

    They have `reliance_total` as well.
    """
    digests = {name: world.digest for name, world in suite.scenarios.items()}
    return {
        (name, modality): ideal_with_total(values)
        for name, modalities in (suite.ideal.worlds if suite.ideal else {}).items()
        for modality, values in modalities.items()
        if (values.scenario_sha256, values.scoring) == (digests.get(name), SCORING_VERSION)
    }


def ideal_with_total(values: IdealValues) -> IdealValues:
    """Return values with `reliance_total`, the sum over channels, as `with_total` gives it to results."""
    known = reliances(values.channels, values.channels)
    total = {"reliance_total": sum(known.values())} if known else {}
    return values.model_copy(update={"metrics": values.metrics | total})


def ideal_in_worlds(ideals: Ideals, task: Task) -> list[IdealValues]:
    """Return what the ideal observer reaches in every world of a task; empty if that is not known for each."""
    known = [ideal for world in task.worlds if (ideal := ideals.get((world.name, task.modality)))]
    return known if len(known) == len(task.worlds) else []


def mean_ideal(ideals: Ideals, task: Task) -> dict[str, float]:
    """Return the ideal observer's metrics, means over a task's worlds, of which all have them.

    They are named as in `Result.metric`, so `reliance/color` is the reliance on one channel.
    """
    tables = [
        ideal.metrics
        | {f"{metric}/{name}": value for name, row in ideal.channels.items() for metric, value in row.items()}
        for ideal in ideal_in_worlds(ideals, task)
    ]
    common = set(tables[0]).intersection(*tables) if tables else set()
    return {metric: sum(table[metric] for table in tables) / len(tables) for metric in sorted(common)}


def with_ideal(suite: Suite, rows: Rows) -> Rows:
    """Return rows whose results also have `reliance_excess`, and `reliance_total`.

    `reliance_excess` is the largest excess on a channel: the reliance on it less that of the ideal observer of the
    result's world. It is not the difference of the two largest reliances, which is 0 for a row that relies on one
    channel as far as the ideal observer does on another. A result lacks it where one of the two is not known.
    """
    ideals = stored_ideals(suite)
    return {
        label: {
            name: replace(row, results=_with_excess(ideals, suite.tasks[name], row.results))
            if name in suite.tasks
            else row
            for name, row in of_tasks.items()
        }
        for label, of_tasks in rows.items()
    }


def _with_excess(ideals: Ideals, task: Task, results: Sequence[Result]) -> tuple[Result, ...]:
    complete = []
    for result in with_total(task, results):
        ideal = ideals.get((task.in_world(result.seed).scenario.name, task.modality))
        own = reliances(task.channels, result.channels)
        asked = reliances(task.channels, ideal.channels) if ideal else None
        metrics = dict(result.metrics)
        if own and asked:
            metrics["reliance_excess"] = max(own[channel] - asked[channel] for channel in own)
        complete.append(result.model_copy(update={"metrics": metrics}))
    return tuple(complete)
