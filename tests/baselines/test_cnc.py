from dataclasses import replace

import pytest
import torch

from spurgen.baselines import cnc
from spurgen.baselines.cnc import Contrast, contrastive_loss, pairs
from spurgen.baselines.training.step import Step

CHECK = "anchors with positives were drawn"
HYPER = cnc.Hyperparameters(epochs=2, batch_size=16, first_epochs=1)


@pytest.fixture
def problem(make_images):
    return make_images(24)


def test_without_anchors_loss_is_0_with_finite_gradient():
    features, labels = torch.arange(40.0).sin().view(8, 5).requires_grad_(), torch.arange(8) % 3
    loss = contrastive_loss(features, *pairs(labels, labels), 0.1)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(features.grad, torch.zeros_like(features))


def test_positives_share_the_class_alone_and_negatives_the_prediction_alone():
    positives, negatives = pairs(torch.tensor([0, 0, 0, 1, 1]), torch.tensor([0, 1, 0, 0, 1]))
    assert positives.tolist()[0] == [False, True, False, False, False]
    assert negatives.tolist()[0] == [False, False, False, True, False]


def test_the_objective_weighs_both_losses(problem):
    predictions = torch.arange(96) // 3 % 3
    step = Step(problem.network(HYPER), problem.train, torch.arange(20, 60), 0.0)
    loss = Contrast(predictions, replace(HYPER, contrast=0.25, temperature=0.1))(step)
    contrast = contrastive_loss(step.features, *pairs(step.labels, predictions[20:60]), 0.1)
    torch.testing.assert_close(loss, 0.25 * contrast + 0.75 * step.losses.mean())


def test_predictions_are_those_of_the_first_model_in_evaluation_mode(problem, stages):
    recorded = stages(cnc)
    returned = cnc.fit(problem, HYPER)
    first, second = recorded
    assert returned is second.network is not first.network
    predictions = second.objective.predictions
    with torch.no_grad():
        assert torch.equal(predictions, first.network.eval()(problem.train.inputs).argmax(1))
        assert not torch.equal(predictions, first.network.train()(problem.train.inputs).argmax(1))


def with_predictions(monkeypatch, predictions):
    monkeypatch.setattr(cnc, "logits", lambda *_: torch.nn.functional.one_hot(predictions, 3).float())


def test_batches_are_balanced_over_class_and_correctness(problem, monkeypatch, stages, shares):
    labels = problem.train.labels
    predictions = labels.clone()
    predictions[[0, 3, 1]] = 2  # two errors of class 0, one of class 1, none of class 2
    with_predictions(monkeypatch, predictions)
    recorded = stages(cnc)
    cnc.fit(problem, HYPER)
    actual = shares(recorded[1].sampler, 2 * labels + (predictions != labels), 6, 60)
    torch.testing.assert_close(actual, torch.tensor([0.2, 0.2, 0.2, 0.2, 0.2, 0.0]), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("predictions", "passed"),
    [(torch.arange(96) % 3, False), (torch.zeros(96, dtype=torch.int64), False), (torch.arange(96) // 3 % 3, True)],
    ids=["all correct", "all alike", "mixed"],
)
def test_sanity_check_passes_if_the_first_model_offers_pairs(predictions, passed, problem, monkeypatch):
    with_predictions(monkeypatch, predictions)
    cnc.fit(problem, HYPER)
    assert problem.journal.checks == {CHECK: passed}
