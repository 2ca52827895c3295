"""Convex combinations of two samples and of their labels, shared by `mixup` and `lisa`."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Beta

from spurgen.baselines.training.step import Step


def shares(alpha: float, count: int) -> Tensor:
    """Draw from Beta(alpha, alpha), float32 (count,), with torch's default generator on the CPU."""
    return Beta(alpha, alpha).sample((count,))


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
    logits = step.network.head(step.network.encode_embedded(mixed))
    first_losses, second_losses = (F.cross_entropy(logits, labels, reduction="none") for labels in step.labels.chunk(2))
    return torch.lerp(second_losses, first_losses, own.to(first_losses.dtype)).mean()
