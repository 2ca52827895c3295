"""Scores of log-odds: pairs of queries in the right order, plain and calibrated answers, and margins."""

from dataclasses import dataclass

import numpy as np

from spurgen.harness.context.episodes import CLASSES, STATES
from spurgen.harness.metrics.arrays import Float64, Int64

SECOND = CLASSES == 1


@dataclass(frozen=True)
class Scores:
    """Log-odds of the second label against the first, in nats, float64 (W, R, Q), of W episodes, R rungs, Q queries.

    They are NaN where an answer names no label. `second`: which label stands for the second class, int64 (W,).
    """

    odds: Float64
    second: Int64

    @property
    def toward(self) -> Float64:
        """Log-odds in favour of each query's class, float64 (W, R, Q)."""
        return self._of_class(self.odds)

    def _of_class(self, odds: Float64) -> Float64:
        return odds * np.where(self.second == 1, 1, -1)[:, None, None] * np.where(SECOND, 1, -1)

    def pairs(self, state: str) -> Float64:
        """Return the share of pairs of opposite classes whose log-odds are in the right order, float64 (W, R).

        A bias towards one label cancels out. A tied pair, or one that lacks an answer, counts half.
        """
        here, toward = np.array(STATES) == state, self.toward
        together = toward[:, :, here & SECOND, None] + toward[:, :, None, here & ~SECOND]
        shares: Float64 = np.where(together > 0, 1.0, np.where(together < 0, 0.0, 0.5)).mean(axis=(2, 3))
        return shares

    def answers(self, *, calibrated: bool) -> Float64:
        """Return the share of right answers where shortcuts mislead, float64 (W, R).

        A tie of both labels counts half, and no answer is a wrong one. `calibrated`: less the mean log-odds of all
        queries in the other episodes of the rung; NaN for one episode.
        """
        odds, count = self.odds, len(self.odds)
        if calibrated:
            means = np.nan_to_num(odds).mean(axis=2)
            odds = odds - ((means.sum(axis=0) - means) / max(count - 1, 1))[:, :, None]
        toward = _misleading(self._of_class(odds))
        shares: Float64 = np.select([toward > 0, toward == 0], [1.0, 0.5]).mean(axis=2)
        return np.full_like(shares, np.nan) if calibrated and count == 1 else shares

    def margins(self) -> Float64:
        """Return mean log-odds in favour of the class where shortcuts mislead, in nats, float64 (W, R)."""
        means: Float64 = _misleading(np.nan_to_num(self.toward)).mean(axis=2)
        return means


def _misleading(values: Float64) -> Float64:
    return values[:, :, np.array(STATES) == "mislead"]
