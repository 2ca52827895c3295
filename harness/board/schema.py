"""The leaderboard as data: a board per task and per set of tasks, and what stands beside a ladder's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spurgen.harness.board.columns import Record, frame_of
from spurgen.harness.metrics.ladder import SHARE

if TYPE_CHECKING:  # imported by the first table: the leaderboard needs no pandas
    from pandas import DataFrame

Unit = Literal["world", "seed"]
SCHEMA_VERSION = 11
"""Of every file that is made from a board's frame: the leaderboard's, a comparison's, and all reports."""


IDEAL = 1.0
"""Accuracy of the ideal observer on every rung above 0."""


@dataclass(frozen=True)
class Trick:
    """A program that knows how worlds are drawn: its ladder score, the counterexamples needed as text, its worlds."""

    name: str
    score: float
    needs: str
    worlds: int


@dataclass(frozen=True)
class Controls:
    """What stands beside the rows of a ladder; None where it is not known.

    Test accuracies of ERM trained without correlations are means over worlds, and over where shortcuts agree, mislead
    and are neutral. Unlike rungs, its training shows neutral values too. `ceiling`: with as many samples; `seen`: the
    same on things of train. `matched`: with only as many as each rung has counterexamples, by their number;
    `matched_needs`: how many it needs, as text. `tuning_ceiling`: the ceiling of tuning worlds, a constant of the
    suite, or of a real ladder the mean over its draws; three quarters of it are the threshold of counterexamples
    needed. `tricks`: programs that know how the worlds are drawn. `ideal`: accuracy of the ideal observer; of what
    nobody drew it is not known.
    """

    ceiling: float | None
    matched: Mapping[int, float] | None
    seen: float | None = None
    matched_needs: str = ""
    tuning_ceiling: float | None = None
    tricks: Sequence[Trick] = ()
    ideal: float | None = None

    @property
    def lines(self) -> list[str]:
        """A line for each reference that is known, the ideal observer first."""
        said = [] if self.ideal is None else [f"Ideal observer   {self.ideal:.3f}"]
        if self.ceiling is not None:
            said.append(f"Ceiling          {self.ceiling:.3f}   ERM, trained with all values at random")
        if (tuned := self.tuning_ceiling) is not None:
            where = "the mean ceiling over its draws" if self.ideal is None else "the ceiling of tuning worlds"
            said.append(f"Threshold        {SHARE * tuned:.3f}   of N: 3/4 of {tuned:.2f}, {where}")
        if self.matched is not None:
            mean = sum(self.matched.values()) / len(self.matched)
            each = ", ".join(f"{value:.3f} on {m}" for m, value in self.matched.items())
            said.append(f"Matched control  {mean:.3f}   ERM, on as many such samples as counterexamples: {each}")
        for trick in self.tricks:
            needs = f" needs {trick.needs}," if trick.needs else ""
            worlds = f"{trick.worlds} world{'s' * (trick.worlds > 1)}"
            said += [f"Trick            {trick.score:.3f}   {trick.name}:{needs} with labels alone, in {worlds}"]
        return said


@dataclass(frozen=True)
class Board:
    """The rows of a task or of a set of tasks as lines of its frame, by access tier, best first.

    `rows`: ranked ones. `few`: rows with fewer than `asked` units, which are not ranked among the others. `unranked`:
    rows without a rank for another `reason`. Of a task, `told_apart`: the share of all pairs of ranked baselines, over
    all tiers, that differ significantly; None for fewer than two. Of a set, over which rows have means, its `tasks`;
    if these are the rungs of a ladder, `rungs`: their numbers of counterexamples, and `controls`.
    """

    rows: Sequence[Record]
    few: Sequence[Record]
    unranked: Sequence[Record]
    unit: Unit
    asked: int
    told_apart: float | None = None
    tasks: Sequence[str] = ()
    rungs: Sequence[int] = ()
    controls: Controls | None = None

    @property
    def shown(self) -> list[Record]:
        """The rows whose metrics are believed: those that are ranked, then those with few units."""
        return [*self.rows, *self.few]

    @property
    def lines(self) -> list[Record]:
        """A line per row: ranked rows, rows with few units, then unranked ones; a missing value is None or absent."""
        return [line | {"unit": self.unit} for line in (*self.rows, *self.few, *self.unranked)]

    def to_pandas(self) -> "DataFrame":
        """Return `lines` with typed columns."""
        return frame_of(self.lines)

    def heading(self, name: str) -> str:
        """Return the board's heading: a task, the rungs of a ladder, or the tasks over which rows are averaged."""
        if self.rungs:
            return f"Ladder {name}: mean over {', '.join(map(str, self.rungs))} counterexamples"
        return f"Overall, {name}: mean over {', '.join(self.tasks)}" if self.tasks else name


@dataclass(frozen=True)
class Leaderboard:
    """A suite's leaderboard; `overall` maps the suite's sets of tasks to their boards.

    `halves`: lines of `board.halves`, of a suite whose ladders are of two halves; `empty`: the ladders of these that no
    row has climbed yet, which the lines leave out.
    """

    suite: str
    manifest_sha256: str
    tasks: dict[str, Board]
    overall: dict[str, Board]
    halves: Sequence[Record] = ()
    empty: Sequence[str] = ()

    def to_pandas(self) -> "DataFrame":
        """Return `lines` with typed columns; sets of tasks that are not ladders have their own `to_pandas`."""
        return frame_of(self.lines)

    @property
    def lines(self) -> list[Record]:
        """A line per task and row, then per ladder."""
        parts = self.tasks | {name: part for name, part in self.overall.items() if part.rungs}
        return [{"suite": self.suite, "task": name} | line for name, part in parts.items() for line in part.lines]
