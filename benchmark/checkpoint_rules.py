"""Which epoch's weights count: the three selection rules, as functions of validation scores."""

from collections.abc import Sequence
from typing import NamedTuple

RULES = ("last", "val_accuracy", "val_wga")


class ValScore(NamedTuple):
    """Holds how a network did on val; `worst` and `mean` are over groups, None where they are hidden."""

    accuracy: float
    worst: float | None = None
    mean: float | None = None


def best(scores: Sequence[ValScore], rule: str) -> int:
    """Returns the place of the score that a rule picks; of equals, the last.

    `last`; `val_accuracy`; `val_wga`, the worst group's accuracy, equals by the mean over groups:
    in a small group one sample decides, and the worst is often 0 for all.
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
