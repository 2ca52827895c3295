"""Numbers with their intervals, differences with their p-values, and corrections for many tests."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from spurgen.harness.metrics.accuracies import Interval
from spurgen.harness.metrics.arrays import Float64

ALPHA = 0.05  # of all tests
NOISE = 1e-12  # differences of proportions below it are rounding
PValue = TypeVar("PValue", float, float | None)
Key = TypeVar("Key")
ENDS = ("_low", "_high")
"""How the names of columns with the ends of an interval end."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Estimate:
    """A number and the ends of its 95 % interval, None where it has none."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval, or the value twice where there is none."""
        return self.value if self.low is None else self.low, self.value if self.high is None else self.high

    def text(self, style: str = ".3f") -> str:
        """Return the number and, in brackets, its interval, formatted by `style`; no zero is negative."""
        style = style.replace(".", "z.")
        interval = "" if self.low is None else f" [{self.low:{style}}, {self.high:{style}}]"
        return f"{self.value:{style}}{interval}"


def end_columns(name: str, ends: Sequence[float | None] | None) -> dict[str, float | None]:
    """Return the columns of the ends of a number's interval; none where there is no interval."""
    return {name + end: value for end, value in zip(ENDS, ends, strict=True)} if ends else {}


class Difference(NamedTuple):
    """A difference, its interval, and the two-sided p-value of no difference."""

    value: float
    interval: Interval
    p: float


def holm(p_values: Sequence[PValue]) -> list[PValue]:
    """Return p-values adjusted for their number by Holm's step-down (Holm 1979), each in [0, 1]; None stays None.

    Rejecting where the result is below 5 % keeps the chance of any false rejection below 5 %.
    """
    present = np.array([p for p in p_values if p is not None])
    order = present.argsort()
    steps = present[order] * np.arange(len(present), 0, -1)
    adjusted = np.empty_like(present)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    values = iter(adjusted.tolist())
    return [p if p is None else next(values) for p in p_values]


def holm_beside(
    p_values: Mapping[Key, float | None], family: Collection[str], label: Callable[[Key], str] = str
) -> dict[Key, float | None]:
    """Return p-values adjusted by Holm's procedure, those of a family's labels together.

    Those of any other label are adjusted as if it were the only one besides the family, so that it affects no other.
    """
    of_family = [key for key in p_values if label(key) in family]
    adjusted = dict(zip(of_family, holm([p_values[key] for key in of_family]), strict=True))
    for other in dict.fromkeys(map(label, p_values)):
        if other not in family:
            own = [key for key in p_values if label(key) == other]
            adjusted |= dict(zip(own, holm([p_values[key] for key in [*own, *of_family]]), strict=False))
    return {key: adjusted[key] for key in p_values}


def benjamini_hochberg(p_values: Float64) -> Float64:
    """Return p-values, float64 (n,), adjusted for their number by Benjamini & Hochberg (1995): float64 (n,) in [0, 1].

    Rejecting where the result is below 5 % keeps the expected share of false rejections among all at 5 %, and so the
    chance of any if all hypotheses are true. For all pairs of rows, which are dependent, that was found to hold
    (Williams, Jones & Tukey 1999, for the pairs of American states; here docs/simulations.md).
    """
    order = p_values.argsort()[::-1]  # from the largest on
    steps = p_values[order] * len(p_values) / np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum.accumulate(np.minimum(steps, 1))
    return adjusted
