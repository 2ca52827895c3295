"""The in-context ladder: episodes of 32 labelled captions, of which m are counterexamples; scores of log-odds.

Each episode is a world of its own: it draws which looks go with which class, which things demonstrations show, which
class has which label, and the one sentence form of all its captions: small models learn nothing in context from
captions of many forms. Queries show things that no demonstration shows.

Two learners stand beside language models: the exact Bayesian learner knows all hypotheses about what the labels depend
on; the probe is logistic regression on MiniLM's features of the same demonstrations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from spurgen.baselines.training.encoders import ENCODERS, Features
from spurgen.benchmark.contract import CARRIERS_OF
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.streams import permutation, stream_key
from spurgen.generators.things.world import FORMS, ThingsWorld, make_world
from spurgen.generators.world import Samples
from spurgen.harness.metrics.arrays import Float64, Int64

RUNGS = (0, 1, 2, 4, 8, 16)
SHOWN = 32
QUERIES = {"mislead": 2, "agree": 1, "neutral": 1}
"""Number of queries of each class, by the state of their shortcuts."""
STATES = tuple(state for state, pairs in QUERIES.items() for _ in range(2 * pairs))
CLASSES = np.tile([0, 1], len(STATES) // 2)
"""State and class of each of an episode's queries; classes int64 (Q,)."""
LADDER = Ladder(
    suite="in-context", name="in-context-text", seed=43, worlds=1000, categories=("animal", "vehicle"),
    shortcuts={"hue": "caption", "wall": "caption", "place": "caption"},
    rungs=(0, *RUNGS[2:]), train=SHOWN, val=SHOWN, test_per_class=2, twins_per_class=1, seen_per_class=1,
    calibration_per_class=1,
)  # fmt: skip
SCHEMES = {"arbitrary": ("A", "B"), "named": LADDER.categories}
"""Kinds of labels: two letters, assigned to the classes at random in each episode, or the classes' names."""
SECOND = CLASSES == 1
NOISE = 0.01  # share of labels that differ from what the hypothesis says
STRENGTHS = (1.0, 1000.0)
"""Values of C, the inverse weight of the penalty: scikit-learn's default, and almost none."""


@dataclass(frozen=True)
class Captions:
    """Captions, the class of each, int64 (n,), and the class that each shortcut goes with, int64 (n, S).

    A value of 2 or more goes with no class.
    """

    texts: tuple[str, ...]
    classes: Int64
    values: Int64


class Prompt(NamedTuple):
    """One text per query, each to be continued by one of the two labels."""

    texts: tuple[str, ...]
    labels: tuple[str, str]


@dataclass(frozen=True)
class Episode:
    """Demonstrations by rung, nested, and queries; `swapped`: whether letter A stands for the second class."""

    demonstrations: Mapping[int, Captions]
    queries: Captions
    swapped: bool

    def second(self, scheme: str) -> int:
        """Return which of the two labels stands for the second class."""
        return int(not (scheme == "arbitrary" and self.swapped))

    def prompt(self, rung: int, scheme: str) -> Prompt:
        """Return the prompt for a rung, with labels of a kind."""
        labels, shown = SCHEMES[scheme], self.demonstrations[rung]
        of_class = labels if self.second(scheme) else labels[::-1]
        pairs = zip(shown.texts, shown.classes.tolist(), strict=True)
        lines = "".join(f"Caption: {text}\nLabel: {of_class[k]}\n" for text, k in pairs)
        return Prompt(tuple(f"{lines}Caption: {text}\nLabel:" for text in self.queries.texts), (labels[0], labels[1]))


def draw(number: int) -> Episode:
    """Draw an episode. Rungs share the order of demonstrations: one more counterexample replaces a caption in place."""
    world = LADDER.in_world(number)
    made = make_world(world)
    order = permutation(stream_key(world.suite, world.seed, "order"), SHOWN)
    form = stream_key(world.suite, world.seed, "form") % len(FORMS)
    parts = {rung: _captions(made, world.pieces("train", rung), form) for rung in RUNGS}
    shown = {
        rung: Captions(tuple(all_.texts[k] for k in order), all_.classes[order], all_.values[order])
        for rung, all_ in parts.items()
    }
    queries = _captions(made, tuple((f"test/{state}", range(2 * pairs)) for state, pairs in QUERIES.items()), form)
    assert (queries.classes == CLASSES).all()
    return Episode(shown, queries, stream_key(world.suite, world.seed, "labels") % 2 == 1)


def _captions(world: ThingsWorld, pieces: tuple[tuple[str, range], ...], form: int) -> Captions:
    drawn: list[Samples] = [world.draw(part, indices, CARRIERS_OF["text"], form) for part, indices in pieces]
    return Captions(
        tuple(text for piece in drawn for text in piece.captions),
        np.concatenate([piece.labels for piece in drawn]),
        np.concatenate([np.stack([*piece.channel_values.values()], axis=1) for piece in drawn]),
    )


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
