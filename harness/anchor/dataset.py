"""A real data set in memory: frozen features, classes, and one attribute of every sample."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SpurgenError

Float32 = NDArray[np.float32]
TRAIN, VAL, TEST = range(3)
NAMES = {TRAIN: "train", VAL: "val", TEST: "test"}


@dataclass(frozen=True)
class Listing:
    """A data set before its features are computed, in an order that does not change.

    `inputs`: paths of images, or texts. `labels` and `attributes`: int64 (n,), places in `class_names` and `values`.
    `splits`: int64 (n,) of `TRAIN`, `VAL` and `TEST`.
    """

    name: str
    kind: Literal["image", "text"]
    class_names: tuple[str, ...]
    attribute: str
    values: tuple[str, ...]
    inputs: list[str]
    labels: Int64
    attributes: Int64
    splits: Int64

    def take(self, rows: Int64) -> "Listing":
        """Return the samples at `rows`, int64 (m,), in that order."""
        return Listing(
            self.name, self.kind, self.class_names, self.attribute, self.values, [self.inputs[k] for k in rows],
            self.labels[rows], self.attributes[rows], self.splits[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Attributed:
    """A data set whose features, float32 (n, d), are computed; `encoder` says by what.

    `splits`: int64 (n,) where the data set has its own splits, None where worlds are sampled from it.
    """

    name: str
    class_names: tuple[str, ...]
    attribute: str
    values: tuple[str, ...]
    encoder: str
    features: Float32
    labels: Int64
    attributes: Int64
    splits: Int64 | None = None

    @property
    def sha256(self) -> str:
        """Digest of all arrays."""
        digest = hashlib.sha256()
        for part in (self.features, self.labels, self.attributes, self.splits):
            if part is not None:
                digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def aligned_values(labels: Int64, attributes: Int64, name: str) -> Int64:
    """Return the value that goes with each class, int64 (K,): the one that is most over-represented in it.

    Over-represented is a value whose share in the class exceeds its share in all samples most. Raise `SpurgenError`
    unless every class has another value: the attribute would not tell the classes apart.
    """
    table = np.zeros((int(labels.max()) + 1, int(attributes.max()) + 1))
    np.add.at(table, (labels, attributes), 1)
    shares = table / table.sum(axis=1, keepdims=True) - table.sum(axis=0) / table.sum()
    aligned: Int64 = shares.argmax(axis=1)
    if len(set(aligned.tolist())) < len(aligned):
        raise SpurgenError(
            f"{name}: classes share the attribute's value that goes with them, so there is no shortcut; check that "
            "labels and attributes are read from the right columns"
        )
    return aligned


def groups_of(labels: Int64, attributes: Int64, aligned: Int64) -> Int64:
    """Return groups, int64 (n,): 2 * class, plus 1 where the attribute conflicts with the class."""
    groups: Int64 = 2 * labels + (attributes != aligned[labels])
    return groups
