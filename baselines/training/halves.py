"""The held-out samples in two parts: one to fit on, one to choose by."""

import torch
from torch import Generator, Tensor


def halves(groups: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Splits samples at random into two disjoint halves with equally many of each group, give or take one.

    `groups` int64 (n,); int64 (m,) indices twice, on the CPU. A group's odd sample goes to either half
    in turn, so that groups of one sample are not all on the same side.
    """
    order = torch.randperm(len(groups), generator=generator)
    order = order[groups.cpu()[order].argsort(stable=True)]
    return order[::2], order[1::2]
