"""reweight, sqrt_reweight and cb_loss: the weights, and their use in the loss."""

import numpy as np
import pytest
import torch

from spurgen.baselines import cb_loss, reweight, sqrt_reweight
from spurgen.baselines.training import weighting


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.9999, 0.999999])
def test_effective_number_is_the_geometric_sum(beta):
    sizes = torch.tensor([1.0, 2, 7, 1500], dtype=torch.float64)
    summed = [sum(beta**k for k in range(int(n))) for n in sizes]
    np.testing.assert_allclose(cb_loss.effective_number(sizes, beta), summed, rtol=1e-9)


@pytest.mark.parametrize(
    ("method", "weight_of", "options"),
    [
        (reweight, lambda n: 1 / n, {}),
        (sqrt_reweight, lambda n: n**-0.5, {}),
        (cb_loss, lambda n: (1 - 0.9) / (1 - 0.9**n), {"beta": 0.9}),
    ],
)
def test_loss_of_a_sample_is_weighted_by_its_group_size(method, weight_of, options, captured, make_data, make_problem):
    data, problem = make_data(n=96, modality="text"), make_problem()
    seen = captured(method, problem, weighting, **options)
    weights = weight_of(np.bincount(data.group_ids)[data.group_ids].astype(float))
    weights /= weights.mean()
    aligned = np.flatnonzero(data.group_ids % 2 == 0)  # a batch from which half the groups are absent
    for indices in (aligned, np.array([7, 95, 7]), np.arange(96)):
        logits = seen.network(problem.train.inputs.take(torch.tensor(indices))).double().detach().numpy()
        losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(indices)), data.labels[indices]]
        actual = seen.objective(seen.step(indices))
        assert actual.item() == pytest.approx((weights[indices] * losses).mean(), rel=1e-5)
