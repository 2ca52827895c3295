"""Which rows differ significantly; other rows do not affect what is found for the reference rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64
from spurgen.harness.statistics.differences import ALPHA, benjamini_hochberg
from spurgen.harness.statistics.units import Spread, pair_p_values


@dataclass(frozen=True)
class References:
    """The reference rows of a task, by unit, and the p-values of all their pairs, in the order of `combinations`."""

    rows: Sequence[Float64]
    spread: Spread
    p_values: Float64

    @classmethod
    def of(cls, rows: Sequence[Float64], spread: Spread) -> "References":
        """Test all pairs of rows, float64 (W,) each."""
        return cls(rows, spread, pair_p_values(rows, spread))

    def differ(self) -> Bool:
        """Return which reference rows differ significantly: bool (R, R).

        Of the pairs that do, 5 % at most are expected to be equal (Benjamini & Hochberg over all pairs).
        """
        count = len(self.rows)
        differ = np.zeros((count, count), bool)
        differ[np.triu_indices(count, 1)] = benjamini_hochberg(self.p_values) < ALPHA
        symmetric: Bool = differ | differ.T
        return symmetric

    def differ_with(self, others: Sequence[Float64]) -> Bool:
        """Return which rows differ significantly, the reference rows before the others: bool (R + S, R + S).

        A test of two rows is corrected as if they were the only ones besides the reference rows, together with all
        tests among all of these. So a copy of a reference row ranks about where the original does, and a further row
        changes no other pair. `others`: float64 (W,) each.
        """
        rows, known = [*self.rows, *others], len(self.rows)
        p_values = np.ones((len(rows), len(rows)))
        p_values[np.triu_indices(len(rows), 1)] = pair_p_values(rows, self.spread)
        differ = np.zeros_like(p_values, bool)
        differ[:known, :known] = self.differ()
        for k in range(known, len(rows)):
            differ[:known, k] = _significant(p_values[:known, k], self.p_values)
        for first, second in combinations(range(known, len(rows)), 2):
            beside = p_values[:known, [first, second]].ravel(), self.p_values
            differ[first, second] = _significant(p_values[[first], second], *beside)[0]
        symmetric: Bool = differ | differ.T
        return symmetric


def _significant(p_values: Float64, *beside: Float64) -> Bool:
    """Return which p-values are significant, corrected together with those in `beside`."""
    adjusted = benjamini_hochberg(np.concatenate([p_values, *beside]))
    significant: Bool = adjusted[: len(p_values)] < ALPHA
    return significant


def rank_interval(mean: float, others: Float64, differ: Bool) -> tuple[int, int]:
    """Return 1 + the number of rows significantly better, and the number of rows less those significantly worse.

    `others`: the means of the rows that a row is compared with, float64 (R,), without the row itself. `differ`: from
    which of them it differs significantly, bool (R,).
    """
    return 1 + int((differ & (others > mean)).sum()), 1 + len(others) - int((differ & (others < mean)).sum())
