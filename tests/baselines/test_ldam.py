import numpy as np
import pytest
import torch
from torch import nn

from spurgen.baselines import ldam


def test_head_scores_cosines_and_keeps_the_random_state():
    linear = nn.Linear(2, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[3.0, 0.0], [4.0, 4.0]]))
    before = torch.random.get_rng_state()
    head = ldam.CosineHead(linear, 10.0)
    assert torch.equal(before, torch.random.get_rng_state())
    actual = head(torch.tensor([[0.0, 7.0], [-2.0, 0.0], [0.0, 0.0]]))
    half = np.sqrt(0.5)
    torch.testing.assert_close(actual, torch.tensor([[0, 10 * half], [-10, -10 * half], [0, 0]]).float())


@pytest.mark.parametrize("sizes", ["groups", "classes"])
def test_the_loss_lowers_the_true_cosine_by_the_margin(sizes, captured, unequal_classes):
    data, problem = unequal_classes
    labels = data.labels
    seen = captured(ldam, problem, sizes=sizes, max_margin=0.4, scale=20.0)
    kinds = data.group_ids if sizes == "groups" else labels
    margins = np.bincount(kinds)[kinds] ** -0.25
    margins *= 0.4 / margins.max()
    indices = np.array([0, 7, 61, 62, 63, 71, 95])
    with torch.no_grad():
        step = seen.step(indices)
        feats, weight = step.features.double().numpy(), seen.network.head.weight.double().numpy()
        actual = seen.objective(step).item()
    cosines = feats @ weight.T / np.linalg.norm(feats, axis=1)[:, None] / np.linalg.norm(weight, axis=1)
    cosines[np.arange(7), labels[indices]] -= margins[indices]
    chances = np.exp(20 * cosines)
    chances /= chances.sum(1, keepdims=True)
    assert actual == pytest.approx(-np.log(chances[np.arange(7), labels[indices]]).mean(), rel=1e-4)
