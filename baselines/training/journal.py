"""Record of a training run: curves, sanity checks, and the weights after each epoch."""

from dataclasses import dataclass, field
from typing import Self

from torch import Tensor, nn

from spurgen.benchmark.checkpoint_rules import ValScore


@dataclass
class Journal:
    """Curves of a run, one entry per stage and epoch, and its sanity checks.

    An entry has `stage`, `epoch` (from 1), `loss` (mean over the epoch's batches), `val_accuracy`, `val_wga` and
    `val_robust` if the access tier shows validation groups, and the means of the objective's notes. A sanity check is a
    condition without which a run did not do what its method's name says, such as that the penalty became active; a run
    that fails one is not ranked.
    """

    curves: list[dict[str, float | str]] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)

    def check(self, name: str, passed: bool) -> None:
        """Record whether a sanity check passed."""
        self.checks[name] = bool(passed)


@dataclass(frozen=True)
class Checkpoint:
    """Weights of a network after an epoch, and its score on val."""

    epoch: int
    weights: dict[str, Tensor]
    score: ValScore

    @classmethod
    def of(cls, network: nn.Module, epoch: int, score: ValScore) -> Self:
        """Copy the weights that a network has now."""
        return cls(epoch, {name: part.detach().clone() for name, part in network.state_dict().items()}, score)
