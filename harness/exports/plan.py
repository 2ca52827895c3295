"""The contents of a data set: its parts, the shards in which they are written, and their samples in chunks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from spurgen.benchmark.plugins import discover
from spurgen.generators import Samples
from spurgen.generators.streams import Int64
from spurgen.harness.exports.worlds import bases_of, draw, shown_in
from spurgen.harness.splits.freeze import Description, part_sizes

CHUNK = 500  # samples that are in memory at a time
SHARD = 10_000
FORMATS = "spurgen.harness.exports.formats"
WORK = ".spurgen"  # files that only an incomplete export needs: its plan and receipts of shards


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
    def form(self) -> ModuleType:
        """Module of the format."""
        return discover(FORMATS)[self.format]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Number of samples of every part."""
        sizes = part_sizes(self.scenario)
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
    for start in range(shard.start, shard.stop, CHUNK):
        stop = min(start + CHUNK, shard.stop)
        samples = draw(scenario, shard.part, start, stop, images=images)
        bases = bases_of(scenario, shard.part, start, stop)
        yield Chunk(shard.part, start, bases, samples, shown_in(scenario, shard.part, start, stop, samples))
