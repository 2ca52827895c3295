import pytest
import torch

from spurgen.baselines import erm, group_dro, resample
from spurgen.baselines.training import worst_group


@pytest.mark.parametrize(("method", "module"), [(resample, None), (group_dro, worst_group)])
def test_batches_hold_every_group_equally_often_not_every_class(method, module, captured, make_problem, shares):
    problem = make_problem(960)
    actual = shares(captured(method, problem, module).sampler, problem.train.groups, 7, 10)
    torch.testing.assert_close(actual, torch.tensor([1 / 6] * 6 + [0]), atol=0.02, rtol=0)


def test_loss_is_that_of_erm(captured, make_problem):
    problem = make_problem(48)
    for method in (erm, resample):
        seen = captured(method, problem)
        step = seen.step([0, 7, 7, 15, 30])
        expected = torch.nn.functional.cross_entropy(step.logits, step.labels)
        torch.testing.assert_close(seen.objective(step), expected)
        assert seen.data is None
