import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from spurgen.baselines import ldam
from spurgen.baselines.training.inference import features, logits


def test_margins_by_hand():
    kinds = torch.tensor([3] + [0] * 16 + [2] * 81)  # 1, 16 and 81 samples: 1, 1/2 and 1/3 of the widest
    actual = ldam.margins(kinds, 0.6)
    torch.testing.assert_close(actual[[0, 1, 20]], torch.tensor([0.6, 0.3, 0.2]))
    assert len(actual) == 98


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


def test_predictions_use_the_trained_cosines_without_margins(make_problem):
    problem = make_problem()
    network = ldam.fit(problem, dataclasses.replace(ldam.Hyperparameters(), epochs=2, batch_size=16))
    weight = network.head.weight.detach()
    feats = features(network, problem.val.inputs)
    cosines = nn.functional.cosine_similarity(feats[:, None], weight[None], dim=2)
    torch.testing.assert_close(logits(network, problem.val.inputs), 30 * cosines, rtol=1e-3, atol=1e-3)
    network.load_state_dict(network.checkpoints[0].weights)  # the checkpoints are of the same head
