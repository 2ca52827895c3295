import pytest
import torch

from spurgen.baselines.coral import coral_penalty
from spurgen.baselines.mmd import mmd_penalty
from spurgen.baselines.training.penalty import Environment


def environments(features):
    zeros = torch.zeros(features.shape[:2])
    return [Environment(*parts) for parts in zip(features, features, zeros.long(), zeros, strict=True)]


def test_mmd_keeps_its_digits_far_from_the_origin():
    near = torch.tensor([[[0.0], [0.03]], [[0.06], [0.09]]])
    far = mmd_penalty(environments(near + 256)).item()
    assert far == pytest.approx(mmd_penalty(environments(near)).item(), rel=1e-2)


@pytest.mark.parametrize("penalty", [coral_penalty, mmd_penalty])
def test_equal_environments_have_zero_penalty_and_finite_gradient(penalty):
    features = torch.arange(10.0).sin().view(1, 2, 5).repeat(2, 1, 1).requires_grad_()
    actual = penalty(environments(features))
    actual.backward()
    assert actual.item() == pytest.approx(0, abs=1e-5)
    assert features.grad.isfinite().all()
