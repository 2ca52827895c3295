"""The leaderboard as data: a board per task and per set of tasks, each with ranked and unranked rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spurgen.harness.board.by_unit import RANKED_BY, Unit
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.needed import Needed, Ratio

if TYPE_CHECKING:  # imported by the first table: the leaderboard needs no pandas
    from pandas import DataFrame

SCHEMA_VERSION = 11
"""Of every file that is made from a board's frame: the leaderboard's, a comparison's, and all reports."""


@dataclass(frozen=True, kw_only=True)
class AgainstErm(Compared):
    """A row's robust accuracy against ERM's, on the `units` that both have, by the moderated paired t-test.

    `p_holm` is corrected for the number of rows.
    """

    units: int


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """A row with metrics that are believed.

    `ranks`, `of`, `letters`: its `Standing` on the board of its access tier, None, 0 and empty where it has too few
    units for a rank. `name`: what the submission calls itself. `units`: how many worlds, or training seeds, it has;
    over a set of tasks the fewest. `estimates`: means over units by metric, with 95 % intervals where there are any.
    `by_channel`: means by metric and channel.
    """

    ranks: tuple[int, int] | None = None
    of: int = 0
    letters: str = ""
    submission: str
    name: str
    access: str
    units: int
    estimates: dict[str, Estimate]
    by_channel: dict[str, dict[str, float]] = field(default_factory=dict)
    against_erm: AgainstErm | None = None

    def value(self, metric: str) -> float:
        """Return a metric's mean over units."""
        return self.estimates[metric].value

    @property
    def ranked_by(self) -> Estimate:
        """The metric by which rows are sorted and compared."""
        return self.estimates[RANKED_BY]


@dataclass(frozen=True, kw_only=True)
class TaskBoardRow(BoardRow):
    """A row on a task.

    `robust_accuracy_lowest`: robust accuracy in the unit where it is lowest. `wga_simultaneous`: the guaranteed
    interval of its WGA in these units. `isolation`, `verification` and `asked_again`, the worker of the consistency
    check, are the weakest among its results; in a partly self-reported row, `verification` counts the confirmed
    results. `seconds`: mean wall time of a result.
    """

    robust_accuracy_lowest: float
    wga_simultaneous: Interval
    isolation: str
    asked_again: str
    verification: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class SetBoardRow(BoardRow):
    """A row over a set of tasks.

    On a ladder: the counterexamples `needed`, None without a ceiling, and `needed_to_erm`, as a multiple of ERM's.
    `lowest_on`: where accuracy is lowest on each task.
    """

    lowest_on: Sequence[str] = ()

    needed: Needed | None = None
    needed_to_erm: Ratio | None = None


@dataclass(frozen=True, kw_only=True)
class Unranked:
    """A row that is not ranked, and why; `units` as in `BoardRow`; metrics only where they can be believed."""

    submission: str
    access: str | None = None
    units: int | None = None
    reason: str
    accuracy: float | None = None
    wga: float | None = None


@dataclass(frozen=True)
class Board:
    """The rows of a task or of a set of tasks, by access tier, best first.

    `few`: rows with fewer than `asked` units, which are not ranked among the others.
    """

    rows: Sequence[BoardRow]
    few: Sequence[BoardRow]
    unranked: Sequence[Unranked]
    unit: Unit
    asked: int

    @property
    def shown(self) -> list[BoardRow]:
        """The rows whose metrics are believed: those that are ranked, then those with few units."""
        return [*self.rows, *self.few]

    def to_pandas(self) -> "DataFrame":
        """Return a line per row with typed columns: first the ranked rows, last the unranked ones."""
        from spurgen.harness.board.frame import frame_of, lines_of

        return frame_of(lines_of(self))

    def heading(self, name: str) -> str:
        """Return the board's heading: a task, the rungs of a ladder, or the tasks over which rows are averaged."""
        return name


@dataclass(frozen=True)
class TaskBoard(Board):
    """The rows of a task.

    `told_apart`: the share of all pairs of ranked baselines, over all tiers, that differ significantly; None for fewer
    than two.
    """

    rows: Sequence[TaskBoardRow]
    few: Sequence[TaskBoardRow]
    told_apart: float | None = None


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
    suite; three quarters of it are the threshold of counterexamples needed. `tricks`: programs that know how the
    worlds are drawn.
    """

    ceiling: float | None
    matched: Mapping[int, float] | None
    seen: float | None = None
    matched_needs: str = ""
    tuning_ceiling: float | None = None
    tricks: Sequence[Trick] = ()

    @property
    def lines(self) -> list[str]:
        """A line for each reference that is known, the ideal observer first."""
        said = [f"Ideal observer   {IDEAL:.3f}"]
        if self.ceiling is not None:
            said.append(f"Ceiling          {self.ceiling:.3f}   ERM, trained with all values at random")
        if (tuned := self.tuning_ceiling) is not None:
            said.append(
                f"Threshold        {SHARE * tuned:.3f}   of N: 3/4 of {tuned:.2f}, the ceiling of tuning worlds"
            )
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
class SetBoard(Board):
    """The rows of a set of tasks, by their means over it.

    `rungs`: the numbers of counterexamples of its tasks, if these are the rungs of a ladder, which has `controls`.
    """

    rows: Sequence[SetBoardRow]
    few: Sequence[SetBoardRow]
    tasks: Sequence[str] = ()
    rungs: Sequence[int] = ()
    controls: Controls | None = None

    def heading(self, name: str) -> str:
        """Return the rungs of the ladder, or the tasks over which rows are averaged."""
        if self.rungs:
            return f"Ladder {name}: mean over {', '.join(map(str, self.rungs))} counterexamples"
        return f"Overall, {name}: mean over {', '.join(self.tasks)}"


@dataclass(frozen=True)
class Leaderboard:
    """A suite's leaderboard; `overall` maps the suite's sets of tasks to their boards."""

    suite: str
    manifest_sha256: str
    tasks: dict[str, TaskBoard]
    overall: dict[str, SetBoard]

    def to_pandas(self) -> "DataFrame":
        """Return `lines` with typed columns; sets of tasks that are not ladders have their own `to_pandas`."""
        from spurgen.harness.board.frame import frame_of

        return frame_of(self.lines())

    def lines(self) -> list[dict[str, Any]]:
        """Return a line per task and row, then per ladder, as `frame.lines_of` does."""
        from spurgen.harness.board.frame import lines_of

        ladders = {name: part for name, part in self.overall.items() if part.rungs}
        parts: dict[str, Board] = {**self.tasks, **ladders}
        return [{"suite": self.suite, "task": n} | line for n, part in parts.items() for line in lines_of(part)]
