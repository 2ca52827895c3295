"""Batches of random rows and sizes, drawn from a pool that chunks flow through.

Neither a row's place, nor its neighbours, nor the number of batches so far tells a submission what it is
asked about.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch

CHUNK = 1000  # rows, at most, that come at a time
MIXED = 8 * CHUNK  # rows among which a batch is drawn, if they are not too large
MIXED_BYTES = 1 << 28
SIZES = (200, CHUNK + 1)  # of a batch, as for `Generator.integers`
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    """Holds a stretch of inputs: rows `first` and on of the part that `part` names."""

    part: Hashable
    first: int
    inputs: Batch


def cut(part: Hashable, inputs: Batch) -> Iterator[Chunk]:
    """Cuts inputs into chunks of a part."""
    for start in range(0, len(inputs), CHUNK):
        yield Chunk(part, start, inputs.take(slice(start, start + CHUNK)))


class Pool:
    """Keeps rows in slots until they are drawn; `like` is a batch of the same kind as all that will come."""

    def __init__(self, like: Batch, rng: np.random.Generator) -> None:
        size = 1 if like.images is None else max(like.images[:1].nbytes, 1)
        self.enough = min(MIXED, max(CHUNK, MIXED_BYTES // size))
        """Rows beyond which a batch should be drawn before more are added."""
        slots = self.enough + CHUNK
        self._rng = rng
        self._images = None if like.images is None else np.empty((slots, *like.images.shape[1:]), np.uint8)
        self._captions = None if like.captions is None else np.empty(slots, object)
        self._origins = np.empty((slots, 2), np.int64)
        self._free, self._taken = np.arange(slots), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, inputs: Batch, number: int, first: int) -> None:
        """Adds rows `first` and on of part `number`: at most `CHUNK`, and only while there are not `enough`."""
        count = len(inputs)
        slots, self._free = self._free[:count], self._free[count:]
        if self._images is not None:
            self._images[slots] = inputs.images
        if self._captions is not None:
            self._captions[slots] = inputs.captions
        self._origins[slots] = np.stack([np.full(count, number), first + np.arange(count)], axis=1)
        self._taken = np.concatenate([self._taken, slots])

    def draw(self) -> tuple[Batch, Int64]:
        """Draws a batch of random rows; returns it with each row's part and place there, int64 (n, 2)."""
        size = int(self._rng.integers(*SIZES))
        order = self._rng.permutation(self._taken)
        slots, self._taken = order[:size], order[size:]
        self._free = np.concatenate([self._free, slots])
        images = None if self._images is None else self._images[slots]
        captions = None if self._captions is None else self._captions[slots].tolist()
        return Batch(images, captions), self._origins[slots]


def mixed(
    chunks: Iterable[Chunk], rng: np.random.Generator, parts: dict[Hashable, int]
) -> Iterator[tuple[Batch, Int64]]:
    """Yields batches as `Pool.draw` does; the parts are numbered in `parts` as they come."""
    pool: Pool | None = None
    for chunk in chunks:
        pool = pool or Pool(chunk.inputs, rng)
        pool.add(chunk.inputs, parts.setdefault(chunk.part, len(parts)), chunk.first)
        while len(pool) > pool.enough:
            yield pool.draw()
    while pool:
        yield pool.draw()
