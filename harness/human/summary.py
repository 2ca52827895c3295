"""What a person's answers amount to: robust accuracy, and which cue the answers follow where the cues disagree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.result import pattern_letters
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.human.answers import Answer, Answers
from spurgen.harness.human.protocol import criterion
from spurgen.harness.human.scenes import pointed_classes
from spurgen.harness.metrics import robust_accuracy, simultaneous_interval
from spurgen.harness.metrics.arrays import Bool, Int64
from spurgen.harness.running.task_data import task_groups
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import Spread, mean_estimate


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person on a task.

    `classes`: how many of the task's; `chance`: 1 / classes. `answers`: number of test answers. `practised`: practice
    answers; `learned`: whether they reached the criterion. `attentive`: whether accuracy on aligned scenes is
    significantly above chance. `patterns`: accuracy by alignment pattern. The `follows_` fields are shares of the
    answers on the `conflicting` scenes, in which every channel conflicts. All intervals are Clopper-Pearson's, at 95 %;
    that of `robust_accuracy` covers the lowest pattern. `milliseconds`: median time of a test answer.
    """

    annotator: str
    world: int
    classes: int
    chance: float
    answers: int
    practised: int
    learned: bool
    attentive: bool
    robust_accuracy: Estimate
    aligned_accuracy: Estimate
    patterns: dict[str, Estimate]
    conflicting: int
    follows_core: Estimate
    follows_channel: dict[str, Estimate]
    follows_none: Estimate
    milliseconds: int


@dataclass(frozen=True, kw_only=True)
class PeopleMean:
    """Means over attentive people, with Student's t intervals at 95 % where people differ.

    `robust_accuracy`: the lowest mean over people of a pattern's accuracy. The mean of their own minima would be biased
    low, since each has few answers to a pattern.
    """

    people: int
    robust_accuracy: Estimate
    aligned_accuracy: Estimate
    follows_core: Estimate
    follows_channel: dict[str, Estimate]
    follows_none: Estimate


def summarize(task: Task, answers: Answers) -> PersonRow:
    """Summarize complete answers to a task, a template or its world.

    Raises `ReadError` if they belong to another version of the task, if a scene shows a class that has no letter, or if
    a class or an alignment pattern has no scene.
    """
    header, tested = answers.header, answers.in_phase("test")
    task = task.in_world(header.world)
    if (header.task, header.modality, header.scenario_sha256) != (task.name, task.modality, task.scenario.digest):
        raise ReadError(f"they were given to another version of task {task.name}")
    samples = sample(task.scenario, "test", [answer.index for answer in tested], images=False, captions=False)
    correct, choices = _right(samples.labels, tested, header.classes)
    num_patterns = 2 ** len(task.channels)
    patterns = task_groups(task, samples.group_ids) % num_patterns
    by_group = _by_group(correct, samples.labels, patterns, header.classes, num_patterns)
    sizes = np.bincount(patterns, minlength=num_patterns)
    hits = np.bincount(patterns, correct, num_patterns).astype(np.int64)
    by_pattern = [_share(h, n) for h, n in zip(hits.tolist(), sizes.tolist(), strict=True)]
    chance = 1 / len(header.classes)
    disagree = patterns == num_patterns - 1
    towards = pointed_classes(task, samples)[:, np.arange(len(choices)), choices][:, disagree] & ~correct[disagree]
    practised = answers.in_phase("practice")
    return PersonRow(
        annotator=header.annotator,
        world=header.world,
        classes=len(header.classes),
        chance=chance,
        answers=len(tested),
        practised=len(practised),
        learned=criterion(len(header.classes)).reached(_right_in_practice(task, practised)),
        attentive=by_pattern[0].ends[0] > chance,
        robust_accuracy=Estimate(
            robust_accuracy(by_group.ravel(), len(header.classes)), *simultaneous_interval(hits, sizes)
        ),
        aligned_accuracy=by_pattern[0],
        patterns={pattern_letters(k, len(task.channels)): each for k, each in enumerate(by_pattern)},
        conflicting=int(disagree.sum()),
        follows_core=by_pattern[-1],
        follows_channel={name: _share_of(row) for name, row in zip(task.channels, towards, strict=True)},
        follows_none=_share_of(~(correct[disagree] | towards.any(axis=0))),
        milliseconds=int(np.median([answer.milliseconds for answer in tested])),
    )


def mean_of(rows: Sequence[PersonRow]) -> PeopleMean | None:
    """Return the mean over the attentive people; None for fewer than two."""
    counted = [row for row in rows if row.attentive]
    if len(counted) < 2:
        return None

    def mean(estimates: Sequence[Estimate]) -> Estimate:
        return mean_estimate(np.array([each.value for each in estimates]), Spread())

    patterns = [mean([row.patterns[name] for row in counted]) for name in counted[0].patterns]
    return PeopleMean(
        people=len(counted),
        robust_accuracy=min(patterns, key=lambda each: each.value),
        aligned_accuracy=mean([row.aligned_accuracy for row in counted]),
        follows_core=mean([row.follows_core for row in counted]),
        follows_channel={n: mean([row.follows_channel[n] for row in counted]) for n in counted[0].follows_channel},
        follows_none=mean([row.follows_none for row in counted]),
    )


def _right(labels: Int64, answers: Sequence[Answer], classes: Sequence[int]) -> tuple[Bool, Int64]:
    """Return which answers are right, bool (n,), and the classes chosen, int64 (n,)."""
    other = set(labels.tolist()) - {*classes}
    if other:
        raise ReadError(f"a scene shows class {min(other)}, which is none of the classes {list(classes)}")
    choices = np.array([answer.choice for answer in answers], np.int64)
    return choices == labels, choices


def _right_in_practice(task: Task, practised: Sequence[Answer]) -> list[bool]:
    made = sample(task.scenario, "train", [answer.index for answer in practised], images=False, captions=False)
    return [answer.choice == label for answer, label in zip(practised, made.labels.tolist(), strict=True)]


def _by_group(
    correct: Bool, labels: Int64, patterns: Int64, classes: Sequence[int], num_patterns: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the accuracy of every (class, pattern) group, float64 (K, P)."""
    rows = np.searchsorted(np.sort(classes), labels)
    shape = (len(classes), num_patterns)
    groups = rows * num_patterns + patterns
    sizes = np.bincount(groups, minlength=len(classes) * num_patterns)
    if (sizes == 0).any():
        row, pattern = divmod(int(sizes.argmin()), num_patterns)
        raise ReadError(f"no scene of class {sorted(classes)[row]} has alignment pattern {pattern}")
    return (np.bincount(groups, correct, len(sizes)) / sizes).reshape(shape)


def _share_of(chosen: Bool) -> Estimate:
    return _share(int(chosen.sum()), len(chosen))


def _share(hits: int, size: int) -> Estimate:
    """Return a proportion with its Clopper-Pearson interval at 95 %."""
    return Estimate(hits / size, *simultaneous_interval(np.array([hits]), np.array([size])))
