import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from spurgen.baselines import cvar_dro
from spurgen.baselines.cvar_dro import cvar


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.33, 0.77, 1.0])
def test_cvar_is_the_worst_mean_over_capped_weights(alpha):
    losses = torch.rand(64, generator=torch.Generator().manual_seed(1)) * 5
    cap = 1 / (alpha * 64)
    worst = linprog(-losses.double().numpy(), A_eq=np.ones((1, 64)), b_eq=[1.0], bounds=(0, cap))
    assert cvar(losses, alpha).item() == pytest.approx(-worst.fun, rel=1e-6)


def test_only_the_worst_samples_have_gradient():
    losses = torch.tensor([1.0, 8.0, 2.0, 4.0], requires_grad=True)
    cvar(losses, 0.375).backward()
    torch.testing.assert_close(losses.grad, torch.tensor([0.0, 1 / 1.5, 0.0, 0.5 / 1.5]))


def test_less_than_one_sample_is_the_largest_loss():
    assert cvar(torch.tensor([3.0, 1.0]), 0.01).item() == 3.0
    assert cvar(torch.tensor([0.5]), 0.1).item() == 0.5


@pytest.mark.parametrize(("alpha", "count"), [(0.1, 1), (0.5, 5), (1.0, 10)])
def test_loss_of_a_batch_is_the_mean_of_its_worst_samples(alpha, count, captured, make_problem):
    problem = make_problem(24)
    seen = captured(cvar_dro, problem, alpha=alpha)
    step = seen.step(torch.arange(10))
    torch.testing.assert_close(seen.objective(step), step.losses.topk(count).values.mean())
