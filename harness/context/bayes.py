"""The exact Bayesian learner of an episode, which knows all hypotheses about what the labels depend on."""

import numpy as np

from spurgen.harness.context.episodes import Captions
from spurgen.harness.metrics.arrays import Float64

NOISE = 0.01  # share of labels that differ from what the hypothesis says


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
