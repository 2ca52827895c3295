from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import adversarial
from spurgen.baselines.adversarial import Adversaries, Hyperparameters, depends_on_class

CHANNELS = {"color": torch.tensor([0, 1, 2, 0, 1]), "shape": torch.tensor([1, 1, 0, 0, 1])}


@pytest.fixture
def fitted(fitted):
    return partial(fitted, adversarial.submission, epochs=12)


def build(weight=1.0):
    torch.manual_seed(0)
    return Adversaries({"color": 3, "shape": 2}, 4, Hyperparameters(adversary_weight=weight, adversary_width=8))


def step(progress, features):
    data, losses = SimpleNamespace(channels=CHANNELS), features.square().sum(1)
    return SimpleNamespace(
        features=features, losses=losses, data=data, indices=torch.arange(5), progress=progress, notes={}
    )


@pytest.fixture(autouse=True)
def _keep_the_generator():
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


def test_heads_minimise_and_features_maximise_the_adversaries_loss_by_the_ramped_weight():
    adversaries, features = build(weight=3.0), torch.randn(5, 4, requires_grad=True)
    adversaries(step(0.1, features)).backward()
    actual = features.grad, [head[0].weight.grad for head in adversaries.heads]

    own = features.detach().requires_grad_()
    heads = zip(adversaries.heads, CHANNELS.values(), strict=True)
    against = torch.stack([F.cross_entropy(head(own), values) for head, values in heads]).mean()
    (climb,) = torch.autograd.grad(against, own, retain_graph=True)
    torch.testing.assert_close(actual[0], 2 * own.detach() / 5 - 3 * 0.4621172 * climb)
    torch.testing.assert_close(actual[1], list(torch.autograd.grad(against, [h[0].weight for h in adversaries.heads])))


def test_accuracy_of_every_adversary_is_noted_and_only_early_predictions_are_counted():
    adversaries = build()
    for progress in (0.0, 0.29, 0.3, 0.9):
        taken = step(progress, torch.ones(5, 4))
        adversaries(taken)
    # ramp(0.29) = 0.896, ramp(0.3) = 0.905
    assert {name: seen.tolist() for name, seen in adversaries.targets.items()} == {"color": [4, 4, 2], "shape": [4, 6]}
    for name, values in CHANNELS.items():
        # Features of ones give the same prediction for all samples, correct as often as its value occurs.
        share = taken.notes[f"adversary_{name}"].item()
        assert adversaries.correct[name].item() == round(2 * 5 * share)
        assert share in (torch.bincount(values) / 5).tolist()


@pytest.mark.parametrize(
    ("correct", "targets", "learned"),
    [
        (62, [50, 50], False),  # binomial tail P(X >= 62) = .0105
        (63, [50, 50], True),  # .006
        (90, [90, 10], False),  # as many as always predicting 0
        (97, [90, 10], True),  # .0078
        (0, [50, 50], False),
    ],
)
def test_chance_is_the_best_constant_prediction(correct, targets, learned):
    adversaries = build()
    adversaries.correct["shape"], adversaries.targets["shape"] = torch.tensor(correct), torch.tensor(targets)
    assert adversaries.beat_chance("shape") is learned


@pytest.mark.parametrize(("lr", "passed"), [(5e-3, True), (1e-6, False)])
def test_sanity_check_passes_if_the_adversary_learns(lr, passed, fitted, make_data, make_context):
    report = fitted(make_data(modality="image"), make_context(), lr=lr).report()
    assert report["checks"] == {"the adversary of corner beat chance before the reversal took hold": passed}
    assert all(0 <= curve["adversary_corner"] <= 1 for curve in report["curves"])


def test_channel_independent_of_the_class_has_no_sanity_check(fitted, make_data, make_context):
    data = make_data(modality="text")
    data = replace(data, channel_values={"corner": np.arange(96) // 3 % 4 + 2})  # values 0 and 1 never occur
    assert fitted(data, make_context("text"), epochs=1).report()["checks"] == {}


def test_dependence_on_the_class_is_tested_on_the_counts():
    labels = torch.arange(60) % 3
    channels = {"same": labels, "other": torch.arange(60) // 3 % 2, "constant": torch.ones_like(labels)}
    data = SimpleNamespace(labels=labels, channels=channels)
    assert [depends_on_class(data, name) for name in channels] == [True, False, False]
