"""Samplers: functions that draw the batches of an epoch, on the CPU so that a seed means the same on every device."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

Sampler = Callable[[Generator], Tensor]
"""Function that draws an epoch: int64 (batches, batch size), indices into the training data."""


@dataclass(frozen=True)
class Batches:
    """A sampler, `draw`, with what `solve` may know of it.

    With `weights`, float64 (n,), its batches only estimate a mean over samples with these weights, in any unit, and
    `solve` needs no batches; samples after the last have the weight 0. If `paired`, a batch is b samples followed by a
    partner of each.
    """

    draw: Sampler
    weights: Tensor | None = None
    paired: bool = False

    def __call__(self, generator: Generator) -> Tensor:
        """Draw an epoch."""
        return self.draw(generator)


def shuffled(indices: Tensor, batch_size: int) -> Sampler:
    """Visit every entry of `indices` once per epoch, in random order.

    `indices` int64 (m,) may repeat a sample. Entries that do not fill a batch are left out of that epoch; fewer than
    `batch_size` entries form a single batch.
    """
    pool = indices.cpu()
    size = min(batch_size, len(pool))

    def draw(generator: Generator) -> Tensor:
        order = torch.randperm(len(pool), generator=generator)
        return pool[order[: len(pool) // size * size]].view(-1, size)

    return Batches(draw, torch.bincount(pool).double())


def weighted(weights: Tensor, batch_size: int) -> Sampler:
    """Draw about n samples per epoch with replacement, with probabilities proportional to `weights` (n,)."""
    probabilities = weights.cpu().double()
    size = min(batch_size, len(probabilities))

    def draw(generator: Generator) -> Tensor:
        count = len(probabilities) // size * size
        return torch.multinomial(probabilities, count, replacement=True, generator=generator).view(-1, size)

    return Batches(draw, probabilities)


def balanced(ids: Tensor, batch_size: int) -> Sampler:
    """Draw every id that occurs in `ids`, int64 (n,), with equal probability, and its samples uniformly."""
    return weighted(_equal(ids), batch_size)


def per_environment(env_ids: Tensor, batch_size: int) -> Sampler:
    """Fill every batch with equally many samples of each environment that occurs.

    The samples of an environment are contiguous, in ascending order of `env_ids`, int64 (n,). An epoch draws about n
    samples, so a small environment is visited more than once, and a large one in part.
    """
    present = torch.unique(env_ids.cpu())
    members = [torch.nonzero(env_ids.cpu() == env).flatten() for env in present]
    size = min(batch_size // len(members), *map(len, members))
    batches = len(env_ids) // (size * len(members))
    draws = [repeated(shuffled(pool, size), batches) for pool in members]

    def draw(generator: Generator) -> Tensor:
        return torch.cat([draw_one(generator) for draw_one in draws], dim=1)

    return Batches(draw, _equal(env_ids.cpu()))


def repeated(sampler: Sampler, count: int) -> Sampler:
    """Draw `count` batches, from as many epochs of a sampler as that takes."""

    def draw(generator: Generator) -> Tensor:
        batches = sampler(generator)
        while len(batches) < count:
            batches = torch.cat([batches, sampler(generator)])
        return batches[:count]

    return Batches(draw, getattr(sampler, "weights", None))


def halves(groups: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Split samples at random into two disjoint halves whose counts of each group differ by one at most.

    `groups` int64 (n,); returns two int64 (m,) of indices, on the CPU. The odd samples of groups go to the halves in
    turn, so that groups of one sample do not all end up in the same half.
    """
    order = torch.randperm(len(groups), generator=generator)
    order = order[groups.cpu()[order].argsort(stable=True)]
    return order[::2], order[1::2]


def _equal(ids: Tensor) -> Tensor:
    """Return weights that sum to 1 over the samples of each id, float32 (n,)."""
    # Counts are looked up by sample, so that an empty id divides nothing by zero.
    return 1 / torch.bincount(ids)[ids]
