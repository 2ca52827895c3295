import numpy as np
import pytest
import torch

from spurgen.baselines import jtt
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.samplers import weighted

PROMISE = "the error set is not empty"


@pytest.fixture
def problem(make_pictures):
    return make_pictures(24, train=48)


def fitted(monkeypatch, problem, guesses, **options):
    """Fits with a first model whose guesses are given; returns the stages, their first heads and the weights."""
    seen = {"stages": [], "starts": [], "weights": []}

    def recorded(*arguments, stage="train", **named):
        seen["stages"].append((stage, arguments[2].epochs))
        seen["starts"].append(arguments[0].head.weight.detach().clone())
        train(*arguments, stage=stage, **named)

    def weigh(weights, batch_size):
        seen["weights"].append(weights)
        return weighted(weights, batch_size)

    monkeypatch.setattr(jtt, "train", recorded)
    monkeypatch.setattr(jtt, "weighted", weigh)
    monkeypatch.setattr(jtt, "logits", lambda *_: torch.nn.functional.one_hot(guesses, 3).float())
    jtt.fit(problem, jtt.Hyperparameters(**{"epochs": 2, "batch_size": 16, **options}))
    return seen


def test_the_error_set_is_that_of_evaluation_mode(problem):
    network = problem.network(jtt.Hyperparameters())
    with torch.no_grad():
        for _ in range(30):  # moves the running statistics, so that the modes differ
            network.train()(problem.train.inputs.take(slice(8)))
        batch_statistics = network(problem.train.inputs).argmax(1)
        running_statistics = network.eval()(problem.train.inputs).argmax(1)
    network.train()
    by_hand = [i for i, label in enumerate(problem.train.labels) if running_statistics[i] != label]
    assert jtt.errors(problem, network).tolist() == by_hand
    assert torch.nonzero(batch_statistics != problem.train.labels).flatten().tolist() != by_hand
    assert network.training


def test_errors_count_several_times_and_correct_samples_once(monkeypatch, problem):
    guesses = problem.train.labels.clone()
    guesses[[3, 7, 20]] = (guesses[[3, 7, 20]] + 1) % 3
    (weights,) = fitted(monkeypatch, problem, guesses, upweight=7)["weights"]
    assert weights.tolist() == [7.0 if i in (3, 7, 20) else 1.0 for i in range(48)]


def test_an_error_is_drawn_upweight_times_as_often():
    weights = torch.ones(40).index_fill(0, torch.arange(4), 9.0)
    draws = torch.cat([weighted(weights, 20)(torch.Generator().manual_seed(i)).flatten() for i in range(200)])
    # 4 * 9 / (4 * 9 + 36) = 1/2 of all draws; 8000 draws, standard error 0.006
    assert (draws < 4).float().mean().item() == pytest.approx(0.5, abs=0.025)


def test_the_first_model_trains_for_its_own_number_of_epochs(monkeypatch, problem):
    stages = fitted(monkeypatch, problem, torch.zeros(48, dtype=torch.int64), first_epochs=1)["stages"]
    assert stages == [("identification", 1), ("train", 2)]


def test_an_empty_error_set_is_reported(monkeypatch, problem):
    (weights,) = fitted(monkeypatch, problem, problem.train.labels)["weights"]
    assert problem.journal.checks == {PROMISE: False}
    assert (weights == 1).all()


def test_errors_are_reported(monkeypatch, problem):
    fitted(monkeypatch, problem, torch.zeros(48, dtype=torch.int64))
    assert problem.journal.checks == {PROMISE: True}


def test_the_second_model_starts_anew(monkeypatch, problem):
    first, second = fitted(monkeypatch, problem, torch.zeros(48, dtype=torch.int64))["starts"]
    assert torch.equal(second, problem.network(jtt.Hyperparameters()).head.weight)
    assert not torch.equal(first, second)


def test_the_same_seed_gives_the_same_model(make_data, make_context):
    data = make_data(n=48, modality="image")
    answers = []
    for _ in range(2):
        method = jtt.submission.with_options(epochs=2, batch_size=16)
        method.fit(data.restrict("val_groups", "train"), data, make_context())
        answers.append(method.predict(data.batch))
    np.testing.assert_array_equal(*answers)
