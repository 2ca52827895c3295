"""Scores of log-odds, and two learners beside language models.

The exact Bayesian learner knows all hypotheses about what the labels depend on; the probe is logistic regression on
MiniLM's features of the same demonstrations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from spurgen.baselines.training.encoders import ENCODERS, Features
from spurgen.harness.context.episodes import CLASSES, RUNGS, STATES, Captions, Episode
from spurgen.harness.metrics.arrays import Float64, Int64

SECOND = CLASSES == 1
NOISE = 0.01  # share of labels that differ from what the hypothesis says
STRENGTHS = (1.0, 1000.0)
"""Values of C, the inverse weight of the penalty: scikit-learn's default, and almost none."""


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


def bayes_odds(shown: Captions, queries: Captions) -> Float64:
    """Return log-odds of the second class against the first for each query, in nats, float64 (Q,).

    Hypotheses, equally likely before: the label is the category of the thing, or the class that goes with one of the
    shortcuts, up to `NOISE`. A value that goes with no class gives no evidence.
    """
    says = np.column_stack([shown.classes, shown.values])
    fits = np.log(np.where(says == shown.classes[:, None], 1 - NOISE, NOISE)).sum(axis=0)
    belief = np.exp(fits - fits.max())
    votes = np.column_stack([queries.classes, queries.values])
    second = np.select([votes == 0, votes == 1], [NOISE, 1 - NOISE], 0.5) @ (belief / belief.sum())
    odds: Float64 = np.log(second) - np.log1p(-second)
    return odds


def available() -> bool:
    """Return whether MiniLM is installed."""
    return all(find_spec(name) is not None for name in ENCODERS["caption"].packages)


def probe_odds(
    episodes: Sequence[Episode], encode: Callable[[Sequence[str]], Features] | None = None
) -> dict[float, Float64]:
    """Return log-odds of the second class against the first, in nats, by C: float64 (W, R, Q).

    `encode`: from n captions to features float32 (n, d); default: MiniLM.
    """
    from sklearn.linear_model import LogisticRegression

    shown = [captions for each in episodes for captions in (*each.demonstrations.values(), each.queries)]
    texts = list(dict.fromkeys(text for captions in shown for text in captions.texts))
    features = dict(zip(texts, (encode or ENCODERS["caption"].load())(texts), strict=True))

    def of(captions: Sequence[str]) -> Features:
        return np.stack([features[text] for text in captions])

    def odds(episode: Episode, rung: int, strength: float) -> Float64:
        given = episode.demonstrations[rung]
        fitted = LogisticRegression(C=strength, max_iter=1000).fit(of(given.texts), given.classes)
        found: Float64 = fitted.decision_function(of(episode.queries.texts))
        return found

    return {c: np.array([[odds(each, rung, c) for rung in RUNGS] for each in episodes]) for c in STRENGTHS}
