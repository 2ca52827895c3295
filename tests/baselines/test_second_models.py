"""Methods that train a second model on what a first one gets wrong: jtt, cnc, lff, eiil, xrm, mat, and the control."""

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.nn.functional import cross_entropy

from spurgen.baselines import bsoftmax, cnc, eiil, jtt, lff, mat, xrm
from spurgen.baselines.cnc import Contrast, contrastive_loss, pairs
from spurgen.baselines.controls import groups_from_errors
from spurgen.baselines.eiil import calibrate, infer_environments, scale_gradients
from spurgen.baselines.lff import RelativeDifficulty
from spurgen.baselines.training.problem import Problem, Step
from spurgen.baselines.training.samplers import weighted

NOT_EMPTY = "the error set is not empty"


@pytest.fixture
def problem(make_images):
    return make_images(24)


@pytest.fixture
def fitted_jtt(monkeypatch, problem, stages):
    """Return a function that fits with these predictions of the first model; it returns the stages and the weights."""

    def fit(predictions, **options):
        weights = []
        monkeypatch.setattr(jtt, "weighted", lambda w, size: weights.append(w) or weighted(w, size))
        monkeypatch.setattr(jtt, "logits", lambda *_: torch.nn.functional.one_hot(predictions, 3).float())
        recorded = stages(jtt)
        jtt.fit(problem, jtt.Hyperparameters(**{"epochs": 2, "batch_size": 16, **options}))
        return recorded, weights[0]

    return fit


def test_the_logits_of_a_first_model_are_those_of_evaluation_mode(problem, monkeypatch):
    trained = []

    def train(network, *_, **__):
        with torch.no_grad():
            for _ in range(30):  # moves the running statistics, so that the modes differ
                network.train()(problem.train.inputs.take(slice(8)))
        trained.append(network)
        return network

    monkeypatch.setattr(jtt, "train", train)
    actual = jtt.train_first(problem, jtt.Hyperparameters(), "first")
    with torch.no_grad():
        expected, other = trained[0].eval()(problem.train.inputs), trained[0].train()(problem.train.inputs)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-3)
    assert not torch.equal(actual.argmax(1), other.argmax(1))


def test_empty_error_set_fails_the_sanity_check(fitted_jtt, problem):
    _, weights = fitted_jtt(problem.train.labels)
    assert problem.journal.checks == {NOT_EMPTY: False}
    assert (weights == 1).all()


def test_errors_count_as_often_as_asked_for_and_other_samples_once(fitted_jtt, problem):
    _, weights = fitted_jtt(torch.zeros(96, dtype=torch.int64), upweight=7)
    assert torch.equal(weights, torch.where(problem.train.labels == 0, 1.0, 7.0))


def test_first_model_has_its_own_number_of_epochs_and_the_second_starts_anew(fitted_jtt, problem):
    (first, second), _ = fitted_jtt(torch.zeros(96, dtype=torch.int64), first_epochs=1)
    assert [(stage.stage, stage.recipe.epochs) for stage in (first, second)] == [("identification", 1), ("train", 2)]
    initial = problem.network(jtt.Hyperparameters()).head.weight
    assert torch.equal(second.before["head.weight"], initial)
    assert not torch.equal(first.before["head.weight"], initial)


ANCHORS = "anchors with positives were drawn"
CNC = cnc.Hyperparameters(epochs=2, batch_size=16, first_epochs=1)


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
    step = Step(problem.network(CNC), problem.train, torch.arange(20, 60), 0.0)
    loss = Contrast(predictions, replace(CNC, contrast=0.25, temperature=0.1))(step)
    contrast = contrastive_loss(step.features, *pairs(step.labels, predictions[20:60]), 0.1)
    torch.testing.assert_close(loss, 0.25 * contrast + 0.75 * step.losses.mean())


def test_the_second_model_is_another_and_knows_the_predictions_of_the_first(problem, monkeypatch, stages):
    first = torch.nn.functional.one_hot(torch.arange(96) // 3 % 3, 3).float()
    monkeypatch.setattr(cnc, "train_first", lambda *_: first)
    recorded = stages(cnc)
    assert cnc.fit(problem, CNC) is recorded[0].network
    assert torch.equal(recorded[0].objective.predictions, first.argmax(1))


def with_predictions(monkeypatch, predictions):
    monkeypatch.setattr(cnc, "train_first", lambda *_: torch.nn.functional.one_hot(predictions, 3).float())


def test_batches_are_balanced_over_class_and_correctness(problem, monkeypatch, stages, shares):
    labels = problem.train.labels
    predictions = labels.clone()
    predictions[[0, 3, 1]] = 2  # two errors of class 0, one of class 1, none of class 2
    with_predictions(monkeypatch, predictions)
    recorded = stages(cnc)
    cnc.fit(problem, CNC)
    actual = shares(recorded[0].sampler, 2 * labels + (predictions != labels), 6, 60)
    torch.testing.assert_close(actual, torch.tensor([0.2, 0.2, 0.2, 0.2, 0.2, 0.0]), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("predictions", "passed"),
    [(torch.arange(96) % 3, False), (torch.zeros(96, dtype=torch.int64), False), (torch.arange(96) // 3 % 3, True)],
    ids=["all correct", "all alike", "mixed"],
)
def test_sanity_check_passes_if_the_first_model_offers_pairs(predictions, passed, problem, monkeypatch):
    with_predictions(monkeypatch, predictions)
    cnc.fit(problem, CNC)
    assert problem.journal.checks == {ANCHORS: passed}


DIFFER = "the weights differ between samples"
LFF = lff.Hyperparameters(epochs=2, batch_size=16, q=0.7)


def objective_of(problem):
    return RelativeDifficulty(problem.network(LFF, "biased"), problem.train.labels, LFF)


def gradients(loss, network):
    return torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)


def test_losses_of_zero_give_finite_weights(problem):
    objective = objective_of(problem)
    everything = torch.arange(96)
    for losses in (objective.biased_losses, objective.own_losses):
        losses.update(everything, torch.zeros(96))
    assert objective.weights(everything).isfinite().all()


def test_neither_gradient_reaches_the_other_network(problem):
    objective, network = objective_of(problem), problem.network(LFF)
    step = Step(network, problem.train, torch.arange(16), 0.0)
    loss = objective(step)
    weights = objective.weights(step.indices)
    assert not weights.requires_grad
    biased = cross_entropy(objective.biased(step.inputs), step.labels, reduction="none")
    alone = {network: (weights * step.losses).mean(), objective.biased: ((1 - (-0.7 * biased).exp()) / 0.7).mean()}
    for model, own in alone.items():
        for actual, expected in zip(gradients(loss, model), gradients(own, model), strict=True):
            torch.testing.assert_close(actual, expected, rtol=0.05, atol=1e-4)  # both passes are in bfloat16


def test_equal_weights_fail_the_sanity_check(problem, monkeypatch):
    lff.fit(problem, LFF)
    assert problem.journal.checks == {DIFFER: True}
    monkeypatch.setattr(RelativeDifficulty, "weights", lambda _, indices: torch.full(indices.shape, 0.5))
    lff.fit(problem, LFF)
    assert problem.journal.checks == {DIFFER: False}


SPLIT, APPEARED = "no inferred environment is empty", "every group appeared"


def drawn_logits(n, seed=0, classes=3):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, classes, (n,), generator=generator)


def irm_penalty(slopes, q):
    """Return the same in closed form."""
    return (q * slopes).mean().square() + ((1 - q) * slopes).mean().square()


@pytest.fixture
def fitted_eiil(fitted):
    return partial(fitted, eiil.submission, epochs=2)


@pytest.mark.parametrize("seed", range(2))
def test_no_assignment_has_a_larger_penalty(seed):
    slopes = scale_gradients(*drawn_logits(9, seed))
    best = irm_penalty(slopes, infer_environments(slopes))
    every = [irm_penalty(slopes, torch.tensor(q)) for q in itertools.product((0.0, 0.5, 1.0), repeat=9)]
    assert best.item() == pytest.approx(max(every).item())


def test_calibration_undoes_a_scale_and_leaves_no_gradient():
    logits, labels = drawn_logits(200)
    logits += 2 * F.one_hot(labels, 3)
    for factor in (0.05, 1.0, 10.0):
        calibrated = calibrate(factor * logits, labels)
        torch.testing.assert_close(calibrated, calibrate(logits, labels), rtol=1e-3, atol=0)
        assert scale_gradients(calibrated, labels).mean().abs() < 1e-3


def with_wrong_captions(data):
    """Put another class's noun into every eighth caption, so that every reference misclassifies it."""
    captions = list(data.captions)
    for i in range(3, 96, 8):
        captions[i] = data.captions[(i + 1) % 96]
    return replace(data, batch=replace(data.batch, captions=captions))


def test_group_dro_trains_on_classes_split_by_the_reference_models_errors(
    fitted_eiil, make_data, make_context, monkeypatch
):
    seen, worst_group = [], eiil.train_worst_group
    monkeypatch.setattr(eiil, "train_worst_group", lambda *args: seen.append(args[3]) or worst_group(*args))
    data = with_wrong_captions(make_data(modality="text"))
    report = fitted_eiil(data, make_context("text"), first_epochs=8).report()
    assert report["checks"] == {SPLIT: True, APPEARED: True}
    assert [curve["stage"] for curve in report["curves"]] == ["reference"] * 8 + ["train"] * 2
    labels, environments = np.divmod(seen[0].groups.numpy(), 2)
    assert labels.tolist() == data.labels.tolist()
    assert seen[0].num_groups == 6
    assert np.flatnonzero(environments).tolist() == list(range(3, 96, 8))


def test_reference_that_fits_every_sample_fails_the_sanity_check(fitted_eiil, make_data, make_context):
    report = fitted_eiil(make_data(modality="text"), make_context("text"), first_epochs=30).report()
    assert report["checks"][SPLIT] is False


def test_rounding_puts_no_correct_sample_among_the_errors():
    logits, labels = drawn_logits(1000, classes=10)
    logits[torch.arange(1000), labels] = logits.amax(1) + 36
    assert infer_environments(scale_gradients(logits + 100, labels)).sum() == 0


@pytest.fixture
def twins(problem):
    return xrm.Twins(problem.network(LFF, "second twin"), problem.train.labels, 3)


def test_a_twin_learns_from_its_own_half_alone(problem, twins):
    network = problem.network(LFF)
    assert 20 < twins.mine.sum() < 76
    for chosen, learning, other in ((twins.mine, network, twins.second), (~twins.mine, twins.second, network)):
        step = Step(network, problem.train, chosen.nonzero().flatten(), 0.0)
        loss = twins.whole(step)
        assert any(part.abs().max() > 0 for part in gradients(loss, learning))
        assert all(
            part is None or not part.any()
            for part in torch.autograd.grad(loss, list(other.parameters()), allow_unused=True)
        )


def test_labels_become_what_the_twin_that_has_not_seen_them_is_sure_of(problem, twins, monkeypatch):
    sure, unsure = torch.tensor([0.0, 0.0, 40.0]), torch.zeros(3)
    scores = torch.where(torch.arange(96)[:, None] < 48, sure, unsure).requires_grad_()
    monkeypatch.setattr(xrm.Twins, "scores", lambda *_: (scores, scores))
    before = twins.labels.clone()
    twins(Step(None, problem.train, torch.arange(96), 0.0))
    assert torch.equal(twins.labels, torch.where(torch.arange(96) < 48, 2, before))
    assert torch.equal(problem.train.labels, before)


def test_samples_on_which_either_twin_errs_are_groups_of_their_own(problem, monkeypatch):
    labels, given = problem.train.labels, []
    wrong = torch.nn.functional.one_hot((labels + 1) % 3, 3).float()
    right = torch.nn.functional.one_hot(labels, 3).float()
    place = torch.arange(96)[:, None] % 6
    scores = torch.where(place == 0, wrong, right), torch.where(place == 5, wrong, right)
    monkeypatch.setattr(xrm, "twin_scores", lambda *_: scores)
    monkeypatch.setattr(xrm, "train_worst_group", lambda *args: given.append(args[3]))
    xrm.fit(problem, xrm.Hyperparameters())
    assert given[0].groups.tolist() == (2 * labels + torch.isin(place[:, 0], torch.tensor([0, 5]))).tolist()


def test_mat_adds_the_shift_of_held_out_predictions_to_its_logits(problem, monkeypatch, stages):
    unseen = drawn_logits(96)[0].float()
    monkeypatch.setattr(mat, "twin_scores", lambda *_: (None, unseen))
    recorded = stages(mat)
    mat.fit(problem, mat.Hyperparameters(epochs=1, temperature=0.1))
    step = Step(problem.network(LFF), problem.train, torch.arange(10, 40), 0.0)
    shift = mat.label_shift(unseen, problem.train.labels, 0.1)[10:40]
    torch.testing.assert_close(recorded[0].objective(step), cross_entropy(step.logits + shift, step.labels))


def test_a_class_that_is_never_predicted_has_a_finite_shift():
    assert mat.label_shift(torch.tensor([[900.0, 0.0, 0.0]] * 4), torch.arange(4) % 3, 0.001).isfinite().all()


def test_errors_of_erm_are_the_counterexamples_and_its_answers_the_rivals(make_data, make_context, monkeypatch):
    problem = Problem.of(make_data(), make_data(seed=1), make_context("multimodal"))
    given = {}

    def keep(of, hyper):
        given.update(train=of.train, hyper=hyper)

    monkeypatch.setattr(bsoftmax, "fit", keep)
    answers = (problem.train.labels + (torch.arange(len(problem.train)) % 5 == 0)) % problem.num_classes
    scores = torch.nn.functional.one_hot(answers, problem.num_classes).double()
    monkeypatch.setattr(groups_from_errors, "train_first", lambda *_: scores)
    blind = replace(problem, train=replace(problem.train, group_ids=None, channel_values=None))
    groups_from_errors.fit(blind, groups_from_errors.submission.hyper("features"))
    wrong = answers != problem.train.labels
    assert given["train"].groups.tolist() == (2 * problem.train.labels + wrong).tolist()
    assert given["train"].channels["inferred"].tolist() == answers.tolist()
    assert given["train"].num_groups == 2 * problem.num_classes
