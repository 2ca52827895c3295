"""What happened in training: curves, promises kept or broken, and the weights after each epoch."""

from dataclasses import dataclass, field

from torch import Tensor

from spurgen.benchmark.checkpoint_rules import ValScore


@dataclass
class Journal:
    """Holds a run's curves, one entry per stage and epoch, and its checks.

    An entry has `stage`, `epoch` (from 1), `loss` (mean over the epoch's batches), `val_accuracy`,
    `val_wga` where the access tier shows validation groups, and whatever the objective noted.
    A check is something that a method must do to be what its name says, such as a penalty that
    becomes active; a run in which one is False is not ranked.
    """

    curves: list[dict[str, float | str]] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)

    def check(self, promise: str, kept: bool) -> None:
        """Records whether a promise was kept; once broken, it stays broken."""
        self.checks[promise] = bool(kept) and self.checks.get(promise, True)


@dataclass(frozen=True)
class Checkpoint:
    """Holds a network's weights after an epoch, and how it did on val."""

    epoch: int
    weights: dict[str, Tensor]
    score: ValScore
