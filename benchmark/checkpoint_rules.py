"""The rules that select one epoch's weights, as functions of validation scores."""

from collections.abc import Sequence
from typing import NamedTuple

GROUPED = frozenset({"val_wga", "val_robust"})
"""Rules that need groups on val."""


class ValScore(NamedTuple):
    """A network's accuracies on val.

    `worst` and `mean` are over groups; `robust` is the accuracy on the alignment pattern where it is lowest, all
    classes pooled. They are None where groups are hidden.
    """

    accuracy: float
    worst: float | None = None
    mean: float | None = None
    robust: float | None = None


def best(scores: Sequence[ValScore], rule: str) -> int:
    """Return the index of the score that a rule selects; among equal scores, the last.

    The rules: `last`; `val_accuracy`; `val_wga`, the accuracy on the worst group; `val_robust`, that on the worst
    alignment pattern, which has as many groups as there are classes and so varies less. Ties of the last two are broken
    by the mean over groups. Without groups, these two raise `ValueError`.
    """

    def key(place: int) -> tuple[float, ...]:
        score = scores[place]
        if rule == "last":
            return (place,)
        if rule == "val_accuracy":
            return score.accuracy, place
        lowest = {"val_wga": score.worst, "val_robust": score.robust}[rule]
        if lowest is None or score.mean is None:
            raise ValueError(f"{rule} needs groups on val")
        return lowest, score.mean, place

    return max(range(len(scores)), key=key)
