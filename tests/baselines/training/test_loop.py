import math

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from spurgen.baselines.training import inference
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.samplers import shuffled
from spurgen.benchmark.checkpoint_rules import ValScore

RECIPE = Recipe(epochs=2, batch_size=16, lr=0.1, weight_decay=0.5)


def nothing(step):
    """Return a loss without gradient, so that only weight decay changes the weights."""
    return 0.0 * step.losses.sum()


@pytest.fixture
def trained(make_problem):
    """Return a function that trains 2 epochs of 5 steps; it returns weights before and after, and learning rates."""

    def run(recipe=RECIPE):
        problem, rates = make_problem(80), []
        network = problem.network(recipe)
        before = [p.detach().clone() for p in network.parameters()]
        hook = register_optimizer_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
        try:
            train(network, problem, recipe, sampler=shuffled(torch.arange(80), 16), objective=nothing)
        finally:
            hook.remove()
        return before, list(network.parameters()), rates

    return run


def test_learning_rate_rises_to_its_peak_and_falls_as_a_cosine(trained):
    _, _, rates = trained()
    # progress is 0, .1, .2, ...; the rate rises from 5 % until .2, then half a cosine spans the other .8
    falling = [0.5 + 0.5 * math.cos(math.pi * k / 8) for k in range(8)]
    assert rates == pytest.approx([0.1 * share for share in (0.05, 0.525, *falling)])


def test_a_curve_names_each_score_on_val(make_problem, monkeypatch):
    monkeypatch.setattr(inference, "validate", lambda *_: ValScore(0.9, 0.1, 0.5, 0.3))
    problem, recipe = make_problem(6), Recipe(epochs=1, batch_size=6)
    train(problem.network(recipe), problem, recipe)
    shown = {name: value for name, value in problem.journal.curves[0].items() if name.startswith("val_")}
    assert shown == {"val_accuracy": 0.9, "val_wga": 0.1, "val_robust": 0.3}


def test_weights_decay_by_the_learning_rate_times_the_weight_decay(trained):
    before, after, rates = trained()
    left = math.prod(1 - 0.5 * rate for rate in rates)
    assert 0.5 < left < 0.9
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(b.detach(), left * a, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("epochs", "stored"),
    [(3, [1, 2, 3]), (10, [*range(1, 11)]), (11, [2, 4, 6, 8, 10, 11]), (25, [*range(3, 25, 3), 25])],
)
def test_at_most_ten_checkpoints_are_stored_including_the_last(epochs, stored, make_problem):
    problem, recipe = make_problem(6), Recipe(epochs=epochs, batch_size=6, lr=0.1, weight_decay=0.5)
    network = problem.network(recipe)
    train(network, problem, recipe, sampler=shuffled(torch.arange(6), 6), objective=nothing)
    assert len(stored) <= 10
    assert [checkpoint.epoch for checkpoint in network.checkpoints] == stored
    sizes = [checkpoint.weights["head.weight"].norm().item() for checkpoint in network.checkpoints]
    assert sizes == sorted(set(sizes), reverse=True)  # weights decay, so each epoch has its own
    assert sizes[-1] == network.head.weight.norm().item()
    accuracies = [curve["val_accuracy"] for curve in problem.journal.curves]
    assert [checkpoint.score.accuracy for checkpoint in network.checkpoints] == [accuracies[k - 1] for k in stored]
