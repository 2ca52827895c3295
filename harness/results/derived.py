"""Metrics that follow from what results store."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from spurgen.benchmark.result import Result
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Task
from spurgen.generators import aligned_values
from spurgen.harness.metrics import oracle_pull


def with_total(task: Task, results: Sequence[Result]) -> list[Result]:
    """Return results with `reliance_total`, the sum over a task's channels, if the reliance on each is known."""
    return [_with_total(task, result) for result in results]


def _with_total(task: Task, result: Result) -> Result:
    known = reliances(task.channels, result.channels)
    total = {"reliance_total": sum(known.values())} if known else {}
    return result.model_copy(update={"metrics": result.metrics | total})


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
