"""Samples with several attributes, of which a ladder takes one as its label and another as its shortcut."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Carrier, Int64
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import read_bytes
from spurgen.harness.statistics.samples import named_generator

TEST_SHARE = 0.35  # of a draw's things, which its train and val do not show
MOST_TESTED = 150  # test samples of a group
FILE_BYTES = 1 << 28
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Pool:
    """n samples: `shown`, arrays of length n by carrier; `things`, what they show or describe; `attributes`, by name.

    `things` and attributes are texts (n,); a sample that lacks an attribute has "". `words`: of each attribute, a
    sentence that says by which rule it was found. `source`: where the samples come from.
    """

    shown: Mapping[Carrier, NDArray[Any]]
    things: Texts
    attributes: Mapping[str, Texts]
    words: Mapping[str, str]
    source: str


class Attribute(NamedTuple):
    """An attribute and those of its values that a ladder has, one a class."""

    name: str
    values: tuple[str, ...]


class Sizes(NamedTuple):
    """Samples of train and of val: without counterexamples, and counterexamples."""

    train: int
    counter: int
    val: int
    val_counter: int


@dataclass(frozen=True)
class Real:
    """A ladder over a pool: value k of `shortcut` goes with class k."""

    name: str
    label: Attribute
    shortcut: Attribute
    sizes: Sizes

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.label.values)

    def numbers(self, pool: Pool, attribute: Attribute) -> Int64:
        """Return each sample's value of an attribute, int64 (n,); -1 if it is none of the ladder's."""
        table = dict(zip(attribute.values, range(self.classes), strict=True))
        return np.array([table.get(value, -1) for value in pool.attributes[attribute.name]])


class Parts(NamedTuple):
    """A group's samples in a draw: those for train and val, and those for test."""

    fitted: Int64
    tested: Int64


def drawn(pool: Pool, ladder: Real, draws: int) -> dict[str, Int64]:
    """Return the samples of each part, int64 (draws, size); raise `SpurgenError` if a group has too few.

    In each draw all samples of a thing are either for train and val or for test. Test, and train without correlation,
    have as many samples of a group as every draw can give. Groups take turns, so that the first counterexamples have
    all classes.
    """
    labels, values = (ladder.numbers(pool, each) for each in (ladder.label, ladder.shortcut))
    order = sorted(np.ndindex(ladder.classes, ladder.classes), key=lambda g: ((g[1] - g[0]) % ladder.classes, g[0]))
    members = [np.flatnonzero((labels == label) & (values == value)) for label, value in order]
    by_draw = [_split(pool, ladder.name, members, draw) for draw in range(draws)]
    parts: dict[str, list[list[Int64]]] = {}
    for group, of_draws in zip(order, zip(*by_draw, strict=True), strict=True):
        for part, size in _sizes_of(ladder, group, of_draws).items():
            parts.setdefault(part, []).append([_taken(part, each, size) for each in of_draws])
    wanted = dict(zip(("train", "train/counter", "val", "val/counter"), ladder.sizes, strict=True))
    return {part: _in_turn(groups)[:, : wanted.get(part)] for part, groups in parts.items()}


def _split(pool: Pool, name: str, members: list[Int64], draw: int) -> list[Parts]:
    """Return the groups' samples in one draw, in random order."""
    rng = named_generator("real", name, draw)
    things = np.unique(pool.things[np.concatenate(members)])
    held = rng.permutation(things)[: round(TEST_SHARE * len(things))]
    mixed = [rng.permutation(rows) for rows in members]
    tested = [np.isin(pool.things[rows], held) for rows in mixed]
    return [Parts(rows[~away], rows[away]) for rows, away in zip(mixed, tested, strict=True)]


def _sizes_of(ladder: Real, group: tuple[int, ...], of_draws: tuple[Parts, ...]) -> dict[str, int]:
    """Return how many samples of a group each part has."""
    misleads, k, sizes = group[0] != group[1], ladder.classes, ladder.sizes
    alike = k * (k - 1) if misleads else k
    train, val = (-(-size // alike) for size in (sizes[1::2] if misleads else sizes[::2]))
    have, tested = min(len(each.fitted) for each in of_draws), min(len(each.tested) for each in of_draws)
    val_free = -(-(sizes.val + sizes.val_counter) // k**2)
    free = min(-(-(sizes.train + sizes.counter) // k**2), have - val_free)
    if have < train + val or free < 1 or not tested:
        raise SpurgenError(
            f"{ladder.name}: of {ladder.label.values[group[0]]} with {ladder.shortcut.values[group[1]]} a draw has "
            f"{have} samples for train and val, which need {train + val}, and {tested} for test; choose smaller sizes"
        )
    kind, state = ("/counter", "mislead") if misleads else ("", "agree")
    return {
        f"train{kind}": train, f"val{kind}": val, "train/free": free, "val/free": val_free,
        f"test/{state}": min(tested, MOST_TESTED),
    }  # fmt: skip


def _taken(part: str, group: Parts, size: int) -> Int64:
    """Return a part's samples of a group; those of train and of val are at different ends."""
    rows = group.tested if part.startswith("test") else group.fitted
    return rows[len(rows) - size :] if part.startswith("val") else rows[:size]


def _in_turn(groups: list[list[Int64]]) -> Int64:
    """Return the samples of groups by draw, one of each group in turn as long as it has some; int64 (draws, size)."""
    turns = np.concatenate([np.arange(len(of_draws[0])) for of_draws in groups])
    order = np.argsort(turns, kind="stable")
    return np.stack([np.concatenate(of_draw)[order] for of_draw in zip(*groups, strict=True)])


def known(path: Path, digest: str) -> bytes:
    """Return the content of a file; raise `SpurgenError` unless it is the version from which ladders were made."""
    content = read_bytes(path, FILE_BYTES, "the samples' source")
    found = sha256(content).hexdigest()
    if found != digest:
        raise SpurgenError(f"{path} is of another version: expected SHA-256 {digest}, found {found}")
    return content
