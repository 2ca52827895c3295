"""What all methods share, and the losses of single ones."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spurgen.baselines import bsoftmax, cb_loss, cvar_dro, erm, focal, group_dro, kernel_ridge, ldam, resample, subg
from spurgen.baselines.cvar_dro import cvar
from spurgen.baselines.focal import focal_losses
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.method import Baseline
from spurgen.benchmark.errors import SubmissionError

METHODS = [erm.submission, resample.submission, group_dro.submission]
MODALITIES = ["image", "text", "multimodal"]


@pytest.mark.parametrize(("method", "modality"), [*zip(METHODS, MODALITIES, strict=True)])
def test_learns_a_separable_problem(fitted, method, modality, make_data, make_context):
    trained = fitted(method, make_data(modality=modality), make_context(modality), epochs=12)
    unseen = make_data(n=60, seed=1, modality=modality)
    assert (trained.predict(unseen.batch).argmax(1) == unseen.labels).mean() > 0.95


@pytest.mark.parametrize(
    ("method", "setting"), [(focal, {"gamma": 0.0}), (cvar_dro, {"alpha": 1.0}), (cb_loss, {"beta": 0.0})]
)
def test_method_is_erm_at_one_end_of_its_range_and_not_by_default(method, setting, fitted, make_data, make_context):
    data, context, common = make_data(modality="text"), make_context("text"), {"lr": 4e-3, "weight_decay": 0.01}
    plain, same, default = (
        fitted(module.submission, data, context, epochs=1, **common, **options).predict(data.batch)
        for module, options in ((erm, {}), (method, setting), (method, {}))
    )
    np.testing.assert_allclose(same, plain, rtol=0, atol=1e-3)
    assert np.abs(default - plain).max() > 0.1


def test_same_seed_same_logits_other_seed_other_logits(fitted, make_data, make_context):
    data = make_data()
    models = [fitted(erm.submission, data, make_context("multimodal", seed), epochs=3) for seed in (3, 3, 4)]
    logits = [model.predict(data.batch) for model in models]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


def test_empty_batch_has_empty_logits_and_features(fitted, make_data, make_context):
    data = make_data()
    trained = fitted(erm.submission, data, make_context("multimodal"), epochs=1)
    empty = data.batch.take(slice(0, 0))
    assert trained.predict(empty).shape == (0, 3)
    assert trained.encode(empty).shape == (0, 128)


def test_predict_before_fit_is_an_error(make_data):
    with pytest.raises(SubmissionError, match=r"erm is not trained yet; call fit\(\) first"):
        erm.submission.with_options().predict(make_data().batch)


def test_missing_annotations_are_an_error(make_data, make_context):
    data = make_data().restrict("none", "train")
    with pytest.raises(SubmissionError, match="group_dro: needs groups"):
        group_dro.submission.with_options(epochs=1).fit(data, data, make_context())


def test_loss_that_is_not_finite_is_an_error_with_method_and_epoch(fitted, make_data, make_context):
    def fit(problem, hyper):
        def objective(step):
            return step.losses.mean() / (step.progress < 0.5)

        return erm.train(problem.network(hyper), problem, hyper, objective=objective)

    with pytest.raises(SubmissionError, match=r"broken: the loss is (nan|inf) in epoch 3 of 4"):
        fitted(Baseline("broken", fit, Recipe(), access="none"), make_data(), make_context(), epochs=4)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.9999, 0.999999])
def test_effective_number_is_the_geometric_sum(beta):
    sizes = torch.tensor([1.0, 2, 7, 1500], dtype=torch.float64)
    summed = [sum(beta**k for k in range(int(n))) for n in sizes]
    np.testing.assert_allclose(cb_loss.effective_number(sizes, beta), summed, rtol=1e-9)


def test_only_the_worst_samples_have_gradient():
    losses = torch.tensor([1.0, 8.0, 2.0, 4.0], requires_grad=True)
    cvar(losses, 0.375).backward()
    torch.testing.assert_close(losses.grad, torch.tensor([0.0, 1 / 1.5, 0.0, 0.5 / 1.5]))


def test_less_than_one_sample_is_the_largest_loss():
    assert cvar(torch.tensor([3.0, 1.0]), 0.01).item() == 3.0
    assert cvar(torch.tensor([0.5]), 0.1).item() == 0.5


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_gradient_is_finite_if_p_rounds_to_1(gamma):
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)  # p rounds to 1
    loss = focal_losses(F.cross_entropy(logits, torch.tensor([0]), reduction="none"), gamma).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_head_scores_cosines_and_keeps_the_random_state():
    linear = nn.Linear(2, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[3.0, 0.0], [4.0, 4.0]]))
    before = torch.random.get_rng_state()
    head = ldam.CosineHead(linear, 10.0)
    assert torch.equal(before, torch.random.get_rng_state())
    actual = head(torch.tensor([[0.0, 7.0], [-2.0, 0.0], [0.0, 0.0]]))
    half = np.sqrt(0.5)
    torch.testing.assert_close(actual, torch.tensor([[0, 10 * half], [-10, -10 * half], [0, 0]]).float())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_sample_of_a_group_is_equally_likely():
    groups = torch.tensor([1] * 6 + [0] * 3 + [1] * 4)
    counts = torch.zeros(13)
    for seed in range(3000):
        counts[subg.subset(groups, generator(seed))] += 1
    # 3 of 10 and 3 of 3; the standard error of a share is .0084
    torch.testing.assert_close(counts / 3000, torch.where(groups == 1, 0.3, 1.0), atol=0.04, rtol=0)


def test_subset_is_fixed_and_repeated_to_the_length_of_an_erm_epoch(captured, make_data, make_problem):
    groups = make_data(n=640).group_ids.copy()
    rare = np.flatnonzero(groups == 1)
    groups[rare[1:]] = 0  # one sample is left in group 1
    sampler = captured(subg, make_problem(640, group_ids=groups)).sampler
    draws = generator()
    epochs = [sampler(draws) for _ in range(3)]
    assert [epoch.shape for epoch in epochs] == [(10, 64)] * 3
    assert len({tuple(epoch.unique().tolist()) for epoch in epochs}) == 1
    visits = np.bincount(groups[epochs[0].flatten()], minlength=7)
    assert (visits[:6] >= 640 // 6).all()
    assert np.ptp(visits[:6]) <= 1
    assert visits[6] == 0


def data_of(labels, groups=None, num_groups=0, **channels):
    shown = {name: torch.tensor(values) for name, values in channels.items()}
    groups = None if groups is None else torch.tensor(groups)
    return Data(Inputs(None, None), torch.tensor(labels), num_groups, group_ids=groups, channel_values=shown)


def test_class_sizes_by_hand_with_an_empty_class():
    actual = bsoftmax.log_class_sizes(data_of([0, 0, 0, 2]), 3)
    torch.testing.assert_close(actual.exp(), torch.tensor([[3.0, 1.0, 1.0]]))


def test_each_sample_of_a_batch_is_trained_with_its_own_sizes(captured, make_problem):
    problem = make_problem(n=24)
    run = captured(bsoftmax, problem)
    sizes = bsoftmax.log_group_sizes(problem.train, 3)
    batch = [17, 7, 15, 0]  # 7 and 15 are in small groups, as no sample of the first seven is
    assert not torch.equal(sizes[batch], sizes[:4])
    step = run.step(batch)
    expected = torch.nn.functional.cross_entropy(step.logits + sizes[batch], problem.train.labels[batch])
    torch.testing.assert_close(run.objective(step), expected)


@pytest.mark.parametrize("sizes", ["groups", "classes"])
def test_sizes_are_those_of_train_and_not_of_val(captured, make_problem, sizes):
    problem = make_problem(n=24)
    losses = []
    for val in (problem.val, make_problem(n=7).val):  # the second lacks most groups
        run = captured(bsoftmax, replace(problem, val=val), sizes=sizes)
        losses.append(run.objective(run.step([17, 7, 15, 0])))
    torch.testing.assert_close(losses[0], losses[1])


def test_log_sizes_balance_the_softmax_for_groups_of_equal_size():
    # If only channels are visible, the best logits for groups of equal size plus the log sizes must be the best logits
    # for the training data, for any sizes and any alignment.
    rng = np.random.default_rng(0)
    aligned = {"one": [{1}, {0, 2}, {3}], "two": [{2}, {2}, {0}]}  # several values, and one for two classes
    cells = [(k, one, two) for k in range(3) for one in range(4) for two in range(3)]
    pattern = {(k, v, w): (v not in aligned["one"][k]) + 2 * (w not in aligned["two"][k]) for k, v, w in cells}
    members = {g: [cell for cell in cells if 4 * cell[0] + pattern[cell] == g] for g in range(12)}
    counts = {cell: n for g, n in enumerate(rng.integers(1, 30, 12)) for cell in members[g]}  # flat within a group
    rows = [cell for cell, n in counts.items() for _ in range(n)]
    labels, one, two = (list(column) for column in zip(*rows, strict=True))
    groups = [4 * cell[0] + pattern[cell] for cell in rows]
    actual = bsoftmax.log_group_sizes(data_of(labels, groups, 12, one=one, two=two), 3).double().exp().numpy()
    for i, (_, v, w) in enumerate(rows):
        balanced = np.array([1 / len(members[4 * k + pattern[k, v, w]]) for k in range(3)])
        posterior = np.array([counts[k, v, w] for k in range(3)])
        np.testing.assert_allclose(
            balanced * actual[i] / (balanced @ actual[i]), posterior / posterior.sum(), rtol=1e-5
        )


def test_of_many_samples_some_are_landmarks_and_the_kernel_still_learns(fitted, make_data, make_context, monkeypatch):
    monkeypatch.setattr(kernel_ridge, "LANDMARKS", 40)
    trained = fitted(kernel_ridge.submission, make_data(modality="text"), make_context("text"), epochs=12)
    unseen = make_data(n=60, seed=1, modality="text")
    assert (trained.predict(unseen.batch).argmax(1) == unseen.labels).mean() > 0.95
