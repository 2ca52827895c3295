"""The samples that an objective sees at a time, and the objective that all others are built on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import torch.nn.functional as F
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data, Inputs


@dataclass
class Step:
    """One batch, or all samples, as an objective sees it; its properties are computed on first use.

    `indices` int64 (b,) point into `data`; `progress` in [0, 1) is the completed share of training. `weights` float64
    (b,), sum 1, are the shares with which a sampler would draw the samples, None if they are equal. The objective may
    add scalars to `notes`; their means over the epoch become part of the journal's curves.
    """

    network: Network
    data: Data
    indices: Tensor
    progress: float
    notes: dict[str, Tensor] = field(default_factory=dict)
    weights: Tensor | None = None

    @cached_property
    def inputs(self) -> Inputs:
        """Inputs of the batch."""
        return self.data.inputs.take(self.indices)

    @cached_property
    def labels(self) -> Tensor:
        """Labels, int64 (b,)."""
        return self.data.labels[self.indices]

    @cached_property
    def features(self) -> Tensor:
        """Features, float32 (b, d), with gradient."""
        return self.network.encode(self.inputs)

    @cached_property
    def logits(self) -> Tensor:
        """Logits, float32 (b, K), with gradient."""
        logits: Tensor = self.network.head(self.features)
        return logits

    @cached_property
    def losses(self) -> Tensor:
        """Cross-entropy of each sample, float32 (b,), nats, with gradient."""
        return F.cross_entropy(self.logits, self.labels, reduction="none")

    @cached_property
    def group_ids(self) -> Tensor:
        """Groups, int64 (b,)."""
        return self.data.groups[self.indices]

    @cached_property
    def twins(self) -> Inputs:
        """Inputs of the batch's twins."""
        return self.data.counterparts.take(self.indices)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of `values` (b,) over the samples, with their weights if they have any."""
        return values.mean() if self.weights is None else values @ self.weights


Objective = Callable[[Step], Tensor]
"""Function from a step to its scalar loss. If it is a `torch.nn.Module`, its parameters are trained as well.

`solve` calls its method `whole` instead, if it has one: the loss of all samples at once, as a smooth function of the
weights. It needs one if its loss keeps a state, is not smooth, or is scaled for Adam. Where `whole` depends on what the
objective computes from a solution, such as pseudo-labels, its method `renew(step)` does that between `rounds`. `start`
is a loss to minimise first. An objective with `solvable = False`, such as that of a saddle point, is trained by
gradient steps on frozen features too.
"""


def mean_loss(step: Step) -> Tensor:
    """Return the mean cross-entropy of the batch, nats."""
    return step.mean(step.losses)
