"""LISA (Yao et al. 2022, Algorithm 1): mixup of samples that share the label or the domain, but not both.

A domain is an alignment pattern here, since few samples with different labels share the values of all channels.
Intra-domain pairs therefore differ from the paper's, which share the attribute and so cancel it: two aligned samples of
different classes differ in every channel. Batches are balanced over groups, as in the authors' code; the baseline to
compare with is `resample`.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor

from spurgen.baselines.mixup import Mixing
from spurgen.baselines.training.samplers import Batches, Sampler, balanced
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, Uniform, train, within

_CODE = "authors' code (huaxiuyao/LISA) and SubpopBench"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the Beta parameter of the shares, and the probability that a pair shares its label."""

    alpha: float = within(0.01, 10.0, f"{_CODE}: 2; there 10^U(-1, 1)", default=0.26, search=LogUniform(0.1, 10.0))
    intra_label: float = within(0.0, 1.0, f"{_CODE}: .5; there U(0, 1)", default=0.67, search=Uniform(0.0, 1.0))


def candidates(sizes: Tensor, domains: int) -> Tensor:
    """Return which groups may be mixed with which, bool (2, G, G): [0] intra-domain, [1] intra-label.

    `sizes` int64 (G,) counts each group's samples; group = label * `domains` + domain. Empty groups are excluded.
    """
    ids = torch.arange(len(sizes))
    same_label = (ids // domains)[:, None] == ids // domains
    same_domain = (ids % domains)[:, None] == ids % domains
    return torch.stack([same_domain & ~same_label, same_label & ~same_domain]) & (sizes > 0) & (sizes > 0)[:, None]


def selective(groups: Tensor, allowed: Tensor, intra_label: float, batch_size: int) -> Sampler:
    """Draw group-balanced batches and append a partner for every sample; all pairs of a batch are of one kind.

    Each group in `allowed`, bool (2, G, G), is equally likely for the partner; if there is none, the partner is of the
    sample's own group. `intra_label` is the probability that the batch's pairs share their label.
    """
    ids = groups.cpu()
    sizes = torch.bincount(ids, minlength=allowed.shape[1])
    members, starts = ids.argsort(stable=True), sizes.cumsum(0) - sizes
    chances = (allowed | (torch.eye(len(sizes), dtype=torch.bool) & ~allowed.any(2, keepdim=True))).float()
    own = balanced(ids, batch_size)

    def draw(generator: Generator) -> Tensor:
        batches = own(generator)
        kinds = (torch.rand(len(batches), 1, generator=generator) < intra_label).long().expand_as(batches)
        targets = torch.multinomial(chances[kinds, ids[batches]].flatten(0, 1), 1, generator=generator)
        targets = targets.view_as(batches)
        places = torch.rand(batches.shape, generator=generator, dtype=torch.float64) * sizes[targets]
        return torch.cat([batches, members[starts[targets] + places.long()]], dim=1)

    return Batches(draw, paired=True)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on selected pairs, each mixed with its own share."""
    data = problem.train
    sizes = torch.bincount(data.groups, minlength=data.num_groups).cpu()
    allowed = candidates(sizes, data.num_groups // problem.num_classes)
    problem.journal.check("samples of one domain differ in label", hyper.intra_label == 1 or bool(allowed[0].any()))
    problem.journal.check("samples of one label differ in domain", hyper.intra_label == 0 or bool(allowed[1].any()))
    objective = Mixing(hyper.alpha, shared=False)
    sampler = selective(data.groups, allowed, hyper.intra_label, hyper.batch_size)
    return train(problem.network(hyper), problem, hyper, sampler=sampler, objective=objective)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0087, weight_decay=0.83),
    access="train_groups",
    version=4,
    frozen={"l2": 0.0001, "alpha": 0.65, "intra_label": 0.27},
)
