"""Training of all methods: a loop over batches, or on frozen features a solver."""

import logging
import math
from collections import Counter
from dataclasses import replace
from itertools import chain

import torch
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.inference import close_epoch
from spurgen.baselines.training.journal import Checkpoint
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Sampler, shuffled
from spurgen.baselines.training.seeding import seeded
from spurgen.baselines.training.solve import solve
from spurgen.baselines.training.step import Objective, Step, mean_loss
from spurgen.benchmark.errors import SubmissionError

LOG = logging.getLogger(__name__)
MAX_CHECKPOINTS, MOST_EPOCHS = 10, 1000  # checkpoints include the last epoch's
FEATURE_STEPS, FEATURE_LR = 2000, 1e-3
"""Number of steps and learning rate on frozen features, for an objective that cannot be solved."""
WARM_UP = 0.2
"""Share of the training during which the learning rate rises."""


def train(
    network: Network,
    problem: Problem,
    recipe: Recipe,
    *,
    sampler: Sampler | None = None,
    objective: Objective = mean_loss,
    stage: str = "train",
    data: Data | None = None,
) -> Network:
    """Train the network in place, on `data` or else on the train split, store its checkpoints, and return it.

    On frozen features `solve` does this instead, unless the objective cannot be solved. Without a `sampler`, batches
    are `shuffled`. `stage` names the stage in the journal and in the random streams; each stage of a method has its
    own. The network is validated after every epoch, or on frozen features after those whose checkpoint is stored.

    The optimiser is AdamW (Loshchilov & Hutter 2019), with a learning rate that rises linearly and falls as a cosine.
    Parameters that need no gradient do not change. The same seed gives the same weights on the same machine with the
    same number of threads; torch's global random state does not change.

    Raises `SubmissionError` if the loss is not finite.
    """
    device = network.device
    data = problem.train if data is None else data
    if problem.solved:
        if getattr(objective, "solvable", True):
            return solve(network, problem, recipe, sampler=sampler, objective=objective, stage=stage, data=data)
        epochs = min(-(-FEATURE_STEPS * recipe.batch_size // len(data)), MOST_EPOCHS) * recipe.budget
        recipe = replace(recipe, epochs=epochs, lr=FEATURE_LR, weight_decay=0.0)
    draw = sampler or shuffled(torch.arange(len(data)), recipe.batch_size)
    generator = Generator().manual_seed(problem.seed_for(stage, "batches"))
    optimizer = _optimizer(network, objective, recipe, device)
    network.checkpoints.clear()
    with seeded(problem.seed_for(stage, "train"), device):
        for epoch in range(1, recipe.epochs + 1):
            network.train()
            batches, means = draw(generator).to(device), Means()
            for number, indices in enumerate(batches):
                progress = (epoch - 1 + number / len(batches)) / recipe.epochs
                for group in optimizer.param_groups:
                    group["lr"] = recipe.lr * _schedule(progress)
                optimizer.zero_grad(set_to_none=True)
                step = Step(network, data, indices, progress)
                loss = objective(step)
                if problem.solved:
                    loss = loss + recipe.l2 * sum(part.square().sum() for part in network.parameters() if part.ndim > 1)
                loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
                optimizer.step()
                means.add(step.notes | {"loss": loss})
            curve = means.read()  # once an epoch, since each read synchronises a GPU
            if not math.isfinite(curve["loss"]):
                raise SubmissionError(f"the loss is {curve['loss']} in epoch {epoch} of {recipe.epochs}; lower lr")
            LOG.info("%s: epoch %d of %d, loss %.3f", stage, epoch, recipe.epochs, curve["loss"])
            due = epoch == recipe.epochs or epoch % -(-recipe.epochs // MAX_CHECKPOINTS) == 0
            if due or not problem.solved:  # on frozen features an epoch takes a moment, and validating takes as long
                score = close_epoch(network, problem, stage, epoch, curve)
            if due:
                network.checkpoints.append(Checkpoint.of(network, epoch, score))
    return network.eval()


class Means:
    """Means of named scalars over the steps that have them; adding does not synchronise a GPU."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: Counter[str] = Counter()

    def add(self, values: dict[str, Tensor]) -> None:
        """Add scalars."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0) + value.detach()
            self._counts[name] += 1

    def read(self) -> dict[str, float]:
        """Return the means so far."""
        return {name: total.item() / self._counts[name] for name, total in self._sums.items()}


def _optimizer(network: Network, objective: Objective, recipe: Recipe, device: torch.device) -> Optimizer:
    own = objective.to(device, network.head.weight.dtype).parameters() if isinstance(objective, nn.Module) else ()
    trained = [p for p in chain(network.parameters(), own) if p.requires_grad]
    return AdamW(trained, lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)


def _schedule(progress: float) -> float:
    """Return the learning rate as a share of its peak: up to 1 linearly, then down to 0 as a cosine."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))
