"""Training of all methods, by a loop over batches or on frozen features by a solver, and predictions on whole splits.

With epochs, what a method reaches depends on its budget long after all training samples are classified correctly. At
the optimum of its loss plus `l2` times the squared norm of its weights it does not: `solve` finds that by L-BFGS on all
samples at once.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain

import torch
from torch import Generator, Tensor, nn
from torch.optim import LBFGS, AdamW, Optimizer

from spurgen.baselines.training.backbones import Checkpoint, Network
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.problem import Objective, Problem, Step, mean_loss, seeded
from spurgen.baselines.training.samplers import Sampler, shuffled
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.errors import SubmissionError

LOG = logging.getLogger(__name__)
MAX_CHECKPOINTS, MOST_EPOCHS = 10, 1000  # checkpoints include the last epoch's
FEATURE_STEPS, FEATURE_LR = 2000, 1e-3
"""Number of steps and learning rate on frozen features, for an objective that cannot be solved."""
WARM_UP = 0.2
"""Share of the training during which the learning rate rises."""
TOLERANCE = 1e-3
"""Largest norm of the gradient, as a share of that of the l2 term, at which a solution counts as the optimum.

The two parts of the gradient cancel at the optimum. A loss that is convex in the weights is then, with its l2 term,
strongly convex with modulus 2 * l2, so the weights are within this share of those of the optimum.
"""
MAX_ITERATIONS = 20_000
HISTORY = 20
CHECKED_EVERY = 20
"""Iterations between two checks of the gradient."""
FIXED_EPOCHS = 2
"""Number of epochs of batches to draw for an objective that is not defined on all samples at once."""
CHUNK = 128
"""Samples per forward pass: enough to use a core fully, few enough for the activations to stay in cache."""


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
            batches, noted = draw(generator).to(device), []
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
                noted.append({name: value.detach() for name, value in (step.notes | {"loss": loss}).items()})
            curve = _means(noted)  # once an epoch, since each read synchronises a GPU
            if not math.isfinite(curve["loss"]):
                raise SubmissionError(f"the loss is {curve['loss']} in epoch {epoch} of {recipe.epochs}; lower lr")
            LOG.info("%s: epoch %d of %d, loss %.3f", stage, epoch, recipe.epochs, curve["loss"])
            due = epoch == recipe.epochs or epoch % -(-recipe.epochs // MAX_CHECKPOINTS) == 0
            if due or not problem.solved:  # on frozen features an epoch takes a moment, and validating takes as long
                score = close_epoch(network, problem, stage, epoch, curve)
            if due:
                network.checkpoints.append(Checkpoint.of(network, epoch, score))
    return network.eval()


def _means(noted: list[dict[str, Tensor]]) -> dict[str, float]:
    """Return the means of named scalars over the steps that have them."""
    columns: dict[str, list[Tensor]] = {}
    for notes in noted:
        for name, value in notes.items():
            columns.setdefault(name, []).append(value)
    return {name: float(sum(values)) / len(values) for name, values in columns.items()}


def _optimizer(network: Network, objective: Objective, recipe: Recipe, device: torch.device) -> Optimizer:
    own = objective.to(device, network.head.weight.dtype).parameters() if isinstance(objective, nn.Module) else ()
    trained = [p for p in chain(network.parameters(), own) if p.requires_grad]
    return AdamW(trained, lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)


def _schedule(progress: float) -> float:
    """Return the learning rate as a share of its peak: up to 1 linearly, then down to 0 as a cosine."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))


@dataclass(frozen=True)
class Solution:
    """End of a minimisation: the iterations, the loss without the l2 term, and the gradient's norm as a share."""

    iterations: int
    loss: float
    gradient: float


def solve(
    network: Network,
    problem: Problem,
    recipe: Recipe,
    *,
    sampler: Sampler | None,
    objective: Objective,
    stage: str,
    data: Data,
) -> Network:
    """Minimise the objective over all samples, plus `l2` times the squared weights, and return the network.

    Samples count as often as the `sampler` would draw them. If a sampler has no such weights, since the objective
    compares or mixes the samples of a batch, a few epochs of batches are drawn once and stay the same, and so does what
    the objective draws at random.

    Raises `SubmissionError` if the loss is not finite.
    """
    network.train()
    if isinstance(objective, nn.Module):
        objective.to(network.device, torch.float64)
    steps = _steps(network, problem, sampler, stage, data)
    loss_of = getattr(objective, "whole", objective)
    seed = problem.seed_for(stage, "train")

    def loss(of: Objective = loss_of) -> Tensor:
        with seeded(seed, network.device):  # the same random numbers at every call
            return torch.stack([of(step) for step in steps()]).mean()

    parts = _parameters(loss, network, objective, recipe.l2)
    if hasattr(objective, "start"):
        minimise(lambda: loss(objective.start), *parts, recipe.budget)
    solution = minimise(loss, *parts, recipe.budget)
    for _ in range(getattr(objective, "rounds", 1) - 1):
        with torch.no_grad():
            objective.renew(next(steps()))  # type: ignore[attr-defined]
        solution = minimise(loss, *parts, recipe.budget)
    if not math.isfinite(solution.loss):
        raise SubmissionError(f"the loss is {solution.loss}; raise l2")
    LOG.info("%s: %s", stage, solution)
    score = close_epoch(network.eval(), problem, stage, 1, asdict(solution))
    problem.journal.check(f"{stage} reached its optimum", solution.gradient <= TOLERANCE)
    network.checkpoints[:] = [Checkpoint.of(network, 1, score)]
    return network


def minimise(
    loss: Callable[[], Tensor], decayed: Sequence[tuple[Tensor, float]], free: Sequence[Tensor], budget: int = 1
) -> Solution:
    """Minimise a loss plus the sum of strength * squared norm over `decayed` parameters; `free` ones have no such term.

    Limited-memory BFGS with a line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithm 7.5), until
    `TOLERANCE` / `budget` or `MAX_ITERATIONS` * `budget` is reached. `loss` must be a smooth function of the
    parameters.
    """
    parameters = [*(part for part, _ in decayed), *free]
    optimizer = LBFGS(
        parameters, max_iter=CHECKED_EVERY, max_eval=25 * CHECKED_EVERY, tolerance_grad=0, tolerance_change=0,
        history_size=HISTORY, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss() + sum(strength * part.square().sum() for part, strength in decayed)
        value.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        return value

    done, before = 0, math.inf
    while True:
        value = closure().item()
        share = _gradient_share(parameters, decayed)
        stuck = not value < before  # at the limit of rounding, or NaN
        if share <= TOLERANCE / budget or done >= MAX_ITERATIONS * budget or stuck:
            break
        before = value
        optimizer.step(closure)  # type: ignore[no-untyped-call]  # torch ships it untyped
        done += CHECKED_EVERY
    term = sum(strength * part.detach().square().sum().item() for part, strength in decayed)
    return Solution(done, value - term, share)


def _gradient_share(parameters: Sequence[Tensor], decayed: Sequence[tuple[Tensor, float]]) -> float:
    """Return the norm of the gradient, divided by that of the l2 term's part."""
    whole = sum(part.grad.square().sum().item() for part in parameters if part.grad is not None)
    term = sum((2 * strength * part.detach()).square().sum().item() for part, strength in decayed)
    return math.sqrt(whole / term) if term else math.inf


def _steps(
    network: Network, problem: Problem, sampler: Sampler | None, stage: str, data: Data
) -> Callable[[], Iterator[Step]]:
    """Return a function that makes the steps of an evaluation: one of all samples, or fixed batches of a sampler."""
    weights = getattr(sampler, "weights", None)
    device = data.labels.device
    everything = torch.arange(len(data), device=device)
    if sampler is None or weights is not None:
        shares = None if weights is None else _shares(weights, len(data)).to(device)

        def whole() -> Iterator[Step]:
            step = Step(network, data, everything, 1.0, weights=shares)
            step.inputs, step.labels = data.inputs, data.labels  # without a copy
            yield step

        return whole
    generator = Generator().manual_seed(problem.seed_for(stage, "batches"))
    batches = [batch for _ in range(FIXED_EPOCHS) for batch in sampler(generator).to(device)]
    if getattr(sampler, "paired", False):  # all samples, then all partners
        batches = [torch.stack(batches).view(len(batches), 2, -1).transpose(0, 1).flatten()]
    return lambda: (Step(network, data, indices, 1.0) for indices in batches)


def _shares(weights: Tensor, count: int) -> Tensor:
    """Return weights of `count` samples, float64 (count,), which sum to 1; a sampler may end with an earlier one."""
    padded = torch.zeros(count, dtype=torch.float64)
    padded[: len(weights)] = weights
    return padded / padded.sum()


def _parameters(
    loss: Callable[[], Tensor], network: Network, objective: Objective, l2: float
) -> tuple[list[tuple[Tensor, float]], list[Tensor]]:
    """Return the parameters that the loss depends on: matrices with their strength of l2, and the biases.

    The others must stay as they are, such as an encoder below a head that is retrained.
    """
    own = objective if isinstance(objective, nn.Module) else nn.Module()
    network.zero_grad()
    own.zero_grad()
    loss().backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
    strengths = (
        (part, strength)
        for module, strength in ((network, l2), (own, getattr(own, "l2", l2)))
        for part in module.parameters()
        if part.grad is not None
    )
    trained = list(strengths)
    return [entry for entry in trained if entry[0].ndim > 1], [part for part, _ in trained if part.ndim == 1]


def logits(network: Network, inputs: Inputs) -> Tensor:
    """Return logits float32 (n, K) on the CPU."""
    return _in_chunks(network, network, inputs, network.head.out_features)


def features(network: Network, inputs: Inputs) -> Tensor:
    """Return features float32 (n, d) on the CPU."""
    return _in_chunks(network, network.encode, inputs, network.head.in_features)


@torch.no_grad()  # not inference_mode: a method may train on these features
def _in_chunks(network: Network, function: Callable[[Inputs], Tensor], inputs: Inputs, width: int) -> Tensor:
    # Published results once counted errors in training mode, that is with batch statistics.
    training = network.training
    network.eval()
    outputs = torch.empty(len(inputs), width)
    for start in range(0, len(inputs), CHUNK):
        outputs[start : start + CHUNK] = function(inputs.take(slice(start, start + CHUNK)))
    network.train(training)
    return outputs


def validate(network: Network, data: Data) -> ValScore:
    """Score a network on a split, per group if the split shows groups."""
    correct = (logits(network, data.inputs).argmax(1).to(data.labels.device) == data.labels).double()
    if data.group_ids is None:
        return ValScore(correct.mean().item())
    patterns = data.group_ids % (data.num_groups // network.head.out_features)
    by_group, by_pattern = (_accuracies(correct, kinds) for kinds in (data.group_ids, patterns))
    return ValScore(correct.mean().item(), by_group.min().item(), by_group.mean().item(), by_pattern.min().item())


def close_epoch(network: Network, problem: Problem, stage: str, epoch: int, curve: Mapping[str, float]) -> ValScore:
    """Score a network on val, and add an entry with `curve` and the scores to the journal's curves."""
    score = validate(network, problem.val)
    scores = {"val_accuracy": score.accuracy, "val_wga": score.worst, "val_robust": score.robust}
    shown = {name: value for name, value in scores.items() if value is not None}
    problem.journal.curves.append({"stage": stage, "epoch": epoch, **curve, **shown})
    return score


def _accuracies(correct: Tensor, kinds: Tensor) -> Tensor:
    """Return the accuracy on each kind of sample that occurs; `correct` float64 (n,), `kinds` int64 (n,)."""
    sizes = torch.bincount(kinds)
    return (torch.bincount(kinds, correct) / sizes)[sizes > 0]
