"""The rules that select one epoch's weights, as functions of validation scores."""

from collections.abc import Sequence
from typing import NamedTuple

RULES = ("last", "val_accuracy", "val_wga")


class ValScore(NamedTuple):
    """A network's accuracies on val; `worst` and `mean` are over groups, None where groups are hidden."""

    accuracy: float
    worst: float | None = None
    mean: float | None = None


def best(scores: Sequence[ValScore], rule: str) -> int:
    """Return the index of the score that a rule selects; among equal scores, the last.

    The rules: `last`; `val_accuracy`; `val_wga`, the worst group's accuracy, where ties are broken by the
    mean over groups, since with small groups the worst is often 0 in every epoch.
    Raises `ValueError` for `val_wga` without groups.
    """

    def key(place: int) -> tuple[float, ...]:
        score = scores[place]
        if rule == "last":
            return (place,)
        if rule == "val_accuracy":
            return score.accuracy, place
        if score.worst is None or score.mean is None:
            raise ValueError(f"{rule} needs groups on val")
        return score.worst, score.mean, place

    return max(range(len(scores)), key=key)
