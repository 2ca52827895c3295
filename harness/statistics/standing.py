"""Which rows differ significantly: all pairs of the reference rows, and any other row against these alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64
from spurgen.harness.statistics.differences import ALPHA, benjamini_hochberg
from spurgen.harness.statistics.units import Spread, pair_p_values, paired


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

    def differ_from(self, row: Float64) -> Bool:
        """Return from which reference rows another row, float64 (W,), differs significantly: bool (R,).

        Its tests are corrected together with those of all pairs of reference rows, as if it were one more of them, so
        a copy of a reference row stands about where that stands. Those pairs' own verdicts do not change.
        """
        tests = [paired(row, other, self.spread) for other in self.rows]
        p_values = [1.0 if test is None else test.p for test in tests]
        adjusted = benjamini_hochberg(np.concatenate([p_values, self.p_values]))
        significant: Bool = adjusted[: len(p_values)] < ALPHA
        return significant


def rank_interval(mean: float, others: Float64, differ: Bool) -> tuple[int, int]:
    """Return 1 + the number of rows significantly better, and the number of rows less those significantly worse.

    `others`: the means of the rows that a row is compared with, float64 (R,), without the row itself. `differ`: from
    which of them it differs significantly, bool (R,).
    """
    return 1 + int((differ & (others > mean)).sum()), 1 + len(others) - int((differ & (others < mean)).sum())
