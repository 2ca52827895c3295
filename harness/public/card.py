"""The card of an encoder: ERM on its frozen features, with all shortcuts together and with each alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, PositiveInt, TypeAdapter
from pydantic.dataclasses import dataclass

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import SpurgenError, checked
from spurgen.benchmark.reading import JSON_BYTES, read_text
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import NEEDED_BY
from spurgen.harness.board.report import Report, Table, read_report
from spurgen.harness.machine.printing import as_markdown
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.public.measuring import Measured
from spurgen.harness.statistics.needed import Goal, Needed, in_words, needed

STORED = Path(str(files("spurgen.benchmark"))) / "profiles"
MODALITIES: dict[str, Modality] = {"image": "image", "caption": "text"}
ALL = "all"
SHOWN = ("robust_accuracy", "seen_mislead", "accuracy_agree", "follows")
NUMBER = r"(<=|>)?\d{1,9}"
NUMBER_NEEDED = rf"^{NUMBER}( \[{NUMBER}, {NUMBER}\])?$"
ROUNDING = 1e-9  # of means over worlds
Name = Annotated[str, Field(min_length=1, max_length=300)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Line:
    """ERM on a rung: the shortcut that moves, or `all`, the counterexamples, and metrics as means over worlds."""

    shortcut: Name
    rung: Annotated[int, Field(ge=0, lt=10**9)]
    robust_accuracy: Share
    seen_mislead: Share
    accuracy_agree: Share
    follows: Share


@dataclass(frozen=True)
class Card:
    """Metrics of ERM on an encoder's features in some worlds of a suite.

    `needed`: by shortcut, the counterexamples at which the accuracy if misled is three quarters of the ceiling of the
    ladder of all shortcuts. `weights`: a digest.
    """

    encoder: Name
    half: Annotated[str, Field(pattern="^(image|caption)$")]
    width: PositiveInt
    weights: str
    suite: str
    worlds: Annotated[tuple[int, ...], Field(min_length=1)]
    lines: tuple[Line, ...]
    needed: Mapping[str, Annotated[str, Field(pattern=NUMBER_NEEDED)]]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless every shortcut has a curve of ascending rungs, and a number."""
        if self.needed.keys() != {line.shortcut for line in self.lines} or ALL not in self.needed:
            raise ValueError(f"needed and lines have other shortcuts, or {ALL!r} is none of them")
        for shortcut in self.needed:
            rungs = [line.rung for line in self.lines if line.shortcut == shortcut]
            if not any(rungs) or rungs != sorted({*rungs}):
                raise ValueError(f"the rungs of {shortcut} do not ascend")

    @property
    def score(self) -> float:
        """Accuracy if misled with all shortcuts, mean over the rungs above 0."""
        return float(np.mean([height for m, height in self.curve().items() if m]))

    def curve(self, shortcut: str = ALL) -> dict[int, float]:
        """Return the accuracy if misled by number of counterexamples, by default with all shortcuts."""
        of = [line for line in self.lines if line.shortcut == shortcut]
        return {line.rung: line.robust_accuracy for line in of}

    def contradiction(self, ladders: Mapping[str, Sequence[Task]]) -> str:
        """Return which rungs are not those of the ladders, or which number does not follow from its curve, or ``."""
        threshold = _threshold(ladders[ALL][0])
        rungs = {name: [task.counterexamples for task in tasks] for name, tasks in ladders.items()}
        if rungs != {name: [*self.curve(name)] for name in self.needed}:
            return f"its shortcuts and rungs are not those of suite {self.suite}"
        for shortcut, text in self.needed.items():
            above = {m: height for m, height in self.curve(shortcut).items() if m}
            goals = [Goal(tuple(above), threshold + error) for error in (0.0, -ROUNDING, ROUNDING)]
            heights = np.array([[*above.values()]])
            shown = [Needed(float(goal.needed(heights)[0]), None, goal).text for goal in goals]
            if text.partition(" [")[0] not in shown:
                return f"its curve of {shortcut} needs {shown[0]}, not {text}"
        return ""

    def report(self, others: Sequence["Card"] = ()) -> Report:
        """Return the card as a report, with a line for it and each of the `others` below, the best first."""
        rungs = Table("rungs", [asdict(line) for line in self.lines], ("shortcut", "rung", *SHOWN))
        cards = [
            {"encoder": card.encoder, "ladder_score": card.score, "width": card.width}
            | {NEEDED_BY + shortcut: text for shortcut, text in card.needed.items()}
            for card in sorted((self, *others), key=lambda card: -card.score)
        ]
        shown = ("encoder", "ladder_score", *map(NEEDED_BY.__add__, self.needed), "width")
        about = {name: value for name, value in asdict(self).items() if name != "lines"}
        parts = [rungs, Table("", cards, shown)]
        return Report("profile", f"The encoder {as_markdown(self.encoder)}", self._sentence(), parts, about=about)

    def _sentence(self) -> str:
        alone = ", ".join(f"{in_words(text)} for {name}" for name, text in self.needed.items() if name != ALL)
        number, name = in_words(self.needed[ALL]), as_markdown(self.encoder)
        said = f"ERM on {name} needs {number} counterexamples where all shortcuts mislead"
        return f"{said}; where one alone misleads, {alone}." if alone else f"{said}."


def ladders_of(half: str) -> dict[str, tuple[Task, ...]]:
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
    threshold, lines, numbers = _threshold(measured[ALL].tasks[0]), [], {}
    for shortcut, each in measured.items():
        curves = []
        for task in each.tasks:
            found = [result.metrics for result in each.rows[task.name].results]
            means = {key: float(np.mean([metrics[key] for metrics in found])) for key in SHOWN}
            lines.append(Line(shortcut=shortcut, rung=task.counterexamples, **means))
            if task.counterexamples:
                curves.append((task.counterexamples, [metrics["robust_accuracy"] for metrics in found]))
        goal = Goal(tuple(m for m, _ in curves), threshold)
        numbers[shortcut] = needed(np.array([heights for _, heights in curves]).T, goal).text
    return Card(encoder, half, width, weights, DEFAULT_SUITE, tuple(worlds), tuple(lines), numbers)


def _threshold(task: Task) -> float:
    """Return the accuracy if misled at which counterexamples are counted, by a rung of the ladder of all shortcuts."""
    return SHARE * (task.scenario.ceiling or 1.0)


def read_card(path: Path) -> Card:
    """Read a card; raise `SpurgenError` if the file is not a card, or lacks what a table needs."""
    stored = read_report(path, "profile")
    known = {name: stored.about[name] for name in Card.__dataclass_fields__ if name in stored.about}
    validate = TypeAdapter(Card).validate_python
    return checked(
        validate, known | {"lines": stored.lines("rungs")},
        lambda why: SpurgenError(f"{path} is no card of spurgen profile: {why}"),
    )  # fmt: skip


def stored_cards(half: str, own: Path | None = None) -> list[Card]:
    """Return the cards of encoders of a half of a sample: those of the package, and those in a folder of yours.

    If both have a card of one encoder, yours counts. Files that are not cards, and cards of another suite, are skipped.
    Raises `SpurgenError` for a card that is invalid, or whose numbers do not follow from its curves.
    """
    found: dict[str, Card] = {}
    for place in (STORED, own) if own else (STORED,):
        for file in sorted(place.glob("*.json")):
            if '"encoder"' not in read_text(file, JSON_BYTES):
                continue
            card = read_card(file)
            if (card.half, card.suite) != (half, DEFAULT_SUITE):
                continue
            if place == own and (problem := card.contradiction(ladders_of(half))):
                raise SpurgenError(f"{file}: {problem}; make the card again by spurgen profile, or remove it")
            found[card.encoder] = card
    return [*found.values()]
