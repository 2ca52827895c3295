"""Metrics that older results lack and that follow from what they store."""

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Task
from spurgen.generators import aligned_values
from spurgen.harness.metrics import reliance_of_pull


def with_derived(task: Task, result: Result) -> Result:
    """Return a result with robust accuracy and reliance, from its accuracies by pattern and its channels' pulls.

    `task`: the result's, in its world. A result that has these metrics, or lacks what they follow from, stays as it is.
    """
    metrics, channels = dict(result.metrics), {name: dict(row) for name, row in result.channels.items()}
    if len(result.patterns) == 2 ** len(task.channels):
        metrics.setdefault("robust_accuracy", min(result.patterns.values()))
    for name, row in channels.items():
        if "pull" in row:
            row.setdefault("reliance", reliance_of_pull(row["pull"], aligned_values(task.scenario, name)))
    if channels and all("reliance" in row for row in channels.values()):
        metrics.setdefault("reliance", max(row["reliance"] for row in channels.values()))
    return result.model_copy(update={"metrics": metrics, "channels": channels})
