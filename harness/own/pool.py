"""Samples with several attributes, of which a ladder takes one as its label and another as its shortcut."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Carrier, Int64
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.worlds.collections import STEP, Collection
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.statistics.samples import named_generator

DRAWS = 10
TEST_SHARE = 0.35  # of a draw's things, which its train and val do not show
MOST_TESTED = 150  # test samples of a group
Texts = NDArray[np.str_]


class Taken(Protocol):
    """An array, or what can be taken from it only in part."""

    def __getitem__(self, rows: Int64, /) -> NDArray[Any]:
        """Return the samples at these places."""
        ...


@dataclass(frozen=True)
class Pool:
    """n samples: `shown`, arrays of length n by carrier; `things`, what they show or describe; `attributes`, by name.

    Instead of an array, `shown` may have what gives one for the places of some samples, int64 (m,).

    `things` and attributes are texts (n,); a sample that lacks an attribute has "". `words`: of each attribute, a
    sentence that says by which rule it was found. `source`: where the samples come from.
    """

    shown: Mapping[Carrier, Taken]
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


def collected(pool: Pool, suite: str, ladders: tuple[Real, ...], table: Path) -> list[Collection]:
    """Write the samples of ladders to a table; return the ladders."""
    parts = {ladder: drawn(pool, ladder, DRAWS) for ladder in ladders}
    used = np.unique(np.concatenate([rows.ravel() for of in parts.values() for rows in of.values()]))
    arrays: dict[str, Any] = {name: each[used] for name, each in pool.shown.items()}
    side = arrays["image"].shape[1] if "image" in arrays else 0
    for ladder, of_ladder in parts.items():
        numbers = {"labels": ladder.numbers(pool, ladder.label), "values": ladder.numbers(pool, ladder.shortcut)}
        arrays |= {f"{ladder.name}/{name}": each[used].astype(np.int8) for name, each in numbers.items()}
        arrays[f"{ladder.name}/goes"] = np.eye(ladder.classes, dtype=bool)
        arrays[f"{ladder.name}/value_names"] = np.array(ladder.shortcut.values)
        places = {part: np.searchsorted(used, rows).astype(np.int32) for part, rows in of_ladder.items()}
        arrays |= {f"{ladder.name}/rows/{part}": rows for part, rows in places.items()}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_atomically(table, content.getvalue())
    digest = sha256(content.getbuffer()).hexdigest()
    return [
        Collection(
            suite=suite, name=ladder.name, seed=0, table=table, sha256=digest, within=f"{ladder.name}/",
            classes=ladder.label.values, averaged=ladder.classes, shortcut=ladder.shortcut.name,
            shown=tuple(pool.shown), sizes={part: rows.shape[1] for part, rows in of_ladder.items()},
            rungs=(0, *_rungs(ladder)), worlds=DRAWS, image_size=side, samples=len(used), environments=True,
            about=_about(pool, ladder),
        )
        for ladder, of_ladder in parts.items()
    ]  # fmt: skip


def _about(pool: Pool, ladder: Real) -> str:
    """Return what the label and the shortcut are, Markdown."""
    label, shortcut = ladder.label.name, ladder.shortcut.name
    return (
        f"{pool.source}\n\n- The label is *{label}*. {pool.words[label]}\n- The shortcut is *{shortcut}*. "
        f"{pool.words[shortcut]}"
    )


def _rungs(ladder: Real) -> list[int]:
    """Return numbers of counterexamples: as many as classes, four times that and so on, and all."""
    rungs = [ladder.classes * STEP**k for k in range(4)]
    return sorted({min(m, ladder.sizes.counter) for m in rungs})
