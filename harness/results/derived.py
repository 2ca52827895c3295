"""Metrics that older results lack and that follow from what they store."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from spurgen.benchmark.result import Result
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.suite import Task
from spurgen.generators import aligned_values
from spurgen.harness.metrics import oracle_pull


def with_derived(task: Task, results: Sequence[Result]) -> list[Result]:
    """Return results with robust accuracy and reliance, from their accuracies by pattern and their channels' pulls.

    `task`: the suite's, in no world yet. A result that has these metrics, or lacks what they follow from, stays as it
    is. `reliance_total`, the sum over channels, is stored nowhere, so that no stored result lacks it.
    """
    return [_complete(task.in_world(result.seed), result) for result in results]


def _complete(task: Task, result: Result) -> Result:
    metrics, channels = dict(result.metrics), {name: dict(row) for name, row in result.channels.items()}
    if len(result.patterns) == 2 ** len(task.channels):
        metrics.setdefault("robust_accuracy", min(result.patterns.values()))
    of_task = {name: row for name, row in channels.items() if name in task.channels}
    lacking = {name: row for name, row in of_task.items() if "pull" in row and "reliance" not in row}
    oracles = oracle_pulls(task.scenario) if lacking else {}
    for name, row in lacking.items():
        row["reliance"] = row["pull"] / oracles[name]
    if of_task and all("reliance" in row for row in of_task.values()):
        metrics.setdefault("reliance", max(row["reliance"] for row in of_task.values()))
    known = reliances(task.channels, channels)
    if known:
        metrics["reliance_total"] = sum(known.values())
    return result.model_copy(update={"metrics": metrics, "channels": channels})


def reliances(names: Collection[str], channels: Mapping[str, Mapping[str, float]]) -> dict[str, float] | None:
    """Return the reliance on each of these channels, or None where one is not known; `channels`: as in `Result`."""
    known = {name: channels[name]["reliance"] for name in names if "reliance" in channels.get(name, {})}
    return known if known and len(known) == len(names) else None


def oracle_pulls(scenario: Scenario) -> dict[str, float]:
    """Return the signed pull of each channel's oracle."""
    return _oracle_pulls(scenario.model_dump_json())


@lru_cache(maxsize=256)
def _oracle_pulls(described: str) -> dict[str, float]:
    scenario = Scenario.model_validate_json(described)
    return {name: oracle_pull(aligned_values(scenario, name)) for name in scenario.channels}
