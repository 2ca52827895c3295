"""mixup, and the mixing shared with lisa."""

import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import mixup
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.mixing import mixed_loss, shares
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.step import Step

MODALITIES = ["image", "text", "multimodal"]


@pytest.fixture
def make_step(make_data, make_context):
    def make(modality, indices):
        data = make_data(n=24, modality=modality)
        problem = Problem.of(data, data, make_context(modality))
        network = problem.network(Recipe()).eval()
        return Step(network, problem.train, torch.tensor(indices), 0.0)

    return make


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("share", [[0.25], [1.0, 0.5, 0.125, 0.0]])
def test_the_loss_is_that_of_mixed_inputs_against_mixed_labels(modality, share, make_step):
    first, second = [0, 1, 2, 3], [4, 3, 9, 11]
    step = make_step(modality, first + second)
    with torch.no_grad():
        actual = mixed_loss(step, torch.tensor(share)).item()
        expected = []
        for i, (a, b) in enumerate(zip(first, second, strict=True)):  # one pair at a time, with soft labels
            w = share[i % len(share)]
            parts = [step.network.embed(step.data.inputs.take(torch.tensor([k]))) for k in (a, b)]
            mixed = [(w * x.float() + (1 - w) * y.float()).to(x.dtype) for x, y in zip(*parts, strict=True)]
            logits = step.network.head(step.network.encode_embedded(mixed))
            labels = F.one_hot(step.data.labels[[a, b]], 3).float()
            expected.append(F.cross_entropy(logits, (w * labels[:1] + (1 - w) * labels[1:])))
    assert actual == pytest.approx(torch.stack(expected).mean().item(), rel=2e-3)


def test_batch_is_mixed_with_a_single_share(captured, make_problem, make_step):
    seen = captured(mixup, make_problem(24))
    with torch.random.fork_rng(), torch.no_grad():
        torch.default_generator.manual_seed(3)
        actual = seen.objective(make_step("text", [0, 1, 2, 5, 6, 7]))
        torch.default_generator.manual_seed(3)
        share = shares(mixup.Hyperparameters().alpha, 1)
    torch.testing.assert_close(actual, mixed_loss(make_step("text", [0, 1, 2, 5, 6, 7]), share.expand(3)))
