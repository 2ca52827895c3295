"""The metrics that follow from the predicted classes: most of them, so that anybody can recompute them."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64, Modality
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import Samples, aligned_values, sample, twins
from spurgen.generators.ladder.world import sample_part
from spurgen.harness import metrics
from spurgen.harness.results.rows import columns_of

STATES = ("agree", "mislead", "neutral")
MISLEAD, THING = "test/mislead", "test/thing"
PARTS = tuple(f"{split}/{state}" for split in ("test", "seen") for state in STATES)
GROUPED = PARTS[:2]
"""Parts whose samples are in groups, in the order of `Answered.correct`."""


class Answered(NamedTuple):
    """Metrics of the task, how often answers follow each shortcut, and which answers on test are right.

    On a rung `correct` covers the parts `GROUPED`.
    """

    metrics: dict[str, float]
    follows: dict[str, float]
    counts: metrics.GroupCounts
    correct: NDArray[np.bool_]


def scored_parts(rung: Rung) -> dict[str, int]:
    """Return the sizes of the parts whose predicted classes are stored, in that order."""
    hidden = {f"test/{name}" for name in rung.ladder.active} - {f"test/{name}" for name in rung.channels}
    sizes = rung.ladder.parts
    return {part: size for part, size in sizes.items() if part.startswith(("test/", "seen/")) and part not in hidden}


def answered_on_task(task: Task, correct: NDArray[np.bool_], groups: Int64, predicted: Int64) -> Answered:
    """Compute everything that follows from the predicted classes in one world of a task that is not a rung.

    `correct`: bool (n,), and `groups`: int64 (n,), of the test samples. `predicted`: of families, int64 (m, c). Answers
    follow a shortcut if they are the class that a twin was switched to; the largest share of a shortcut counts.
    """
    counts = metrics.count_groups(correct, groups, task.num_groups)
    agree, mislead = metrics.agree_and_mislead(counts.accuracies, task.scenario.num_classes).tolist()
    labels, exchanged = _labels_of_families(task.scenario)
    follows = {}
    for name, columns in columns_of(task).items():
        answers, aligned = predicted[:, columns], aligned_values(task.scenario, name)
        bases, values = answers.shape
        shown = np.tile(np.arange(values), bases)
        follows[name] = metrics.follow_rate(answers.ravel(), labels.repeat(values), shown, aligned)
    values = {
        "accuracy": float(correct.mean()),
        "robust_accuracy": min(agree, mislead),
        "accuracy_agree": agree,
        "accuracy_mislead": mislead,
        "wga": counts.worst,
        "follows": max(follows.values()),
        "uses_thing": metrics.thing_use(predicted[:, 0], predicted[:, -1], labels, exchanged),
    }
    return Answered(values, follows, counts, correct)


@lru_cache(maxsize=512)
def _labels_of_families(scenario: Scenario) -> tuple[Int64, Int64]:
    """Return the labels of the base samples and of their core twins, int64 (m,) each."""
    bases = range(scenario.splits.twins)
    base = sample(scenario, "test", bases, images=False, captions=False)
    return base.labels, twins(scenario, "test", bases, "core", images=False, captions=False).labels


def answered(rung: Rung, predicted: Int64) -> Answered:
    """Compute everything that follows from the predicted classes of the scored parts, int64 (n,), in one world."""
    key, count = _key(rung.ladder, rung.modality), rung.num_classes
    hits = predicted[key.place] == key.expected
    found = metrics.GroupCounts(np.add.reduceat(hits.astype(np.int64), key.starts), key.sizes)
    counts = metrics.GroupCounts(*(each[: 2 * count].reshape(2, count).T.ravel() for each in found))
    shares, of_parts = found.accuracies, len(PARTS) * count
    by_part = shares[:of_parts].reshape(len(PARTS), count).mean(axis=1).tolist()
    accuracy = dict(zip(PARTS, by_part, strict=True))
    every, *each, _ = shares[of_parts:].tolist()
    correct, exchanged = hits[key.grouped], hits[key.starts[-1] :]
    values = {
        "accuracy": float(np.count_nonzero(correct) / len(correct)),
        "robust_accuracy": min(accuracy[f"test/{state}"] for state in STATES),
        **{f"accuracy_{state}": accuracy[f"test/{state}"] for state in STATES},
        **{f"seen_{state}": accuracy[f"seen/{state}"] for state in STATES},
        "wga": counts.worst,
        "follows": every,
        "uses_thing": float(np.count_nonzero(correct[: len(exchanged)] & exchanged) / len(exchanged)),
    }
    return Answered(values, dict(zip(rung.channels, each, strict=True)), counts, correct)


class _Key(NamedTuple):
    """The class `expected` at each `place` among a world's stored predictions, int64 (t,) each, group by group.

    Groups are first the classes of every part in `PARTS`, with the sample's class expected; then, for all shortcuts and
    for each, the samples that show a rival's value, with the rival expected; last the exchanged things. `starts`,
    `sizes`: int64 (G,). `grouped`: positions of the samples of `GROUPED`, in their order.
    """

    place: Int64
    expected: Int64
    starts: Int64
    sizes: Int64
    grouped: Int64


@lru_cache(maxsize=512)
def _key(ladder: Ladder, modality: Modality) -> _Key:
    rung, count = Rung("", ladder, modality), ladder.num_classes
    sizes, made = scored_parts(rung), {part: factors(ladder, part) for part in scored_parts(rung)}
    starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    asked = [(part, made[part].labels, k * count + made[part].labels) for k, part in enumerate(PARTS)]
    shown = [(MISLEAD, rung.channels[0]), *((f"test/{name}", name) for name in rung.channels)]
    for k, (part, name) in enumerate(shown, len(PARTS) * count):
        values = made[part].channel_values[name]
        asked.append((part, values, np.where((values < count) & (values != made[part].labels), k, -1)))
    asked.append((THING, made[THING].labels, np.full(sizes[THING], len(PARTS) * count + len(shown))))
    place = np.concatenate([starts[part] + np.arange(sizes[part]) for part, _, _ in asked])
    expected, groups = (np.concatenate([each[k] for each in asked]) for k in (1, 2))
    order = groups.argsort(kind="stable")[np.count_nonzero(groups < 0) :]
    counted = metrics.count_groups(np.ones(len(order), bool), groups[order]).sizes  # raises for an empty group
    grouped = order[groups[order] < 2 * count].argsort()
    return _Key(place[order], expected[order], counted.cumsum() - counted, counted, grouped)


@lru_cache(maxsize=512)
def factors(ladder: Ladder, part: str) -> Samples:
    """Return all samples of a part of a world, without images and captions."""
    return sample_part(ladder, part, range(ladder.parts[part]), images=False, captions=False)
