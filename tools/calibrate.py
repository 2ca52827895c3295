"""Measure whether a suite's main tasks can be learned, and how far ERM fails on them."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from rich.console import Console

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.cli import run_script
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.options.cluster import resources_of
from spurgen.harness.options.flags import (
    add_device,
    add_jobs,
    add_results,
    add_seeds,
    add_suite,
    add_tasks,
)
from spurgen.harness.options.sections import add_page, around, renew
from spurgen.harness.options.starting import add_yes, forecast, may_start
from spurgen.harness.results.store import REFERENCE, Store
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.ideal import CUES, cue_accuracies, ideal_values
from spurgen.harness.running.missing import find_missing, run_all_or_raise
from spurgen.harness.running.plan import baseline_specs, plan

METHODS = ("erm", "resample", "group_dro")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
ASKED = """\
What the training data ask for: how often the most probable label is right on train given what a sample shows of the
channels, of the core cue, and of both; then the ideal observer, which weighs both exactly as they occur in train, on
test. Reliance is by channel. No model is trained for this."""

IDEAL = "(ideal observer)"
SPREAD = {"Robust accuracy": "robust_accuracy", "WGA (raw)": "wga"}  # shown with their standard deviation
MEANS = {"Aligned accuracy": "aligned_accuracy", "All-conflicting accuracy": "conflicting_accuracy"}
USE = {"Reliance": "reliance", "Core use": "core_use"}
Metrics = Mapping[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the script's flags."""
    add_suite(parser)
    add_tasks(parser, "the suite's main tasks")
    add_seeds(parser, "0-4")
    add_device(parser)
    add_jobs(parser)
    add_results(parser)
    add_page(parser, BEGIN, END)
    add_yes(parser, "--tasks")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the methods and the uncorrelated reference, print the table, and renew it in the file that is named."""
    suite = load_suite(arguments.suite)
    names = arguments.tasks or list(suite.main)
    if arguments.page:
        around(arguments.page, BEGIN, END)
    jobs = {
        REFERENCE: plan(arguments.suite, names, baseline_specs(["erm"]), arguments.seeds, uncorrelated=True),
        "": plan(arguments.suite, names, baseline_specs(METHODS), arguments.seeds),
    }
    stores = {kind: Store(arguments.results, suite.name, kind) for kind in jobs}
    rows = {kind: store.rows() for kind, store in stores.items()}
    missing = [job for kind in jobs for job in find_missing(jobs[kind], rows[kind])]
    if missing:
        device = pick_device(arguments.device)
        jobs = {kind: [replace(job, device=device) for job in those] for kind, those in jobs.items()}
    every = [job for those in jobs.values() for job in those]
    ahead = forecast(every, missing, arguments, measured(*rows.values()))
    if not may_start(ahead, arguments, console, chosen=bool(arguments.tasks)):
        return 0
    results = []
    for kind, store in stores.items():
        results += run_all_or_raise(jobs[kind], store, console, resources_of(arguments, every[0].device))
    methods = calibration_table(suite, results)
    table = f"{methods}\n\n{ASKED}\n\n{ideal_table(suite, names)}"
    print(table)
    if arguments.page:
        renew(arguments.page, BEGIN, END, table)
    return 0


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
            lines.append(_line(task, method, [result.metrics for result in own], str(len(own))))
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


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
