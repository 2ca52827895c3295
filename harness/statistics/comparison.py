"""The one comparison and the one estimate: over worlds, seeds or runs, over test samples, or over both.

Boards compare rows over worlds or seeds alone. `spurgen run` and `spurgen evaluate` have few trainings, often one, that
answer the same test samples: there a difference varies with the choice of samples as well.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtri, stdtrit

from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.estimate import ALPHA, NOISE, Estimate, holm, holm_beside
from spurgen.harness.statistics.units import Spread, cut_to_common, mean_estimate, pair_errors, paired, standard_error

SMALLEST = 1e-100  # p-values below it are 0; quantiles of much smaller ones overflow
FREE = Spread()  # no reference rows: the units' own variance counts
Unit = Literal["world", "seed", "run"]
Direction = Literal["better", "worse", "undecided"]
Key = TypeVar("Key")


@dataclass(frozen=True)
class Compared:
    """A metric of both sides, and the first less the second with a 95 % interval.

    `first`, `second`: means over the units that are compared. `interval` and the two-sided `p` are None where there is
    no test. `p_holm`: corrected for all tests of its family.
    """

    first: float
    second: float
    difference: float
    interval: Interval | None
    p: float | None
    p_holm: float | None = None

    @property
    def significant(self) -> bool:
        """Whether the difference is significant at 5 % after the correction."""
        return self.p_holm is not None and self.p_holm < ALPHA

    @property
    def verdict(self) -> Direction:
        """Whether the first side is significantly higher, which counts as better, or lower; undecided is not equal."""
        return "undecided" if not self.significant else "better" if self.difference > 0 else "worse"

    @property
    def estimate(self) -> Estimate:
        """The difference with its interval."""
        return Estimate(self.difference, *(self.interval or ()))


def compare(
    first: Float64, second: Float64, unit: Unit, *, spread: Spread = FREE, samples: float | None = None
) -> Compared:
    """Compare a metric of two models by unit, float64 (W1,) and (W2,).

    Worlds and seeds are paired, on those that both have; runs of two models are independent. Their variance is
    moderated by `spread` (`units.paired`). `samples`: the standard error of the difference by the choice of test
    samples, paired; None if each unit has samples of its own, or if samples are not to vary.
    """
    ours, theirs = (first, second) if unit == "run" else cut_to_common(first, second)
    means = float(ours.mean()), float(theirs.mean())
    if samples is None:
        test = paired(first, second, spread)
        return Compared(*means, float((ours - theirs).mean()), test and test.interval, test and test.p)
    difference = means[0] - means[1]
    parts = [Part(samples), *(_of_difference(first, second) if unit == "run" else _of_pairs(first, second, spread))]
    reach, most = margin(parts), spread.ends[1] - spread.ends[0]
    interval = Interval(max(difference - reach, -most), min(difference + reach, most))
    return Compared(*means, difference, interval, p_value(difference, parts))


def estimate(values: Float64, *, spread: Spread = FREE, samples: float | None = None) -> Estimate:
    """Return a metric's mean over units, float64 (W,), with its 95 % interval; arguments as of `compare`."""
    if samples is None:
        return mean_estimate(values, spread)
    mean, (least, most) = float(values.mean()), spread.ends
    reach = margin([Part(samples), Part(*standard_error(values, spread))])
    return Estimate(mean, max(mean - reach, least), min(mean + reach, most)) if reach else Estimate(mean)


def corrected(compared: Mapping[Key, Compared]) -> dict[Key, Compared]:
    """Return comparisons with their p-values Holm-corrected over all of them."""
    p_holm = holm([each.p for each in compared.values()])
    return {key: replace(each, p_holm=p) for (key, each), p in zip(compared.items(), p_holm, strict=True)}


def with_reference(
    values: Mapping[str, Mapping[str, Float64]], reference: str, family: Collection[str], spreads: Mapping[str, Spread]
) -> dict[str, dict[str, Compared]]:
    """Compare every other row with the reference: label -> metric -> comparison, the row less the reference.

    `values`: by metric, label and unit, float64 (W,); only rows with every metric are compared. P-values are corrected
    over the `family`'s rows and all metrics; those of any other row as if it were the only one besides them. Nothing is
    compared if the reference is missing or not in the family.
    """
    complete = set.intersection(*(set(rows) for rows in values.values())) if values else set()
    if reference not in complete or reference not in family:
        return {}
    tests = {
        (label, metric): compare(rows[label], rows[reference], "seed", spread=spreads[metric])
        for label in next(iter(values.values()))
        if label in complete and label != reference
        for metric, rows in values.items()
    }
    p_holm = holm_beside({key: test.p for key, test in tests.items()}, family, itemgetter(0))
    found: dict[str, dict[str, Compared]] = {}
    for (label, metric), test in tests.items():
        found.setdefault(label, {})[metric] = replace(test, p_holm=p_holm[label, metric])
    return found


class Part(NamedTuple):
    """An independent part of a mean's standard error, and its degrees of freedom: infinite if it counts as known."""

    error: float
    degrees: float = math.inf


def _of_pairs(first: Float64, second: Float64, spread: Spread) -> list[Part]:
    (error,), (degrees,) = pair_errors([first, second], spread)
    return [Part(float(error), float(degrees))]


def _of_difference(first: Float64, second: Float64) -> list[Part]:
    """Return the parts that independent runs add to the difference of two models' means; float64 (R1,), (R2,).

    A single run is assumed to vary as the other model's runs do: it does not show its own variance.
    """
    if len(first) > 1 and len(second) > 1:
        return [Part(*standard_error(first, FREE)), Part(*standard_error(second, FREE))]
    several = max(first, second, key=len)
    error, degrees = standard_error(several, FREE)
    return [Part(error * (1 + len(several)) ** 0.5, degrees)]


def margin(parts: Sequence[Part], alpha: float = ALPHA) -> float:
    """Return half the width of the 1 - `alpha` interval of a mean whose error has independent parts.

    The margins of the parts, each by its own quantile of Student's t, are added in quadrature (Howe 1974; Zou & Donner
    2008). Satterthwaite's degrees of freedom are not used: they rise where two runs happen to agree, and such intervals
    cover too rarely.
    """
    return math.hypot(*(_quantile(part.degrees, alpha) * part.error for part in parts if part.error > 0))


def p_value(difference: float, parts: Sequence[Part]) -> float:
    """Return the two-sided p-value of no difference: the `alpha` at which the margin is as large as the difference."""
    from scipy.optimize import brentq  # slow to import

    if abs(difference) <= NOISE:
        return 1.0
    if margin(parts, SMALLEST) <= abs(difference):
        return 0.0

    def excess(log_alpha: float) -> float:
        return margin(parts, math.exp(log_alpha)) - abs(difference)

    return math.exp(float(brentq(excess, math.log(SMALLEST), 0.0)))


def _quantile(degrees: float, alpha: float) -> float:
    """Return the 1 - `alpha` / 2 quantile of Student's t."""
    return -float(ndtri(alpha / 2) if np.isinf(degrees) else stdtrit(degrees, alpha / 2))
