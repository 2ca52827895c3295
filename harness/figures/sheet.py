"""What figures and tables are drawn from: the rows of a task, whether of a leaderboard or of an experiment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spurgen.benchmark.suite import Task
from spurgen.harness.board.by_unit import Unit
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.schema import Direction
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.estimate import Estimate

UNITS: dict[Unit, str] = {"world": "worlds", "seed": "training seeds"}
METRICS = {
    "robust_accuracy": "Robust accuracy", "wga_corrected": "WGA",
    "reliance": "Reliance", "core_use": "Core use", "accuracy": "Accuracy", "sss": "SSS", "ig": "IG",
}  # fmt: skip
"""What axes and columns call a metric."""
MEAN = "mean of "
"""Begins the name of the sheet of a set of tasks."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of a task.

    `unranked`: why it is not ranked, empty if it is. `own`: whether it is none of our baselines. `letters`: of its
    tier. `best`: whether a table prints it in bold, by the sheet's `rule`.
    `difference`: to ERM, and its verdict. `channels`: by metric and channel. `patterns`: accuracy by alignment pattern.
    `curves`: by name, float64 (units, epochs), as `stacked_curves` returns them.
    """

    label: str
    access: str
    units: int
    estimates: Mapping[str, Estimate]
    unranked: str = ""
    own: bool = False
    letters: str = ""
    best: bool = False
    difference: tuple[float, Direction] | None = None
    channels: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    patterns: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Float64] = field(default_factory=dict)

    @property
    def ranked(self) -> bool:
        """Whether it is compared with others: only then it has letters, and may be bold."""
        return not self.unranked


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The rows of a task or, where `task` is None, their means over a set of tasks, by access tier and best first.

    `headline`: the metric by which rows are sorted and compared. `intervals`, `channel_intervals`: the kind of the
    intervals of the estimates, and of those by channel. `test`: what letters rest on. `rule`: which rows a table prints
    in bold. `ideal`: metrics of the ideal observer, means over the worlds. `left_out`: why other rows
    have no entry, by label.
    """

    name: str
    entries: Sequence[Entry]
    headline: str
    unit: Unit
    asked: int
    intervals: str
    channel_intervals: str
    test: str
    rule: str
    task: Task | None = None
    ideal: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def samples(self) -> str:
        """Number of units of the ranked rows, such as `n = 5 worlds`."""
        counts = sorted({entry.units for entry in self.entries if entry.ranked} or {self.asked})
        number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        return f"n = {number} {UNITS[self.unit] if counts != [1] else UNITS[self.unit][:-1]}"

    @property
    def place(self) -> str:
        """Where its rows were scored, for a sentence: a task, or a set of tasks."""
        return self.name if self.task else f"the tasks of {self.name.removeprefix(MEAN)} (mean over tasks)"

    @property
    def by_label(self) -> dict[str, Entry]:
        """The entries by label."""
        return {entry.label: entry for entry in self.entries}

    def channel_names(self, metric: str) -> list[str]:
        """Return the channels in which some row has a metric, in the task's order."""
        known = {channel for entry in self.entries for channel in entry.channels.get(metric, ())}
        order = self.task.channels if self.task else ()
        return [channel for channel in order if channel in known]


def reasons(entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Return why some entries are not ranked, each reason with the labels of its entries."""
    labels: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.unranked:
            labels.setdefault(entry.unranked, {})[entry.label] = None
    return {reason: [*of_reason] for reason, of_reason in labels.items()}


def reasons_text(entries: Sequence[Entry]) -> str:
    """Return why some entries are not ranked, for a caption; the labels only where there are several reasons."""
    by_reason = reasons(entries)
    if len(by_reason) == 1:
        return next(iter(by_reason))
    return "; ".join(f"{and_list(labels)} ({reason})" for reason, labels in by_reason.items())


def in_order(entries: Sequence[Entry], headline: str) -> list[Entry]:
    """Return rows by access tier, in each those that are ranked first, then the best first."""

    def place(entry: Entry) -> tuple[int, bool, float, str]:
        return tier_place(entry.access), not entry.ranked, -entry.estimates[headline].value, entry.label

    return sorted(entries, key=place)


def merged(sheets: Sequence[Sheet]) -> list[Entry]:
    """Return an entry for every row of some sheets, in order, those of fewer sheets last, by their mean headline."""
    of_label: dict[str, list[tuple[str, Entry]]] = {}
    for sheet in sheets:
        for entry in sheet.entries:
            of_label.setdefault(entry.label, []).append((sheet.headline, entry))

    def place(label: str) -> tuple[int, int, bool, float, str]:
        there = of_label[label]
        mean = sum(entry.estimates[headline].value for headline, entry in there) / len(there)
        few = not all(entry.ranked for _, entry in there)
        return tier_place(there[0][1].access), len(sheets) - len(there), few, -mean, label

    return [of_label[label][0][1] for label in sorted(of_label, key=place)]
