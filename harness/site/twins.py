"""Test scenes and their twins, in which only shortcuts changed, and the answers of rows to both.

A result of a ladder stores the class that it predicts for every sample of the test. A scene in which shortcuts agree
with the class has twins with the same thing in the same pose: one in which all shortcuts are those of a rival class,
and twins in which a single shortcut is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.generators.world import world_of
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.words import ALL

BASE, SWITCHED = "test/agree", "test/mislead"
SELDOM = 0.05  # of the answers follow a shortcut: with fewer, an example would be one of chance


@dataclass(frozen=True)
class Pairs:
    """Scenes and twins of a rung's world, int64 (p,) each.

    `shortcut`: what changed, a place in `names`, of which the first is all. `place`: of the scene in its part, `twin`:
    of the twin in its own. `label`, `rival`: classes. `before`, `after`: places of both answers in storage.
    """

    names: tuple[str, ...]
    shortcut: Int64
    place: Int64
    twin: Int64
    label: Int64
    rival: Int64
    before: Int64
    after: Int64

    def __len__(self) -> int:
        return len(self.place)

    def part(self, k: int) -> str:
        """Return the part that has a pair's twin."""
        return f"test/{self.names[self.shortcut[k]]}" if self.shortcut[k] else SWITCHED


@dataclass(frozen=True)
class Read:
    """A row's answers to the pairs of a world, bool (p,) each.

    `followed`: the answer to the twin is the rival. `lost`: it is, and the answer to the scene is right.
    """

    world: int
    pairs: Pairs
    followed: NDArray[np.bool_]
    lost: NDArray[np.bool_]


def pairs_of(rung: Task) -> Pairs:
    """Return the pairs of a rung in one world; all rungs of a ladder have the same."""
    return _made(rung.scenario, rung.modality)


@lru_cache(maxsize=256)
def _made(ladder: Description, modality: Modality) -> Pairs:
    world, channels = world_of(ladder), ladder.channels_in(modality)
    sizes, classes, base = ladder.asked(modality), ladder.num_classes, world.factors(BASE)
    starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    columns = []
    names = (ALL, *channels) if len(channels) > 1 else (ALL,)  # the only one is all of them
    for k, name in enumerate(names):
        part = f"test/{name}" if k else SWITCHED
        shown = world.factors(part).channel_values[name if k else channels[0]]
        place = np.arange(sizes[part]) % ladder.base_of(part)[1]
        twin = np.flatnonzero((shown < classes) & (shown != base.labels[place]))
        place, rival = place[twin], shown[twin]
        kind = np.full(len(twin), k)
        columns.append((kind, place, twin, base.labels[place], rival, starts[BASE] + place, starts[part] + twin))
    return Pairs(names, *map(np.concatenate, zip(*columns, strict=True)))


def read(rung: Task, row: TaskRow) -> Iterator[Read]:
    """Yield a row's answers in each of its worlds; nothing if no answers are stored."""
    seeds = [result.seed for result in row.results if result.error is None]
    for seed, predicted in zip(seeds, row.predicted, strict=False):
        pairs = pairs_of(rung.in_world(seed))
        answers = predicted.ravel().astype(np.int64)
        followed = answers[pairs.after] == pairs.rival
        yield Read(seed, pairs, followed, followed & (answers[pairs.before] == pairs.label))


def followed(every: Sequence[Read]) -> dict[str, float]:
    """Return the share of answers that become the rival, by what changed."""
    if not every:
        return {}
    shortcut = np.concatenate([each.pairs.shortcut for each in every])
    became = np.concatenate([each.followed for each in every])
    return {name: float(became[shortcut == k].mean()) for k, name in enumerate(every[0].pairs.names)}


Lost = tuple[int, int]
"""A pair that a row loses: the world, and its place among the pairs there."""


def tally(rows: Sequence[Sequence[Read]]) -> dict[int, Int64]:
    """Return by world how many rows lose each pair, int64 (p,): pages then share what they show."""
    counts: dict[int, Int64] = {}
    for row in rows:
        for each in row:
            counts[each.world] = counts.get(each.world, np.zeros(len(each.pairs), np.int64)) + each.lost
    return counts


def shown(every: Sequence[Read], counts: Mapping[int, Int64], most: int) -> list[Lost]:
    """Return up to `most` pairs that a row loses, to show; none of a change that the row seldom follows.

    What changed takes turns: all shortcuts first, then single ones, those that the row follows most first. Within one,
    classes that are not shown yet come first, then pairs that more rows lose; each scene is shown once.
    """
    share = followed(every)
    order = sorted((name for name in share if share[name] >= SELDOM), key=lambda name: (name != ALL, -share[name]))
    queues = []
    for name in order:
        found = np.concatenate([_lost(each, name, counts[each.world]) for each in every])
        if len(found):
            queues.append(found[np.lexsort(found.T[::-1])])
    chosen: list[Lost] = []
    scenes: set[tuple[int, int]] = set()
    classes: set[int] = set()
    for turn in range(most if queues else 0):
        fresh = queues[turn % len(queues)]
        for scene in scenes:
            fresh = fresh[(fresh[:, [1, 3]] != scene).any(axis=1)]
        again = np.isin(fresh[:, 4], [*classes])
        for _, world, k, place, label in fresh[again.argsort(kind="stable")][:1].tolist():
            chosen.append((world, k))
            scenes.add((world, place))
            classes.add(label)
    return chosen


def _lost(row: Read, name: str, counts: Int64) -> Int64:
    """Return the lost pairs of one change, int64 (l, 5): minus how many rows lose it, world, pair, place, label."""
    pairs = row.pairs
    k = np.flatnonzero(row.lost & (pairs.shortcut == pairs.names.index(name)))
    return np.stack([-counts[k], np.full(len(k), row.world), k, pairs.place[k], pairs.label[k]], axis=1)
