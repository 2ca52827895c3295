"""mixup and lisa: which pairs are mixed, and by how much."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import lisa, mixup
from spurgen.baselines.mixup import mixed_loss, shares
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.problem import Problem, Step

MODALITIES = ["image", "text", "multimodal"]


@pytest.fixture
def make_step(make_data, make_context):
    def make(modality, indices):
        data = make_data(n=24, modality=modality)
        problem = Problem.of(data, data, make_context(modality))
        network = problem.network(Recipe()).eval()
        return Step(network, problem.train, torch.tensor(indices), 0.0)

    return make


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("share", [[0.25], [1.0, 0.5, 0.125, 0.0]])
def test_the_loss_is_that_of_mixed_inputs_against_mixed_labels(modality, share, make_step):
    first, second = [0, 1, 2, 3], [4, 3, 9, 11]
    step = make_step(modality, first + second)
    with torch.no_grad():
        actual = mixed_loss(step, torch.tensor(share)).item()
        expected = []
        for i, (a, b) in enumerate(zip(first, second, strict=True)):  # one pair at a time, with soft labels
            w = share[i % len(share)]
            parts = [step.network.embed(step.data.inputs.take(torch.tensor([k]))) for k in (a, b)]
            mixed = [(w * x.float() + (1 - w) * y.float()).to(x.dtype) for x, y in zip(*parts, strict=True)]
            logits = step.network.head(step.network.encode_embedded(mixed))
            labels = F.one_hot(step.data.labels[[a, b]], 3).float()
            expected.append(F.cross_entropy(logits, (w * labels[:1] + (1 - w) * labels[1:])))
    assert actual == pytest.approx(torch.stack(expected).mean().item(), rel=2e-3)


def test_batch_is_mixed_with_a_single_share(captured, make_problem, make_step):
    seen = captured(mixup, make_problem(24))
    with torch.random.fork_rng(), torch.no_grad():
        torch.default_generator.manual_seed(3)
        actual = seen.objective(make_step("text", [0, 1, 2, 5, 6, 7]))
        torch.default_generator.manual_seed(3)
        share = shares(mixup.Hyperparameters().alpha, 1)
    torch.testing.assert_close(actual, mixed_loss(make_step("text", [0, 1, 2, 5, 6, 7]), share.expand(3)))


DOMAINS = 4
# label * 4 + domain; label 0 has domains 0, 1, 3, label 1 has 0 and 1, label 2 has 2 alone
SIZES = torch.tensor([400, 30, 0, 1, 300, 2, 0, 0, 0, 0, 50, 0])
GROUPS = torch.repeat_interleave(torch.arange(12), SIZES)[
    torch.randperm(783, generator=torch.Generator().manual_seed(5))
]


def draw_pairs(intra_label, epochs=8):
    """Draw epochs; return the groups of the samples and of their partners, each (batches, 16), and all indices."""
    generator = torch.Generator().manual_seed(0)
    sampler = lisa.selective(GROUPS, lisa.candidates(SIZES, DOMAINS), intra_label, 16)
    drawn = torch.cat([sampler(generator) for _ in range(epochs)])
    own, partner = GROUPS[drawn].chunk(2, dim=1)
    return own, partner, drawn


def test_candidates_by_brute_force():
    allowed = lisa.candidates(SIZES, DOMAINS)
    for a in range(12):
        for b in range(12):
            occur = bool(SIZES[a] > 0 and SIZES[b] > 0)
            (label, domain), (other, elsewhere) = divmod(a, DOMAINS), divmod(b, DOMAINS)
            assert allowed[0, a, b] == (occur and domain == elsewhere and label != other)
            assert allowed[1, a, b] == (occur and label == other and domain != elsewhere)


def test_intra_label_pairs_share_the_label_and_not_the_domain():
    own, partner, _ = draw_pairs(intra_label=1.0)
    alone = own == 10  # label 2 has one domain, so its partners are of the same group
    assert torch.equal(own // DOMAINS, partner // DOMAINS)
    assert (own % DOMAINS != partner % DOMAINS)[~alone].all()
    assert (partner[alone] == 10).all()
    assert alone.any()


def test_intra_domain_pairs_share_the_domain_and_not_the_label():
    own, partner, _ = draw_pairs(intra_label=0.0)
    alone = (own == 10) | (own == 3)  # domains 2 and 3 have one label
    assert torch.equal(own % DOMAINS, partner % DOMAINS)
    assert (own // DOMAINS != partner // DOMAINS)[~alone].all()
    assert torch.equal(partner[alone], own[alone])


def test_a_batch_is_of_one_kind_and_the_kinds_alternate_at_random():
    own, partner, _ = draw_pairs(intra_label=0.25, epochs=30)
    paired = own != partner
    same_label = own // DOMAINS == partner // DOMAINS
    kinds = [batch[mask].unique() for batch, mask in zip(same_label, paired, strict=True)]
    assert all(len(kind) == 1 for kind in kinds)
    assert torch.cat(kinds).float().mean().item() == pytest.approx(0.25, abs=0.05)  # 1,440 batches, error .012


def test_groups_are_balanced_and_so_are_the_partner_groups_and_their_samples():
    own, partner, drawn = draw_pairs(intra_label=1.0, epochs=30)
    shares = torch.bincount(own.flatten(), minlength=12) / own.numel()
    torch.testing.assert_close(shares, (SIZES > 0) / 6, atol=0.02, rtol=0)
    of_first = partner[own == 0]  # 1 with 30 samples and 3 with one: equally likely
    assert (of_first == 1).float().mean().item() == pytest.approx(0.5, abs=0.03)
    partners = drawn[:, 16:].flatten()
    visits = torch.bincount(partners, minlength=len(GROUPS))[GROUPS == 1]
    assert visits.min() > 0.5 * visits.float().mean()


@pytest.mark.parametrize(
    ("classes", "pattern", "intra_label", "domains_differ", "labels_differ"),
    [
        (3, None, 0.5, True, True),
        (3, 0, 0.5, True, False),
        (3, 0, 0.0, True, True),
        (2, "class", 0.5, False, False),  # class 0 is all of domain 0, class 1 of domain 1
        (2, "class", 1.0, True, False),
    ],
)
def test_sanity_checks_pass_if_there_are_pairs_to_mix(
    classes, pattern, intra_label, domains_differ, labels_differ, make_problem
):
    labels, changes = np.arange(48) % classes, {}
    if pattern is not None:
        changes = {"labels": labels, "group_ids": 2 * labels + (labels if pattern == "class" else pattern)}
    problem = make_problem(n=48, **changes)
    lisa.fit(problem, lisa.Hyperparameters(epochs=1, batch_size=16, intra_label=intra_label))
    assert problem.journal.checks == {
        "samples of one domain differ in label": domains_differ,
        "samples of one label differ in domain": labels_differ,
    }


def test_every_pair_has_its_own_share(captured, make_problem):
    problem = make_problem(48)
    seen = captured(lisa, problem, batch_size=8, alpha=2.0)
    batch = seen.sampler(torch.Generator().manual_seed(0))[0]
    label, other = problem.train.labels[batch].chunk(2)
    domain, elsewhere = (problem.train.groups[batch] % 2).chunk(2)
    assert ((label == other) != (domain == elsewhere)).all()
    with torch.random.fork_rng(), torch.no_grad():
        torch.default_generator.manual_seed(3)
        actual = seen.objective(seen.step(batch))
        torch.default_generator.manual_seed(3)
        expected = mixed_loss(seen.step(batch), shares(2.0, 8))
    torch.testing.assert_close(actual, expected)
