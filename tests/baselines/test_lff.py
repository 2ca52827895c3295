import pytest
import torch
from torch.nn.functional import cross_entropy

from spurgen.baselines import lff
from spurgen.baselines.lff import RelativeDifficulty
from spurgen.baselines.training.step import Step

CHECK = "the weights differ between samples"
HYPER = lff.Hyperparameters(epochs=2, batch_size=16, q=0.7)


@pytest.fixture
def problem(make_images):
    return make_images(24, train=48)


def objective_of(problem):
    return RelativeDifficulty(problem.network(HYPER, "biased"), problem.train.labels, HYPER)


def gradients(loss, network):
    return torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)


def test_losses_of_zero_give_finite_weights(problem):
    objective = objective_of(problem)
    everything = torch.arange(48)
    for losses in (objective.biased_losses, objective.own_losses):
        losses.update(everything, torch.zeros(48))
    assert objective.weights(everything).isfinite().all()


def test_neither_gradient_reaches_the_other_network(problem):
    objective, network = objective_of(problem), problem.network(HYPER)
    step = Step(network, problem.train, torch.arange(16), 0.0)
    loss = objective(step)
    weights = objective.weights(step.indices)
    assert not weights.requires_grad
    biased = cross_entropy(objective.biased(step.inputs), step.labels, reduction="none")
    alone = {network: (weights * step.losses).mean(), objective.biased: ((1 - (-0.7 * biased).exp()) / 0.7).mean()}
    for model, own in alone.items():
        for actual, expected in zip(gradients(loss, model), gradients(own, model), strict=True):
            torch.testing.assert_close(actual, expected, rtol=0.05, atol=1e-4)  # both passes are in bfloat16


def test_equal_weights_fail_the_sanity_check(problem, monkeypatch):
    lff.fit(problem, HYPER)
    assert problem.journal.checks == {CHECK: True}
    monkeypatch.setattr(RelativeDifficulty, "weights", lambda _, indices: torch.full(indices.shape, 0.5))
    lff.fit(problem, HYPER)
    assert problem.journal.checks == {CHECK: False}
