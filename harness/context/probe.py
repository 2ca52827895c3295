"""A linear probe of an episode: logistic regression on MiniLM's features of the same demonstrations."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np

from spurgen.baselines.training.encoders import ENCODERS, Features
from spurgen.harness.context.episodes import RUNGS, Episode
from spurgen.harness.metrics.arrays import Float64

STRENGTHS = (1.0, 1000.0)
"""Values of C, the inverse weight of the penalty: scikit-learn's default, and almost none."""


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
