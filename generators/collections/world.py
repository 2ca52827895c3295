"""Collections made ready to draw: the parts are rows of a file's arrays."""

import io
from collections.abc import Collection as Group
from collections.abc import Iterator, Mapping
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
from spurgen.benchmark.worlds.collections import EVERY, GROUPED, Collection
from spurgen.generators.world import ALL, FITTED, Samples, World, in_part

AGREES, MISLEADS, NEUTRAL = range(3)
"""What the shortcut does in a sample: its value goes with the label, with another class, or with none."""
FILE_BYTES = 1 << 34


class Arrays(Mapping[str, NDArray[Any]]):
    """Arrays of a file, each decoded when it is first used."""

    def __init__(self, content: bytes) -> None:
        self._file, self._known = np.load(io.BytesIO(content)), dict[str, NDArray[Any]]()

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array."""
        if name not in self._known:
            self._known[name] = self._file[name]
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._file.files)

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self._file.files)


@dataclass(frozen=True)
class CollectionWorld(World):
    """A draw of a collection.

    `arrays`: `labels` and `values`, integers (n,); `goes`, bool (V, K); `value_names`, V texts; what samples have, by
    carrier; `rows/PART`, integers (size,), the samples of a part in order, or (W, size) if worlds differ in them. With
    `within`/NAME the collection has an array of its own.
    """

    collection: Collection
    arrays: Arrays

    def _own(self, name: str) -> NDArray[Any]:
        """Return the collection's own array of that name, or else that of the file."""
        own = self.collection.within + name
        return self.arrays[own if own in self.arrays else name]

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
        return {self.collection.shortcut: tuple(map(str, self._own("value_names")))}

    @property
    def goes(self) -> dict[str, NDArray[np.bool_]]:
        """Which values go with which class, bool (V, K)."""
        return {self.collection.shortcut: self._own("goes")}

    def rows_of(self, part: str) -> Int64:
        """Return the samples of a part, places in the arrays, int64 (n,)."""
        if part == EVERY:
            return np.arange(self.collection.samples)
        found = self._own(f"rows/{part}").astype(np.int64)
        return found if found.ndim == 1 else found[self.collection.seed]

    def draw(self, part: str, indices: Int64 | range | list[int], carriers: Group[Carrier] = ALL) -> Samples:
        """Return samples of a part; see `World.draw`."""
        places = in_part(self.collection, part, indices)
        rows = self.rows_of(part)[places]
        labels, values = (self._own(name)[rows].astype(np.int64) for name in ("labels", "values"))
        given = {name: self.arrays[name][rows] for name in self.collection.shown if name in carriers}
        captions = given.get("caption")
        inputs = Batch(given.get("image"), None if captions is None else captions.tolist(), given.get("features"))
        misleads = states_of(self._own("goes"), labels, values) == MISLEADS
        environments = np.full(len(rows), -1)
        if part.partition("/")[0] in FITTED:
            environments = np.where(misleads, places % 4 != 0, places // self.collection.num_classes % 2)
        return Samples(inputs, labels, {self.collection.shortcut: values}, environments, 2 * labels + misleads)

    def groups(self, channels: tuple[str, ...], samples: Samples) -> Int64:
        """Return the groups: 2 x the place among the measured classes, plus 1 if they mislead; -1 in other classes."""
        del channels
        labels, misleads = np.divmod(samples.group_ids, 2)
        found = 2 * np.searchsorted(self._measured, labels) + misleads
        return np.where(np.isin(labels, self._measured), found, -1)

    @cached_property
    def _measured(self) -> Int64:
        return np.unique(self._own("labels")[self.rows_of(GROUPED[0])])

    def labeled(self, modality: Modality, split: str, samples: Samples) -> LabeledData:
        """Return samples of train or val with their groups, of all classes."""
        known = super().labeled(modality, split, samples)
        environments = samples.env_ids if self.collection.environments else None
        number = 2 * self.collection.num_classes
        return replace(known, num_groups=number, group_ids=samples.group_ids, env_ids=environments)


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
    return Arrays(content)
