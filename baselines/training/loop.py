"""The one training loop, and what an objective sees of a step."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.inference import validate
from spurgen.baselines.training.journal import Checkpoint
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Sampler
from spurgen.baselines.training.seeding import seeded
from spurgen.benchmark.errors import SubmissionError

KEPT = 10
WARM_UP = 0.2
"""Share of the training during which the learning rate rises."""


@dataclass
class Step:
    """Offers an objective everything about one batch; what it does not ask for is not computed.

    `indices` int64 (b,) point into `data`; `progress` in [0, 1) is the share of training done.
    What the objective puts into `notes`, scalars by name, is averaged over the epoch and joins the
    journal's curves.
    """

    network: Network
    data: Data
    indices: Tensor
    progress: float
    notes: dict[str, Tensor] = field(default_factory=dict)

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
    network: Network,
    problem: Problem,
    recipe: Recipe,
    *,
    sampler: Sampler,
    objective: Objective = mean_loss,
    stage: str = "train",
    data: Data | None = None,
) -> None:
    """Trains the network in place, on `data` or else on the train split, and keeps its checkpoints.

    `stage` names what is trained, in the journal and in the random streams; a method with several
    gives each its own. After every epoch the network is validated.

    AdamW (Loshchilov & Hutter 2019) with a learning rate that rises linearly and falls as a cosine.
    Parameters that need no gradient stay as they are. The same seed gives the same weights on the
    same machine with the same number of threads; torch's global generator is left as it was.

    Raises `SubmissionError` when the loss stops being finite.
    """
    device = network.device
    data = problem.train if data is None else data
    generator = Generator().manual_seed(problem.seed_for(stage, "batches"))
    optimizer = _optimizer(network, objective, recipe, device)
    network.checkpoints.clear()
    with seeded(problem.seed_for(stage, "train"), device):
        for epoch in range(recipe.epochs):
            network.train()
            batches = sampler(generator).to(device)
            means = Means()
            for number, indices in enumerate(batches):
                progress = (epoch + number / len(batches)) / recipe.epochs
                for group in optimizer.param_groups:
                    group["lr"] = recipe.lr * _schedule(progress)
                optimizer.zero_grad(set_to_none=True)
                step = Step(network, data, indices, progress)
                loss = objective(step)
                loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
                optimizer.step()
                means.add(step.notes | {"loss": loss})
            curve = means.read()  # once an epoch: each look makes a GPU wait
            if not math.isfinite(curve["loss"]):
                raise SubmissionError(f"the loss is {curve['loss']} in epoch {epoch + 1} of {recipe.epochs}; lower lr")
            _close_epoch(network, problem, recipe, stage, epoch + 1, curve)
    network.eval()


class Means:
    """Averages named scalars over the steps that have them, without making a GPU wait."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: Counter[str] = Counter()

    def add(self, values: dict[str, Tensor]) -> None:
        """Adds scalars."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0) + value.detach()
            self._counts[name] += 1

    def read(self) -> dict[str, float]:
        """Returns the means so far."""
        return {name: total.item() / self._counts[name] for name, total in self._sums.items()}


def _close_epoch(
    network: Network, problem: Problem, recipe: Recipe, stage: str, epoch: int, curve: dict[str, float]
) -> None:
    """Validates, writes the journal, and keeps a checkpoint of at most ten epochs and of the last."""
    score = validate(network, problem.val)
    found = {"val_accuracy": score.accuracy} | ({} if score.worst is None else {"val_wga": score.worst})
    problem.journal.curves.append({"stage": stage, "epoch": epoch, **curve, **found})
    if epoch == recipe.epochs or epoch % -(-recipe.epochs // KEPT) == 0:
        weights = {name: part.detach().clone() for name, part in network.state_dict().items()}
        network.checkpoints.append(Checkpoint(epoch, weights, score))


def _optimizer(network: Network, objective: Objective, recipe: Recipe, device: torch.device) -> Optimizer:
    own = objective.to(device).parameters() if isinstance(objective, nn.Module) else ()
    trained = [p for p in chain(network.parameters(), own) if p.requires_grad]
    return AdamW(trained, lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)


def _schedule(progress: float) -> float:
    """Returns the share of the peak learning rate: up to 1 linearly, then down to 0 as a cosine."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))
