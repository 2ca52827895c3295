"""What follows from the classes that a submission predicts on a rung: most of its metrics, recomputable by anybody."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.task import Rung
from spurgen.generators import Samples
from spurgen.generators.ladder.world import sample_part
from spurgen.harness import metrics
from spurgen.harness.metrics.ladder import class_accuracy, follow_rate, thing_use

STATES = ("agree", "mislead", "neutral")
GROUPED = ("test/agree", "test/mislead")
"""Parts whose samples are in groups, in the order of `Answered.correct`."""


class Answered(NamedTuple):
    """Metrics of the task, how often answers follow each shortcut, and which answers of `GROUPED` are right."""

    metrics: dict[str, float]
    follows: dict[str, float]
    counts: metrics.GroupCounts
    correct: NDArray[np.bool_]


def scored_parts(rung: Rung) -> dict[str, int]:
    """Return the sizes of the parts whose predicted classes are stored, in that order."""
    hidden = {f"test/{name}" for name in rung.ladder.active} - {f"test/{name}" for name in rung.channels}
    sizes = rung.ladder.parts
    return {part: size for part, size in sizes.items() if part.startswith(("test/", "seen/")) and part not in hidden}


def answered(rung: Rung, classes: Mapping[str, Int64]) -> Answered:
    """Compute all that follows from the predicted classes of each scored part, int64 (n,), in a world."""
    count = rung.num_classes
    made = {part: factors(rung.ladder, part) for part in classes}
    accuracy = {
        f"{split}/{state}": class_accuracy(classes[f"{split}/{state}"], made[f"{split}/{state}"].labels, count)
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
        "follows": follow_rate(classes["test/mislead"], made["test/mislead"].channel_values[rung.channels[0]]),
        "uses_thing": thing_use(
            classes["test/agree"][first], classes["test/thing"],
            made["test/agree"].labels[first], made["test/thing"].labels,
        ),
    }  # fmt: skip
    follows = {name: _follows(classes[f"test/{name}"], made[f"test/{name}"], name, count) for name in rung.channels}
    return Answered(values, follows, counts, correct)


def _follows(answers: Int64, made: Samples, name: str, num_classes: int) -> float:
    """Return how often answers follow a shortcut to a rival: value k goes with class k, and the last ones with none."""
    shown = made.channel_values[name]
    rivals = (shown < num_classes) & (shown != made.labels)
    return follow_rate(answers[rivals], shown[rivals])


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
