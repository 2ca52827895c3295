"""How many counterexamples a row needs on a ladder, and as a multiple of another row, with intervals over worlds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from spurgen.harness.metrics.accuracies import Interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.metrics.ladder import needed_by_curve
from spurgen.harness.statistics.samples import named_generator
from spurgen.harness.statistics.units import cut_to_common

REPLICATES = 5000
TAIL = 0.025
LEAST = 5  # worlds; the bootstrap of fewer is far too narrow


@dataclass(frozen=True)
class Goal:
    """What a row has to reach on a ladder: its numbers of counterexamples above 0, ascending, and the accuracy."""

    rungs: tuple[int, ...]
    threshold: float

    def needed(self, curves: Float64) -> Float64:
        """Return the counterexamples needed by curves A(m), float64 (B, R): float64 (B,)."""
        return needed_by_curve(np.array(self.rungs), curves, self.threshold)


@dataclass(frozen=True)
class Needed:
    """Counterexamples needed, with a 95 % interval where there are enough worlds.

    A value at the first rung means at most that many; infinity means more than the last rung.
    """

    value: float
    interval: Interval | None
    goal: Goal

    @property
    def text(self) -> str:
        """The number as text, such as `66 [41, 92]`, `<=8` or `>128`."""
        ends = [self._shown(end) for end in self.interval or ()]
        return self._shown(self.value) + (f" [{', '.join(ends)}]" if len(set(ends)) > 1 else "")

    def _shown(self, number: float) -> str:
        first, last = self.goal.rungs[0], self.goal.rungs[-1]
        return f">{last}" if math.isinf(number) else f"<={first}" if number <= first else f"{number:.0f}"


def in_words(text: str) -> str:
    """Return the text of a number without its interval, in words: `66`, `at most 8` or `more than 128`."""
    return text.partition(" [")[0].replace("<=", "at most ").replace(">", "more than ")


def of_single_worlds(curves: Float64, goal: Goal) -> str:
    """Return the least and the most that a row needs in single worlds, in words; `curves`: A(m), float64 (W, R)."""
    numbers = goal.needed(curves)
    least, most = (in_words(Needed(float(each), None, goal).text) for each in (numbers.min(), numbers.max()))
    return least if least == most else f"{least} to {most}"


@dataclass(frozen=True)
class Ratio:
    """Counterexamples that a row needs as a multiple of another's, with a 95 % interval where there are enough worlds.

    `least` and `most` are equal where both numbers lie inside the ladder; a number beyond its ends is only bounded.
    """

    least: float
    most: float
    interval: Interval | None

    @property
    def exact(self) -> bool:
        """Whether both numbers lie inside the ladder."""
        return self.least == self.most

    @property
    def text(self) -> str:
        """The ratio as text, such as `0.34 [0.21, 0.52]` or `<=0.12`; empty where nothing is known."""
        if self.least == 0 and math.isinf(self.most):
            return ""
        shown = f"{self.least:.2f}"
        if not self.exact:
            shown = f"<={self.most:.2f}" if self.least == 0 else f">{self.least:.2f}"
        if self.interval is None:
            return shown
        most = "no bound" if math.isinf(self.interval.high) else f"{self.interval.high:.2f}"
        return f"{shown} [{self.interval.low:.2f}, {most}]"


def needed(curves: Float64, goal: Goal) -> Needed:
    """Return the counterexamples needed by the mean over worlds of a row's curves, A(m), float64 (W, R)."""
    value, drawn = float(goal.needed(curves.mean(axis=0, keepdims=True))[0]), _replicates(curves, goal)
    return Needed(value, None if drawn is None else _interval(drawn, drawn, len(curves)), goal)


class Bounded(NamedTuple):
    """Numbers of counterexamples between the ends of their ladders, float64; beyond an end they are that end.

    `value`: of the mean over worlds; `drawn`: of replicates, (B,), None for too few worlds. `below`, `above`: whether
    the value is only known to be at most, or more than, the end. `worlds`: how many, the fewest of several ladders.
    """

    value: Float64
    drawn: Float64 | None
    below: bool
    above: bool
    worlds: int

    @property
    def mark(self) -> str:
        """What stands before the value: `<=`, `>`, `~` if it is a mean of both, or nothing."""
        return "~" if self.below and self.above else ">" if self.above else "<=" if self.below else ""

    @property
    def interval(self) -> Interval | None:
        """A 95 % interval, None for too few worlds; where the value is a bound, so is the end on that side."""
        return None if self.drawn is None else _interval(self.drawn, self.drawn, self.worlds)

    @property
    def text(self) -> str:
        """The number as text, such as `55 [45, 70]`, `<=6 [<=5, 6]` or `>64 [53, >74]`."""
        shown = f"{self.mark}{self.value:.0f}"
        if self.interval is None:
            return shown
        low, high = self.interval
        return f"{shown} [{'<=' * self.below}{low:.0f}, {'>' * self.above}{high:.0f}]"


def bounded(curves: Float64, goal: Goal) -> Bounded:
    """Return the counterexamples needed by a row's curves, A(m), float64 (W, R), as numbers of which means exist."""
    first, last = goal.rungs[0], goal.rungs[-1]
    value, drawn = goal.needed(curves.mean(axis=0, keepdims=True))[0], _replicates(curves, goal)
    clipped = None if drawn is None else drawn.clip(first, last)
    return Bounded(np.clip(value, first, last), clipped, bool(value <= first), bool(np.isinf(value)), len(curves))


def geometric_mean(numbers: Sequence[Bounded]) -> Bounded:
    """Return the geometric mean of numbers on several ladders, replicate by replicate."""
    draws = [each.drawn for each in numbers if each.drawn is not None]
    drawn = np.exp(np.mean(np.log(draws), axis=0)) if len(draws) == len(numbers) else None
    value = np.exp(np.mean(np.log([each.value for each in numbers])))
    below, above = any(each.below for each in numbers), any(each.above for each in numbers)
    return Bounded(value, drawn, below, above, min(each.worlds for each in numbers))


def needed_ratio(first: Float64, second: Float64, goal: Goal) -> Ratio:
    """Return the counterexamples that a row needs as a multiple of another's, on the worlds that both have.

    `first`, `second`: curves A(m) by world, float64 (W1, R) and (W2, R). Replicates are paired: both rows are averaged
    over the same worlds. The interval includes all ratios that the ends of the ladder leave open.
    """
    ours, theirs = cut_to_common(first, second)
    values = [goal.needed(each.mean(axis=0, keepdims=True)) for each in (ours, theirs)]
    least, most = _bounds(values[0], values[1], goal)
    drawn = _replicates(ours, goal), _replicates(theirs, goal)
    interval = (
        None if drawn[0] is None or drawn[1] is None else _interval(*_bounds(drawn[0], drawn[1], goal), len(ours))
    )
    return Ratio(float(least[0]), float(most[0]), interval)


def _bounds(ours: Float64, theirs: Float64, goal: Goal) -> tuple[Float64, Float64]:
    """Return the least and the most that the ratio of two numbers can be, float64 (B,) each."""
    first, last = goal.rungs[0], goal.rungs[-1]

    def low(numbers: Float64) -> Float64:
        return np.where(np.isinf(numbers), last, np.where(numbers <= first, 0.0, numbers))

    with np.errstate(divide="ignore"):
        return low(ours) / theirs, ours / low(theirs)


def _replicates(curves: Float64, goal: Goal) -> Float64 | None:
    """Return the number needed in bootstrap replicates over worlds, float64 (B,); None for too few worlds.

    Rows with as many worlds have the same replicates.
    """
    # Tuples, as the cache needs keys that can be hashed; a row's own interval and its ratio to another share the draws.
    return None if len(curves) < LEAST else _drawn(tuple(map(tuple, curves.tolist())), goal)


@lru_cache(maxsize=64)
def _drawn(curves: tuple[tuple[float, ...], ...], goal: Goal) -> Float64:
    """Return `_replicates` of curves by world."""
    return goal.needed(np.array(curves)[_picks(len(curves))].mean(axis=0))


@lru_cache(maxsize=8)
def _picks(count: int) -> Int64:
    """Return the worlds in every replicate, int64 (W, B)."""
    return named_generator("counterexamples", count).integers(count, size=(REPLICATES, count)).T


def _interval(low: Float64, high: Float64, worlds: int) -> Interval:
    """Return the percentile interval of replicates between two bounds; they may be infinite.

    It is expanded for few worlds as Student's interval of a mean is (Hesterberg 2015, section 5.3): plain percentiles
    of ten worlds cover in 91 % of cases, these in 95 %.
    """
    tail = float(ndtr(math.sqrt(worlds / (worlds - 1)) * stdtrit(worlds - 1, TAIL)))
    ends = np.quantile(low, tail, method="lower"), np.quantile(high, 1 - tail, method="higher")
    return Interval(*map(float, ends))
