"""The one training loop, and what an objective sees of a step."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.samplers import Sampler
from spurgen.baselines.training.seeding import derive_seed, seeded
from spurgen.benchmark.errors import SubmissionError

WARM_UP = 0.2
"""Share of the training during which the learning rate rises."""


@dataclass
class Step:
    """Offers an objective everything about one batch; what it does not ask for is not computed.

    `indices` int64 (b,) point into `data`; `progress` in [0, 1) is the share of training done.
    """

    network: Network
    data: Data
    indices: Tensor
    progress: float

    @cached_property
    def inputs(self) -> Inputs:
        """Holds the batch's inputs."""
        return self.data.inputs.take(self.indices)

    @cached_property
    def labels(self) -> Tensor:
        """Is int64 (b,)."""
        return self.data.labels[self.indices]

    @cached_property
    def features(self) -> Tensor:
        """Is float32 (b, d), with gradient."""
        return self.network.encode(self.inputs)

    @cached_property
    def logits(self) -> Tensor:
        """Is float32 (b, K), with gradient."""
        logits: Tensor = self.network.head(self.features)
        return logits

    @cached_property
    def losses(self) -> Tensor:
        """Is each sample's cross-entropy, float32 (b,), nats, with gradient."""
        return F.cross_entropy(self.logits, self.labels, reduction="none")

    @cached_property
    def env_ids(self) -> Tensor:
        """Is int64 (b,)."""
        return self.data.environments[self.indices]

    @cached_property
    def group_ids(self) -> Tensor:
        """Is int64 (b,)."""
        return self.data.groups[self.indices]

    @cached_property
    def twins(self) -> Inputs:
        """Holds the inputs of the batch's twins."""
        return self.data.counterparts.take(self.indices)


Objective = Callable[[Step], Tensor]
"""Returns a step's scalar loss. A `torch.nn.Module` has its parameters trained with the network's."""


def mean_loss(step: Step) -> Tensor:
    """Returns the mean cross-entropy of the batch, nats."""
    return step.losses.mean()


def train(
    network: Network, data: Data, recipe: Recipe, *, sampler: Sampler, objective: Objective = mean_loss, seed: int
) -> list[float]:
    """Trains the network in place and returns the mean loss of each epoch, also added to its history.

    AdamW (Loshchilov & Hutter 2019) with a learning rate that rises linearly and falls as a cosine.
    Parameters that need no gradient stay as they are. The same seed gives the same weights on the
    same machine with the same number of threads; torch's global generator is left as it was.

    Raises `SubmissionError` when the loss stops being finite.
    """
    device = network.device
    generator = Generator().manual_seed(derive_seed(seed, "batches"))
    optimizer = _optimizer(network, objective, recipe, device)
    history = []
    network.train()
    with seeded(derive_seed(seed, "train"), device):
        for epoch in range(recipe.epochs):
            batches = sampler(generator).to(device)
            total = torch.zeros((), device=device)
            for number, indices in enumerate(batches):
                progress = (epoch + number / len(batches)) / recipe.epochs
                for group in optimizer.param_groups:
                    group["lr"] = recipe.lr * _schedule(progress)
                optimizer.zero_grad(set_to_none=True)
                loss = objective(Step(network, data, indices, progress))
                loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
                optimizer.step()
                total += loss.detach()
            history.append(total.item() / len(batches))
            if not math.isfinite(history[-1]):  # once an epoch: each look makes a GPU wait
                raise SubmissionError(f"the loss is {history[-1]} in epoch {epoch + 1} of {recipe.epochs}; lower lr")
    network.eval()
    network.history += history
    return history


def _optimizer(network: Network, objective: Objective, recipe: Recipe, device: torch.device) -> Optimizer:
    own = objective.to(device).parameters() if isinstance(objective, nn.Module) else ()
    trained = [p for p in chain(network.parameters(), own) if p.requires_grad]
    return AdamW(trained, lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)


def _schedule(progress: float) -> float:
    """Returns the share of the peak learning rate: up to 1 linearly, then down to 0 as a cosine."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))
