"""Episodes of the in-context ladder: 32 labelled captions, of which m are counterexamples, and captions to label.

Each episode is a world of its own: it draws which looks go with which class, which things demonstrations show, which
class has which label, and the one sentence form of all its captions: small models learn nothing in context from
captions of many forms. Queries show things that no demonstration shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.contract import CARRIERS_OF
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.streams import Int64, permutation, stream_key
from spurgen.generators.things.captions import FORMS
from spurgen.generators.things.world import sample_part
from spurgen.generators.world import Samples

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
    order = permutation(stream_key(world.suite, world.seed, "order"), SHOWN)
    form = stream_key(world.suite, world.seed, "form") % len(FORMS)
    parts = {rung: _captions(world, world.pieces("train", rung), form) for rung in RUNGS}
    shown = {
        rung: Captions(tuple(all_.texts[k] for k in order), all_.classes[order], all_.values[order])
        for rung, all_ in parts.items()
    }
    queries = _captions(world, tuple((f"test/{state}", range(2 * pairs)) for state, pairs in QUERIES.items()), form)
    assert (queries.classes == CLASSES).all()
    return Episode(shown, queries, stream_key(world.suite, world.seed, "labels") % 2 == 1)


def _captions(world: Ladder, pieces: tuple[tuple[str, range], ...], form: int) -> Captions:
    drawn: list[Samples] = [sample_part(world, part, indices, CARRIERS_OF["text"], form) for part, indices in pieces]
    return Captions(
        tuple(text for piece in drawn for text in piece.captions),
        np.concatenate([piece.labels for piece in drawn]),
        np.concatenate([np.stack([*piece.channel_values.values()], axis=1) for piece in drawn]),
    )
