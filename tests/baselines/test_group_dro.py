"""The worst group's loss, on groups that are given, and on those that ssa infers."""

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from spurgen.baselines import group_dro, ssa
from spurgen.baselines.bsoftmax import Alignment
from spurgen.baselines.group_dro import WorstGroupLoss, WorstGroupRecipe
from spurgen.baselines.ssa import AttributePredictor, confident, pseudo_groups
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.problem import Step
from spurgen.baselines.training.samplers import halves


def test_the_weight_of_an_absent_group_does_not_decay():
    objective = WorstGroupLoss(torch.tensor([5, 5, 5, 5]), eta=0.1, adjustment=0.0)
    for _ in range(50):
        objective.update(torch.tensor([3.0, 1.0, 0.0, 2.0]), torch.tensor([True, True, False, True]))
    assert objective.weights[2].item() == 0.25
    assert objective.weights[0] > objective.weights[3] > objective.weights[1]
    torch.testing.assert_close(objective.weights.sum(), torch.tensor(1.0))


def test_group_weights_stay_finite_under_huge_losses():
    objective = WorstGroupLoss(torch.tensor([5, 5]), eta=1.0, adjustment=0.0)
    objective.update(torch.tensor([1e4, 1.0]), torch.tensor([True, True]))
    torch.testing.assert_close(objective.weights, torch.tensor([1.0, 0.0]))


def test_groups_that_no_batch_contains_are_recorded():
    objective = WorstGroupLoss(torch.tensor([9, 9, 0, 9]), eta=1.0, adjustment=0.0)
    for ids in ([0, 0], [3, 0]):
        assert objective.unseen.any()
        objective(SimpleNamespace(losses=torch.ones(2), group_ids=torch.tensor(ids)))
    assert objective.unseen.tolist() == [False, True, False, False]  # the third group is empty
    objective(SimpleNamespace(losses=torch.ones(1), group_ids=torch.tensor([1])))
    assert not objective.unseen.any()


@pytest.mark.parametrize("left_out", [False, True])
def test_a_group_that_no_batch_draws_fails_the_sanity_check(left_out, make_problem, monkeypatch):
    problem = make_problem(48)
    kept = problem.train.groups != problem.train.groups[0] if left_out else torch.ones(48, dtype=torch.bool)
    places = torch.nonzero(kept).flatten()
    monkeypatch.setattr(group_dro, "balanced", lambda *_: lambda _: places[: len(places) // 4 * 4].view(-1, 4))
    hyper = WorstGroupRecipe(epochs=1, batch_size=8)
    group_dro.train_worst_group(problem.network(hyper), problem, hyper, problem.train)
    assert problem.journal.checks == {"every group appeared": not left_out}


DISTINCT = "the predictor distinguishes the values of every channel"
BOTH = "every channel has aligned and conflicting pseudo-attributes"
HYPER = ssa.Hyperparameters(epochs=1, batch_size=16, steps=60)


@pytest.fixture
def problem(make_images):
    return make_images(144)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def labelled(n=400, seed=0):
    """Two channels: the first with two values per class, the second with one; groups from the definition."""
    labels, first, second = (torch.randint(0, k, (n,), generator=generator(seed + k)) for k in (3, 6, 4))
    groups = 4 * labels + (first // 2 != labels) + 2 * (second != labels)
    return Data(Inputs(None, None), labels, 12, group_ids=groups, channel_values={"b": first, "a": second})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [0.5, 0.9, 1.1])
def test_selected_predictions_are_those_of_a_slow_reference(seed, threshold):
    confidence = torch.rand(40, generator=generator(seed)).mul(8).round() / 8  # with ties
    aligned = torch.rand(40, generator=generator(seed + 9)) < 0.7
    sure = {kind: [i for i in range(40) if aligned[i] == kind and confidence[i] >= threshold] for kind in (True, False)}
    size = min(map(len, sure.values()))
    expected = {i for kind in sure.values() for i in sorted(kind, key=lambda i: -confidence[i])[:size]}
    actual = confident(confidence, aligned, threshold)
    assert set(actual.nonzero().flatten().tolist()) == expected


def test_groups_follow_from_labels_and_values():
    known, other = labelled(), labelled(seed=20)
    alignment = Alignment(known, num_classes=3)
    assert [table.shape for table in alignment.tables] == [(3, 6), (3, 4)]
    assert torch.equal(alignment.groups(other.labels, list(other.channels.values())), other.groups)


def test_the_loss_is_labelled_plus_confident_pseudo_labelled(problem):
    hyper = dataclasses.replace(HYPER, threshold=0.4)
    labeled = problem.val.take(torch.arange(0, 144, 2))
    network = problem.network(hyper).eval()  # features do not depend on the batch
    step = Step(network, labeled, torch.arange(16), 0.0)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        predictor = AttributePredictor(Alignment(labeled, 3).tables, problem.train, 128, hyper.threshold)
        predictor.layers[0].weight.data *= 20  # some predictions are confident
        torch.manual_seed(5)
        loss = predictor(step)
        torch.manual_seed(5)
        drawn = torch.randint(96, (16,))
    (layer,) = predictor.layers
    with torch.no_grad():
        logs = layer(step.features).log_softmax(1)
        expected = -sum(logs[i, labeled.channels["corner"][i]] for i in range(16)).item() / 16
        logs = layer(network.encode(problem.train.inputs.take(drawn))).log_softmax(1)
    confidence, predicted = logs.exp().max(1)
    selected = confident(confidence, predicted == problem.train.labels[drawn], 0.4)
    assert 0 < selected.sum() < 16
    expected -= sum(logs[i, predicted[i]] for i in range(16) if selected[i]).item() / 16
    assert loss.item() == pytest.approx(expected, rel=1e-3)


def test_pseudo_groups_are_the_true_ones_if_the_channel_is_visible(problem, make_data):
    actual = pseudo_groups(problem, HYPER)
    truth = torch.from_numpy(make_data(n=96, modality="image").group_ids)
    conflicting = truth % 2 == 1
    assert problem.train.group_ids is None
    assert (actual == truth).float().mean() > 0.95
    assert (actual == truth)[conflicting].float().mean() > 0.8
    assert problem.journal.curves[-1]["group_accuracy"] > 0.9
    assert problem.journal.checks == {DISTINCT: True, BOTH: True}


def test_only_one_half_of_val_is_trained_on(problem):
    _, unseen = halves(problem.val.groups, generator(problem.seed_for("halves")))
    corner = problem.val.channels["corner"].clone()
    corner[unseen] = 0
    changed = dataclasses.replace(problem, val=dataclasses.replace(problem.val, channel_values={"corner": corner}))
    assert torch.equal(pseudo_groups(problem, HYPER), pseudo_groups(changed, HYPER))


def test_group_dro_trains_on_the_pseudo_groups(problem, monkeypatch):
    groups, seen = torch.arange(96) % 6, []
    monkeypatch.setattr(ssa, "pseudo_groups", lambda *_: groups)
    monkeypatch.setattr(ssa, "train_worst_group", lambda *arguments: seen.append(arguments[3]))
    ssa.fit(problem, HYPER)
    assert torch.equal(seen[0].groups, groups)
    assert seen[0].num_groups == problem.train.num_groups


@pytest.mark.parametrize(("values", "distinct", "both"), [(0, False, True), ("labels", True, False)])
def test_uninformative_predictor_fails_a_sanity_check(values, distinct, both, problem, monkeypatch):
    def predict(_predictor, _network, inputs):
        data = problem.train if len(inputs) == 96 else problem.val.take(torch.arange(len(inputs)))
        return [data.labels if values == "labels" else torch.zeros_like(data.labels)]

    monkeypatch.setattr(AttributePredictor, "predict", predict)
    pseudo_groups(problem, dataclasses.replace(HYPER, steps=1))
    assert problem.journal.checks == {DISTINCT: distinct, BOTH: both}
    (curve,) = problem.journal.curves
    assert {"loss", "group_accuracy"} <= set(curve)
    assert not {"val_accuracy", "val_wga"} & set(curve)  # the classifier is not trained here
