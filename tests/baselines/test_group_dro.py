import numpy as np
import pytest

from spurgen.baselines import group_dro
from spurgen.baselines.training import worst_group


def test_the_loss_weights_the_groups_by_their_losses(captured, make_problem):
    problem = make_problem(96)
    seen = captured(group_dro, problem, worst_group, eta=1.0, adjustment=3.0)
    groups = problem.train.groups.numpy()
    sizes = np.bincount(groups, minlength=7)
    rare = np.flatnonzero(groups % 2)
    indices = np.concatenate([np.arange(20), rare[:2], [7]])
    logs = np.where(sizes > 0, 0.0, -np.inf)
    for _ in range(2):  # the weights of the first batch are those that the second starts from
        step = seen.step(indices)
        losses, inside = step.losses.detach().double().numpy(), groups[indices]
        present = np.unique(inside)
        means = np.array([losses[inside == g].mean() for g in present])
        before = np.exp(logs)[present].sum()
        logs[present] += means + 3 / np.sqrt(sizes[present])
        logs[present] += np.log(before / np.exp(logs[present]).sum())
        weights = np.exp(logs) / np.exp(logs).sum()
        actual = seen.objective(step).item()
        assert actual == pytest.approx(weights[present] @ means, rel=1e-5)
        assert abs(actual - losses.mean()) > 1e-3
