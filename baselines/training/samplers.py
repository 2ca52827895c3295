"""Which samples meet in a batch: functions that draw the batches of one epoch.

Drawing happens on the CPU, so that a seed gives the same batches on every device.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

Sampler = Callable[[Generator], Tensor]
"""Draws an epoch: int64 (batches, batch size) indices into the training data."""


def shuffled(indices: Tensor, batch_size: int) -> Sampler:
    """Visits every entry of `indices` once per epoch, in random order.

    `indices` int64 (m,) may repeat a sample. What fills no whole batch is left out of that epoch;
    fewer than `batch_size` entries make one batch.
    """
    pool = indices.cpu()
    size = min(batch_size, len(pool))

    def draw(generator: Generator) -> Tensor:
        order = torch.randperm(len(pool), generator=generator)
        return pool[order[: len(pool) // size * size]].view(-1, size)

    return draw


def weighted(weights: Tensor, batch_size: int) -> Sampler:
    """Draws with replacement, in proportion to `weights` (n,), as many samples as there are."""
    chances = weights.cpu().double()
    size = min(batch_size, len(chances))

    def draw(generator: Generator) -> Tensor:
        count = len(chances) // size * size
        return torch.multinomial(chances, count, replacement=True, generator=generator).view(-1, size)

    return draw


def balanced(ids: Tensor, batch_size: int) -> Sampler:
    """Draws every id that occurs in `ids`, int64 (n,), equally often, and its samples uniformly."""
    # An id that never occurs is drawn by no sample's weight, so no count of zero is divided by.
    return weighted(1 / torch.bincount(ids)[ids], batch_size)


def per_environment(env_ids: Tensor, batch_size: int) -> Sampler:
    """Fills every batch with equally many samples of each environment that occurs.

    The samples of one environment stand together, in ascending order of `env_ids`, int64 (n,).
    An epoch ends when the smallest environment is used up.
    """
    present = torch.unique(env_ids.cpu())
    members = [torch.nonzero(env_ids.cpu() == env).flatten() for env in present]
    size = min(max(1, batch_size // len(members)), *map(len, members))
    draws = [shuffled(pool, size) for pool in members]

    def draw(generator: Generator) -> Tensor:
        epochs = [draw_one(generator) for draw_one in draws]
        batches = min(map(len, epochs))
        return torch.cat([epoch[:batches] for epoch in epochs], dim=1)

    return draw
