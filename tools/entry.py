"""Check the rules by which a task enters a suite, on worlds that are not ranked."""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rich.console import Console

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.result import Result
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.task import EntryRule, Task
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
from spurgen.harness.results.store import ENTRY, Store
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.ideal import ideal_scores
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing, run_all_or_raise
from spurgen.harness.running.plan import baseline_specs, plan_tuning

BEGIN, END = "<!-- entry: begin -->", "<!-- entry: end -->"
SETTINGS = ((1e-3, 0.01), (2e-3, 0.1), (4e-3, 0.01), (4e-3, 1.0))  # learning rate, weight decay of AdamW
BUDGETS = (1, 2, 4, 8)  # times the epochs that ERM has as tuned
FAMILIES = {
    "resample": "weights by group",
    "group_dro": "weights by group",
    "jtt": "weights by a first model's errors",
    "dfr": "a new last layer",
    "adversarial": "features that do not tell the channels",
}
IDEAL, ERM_FAILS, LEARNABLE, SOLVED = 0.99, 0.5, 0.95, 0.8
WORLDS, VAL_PER_GROUP, CONFLICTING, PER_GROUP = 5, 20, 400, 50
# The rules that trainings decide.
WORDS: Mapping[EntryRule, str] = {
    "erm": f"ERM at most {ERM_FAILS} in all settings and at up to {BUDGETS[-1]} times the budget",
    "uncorrelated": f"ERM on uncorrelated data at least {LEARNABLE}",
    "solved": f"methods of two families above {SOLVED}",
}


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
    """A rule with its threshold in words, what was measured, and whether it is met: None if the rule was waived."""

    name: EntryRule
    rule: str
    measured: str
    met: bool | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the script's flags."""
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
    jobs = {run: _jobs(arguments, tasks, run) for run, tasks in trainings(suite, names).items()}
    missing = find_missing([job for those in jobs.values() for job in those], rows)
    device = "cpu"
    if missing:
        device = pick_device(arguments.device)
        jobs = {run: [replace(job, device=device) for job in those] for run, those in jobs.items()}
    every = [job for those in jobs.values() for job in those]
    ahead = forecast(every, missing, arguments, measured(rows))
    if not may_start(ahead, arguments, console, chosen=bool(arguments.tasks)):
        return 0
    finished = iter(run_all_or_raise(every, store, console, resources_of(arguments, device)))
    results = {run: [next(finished) for _ in those] for run, those in jobs.items()}
    checked = {name: check_rules(suite.task(name), results, arguments.seeds) for name in names}
    page = "\n\n".join(_section(suite, name, results, rules) for name, rules in checked.items())
    print(page)
    if arguments.page:
        renew(arguments.page, BEGIN, END, page)
    asked = [rule for name, rules in checked.items() for rule in rules if rule.name not in suite.task(name).waived]
    return 0 if all(rule.met for rule in asked) else 1


def planned_runs() -> dict[EntryRule, list[Run]]:
    """Return the trainings that each rule asks for."""
    epochs = discover(BASELINES)["erm"].submission.HYPERPARAMETERS.epochs
    settings = [Run("erm", (("lr", lr), ("weight_decay", decay))) for lr, decay in SETTINGS]
    longer = [Run("erm", (("epochs", times * epochs),) if times > 1 else ()) for times in BUDGETS]
    return {
        "erm": [*settings, *longer],
        "uncorrelated": [Run("erm", uncorrelated=True)],
        "solved": [Run(method) for method in FAMILIES],
    }


def trainings(suite: Suite, names: Sequence[str]) -> dict[Run, list[str]]:
    """Return the trainings to run, each with the tasks on which no rule that asks for it is waived."""
    asked = {
        run: [n for n in names if rule not in suite.task(n).waived]
        for rule, runs in planned_runs().items()
        for run in runs
    }
    return {run: tasks for run, tasks in asked.items() if tasks}


def _jobs(arguments: argparse.Namespace, names: Sequence[str], run: Run) -> list[Job]:
    specs = baseline_specs([run.method])
    options = dict(run.options)
    jobs = plan_tuning(arguments.suite, names, specs, arguments.seeds, "cpu", options, uncorrelated=run.uncorrelated)
    return [replace(job, row=f"{job.label}-uncorrelated") for job in jobs] if run.uncorrelated else jobs


def check_rules(task: Task, results: Mapping[Run, Sequence[Result]], worlds: Iterable[int]) -> list[Rule]:
    """Return the rules with what was measured on a task; `results` may be of other tasks too."""
    ideal = min(ideal_scores(task.in_world(world)).metrics["robust_accuracy"] for world in worlds)
    labels, *of_design = design_rules(task)
    trained = [
        Rule(name, WORDS[name], "-", None)
        if name in task.waived
        else Rule(name, WORDS[name], *_judged(name, {run: _mean(task.name, results[run]) for run in runs}))
        for name, runs in planned_runs().items()
    ]
    return [
        labels,
        Rule("ideal", f"ideal observer at least {IDEAL}", f"{ideal:.3f}", ideal >= IDEAL),
        *trained,
        *of_design,
    ]


def _judged(name: EntryRule, robust: Mapping[Run, float]) -> tuple[str, bool]:
    """Return what the trainings of a rule measured, and whether it is met, from the robust accuracy of each."""
    if name == "erm":
        most = max(robust.values())
        return f"{most:.3f}", most <= ERM_FAILS
    if name == "uncorrelated":
        least = min(robust.values())
        return f"{least:.3f}", least >= LEARNABLE
    solved = {FAMILIES[run.method]: run.method for run, value in robust.items() if value > SOLVED}
    return ", ".join(solved.values()) or "none", len(solved) >= 2


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


def _mean(task: str, results: Iterable[Result]) -> float:
    return float(np.mean([result.metrics["robust_accuracy"] for result in results if result.task == task]))


def _section(suite: Suite, name: str, results: Mapping[Run, Sequence[Result]], rules: Sequence[Rule]) -> str:
    """Return a task's two tables as Markdown: robust accuracy of every run in each world, and the rules."""
    lines = []
    for run, of_run in results.items():
        own = sorted((r for r in of_run if r.task == name), key=lambda result: result.seed)
        if not own:
            continue
        worlds = {f"World {result.seed}": f"{result.metrics['robust_accuracy']:.3f}" for result in own}
        lines.append({"Trained by": run.name, **worlds, "Mean": f"{_mean(name, own):.3f}"})
    waived = suite.task(name).waived
    listed = [{"Rule": rule.rule, "Measured": rule.measured, "Met": _verdict(rule, waived)} for rule in rules]
    return f"**{suite.task(name).name}**, robust accuracy\n\n{markdown_table(lines)}\n\n{markdown_table(listed)}"


def _verdict(rule: Rule, waived: Mapping[EntryRule, str]) -> str:
    verdict = [] if rule.met is None else ["yes" if rule.met else "no"]
    reason = [f"waived: {waived[rule.name]}"] if rule.name in waived else []
    return "; ".join(verdict + reason)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
