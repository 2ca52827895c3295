import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines.irm import irm_penalty
from spurgen.baselines.training.penalty import Environment


def environments(logits, labels):
    losses = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)
    return [Environment(*parts) for parts in zip(logits, logits, labels, losses, strict=True)]


def by_autograd(logits, labels):
    """Return the penalty by differentiating each environment's risk with respect to a dummy scale, as in the paper."""
    penalties = []
    for z, y in zip(logits, labels, strict=True):
        scale = torch.ones((), dtype=z.dtype, requires_grad=True)
        (slope,) = torch.autograd.grad(F.cross_entropy(scale * z, y), scale, create_graph=True)
        penalties.append(slope.square())
    return torch.stack(penalties).mean()


@pytest.mark.parametrize("count", [2, 3])
def test_penalty_and_its_gradient_are_those_of_a_dummy_scale(count):
    generator = torch.Generator().manual_seed(count)
    inputs = torch.randn(count, 8, 5, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 4, (count, 8), generator=generator)
    weights = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    actual = irm_penalty(environments(inputs @ weights, labels))
    expected = by_autograd(inputs @ weights, labels)
    torch.testing.assert_close(actual, expected)
    gradients = [torch.autograd.grad(penalty, weights)[0] for penalty in (actual, expected)]
    assert gradients[0].abs().max() > 0
    torch.testing.assert_close(*gradients)
