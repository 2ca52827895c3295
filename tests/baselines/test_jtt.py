import pytest
import torch

from spurgen.baselines import jtt
from spurgen.baselines.training.samplers import weighted

CHECK = "the error set is not empty"


@pytest.fixture
def problem(make_images):
    return make_images(24, train=48)


@pytest.fixture
def fitted(monkeypatch, problem, stages):
    """Return a function that fits with these predictions of the first model; it returns the stages and the weights."""

    def fit(predictions, **options):
        weights = []
        monkeypatch.setattr(jtt, "weighted", lambda w, size: weights.append(w) or weighted(w, size))
        monkeypatch.setattr(jtt, "logits", lambda *_: torch.nn.functional.one_hot(predictions, 3).float())
        recorded = stages(jtt)
        jtt.fit(problem, jtt.Hyperparameters(**{"epochs": 2, "batch_size": 16, **options}))
        return recorded, weights[0]

    return fit


def test_error_set_is_that_of_evaluation_mode(problem):
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


def test_empty_error_set_fails_the_sanity_check(fitted, problem):
    _, weights = fitted(problem.train.labels)
    assert problem.journal.checks == {CHECK: False}
    assert (weights == 1).all()


def test_errors_count_as_often_as_asked_for_and_other_samples_once(fitted, problem):
    _, weights = fitted(torch.zeros(48, dtype=torch.int64), upweight=7)
    assert torch.equal(weights, torch.where(problem.train.labels == 0, 1.0, 7.0))


def test_first_model_has_its_own_number_of_epochs_and_the_second_starts_anew(fitted, problem):
    (first, second), _ = fitted(torch.zeros(48, dtype=torch.int64), first_epochs=1)
    assert [(stage.stage, stage.recipe.epochs) for stage in (first, second)] == [("identification", 1), ("train", 2)]
    initial = problem.network(jtt.Hyperparameters()).head.weight
    assert torch.equal(second.before["head.weight"], initial)
    assert not torch.equal(first.before["head.weight"], initial)
