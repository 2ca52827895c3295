"""Cross-risk minimisation (Pezeshki et al. 2024): Group-DRO on groups inferred from the mistakes of twin networks.

Each twin trains on a random half of train. The surer a twin is of a sample of the other half, the more likely the
sample takes the class that it predicts, so that both come to rely on what is easy. A sample on whose true label at
least one of them errs is then of the other group.
"""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from spurgen.baselines.group_dro import WorstGroupRecipe, train_worst_group
from spurgen.baselines.jtt import FirstStageRecipe, train_first
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Step, logits


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe, WorstGroupRecipe):
    """Settings of Group-DRO, and of the twins, which are the first stage."""


class Twins(nn.Module):
    """Training objective of two networks, the step's and `second`, each on its own half of the samples.

    `mine`, bool (n,): the half of the step's network. `solve` finds the optimum for fixed labels, the true ones at
    first, and renews them from it, `rounds` times.
    """

    rounds = 10

    def __init__(self, second: Network, labels: Tensor, seed: int) -> None:
        super().__init__()
        self.second, self.labels = second, labels.clone()
        self.draws = Generator().manual_seed(seed)
        self.mine = (torch.rand(len(labels), generator=self.draws) < 0.5).to(labels.device)

    def forward(self, step: Step) -> Tensor:
        """Return the loss of a batch, and renew its labels."""
        return self.renew(step)

    def whole(self, step: Step) -> Tensor:
        """Return the loss for the labels as they are."""
        scores, _ = self.scores(step)
        return classwise(scores, self.labels[step.indices])

    def renew(self, step: Step) -> Tensor:
        """Give samples the classes that the other twin predicts, by chance; return the loss before that."""
        scores, unseen = self.scores(step)
        before = self.labels[step.indices]
        guessed, chance = flips(unseen.detach())
        drawn = torch.rand(len(chance), generator=self.draws).to(chance) < chance
        self.labels[step.indices] = torch.where(drawn, guessed, before)
        return classwise(scores, before)

    def scores(self, step: Step) -> tuple[Tensor, Tensor]:
        """Return each sample's logits, (b, K), by the twin that trains on it, and by the other one."""
        mine = self.mine[step.indices, None]
        first, second = step.logits, self.second(step.inputs)
        return torch.where(mine, first, second), torch.where(mine, second, first)


def classwise(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of the mean losses of the classes that occur; logits (n, K), labels int64 (n,)."""
    losses = cross_entropy(scores, labels, reduction="none")
    return torch.stack([losses[labels == label].mean() for label in torch.unique(labels)]).sum()


def flips(unseen: Tensor) -> tuple[Tensor, Tensor]:
    """Return the likeliest classes, int64 (n,), and the probability of taking them; `unseen`: held-out logits (n, K).

    The probability is 0 for one in K, and 1 for certainty (the paper, section 3.1).
    """
    count = unseen.shape[1]
    sure, guessed = unseen.softmax(1).max(1)
    return guessed, ((sure - 1 / count) * count / (count - 1)).clamp(0, 1)


def twin_scores(problem: Problem, hyper: FirstStageRecipe) -> tuple[Tensor, Tensor]:
    """Train twins; return each train sample's logits by the one that trained on it, and by the other: (n, K) each."""
    labels = problem.train.labels
    twins = Twins(problem.network(hyper, "second twin"), labels, problem.seed_for("halves"))
    first = train_first(problem, hyper, "twins", twins)
    second = logits(twins.second, problem.train.inputs).to(first)
    mine = twins.mine[:, None]
    return torch.where(mine, first, second), torch.where(mine, second, first)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train twins, then Group-DRO on (class, mistaken) groups."""
    labels = problem.train.labels
    mistaken = torch.stack([scores.argmax(1) != labels for scores in twin_scores(problem, hyper)]).any(0)
    problem.journal.check("the twins err on some samples and not on all", bool(mistaken.any() and not mistaken.all()))
    groups = replace(problem.train, group_ids=2 * labels + mistaken.long(), num_groups=2 * problem.num_classes)
    return train_worst_group(problem.network(hyper), problem, hyper, groups)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0063, weight_decay=0.5, first_epochs=3, first_lr=0.00019, first_weight_decay=0.21, eta=0.0083),
    access="val_groups",
    version=2,
    frozen={"l2": 0.0042, "sharpness": 120.0, "first_l2": 0.0011},
)
