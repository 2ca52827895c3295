"""The tables of `spurgen calibrate`: what methods reach beside what the training data ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.results.derived import with_derived
from spurgen.harness.running.ideal import CUES, cue_accuracies, ideal_values

IDEAL = "(ideal observer)"
SPREAD = {"Robust accuracy": "robust_accuracy", "WGA (raw)": "wga"}  # shown with their standard deviation
MEANS = {"Aligned accuracy": "aligned_accuracy", "All-conflicting accuracy": "conflicting_accuracy"}
USE = {"Reliance": "reliance", "Core use": "core_use"}
Metrics = Mapping[str, float]


def calibration_table(suite: Suite, results: Sequence[Result]) -> str:
    """Return the means over seeds per task and method as Markdown, below those of the ideal observer.

    Robust accuracy and WGA have their standard deviation (ddof 1). Cells of metrics that a result lacks are blank.
    """
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        method = f"{result.submission}, uncorrelated data" if result.uncorrelated else result.submission
        groups.setdefault((result.task, method), []).append(result)
    for task in {result.task for result in results}:
        groups[task, IDEAL] = []
    lines = []
    for (task, method), own in sorted(groups.items()):
        of_task = [result for result in results if result.task == task]
        if method == IDEAL:
            worlds = {_world(suite, result).scenario.name: _ideal(suite, result) for result in of_task}
            lines.append(_line(task, method, list(worlds.values()), ""))
        else:
            complete = with_derived(suite.task(task), own)
            lines.append(_line(task, method, [result.metrics for result in complete], str(len(own))))
    return markdown_table(lines)


def _world(suite: Suite, result: Result) -> Task:
    return suite.task(result.task).in_world(result.seed)


def _ideal(suite: Suite, result: Result) -> Metrics:
    return ideal_values(suite, _world(suite, result)).metrics


def _line(task: str, method: str, seeds: Sequence[Metrics], count: str) -> dict[str, str]:
    return {
        "Task": task,
        "Trained by": method,
        **{column: _mean(seeds, name, spread=True) for column, name in SPREAD.items()},
        **{column: _mean(seeds, name) for column, name in (MEANS | USE).items()},
        "Trainings": count,
    }


def _mean(seeds: Sequence[Metrics], name: str, *, spread: bool = False) -> str:
    """Return a mean over seeds, blank if a seed lacks the metric."""
    if not all(name in metrics for metrics in seeds):
        return ""
    values = np.array([metrics[name] for metrics in seeds])
    deviation = f" ± {values.std(ddof=1):.3f}" if spread and len(values) > 1 else ""
    return f"{values.mean():z.3f}{deviation}"


def ideal_table(suite: Suite, names: Sequence[str]) -> str:
    """Return what the training data ask for, per world: accuracies of cues on train, the ideal observer's metrics."""
    rows: dict[tuple[str, ...], list[str]] = {}  # tasks of the same world with the same figures share a line
    for task in map(suite.task, names):
        for world in task.worlds:
            one = replace(task, scenario=world)
            ideal = ideal_values(suite, one)
            cues = [f"{accuracy:.3f}" for accuracy in cue_accuracies(one).values()]
            figures = [f"{ideal.metrics[name]:.3f}" for name in ("robust_accuracy", "wga", "core_use")]
            by_channel = ", ".join(f"{name} {row['reliance']:z.3f}" for name, row in ideal.channels.items())
            rows.setdefault((world.name, *cues, *figures, by_channel), []).append(task.name)
    head = ["World", *(f"On train: {cue}" for cue in CUES), "Robust accuracy", "WGA", "Core use", "Reliance"]
    return markdown_table(
        [{"Task": ", ".join(tasks), **dict(zip(head, row, strict=True))} for row, tasks in rows.items()]
    )
