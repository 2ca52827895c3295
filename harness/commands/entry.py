"""Check the rules by which a task enters a suite, on worlds that are not ranked."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rich.console import Console

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.result import Result
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import EntryRule, Suite, Task, load_suite
from spurgen.harness.commands._arguments import (
    add_device,
    add_jobs,
    add_results,
    add_seeds,
    add_suite,
    add_tasks,
)
from spurgen.harness.commands._cluster import resources_of
from spurgen.harness.commands._planning import add_yes, forecast, may_start
from spurgen.harness.commands._sections import add_page, around, renew
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.results.store import ENTRY, Store
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.ideal import ideal_scores
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing, run_all_or_raise
from spurgen.harness.running.plan import baseline_specs, plan_tuning

BEGIN, END = "<!-- entry: begin -->", "<!-- entry: end -->"
SETTINGS = ((1e-3, 0.01), (2e-3, 0.1), (4e-3, 0.01), (4e-3, 1.0))  # learning rate, weight decay of AdamW
LONG = 8  # times the normal budget
FAMILIES = {
    "resample": "weights by group",
    "group_dro": "weights by group",
    "jtt": "weights by a first model's errors",
    "dfr": "a new last layer",
    "adversarial": "features that do not tell the channels",
}
IDEAL, ERM_FAILS, LEARNABLE, SOLVED = 0.99, 0.5, 0.95, 0.8
WORLDS, VAL_PER_GROUP, CONFLICTING, PER_GROUP = 5, 20, 400, 50


class Run(NamedTuple):
    """One of the trainings that the rules ask for: a method's name, options, and whether the data are uncorrelated."""

    method: str
    options: tuple[tuple[str, float], ...] = ()
    uncorrelated: bool = False

    @property
    def name(self) -> str:
        """Name as the table has it."""
        options = ", ".join(f"{name} {value:g}" for name, value in self.options)
        return self.method + (f" ({options})" if options else "") + (", uncorrelated data" if self.uncorrelated else "")


class Rule(NamedTuple):
    """A rule with its threshold in words, what was measured, and whether the rule is met."""

    name: EntryRule
    rule: str
    measured: str
    met: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    add_tasks(parser, "the suite's main tasks")
    add_seeds(parser, "100-101", "worlds 100-101, none of which is frozen")
    add_device(parser)
    add_jobs(parser)
    add_results(parser)
    add_page(parser, BEGIN, END)
    add_yes(parser, "--tasks")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run what is missing, and print per task its runs and its rules; return 1 if a rule is not met and not waived."""
    suite = load_suite(arguments.suite)
    names = arguments.tasks or list(suite.main)
    if arguments.page:
        around(arguments.page, BEGIN, END)
    store = Store(arguments.results, suite.name, ENTRY)
    rows = store.rows()
    jobs = {run: _jobs(arguments, names, run) for run in planned_runs()}
    missing = find_missing([job for those in jobs.values() for job in those], rows)
    if missing:
        device = pick_device(arguments.device)
        jobs = {run: [replace(job, device=device) for job in those] for run, those in jobs.items()}
    every = [job for those in jobs.values() for job in those]
    ahead = forecast(every, missing, arguments, measured(rows))
    if not may_start(ahead, arguments, console, chosen=bool(arguments.tasks)):
        return 0
    finished = iter(run_all_or_raise(every, store, console, resources_of(arguments, every[0].device)))
    results = {run: [next(finished) for _ in those] for run, those in jobs.items()}
    checked = {name: check_rules(suite.task(name), results, arguments.seeds) for name in names}
    page = "\n\n".join(_section(suite, name, results, rules) for name, rules in checked.items())
    print(page)
    if arguments.page:
        renew(arguments.page, BEGIN, END, page)
    asked = [rule for name, rules in checked.items() for rule in rules if rule.name not in suite.task(name).waived]
    return 0 if all(rule.met for rule in asked) else 1


def planned_runs() -> list[Run]:
    """Return the trainings that the rules ask for, ERM first."""
    epochs = discover(BASELINES)["erm"].submission.HYPERPARAMETERS.epochs
    settings = [(("lr", lr), ("weight_decay", decay)) for lr, decay in SETTINGS]
    failing = [*(Run("erm", setting) for setting in settings), Run("erm", (("epochs", LONG * epochs),))]
    return [*failing, *(Run("erm", setting, uncorrelated=True) for setting in settings), *map(Run, FAMILIES)]


def _jobs(arguments: argparse.Namespace, names: Sequence[str], run: Run) -> list[Job]:
    specs = baseline_specs([run.method])
    options = dict(run.options)
    jobs = plan_tuning(arguments.suite, names, specs, arguments.seeds, "cpu", options, uncorrelated=run.uncorrelated)
    return [replace(job, row=f"{job.label}-uncorrelated") for job in jobs] if run.uncorrelated else jobs


def check_rules(task: Task, results: Mapping[Run, Sequence[Result]], worlds: Iterable[int]) -> list[Rule]:
    """Return the rules with what was measured on a task; `results` may be of other tasks too."""
    robust = {run: _mean(task.name, of_run) for run, of_run in results.items()}
    ideal = min(ideal_scores(task.in_world(world)).metrics["robust_accuracy"] for world in worlds)
    erm = max(value for run, value in robust.items() if run.method == "erm" and not run.uncorrelated)
    uncorrelated = max(value for run, value in robust.items() if run.uncorrelated)
    solved = {FAMILIES[run.method]: run.method for run, v in robust.items() if run.method in FAMILIES and v > SOLVED}
    labels, *of_design = design_rules(task)
    return [
        labels,
        Rule("ideal", f"ideal observer at least {IDEAL}", f"{ideal:.3f}", ideal >= IDEAL),
        Rule(
            "erm",
            f"ERM at most {ERM_FAILS} in all settings and at {LONG} times the budget",
            f"{erm:.3f}",
            erm <= ERM_FAILS,
        ),
        Rule(
            "uncorrelated",
            f"ERM on uncorrelated data at least {LEARNABLE} in some setting",
            f"{uncorrelated:.3f}",
            uncorrelated >= LEARNABLE,
        ),
        Rule("solved", f"methods of two families above {SOLVED}", _listed(solved.values()), len(solved) >= 2),
        *of_design,
    ]


def design_rules(task: Task) -> list[Rule]:
    """Return the rules that a task's scenario alone decides, the one on labels first."""
    splits, noise = task.scenario.splits, task.scenario.label_noise
    conflicting, in_val = splits.test_per_group + splits.conflicting_per_class, splits.val_per_group
    return [
        Rule("labels", "labels of train clean", f"{noise:.0%} wrong" if noise else "clean", noise == 0),
        Rule("worlds", f"{WORLDS} worlds", str(task.scenario.worlds), task.scenario.worlds == WORLDS),
        Rule("val", f"val clean, {VAL_PER_GROUP} a group", str(in_val), in_val >= VAL_PER_GROUP),
        Rule(
            "test",
            f"test: {CONFLICTING} a class with all channels conflicting, {PER_GROUP} for each other pattern",
            f"{conflicting}, {splits.test_per_group}",
            conflicting >= CONFLICTING and splits.test_per_group >= PER_GROUP,
        ),
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _mean(task: str, results: Iterable[Result]) -> float:
    return float(np.mean([result.metrics["robust_accuracy"] for result in results if result.task == task]))


def _section(suite: Suite, name: str, results: Mapping[Run, Sequence[Result]], rules: Sequence[Rule]) -> str:
    """Return a task's two tables as Markdown: robust accuracy of every run in each world, and the rules."""
    lines = []
    for run, of_run in results.items():
        own = sorted((r for r in of_run if r.task == name), key=lambda result: result.seed)
        worlds = {f"World {result.seed}": f"{result.metrics['robust_accuracy']:.3f}" for result in own}
        lines.append({"Trained by": run.name, **worlds, "Mean": f"{_mean(name, own):.3f}"})
    waived = suite.task(name).waived
    listed = [{"Rule": rule.rule, "Measured": rule.measured, "Met": _verdict(rule, waived)} for rule in rules]
    return f"**{suite.task(name).name}**, robust accuracy\n\n{markdown_table(lines)}\n\n{markdown_table(listed)}"


def _verdict(rule: Rule, waived: Mapping[EntryRule, str]) -> str:
    if rule.name in waived:
        return f"{'yes' if rule.met else 'no'}; waived: {waived[rule.name]}"
    return "yes" if rule.met else "no"
