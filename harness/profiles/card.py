"""The card of an encoder: ERM on its frozen features, with all shortcuts together and with each alone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import SpurgenError, checked
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.benchmark.task import Rung
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.public.measuring import Measured
from spurgen.harness.statistics.needed import Goal, needed

STORED = files("spurgen.benchmark") / "profiles"
MODALITIES: dict[str, Modality] = {"image": "image", "caption": "text"}
ALL = "all"
SHOWN = {
    "robust_accuracy": "accuracy if misled", "seen_mislead": "on seen things", "accuracy_agree": "agreeing",
    "follows": "follows",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """ERM on a rung: the shortcut that moves, or `all`, and the metrics by name, as means over worlds."""

    shortcut: str
    counterexamples: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Card:
    """Metrics of ERM on an encoder's features in some worlds of a suite.

    `needed`: by shortcut, the counterexamples at which the accuracy if misled is three quarters of the ceiling of the
    ladder of all shortcuts. `weights`: a digest.
    """

    encoder: str
    half: str
    width: int
    weights: str
    suite: str
    worlds: tuple[int, ...]
    lines: tuple[Line, ...]
    needed: Mapping[str, str]
    schema_version: Literal[1] = 1

    def dump(self) -> str:
        """Return the card as JSON; a NaN is an error."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    def curve(self) -> dict[int, float]:
        """Return the accuracy if misled by number of counterexamples, with all shortcuts."""
        return {line.counterexamples: line.metrics["robust_accuracy"] for line in self.lines if line.shortcut == ALL}

    def table(self) -> str:
        """Return a line per shortcut and rung."""
        rows = [
            {"shortcut": line.shortcut, "counterexamples": line.counterexamples}
            | {title: f"{line.metrics[key]:.3f}" for key, title in SHOWN.items()}
            for line in self.lines
        ]
        return markdown_table(rows)


def ladders_of(half: str) -> dict[str, tuple[Rung, ...]]:
    """Return the suite's ladders of a half of a sample by shortcut: that of all, and those in which only one moves."""
    end = f"-{MODALITIES[half]}"
    return {
        ALL if name.startswith("things-") else name.removeprefix("single-").removesuffix(end): rungs
        for name, rungs in load_suite(DEFAULT_SUITE).ladders.items()
        if name.endswith(end) and name.startswith(("things-", "single-"))
    }


def make_card(
    encoder: str, half: str, width: int, weights: str, measured: Mapping[str, Measured], worlds: Sequence[int]
) -> Card:
    """Return the card of measurements by shortcut."""
    first = measured[ALL].tasks[0]
    assert isinstance(first, Rung)
    threshold = SHARE * (first.ladder.ceiling or 1.0)
    lines, numbers = [], {}
    for shortcut, each in measured.items():
        curves = []
        for task in each.tasks:
            assert isinstance(task, Rung)
            found = [result.metrics for result in each.rows[task.name].results]
            means = {key: float(np.mean([metrics[key] for metrics in found])) for key in SHOWN}
            lines.append(Line(shortcut, task.counterexamples, means))
            if task.counterexamples:
                curves.append((task.counterexamples, [metrics["robust_accuracy"] for metrics in found]))
        goal = Goal(tuple(m for m, _ in curves), threshold)
        numbers[shortcut] = needed(np.array([heights for _, heights in curves]).T, goal).text
    return Card(encoder, half, width, weights, DEFAULT_SUITE, tuple(worlds), tuple(lines), numbers)


def read_card(text: str, where: str) -> Card:
    """Read a card; raise `SpurgenError` if the text is not a card."""
    validate = TypeAdapter(Card).validate_json
    return checked(validate, text, lambda why: SpurgenError(f"{where} is no card of spurgen profile: {why}"))


def stored_cards(half: str, own: Path | None = None) -> list[Card]:
    """Return the cards of encoders of a half of a sample: those of the package, and those in a folder of yours.

    If both have a card of one encoder, yours counts. Files that are not cards, and cards of another suite, are skipped.
    """
    places = [STORED, own] if own and own.is_dir() else [STORED]
    found = [file for place in places for file in sorted(place.iterdir(), key=lambda file: file.name)]
    texts = {str(file): file.read_bytes().decode(errors="replace") for file in found if file.name.endswith(".json")}
    cards = [read_card(text, name) for name, text in texts.items() if '"encoder"' in text]
    return [*{card.encoder: card for card in cards if (card.half, card.suite) == (half, DEFAULT_SUITE)}.values()]


def board(cards: Iterable[Card]) -> str:
    """Return a line per card: counterexamples needed with all shortcuts and with each alone, the fewest first."""

    def order(card: Card) -> float:
        return -float(np.mean([height for m, height in card.curve().items() if m]))

    rows = []
    for card in sorted(cards, key=order):
        score = -order(card)
        rows.append({"encoder": card.encoder, "ladder score": f"{score:.3f}", **card.needed, "features": card.width})
    return markdown_table(rows)
