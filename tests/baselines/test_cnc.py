import math

import pytest
import torch

from spurgen.baselines import cnc
from spurgen.baselines.cnc import Contrast, contrastive_loss, pairs
from spurgen.baselines.training.loop import Step, train

PROMISE = "anchors with positives were drawn"
HYPER = cnc.Hyperparameters(epochs=2, batch_size=16, first_epochs=1)


@pytest.fixture
def problem(make_pictures):
    return make_pictures(24)


def draw(n=24, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels, predictions = (torch.randint(0, 3, (n,), generator=generator) for _ in range(2))
    return torch.randn(n, 5, generator=generator, dtype=torch.float64), labels, predictions


def slow_loss(features, labels, predictions, temperature):
    """Loops over anchors, positives and negatives."""
    rows = [[x / math.hypot(*row) for x in row] for row in features.tolist()]
    losses = []
    for i, row in enumerate(rows):
        similar = [math.exp(sum(a * b for a, b in zip(row, other, strict=True)) / temperature) for other in rows]
        positives = [j for j in range(len(rows)) if labels[j] == labels[i] and predictions[j] != predictions[i]]
        negatives = [j for j in range(len(rows)) if labels[j] != labels[i] and predictions[j] == predictions[i]]
        below = sum(similar[j] for j in positives + negatives)
        if positives:
            losses.append(sum(-math.log(similar[j] / below) for j in positives) / len(positives))
    return sum(losses) / len(losses) if losses else 0.0


def test_positives_and_negatives_by_hand():
    labels, predictions = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 0])
    positives, negatives = pairs(labels, predictions)
    assert positives.nonzero().tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert negatives.nonzero().tolist() == [[0, 3], [1, 2], [2, 1], [3, 0]]


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_contrastive_loss_is_that_of_a_slow_reference(seed, temperature):
    features, labels, predictions = draw(seed=seed)
    found = contrastive_loss(features, *pairs(labels, predictions), temperature)
    assert found.item() == pytest.approx(slow_loss(features, labels, predictions, temperature))


def test_a_sample_drawn_twice_is_no_pair_of_itself():
    positives, negatives = pairs(torch.tensor([1, 1]), torch.tensor([2, 2]))
    assert not positives.any()
    assert not negatives.any()


def test_without_anchors_the_loss_is_0_and_its_gradient_finite():
    features, labels, _ = draw()
    features.requires_grad_()
    loss = contrastive_loss(features, *pairs(labels, labels), 0.1)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(features.grad, torch.zeros_like(features))


def test_the_objective_weighs_both_losses(problem):
    predictions = torch.arange(96) // 3 % 3
    step = Step(problem.network(HYPER), problem.train, torch.arange(20, 60), 0.0)
    loss = Contrast(predictions, HYPER)(step)
    contrast = slow_loss(step.features, step.labels, predictions[20:60], 0.1)
    assert loss.item() == pytest.approx(0.75 * contrast + 0.25 * step.losses.mean().item(), rel=1e-4)


def test_predictions_are_those_of_the_first_model_in_evaluation_mode(problem, monkeypatch):
    networks, predictions = [], []

    def recorded(network, *arguments, **named):
        networks.append(network)
        train(network, *arguments, **named)

    monkeypatch.setattr(cnc, "train", recorded)
    monkeypatch.setattr(cnc, "Contrast", lambda found, hyper: predictions.append(found) or Contrast(found, hyper))
    second = cnc.fit(problem, HYPER)
    assert second is networks[1]
    assert second is not networks[0]
    with torch.no_grad():
        assert torch.equal(predictions[0], networks[0].eval()(problem.train.inputs).argmax(1))
        assert not torch.equal(predictions[0], networks[0].train()(problem.train.inputs).argmax(1))


def test_batches_hold_right_and_wrong_predictions_of_every_class_alike(problem, monkeypatch):
    guesses = problem.train.labels.clone()
    guesses[[0, 3, 1]] = 2  # two errors of class 0, one of class 1, none of class 2
    samplers = []

    def recorded(*arguments, sampler, **named):
        samplers.append(sampler)
        train(*arguments, sampler=sampler, **named)

    monkeypatch.setattr(cnc, "train", recorded)
    monkeypatch.setattr(cnc, "logits", lambda *_: torch.nn.functional.one_hot(guesses, 3).float())
    cnc.fit(problem, HYPER)
    drawn = torch.cat([samplers[1](torch.Generator().manual_seed(i)).flatten() for i in range(60)])
    cells = (2 * problem.train.labels + (guesses != problem.train.labels))[drawn]
    shares = torch.bincount(cells, minlength=6) / len(drawn)
    torch.testing.assert_close(shares, torch.tensor([0.2, 0.2, 0.2, 0.2, 0.2, 0.0]), atol=0.02, rtol=0)


@pytest.mark.parametrize("collapsed", [False, True])
def test_a_first_model_that_offers_no_pairs_is_reported(collapsed, problem, monkeypatch):
    guesses = torch.zeros_like(problem.train.labels) if collapsed else problem.train.labels
    monkeypatch.setattr(cnc, "logits", lambda *_: torch.nn.functional.one_hot(guesses, 3).float())
    cnc.fit(problem, HYPER)
    assert problem.journal.checks == {PROMISE: False}


def test_pairs_are_reported(problem, monkeypatch):
    guesses = torch.arange(96) // 3 % 3
    monkeypatch.setattr(cnc, "logits", lambda *_: torch.nn.functional.one_hot(guesses, 3).float())
    cnc.fit(problem, HYPER)
    assert problem.journal.checks == {PROMISE: True}
