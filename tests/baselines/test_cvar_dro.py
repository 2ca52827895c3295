import torch

from spurgen.baselines.cvar_dro import cvar


def test_only_the_worst_samples_have_gradient():
    losses = torch.tensor([1.0, 8.0, 2.0, 4.0], requires_grad=True)
    cvar(losses, 0.375).backward()
    torch.testing.assert_close(losses.grad, torch.tensor([0.0, 1 / 1.5, 0.0, 0.5 / 1.5]))


def test_less_than_one_sample_is_the_largest_loss():
    assert cvar(torch.tensor([3.0, 1.0]), 0.01).item() == 3.0
    assert cvar(torch.tensor([0.5]), 0.1).item() == 0.5
