from types import SimpleNamespace

import pytest
import torch

from spurgen.baselines.training import worst_group
from spurgen.baselines.training.worst_group import WorstGroupLoss, WorstGroupRecipe


def test_the_weight_of_an_absent_group_does_not_decay():
    objective = WorstGroupLoss(torch.tensor([5, 5, 5, 5]), eta=0.1, adjustment=0.0)
    for _ in range(50):
        objective.update(torch.tensor([3.0, 1.0, 0.0, 2.0]), torch.tensor([True, True, False, True]))
    assert objective.weights[2].item() == 0.25
    assert objective.weights[0] > objective.weights[3] > objective.weights[1]
    torch.testing.assert_close(objective.weights.sum(), torch.tensor(1.0))


def test_group_weights_stay_finite_under_huge_losses():
    objective = WorstGroupLoss(torch.tensor([5, 5]), eta=1.0, adjustment=0.0)
    objective.update(torch.tensor([1e4, 1.0]), torch.tensor([True, True]))
    torch.testing.assert_close(objective.weights, torch.tensor([1.0, 0.0]))


def test_groups_that_no_batch_contains_are_recorded():
    objective = WorstGroupLoss(torch.tensor([9, 9, 0, 9]), eta=1.0, adjustment=0.0)
    for ids in ([0, 0], [3, 0]):
        assert objective.unseen.any()
        objective(SimpleNamespace(losses=torch.ones(2), group_ids=torch.tensor(ids)))
    assert objective.unseen.tolist() == [False, True, False, False]  # the third group is empty
    objective(SimpleNamespace(losses=torch.ones(1), group_ids=torch.tensor([1])))
    assert not objective.unseen.any()


@pytest.mark.parametrize("left_out", [False, True])
def test_a_group_that_no_batch_draws_fails_the_sanity_check(left_out, make_problem, monkeypatch):
    problem = make_problem(48)
    kept = problem.train.groups != problem.train.groups[0] if left_out else torch.ones(48, dtype=torch.bool)
    places = torch.nonzero(kept).flatten()
    monkeypatch.setattr(worst_group, "balanced", lambda *_: lambda _: places[: len(places) // 4 * 4].view(-1, 4))
    hyper = WorstGroupRecipe(epochs=1, batch_size=8)
    worst_group.train_worst_group(problem.network(hyper), problem, hyper, problem.train)
    assert problem.journal.checks == {"every group appeared": not left_out}
