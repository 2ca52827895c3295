"""reweight, sqrt_reweight and cb_loss: the weights, and their use in the loss."""

import numpy as np
import pytest
import torch

from spurgen.baselines import cb_loss, reweight, sqrt_reweight
from spurgen.baselines.training import weighting

GROUPS = torch.tensor([0] * 4 + [2] * 16 + [3])  # sizes 4, 0, 16, 1


@pytest.mark.parametrize(
    ("weight_of", "expected"),
    [
        # 1/4, 1/16, 1: of each group the weights sum to 1, of all to 3; times 21/3, so that they sum to 21
        (torch.reciprocal, [7 / 4, 7 / 16, 7]),
        # 1/2, 1/4, 1: the sum is 4 * 1/2 + 16 * 1/4 + 1 = 7; times 21/7
        (torch.rsqrt, [1.5, 0.75, 3]),
        # beta 1/2: 1.875, 1.99996948, 1 samples in effect; the inverses sum to 4/1.875 + 16/1.99996948 + 1
        (lambda n: 1 / cb_loss.effective_number(n, 0.5), [1.00597699, 0.94311782, 1.88620686]),
    ],
)
def test_weights_by_hand_with_mean_1_and_an_empty_group(weight_of, expected):
    weights = weighting.sample_weights(GROUPS, weight_of)
    per_sample = torch.tensor(expected)[[0] * 4 + [1] * 16 + [2]]
    torch.testing.assert_close(weights, per_sample, rtol=1e-6, atol=0)
    torch.testing.assert_close(weights.mean(), torch.tensor(1.0))


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
