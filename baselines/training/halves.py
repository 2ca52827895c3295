"""Random halves of the held-out samples: one to fit on, one to select by."""

import torch
from torch import Generator, Tensor


def halves(groups: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Split samples at random into two disjoint halves whose counts of each group differ by one at most.

    `groups` int64 (n,); returns two int64 (m,) of indices, on the CPU. The odd samples of groups go to the halves in
    turn, so that groups of one sample do not all end up in the same half.
    """
    order = torch.randperm(len(groups), generator=generator)
    order = order[groups.cpu()[order].argsort(stable=True)]
    return order[::2], order[1::2]
