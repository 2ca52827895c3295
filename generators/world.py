"""A world made ready to draw: the samples of its parts, and what their numbers mean.

`world_of` makes the world of a description, by the folder of its kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import Self, get_args

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, Carrier, Int64, LabeledData, Modality
from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import Description
from spurgen.generators.streams import checked_indices

ALL: tuple[Carrier, ...] = get_args(Carrier)
FITTED = ("train", "val")
NOTHING: tuple[Carrier, ...] = ()
JOINT = "shortcuts"
"""Name under which training gets the values of shortcuts that move together."""
Table = NDArray[np.bool_]


@dataclass(frozen=True)
class Samples:
    """n samples: `inputs`, what they show, and their factors, int64 (n,) each.

    `env_ids` is -1 where training has no environments. `group_ids` is `label * P + pattern` of P patterns, the first of
    which is that all shortcuts agree with the label, and the last that all mislead.
    """

    inputs: Batch
    labels: Int64
    channel_values: dict[str, Int64]
    env_ids: Int64
    group_ids: Int64

    @property
    def images(self) -> NDArray[np.uint8]:
        """Images, uint8 (n, H, W, 3); none if they were not made."""
        return np.empty((0, 0, 0, 3), np.uint8) if self.inputs.images is None else self.inputs.images

    @property
    def captions(self) -> list[str]:
        """Captions, n strings; none if they were not made."""
        return self.inputs.captions or []

    def take(self, part: slice | Int64) -> Self:
        """Return the samples of a slice, as views, or at indices."""
        values = {name: column[part] for name, column in self.channel_values.items()}
        return type(self)(self.inputs.take(part), self.labels[part], values, self.env_ids[part], self.group_ids[part])

    def without_inputs(self) -> Self:
        """Return the factors only."""
        return replace(self, inputs=Batch(None, None))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Concatenate one or more batches of samples of the same world, in order; a single one is not copied."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            Batch.join([part.inputs for part in parts]),
            np.concatenate([part.labels for part in parts]),
            {name: np.concatenate([part.channel_values[name] for part in parts]) for name in parts[0].channel_values},
            np.concatenate([part.env_ids for part in parts]),
            np.concatenate([part.group_ids for part in parts]),
        )


class World(ABC):
    """A description made ready to draw; a kind of world is a subclass, in a folder of its own."""

    @property
    @abstractmethod
    def description(self) -> Description:
        """Description that it was made from."""

    @property
    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    @abstractmethod
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """Names of each shortcut's values, by shortcut."""

    @property
    @abstractmethod
    def goes(self) -> Mapping[str, Table]:
        """Which values of each shortcut go with which class, bool (V, K)."""

    @abstractmethod
    def draw(self, part: str, indices: Int64 | range | list[int], carriers: Collection[Carrier] = ALL) -> Samples:
        """Return samples of a part with those of `carriers` that the world has.

        A sample is the same alone and in any batch. Raises `ScenarioError` for an unknown part or indices that it does
        not have.
        """

    def rows(
        self, split: str, counterexamples: int, rows: Int64 | range, carriers: Collection[Carrier] = ALL
    ) -> Samples:
        """Return samples of a part; train and val are those with so many counterexamples, of `Description.pieces`."""
        pieces = self.description.pieces(split, counterexamples) if split in FITTED else ((split, None),)
        if len(pieces) == 1:
            return self.draw(pieces[0][0], rows if isinstance(rows, range) else np.asarray(rows), carriers)
        places, made, found, first = np.asarray(rows), [], [], 0
        for part, indices in pieces:
            chosen = np.flatnonzero((places >= first) & (places < first + len(indices)))
            made.append(self.draw(part, places[chosen] - first + indices.start, carriers))
            found.append(chosen)
            first += len(indices)
        return Samples.join(made).take(np.argsort(np.concatenate(found)))

    def rows_of(self, part: str) -> Int64 | slice:
        """Return where a part's samples are in the part that is encoded for it; see `Description.encoded`."""
        del part
        return slice(None)

    def factors(self, part: str) -> Samples:
        """Return all samples of a part without what they show; computed once."""
        return _factors(self.description, part)

    def groups(self, channels: tuple[str, ...], samples: Samples) -> Int64:
        """Return the groups of samples over shortcuts, int64 (n,), below `Description.num_groups(channels)`."""
        del channels
        return samples.group_ids

    def agrees(self, samples: Samples) -> dict[str, Table]:
        """Return for every shortcut whether its value goes with the label, bool (n,)."""
        return {name: self.goes[name][values, samples.labels] for name, values in samples.channel_values.items()}

    def labeled(self, modality: Modality, split: str, samples: Samples) -> LabeledData:
        """Return samples of train or val with all that training may know of them.

        On a ladder the shortcuts move together, so the values of one stand for all.
        """
        del split
        annotated = self.description.annotated_in(modality)
        values = {JOINT: samples.channel_values[annotated[0]]}
        groups = self.groups(annotated, samples)
        count = self.description.num_groups(annotated)
        return LabeledData(samples.inputs, samples.labels, count, samples.env_ids, groups, values)

    def phrase(self, shortcut: str, value: int) -> str:
        """Return how a caption names a shortcut's value."""
        return self.values[shortcut][value]

    def shown(self, split: str, counterexamples: int, rows: range, samples: Samples) -> Int64:
        """Return the classes that `rows` show, int64 (n,), which label noise makes differ from the labels."""
        del split, counterexamples, rows
        return samples.labels

    def ideal(self, part: str, indices: range, modality: Modality) -> NDArray[np.float64] | None:
        """Return Pr(label | what a sample shows) under the law of training, float64 (n, K); None if it is not known."""
        del part, indices, modality
        return None


@lru_cache(maxsize=64)
def world_of(description: Description) -> World:
    """Return a world ready to draw; raise `ScenarioError` if it is a template or cannot be drawn as described."""
    if description.worlds > 1:
        raise ScenarioError(
            f"scenario {description.name} is a template of {description.worlds} worlds; take one, such as .in_world(0)"
        )
    made: World = import_module(f"{__package__}.{description.KIND}.world").make_world(description)
    return made


@lru_cache(maxsize=512)
def _factors(description: Description, part: str) -> Samples:
    return world_of(description).draw(part, range(description.parts[part]), NOTHING)


def in_part(description: Description, part: str, indices: Int64 | range | list[int]) -> Int64:
    """Return indices as int64 (n,); raise `ScenarioError` for an unknown part, or those that a part does not have."""
    parts, numbers = description.parts, checked_indices(indices)
    if part not in parts:
        raise ScenarioError(f"unknown part {part!r}; choose one of {', '.join(parts)}")
    if len(numbers) and numbers.max() >= parts[part]:
        raise ScenarioError(f"{part} has {parts[part]} samples, but none with index {numbers.max()}")
    return numbers
