"""Which channel values go with which class, as labelled samples show it, and the groups that follow."""

import torch
from torch import Tensor

from spurgen.baselines.training.data import Data


class Alignment:
    """Which values of each channel are aligned with which class, according to labelled samples.

    A pair of class and value that does not occur counts as conflicting.
    """

    def __init__(self, labeled: Data, num_classes: int) -> None:
        self.tables: list[Tensor] = []
        """Whether a value is aligned with a class, bool (K, V) per channel."""
        for k, values in enumerate(labeled.channels.values()):
            aligned = (labeled.groups >> k) & 1 == 0
            table = torch.zeros(num_classes, int(values.max()) + 1, dtype=torch.bool, device=values.device)
            table[labeled.labels[aligned], values[aligned]] = True
            self.tables.append(table)

    def groups(self, labels: Tensor, values: list[Tensor]) -> Tensor:
        """Return the groups, int64 (n,), of samples with these `labels` and `values`, int64 (n,) per channel."""
        groups = labels << len(values)
        for k, (table, value) in enumerate(zip(self.tables, values, strict=True)):
            groups = groups + ((~table[labels, value]).long() << k)
        return groups
