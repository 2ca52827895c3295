"""What follows from the classes that a submission predicts: most of its metrics, recomputable by anybody."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import Samples, aligned_values, sample, twins
from spurgen.generators.ladder.world import sample_part
from spurgen.harness import metrics
from spurgen.harness.results.predicted import columns_of

STATES = ("agree", "mislead", "neutral")
GROUPED = ("test/agree", "test/mislead")
"""Parts whose samples are in groups, in the order of `Answered.correct`."""


class Answered(NamedTuple):
    """Metrics of the task, how often answers follow each shortcut, and which answers on test are right.

    On a rung `correct` is that of the parts `GROUPED`.
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
    """Compute all that follows from the predicted classes in one world of a task that is no rung.

    `correct`: bool (n,), and `groups`: int64 (n,), of the test samples. `predicted`: of families, int64 (m, c). Answers
    follow a shortcut if they go where its twins were switched to; over all shortcuts the largest share counts.
    """
    counts = metrics.count_groups(correct, groups, task.num_groups)
    agree, mislead = metrics.agree_and_mislead(counts.accuracies, task.scenario.num_classes).tolist()
    labels, exchanged = _labels_of_families(task.scenario.model_dump_json())
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
def _labels_of_families(described: str) -> tuple[Int64, Int64]:
    """Return the labels of the base samples and of their core twins, int64 (m,) each."""
    scenario = Scenario.model_validate_json(described)
    bases = range(scenario.splits.twins)
    base = sample(scenario, "test", bases, images=False, captions=False)
    return base.labels, twins(scenario, "test", bases, "core", images=False, captions=False).labels


def answered(rung: Rung, classes: Mapping[str, Int64]) -> Answered:
    """Compute all that follows from the predicted classes of each scored part, int64 (n,), in a world."""
    count, described = rung.num_classes, rung.ladder.model_dump_json()
    made = {part: _factors(described, part) for part in classes}
    accuracy = {
        f"{split}/{state}": metrics.class_accuracy(classes[f"{split}/{state}"], made[f"{split}/{state}"].labels, count)
        for split in ("test", "seen")
        for state in STATES
    }
    correct = np.concatenate([classes[part] == made[part].labels for part in GROUPED])
    counts = metrics.count_groups(correct, np.concatenate([made[part].group_ids for part in GROUPED]), rung.num_groups)
    first = slice(0, len(classes["test/thing"]))
    values = {
        "accuracy": float(correct.mean()),
        "robust_accuracy": min(accuracy[f"test/{state}"] for state in STATES),
        **{f"accuracy_{state}": accuracy[f"test/{state}"] for state in STATES},
        **{f"seen_{state}": accuracy[f"seen/{state}"] for state in STATES},
        "wga": counts.worst,
        "follows": _follows(rung, classes, made, "test/mislead", rung.channels[0]),
        "uses_thing": metrics.thing_use(
            classes["test/agree"][first], classes["test/thing"],
            made["test/agree"].labels[first], made["test/thing"].labels,
        ),
    }  # fmt: skip
    follows = {name: _follows(rung, classes, made, f"test/{name}", name) for name in rung.channels}
    return Answered(values, follows, counts, correct)


def _follows(rung: Rung, classes: Mapping[str, Int64], made: Mapping[str, Samples], part: str, shortcut: str) -> float:
    """Return how often answers follow a shortcut to a rival: value k goes with class k, and the last ones with none."""
    aligned = np.eye(rung.ladder.num_values, rung.num_classes, dtype=bool)
    return metrics.follow_rate(classes[part], made[part].labels, made[part].channel_values[shortcut], aligned)


def factors(ladder: Ladder, part: str) -> Samples:
    """Return all samples of a part of a world, without images and captions."""
    return _factors(ladder.model_dump_json(), part)


@lru_cache(maxsize=512)
def _factors(described: str, part: str) -> Samples:
    ladder = Ladder.model_validate_json(described)
    return sample_part(ladder, part, range(ladder.parts[part]), images=False, captions=False)


def cut(rung: Rung, predicted: Int64) -> dict[str, Int64]:
    """Return stored classes, (n,), by part."""
    sizes = scored_parts(rung)
    return dict(zip(sizes, np.split(predicted, np.cumsum([*sizes.values()])[:-1]), strict=True))
