"""Losses of single samples and their weights, against the values of the peers' own code."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import normalize

from spurgen.baselines import bsoftmax, cb_loss, erm, focal, ldam, reweight, reweight_crt, sqrt_reweight
from spurgen.baselines.cvar_dro import cvar
from spurgen.baselines.training import last_layer, weighting
from spurgen.baselines.training.mixing import mixed_loss

# SubpopBench (YyzHarry/SubpopBench, 4d3dbbe), learning/algorithms.py: the method's _compute_loss
ERM = 2.569432
WEIGHTED = {  # the groups' weights, and the loss
    "reweight": ((0.063886, 1.597161, 0.106477, 0.638864, 0.39929, 3.194321), 1.890489),
    "sqrt_reweight": ((0.299635, 1.498177, 0.386828, 0.94753, 0.749088, 2.118742), 2.069692),
    "cb_loss": ((0.28038, 1.46808, 0.291283, 0.681144, 0.489761, 2.789352), 2.037543),
}


def close(value):
    return pytest.approx(value, rel=1e-4, abs=1e-6)


def test_erm_is_the_mean_loss(make_step, captured, sized_problem):
    assert captured(erm, sized_problem).objective(make_step()).item() == close(ERM)


@pytest.mark.parametrize(
    ("method", "module", "options"),
    [
        (reweight, weighting, {}),
        (sqrt_reweight, weighting, {}),
        (cb_loss, weighting, {"beta": 0.9}),
        (reweight_crt, last_layer, {}),  # on frozen features; its loss is that of ReWeight
    ],
)
def test_reweight_sqrt_reweight_cb_loss_and_reweight_crt_weigh_groups(
    method, module, options, fixed, make_step, captured, sized_problem
):
    """SubpopBench's weights have the sum 6, and ours the mean 1 over the training samples."""
    name = method.submission.NAME.removesuffix("_crt")
    weights, loss = WEIGHTED[name]
    ours = captured(method, sized_problem, module, **options).objective(make_step())
    mean = (fixed.sizes * torch.tensor(weights)).sum() / fixed.sizes.sum()
    assert ours.item() == close(loss / mean.item())


# kaidic/LDAM-DRW, 2536330, losses.py: focal_loss, the same as SubpopBench's
@pytest.mark.parametrize(("gamma", "recorded"), [(0.5, 2.464029), (2.0, 2.204959)])
def test_focal_discounts_confident_samples(gamma, recorded, make_step, captured, sized_problem):
    assert captured(focal, sized_problem, gamma=gamma).objective(make_step()).item() == close(recorded)


# SubpopBench, 4d3dbbe, learning/joint_dro.py, from daniellevy/fast-dro: RobustLoss(alpha, 0, "cvar"), by bisection
@pytest.mark.parametrize(("alpha", "recorded"), [(0.1, 3.954298), (0.3, 3.696555), (0.5, 3.314606), (1.0, 2.569433)])
def test_cvar_dro_is_the_mean_of_the_worst_share(alpha, recorded, fixed):
    assert cvar(fixed.losses, alpha).item() == close(recorded)


# kaidic/LDAM-DRW, 2536330, losses.py: LDAMLoss([52, 35, 9], max_m=0.3, s=30) of the sines of the logits as cosines
def test_ldam_lowers_the_true_cosine_by_the_margin(fixed, make_step, captured, sized_problem):
    seen = captured(ldam, sized_problem, max_margin=0.3, scale=30.0, sizes="classes")
    assert seen.objective(make_step(30 * fixed.logits.sin())).item() == close(44.977398)
    head = seen.network.head
    cosines = normalize(fixed.wave(2, head.in_features, start=0.1), dim=1) @ normalize(head.weight, dim=1).T
    torch.testing.assert_close(head(fixed.wave(2, head.in_features, start=0.1)), 30 * cosines)


# jiawei-ren/BalancedMetaSoftmax-Classification, 34a61e4, loss/BalancedSoftmaxLoss.py: sizes [52, 35, 9]
def test_bsoftmax_adds_the_logarithms_of_the_classes_sizes(make_step, captured, sized_problem):
    seen = captured(bsoftmax, sized_problem, sizes="classes")
    assert seen.objective(make_step()).item() == close(2.687781)


def linear_network(fixed, pairs):
    """A network whose inputs are these features, and whose logits are a linear function of them."""
    return SimpleNamespace(
        device=torch.device("cpu"),
        embed=lambda _: [pairs],
        encode_embedded=lambda embedded: embedded[0] @ fixed.head,
        head=lambda logits: logits,
    )


# facebookresearch/mixup-cifar10, eaff31a, train.py: mixup_data and mixup_criterion, share 0.3, with its predecessor
def test_mixup_mixes_inputs_and_losses(fixed):
    partners = torch.arange(12).roll(1)
    network = linear_network(fixed, torch.cat([fixed.features, fixed.features[partners]]))
    step = SimpleNamespace(network=network, inputs=None, labels=torch.cat([fixed.labels, fixed.labels[partners]]))
    assert mixed_loss(step, torch.tensor([0.3])).item() == close(1.151342)


# huaxiuyao/LISA, c857a6b, subpopulation_shifts/train.py: mix_up, with a share for each pair
def test_lisa_mixes_each_pair_by_its_own_share(fixed):
    labels = torch.cat([fixed.labels[:6], (fixed.labels[6:] + 1) % 3])
    step = SimpleNamespace(network=linear_network(fixed, fixed.features), inputs=None, labels=labels)
    assert mixed_loss(step, torch.tensor([0.1, 0.9, 0.5, 0.25, 0.6, 1.0])).item() == close(1.159804)
