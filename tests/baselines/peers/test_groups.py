"""Penalties over environments, group weights and balanced samples, against the values of the peers' own code."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from spurgen.baselines import crt, irm, resample, vrex
from spurgen.baselines.adversarial import ramp, reverse_gradient
from spurgen.baselines.coral import coral_penalty
from spurgen.baselines.dfr import one_vs_rest, standardisation
from spurgen.baselines.irm import irm_penalty
from spurgen.baselines.mmd import mmd_penalty
from spurgen.baselines.subg import subset
from spurgen.baselines.training import last_layer
from spurgen.baselines.training.penalty import Environments, Penalised
from spurgen.baselines.training.worst_group import WorstGroupLoss
from spurgen.baselines.vrex import vrex_penalty

WEIGHTS = (1.92, 48.0, 3.2, 19.2, 12.0, 96.0)
"""facebookresearch/BalancingGroups, 72d31e5, datasets.py: `wg`, the sampling weight of a sample of each group."""


def close(value):
    return pytest.approx(value, rel=1e-4, abs=1e-6)


def step_of_environments(make_step, logits, labels):
    losses = cross_entropy(logits, labels, reduction="none")
    return make_step(logits, labels=labels, features=logits, losses=losses)


# facebookresearch/InvariantRiskMinimization, fc185d0, code/colored_mnist/main.py: mean_nll, penalty and the loss of a
# step without weight decay; two environments of six samples, binary. A logit z there is the pair (0, z) here.
@pytest.mark.parametrize(("weight", "recorded"), [(0.5, 1.143353), (100.0, 0.264051)])
def test_irm_penalises_the_gradient_of_each_environment(weight, recorded, fixed, make_step):
    z, labels = fixed.wave(12, start=2.0) * 2, torch.arange(12) % 2
    step = step_of_environments(make_step, torch.stack([torch.zeros(12), z], dim=1), labels)
    hyper = irm.Hyperparameters(penalty_weight=weight, anneal=0.0)
    assert Penalised(irm_penalty, 2, hyper)(step).item() == close(recorded)
    assert step.notes["penalty"].item() == close((0.260783 + 0.24699) / 2)


# facebookresearch/DomainBed, b93c22a, domainbed/algorithms.py: VREx.update, two environments of six samples, weight 10.
# It does not divide the loss by the weight, as IRM's authors do and we do.
def test_vrex_penalises_the_variance_of_the_risks(fixed, make_step):
    logits = fixed.logits.clone().requires_grad_()
    step = step_of_environments(make_step, logits, fixed.labels)
    loss = Penalised(vrex_penalty, 2, vrex.Hyperparameters(penalty_weight=10.0, anneal=0.0))(step)
    loss.backward()
    assert loss.item() == close(2.774134 / 10)
    assert step.notes["penalty"].item() == pytest.approx(0.02047, abs=2e-6)
    torch.testing.assert_close(
        10 * logits.grad[0], torch.tensor([0.073582, -0.067328, -0.006253]), rtol=1e-4, atol=1e-6
    )


# DomainBed, b93c22a, domainbed/algorithms.py: AbstractMMD.mmd of three environments of four samples, mean over pairs
@pytest.mark.parametrize(("penalty", "recorded"), [(coral_penalty, 0.350846), (mmd_penalty, 1.799161)])
def test_coral_and_mmd_compare_the_features_of_environments(penalty, recorded, fixed):
    features = fixed.features.view(3, 4, 4)
    environments = Environments(features, features, torch.zeros(3, 4, dtype=torch.int64), torch.zeros(3, 4))
    assert penalty(environments).item() == close(recorded)


# kohpangwei/group_DRO, cbbc1c5, loss.py: LossComputer.loss over three steps, step size 0.1; with an adjustment its loss
# also has the adjustments' weighted sum, which is constant.
@pytest.mark.parametrize(
    ("adjustment", "losses", "weights"),
    [
        (0.0, [2.534839, 0.78063, 1.694409], [0.174969, 0.154331, 0.172014, 0.157101, 0.179108, 0.162477]),
        (2.0, None, [0.142008, 0.175876, 0.1431, 0.153183, 0.165098, 0.220734]),
    ],
)
def test_group_dro_updates_the_groups_weights(adjustment, losses, weights, fixed, make_step):
    objective = WorstGroupLoss(fixed.sizes, 0.1, adjustment)
    ours = [objective(make_step(scale * fixed.logits)).item() for scale in (1.0, -1.0, 0.5)]
    assert losses is None or ours == close(losses)
    torch.testing.assert_close(objective.weights, torch.tensor(weights), rtol=1e-4, atol=1e-6)


# fungtion/DANN, 476147f, models/functions.py: ReverseLayerF at alpha 0.6; train/main.py: alpha by progress
def test_adversarial_reverses_the_gradient(fixed):
    features = fixed.features.clone().requires_grad_()
    (reverse_gradient(features, 0.6) @ fixed.wave(4, start=0.3)).tanh().sum().backward()
    recorded = [[-0.013675, -0.046255, -0.011071, 0.040332], [-0.091133, -0.30825, -0.07378, 0.268778]]
    torch.testing.assert_close(features.grad[:2], torch.tensor(recorded), rtol=1e-4, atol=1e-6)
    assert [ramp(progress) for progress in (0.0, 0.1, 0.5, 0.9)] == close([0.0, 0.462117, 0.986614, 0.999753])


@pytest.mark.parametrize(("method", "module"), [(resample, None), (crt, last_layer)])
def test_resample_and_crt_draw_samples_by_their_weights(method, module, fixed, captured, sized_problem, shares):
    sampler = captured(method, sized_problem, module).sampler
    expected = fixed.sizes * torch.tensor(WEIGHTS)
    actual = shares(sampler, sized_problem.train.groups, 6, 200)
    torch.testing.assert_close(actual, expected / expected.sum(), atol=0.01, rtol=0)


# SubpopBench, 4d3dbbe, learning/algorithms.py: CRT, whose loss is that of ERM and whose optimiser has the classifier's
# parameters alone
def test_crt_trains_the_head_alone_on_the_mean_loss(make_step, captured, sized_problem):
    assert captured(crt, sized_problem, last_layer).objective(make_step()).item() == close(2.569432)


# BalancingGroups, 72d31e5, datasets.py: subsample_("groups") of groups of 3 * SIZES samples
def test_subg_has_as_many_samples_of_each_group_as_the_smallest(fixed):
    groups = torch.arange(6).repeat_interleave(3 * fixed.sizes)
    drawn = subset(groups, torch.Generator().manual_seed(0))
    assert torch.bincount(groups[drawn]).tolist() == [3, 3, 3, 3, 3, 3]
    assert len(set(drawn.tolist())) == 18


# PolinaKirichenko/deep_feature_reweighting, 9d8d5de, dfr_evaluate_spurious.py: dfr_on_validation_eval, C = 0.3, one
# retraining, on 48 samples in four groups of 12, which are train and val
def test_dfr_is_an_l1_regression_on_standardised_features(fixed):
    labels = np.arange(48) % 2
    known = fixed.wave(48, 5, start=0.2).double().numpy() * [1, 3, 0.5, 2, 1] + [0, 1, 0, -2, 0.3]
    known[:, 0] += 0.8 * labels
    mean, scale = standardisation(known)
    head = one_vs_rest((known - mean) / scale, labels, 2, 0.3, seed=0)
    np.testing.assert_allclose(head[1], [1.885703, 0.0, 0.838608, 0.696862, 0.0, 0.0], atol=0.01)
    decisions = (known[:4] - mean) / scale @ head[1, :-1] + head[1, -1]
    np.testing.assert_allclose(decisions, [-0.9229, 1.126279, -0.680883, 1.339281], atol=0.01)
