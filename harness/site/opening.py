"""The picture that opens the site: a test scene whose channels agree with its class, and each of them changed alone.

With the answers that ERM gives to them, where its results store these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.suite import Task
from spurgen.generators import aligned_values, class_names, sample
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.naming import name_shown
from spurgen.harness.results.predicted import Classes, columns_of
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.pictures import Pictures, Scene, scenes
from spurgen.harness.site.short_names import short_name

SEARCHED = 400  # test samples among which one is chosen


@dataclass(frozen=True)
class Twin:
    """A twin with one channel changed, the class that the new value goes with, and ERM's answer if it is known.

    Classes are named as `short_name` does.
    """

    scene: Scene
    channel: str
    value: str
    goes_with: str
    answer: str | None
    right: bool


@dataclass(frozen=True)
class Opening:
    """A scene with a twin per channel; `shows`: what of its class's name it shows. `right`: ERM's answer, if known."""

    base: Scene
    shows: str
    right: bool | None
    twins: Sequence[Twin]

    @property
    def lost(self) -> bool:
        """Whether ERM answers the base right and a twin wrong."""
        return bool(self.right) and not all(twin.right for twin in self.twins)


@dataclass(frozen=True)
class _Answers:
    """The classes that a row predicts in one world of a task, uint8 (f, c), see `predicted`; none if not stored."""

    task: Task
    classes: Classes

    def base(self, index: int) -> int | None:
        return int(self.classes[index, 0]) if index < len(self.classes) else None

    def twin(self, index: int, channel: str, value: int) -> int | None:
        known = index < len(self.classes)
        return int(self.classes[index, columns_of(self.task)[channel]][value]) if known else None

    def losing(self, index: int, channel: str, label: int, own: int) -> list[int]:
        """Return the values of a channel that go with another class, and with which a sample is answered wrong."""
        fitting = _fitting(self.task, channel, label, own)
        return [value for value in fitting if self.twin(index, channel, value) not in (None, label)]


def opening(pictures: Pictures, task: Task, erm: TaskRow | None = None) -> Opening:
    """Return a scene whose channels all agree with its class, and for every channel a twin that shows another value.

    The first one that ERM answers right in world 0, and a twin of it wrong, if there is one.
    """
    world = task.in_world(0)
    answers = _Answers(world, _classes(erm))
    where = range(min(SEARCHED, world.scenario.splits.twins))
    made = sample(world.scenario, "test", where, images=False, captions=False)
    aligned = np.flatnonzero(made.group_ids % world.scenario.num_patterns == 0).tolist()

    def lost(k: int) -> bool:
        label, own = int(made.labels[k]), {name: int(column[k]) for name, column in made.channel_values.items()}
        right = answers.base(k) == label
        return right and any(answers.losing(k, name, label, own[name]) for name in world.channels)

    index = next(filter(lost, aligned), aligned[0] if aligned else 0)
    base, label = scenes(pictures, world, [index])[0], int(made.labels[index])
    answer = answers.base(index)
    return Opening(
        base=base,
        shows=name_shown(world.scenario, "test", index) or base.label,
        right=None if answer is None else answer == label,
        twins=[_twin(pictures, answers, index, base, name) for name in world.channels],
    )


def _classes(erm: TaskRow | None) -> Classes:
    """Return the classes that ERM predicts in world 0."""
    seeds = [result.seed for result in erm.results if result.error is None] if erm else []
    stored = erm is not None and erm.predicted.size and 0 in seeds
    return erm.predicted[seeds.index(0)] if erm and stored else np.empty((0, 0), np.uint8)


def _twin(pictures: Pictures, answers: _Answers, index: int, base: Scene, channel: str) -> Twin:
    task, scenario = answers.task, answers.task.scenario
    label, own = class_names(scenario).index(base.label), base.values[channel]
    losing = answers.losing(index, channel, label, own)
    value = losing[0] if losing else other_value(task, channel, label, own)
    answer, shows = answers.twin(index, channel, value), name_shown(scenario, "test", index)
    return Twin(
        scene=scenes(pictures, task, [index], "channel", channel, value)[0],
        channel=channel,
        value=value_name(task, channel, value),
        goes_with=short_name(scenario, goes_with(task, channel, value), shows),
        answer=None if answer is None else short_name(scenario, class_names(scenario)[answer], shows),
        right=answer == label,
    )


def other_value(task: Task, channel: str, label: int, own: int) -> int:
    """Return a value of a channel that goes with another class than the sample's, and is not the sample's `own`."""
    fitting = _fitting(task, channel, label, own)
    rest = [v for v in range(task.scenario.channels[channel].values) if v != own]
    chosen: int = (fitting or rest)[len(fitting or rest) // 2]
    return chosen


def _fitting(task: Task, channel: str, label: int, own: int) -> list[int]:
    table = aligned_values(task.scenario, channel)
    return [v for v in range(len(table)) if table[v].any() and not table[v, label] and v != own]


def goes_with(task: Task, channel: str, value: int) -> str:
    """Return the names of the classes that a channel's value goes with in training."""
    flags = aligned_values(task.scenario, channel)[value]
    return " or ".join(name for name, flag in zip(class_names(task.scenario), flags, strict=True) if flag)


def value_name(task: Task, channel: str, value: int) -> str:
    """Return the name of a channel's value, in the words of the captions where they mention the channel."""
    spec = task.scenario.channels[channel]
    kind = discover(CHANNELS)[spec.kind]
    in_captions = task.modality != "image" and spec.carrier != "image"
    natural = task.scenario.captions == "natural" and hasattr(kind, "NATURAL_PHRASES")
    phrases: Sequence[str] = kind.NATURAL_PHRASES if natural else getattr(kind, "PHRASES", ())
    if not in_captions or "{" in phrases[value]:  # a whole sentence
        values: Sequence[str] = kind.VALUES
        return values[value]
    words = [phrase.split() for phrase in phrases]
    start, end = _shared(words), _shared([each[::-1] for each in words])
    return " ".join(words[value][start : len(words[value]) - end])


def _shared(phrases: Sequence[Sequence[str]]) -> int:
    """Return how many words all phrases begin with."""
    return len(list(takewhile(lambda words: len(set(words)) == 1, zip(*phrases, strict=False))))
