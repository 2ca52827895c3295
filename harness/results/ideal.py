"""The stored metrics of ideal observers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spurgen.benchmark.ideal import IdealValues
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.results.derived import with_derived
from spurgen.harness.results.identity import SCORING_VERSION
from spurgen.harness.results.rows import Rows

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


def with_ideal(suite: Suite, rows: Rows) -> Rows:
    """Return rows whose results also have `reliance_excess`, and the metrics of `with_derived`.

    `reliance_excess` is the reliance less that of the ideal observer of the result's world. A result lacks it where one
    of the two is not known.
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
    for result in with_derived(task, results):
        ideal = ideals.get((task.in_world(result.seed).scenario.name, task.modality))
        metrics = result.metrics
        if ideal and "reliance" in metrics:
            metrics = metrics | {"reliance_excess": metrics["reliance"] - ideal.metrics["reliance"]}
        complete.append(result.model_copy(update={"metrics": metrics}))
    return tuple(complete)
