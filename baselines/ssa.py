"""Spread spurious attribute (Nam et al. 2022): Group-DRO on groups inferred by a predictor of the attributes.

The predictor learns the channels' values from half of val, and from its own confident predictions on train.
Simplified to less than twice the cost of ERM: one predictor instead of three on folds of train; confident predictions
are selected within a batch, not over all of train; and conflicting values are balanced against aligned ones, not every
pair of class and value, of which a batch holds few. One addition: labelled batches are balanced over groups. The
attributes are correlated here, and a predictor that infers one from another would fail on the samples that matter.
"""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from spurgen.baselines.bsoftmax import Alignment
from spurgen.baselines.group_dro import WorstGroupRecipe, train_worst_group
from spurgen.baselines.jtt import FirstStageRecipe
from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import redefined
from spurgen.baselines.training.samplers import balanced, halves, repeated
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Step, features, train, within


@dataclass(frozen=True)
class Hyperparameters(WorstGroupRecipe):
    """Settings of Group-DRO, plus the predictor's steps, and the least confidence of predictions it learns from.

    On frozen features, the predictor has no steps but the strength `first_l2` of its l2.
    """

    steps: int = within(1, 10**6, "chosen here: an epoch of 20,000 samples; the labelled half is small", default=300)
    threshold: float = within(0.0, 1.0, "Nam et al. 2022: least threshold 0.95", default=0.95)
    first_l2: float = redefined(FirstStageRecipe, "first_l2", default=1e-4)


class AttributePredictor(nn.Module):
    """A linear layer per channel that predicts its values from a network's features; also the training objective.

    `solve` finds the optimum for fixed pseudo-labels, none at first, and renews them from it, `rounds` times.
    """

    rounds = 5

    def __init__(self, tables: list[Tensor], others: Data, width: int, threshold: float) -> None:
        super().__init__()
        self.tables, self.others, self.threshold = tables, others, threshold
        self.layers = nn.ModuleList(nn.Linear(width, table.shape[1]) for table in tables)
        self.pseudo: list[tuple[Tensor, Tensor]] = []

    def forward(self, step: Step) -> Tensor:
        """Return the loss on the labelled batch, plus that on confident predictions for equally many other samples."""
        drawn = torch.randint(len(self.others), (len(step.indices),)).to(step.indices.device)
        labels, encoded = self.others.labels[drawn], step.network.encode(self.others.inputs.take(drawn))
        supervised = pseudo = share = torch.zeros((), device=drawn.device)
        for layer, table, values in zip(self.layers, self.tables, step.data.channels.values(), strict=True):
            supervised = supervised + cross_entropy(layer(step.features), values[step.indices])
            logits = layer(encoded)
            confidence, predicted = logits.detach().softmax(1).max(1)
            selected = confident(confidence, table[labels, predicted], self.threshold).float()
            pseudo = pseudo + (cross_entropy(logits, predicted, reduction="none") * selected).mean()
            share = share + selected.mean() / len(self.tables)
        step.notes |= {"supervised_loss": supervised, "pseudo_loss": pseudo, "pseudo_labelled": share}
        loss: Tensor = supervised + pseudo
        return loss

    def whole(self, step: Step) -> Tensor:
        """Return the loss on all labelled samples, plus that on all confident predictions for the others."""
        loss = torch.zeros((), device=step.indices.device)
        encoded = step.network.encode(self.others.inputs)
        for layer, values in zip(self.layers, step.data.channels.values(), strict=True):
            loss = loss + step.mean(cross_entropy(layer(step.features), values, reduction="none"))
        for layer, (predicted, selected) in zip(self.layers, self.pseudo, strict=bool(self.pseudo)):
            loss = loss + (cross_entropy(layer(encoded), predicted, reduction="none") * selected).mean()
        return loss

    def renew(self, step: Step) -> None:
        """Predict the values of the other samples, and select those that are confident."""
        encoded, self.pseudo = step.network.encode(self.others.inputs), []
        for layer, table in zip(self.layers, self.tables, strict=True):
            confidence, predicted = layer(encoded).softmax(1).max(1)
            selected = confident(confidence, table[self.others.labels, predicted], self.threshold)
            self.pseudo.append((predicted, selected))

    @torch.no_grad()
    def predict(self, network: Network, inputs: Inputs) -> list[Tensor]:
        """Return the most likely values of each channel, int64 (n,) per channel, in evaluation mode."""
        known = features(network, inputs).to(network.head.weight)
        return [layer(known).argmax(1) for layer in self.layers]


def confident(confidence: Tensor, aligned: Tensor, threshold: float) -> Tensor:
    """Select predictions to learn from, bool (n,): equally many that are aligned with the class and that conflict.

    Of the rarer kind, all that reach the threshold are selected; of the other kind, equally many of highest confidence:
    its threshold adapts (Nam et al. 2022, section 3.1). `confidence` float32 (n,) in [0, 1], `aligned` bool (n,).
    """
    sure = confidence >= threshold
    selected = torch.zeros_like(sure)
    size = torch.minimum((sure & aligned).sum(), (sure & ~aligned).sum())
    for kind in (sure & aligned, sure & ~aligned):
        order = confidence.masked_fill(~kind, -1.0).argsort(descending=True, stable=True)
        selected |= kind & (order.argsort() < size)
    return selected


def pseudo_groups(problem: Problem, hyper: Hyperparameters) -> Tensor:
    """Train the predictor and return the groups that it infers for train, int64 (n,).

    The journal records the accuracy of the inferred groups on the other half of val.
    """
    val, labels = problem.val, problem.train.labels
    split = halves(val.groups, Generator().manual_seed(problem.seed_for("halves")))
    labeled, unseen = (val.take(half.to(labels.device)) for half in split)
    alignment = Alignment(labeled, problem.num_classes)
    network = problem.network(hyper, "predictor")
    with problem.initialising("attributes"):
        predictor = AttributePredictor(alignment.tables, problem.train, network.head.in_features, hyper.threshold)
    sampler = repeated(balanced(labeled.groups, hyper.batch_size), hyper.steps)
    recipe = replace(hyper, epochs=1, l2=hyper.first_l2)
    train(network, problem, recipe, sampler=sampler, objective=predictor, stage="predictor", data=labeled)
    inferred = alignment.groups(unseen.labels, predictor.predict(network, unseen.inputs))
    curve = problem.journal.curves[-1]
    curve["group_accuracy"] = (inferred == unseen.groups).float().mean().item()
    for name in ("val_accuracy", "val_wga", "val_robust"):
        curve.pop(name, None)  # they describe the classifier, which this stage does not train
    values = predictor.predict(network, problem.train.inputs)
    distinct = all(int(value.min()) < int(value.max()) for value in values)
    problem.journal.check("the predictor distinguishes the values of every channel", distinct)
    groups = alignment.groups(labels, values)
    conflicts = [(groups >> k) & 1 == 1 for k in range(len(values))]
    both = all(bool(conflict.any() and not conflict.all()) for conflict in conflicts)
    problem.journal.check("every channel has aligned and conflicting pseudo-attributes", both)
    return groups


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train Group-DRO on the inferred groups."""
    groups = pseudo_groups(problem, hyper)
    return train_worst_group(problem.network(hyper), problem, hyper, replace(problem.train, group_ids=groups))


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0063, weight_decay=0.5, eta=0.0083),
    access="val_groups",
    version=3,
    frozen={"l2": 0.00023, "sharpness": 2400.0, "first_l2": 0.0014},
)
