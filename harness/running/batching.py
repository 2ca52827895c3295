"""Batches of random size whose rows are drawn at random from many chunks.

A submission cannot infer what a row belongs to from its place in the batch, from the rows beside it, or from the
number of batches so far.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spurgen.benchmark.contract import Batch, Int64

CHUNK = 1000  # rows of a chunk, at most
POOL_ROWS = 8 * CHUNK  # rows among which a batch is drawn, unless images take more than POOL_BYTES
POOL_BYTES = 1 << 28
SIZES = (200, CHUNK + 1)  # rows of a batch: low (included) and high (excluded)


@dataclass(frozen=True)
class Chunk:
    """Consecutive inputs: the rows from `first` on of the part named `part`."""

    part: Hashable
    first: int
    inputs: Batch


def cut(part: Hashable, inputs: Batch) -> Iterator[Chunk]:
    """Yield the inputs of a part in chunks."""
    for start in range(0, len(inputs), CHUNK):
        yield Chunk(part, start, inputs.take(slice(start, start + CHUNK)))


class Pool:
    """Rows in slots, from which random batches are drawn; `like` is a batch with the shapes of all that are added."""

    def __init__(self, like: Batch, rng: np.random.Generator) -> None:
        size = max(1, sum(part[:1].nbytes for part in (like.images, like.features) if part is not None))
        self.enough = min(POOL_ROWS, max(CHUNK, POOL_BYTES // size))
        """Number of rows above which a batch must be drawn before more are added."""
        slots = self.enough + CHUNK
        self._rng = rng
        captions = None if like.captions is None else np.array(like.captions, object)
        columns = {"images": like.images, "captions": captions, "features": like.features}
        self._rows = {
            k: np.empty((slots, *part.shape[1:]), part.dtype) for k, part in columns.items() if part is not None
        }
        self._origins = np.empty((slots, 2), np.int64)
        self._free, self._taken = np.arange(slots), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, inputs: Batch, number: int, first: int) -> None:
        """Add the rows from `first` on of part `number`: at most `CHUNK`, and only while there are at most `enough`."""
        count = len(inputs)
        slots, self._free = self._free[:count], self._free[count:]
        for name, rows in self._rows.items():
            rows[slots] = getattr(inputs, name)
        self._origins[slots] = np.stack([np.full(count, number), first + np.arange(count)], axis=1)
        self._taken = np.concatenate([self._taken, slots])

    def draw(self) -> tuple[Batch, Int64]:
        """Return a batch of random rows, and the part and place of each, int64 (n, 2); remove them from the pool."""
        size = int(self._rng.integers(*SIZES))
        order = self._rng.permutation(self._taken)
        slots, self._taken = order[:size], order[size:]
        self._free = np.concatenate([self._free, slots])
        drawn = {name: rows[slots] for name, rows in self._rows.items()}
        captions = drawn["captions"].tolist() if "captions" in drawn else None
        return Batch(drawn.get("images"), captions, drawn.get("features")), self._origins[slots]


def mix(chunks: Iterable[Chunk], rng: np.random.Generator, parts: dict[Any, int]) -> Iterator[tuple[Batch, Int64]]:
    """Yield random batches as `Pool.draw` returns them; number the parts in `parts`, in order of appearance."""
    pool: Pool | None = None
    for chunk in chunks:
        pool = pool or Pool(chunk.inputs, rng)
        pool.add(chunk.inputs, parts.setdefault(chunk.part, len(parts)), chunk.first)
        while len(pool) > pool.enough:
            yield pool.draw()
    while pool:
        yield pool.draw()
