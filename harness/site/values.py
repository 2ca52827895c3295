"""The names of a channel's values, and the classes that they go with in training."""

from collections.abc import Sequence
from itertools import takewhile

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.task import Task
from spurgen.generators import aligned_values, class_names
from spurgen.generators.atlas import CHANNELS


def other_value(task: Task, channel: str, label: int, own: int) -> int:
    """Return a value of a channel that goes with another class than the sample's, and is not the sample's `own`."""
    table = aligned_values(task.scenario, channel)
    rest = [value for value in range(len(table)) if value != own]
    fitting = [value for value in rest if table[value].any() and not table[value, label]] or rest
    return fitting[len(fitting) // 2]


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
