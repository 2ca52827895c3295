"""Methods that infer what a first model relies on, and pairs of samples, against the values of the peers' own code."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

from spurgen.baselines import jtt, lff
from spurgen.baselines.cnc import contrastive_loss
from spurgen.baselines.contrastive import nt_xent
from spurgen.baselines.eiil import infer_environments, scale_gradients
from spurgen.baselines.ssa import confident
from spurgen.baselines.training.samplers import weighted


def close(value):
    return pytest.approx(value, rel=1e-4, abs=1e-6)


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
