"""Training to the optimum: L-BFGS on all samples at once, for tasks of frozen features.

With epochs, what a method reaches depends on its budget long after all training samples are classified correctly. At
the optimum of its loss plus `l2` times the squared norm of its weights it does not.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Generator, Tensor, nn
from torch.optim import LBFGS

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.inference import close_epoch
from spurgen.baselines.training.journal import Checkpoint
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Pairs, Sampler, Shares
from spurgen.baselines.training.seeding import seeded
from spurgen.baselines.training.step import Objective, Step
from spurgen.benchmark.errors import SubmissionError

LOG = logging.getLogger(__name__)
TOLERANCE = 1e-3
"""Largest norm of the gradient, as a share of that of the l2 term, at which a solution counts as the optimum.

The two parts of the gradient cancel at the optimum. A loss that is convex in the weights is then, with its l2 term,
strongly convex with modulus 2 * l2, so the weights are within this share of those of the optimum.
"""
MAX_ITERATIONS = 10_000
HISTORY = 20
CHECKED_EVERY = 20
"""Iterations between two checks of the gradient."""
FIXED_EPOCHS = 2
"""Number of epochs of batches to draw for an objective that is not defined on all samples at once."""


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
    weights = sampler.weights if isinstance(sampler, Shares) else None
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
    if isinstance(sampler, Pairs):  # all samples, then all partners
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
