import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from spurgen.baselines import lff
from spurgen.baselines.lff import RelativeDifficulty
from spurgen.baselines.training.problem import Problem
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


def test_weights_of_a_few_steps_are_those_of_a_slow_reference(problem):
    objective, network = objective_of(problem), problem.network(HYPER)
    averages = [{}, {}]
    for batch in ([0, 1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8], [0, 3, 6, 9, 12, 15]):
        step = Step(network, problem.train, torch.tensor(batch), 0.0)
        loss = objective(step)
        biased = cross_entropy(objective.biased(step.inputs), step.labels, reduction="none").tolist()
        own = step.losses.tolist()
        total = 0.0
        for average, losses in zip(averages, (biased, own), strict=True):
            for i, value in zip(batch, losses, strict=True):
                average[i] = 0.7 * average[i] + 0.3 * value if i in average else value
        for i, b, d in zip(batch, biased, own, strict=True):
            mates = [j for j in averages[0] if j % 3 == i % 3]  # labels are i % 3
            hard, easy = (average[i] / max(average[j] for j in mates) for average in averages)
            total += hard / (hard + easy) * d + (1 - math.exp(-b) ** 0.7) / 0.7
        assert loss.item() == pytest.approx(total / 6, rel=1e-4)


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


def test_samples_against_the_bias_weigh_more(make_data, make_context, stages):
    # One sample in eight has a label that contradicts its colour, so a network that relies on colour is biased.
    data = make_data(n=384, modality="image")
    against = np.arange(384) % 8 == 5
    labels = np.where(against, (data.labels + 1) % 3, data.labels)
    shown = dataclasses.replace(data, labels=labels).restrict("val_groups", "train")
    problem = Problem.of(shown, make_data(n=24, seed=1, modality="image"), make_context())
    recorded = stages(lff)
    lff.fit(problem, lff.Hyperparameters(epochs=4, batch_size=16))
    objective, minority = recorded[0].objective, torch.from_numpy(against)
    weights = objective.weights(torch.arange(384))
    assert weights[minority].mean() > 1.5 * weights[~minority].mean()
    curve = problem.journal.curves[-1]
    assert curve["biased_lead_where_easy"] > 0
    assert curve["weight_where_hard"] > curve["weight_where_easy"]


def test_equal_weights_fail_the_sanity_check(problem, monkeypatch):
    lff.fit(problem, HYPER)
    assert problem.journal.checks == {CHECK: True}
    monkeypatch.setattr(RelativeDifficulty, "weights", lambda _, indices: torch.full(indices.shape, 0.5))
    lff.fit(problem, HYPER)
    assert problem.journal.checks == {CHECK: False}
