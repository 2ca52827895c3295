"""The stored metrics of ideal observers."""

from spurgen.benchmark.ideal import IdealValues
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.results.identity import SCORING_VERSION


def stored_ideal(suite: Suite, task: Task) -> IdealValues | None:
    """Return what the ideal observer of a task in one world reaches, or None if the suite does not store it.

    Values of another description of the world or another scoring version count as not stored.
    """
    worlds = suite.ideal.worlds if suite.ideal else {}
    stored = worlds.get(task.scenario.name, {}).get(task.modality)
    current = stored and (stored.scenario_sha256, stored.scoring) == (task.scenario.digest, SCORING_VERSION)
    return stored if current else None
