"""What a question is, what it is asked of, and its answer.

It is asked of the rows of ladders and of other tasks, and of published metrics. Its answer has a verdict, its numbers
in two sentences, and its tables as records.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from matplotlib.figure import Figure

from spurgen.benchmark.suite import DEFAULT_SUITE, Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import Line, estimate_of
from spurgen.harness.board.leaderboard import controls, lacking
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.rows import RANKED_BY, by_label, is_baseline_row, rankable, spread_of, unit_of
from spurgen.harness.board.schema import Controls, Unit
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots.forest import Named, Panel, forest
from spurgen.harness.results.rows import Rows, on_task
from spurgen.harness.results.store import CEILING
from spurgen.harness.statistics.estimate import Estimate, end_columns
from spurgen.harness.statistics.units import Spread, mean_estimate, mean_over_tasks
from spurgen.harness.validity.published import PublishedMetric

WGA, MISLED = "wga", "accuracy_mislead"
"""Worst-group accuracy, the metric of published tables, and accuracy where all shortcuts mislead."""
ByLabel = Mapping[str, Float64]
"""A metric by label and unit, float64 (W,) each."""


@dataclass(frozen=True)
class Ranked:
    """The rows that may be ranked on a ladder, or on a task that is not a rung, and why the others may not.

    `task`: the task, or the ladder's highest rung. `metrics`: by name, robust accuracy, `WGA`, `MISLED` and
    `follows/CHANNEL`; on a ladder means over the rungs above 0, so that robust accuracy is the ladder score. `curves`:
    A(m) by the rungs' numbers of counterexamples, that without any too. `seen`: its ceiling on things of train, None
    where it is not known.
    """

    name: str
    task: Task
    access: Mapping[str, str]
    unranked: Mapping[str, str]
    metrics: Mapping[str, ByLabel]
    curves: Mapping[int, ByLabel] = field(default_factory=dict)
    ceiling: float | None = None
    seen: float | None = None

    @property
    def labels(self) -> list[str]:
        """Labels of the rows."""
        return list(self.access)

    @property
    def unit(self) -> Unit:
        """Unit that a result stands for."""
        return unit_of(self.task)

    @property
    def asked(self) -> int:
        """Number of units that a row needs for a rank."""
        return self.task.units_asked

    def reason(self, label: str) -> str:
        """Return why there is no ranked row of that label."""
        reason = self.unranked.get(label)
        return f"{label} is not ranked ({reason})" if reason else f"no row of {label}"

    def not_run(self, labels: Iterable[str]) -> list[str]:
        """Return the labels that have no row, ranked or not."""
        return [label for label in labels if label not in self.access and label not in self.unranked]

    def units(self, label: str, metric: str = RANKED_BY) -> Float64:
        """Return a metric of a row by unit, float64 (W,)."""
        return self.metrics[metric][label]

    def has(self, label: str, metric: str) -> bool:
        """Return whether every result of a row has a metric."""
        return label in self.metrics.get(metric, {})

    @cached_property
    def full(self) -> list[str]:
        """Labels of the rows with enough units for a rank, best first."""
        full = [label for label in self.labels if len(self.units(label)) >= self.asked]
        return sorted(full, key=lambda label: (-self.units(label).mean(), label))

    @property
    def alike(self) -> list[str]:
        """Labels of the rows that can be resampled together: with enough units for a rank, or the most that any has."""
        enough = min(self.asked, max((len(self.units(label)) for label in self.labels), default=0))
        return [label for label in self.labels if len(self.units(label)) >= enough]

    def spread(self, metric: str = RANKED_BY) -> Spread:
        """Return how a metric varies over units within the rows and their pairs."""
        return spread_of(metric, self.metrics[metric], self.labels)

    def estimate(self, label: str) -> Estimate:
        """Return robust accuracy, its mean over units with its interval, as on the leaderboard."""
        return mean_estimate(self.units(label), self.spread())


@dataclass(frozen=True)
class RankedSuite:
    """The input of the report.

    `tasks`: ladders and other tasks by name. `baselines`: by name, the access tier of every method that a complete
    suite has a row of.
    """

    suite: Suite
    tasks: Mapping[str, Ranked]
    published: Sequence[PublishedMetric]
    baselines: Mapping[str, str]

    @property
    def main(self) -> dict[str, Ranked]:
        """Ladders and tasks on which the suite must pass."""
        return {name: ranked for name, ranked in self.tasks.items() if ranked.task.name in self.suite.main}

    def missing(self, lacks: Mapping[str, str]) -> list[str]:
        """Return which rows are missing and which command makes them, a line per kind.

        `lacks` maps tasks or methods to what each lacks.
        """
        names: dict[str, list[str]] = {}
        for name, lack in lacks.items():
            names.setdefault(lack, []).append(name)
        asked = max(task.units_asked for task in self.suite.tasks.values())
        command = f"spurgen benchmark --suite {self.suite.spoken} --seeds 0-{asked - 1}"
        if self.suite.name == DEFAULT_SUITE:
            command = "make benchmark-full"
        return [f"{', '.join(those)}: {lack}; `{command}` makes what is missing" for lack, those in names.items()]


def gather(
    suite: Suite, rows: Rows, published: Sequence[PublishedMetric], baselines: Mapping[str, str],
    ceilings: Rows | None = None,
) -> RankedSuite:  # fmt: skip
    """Sort the baselines' rows by ladder and task; leave out those that the leaderboard would not rank among them.

    `ceilings`: rows of ERM trained without the correlations.
    """
    current = {
        label: {name: part for name, part in row.items() if is_baseline_row(part)}
        for label, row in rows.items()
        if label in baselines
    }
    each = {name: _ranked(suite, task, current) for name, task in suite.tasks.items()}
    tasks: dict[str, Ranked] = {}
    for name, task in suite.tasks.items():
        if not task.of:
            tasks[name] = each[name]
        elif task.of not in tasks:
            rungs = suite.ladders[task.of]
            found = controls(suite, rungs, {CEILING: ceilings or {}})
            tasks[task.of] = _climbed(task.of, {rung.counterexamples: each[rung.name] for rung in rungs}, found)
    return RankedSuite(suite, tasks, published, baselines)


def _ranked(suite: Suite, task: Task, rows: Rows) -> Ranked:
    ranked, unranked = rankable(suite, task, on_task(rows, task.name))
    names = [RANKED_BY, WGA, MISLED, *(f"follows/{channel}" for channel in task.channels)]
    return Ranked(
        task.name, task, {label: row.results[0].access for label, row in ranked.items()},
        {label: line["reason"] for label, line in unranked.items()},
        {name: by_label(ranked, name) for name in names},
    )  # fmt: skip


def _climbed(name: str, rungs: Mapping[int, Ranked], found: Controls | None) -> Ranked:
    """Return the rows of a ladder: those on each of its rungs above 0."""
    above = {m: rung for m, rung in rungs.items() if m}
    labels = list(dict.fromkeys(label for rung in above.values() for label in (*rung.access, *rung.unranked)))
    ranked, others = ({rung.name: getattr(rung, name) for rung in above.values()} for name in ("access", "unranked"))
    lacks = {label: lacking(label, ranked, ranked, others) for label in labels}
    last = above[max(above)]
    on_all = [label for label in labels if not lacks[label]]
    metrics = {
        metric: {
            label: mean_over_tasks([rung.units(label, metric) for rung in above.values()])
            for label in on_all
            if all(rung.has(label, metric) for rung in above.values())
        }
        for metric in last.metrics
    }
    return Ranked(
        name, last.task, {label: last.access[label] for label in on_all},
        {label: lack for label, lack in lacks.items() if lack}, metrics,
        {m: rung.metrics[RANKED_BY] for m, rung in rungs.items()},
        found.ceiling if found else None, found.seen if found else None,
    )  # fmt: skip


def not_run(labels: Sequence[str]) -> str:
    """Name the methods without a row; of many, only the first few."""
    return f"not run: {listed(labels, 6)}"


HOLDS, FAILS, MEASURED = "holds", "does not hold", "measured, no threshold"
VERDICTS = {True: HOLDS, False: FAILS, None: "not judged: what it needs is missing"}


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    `tables`: lines by title; the ends of an interval are in columns with `_low` and `_high`. `missing`: a line per kind
    of row that the question lacks. `shown`: the tasks whose lines a long table has in Markdown. `plot`: draws it.
    """

    verdict: str
    summary: str
    tables: Mapping[str, Sequence[Line]]
    missing: Sequence[str] = ()
    shown: Sequence[str] = ()
    plot: Callable[[], Figure] | None = field(default=None, compare=False)


def flat(**numbers: Estimate | None) -> dict[str, float | None]:
    """Return the columns of estimates: each number and the ends of its interval."""
    columns: dict[str, float | None] = {}
    for name, number in numbers.items():
        value, low, high = (number.value, number.low, number.high) if number else (None, None, None)
        columns |= {name: value, **end_columns(name, (low, high))}
    return columns


def in_order(texts: Iterable[str]) -> str:
    """Write a text per task, in the order of the tasks, or once where all are the same: 0.38 / 0.36 / 0.04."""
    every = list(texts)
    return every[0] if len(set(every)) == 1 else " / ".join(every)


def number(value: float | Estimate | None, style: str = ".2f") -> str:
    """Write a number of a summary, a dash where there is none; an estimate has its interval in brackets."""
    if value is None:
        return "-"
    return value.text(style) if isinstance(value, Estimate) else format(value, style.replace(".", "z.", 1))


def of_each(lines: Iterable[Line], name: str) -> str:
    """Write a number of every line, with its interval where it has one."""
    return in_order(number(estimate_of(line, name), ".2f") for line in lines)


def all_passed(checks: Iterable[bool | None]) -> bool | None:
    """Return False if a check failed, else None if one could not be made or there is none, else True."""
    made = list(checks)
    if False in made:
        return False
    return None if None in made or not made else True


def forest_of(
    lines: Sequence[Line], name: str, axis: str, *, panel: str = "task", row: str = "submission", filled: str = "",
    notes: str = "", limits: tuple[float, float] | None = None,
) -> Figure:  # fmt: skip
    """Draw the column `name` of lines: a panel per value of `panel`, in each a line per value of `row`, by access tier.

    `filled`, `notes`: columns that say whether a point is filled, and the text beside it.
    """
    panels = []
    for title in dict.fromkeys(line[panel] for line in lines):
        own = {line[row]: line for line in lines if line[panel] == title}
        points = {label: point for label, line in own.items() if (point := estimate_of(line, name))}
        unfilled = [label for label, line in own.items() if filled and not line[filled]]
        beside = {label: line[notes] for label, line in own.items()} if notes else {}
        panels.append(Panel(title, points, unfilled, beside))
    access = {line[row]: line.get("access", "") for line in lines}
    rows = [Named(label, label, tier) for label, tier in sorted(access.items(), key=lambda item: tier_place(item[1]))]
    return forest(panels, rows, axis, limits=limits)


def melted(lines: Iterable[Line], titles: Mapping[str, str]) -> list[Line]:
    """Return a line per task and number, for a plot with a row per number; `titles`: the title of each."""
    return [
        {"task": line["task"], "submission": title, **flat(value=estimate_of(line, name))}
        for line in lines
        for name, title in titles.items()
    ]


@dataclass(frozen=True)
class Question:
    """A question about the benchmark.

    `name`: its key in validity.json. `title`: a claim of which *yes* is good. `about`: what the report prints of it;
    `still`: what may be concluded although the claim does not hold.
    """

    name: str
    title: str
    about: str
    still: str
    examine: Callable[[RankedSuite], Answer]


def question(title: str, about: str, still: str = "") -> Callable[[Callable[[RankedSuite], Answer]], Question]:
    """Make a function that examines a suite a question, under the function's name."""
    return lambda examine: Question(examine.__name__, title, about.strip(), still, examine)
