"""The picture that opens the site: a test scene whose channels agree with its class, and each of them changed alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.suite import Task
from spurgen.generators import aligned_values, class_names, sample
from spurgen.generators.atlas import CHANNELS
from spurgen.harness.site.pictures import Pictures, Scene, scenes

SEARCHED = 400  # test samples among which one is chosen


@dataclass(frozen=True)
class Twin:
    """A twin with one channel changed, and the class that the new value goes with."""

    scene: Scene
    channel: str
    value: str
    goes_with: str


def opening(pictures: Pictures, task: Task) -> tuple[Scene, list[Twin]]:
    """Return a scene whose channels all agree with its class, and for every channel a twin that shows another value."""
    world = task.in_world(0)
    where = range(min(SEARCHED, world.scenario.splits.twins))
    made = sample(world.scenario, "test", where, images=False, captions=False)
    aligned = np.flatnonzero(made.group_ids % world.scenario.num_patterns == 0)
    index = int(aligned[0]) if len(aligned) else 0
    base = scenes(pictures, world, [index])[0]
    return base, [_twin(pictures, world, index, base, name) for name in world.channels]


def _twin(pictures: Pictures, task: Task, index: int, base: Scene, channel: str) -> Twin:
    value = other_value(task, channel, base)
    scene = scenes(pictures, task, [index], "channel", channel, value)[0]
    return Twin(scene, channel, value_name(task, channel, value), goes_with(task, channel, value))


def other_value(task: Task, channel: str, base: Scene) -> int:
    """Return a value of a channel that goes with another class than the sample's, and is not the sample's own."""
    table = aligned_values(task.scenario, channel)
    names = class_names(task.scenario)
    own = names.index(base.label)
    fitting = [v for v in range(len(table)) if table[v].any() and not table[v, own] and v != base.values[channel]]
    rest = [v for v in range(len(table)) if v != base.values[channel]]
    chosen: int = (fitting or rest)[len(fitting or rest) // 2]
    return chosen


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
