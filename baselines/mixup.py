"""Mixup (Zhang et al. 2018): ERM on convex combinations of two samples and of their labels."""

import torch
import torch.nn.functional as F
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor
from torch.distributions import Beta

from spurgen.baselines.training.samplers import Batches, Sampler, shuffled
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, Step, train, within


def shares(alpha: float, count: int) -> Tensor:
    """Draw from Beta(alpha, alpha), float32 (count,), with torch's default generator on the CPU."""
    return Beta(alpha, alpha).sample((count,))


class Mixing:
    """Training objective: the loss of mixed pairs, whose shares are drawn from Beta(alpha, alpha).

    `shared`: whether all pairs of a batch have the same share.
    """

    def __init__(self, alpha: float, *, shared: bool) -> None:
        self.alpha, self.shared = alpha, shared

    def __call__(self, step: Step) -> Tensor:
        """Return the loss of a batch."""
        return mixed_loss(step, shares(self.alpha, 1 if self.shared else len(step.indices) // 2))

    def whole(self, step: Step) -> Tensor:
        """Return the loss of all pairs, each with its own share, on frozen features.

        Logits are linear in the features, so mixing logits is mixing inputs, and each input is encoded only once.
        """
        first, second = step.network(step.data.inputs)[step.indices].chunk(2)
        own = shares(self.alpha, len(first)).to(first)
        logits = torch.lerp(second, first, own[:, None])
        return mixed_cross_entropy(logits, step.labels, own)


def mixed_loss(step: Step, own: Tensor) -> Tensor:
    """Return the mean cross-entropy of mixed inputs against equally mixed labels (Zhang et al. 2018, section 2).

    The first half of the step's 2b samples is mixed with the second, pair by pair. `own` is the share of the first,
    float32 (b,), or (1,) for all pairs. Images are mixed as pixels, captions as word vectors with their padding mask.
    """
    own = own.to(step.network.device)
    mixed = []
    for part in step.network.embed(step.inputs):
        first, second = part.chunk(2)
        mixed.append(torch.lerp(second, first, own.to(part.dtype).view(-1, *[1] * (part.ndim - 1))))
    return mixed_cross_entropy(step.network.head(step.network.encode_embedded(mixed)), step.labels, own)


def mixed_cross_entropy(logits: Tensor, labels: Tensor, own: Tensor) -> Tensor:
    """Return the mean loss of mixed pairs: `logits` (b, K); `labels` int64 (2b,), all first ones first; `own` (b,)."""
    first, second = (F.cross_entropy(logits, part, reduction="none") for part in labels.chunk(2))
    return torch.lerp(second, first, own).mean()


ALPHA = "Zhang et al. 2018, section 3.1: .1 to .4; SubpopBench: default .2, 10^U(-1, 1)"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the Beta parameter of the mixing shares; towards 0, pairs are hardly mixed."""

    alpha: float = within(0.01, 10.0, ALPHA, default=0.13, search=LogUniform(0.1, 1.0))


def with_partners(sampler: Sampler) -> Sampler:
    """Append to every batch the same samples in another random order, as the authors do."""

    def draw(generator: Generator) -> Tensor:
        batches = sampler(generator)
        order = torch.rand(batches.shape, generator=generator).argsort(1)
        return torch.cat([batches, batches.gather(1, order)], dim=1)

    return Batches(draw, paired=True)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on shuffled batches, each mixed with a permutation of itself, with one share per batch."""
    sampler = with_partners(shuffled(torch.arange(len(problem.train)), hyper.batch_size))
    return train(problem.network(hyper), problem, hyper, sampler=sampler, objective=Mixing(hyper.alpha, shared=True))


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0073, weight_decay=0.13),
    access="none",
    version=5,
    frozen={"l2": 0.001, "alpha": 0.15},
)
