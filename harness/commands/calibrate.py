"""Measure whether a suite's main tasks can be learned, and how far ERM fails on them."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, Task, load_suite
from spurgen.harness.board.files import REFERENCE
from spurgen.harness.commands._arguments import (
    add_device,
    add_jobs,
    add_results,
    add_seeds,
    add_suite,
    add_tasks,
    processes_of,
)
from spurgen.harness.commands._planning import add_yes, forecast, may_start
from spurgen.harness.commands._sections import add_page, around, renew
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.results.store import Store
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.missing import find_missing, result_of, run_missing
from spurgen.harness.running.plan import baseline_specs, plan
from spurgen.harness.statistics.bayes import bayes_accuracies

METHODS = ("erm", "resample", "group_dro")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
CUES = """\
What the cues themselves predict: the accuracy of the most probable label given all channels, the core cue, or both, by
their frequencies in train. No model is trained for this."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
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
        for _, result in run_missing(jobs[kind], store, console, processes_of(arguments, every[0].device)):
            if result.error:
                raise SpurgenError(result.error)
        finished = store.rows()
        results += [result_of(job, finished[job.label]) for job in jobs[kind]]
    table = f"{calibration_table(list(filter(None, results)))}\n\n{CUES}\n\n{cue_table(suite, names)}"
    print(table)
    if arguments.page:
        renew(arguments.page, BEGIN, END, table)
    return 0


def calibration_table(results: Sequence[Result]) -> str:
    """Return the means over seeds per task and method as Markdown; WGA with its standard deviation (ddof 1)."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        method = f"{result.submission}, uncorrelated data" if result.uncorrelated else result.submission
        groups.setdefault((result.task, method), []).append(result)
    lines = []
    for (task, method), seeds in sorted(groups.items()):
        wga = np.array([result.metrics["wga"] for result in seeds])
        spread = f" ± {wga.std(ddof=1):.3f}" if len(wga) > 1 else ""
        means = {name: np.mean([result.metrics[name] for result in seeds]) for name in seeds[0].metrics}
        lines.append(
            {
                "Task": task,
                "Trained by": method,
                "Aligned accuracy": f"{means['aligned_accuracy']:.3f}",
                "All-conflicting accuracy": f"{means['conflicting_accuracy']:.3f}",
                "WGA": f"{wga.mean():.3f}{spread}",
                "Seeds": len(seeds),
            }
        )
    return markdown_table(lines)


def cue_table(suite: Suite, names: Sequence[str]) -> str:
    """Return how well the channels, the core cue and both predict the label, per scenario and channels, as Markdown."""
    worlds: dict[tuple[str, tuple[str, ...]], list[Task]] = {}
    for task in map(suite.task, names):
        worlds.setdefault((task.scenario.name, task.channels), []).append(task)
    lines = []
    for (_, channels), tasks in worlds.items():
        counted = {"channels": (channels, False), "core cue": ((), True), "both": (channels, True)}
        for cues, (shown, core) in counted.items():
            accuracies = bayes_accuracies(tasks[0].scenario, shown, core=core)
            lines.append(
                {
                    "Task": ", ".join(task.name for task in tasks),
                    "Cues": cues,
                    "Accuracy on train": f"{accuracies.train:.3f}",
                    "Aligned accuracy": f"{accuracies.aligned:.3f}",
                    "All-conflicting accuracy": f"{accuracies.conflicting:.3f}",
                    "WGA": f"{accuracies.wga:.3f}",
                }
            )
    return markdown_table(lines)
