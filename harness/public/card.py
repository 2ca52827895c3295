"""The card of an encoder: ERM on its frozen features, on the main ladders that have only its kind of input."""

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
from spurgen.harness.board.columns import NEEDED_ON
from spurgen.harness.board.report import Report, Table, read_report
from spurgen.harness.machine.printing import as_markdown
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.public.measuring import Measured
from spurgen.harness.statistics.needed import Goal, Needed, in_words, needed

STORED = Path(str(files("spurgen.benchmark"))) / "profiles"
MODALITIES: dict[str, Modality] = {"image": "image", "caption": "text"}
SHOWN = ("robust_accuracy", "accuracy_agree", "accuracy_mislead")
NUMBER = r"(<=|>)?\d{1,9}"
NUMBER_NEEDED = rf"^{NUMBER}( \[{NUMBER}, {NUMBER}\])?$"
ROUNDING = 1e-9  # of means over worlds
Name = Annotated[str, Field(min_length=1, max_length=300)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Line:
    """ERM on a rung: its ladder, its counterexamples, and metrics as means over worlds."""

    ladder: Name
    rung: Annotated[int, Field(ge=0, lt=10**9)]
    robust_accuracy: Share
    accuracy_agree: Share
    accuracy_mislead: Share


@dataclass(frozen=True)
class Card:
    """Metrics of ERM on an encoder's features in some worlds of a suite.

    `needed`: by ladder, the counterexamples at which the accuracy if misled is three quarters of the ladder's ceiling.
    `weights`: a digest.
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
        """Raise `ValueError` unless every ladder has a curve of ascending rungs, and a number."""
        if not self.lines or [*self.needed] != list(dict.fromkeys(line.ladder for line in self.lines)):
            raise ValueError("needed and lines have other ladders, or none")
        for ladder in self.needed:
            rungs = [line.rung for line in self.lines if line.ladder == ladder]
            if not any(rungs) or rungs != sorted({*rungs}):
                raise ValueError(f"the rungs of {ladder} do not ascend")

    @property
    def drawn(self) -> str:
        """The first ladder, whose samples SpurGen draws."""
        return next(iter(self.needed))

    @property
    def score(self) -> float:
        """Accuracy if misled, mean over the rungs above 0 of each ladder, then over ladders."""
        heights = ([height for m, height in self.curve(ladder).items() if m] for ladder in self.needed)
        return float(np.mean([np.mean(of) for of in heights]))

    def curve(self, ladder: str) -> dict[int, float]:
        """Return the accuracy if misled by number of counterexamples."""
        return {line.rung: line.robust_accuracy for line in self.lines if line.ladder == ladder}

    def contradiction(self, ladders: Mapping[str, Sequence[Task]]) -> str:
        """Return which rungs are not those of the ladders, or which number does not follow from its curve, or ``."""
        rungs = {name: [task.counterexamples for task in tasks] for name, tasks in ladders.items()}
        if rungs != {name: [*self.curve(name)] for name in self.needed}:
            return f"its ladders and rungs are not those of suite {self.suite}"
        for ladder, text in self.needed.items():
            threshold = _threshold(ladders[ladder][0])
            above = {m: height for m, height in self.curve(ladder).items() if m}
            goals = [Goal(tuple(above), threshold + error) for error in (0.0, -ROUNDING, ROUNDING)]
            heights = np.array([[*above.values()]])
            shown = [Needed(float(goal.needed(heights)[0]), None, goal).text for goal in goals]
            if text.partition(" [")[0] not in shown:
                return f"its curve on {ladder} needs {shown[0]}, not {text}"
        return ""

    def report(self, others: Sequence["Card"] = ()) -> Report:
        """Return the card as a report, with a line for it and each of the `others` below, the best first."""
        rungs = Table("rungs", [asdict(line) for line in self.lines], ("ladder", "rung", *SHOWN))
        cards = [
            {"encoder": card.encoder, "ladder_score": card.score, "width": card.width}
            | {NEEDED_ON + ladder: text for ladder, text in card.needed.items()}
            for card in sorted((self, *others), key=lambda card: -card.score)
        ]
        shown = ("encoder", "ladder_score", *map(NEEDED_ON.__add__, self.needed), "width")
        about = {name: value for name, value in asdict(self).items() if name != "lines"}
        parts = [rungs, Table("", cards, shown)]
        return Report("profile", f"The encoder {as_markdown(self.encoder)}", self._sentence(), parts, about=about)

    def _sentence(self) -> str:
        drawn, *rest = (f"{in_words(text)} on {name}" for name, text in self.needed.items())
        said = f"ERM on {as_markdown(self.encoder)} needs {drawn.replace(' on ', ' counterexamples on ', 1)}"
        return f"{said}; of real data, {', '.join(rest)}." if rest else f"{said}."


def ladders_of(half: str) -> dict[str, tuple[Task, ...]]:
    """Return the suite's main ladders that have only a half of a sample, the drawn one first."""
    suite = load_suite(DEFAULT_SUITE)
    return {
        name: rungs for name, rungs in suite.ladders.items()
        if rungs[0].name in suite.main and rungs[0].modality == MODALITIES[half]
    }  # fmt: skip


def make_card(
    encoder: str, half: str, width: int, weights: str, measured: Mapping[str, Measured], worlds: Sequence[int]
) -> Card:
    """Return the card of measurements by ladder."""
    lines, numbers = [], {}
    for name, each in measured.items():
        curves = []
        for task in each.tasks:
            found = [result.metrics for result in each.rows[task.name].results]
            means = {key: float(np.mean([metrics[key] for metrics in found])) for key in SHOWN}
            lines.append(Line(ladder=name, rung=task.counterexamples, **means))
            if task.counterexamples:
                curves.append((task.counterexamples, [metrics["robust_accuracy"] for metrics in found]))
        goal = Goal(tuple(m for m, _ in curves), _threshold(each.tasks[0]))
        numbers[name] = needed(np.array([heights for _, heights in curves]).T, goal).text
    return Card(encoder, half, width, weights, DEFAULT_SUITE, tuple(worlds), tuple(lines), numbers)


def _threshold(task: Task) -> float:
    """Return the accuracy if misled at which counterexamples are counted, by a rung of the ladder."""
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
