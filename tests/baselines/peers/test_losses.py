"""Losses of single samples and their weights, against the values of the peers' own code."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import normalize

from spurgen.baselines import bsoftmax, cb_loss, cda, erm, focal, ldam, reweight, reweight_crt, sqrt_reweight
from spurgen.baselines.cvar_dro import cvar
from spurgen.baselines.training import last_layer, weighting
from spurgen.baselines.training.mixing import mixed_loss


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
        ("reweight", reweight, weighting, {}),
        ("sqrt_reweight", sqrt_reweight, weighting, {}),
        ("cb_loss", cb_loss, weighting, {"beta": 0.9}),
        ("reweight_crt", reweight_crt, last_layer, {}),  # on frozen features; its loss is that of ReWeight
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
