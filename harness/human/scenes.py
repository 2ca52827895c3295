"""Which classes and scenes a person sees: pure functions of a task's world.

A person sees a few classes only. A conflicting channel of a test scene should therefore point to another of *these*
classes, and each channel to a different one: then every answer shows which cue it follows.
"""

from math import ceil

import numpy as np

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.result import pattern_letters
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, aligned_values, sample
from spurgen.generators.streams import Int64, permutation, stream_key
from spurgen.harness.metrics.arrays import Bool
from spurgen.harness.running.task_data import task_groups

USUAL_CLASSES = 4
LEAST_CLASSES = 2
USUAL_SCENES = 64  # of test
POOL = {"train": 1 << 13, "test": 1 << 18}  # the first samples of a split, among which scenes are chosen


def usual_classes(scenario: Scenario) -> int:
    """Return the default number of classes: 4, or the least number possible above it."""
    least, step = _class_numbers(scenario)
    usual = max(least, ceil(USUAL_CLASSES / step) * step)
    return usual if usual < scenario.num_classes else int(scenario.num_classes)


def choose_classes(scenario: Scenario, count: int) -> tuple[int, ...]:
    """Draw `count` classes of a world, the same for everybody who sees it, in ascending order.

    With a composite core cue they come in whole sets that share their pictograms, at least two: otherwise the pictogram
    or the second part alone would suffice. Raises `ScenarioError` for an impossible number.
    """
    least, step = _class_numbers(scenario)
    if not least <= count <= scenario.num_classes or count % step:
        multiple = f", a multiple of {step}" if step > 1 else ""
        raise ScenarioError(
            f"--classes {count}: scenario {scenario.name} allows {least} to {scenario.num_classes}{multiple}"
        )
    sets = scenario.num_classes // step  # class k shares its pictograms with k + sets, k + 2 sets, ...
    order = permutation(stream_key("human", scenario.suite, scenario.name, scenario.seed, "classes"), sets)
    chosen = order[: count // step]
    return tuple(sorted(int(first + sets * k) for first in chosen for k in range(step)))


def _class_numbers(scenario: Scenario) -> tuple[int, int]:
    """Return the least number of classes, and the number of which theirs is a multiple."""
    part = scenario.second_part
    if part is None:
        return LEAST_CLASSES, 1
    return min(2 * part.combinations, scenario.num_classes), part.combinations


def scenes_per_pattern(num_channels: int, per_class: int) -> Int64:
    """Return how many test scenes of each class every alignment pattern has, int64 (2 ** num_channels,).

    An eighth is aligned throughout; of each mixed pattern there is one, or as many as fit into a quarter with all
    others; the rest conflict throughout. Raises `ScenarioError` if there are fewer than patterns.
    """
    num_patterns = 1 << num_channels
    if per_class < num_patterns:
        raise ScenarioError(
            f"{per_class} scenes of a class are too few for the {num_patterns} alignment patterns; set --scenes to at "
            f"least {num_patterns} times the number of classes"
        )
    mixed = max(1, per_class // 4 // max(1, num_patterns - 2))
    others = per_class - mixed * (num_patterns - 2)
    aligned = max(1, min(per_class // 8, others // 2))
    return np.array([aligned, *[mixed] * (num_patterns - 2), others - aligned])


def usual_scenes(num_channels: int, num_classes: int) -> int:
    """Return the default number of test scenes: 64, or enough for about a fifth of them to conflict throughout."""
    return num_classes * max(ceil(USUAL_SCENES / num_classes), ceil((1 << num_channels) * 4 / 3))


def choose_training_scenes(scenario: Scenario, classes: tuple[int, ...], per_class: int) -> Int64:
    """Return the indices of the first train samples of each class, int64 (len(classes), per_class)."""
    labels = _pool(scenario, "train").labels
    return np.stack([np.flatnonzero(labels == label)[:per_class] for label in classes])


def choose_test_scenes(task: Task, classes: tuple[int, ...], per_pattern: Int64) -> Int64:
    """Return indices of test samples, int64 (n,): of each class `per_pattern`, int64 (P,).

    In each group, those come first whose conflicting channels most often point to another of the classes, then those
    that point to the most different ones, then those with the lowest index. Raises `ScenarioError` if there are too
    few, or too few that conflict throughout and point to another of the classes.
    """
    samples = _pool(task.scenario, "test")
    towards = pointed_classes(task, samples)[:, :, list(classes)]
    towards &= samples.labels[:, None] != classes
    pointing = towards.any(axis=2).sum(axis=0)
    order = np.lexsort((-towards.any(axis=0).sum(axis=1), -pointing))  # stable, so the lowest index comes first
    groups = task_groups(task, samples.group_ids)[order]
    found = []
    for pattern, count in enumerate(per_pattern.tolist()):
        for label in classes:
            fit = order[groups == label * len(per_pattern) + pattern][:count]
            if len(fit) < count or (pattern == len(per_pattern) - 1 and pointing[fit].min() == 0):
                raise ScenarioError(
                    f"task {task.name}: pattern {pattern_letters(pattern, len(task.channels))} has too few test scenes "
                    f"of class {label} that point to another of the {len(classes)} classes; choose more --classes or "
                    "fewer --scenes"
                )
            found.append(fit)
    return np.concatenate(found)


def pointed_classes(task: Task, samples: Samples) -> Bool:
    """Return which classes go with the value that each channel of the task shows, bool (channels, n, K)."""
    return np.stack([aligned_values(task.scenario, name)[samples.channel_values[name]] for name in task.channels])


def _pool(scenario: Scenario, split: str) -> Samples:
    return sample(scenario, split, range(POOL[split]), images=False, captions=False)
