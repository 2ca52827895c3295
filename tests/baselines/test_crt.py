"""afr, crt, reweight_crt and dfr: the frozen features, and the head that is trained on them."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from spurgen.baselines import afr, crt, dfr, reweight_crt
from spurgen.baselines.crt import train_features
from spurgen.baselines.dfr import balanced_subset, fold, one_vs_rest, standardisation
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.loop import features, train
from spurgen.baselines.training.problem import Problem, Step
from spurgen.benchmark.checkpoint_rules import ValScore

METHODS = [crt, reweight_crt]
STAYED = "the features stayed as they were"
OPTIONS = {"epochs": 2, "batch_size": 16, "head_epochs": 3}


@pytest.fixture
def both(make_data, make_context):
    data = make_data(n=96)
    return Problem.of(data, make_data(n=24, seed=1), make_context("multimodal"))


@pytest.fixture
def stages(stages):
    return stages(crt)


def retrained(method, both, **options):
    hyper = dataclasses.replace(method.submission.HYPERPARAMETERS, **{**OPTIONS, **options})
    return method.fit(both, hyper)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_head_is_trained_in_the_second_stage(method, both, stages):
    after = retrained(method, both).state_dict()
    changed = {name for name in after if not torch.equal(after[name], stages[1].before[name])}
    assert changed == {"head.weight", "head.bias"}  # running statistics included in what stays


@pytest.mark.parametrize("method", METHODS)
def test_the_second_stage_starts_from_erm_with_a_new_head(method, both, stages):
    retrained(method, both)
    assert [(stage.stage, stage.recipe.epochs) for stage in stages] == [("features", 2), ("head", 3)]
    fresh = both.network(method.submission.HYPERPARAMETERS, "head").head.weight
    assert torch.equal(stages[1].before["head.weight"], fresh)
    assert not torch.equal(stages[1].before["fuse.0.weight"], stages[0].before["fuse.0.weight"])


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_is_that_of_the_head_on_features_of_evaluation_mode(method, both, stages):
    network = retrained(method, both)
    indices = torch.tensor([0, 5, 7, 8, 40, 95])
    labels = both.train.labels[indices]
    z = features(network, both.train.inputs)[indices] @ network.head.weight.T + network.head.bias
    weights = torch.ones(6)
    if method is reweight_crt:
        groups = both.train.groups
        sizes = torch.tensor([(groups == group).sum() for group in groups])
        weights = (1 / sizes / (1 / sizes).mean())[indices]
    by_hand = (weights * (z.exp().sum(1).log() - z[range(6), labels])).mean()
    loss = stages[1].objective(Step(network.train(), both.train, indices, 0.0))
    torch.testing.assert_close(loss, by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_changed_features_fail_the_sanity_check(method, both, monkeypatch):
    retrained(method, both)
    assert both.journal.checks == {STAYED: True}

    def spoil(network, *arguments, stage, **named):
        train(network, *arguments, stage=stage, **named)
        if stage == "head":
            network.image.layers[0].bias.data += 0.5
        return network

    monkeypatch.setattr(crt, "train", spoil)
    retrained(method, both)
    assert both.journal.checks == {STAYED: False}


HELD_OUT = "every class has held-out samples"
DFR = dfr.Hyperparameters(epochs=2, batch_size=16, fits=3, feature_dim=16)


@pytest.fixture
def problem(make_images):
    return make_images(96, train=48)


def cloud(n=90, d=6, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % classes)
    known = rng.normal(size=(n, d)) + 0.8 * np.eye(classes, d)[labels]
    return known * rng.uniform(0.1, 9, d) + rng.normal(size=d), labels


def with_val(problem, **changes):
    return dataclasses.replace(problem, val=dataclasses.replace(problem.val, **changes))


@pytest.fixture
def heads(monkeypatch):
    """Record the candidate heads, followed by the final one."""
    seen = []
    put = dfr.put
    monkeypatch.setattr(dfr, "put", lambda layer, head: seen.append(head) or put(layer, head))
    return seen


@pytest.mark.parametrize(
    ("sizes", "per_group", "each"),
    [((9, 5, 7), 1, 5), ((9, 5, 7), 5, 5), ((9, 2, 7), 4, 4), ((9, 1, 7), 12, 12)],
)
def test_a_subset_has_equally_many_of_every_group_that_occurs(sizes, per_group, each):
    groups = torch.tensor([2 * g for g, size in enumerate(sizes) for _ in range(size)])  # odd groups are empty
    rows = balanced_subset(groups, per_group, torch.Generator().manual_seed(0))
    assert torch.bincount(groups[rows], minlength=5).tolist() == [each, 0, each, 0, each]
    for g, size in enumerate(sizes):
        repeats = torch.bincount(rows, minlength=len(groups))[groups == 2 * g]
        assert repeats.min() >= each // size  # none is left out while another comes twice
        assert repeats.max() <= -(-each // size)


@pytest.mark.parametrize("strength", [1.0, 0.1, 0.03])
def test_the_fit_meets_the_optimality_conditions_of_the_weighted_l1_problem(strength):
    known, labels = cloud()
    known, labels = known[:75], labels[:75]  # unequal classes
    known = (known - known.mean(0)) / known.std(0)
    head = one_vs_rest(known, labels, 3, strength, seed=0)
    design = np.column_stack([known, np.ones(75)])  # liblinear penalises the intercept too
    weights = 75 / (3 * np.array([(labels == label).sum() for label in labels]))
    for label in range(3):
        probs = 1 / (1 + np.exp(-design @ head[label]))
        slope = strength * (weights * (probs - (labels == label))) @ design
        used = head[label] != 0
        np.testing.assert_allclose(slope[used], -np.sign(head[label][used]), atol=0.02)
        assert (np.abs(slope[~used]) <= 1.02).all()


def test_folded_head_gives_the_same_logits_on_raw_features():
    known, labels = cloud()
    known[:, 2] = 5.0  # a dead feature must not divide by zero
    mean, scale = standardisation(known)
    head = one_vs_rest((known - mean) / scale, labels, 3, 1.0, seed=0)
    folded = fold(head, mean, scale)
    expected = (known - mean) / scale @ head[:, :-1].T + head[:, -1]
    np.testing.assert_allclose(known @ folded[:, :-1].T + folded[:, -1], expected, atol=1e-9)


def test_final_head_is_the_mean_of_the_fits(problem, heads, monkeypatch):
    fits, solve = [], dfr.fold
    monkeypatch.setattr(dfr, "fold", lambda *args: fits.append(solve(*args)) or fits[-1])
    network = dfr.fit(problem, DFR)
    assert len(fits) == len(dfr.STRENGTHS) + 3
    expected = np.mean(fits[-3:], axis=0)
    np.testing.assert_allclose(heads[-1], expected)
    np.testing.assert_allclose(network.head.weight.detach(), expected[:, :-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(network.head.bias.detach(), expected[:, -1], rtol=1e-5, atol=1e-6)


def test_half_that_selects_the_penalty_is_not_trained_on(problem, heads, monkeypatch):
    choosing, halves = [], dfr.halves
    monkeypatch.setattr(dfr, "halves", lambda *args: choosing.append(halves(*args)) or choosing[-1])
    dfr.fit(problem, DFR)
    *candidates, final = heads
    heads.clear()
    labels = problem.val.labels.clone()
    chosen_by = choosing[0][1]
    labels[chosen_by] = (labels[chosen_by] + 1) % 3
    images = problem.val.inputs.images.clone()
    images[chosen_by] = 255 - images[chosen_by]
    dfr.fit(with_val(problem, labels=labels, inputs=Inputs(images, None)), DFR)
    np.testing.assert_array_equal(heads[:-1], candidates)
    assert not np.array_equal(heads[-1], final)  # the final fits use all of val


@pytest.mark.parametrize(("selection", "strength"), [("tier", 0.3), ("val_robust", 0.3), ("val_wga", 0.1)])
def test_penalty_with_the_best_worst_pattern_or_by_another_rule_is_selected(selection, strength, problem, monkeypatch):
    robust = iter([(0.8, 0.1), (0.5, 0.3), (0.6, 0.3), (0.9, 0.2), *[(0.9, 0.0)] * 3])
    scores = ((0.9, 0.9 if lowest == 0.2 else 0.5, mean, lowest) for mean, lowest in robust)
    monkeypatch.setattr(dfr, "validate", lambda *_: ValScore(*next(scores)))
    dfr.fit(problem, dataclasses.replace(DFR, selection=selection))
    assert problem.journal.curves[-1]["C"] == strength


def test_only_the_head_differs_from_erm_and_there_is_no_checkpoint(problem):
    network = dfr.fit(problem, DFR)
    after, before = network.state_dict(), train_features(problem, DFR).state_dict()
    assert {name for name in after if not torch.equal(after[name], before[name])} == {"head.weight", "head.bias"}
    assert network.checkpoints == []
    assert problem.journal.checks == {HELD_OUT: True}


def test_groups_of_one_sample_and_an_empty_class_are_no_error(problem):
    others = torch.nonzero(problem.val.labels != 1).flatten()
    groups = problem.val.groups.clone()
    groups[0] = 6  # alone
    problem = with_val(problem, group_ids=groups)
    problem = dataclasses.replace(problem, val=problem.val.take(others))
    network = dfr.fit(problem, DFR)
    assert problem.journal.checks == {HELD_OUT: False}
    assert (network.head(features(network, problem.val.inputs)).argmax(1) != 1).all()


def test_afr_moves_the_head_from_where_it_was(fitted, make_data, make_context):
    data = make_data(modality="text")
    trained = fitted(afr.submission, data, make_context("text"), epochs=12)
    unseen = make_data(n=60, seed=1, modality="text")
    assert (trained.predict(unseen.batch).argmax(1) == unseen.labels).mean() > 0.9
    first = nn.Linear(3, 2)
    head, seen = afr.MovedHead(first), torch.ones(4, 3)
    torch.testing.assert_close(head(seen), first(seen))
    assert {name for name, _ in head.named_parameters()} == {"weight", "bias"}
