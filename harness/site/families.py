"""Where a row fails: families whose base it answers right and a twin wrong, made again as pictures.

A family is a base sample and its twins. Results store the classes predicted for the first base samples and all their
channel twins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.task import Task
from spurgen.generators import aligned_values, class_names
from spurgen.harness.results.predicted import Classes, columns_of
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.pictures import Pictures, Scene, bases, scenes
from spurgen.harness.site.values import goes_with, value_name

SHOWN = 3  # families of a row on a main task
Words = Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Family:
    """A base sample that a row answers right, and the same sample with another value of a channel, answered wrong.

    `answer`: the class predicted for the twin. `goes_with`: the classes that the value goes with in training. `unit`:
    the world or training seed. `words` of the twin's caption, and whether each is new.
    """

    base: Scene
    twin: Scene
    channel: str
    value: str
    goes_with: str
    answer: str
    unit: int
    words: Words | None


@dataclass(frozen=True)
class Failures:
    """How often a row answers a base right and a twin of it wrong.

    `total`: families whose answers are stored. `right`: those whose base is answered right. `by_channel`: those of
    `right` in which a twin of the channel is answered wrong; `lost`: in which any is. `shown`: some of them.
    """

    total: int
    right: int
    lost: int
    by_channel: Mapping[str, int]
    shown: Sequence[Family]


class _Loss(NamedTuple):
    """A twin that is answered wrong: which result, base sample, channel and value, and the predicted class."""

    seed: int
    place: int
    channel: str
    value: int
    answer: int


Losses = NDArray[np.int64]
"""Families that a channel loses, int64 (n, 4): seed, place, value and answer; those that the value goes with first."""


def failures(pictures: Pictures, task: Task, row: TaskRow, most: int = SHOWN) -> Failures | None:
    """Count the families of a task whose base a row answers right and a twin wrong, and show at most `most`.

    None if results store no answers to twins. Channels take turns, the one that loses most families first. Wrong
    answers that the twin's new value goes with come before others, and earlier results before later ones.
    """
    if not row.predicted.size:
        return None
    seeds = [result.seed for result in row.results if result.error is None]
    by_channel = {name: _losses(pictures, task, row, seeds, name) for name in task.channels}
    order = sorted((name for name in by_channel if len(by_channel[name])), key=lambda name: -len(by_channel[name]))
    chosen: list[_Loss] = []
    for k in range(most if order else 0):
        channel = order[k % len(order)]
        fresh = by_channel[channel][~np.isin(by_channel[channel][:, 1], [loss.place for loss in chosen])]
        chosen += [_Loss(seed, place, channel, value, answer) for seed, place, value, answer in fresh[:1].tolist()]
    right = [_right(pictures, task, seed, each) for seed, each in zip(seeds, row.predicted, strict=True)]
    return Failures(
        total=row.predicted.shape[0] * row.predicted.shape[1],
        right=sum(int(each.sum()) for each in right),
        lost=len({(seed, place) for losses in by_channel.values() for seed, place in losses[:, :2].tolist()}),
        by_channel={name: len(losses) for name, losses in by_channel.items()},
        shown=[_family(pictures, task, loss) for loss in chosen],
    )


def _right(pictures: Pictures, task: Task, seed: int, predicted: Classes) -> NDArray[np.bool_]:
    """Return whose base is answered right, bool (f,)."""
    right: NDArray[np.bool_] = predicted[:, 0] == bases(pictures, task, seed, len(predicted)).labels
    return right


def _losses(pictures: Pictures, task: Task, row: TaskRow, seeds: Sequence[int], channel: str) -> Losses:
    """Return the families that a channel loses, each at most once per result."""
    found, drawn = [np.empty((0, 4), np.int64)], [np.empty(0, bool)]
    for seed, predicted in zip(seeds, row.predicted, strict=True):
        table, made = aligned_values(task.in_world(seed).scenario, channel), bases(pictures, task, seed, len(predicted))
        twins = predicted[:, columns_of(task)[channel]]
        new = made.channel_values[channel][:, None] != np.arange(len(table))
        wrong = (predicted[:, 0] == made.labels)[:, None] & (twins != made.labels[:, None]) & new
        pulled = wrong & table[np.arange(len(table)), twins]
        places = np.flatnonzero(wrong.any(axis=1))
        asked = pulled[places].any(axis=1)
        values = np.where(asked[:, None], pulled[places], wrong[places]).argmax(axis=1)
        found.append(np.stack([np.full(len(places), seed), places, values, twins[places, values]], axis=1))
        drawn.append(asked)
    every = np.concatenate(found)
    return every[np.argsort(~np.concatenate(drawn), kind="stable")]


def _family(pictures: Pictures, task: Task, loss: _Loss) -> Family:
    world = task.in_world(loss.seed)
    base = scenes(pictures, world, [loss.place])[0]
    twin = scenes(pictures, world, [loss.place], "channel", loss.channel, loss.value)[0]
    return Family(
        base=base,
        twin=twin,
        channel=loss.channel,
        value=value_name(world, loss.channel, loss.value),
        goes_with=goes_with(world, loss.channel, loss.value),
        answer=class_names(world.scenario)[loss.answer],
        unit=loss.seed,
        words=changed_words(base.caption, twin.caption) if base.caption and twin.caption else None,
    )


def changed_words(before: str, after: str) -> Words:
    """Return the words of a caption, and whether each is missing from another one, whatever stands around it."""
    known = {_bare(word) for word in before.split()}
    return [(word, _bare(word) not in known) for word in after.split()]


def _bare(word: str) -> str:
    return word.strip(".,:?!").lower()
