"""Every method against the values of its peers' own code."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize, one_hot

from spurgen.baselines import (
    bsoftmax,
    cb_loss,
    cda,
    crt,
    erm,
    focal,
    irm,
    jtt,
    kernel_ridge,
    ldam,
    lff,
    resample,
    reweight,
    reweight_crt,
    sqrt_reweight,
    vrex,
)
from spurgen.baselines.adversarial import ramp, reverse_gradient
from spurgen.baselines.afr import confidence_weights
from spurgen.baselines.cnc import contrastive_loss
from spurgen.baselines.contrastive import nt_xent
from spurgen.baselines.coral import coral_penalty
from spurgen.baselines.cvar_dro import cvar
from spurgen.baselines.dfr import one_vs_rest, standardisation
from spurgen.baselines.eiil import infer_environments, scale_gradients
from spurgen.baselines.group_dro import WorstGroupLoss
from spurgen.baselines.irm import Environment, Penalised, irm_penalty
from spurgen.baselines.mat import label_shift
from spurgen.baselines.mixup import mixed_loss
from spurgen.baselines.mmd import mmd_penalty
from spurgen.baselines.ssa import confident
from spurgen.baselines.subg import subset
from spurgen.baselines.training.samplers import weighted
from spurgen.baselines.vrex import vrex_penalty
from spurgen.baselines.xrm import classwise, flips


def close(value):
    return pytest.approx(value, rel=1e-4, abs=1e-6)


# Recorded: _compute_loss of ERM.
def test_erm_is_the_mean_loss(make_step, captured, sized_problem, peer):
    assert captured(erm, sized_problem).objective(make_step()).item() == close(peer("erm").loss)


def test_cda_with_twins_that_equal_their_samples_has_the_loss_of_erm(fixed, peer):
    network = SimpleNamespace(embed=lambda logits: [logits], encode_embedded=lambda parts: parts[0], head=lambda f: f)
    step = SimpleNamespace(network=network, inputs=fixed.logits, twins=fixed.logits, labels=fixed.labels)
    assert cda.both(step).item() == close(peer("cda").loss)


@pytest.mark.parametrize(
    ("name", "method", "module", "options"),
    [
        ("reweight", reweight, reweight, {}),
        ("sqrt_reweight", sqrt_reweight, reweight, {}),
        ("cb_loss", cb_loss, reweight, {"beta": 0.9}),
        ("reweight_crt", reweight_crt, crt, {}),  # on frozen features; its loss is that of ReWeight
    ],
)
def test_reweight_sqrt_reweight_cb_loss_and_reweight_crt_weigh_groups(
    name, method, module, options, fixed, make_step, captured, sized_problem, peer
):
    """SubpopBench's weights have the sum 6, and ours the mean 1 over the training samples."""
    ours = captured(method, sized_problem, module, **options).objective(make_step())
    mean = (fixed.sizes * torch.tensor(peer(name).weights)).sum() / fixed.sizes.sum()
    assert ours.item() == close(peer(name).loss / mean.item())


# Recorded: focal_loss, which SubpopBench has as well.
@pytest.mark.parametrize(("place", "gamma"), [*enumerate((0.5, 2.0))])
def test_focal_discounts_confident_samples(place, gamma, make_step, captured, sized_problem, peer):
    loss = captured(focal, sized_problem, gamma=gamma).objective(make_step()).item()
    assert loss == close(peer("focal").losses[place])


# Recorded: RobustLoss(alpha, 0, "cvar"), which finds the share by bisection.
def test_cvar_dro_is_the_mean_of_the_worst_share(fixed, peer):
    assert [cvar(fixed.losses, alpha).item() for alpha in (0.1, 0.3, 0.5, 1.0)] == close(peer("cvar_dro").losses)


# Recorded: get_loss, and the probabilities that flip_y gives to torch.bernoulli.
def test_xrm_has_the_loss_of_classes_and_flips_the_sure(fixed, peer):
    guessed, chance = flips(fixed.logits)
    assert classwise(fixed.logits, fixed.labels).item() == close(peer("xrm").loss)
    assert chance.tolist() == close(peer("xrm").chance)
    assert torch.equal(guessed, fixed.logits.argmax(1))


# Recorded: get_shift with temp 0.5, on all samples as one batch.
def test_mat_shifts_by_what_held_out_predictions_say_of_the_label(fixed, peer):
    shift = label_shift(fixed.logits, fixed.labels, 0.5)
    assert [row.tolist() for row in shift] == [close(row) for row in peer("mat").shift]


# Recorded: normalize_weights(rebalance_weights(get_exp_weights(...))) with gamma 4, of classes of 6, 4 and 2 samples.
def test_afr_gives_less_weight_to_the_sure_and_to_large_classes(fixed, peer):
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 0, 0, 0, 1])
    assert confidence_weights(fixed.logits, labels, 4.0).tolist() == close(peer("afr").weights)


# Recorded: KernelRidge(alpha=12 * 1e-3) of a kernel that KernelCenterer centred, on one-hot labels without their mean.
def test_kernel_ridge_is_ridge_regression_with_a_free_bias(fixed, peer):
    landmarks = fixed.features.double()
    head = kernel_ridge.KernelHead(landmarks, 1.0, 3)
    kernel_ridge.regress(head, head.describe(landmarks), one_hot(fixed.labels).double(), 1e-3)
    np.testing.assert_allclose(head(fixed.wave(2, 4, start=0.1)).detach(), peer("kernel_ridge").scores, atol=1e-6)


# Recorded: LDAMLoss for classes of 52, 35 and 9 samples, max_m 0.3 and s 30, of the logits' sines as cosines.
def test_ldam_lowers_the_true_cosine_by_the_margin(fixed, make_step, captured, sized_problem, peer):
    seen = captured(ldam, sized_problem, max_margin=0.3, scale=30.0, sizes="classes")
    assert seen.objective(make_step(30 * fixed.logits.sin())).item() == close(peer("ldam").loss)
    head = seen.network.head
    cosines = normalize(fixed.wave(2, head.in_features, start=0.1), dim=1) @ normalize(head.weight, dim=1).T
    torch.testing.assert_close(head(fixed.wave(2, head.in_features, start=0.1)), 30 * cosines)


# Recorded: the loss for classes of 52, 35 and 9 samples.
def test_bsoftmax_adds_the_logarithms_of_the_classes_sizes(make_step, captured, sized_problem, peer):
    seen = captured(bsoftmax, sized_problem, sizes="classes")
    assert seen.objective(make_step()).item() == close(peer("bsoftmax").loss)


def linear_network(fixed, pairs):
    """A network whose inputs are these features, and whose logits are a linear function of them."""
    return SimpleNamespace(
        device=torch.device("cpu"),
        embed=lambda _: [pairs],
        encode_embedded=lambda embedded: embedded[0] @ fixed.head,
        head=lambda logits: logits,
    )


# Recorded: mixup_criterion of samples that mixup_data mixed with their predecessors at a share of 0.3.
def test_mixup_mixes_inputs_and_losses(fixed, peer):
    partners = torch.arange(12).roll(1)
    network = linear_network(fixed, torch.cat([fixed.features, fixed.features[partners]]))
    step = SimpleNamespace(network=network, inputs=None, labels=torch.cat([fixed.labels, fixed.labels[partners]]))
    assert mixed_loss(step, torch.tensor([0.3])).item() == close(peer("mixup").loss)


# mix_up, with a share for each pair
def test_lisa_mixes_each_pair_by_its_own_share(fixed, peer):
    labels = torch.cat([fixed.labels[:6], (fixed.labels[6:] + 1) % 3])
    step = SimpleNamespace(network=linear_network(fixed, fixed.features), inputs=None, labels=labels)
    assert mixed_loss(step, torch.tensor([0.1, 0.9, 0.5, 0.25, 0.6, 1.0])).item() == close(peer("lisa").loss)


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
@pytest.mark.parametrize(("name", "method"), [("resample", resample), ("crt", crt)])
def test_resample_and_crt_draw_samples_by_their_weights(name, method, fixed, captured, sized_problem, shares, peer):
    sampler = captured(method, sized_problem).sampler
    expected = fixed.sizes * torch.tensor(peer(name).weights)
    actual = shares(sampler, sized_problem.train.groups, 6, 200)
    torch.testing.assert_close(actual, expected / expected.sum(), atol=0.01, rtol=0)


# Recorded: the loss of CRT, which is that of ERM. Its optimiser there has the parameters of the classifier alone.
def test_crt_trains_the_head_alone_on_the_mean_loss(make_step, captured, sized_problem, peer):
    assert captured(crt, sized_problem).objective(make_step()).item() == close(peer("crt").loss)


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


# JTT_Stage2._compute_loss, jtt_lambda 5, of the mean of weighted losses.
# The weights of facebookresearch/BalancingGroups (72d31e5, models.py) are the same; those of the authors' code
# (anniesch/jtt, 1de6cc5, run_expt.py) are one higher, since it adds the errors `upweight` times to all samples.
def test_jtt_weighs_the_errors_of_the_first_model(fixed, make_problem, monkeypatch, peer):
    problem, weights = make_problem(12, labels=fixed.labels.numpy()), []
    monkeypatch.setattr(jtt, "weighted", lambda w, size: weights.append(w) or weighted(w, size))
    monkeypatch.setattr(jtt, "logits", lambda *_: -fixed.logits)
    monkeypatch.setattr(jtt, "train", lambda network, *_, **__: network)
    jtt.fit(problem, jtt.Hyperparameters(upweight=5))
    assert (weights[0] @ fixed.losses / 12).item() == close(peer("jtt").loss)


class Answers(nn.Module):
    """A network that answers with given logits."""

    def __init__(self):
        super().__init__()
        self.head = SimpleNamespace(out_features=3)

    def forward(self, logits):
        return logits


# util.py: EMA(alpha=0.7) and the weights of train.py after three steps, the second of which has
# only every other sample; module/loss.py: GeneralizedCELoss(0.7), which multiplies the loss by q once more than the
# paper does (equation 2), so its gradient is 0.7 times ours
def test_lff_weights_follow_from_averaged_losses(fixed, peer):
    objective = lff.RelativeDifficulty(Answers(), fixed.labels, lff.Hyperparameters(q=0.7, decay=0.7))
    every, other = torch.arange(12), torch.arange(0, 12, 2)
    for indices, biased, own in ((every, 1.0, -0.5), (other, 0.7, 1.0), (every, 1.2, 0.1)):
        logits = (biased * fixed.logits[indices]).requires_grad_()
        losses = nn.functional.cross_entropy(own * fixed.logits[indices], fixed.labels[indices], reduction="none")
        step = SimpleNamespace(inputs=logits, labels=fixed.labels[indices], indices=indices, losses=losses, notes={})
        loss = objective(step)
        if biased == 1.0:
            (gradient,) = torch.autograd.grad(loss, logits)
    recorded = peer("lff")
    torch.testing.assert_close(objective.weights(every), torch.tensor(recorded.weights), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(0.7 * gradient[:2], torch.tensor(recorded.gradient), rtol=1e-3, atol=2e-6)


# split_data_opt, 5000 steps of Adam at 0.01, of 16 samples, binary.
# A logit z there is the pair (0, z) here.
def test_eiil_finds_the_environments_of_the_authors_optimisation(fixed, peer):
    z, labels = 2 * fixed.wave(16, start=3.0).double(), torch.arange(16) % 2
    environments = infer_environments(scale_gradients(torch.stack([torch.zeros(16), z], dim=1), labels))
    assert torch.nonzero(environments).flatten().tolist() == peer("eiil").environment


# SupervisedContrastiveLoss of an anchor, three positives and five negatives
@pytest.mark.parametrize(("place", "temperature"), [*enumerate((0.1, 1.0))])
def test_cnc_contrasts_an_anchor_with_its_positives_and_negatives(place, temperature, fixed, peer):
    positives, negatives = torch.zeros(2, 9, 9, dtype=torch.bool)
    positives[0, 1:4] = negatives[0, 4:] = True
    loss = contrastive_loss(fixed.features[:9], positives, negatives, temperature).item()
    assert loss == close(peer("cnc").losses[place])


# info_nce_loss of two views of six samples, temperature 0.5, and its cross-entropy
def test_contrastive_identifies_each_samples_twin(fixed, peer):
    assert nt_xent(fixed.features, 0.5).item() == close(peer("contrastive").loss)


# No code of the authors could be found. Nam et al. 2022, section 3.1: the threshold of the rarest group is fixed; that
# of another group is the lowest one, not below it, with which the group has no more labelled and pseudo-labelled
# samples than the rarest. Our labelled batches are balanced, so all groups have equally many labelled samples.
def test_ssa_lowers_the_threshold_until_groups_are_equally_frequent(fixed, peer):
    confidence, conflicting = fixed.wave(60, start=0.0).abs(), fixed.wave(60, start=0.4) > 0.5
    probabilities, rare = confidence.double().numpy(), conflicting.numpy()
    least = peer("ssa").least
    rarest = np.sum(rare & (probabilities >= least))
    thresholds = np.unique(np.append(probabilities[probabilities >= least], least))
    adapted = next(t for t in thresholds if np.sum(~rare & (probabilities >= t)) <= rarest)
    expected = probabilities >= np.where(rare, least, adapted)
    assert 0 < rarest < np.sum(~rare & (probabilities >= least))
    assert confident(confidence, ~conflicting, least).tolist() == expected.tolist()
    assert one_hot(conflicting.long())[expected].sum(0).tolist() == [rarest, rarest]
