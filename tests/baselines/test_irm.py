"""Penalties over environments, and what IRM, VREx, CORAL and MMD share."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.baselines.coral import coral_penalty
from spurgen.baselines.irm import Environment, Penalised, PenaltyRecipe, fit_penalised
from spurgen.baselines.mmd import mmd_penalty
from spurgen.benchmark.errors import SubmissionError

RECIPE = PenaltyRecipe(epochs=2, batch_size=16, penalty_weight=50.0)


def step_of(progress):
    losses = torch.tensor([1.0, 2.0, 3.0, 6.0], requires_grad=True)
    features = torch.arange(8.0).view(4, 2)
    return SimpleNamespace(
        features=features,
        logits=features.repeat(1, 2),
        labels=torch.tensor([4, 5, 6, 7]),
        losses=losses,
        progress=progress,
        notes={},
    )


def gap(environments):
    first, second = (each.losses.mean() for each in environments)
    return (second - first).square()


@pytest.mark.parametrize(("full", "early", "late"), [(50.0, 1.0, 50.0), (0.2, 0.2, 0.2), (0.0, 0.0, 0.0)])
def test_weight_is_at_most_1_until_annealing_ends(full, early, late):
    objective = Penalised(gap, 2, PenaltyRecipe(penalty_weight=full, anneal=0.4))
    assert [objective.weight(progress) for progress in (0.0, 0.39, 0.4, 0.99)] == [early, early, late, late]


def test_batch_is_split_into_environments_in_order():
    seen = []

    def penalty(environments):
        seen.append(environments)
        return sum(each.losses.sum() for each in environments)

    Penalised(penalty, 2, RECIPE)(step_of(0.0))
    assert [each.labels.tolist() for each in seen[0]] == [[4, 5], [6, 7]]
    assert [each.losses.tolist() for each in seen[0]] == [[1, 2], [3, 6]]
    assert [each.features.tolist() for each in seen[0]] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert [each.logits.shape for each in seen[0]] == [(2, 4), (2, 4)]


def test_weight_above_1_divides_the_whole_loss_and_keeps_the_scale_of_gradients():
    # risk 3; environment risks 1.5 and 4.5, so a penalty of 9
    for progress, loss in ((0.0, 3 + 9), (0.4, (3 + 50 * 9) / 50)):
        taken = step_of(progress)
        actual = Penalised(gap, 2, replace(RECIPE, anneal=0.4))(taken)
        assert actual.item() == pytest.approx(loss)
        assert {name: value.item() for name, value in taken.notes.items()} == {"risk": 3, "penalty": 9}
    actual.backward()
    # (1/4 + 50 * 2 * 3 * (-1/2)) / 50, and the same with the other sign
    assert taken.losses.grad.tolist() == pytest.approx([-2.995, -2.995, 3.005, 3.005])


def test_only_a_penalty_at_full_weight_counts_as_active():
    objective = Penalised(gap, 2, replace(RECIPE, anneal=0.4))
    objective(step_of(0.39))
    assert objective.largest == 0
    objective(step_of(0.4))
    assert objective.largest == 9


def test_penalty_gets_the_environments_of_the_split(make_problem):
    seen = []

    def penalty(environments):
        seen.append(torch.stack([each.labels for each in environments]))
        return torch.stack([each.losses.mean() for each in environments]).var()

    # all samples of environment 5 are of class 2, none of environment 1
    fit_penalised(make_problem(env_ids=1 + 4 * (torch.arange(96) % 3 == 2).numpy()), RECIPE, penalty)
    labels = torch.stack(seen)
    assert labels.shape[1:] == (2, 8)
    assert set(labels[:, 0].flatten().tolist()) == {0, 1}
    assert set(labels[:, 1].flatten().tolist()) == {2}


@pytest.mark.parametrize(
    ("env_ids", "batch_size", "message"),
    [
        ([0] * 95 + [1], 16, "train has 2, the smallest of 1 samples, for batches of 16"),
        ([3] * 96, 16, "train has 1, the smallest of 96 samples"),
        ([0, 1, 2] * 32, 4, "train has 3, the smallest of 32 samples, for batches of 4"),
    ],
)
def test_environments_without_two_samples_in_a_batch_are_an_error(env_ids, batch_size, message, make_problem):
    with pytest.raises(SubmissionError, match=message):
        fit_penalised(make_problem(env_ids=np.array(env_ids)), replace(RECIPE, batch_size=batch_size), gap)


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        ({"anneal": 0.5}, {"the penalty became active": True}),
        ({"anneal": 0.9, "epochs": 1}, {"the penalty became active": False}),  # the last of 6 steps is at 5/6
        ({"anneal": 0.9, "epochs": 1, "penalty_weight": 0.0}, {}),
    ],
)
def test_annealing_that_never_ends_fails_the_sanity_check(changes, checks, make_problem):
    task = make_problem()
    fit_penalised(task, replace(RECIPE, **changes), gap)
    assert task.journal.checks == checks
    assert all(curve["penalty"] > 0 for curve in task.journal.curves)


@pytest.mark.parametrize(("anneal", "epochs"), [(0.0, [1, 2, 3, 4, 5]), (0.4, [3, 4, 5]), (0.5, [3, 4, 5])])
def test_no_checkpoint_is_from_annealing(anneal, epochs, make_problem):
    network = fit_penalised(make_problem(), replace(RECIPE, anneal=anneal, epochs=5), gap)
    assert [checkpoint.epoch for checkpoint in network.checkpoints] == epochs


def environments(features):
    zeros = torch.zeros(features.shape[:2])
    return [Environment(*parts) for parts in zip(features, features, zeros.long(), zeros, strict=True)]


def test_mmd_keeps_its_digits_far_from_the_origin():
    near = torch.tensor([[[0.0], [0.03]], [[0.06], [0.09]]])
    far = mmd_penalty(environments(near + 256)).item()
    assert far == pytest.approx(mmd_penalty(environments(near)).item(), rel=1e-2)


@pytest.mark.parametrize("penalty", [coral_penalty, mmd_penalty])
def test_equal_environments_have_zero_penalty_and_finite_gradient(penalty):
    features = torch.arange(10.0).sin().view(1, 2, 5).repeat(2, 1, 1).requires_grad_()
    actual = penalty(environments(features))
    actual.backward()
    assert actual.item() == pytest.approx(0, abs=1e-5)
    assert features.grad.isfinite().all()
