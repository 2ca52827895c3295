import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines.focal import focal_losses


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_gradient_is_finite_if_p_rounds_to_1(gamma):
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)  # p rounds to 1
    loss = focal_losses(F.cross_entropy(logits, torch.tensor([0]), reduction="none"), gamma).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
