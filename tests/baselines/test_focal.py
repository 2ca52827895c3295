import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import focal
from spurgen.baselines.focal import focal_losses


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_gradient_is_finite_if_p_rounds_to_1(gamma):
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)  # p rounds to 1
    loss = focal_losses(F.cross_entropy(logits, torch.tensor([0]), reduction="none"), gamma).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_loss_of_a_batch_is_the_mean(gamma, captured, make_problem):
    problem = make_problem(24)
    seen = captured(focal, problem, gamma=gamma)
    step = seen.step(torch.arange(10))
    chances = torch.softmax(step.logits, dim=1).gather(1, step.labels[:, None])[:, 0]
    torch.testing.assert_close(seen.objective(step), ((1 - chances) ** gamma * -chances.log()).mean())
