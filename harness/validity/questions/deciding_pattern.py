"""Robust accuracy is a minimum over alignment patterns: which one it is, and how much of it training shows.

The pattern in which every channel conflicts with the class *decides* a result whose robust accuracy is the accuracy of
that pattern; the share is over methods and units. *In train*: how many training samples have it, the fewest and the
most over worlds. *Empty groups*: how many groups, a class with one pattern, have no training sample. ERM's accuracies:
the mean over all patterns, the lowest where one channel alone conflicts, and that of a linear probe of its features
that is fitted to samples in which no channel goes with the class. Shares: the squared correlation, over methods, of the
mean robust accuracy with other metrics, which is the share of its variance that goes with each; they overlap.
"""

import numpy as np

from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Task
from spurgen.generators import sample
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.columns import Line
from spurgen.harness.metrics import pattern_accuracies
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.running.task_data import task_groups
from spurgen.harness.validity.agreement import means
from spurgen.harness.validity.answer import MEASURED, Answer, in_order, of_each
from spurgen.harness.validity.correlation import MIN_METHODS
from spurgen.harness.validity.suite import RankedSuite, RankedTask

PLACE = 10
TITLE = "What decides the ranking"
EXPLAINING = ("core_use_first", "core_use_second", "reliance_total")
"""Metrics whose share of the variance of robust accuracy is measured, on tasks where rows have them."""


def examine(suite: RankedSuite) -> Answer:
    """Examine every task that has a ranked row."""
    groups: dict[str, Int64] = {}
    tasks = {name: _line(task, groups) for name, task in suite.tasks.items() if task.rows}
    missing = suite.missing({name: "no ranked row" for name in suite.main if name not in tasks})
    main = [tasks[name] for name in suite.main if name in tasks]
    return Answer(MEASURED, _summary(main) if main else "", {"Patterns": list(tasks.values())}, missing)


def _line(task: RankedTask, groups: dict[str, Int64]) -> Line:
    patterns = {label: _patterns(task, label) for label in task.rows}
    every = np.concatenate(list(patterns.values()))
    num_patterns = every.shape[1]
    single = [1 << channel for channel in range(num_patterns.bit_length() - 1)]
    worlds = [task.task.in_world(seed) for seed in range(task.task.scenario.worlds)]
    in_train, empty = np.transpose([_in_train(world, num_patterns, groups) for world in worlds])
    erm = patterns[ERM].mean(axis=0) if ERM in patterns else None
    return {
        "task": task.task.name, "results": len(every),
        "decides": float(np.isclose(every[:, -1], every.min(axis=1)).mean()),
        "in_train_fewest": int(in_train.min()), "in_train_most": int(in_train.max()),
        "groups": len(task.values.sizes),
        "empty_groups_fewest": int(empty.min()), "empty_groups_most": int(empty.max()),
        "erm_mean_of_patterns": None if erm is None else float(erm.mean()),
        "erm_one_conflicts": None if erm is None else float(erm[single].min()),
        "erm_balanced_probe": task.mean(ERM, "probe_balanced") if task.has(ERM, "probe_balanced") else None,
        **{f"share_{metric}": share for metric, share in _shares(task).items()},
    }  # fmt: skip


def _patterns(task: RankedTask, label: str) -> Float64:
    """Return a row's accuracy by pattern, averaged over classes: float64 (units, patterns); the last conflicts most."""
    counts = np.array([result.groups for result in task.rows[label].results])
    return np.array([pattern_accuracies(each, task.task.scenario.num_classes) for each in counts / task.values.sizes])


def _in_train(world: Task, num_patterns: int, groups: dict[str, Int64]) -> tuple[int, int]:
    """Return how many training samples conflict in all channels, and how many groups have no training sample."""
    if world.scenario.name not in groups:  # tasks of several modalities share it
        groups[world.scenario.name] = _train_groups(world.scenario)
    sizes = np.bincount(task_groups(world, groups[world.scenario.name]), minlength=world.num_groups)
    return int(sizes.reshape(-1, num_patterns)[:, -1].sum()), int((sizes == 0).sum())


def _train_groups(scenario: Scenario) -> Int64:
    return sample(scenario, "train", range(scenario.splits.train), images=False, captions=False).group_ids


def _shares(task: RankedTask) -> dict[str, float]:
    """Return the squared correlation of mean robust accuracy with each metric that all full rows have."""
    labels = task.full
    if len(labels) < MIN_METHODS:
        return {}
    known = [metric for metric in EXPLAINING if all(task.has(label, metric) for label in labels)]
    robust = means(task, labels)
    return {
        metric: float(np.corrcoef(robust, values)[0, 1] ** 2)
        for metric in known
        if np.ptp(robust) and np.ptp(values := means(task, labels, metric))
    }


def _summary(main: list[Line]) -> str:
    ends = [(line["in_train_fewest"], line["in_train_most"]) for line in main]
    in_train = in_order(f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}" for fewest, most in ends)
    return (
        f"In {of_each(main, 'decides', '.0%')} of results robust accuracy is the accuracy where all channels conflict; "
        f"train has {in_train} such samples. ERM's mean over patterns is {of_each(main, 'erm_mean_of_patterns')}."
    )
