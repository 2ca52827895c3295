"""Worlds of a real data set: which samples train, validate and test, and in which environment.

Where the data have no splits, each world samples its own, with a correlation that the data as such do not have. Train
is Waterbirds' regime: the class goes with the attribute in 95 % of the samples, and each minority group has a few dozen
of them. Val and test are balanced over groups.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.contract import Batch, Int64, LabeledData
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.dataset import NAMES, TEST, TRAIN, VAL, Attributed, aligned_values, groups_of
from spurgen.harness.statistics.bootstrap import named_generator

TUNING = "tuning"  # the world on which hyper-parameters are tuned; those of the figures are 0, 1, 2, ...


@dataclass(frozen=True)
class Design:
    """Samples per class of a world: in train (aligned, conflicting) by environment, in val and test by group."""

    train: tuple[tuple[int, int], ...] = ((466, 9), (437, 38))  # strengths .98 and .92
    val: int = 50
    test: int = 240

    @property
    def per_group(self) -> tuple[int, int]:
        """How many samples a world needs of an aligned and of a conflicting group."""
        aligned, conflicting = np.sum(self.train, axis=0).tolist()
        return aligned + self.val + self.test, conflicting + self.val + self.test


class Part(NamedTuple):
    """A split of a world: rows of the data set, int64 (m,), their groups, and their environments or None."""

    rows: Int64
    groups: Int64
    environments: Int64 | None


class World(NamedTuple):
    """The three splits, and the values of the attribute that go with the classes, int64 (K,)."""

    train: Part
    val: Part
    test: Part
    aligned: Int64


def world_of(data: Attributed, name: str | int, design: Design, *, correlated: bool = True) -> World:
    """Return a world of a data set: sampled, or the data set's own splits, which are the same in every world.

    `correlated=False` gives the same val and test with a balanced train of the same size, where worlds are sampled.
    Raise `SpurgenError` if a group has too few samples.
    """
    if data.splits is not None:
        return _own_splits(data)
    aligned = np.arange(len(data.class_names), dtype=np.int64)
    groups = groups_of(data.labels, data.attributes, aligned)
    generator = named_generator("anchor", data.name, name)
    pools = [generator.permutation(np.flatnonzero(groups == group)) for group in range(2 * len(aligned))]
    sizes = _train_sizes(design, correlated=correlated)
    for group, pool in enumerate(pools):
        needed = design.test + design.val + int(sizes[group % 2].sum())
        if len(pool) < needed:
            label, value = _described(data, group, aligned)
            raise SpurgenError(f"{data.name} has {len(pool)} samples of {label}, {value}; a world needs {needed}")
    cuts = [design.test, design.test + design.val]
    tests, vals, trains = zip(*(np.split(pool, cuts) for pool in pools), strict=True)
    parts = [
        (pool[: size.sum()], np.repeat(np.arange(len(size)), size))
        for pool, size in zip(trains, [sizes[group % 2] for group in range(len(pools))], strict=True)
    ]
    rows, environments = (np.concatenate(each) for each in zip(*parts, strict=True))
    test, val = np.concatenate(tests), np.concatenate(vals)
    return World(
        Part(rows, groups[rows], environments), Part(val, groups[val], None), Part(test, groups[test], None), aligned
    )


def _train_sizes(design: Design, *, correlated: bool) -> Int64:
    """Return the train samples of an aligned and of a conflicting group in each environment, int64 (2, E)."""
    sizes: Int64 = np.array(design.train, dtype=np.int64).T
    if not correlated:
        total = sizes.sum(axis=0)
        sizes = np.stack([total - total // 2, total // 2])
    return sizes


def _described(data: Attributed, group: int, aligned: Int64) -> tuple[str, str]:
    label, conflicts = divmod(group, 2)
    other = next(k for k in range(len(data.values)) if k != aligned[label])
    return data.class_names[label], data.values[other if conflicts else int(aligned[label])]


def _own_splits(data: Attributed) -> World:
    assert data.splits is not None
    train = data.splits == TRAIN
    aligned = aligned_values(data.labels[train], data.attributes[train], data.name)
    groups = groups_of(data.labels, data.attributes, aligned)
    parts = {}
    for split in (TRAIN, VAL, TEST):
        rows = np.flatnonzero(data.splits == split)
        sizes = np.bincount(groups[rows], minlength=2 * len(aligned))
        if not sizes.all():
            label, value = _described(data, int(sizes.argmin()), aligned)
            raise SpurgenError(f"{data.name}: {NAMES[split]} has no sample of {label}, {value}; every group needs one")
        parts[split] = Part(rows, groups[rows], None)
    return World(parts[TRAIN], parts[VAL], parts[TEST], aligned)


def labeled(data: Attributed, part: Part) -> LabeledData:
    """Return a split with all its annotations; its batch is empty, since its inputs are features."""
    return LabeledData(
        batch=Batch(None, None),
        labels=data.labels[part.rows],
        num_groups=2 * len(data.class_names),
        env_ids=part.environments,
        group_ids=part.groups,
        channel_values={data.attribute: data.attributes[part.rows]},
    )
