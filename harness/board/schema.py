"""The leaderboard as data: a board per task and per set of tasks, each with ranked and unranked rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spurgen.harness.metrics import Interval
from spurgen.harness.statistics.estimate import Estimate

SCHEMA_VERSION = 3
SeedVariance = Literal["unknown", "pooled", "own"]
Direction = Literal["better", "worse", "undecided"]


@dataclass(frozen=True)
class AgainstErm:
    """A row's worst-group accuracy less ERM's, on the seeds that both have; over a set of tasks, on all of each.

    `p_bootstrap` rests on seeds and samples, `p_seeds` (the t-test) on seeds alone, for this very test split; the
    latter is None with one seed and over a set of tasks. `..._holm` are corrected for the number of rows. `verdict`
    goes by `p_bootstrap_holm`, as ranks do, at 5 %; `undecided` is not `equal`.
    """

    access: str
    erm_access: str
    seeds: int
    difference: float
    interval: Interval
    p_bootstrap: float
    p_bootstrap_holm: float
    p_seeds: float | None
    p_seeds_holm: float | None
    verdict: Direction


@dataclass(frozen=True)
class PrivateGap:
    """A row's metrics on the private splits, means over the seeds that were run there.

    `gap`: its worst-group accuracy on test less that on the private splits, with a 95 % interval; `p`: how often chance
    alone makes it as large.
    """

    seeds: int
    accuracy: float
    wga: float
    gap: float
    gap_ci: Interval
    p: float


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """A row that is ranked.

    `rank`: 1 + the number of rows significantly higher, 0 until the row is placed; `tied`: whether another row has the
    same rank. `name`: what the submission calls itself. `access`: its access tier. `seeds`: how many it has, over a set
    of tasks the fewest. `seed_variance`: whether the intervals rest on its own variance over seeds or on the pooled
    one; `unknown` if no row of the task has two seeds that differ. `estimates`: means over seeds by metric, with 95 %
    intervals where there are any.
    """

    rank: int = 0
    tied: bool = False
    submission: str
    name: str
    access: str
    seeds: int
    seed_variance: SeedVariance
    estimates: dict[str, Estimate]

    def value(self, metric: str) -> float:
        """Return a metric's mean over seeds."""
        return self.estimates[metric].value


@dataclass(frozen=True, kw_only=True)
class TaskBoardRow(BoardRow):
    """A row that is ranked on a task.

    `wga_corrected`: WGA corrected for the bias of a minimum. `wga_simultaneous`: its interval that is guaranteed for
    these seeds. `by_channel`: means by metric and channel. `patterns`: accuracy by alignment pattern.
    `ignores_core`: whether the core cue moves it no more than redrawn nuisances do. `selections`: means by checkpoint
    rule. `isolation`, `verification` and `asked_again`, the worker of the consistency check, are the weakest of its
    results. `seconds`: mean wall time of a result.
    """

    wga_corrected: float
    wga_simultaneous: Interval
    by_channel: dict[str, dict[str, float]]
    patterns: dict[str, float]
    ignores_core: bool
    selections: dict[str, dict[str, float]]
    isolation: str
    asked_again: str
    verification: str
    seconds: float
    against_erm: AgainstErm | None = None
    private: PrivateGap | None = None


@dataclass(frozen=True, kw_only=True)
class SetBoardRow(BoardRow):
    """A row that is ranked over a set of tasks."""

    against_erm: AgainstErm | None = None


@dataclass(frozen=True, kw_only=True)
class Unranked:
    """A row that is not ranked, and why; its metrics only where they can be believed."""

    submission: str
    access: str | None = None
    seeds: int | None = None
    reason: str
    accuracy: float | None = None
    wga: float | None = None


@dataclass(frozen=True)
class TaskBoard:
    """The rows of a task, ranked ones in the order in which they are shown."""

    rows: Sequence[TaskBoardRow]
    unranked: Sequence[Unranked]


@dataclass(frozen=True)
class SetBoard:
    """The rows of a set of tasks, ranked by their means over it."""

    tasks: Sequence[str]
    rows: Sequence[SetBoardRow]
    unranked: Sequence[Unranked]


@dataclass(frozen=True)
class Leaderboard:
    """A suite's leaderboard; `overall` maps the suite's sets of tasks to their boards."""

    suite: str
    manifest_sha256: str
    tasks: dict[str, TaskBoard]
    overall: dict[str, SetBoard]
