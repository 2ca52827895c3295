"""What one person is shown, in which order: everything that is decided before the first answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from string import ascii_uppercase
from typing import Literal, NamedTuple

import numpy as np

from spurgen.benchmark.suite import Suite, Task
from spurgen.generators.streams import Int64, permutation, stream_key
from spurgen.harness.human.answers import Header
from spurgen.harness.human.scenes import (
    choose_classes,
    choose_test_scenes,
    choose_training_scenes,
    scenes_per_pattern,
    usual_classes,
    usual_scenes,
)

Phase = Literal["study", "practice", "test"]
SPLITS: dict[Phase, str] = {"study": "train", "practice": "train", "test": "test"}
STUDY = 4  # scenes per class that are shown with their letter
PRACTICE = 20  # scenes per class, at most, that are answered with feedback, by default
MAX_PRACTICE = 400  # scenes, so that the pool of training scenes suffices
WINDOW = 4  # times the number of classes: the last answers that the criterion looks at
CRITERION = 0.9  # share of them that must be right


@dataclass(frozen=True)
class Protocol:
    """What a person is shown: `header` describes it, `scenes` are the sample indices of each phase in their order."""

    task: Task
    header: Header
    scenes: dict[Phase, list[int]]

    @property
    def letters(self) -> str:
        """The letters that stand for the classes, in the order of `header.classes`."""
        return ascii_uppercase[: len(self.header.classes)]

    @property
    def criterion(self) -> "Criterion":
        """When practice ends before its last scene."""
        return criterion(len(self.header.classes))


class Criterion(NamedTuple):
    """At least `needed` of the last `window` practice answers are right."""

    window: int
    needed: int

    def reached(self, right: Sequence[bool]) -> bool:
        """Return whether a sequence of answers ends with enough right ones."""
        return len(right) >= self.window and sum(right[-self.window :]) >= self.needed


def criterion(num_classes: int) -> Criterion:
    """Return the criterion for a number of classes."""
    window = WINDOW * num_classes
    return Criterion(window, ceil(CRITERION * window))


def make_protocol(
    suite: Suite,
    name: str,
    annotator: str,
    *,
    world: int = 0,
    classes: int | None = None,
    scenes: int | None = None,
    practice: int | None = None,
) -> Protocol:
    """Decide what an annotator is shown of a task's world; raise `ScenarioError` for impossible numbers.

    Everybody sees the same scenes of the same classes. The order of scenes and the letters of classes are drawn for
    each annotator. `scenes` and `practice`, at most `MAX_PRACTICE`, are rounded up to a multiple of the
    classes.
    """
    task = suite.task(name).in_world(world)
    scenario, channels = task.scenario, len(task.channels)
    chosen = choose_classes(scenario, classes or usual_classes(scenario))
    per_class = ceil((scenes or usual_scenes(channels, len(chosen))) / len(chosen))
    per_pattern = scenes_per_pattern(channels, per_class)
    practised = PRACTICE if practice is None else ceil(practice / len(chosen))

    def shuffled(values: Int64, what: str) -> list[int]:
        key = stream_key("human", suite.name, name, world, annotator, what)
        return [int(values[k]) for k in permutation(key, len(values))]

    learned = choose_training_scenes(scenario, chosen, STUDY + practised)
    phases: dict[Phase, Int64] = {
        "study": learned[:, :STUDY].ravel(),
        "practice": learned[:, STUDY:].ravel(),
        "test": choose_test_scenes(task, chosen, per_pattern),
    }
    header = Header(
        suite=suite.name,
        task=name,
        modality=task.modality,
        world=world,
        scenario_sha256=scenario.digest,
        annotator=annotator,
        classes=tuple(shuffled(np.array(chosen), "letters")),
        scenes=len(phases["test"]),
        practice=len(phases["practice"]),
    )
    return Protocol(task, header, {phase: shuffled(values, phase) for phase, values in phases.items()})
