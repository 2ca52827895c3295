"""Collections made ready to draw: the parts are rows of a file's arrays."""

import io
from collections.abc import Collection as Group
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, Carrier, Int64, LabeledData, Modality
from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.reading import read_bytes
from spurgen.benchmark.worlds.collections import GROUPED, Collection
from spurgen.generators.world import ALL, Samples, World, in_part

AGREES, MISLEADS, NEUTRAL = range(3)
"""What the shortcut does in a sample: its value goes with the label, with another class, or with none."""
FILE_BYTES = 1 << 34
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class CollectionWorld(World):
    """A draw of a collection.

    `arrays`: `labels` and `values`, int64 (n,); `goes`, bool (V, K); `value_names`, V texts; what samples have, by
    carrier; `rows/PART`, int64 (size,), the samples of a part, or of a part of counterexamples int64 (W, size), their
    order in each world.
    """

    collection: Collection
    arrays: Arrays

    @property
    def description(self) -> Collection:
        """The collection."""
        return self.collection

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.collection.classes

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """Names of the shortcut's values."""
        return {self.collection.shortcut: tuple(map(str, self.arrays["value_names"]))}

    @property
    def goes(self) -> dict[str, NDArray[np.bool_]]:
        """Which values go with which class, bool (V, K)."""
        return {self.collection.shortcut: self.arrays["goes"]}

    def rows_of(self, part: str) -> Int64:
        """Return the samples of a part, places in the arrays, int64 (n,)."""
        found: Int64 = self.arrays[f"rows/{self.collection.within}{part}"]
        return found if found.ndim == 1 else found[self.collection.seed]

    def draw(self, part: str, indices: Int64 | range | list[int], carriers: Group[Carrier] = ALL) -> Samples:
        """Return samples of a part; see `World.draw`."""
        rows = self.rows_of(part)[in_part(self.collection, part, indices)]
        labels, values = self.arrays["labels"][rows], self.arrays["values"][rows]
        given = {name: self.arrays[name][rows] for name in self.collection.shown if name in carriers}
        captions = given.get("caption")
        inputs = Batch(given.get("image"), None if captions is None else captions.tolist(), given.get("features"))
        misleads = states_of(self.arrays["goes"], labels, values) == MISLEADS
        none = np.full(len(rows), -1)
        return Samples(inputs, labels, {self.collection.shortcut: values}, none, 2 * labels + misleads)

    def groups(self, channels: tuple[str, ...], samples: Samples) -> Int64:
        """Return the groups: 2 x the place among the measured classes, plus 1 if they mislead; -1 in other classes."""
        del channels
        labels, misleads = np.divmod(samples.group_ids, 2)
        found = 2 * np.searchsorted(self._measured, labels) + misleads
        return np.where(np.isin(labels, self._measured), found, -1)

    @cached_property
    def _measured(self) -> Int64:
        return np.unique(self.arrays["labels"][self.rows_of(GROUPED[0])])

    def labeled(self, modality: Modality, split: str, samples: Samples) -> LabeledData:
        """Return samples of train or val with their groups, of all classes."""
        known = super().labeled(modality, split, samples)
        return replace(known, num_groups=2 * self.collection.num_classes, group_ids=samples.group_ids, env_ids=None)


def states_of(goes: NDArray[np.bool_], labels: Int64, values: Int64) -> Int64:
    """Return what the shortcut does in samples, int64 (n,): `AGREES`, `MISLEADS` or `NEUTRAL`; `goes`: bool (V, K)."""
    of_value = np.where(goes.sum(axis=1) > 0, MISLEADS, NEUTRAL)
    states: Int64 = np.where(goes[values, labels], AGREES, of_value[values])
    return states


def make_world(collection: Collection) -> CollectionWorld:
    """Read a collection; raise `ReadError` or `FrozenDataError` if its file is missing, or is not the one described."""
    return CollectionWorld(collection, _read(collection.table, collection.sha256))


@lru_cache(maxsize=1)
def _read(path: Path, digest: str) -> Arrays:
    content = read_bytes(path, FILE_BYTES, "the samples")
    if sha256(content).hexdigest() != digest:
        raise FrozenDataError(f"{path} was changed after it was written; restore it, or write it again by spurgen run")
    with np.load(io.BytesIO(content)) as file:
        return {name: file[name] for name in file.files}
