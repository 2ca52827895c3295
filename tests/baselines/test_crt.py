"""crt and reweight_crt: the frozen part, the trained part, and the samples it is trained on."""

import dataclasses

import pytest
import torch

from spurgen.baselines import crt, reweight_crt
from spurgen.baselines.training import last_layer
from spurgen.baselines.training.inference import features
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.step import Step

METHODS = [crt, reweight_crt]
CHECK = "the features stayed as they were"
OPTIONS = {"epochs": 2, "batch_size": 16, "head_epochs": 3}


@pytest.fixture
def problem(make_data, make_context):
    data = make_data(n=96)
    return Problem.of(data, make_data(n=24, seed=1), make_context("multimodal"))


@pytest.fixture
def stages(stages):
    return stages(last_layer)


def fitted(method, problem, **options):
    hyper = dataclasses.replace(method.submission.HYPERPARAMETERS, **{**OPTIONS, **options})
    return method.fit(problem, hyper)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_head_is_trained_in_the_second_stage(method, problem, stages):
    after = fitted(method, problem).state_dict()
    changed = {name for name in after if not torch.equal(after[name], stages[1].before[name])}
    assert changed == {"head.weight", "head.bias"}  # running statistics included in what stays


@pytest.mark.parametrize("method", METHODS)
def test_the_second_stage_starts_from_erm_with_a_new_head(method, problem, stages):
    fitted(method, problem)
    assert [(stage.stage, stage.recipe.epochs) for stage in stages] == [("features", 2), ("head", 3)]
    fresh = problem.network(method.submission.HYPERPARAMETERS, "head").head.weight
    assert torch.equal(stages[1].before["head.weight"], fresh)
    assert not torch.equal(stages[1].before["fuse.0.weight"], stages[0].before["fuse.0.weight"])


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_is_that_of_the_head_on_features_of_evaluation_mode(method, problem, stages):
    network = fitted(method, problem)
    indices = torch.tensor([0, 5, 7, 8, 40, 95])
    labels = problem.train.labels[indices]
    z = features(network, problem.train.inputs)[indices] @ network.head.weight.T + network.head.bias
    weights = torch.ones(6)
    if method is reweight_crt:
        groups = problem.train.groups
        sizes = torch.tensor([(groups == group).sum() for group in groups])
        weights = (1 / sizes / (1 / sizes).mean())[indices]
    by_hand = (weights * (z.exp().sum(1).log() - z[range(6), labels])).mean()
    loss = stages[1].objective(Step(network.train(), problem.train, indices, 0.0))
    torch.testing.assert_close(loss, by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_changed_features_fail_the_sanity_check(method, problem, monkeypatch):
    fitted(method, problem)
    assert problem.journal.checks == {CHECK: True}

    def spoil(network, *arguments, stage, **named):
        train(network, *arguments, stage=stage, **named)
        if stage == "head":
            network.image.layers[0].bias.data += 0.5
        return network

    monkeypatch.setattr(last_layer, "train", spoil)
    fitted(method, problem)
    assert problem.journal.checks == {CHECK: False}
