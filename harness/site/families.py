"""Where a row fails: families whose base it answers right and a twin wrong, made again as pictures.

A family is a base sample and its twins. Results store the classes predicted for the first base samples and all their
channel twins.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.suite import Task
from spurgen.generators import aligned_values, class_names
from spurgen.generators.naming import name_shown
from spurgen.harness.results.predicted import Classes, columns_of
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.running.task_data import task_groups
from spurgen.harness.site.opening import goes_with, value_name
from spurgen.harness.site.pictures import Pictures, Scene, bases, scenes
from spurgen.harness.site.short_names import short_name

SHOWN = 3  # families of a row on a task
RARE = 0.01
Words = Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Family:
    """A base sample that a row answers right, and the same sample with another value of a channel, answered wrong.

    `answer`: the class predicted for the twin. `goes_with`: the classes that the value goes with in training.
    `short`: shorter names of all these classes. `unit`: the world or training seed. `words` of the twin's caption, and
    whether each is new.
    """

    base: Scene
    twin: Scene
    channel: str
    value: str
    goes_with: str
    answer: str
    short: Mapping[str, str]
    unit: int
    words: Words | None


@dataclass(frozen=True)
class Failures:
    """How often a row answers a base right and a twin of it wrong.

    `total`: families whose answers are stored. `right`: those whose base is answered right. `by_channel`: those of
    `right` in which a twin of the channel is answered wrong; `lost`: in which any is. `shown`: some of them. `absent`:
    how many alignment patterns of the task no base has.
    """

    total: int
    right: int
    lost: int
    by_channel: Mapping[str, int]
    shown: Sequence[Family]
    absent: int

    @property
    def rare(self) -> bool:
        """Whether so few families are lost that those shown are no picture of the whole."""
        return 0 < self.lost < RARE * self.total


class _Loss(NamedTuple):
    """A twin that is answered wrong: which result, base sample, channel and value, and the predicted class."""

    seed: int
    place: int
    channel: str
    value: int
    answer: int


def failures(pictures: Pictures, task: Task, row: TaskRow) -> Failures | None:
    """Count the families of a task whose base a row answers right and a twin wrong, and show at most `SHOWN`.

    None if results store no answers to twins. Channels take turns, the one that loses most families first, and so do
    results. Wrong answers that the twin's new value goes with come before others.
    """
    if not row.predicted.size:
        return None
    seeds = [result.seed for result in row.results if result.error is None]
    by_channel = {name: list(_losses(pictures, task, row, seeds, name)) for name in task.channels}
    order = sorted((name for name in by_channel if by_channel[name]), key=lambda name: -len(by_channel[name]))
    chosen: list[_Loss] = []
    for k in range(SHOWN if order else 0):
        used = {loss.place for loss in chosen}
        fresh = [loss for loss in by_channel[order[k % len(order)]] if loss.place not in used]
        chosen += [loss for loss in fresh if loss.seed == seeds[k % len(seeds)]][:1] or fresh[:1]
    return Failures(
        total=row.predicted.shape[0] * row.predicted.shape[1],
        right=sum(
            int(_right(pictures, task, seed, each).sum()) for seed, each in zip(seeds, row.predicted, strict=True)
        ),
        lost=len({(loss.seed, loss.place) for losses in by_channel.values() for loss in losses}),
        by_channel={name: len(losses) for name, losses in by_channel.items()},
        shown=[_family(pictures, task, loss) for loss in chosen],
        absent=2 ** len(task.channels) - len(_patterns(pictures, task, seeds[0], row.predicted.shape[1])),
    )


def _right(pictures: Pictures, task: Task, seed: int, predicted: Classes) -> NDArray[np.bool_]:
    """Return whose base is answered right, bool (f,)."""
    right: NDArray[np.bool_] = predicted[:, 0] == bases(pictures, task, seed, len(predicted)).labels
    return right


def _patterns(pictures: Pictures, task: Task, seed: int, count: int) -> set[int]:
    """Return the alignment patterns of the first test samples."""
    patterns = task_groups(task, bases(pictures, task, seed, count).group_ids) % 2 ** len(task.channels)
    return set(patterns.tolist())


def _losses(pictures: Pictures, task: Task, row: TaskRow, seeds: Sequence[int], channel: str) -> Iterator[_Loss]:
    """Yield a family at most once per result: first those that answer the class which the new value goes with."""
    drawn: list[_Loss] = []
    others: list[_Loss] = []
    for seed, predicted in zip(seeds, row.predicted, strict=True):
        scenario = task.in_world(seed).scenario
        drawn_bases = bases(pictures, task, seed, len(predicted))
        table, labels = aligned_values(scenario, channel), drawn_bases.labels
        twins = predicted[:, columns_of(task)[channel]]
        new = drawn_bases.channel_values[channel][:, None] != np.arange(len(table))
        wrong = (predicted[:, 0] == labels)[:, None] & (twins != labels[:, None]) & new
        pulled = wrong & table[np.arange(len(table)), twins]
        for place in np.flatnonzero(wrong.any(axis=1)):
            value = int((pulled[place] if pulled[place].any() else wrong[place]).argmax())
            loss = _Loss(seed, int(place), channel, value, int(twins[place, value]))
            (drawn if pulled[place].any() else others).append(loss)
    yield from drawn
    yield from others


def _family(pictures: Pictures, task: Task, loss: _Loss) -> Family:
    world = task.in_world(loss.seed)
    base = scenes(pictures, world, [loss.place])[0]
    twin = scenes(pictures, world, [loss.place], "channel", loss.channel, loss.value)[0]
    answer, asked = class_names(world.scenario)[loss.answer], goes_with(world, loss.channel, loss.value)
    shows = name_shown(world.scenario, "test", loss.place)
    return Family(
        base=base,
        twin=twin,
        channel=loss.channel,
        value=value_name(world, loss.channel, loss.value),
        goes_with=asked,
        answer=answer,
        short={name: short_name(world.scenario, name, shows) for name in (base.label, answer, asked)},
        unit=loss.seed,
        words=changed_words(base.caption, twin.caption) if base.caption and twin.caption else None,
    )


def changed_words(before: str, after: str) -> Words:
    """Return the words of a caption, and whether each is missing from another one, whatever stands around it."""
    known = {_bare(word) for word in before.split()}
    return [(word, _bare(word) not in known) for word in after.split()]


def _bare(word: str) -> str:
    return word.strip(".,:?!").lower()
