"""crt and reweight_crt: what they freeze, what they train, and on which samples."""

import dataclasses

import numpy as np
import pytest
import torch

from spurgen.baselines import crt, reweight_crt
from spurgen.baselines.training import last_layer
from spurgen.baselines.training.inference import features
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.problem import Problem

METHODS = [crt, reweight_crt]
PROMISE = "the features stayed as they were"
OPTIONS = {"epochs": 2, "batch_size": 16, "head_epochs": 3}


@pytest.fixture
def problem(make_data, make_context):
    data = make_data(n=96)
    return Problem.of(data, make_data(n=24, seed=1), make_context("multimodal"))


@pytest.fixture
def stages(monkeypatch):
    """Records what each stage is given; returns the records, which fill up as a method fits."""
    seen = []

    def recorded(network, problem, recipe, **named):
        before = {name: part.detach().clone() for name, part in network.state_dict().items()}
        seen.append({"network": network, "before": before, "recipe": recipe, **named})
        train(network, problem, recipe, **named)

    monkeypatch.setattr(last_layer, "train", recorded)
    return seen


def fitted(method, problem, **options):
    hyper = dataclasses.replace(method.Hyperparameters(), **{**OPTIONS, **options})
    return method.fit(problem, hyper)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_head_is_trained_in_the_second_stage(method, problem, stages):
    after = fitted(method, problem).state_dict()
    before = stages[1]["before"]
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"head.weight", "head.bias"}  # running statistics included in what stays


@pytest.mark.parametrize("method", METHODS)
def test_the_second_stage_starts_from_erm_with_a_new_head(method, problem, stages):
    fitted(method, problem)
    assert [stage["stage"] for stage in stages] == ["features", "head"]
    assert [stage["recipe"].epochs for stage in stages] == [2, 3]
    fresh = problem.network(method.Hyperparameters(), "head").head.weight
    assert torch.equal(stages[1]["before"]["head.weight"], fresh)
    assert not torch.equal(stages[1]["before"]["fuse.0.weight"], stages[0]["before"]["fuse.0.weight"])


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
    loss = stages[1]["objective"](Step(network.train(), problem.train, indices, 0.0))
    torch.testing.assert_close(loss, by_hand, rtol=1e-4, atol=1e-5)


def test_crt_draws_every_group_that_occurs_equally_often(problem, stages):
    fitted(crt, problem)
    groups = problem.train.groups
    drawn = torch.cat([stages[1]["sampler"](torch.Generator().manual_seed(i)).flatten() for i in range(80)])
    shares = torch.bincount(groups[drawn], minlength=7) / len(drawn)
    torch.testing.assert_close(shares, torch.tensor([1 / 6] * 6 + [0]), atol=0.02, rtol=0)


def test_reweight_crt_draws_every_sample_once(problem, stages):
    fitted(reweight_crt, problem)
    assert stages[1]["sampler"](torch.Generator()).flatten().sort().values.tolist() == list(range(96))


@pytest.mark.parametrize("method", METHODS)
def test_features_that_moved_are_reported(method, problem, monkeypatch):
    fitted(method, problem)
    assert problem.journal.checks == {PROMISE: True}

    def spoil(network, *arguments, stage, **named):
        train(network, *arguments, stage=stage, **named)
        if stage == "head":
            network.image.layers[0].bias.data += 0.5

    monkeypatch.setattr(last_layer, "train", spoil)
    fitted(method, problem)
    assert problem.journal.checks == {PROMISE: False}


@pytest.mark.parametrize("method", METHODS)
def test_a_checkpoint_never_brings_the_old_head_back(method, make_data, make_context):
    data = make_data(n=48)
    trained = method.submission.with_options(**OPTIONS)
    trained.fit(data, data, make_context("multimodal"))
    assert trained.checkpoints() == 3
    known = trained.encode(data.batch)
    for place in range(3):
        trained.restore(place)
        np.testing.assert_array_equal(trained.encode(data.batch), known)
