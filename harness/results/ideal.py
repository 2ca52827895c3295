"""The stored metrics of ideal observers."""

from collections.abc import Mapping, Sequence

from spurgen.benchmark.ideal import IdealValues
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.results.derived import with_derived
from spurgen.harness.results.identity import SCORING_VERSION

Ideals = Mapping[tuple[str, str], IdealValues]
"""What ideal observers reach, by the name of a world and the modality."""


def stored_ideals(suite: Suite) -> Ideals:
    """Return the values that a suite stores, without those of another description or scoring version."""
    digests = {name: world.digest for name, world in suite.scenarios.items()}
    return {
        (name, modality): values
        for name, modalities in (suite.ideal.worlds if suite.ideal else {}).items()
        for modality, values in modalities.items()
        if (values.scenario_sha256, values.scoring) == (digests.get(name), SCORING_VERSION)
    }


def excess_reliance(ideals: Ideals, task: Task, results: Sequence[Result]) -> list[float | None]:
    """Return the reliance of results of a task less that of the ideal observers of their worlds.

    `task`: the suite's, in no world yet. A result has None if its own reliance or the ideal observer's is not known.
    """
    excess: list[float | None] = []
    for result in with_derived(task, results):
        ideal = ideals.get((task.in_world(result.seed).scenario.name, task.modality))
        known = ideal is not None and "reliance" in result.metrics
        excess.append(result.metrics["reliance"] - ideal.metrics["reliance"] if ideal and known else None)
    return excess
