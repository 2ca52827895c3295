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
from spurgen.baselines.training.penalty import Environment, Penalised
from spurgen.baselines.training.worst_group import WorstGroupLoss
from spurgen.baselines.vrex import vrex_penalty


def close(value):
    return pytest.approx(value, rel=1e-4, abs=1e-6)


def step_of_environments(make_step, logits, labels):
    losses = cross_entropy(logits, labels, reduction="none")
    return make_step(logits, labels=labels, features=logits, losses=losses)


# Recorded: the loss of a step without weight decay, and the penalties of two environments of six samples. The authors'
# task is binary: a logit z there is the pair (0, z) here.
@pytest.mark.parametrize(("place", "weight"), [*enumerate((0.5, 100.0))])
def test_irm_penalises_the_gradient_of_each_environment(place, weight, fixed, make_step, peer):
    z, labels = fixed.wave(12, start=2.0) * 2, torch.arange(12) % 2
    step = step_of_environments(make_step, torch.stack([torch.zeros(12), z], dim=1), labels)
    hyper = irm.Hyperparameters(penalty_weight=weight, anneal=0.0)
    assert Penalised(irm_penalty, 2, hyper)(step).item() == close(peer("irm").losses[place])
    assert step.notes["penalty"].item() == close(sum(peer("irm").penalties) / 2)


# Recorded: the loss of VREx.update on two environments of six samples, at weight 10. It does not divide the loss by the
# weight, as IRM's authors do and we do.
def test_vrex_penalises_the_variance_of_the_risks(fixed, make_step, peer):
    logits = fixed.logits.clone().requires_grad_()
    step = step_of_environments(make_step, logits, fixed.labels)
    loss = Penalised(vrex_penalty, 2, vrex.Hyperparameters(penalty_weight=10.0, anneal=0.0))(step)
    loss.backward()
    assert loss.item() == close(peer("vrex").loss / 10)
    assert step.notes["penalty"].item() == pytest.approx(peer("vrex").penalty, abs=2e-6)
    torch.testing.assert_close(10 * logits.grad[0], torch.tensor(peer("vrex").gradient), rtol=1e-4, atol=1e-6)


# Recorded: the mean over pairs of three environments, of four samples each, of AbstractMMD.mmd.
@pytest.mark.parametrize(("name", "penalty"), [("coral", coral_penalty), ("mmd", mmd_penalty)])
def test_coral_and_mmd_compare_the_features_of_environments(name, penalty, fixed, peer):
    features = fixed.features.view(3, 4, 4)
    environments = [Environment(each, each, torch.zeros(4).long(), torch.zeros(4)) for each in features]
    assert penalty(environments).item() == close(peer(name).penalty)


# Recorded: LossComputer.loss over three steps at step size 0.1. With an adjustment, the loss there also has the
# adjustments' weighted sum, which is constant.
@pytest.mark.parametrize("adjustment", [0.0, 2.0])
def test_group_dro_updates_the_groups_weights(adjustment, fixed, make_step, peer):
    recorded = peer("group_dro")
    objective = WorstGroupLoss(fixed.sizes, 0.1, adjustment)
    ours = [objective(make_step(scale * fixed.logits)).item() for scale in (1.0, -1.0, 0.5)]
    assert adjustment or ours == close(recorded.losses)
    weights = torch.tensor(recorded.adjusted if adjustment else recorded.weights)
    torch.testing.assert_close(objective.weights, weights, rtol=1e-4, atol=1e-6)


# Recorded: the gradient behind ReverseLayerF at alpha 0.6, and alpha by progress.
def test_adversarial_reverses_the_gradient(fixed, peer):
    features = fixed.features.clone().requires_grad_()
    (reverse_gradient(features, 0.6) @ fixed.wave(4, start=0.3)).tanh().sum().backward()
    recorded = peer("adversarial")
    torch.testing.assert_close(features.grad[:2], torch.tensor(recorded.gradient), rtol=1e-4, atol=1e-6)
    assert [ramp(progress) for progress in (0.0, 0.1, 0.5, 0.9)] == close(recorded.ramp)


# Recorded: the sampling weight of a sample of each group.
@pytest.mark.parametrize(("name", "method", "module"), [("resample", resample, None), ("crt", crt, last_layer)])
def test_resample_and_crt_draw_samples_by_their_weights(
    name, method, module, fixed, captured, sized_problem, shares, peer
):
    sampler = captured(method, sized_problem, module).sampler
    expected = fixed.sizes * torch.tensor(peer(name).weights)
    actual = shares(sampler, sized_problem.train.groups, 6, 200)
    torch.testing.assert_close(actual, expected / expected.sum(), atol=0.01, rtol=0)


# Recorded: the loss of CRT, which is that of ERM. Its optimiser there has the parameters of the classifier alone.
def test_crt_trains_the_head_alone_on_the_mean_loss(make_step, captured, sized_problem, peer):
    assert captured(crt, sized_problem, last_layer).objective(make_step()).item() == close(peer("crt").loss)


# Recorded: the samples of each group that subsample_("groups") keeps.
def test_subg_has_as_many_samples_of_each_group_as_the_smallest(fixed, peer):
    groups = torch.arange(6).repeat_interleave(3 * fixed.sizes)
    drawn = subset(groups, torch.Generator().manual_seed(0))
    assert torch.bincount(groups[drawn]).tolist() == peer("subg").samples
    assert len(set(drawn.tolist())) == 18


# Recorded: the head of dfr_on_validation_eval at C = 0.3, retrained once on 48 samples in four groups of 12, which are
# train and val.
def test_dfr_is_an_l1_regression_on_standardised_features(fixed, peer):
    labels = np.arange(48) % 2
    known = fixed.wave(48, 5, start=0.2).double().numpy() * [1, 3, 0.5, 2, 1] + [0, 1, 0, -2, 0.3]
    known[:, 0] += 0.8 * labels
    mean, scale = standardisation(known)
    head = one_vs_rest((known - mean) / scale, labels, 2, 0.3, seed=0)
    np.testing.assert_allclose(head[1], peer("dfr").head, atol=0.01)
    decisions = (known[:4] - mean) / scale @ head[1, :-1] + head[1, -1]
    np.testing.assert_allclose(decisions, peer("dfr").decisions, atol=0.01)
