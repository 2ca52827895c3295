"""The contents of a data set: its parts, shards, samples in chunks, columns, and the index with the digests of all."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.errors import MissingError, ReadError, ScenarioError, SpurgenError
from spurgen.benchmark.manifest import Sha256
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.world import Description
from spurgen.generators.streams import Int64
from spurgen.generators.world import ALL, Samples, world_of

CHUNK = 500  # samples that are in memory at a time
SHARD = 10_000
FORMATS = "spurgen.harness.exports.formats"
DEFAULTS: dict[str, Any] = {
    "REQUIRES": (), "OWN_COLUMNS": (), "RECORDS_IN": "", "ENCODING": "image/png", "SHOWS_IMAGES": True,
    "tables": lambda _: {}, "patterns": lambda plan: plan.form.card(plan),
}  # fmt: skip
WORK = ".spurgen"  # files that only an incomplete export needs: its plan and receipts of shards
LENGTH = 32  # bytes of a sample's digest
INDEX = "dataset.json"
Kind = Literal["text", "whole", "flag", "class"]


@dataclass(frozen=True)
class Shard:
    """Samples [start, stop) of a part, which has `count` shards."""

    part: str
    number: int
    count: int
    start: int
    stop: int

    @property
    def name(self) -> str:
        """Name of the shard's file without an ending, such as `train-00003-of-00010`."""
        return f"{flat(self.part)}-{self.number:05d}-of-{self.count:05d}"


@dataclass(frozen=True)
class Plan:
    """A data set before it is written.

    `scenario`: a scenario, or a ladder with one rung. `parts` are names of splits and of kinds of twins, as in a
    manifest; `place` names the channel that layouts with a single attribute show as it.
    """

    scenario: Description
    parts: tuple[str, ...]
    format: str
    shard_size: int = SHARD
    place: str = ""

    @property
    def form(self) -> SimpleNamespace:
        """What the module of the format has, and the defaults of what it may leave out."""
        return SimpleNamespace(**DEFAULTS | vars(discover(FORMATS)[self.format]))

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Number of samples of every part."""
        sizes = self.scenario.parts
        return {part: sizes[part] for part in self.parts}

    @property
    def total(self) -> int:
        """Number of all samples."""
        return sum(self.sizes.values())

    def shards(self) -> Iterator[Shard]:
        """Yield the shards of all parts, in order."""
        for part, size in self.sizes.items():
            starts = range(0, size, self.shard_size)
            for number, start in enumerate(starts):
                yield Shard(part, number, len(starts), start, min(start + self.shard_size, size))

    def pattern(self, part: str) -> str:
        """Return the pattern of the names of a part's shards."""
        return f"{flat(part)}-?????-of-{-(-self.sizes[part] // self.shard_size):05d}"


@dataclass(frozen=True)
class Chunk:
    """Consecutive samples of a part, from `start`.

    `bases`, int64 (n,), are indices in the split: a twin has its base sample's index. `shown`, int64 (n,), is the class
    that is drawn, which may differ from the label by label noise.
    """

    part: str
    start: int
    bases: Int64
    samples: Samples
    shown: Int64


def flat(part: str) -> str:
    """Return a part's name as a file name has it: `twins-core` for `twins/core`."""
    return part.replace("/", "-")


def chunks_of(scenario: Description, shard: Shard, *, images: bool = True) -> Iterator[Chunk]:
    """Make the samples of a shard, a few hundred at a time."""
    world, m, carriers = world_of(scenario), max(scenario.rungs, default=0), ALL if images else ("caption",)
    for start in range(shard.start, shard.stop, CHUNK):
        stop = min(start + CHUNK, shard.stop)
        rows = range(start, stop)
        samples = world.rows(shard.part, m, rows, carriers)
        bases = np.arange(start, stop) % scenario.base_of(shard.part)[1]
        yield Chunk(shard.part, start, bases, samples, world.shown(shard.part, m, rows, samples))


def sample_digests(chunk: Chunk) -> bytes:
    """Return the SHA-256 of every sample, one after the other.

    The hash covers a sample's pixels, uint8 by row, column and colour, if it has any; label, class shown, environment,
    group and channel values in the scenario's order, as little-endian int64; the caption in UTF-8.
    """
    samples = chunk.samples
    factors = [samples.labels, chunk.shown, samples.env_ids, samples.group_ids, *samples.channel_values.values()]
    numbers = np.ascontiguousarray(np.stack(factors, axis=1).astype("<i8"))
    made = []
    images = samples.images if len(samples.images) else [b""] * len(numbers)
    for pixels, row, caption in zip(images, numbers, samples.captions, strict=True):
        digest = hashlib.sha256(pixels)
        digest.update(row)
        digest.update(caption.encode())
        made.append(digest.digest())
    return b"".join(made)


def part_digest(digests: Iterable[bytes]) -> str:
    """Return the SHA-256 of a part, from its samples' digests in order, in pieces of any size."""
    whole = hashlib.sha256()
    for piece in digests:
        whole.update(piece)
    return whole.hexdigest()


def content_digest(scenario: Description, parts: Mapping[str, tuple[int, str]]) -> str:
    """Return the SHA-256 of a data set, from the size and the digest of every part."""
    described = {
        "classes": world_of(scenario).class_names,
        "channels": list(world_of(scenario).values),
        "parts": {part: list(parts[part]) for part in sorted(parts)},
    }
    return hashlib.sha256(json.dumps(described, separators=(",", ":")).encode()).hexdigest()


class PartIndex(BaseModel):
    """Number of samples of a part, and the SHA-256 over their digests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int
    sha256: Sha256


class Index(BaseModel):
    """A data set's description, and a digest of its content that is the same for any format, shard size and processes.

    `file_bytes`: the sizes of its samples' files together; `common_files`: the size of each file that is made from all
    shards, such as metadata.csv.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    format: str
    shard_size: int
    place: str
    scenario_sha256: Sha256
    content_sha256: Sha256
    parts: dict[str, PartIndex]
    file_bytes: int
    common_files: dict[str, int]

    def difference(self, plan: Plan) -> str:
        """Return how this data set differs from a plan; empty if it is the plan's."""
        sizes = {part: record.samples for part, record in self.parts.items()}
        differences = {
            "another scenario": self.scenario_sha256 != plan.scenario.digest,
            f"format {self.format}": self.format != plan.format,
            f"the parts {', '.join(self.parts)}": sizes != plan.sizes,
            f"shards of {self.shard_size:,} samples": self.shard_size != plan.shard_size,
            f"{self.place} as place": self.place != plan.place,
        }
        return next((what for what, differs in differences.items() if differs), "")


def read_index(folder: Path) -> Index:
    """Read a data set's index; raise `MissingError` if there is none, `SpurgenError` if it is damaged."""
    path = folder / INDEX
    try:
        return Index.model_validate(read_json(path))
    except MissingError:
        raise
    except (ReadError, ValidationError):
        raise SpurgenError(f"{path} is damaged; remove {folder}, and generate the data set again") from None


@dataclass(frozen=True)
class Column:
    """A column; one of kind `class` has numbers, whose names are `names`; tables of text have them in `beside`."""

    name: str
    kind: Kind
    meaning: str
    names: tuple[str, ...] = ()
    beside: str = ""


COMMON = (
    Column("split", "text", "train, val or test, or a kind of twins, such as twins/core"),
    Column("index", "whole", "index in its split; a twin has the index of its base sample in test"),
    Column("caption", "text", "the caption, English"),
    Column("label", "class", "the recorded class", beside="class_name"),
    Column("true_label", "class", "the class that is shown; label noise makes it differ from the label"),
    Column("env_id", "whole", "environment, counted from 0; -1 in balanced splits"),
    Column("group_id", "whole", "number of the group"),
)
"""The columns of every data set, before those of its channels; the names of classes are the scenario's."""


def check_names(scenario: Description, reserved: Iterable[str] = ()) -> None:
    """Raise `ScenarioError` if the name of a channel's column is taken, or matches a `reserved` pattern."""
    taken = [name for column in COMMON for name in (column.name, column.beside) if name]
    taken += reserved
    for channel in world_of(scenario).values:
        own = channel, f"{channel}_aligned", f"{channel}_name"
        twice = sorted(name for name in own if any(fnmatchcase(name, pattern) for pattern in taken))
        if twice:
            raise ScenarioError(f"channels.{channel}: the data set has another column {twice[0]}; rename the channel")
        taken += own


def columns_of(scenario: Description) -> tuple[Column, ...]:
    """Return the columns of a data set without images; raise `ScenarioError` as `check_names` does."""
    meanings = {"group_id": scenario.GROUPS}
    columns = [
        replace(
            column, names=world_of(scenario).class_names if column.kind == "class" else (),
            meaning=meanings.get(column.name, column.meaning),
        )
        for column in COMMON
    ]  # fmt: skip
    for name, values in world_of(scenario).values.items():
        columns.append(Column(name, "class", f"value of channel {name}", values, beside=f"{name}_name"))
        columns.append(Column(f"{name}_aligned", "flag", f"whether the value of {name} goes with the label"))
    check_names(scenario)
    return tuple(columns)


def values_of(scenario: Description, chunk: Chunk) -> dict[str, list[Any]]:
    """Return the entries of a chunk by column: numbers, strings and booleans of Python."""
    samples, agrees = chunk.samples, world_of(scenario).agrees(chunk.samples)
    values: dict[str, list[Any]] = {
        "split": [chunk.part] * len(samples.labels),
        "index": chunk.bases.tolist(),
        "caption": samples.captions,
        "label": samples.labels.tolist(),
        "true_label": chunk.shown.tolist(),
        "env_id": samples.env_ids.tolist(),
        "group_id": samples.group_ids.tolist(),
    }
    for name, numbers in samples.channel_values.items():
        values |= {name: numbers.tolist(), f"{name}_aligned": agrees[name].tolist()}
    return values


def columns_of_text(scenario: Description) -> list[Column]:
    """Return the columns of a table of text: the numbers of classes and channel values, and their names."""
    columns = []
    for column in columns_of(scenario):
        columns.append(column)
        if column.beside:
            columns.append(Column(column.beside, "text", f"name of {column.name}"))
    return columns


def rows_of(scenario: Description, chunk: Chunk) -> Iterator[tuple[Any, ...]]:
    """Return the lines of a table of text, their entries in the order of `columns_of_text`."""
    values = values_of(scenario, chunk)
    entries: list[Iterable[Any]] = []
    for column in columns_of(scenario):
        numbers = values[column.name]
        entries.append(numbers)
        if column.beside:
            entries.append([column.names[number] for number in numbers])
    return zip(*entries, strict=True)
