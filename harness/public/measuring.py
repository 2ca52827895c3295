"""Measure a model of your own in Python, with the boards' code and metrics.

`measure` evaluates a predict function; `ladder` trains on a rising number of counterexamples and evaluates each.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from spurgen.benchmark.contract import ACCESS, Batch, Context, LabeledData, Modality, Submission
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.benchmark.result import round_samples
from spurgen.benchmark.shell import TRAIN, check_packages
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.benchmark.task import Task, rungs_of
from spurgen.benchmark.world import Description, load_scenario
from spurgen.harness.board.columns import Record, board_keys, cell, column, frame_of
from spurgen.harness.board.leaderboard import TaskPart, part_of, set_board
from spurgen.harness.board.rows import group_sizes, state_sizes
from spurgen.harness.board.verdict import over_samples
from spurgen.harness.machine.printing import and_list, html_table, markdown_table
from spurgen.harness.metrics import Interval, simultaneous_interval
from spurgen.harness.results.rows import TaskRow, make_task_row
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.running.run import run
from spurgen.harness.running.scoring import ideal_scores
from spurgen.harness.statistics.estimate import end_columns

if TYPE_CHECKING:  # slow to import
    from matplotlib.figure import Figure
    from pandas import DataFrame

Predict = Callable[[Batch], Any]
"""From images and captions to logits: real (n, K), an array or a tensor."""
Fit = Callable[[LabeledData, LabeledData, Context], Predict]
"""From train, val and the task's description to a function that predicts."""
Measurable = Task | Description | str
NONE: Mapping[str, Any] = {}
OWN = ("rank", "letters", "submission", "to_erm", "units", "verification")
"""Columns that make sense only for a row among others."""
PERFECT = {**dict.fromkeys(("robust_accuracy", "accuracy_mislead", "accuracy_agree", "accuracy_neutral"), 1.0),
           "follows": 0.0, "uses_thing": 1.0, "wga": 1.0, "accuracy": 1.0, "sss": 0.0, "ig": 0.0}  # fmt: skip
"""Metrics of an observer that uses all evidence of training, on a rung with counterexamples."""
LEVEL = 1.96  # standard errors on either side


@dataclass(frozen=True)
class Measured:
    """Metrics of a model on a task, or on the rungs of a ladder; printed as a table.

    `lines`: by task, the values that a board's frame has. With several worlds intervals are over worlds; with one, most
    metrics have one over its test samples. `whole`: means over the rungs above 0 of a ladder, and the counterexamples
    needed. `ideal`: metrics of the ideal observer of a task's training data, by task and metric.
    """

    name: str
    tasks: tuple[Task, ...]
    rows: Mapping[str, TaskRow] = field(repr=False)

    @cached_property
    def parts(self) -> dict[str, TaskPart]:
        """A board with this one row for each task."""
        return {task.name: part_of(task, {self.name: self.rows[task.name]}, {}) for task in self.tasks}

    @cached_property
    def lines(self) -> dict[str, Record]:
        """The row's line on the board of each task."""
        return {name: _line(part, self.rows[name]) for name, part in self.parts.items()}

    @cached_property
    def whole(self) -> Record:
        """The row's line on the board of the ladder; empty for a single task."""
        rungs = [task.name for task in self.tasks if task.of and task.counterexamples]
        return set_board(rungs, self.parts).lines[0] if len(rungs) > 1 else {}

    @cached_property
    def ideal(self) -> dict[str, Mapping[str, float]]:
        """Metrics of the ideal observer on each task."""
        return {task.name: _ideal(task.in_world(self.rows[task.name].seeds[0])) for task in self.tasks}

    def to_pandas(self) -> "DataFrame":
        """Return a line per task, and for a ladder one for the whole, with a board's columns and the ideal's."""
        lines = [
            {"task": name, **line, **{f"ideal_{metric}": value for metric, value in self.ideal[name].items()}}
            for name, line in self.lines.items()
        ]
        whole = {"task": _ladder(self.tasks), **self.whole} if self.whole else {}
        return frame_of([*lines, *[whole] * bool(whole)])

    def plot(self) -> "Figure":
        """Draw where answers are right and what they follow; for a ladder, its curve."""
        from spurgen.harness.plots.forest import draw_task
        from spurgen.harness.plots.ladder import draw_curve

        if len(self.tasks) == 1:
            (line,), (ideal,) = self.lines.values(), self.ideal.values()
            return draw_task(line, ideal)
        return draw_curve(self.name, [task for task in self.tasks if task.of], self.lines, self.whole)

    def __repr__(self) -> str:
        """Return a table: a line per metric, a column per task."""
        return "\n\n".join([markdown_table(self._table), *self._alone])

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        return "".join([html_table(self._table), *(f"<p>{text}</p>" for text in self._alone)])

    @property
    def _table(self) -> list[dict[str, str]]:
        shown = [key for key in board_keys([*self.lines.values(), self.whole], "brief", "wide") if key not in OWN]
        columns = {self.name: next(iter(self.lines.values()))} if len(self.tasks) == 1 else self.lines
        rows = []
        for key in shown:
            texts = {name: cell(key, line, intervals=True) for name, line in columns.items()}
            texts |= {"mean": cell(key, self.whole, intervals=True)} if self.whole else {}
            best = self.ideal[self.tasks[-1].name].get(key)  # of a ladder, the rung with the most counterexamples
            ideal = "" if best is None else format(best, column(key).style)
            if any(texts.values()):
                rows.append({"": column(key).title, **texts, "ideal observer": ideal})
        return rows

    @property
    def _alone(self) -> list[str]:
        """A sentence on a result of one world where the task has several; else none."""
        (seed, *others), worlds = next(iter(self.rows.values())).seeds, self.tasks[0].scenario.worlds
        told = f"World {seed} alone, of {worlds}: intervals are over its test samples."
        return [told] if not others and worlds > 1 else []


def measure(
    predict: Predict, world: Measurable, *, modality: Modality | None = None, seed: int = 0, name: str = "model"
) -> Measured:
    """Query a function on every test sample and twin of a world, and compute all metrics of a board.

    `world`: the name of a task of the current suite, such as `things-text-4`; a task; or a scenario or `Ladder`, or the
    path of its file, which is shown in `modality`, by default all that its samples have; a task has its own. The rungs
    of a `Ladder` have the same test; the ideal observer is that of the highest. `seed`: the world of a task that has
    several.
    `predict` is called with up to 1,000 samples at a time.

    Raises `SubmissionError` for answers of another shape, not finite or above 1e8, and any error that `predict` raises.
    """
    task = _task(world, modality)
    submission = Submission(name, "none", frozenset({task.modality}), None, predict, None, None)
    return Measured(name, (task,), {task.name: _row(task, (seed,), name, lambda _: submission)})


def ladder(
    fit: Fit | str, world: Measurable, *, modality: Modality | None = None, seeds: Collection[int] = (0,),
    access: str = "none", options: Mapping[str, Any] = NONE, name: str = "model", encoder: str = "",
) -> Measured:  # fmt: skip
    """Train and measure a learner on every rung of a ladder, from the fewest counterexamples to the most.

    `fit` gets train, val and a `Context`, as a submission's does, and returns a function as `measure` takes it; or it
    is the name of a baseline, such as `erm`, which is trained with `options` and with the access that it has on the
    boards. `world`: the name of a ladder of the current suite, such as `things-text`, one of its tasks, or a `Ladder`
    of your own or its file, shown in `modality` as for `measure`; a scenario has no rungs, and is trained on once.
    `access`: what `fit` is given, a key of `ACCESS`. `seeds`: the ladder's worlds, or for a scenario, training seeds;
    with two or more, intervals are over them. `encoder`: gives a baseline its features in place of the suite's
    encoders, such as `timm:resnet18` (docs/profile.md). Raises as `measure` does, and `SpurgenError` for an argument
    that `fit` has no use for.
    """
    tasks = _rungs(world, modality)
    if isinstance(fit, str):
        _refuse("a baseline has its own", access=access != "none", name=name != "model")
        check_packages(TRAIN, "a baseline", "train")
        spec = baseline_specs([one_of("baseline", fit, names_in(BASELINES))])[0]
        return Measured(
            fit, tuple(tasks), {task.name: _row(task, seeds, spec, None, options, encoder) for task in tasks}
        )
    _refuse(
        "only a baseline, such as fit='erm', takes options and an encoder", options=bool(options), encoder=bool(encoder)
    )
    one_of("access tier", access, ACCESS)
    learner = partial(_learner, fit, name, access)
    return Measured(name, tuple(tasks), {task.name: _row(task, seeds, name, learner) for task in tasks})


def _refuse(why: str, **given: bool) -> None:
    """Raise `SpurgenError` with the reason `why` if an argument is given that has no effect."""
    if wrong := [name for name, is_given in given.items() if is_given]:
        raise SpurgenError(f"leave out {and_list(wrong)}: {why}")


def _learner(fit: Fit, name: str, access: str, task: Task) -> Submission:
    made: list[Predict] = []

    def train(train: LabeledData, val: LabeledData, context: Context) -> None:
        made.append(fit(train, val, context))

    return Submission(name, access, frozenset({task.modality}), train, lambda batch: made[-1](batch), None, None)


def _task(world: Measurable, modality: Modality | None) -> Task:
    """Return the task itself, or the highest rung of a description."""
    if isinstance(world, str) and not world.endswith(".toml"):
        world = load_suite(DEFAULT_SUITE).task(world)
    if not isinstance(world, Task):
        return _rungs(world, modality)[-1]
    _refuse("a task has its own", modality=modality is not None)
    return world


def _rungs(world: Measurable, modality: Modality | None) -> Sequence[Task]:
    """Return the rungs of a ladder, with the fewest counterexamples first; of another world, its only task."""
    if isinstance(world, str) and world.endswith(".toml"):
        world = load_scenario(world)
    if isinstance(world, Description):
        shown = modality or world.modality
        return rungs_of(world, shown) or [Task(world.name, world, shown)]
    _refuse("a task has its own", modality=modality is not None)
    if isinstance(world, Task):
        numbers = world.scenario.rungs
        return [replace(world, name=f"{world.of}-{m}", counterexamples=m) for m in numbers] or [world]
    suite = load_suite(DEFAULT_SUITE)
    named = suite.tasks.get(world)
    return suite.ladders[one_of("ladder", named.of if named and named.of else world, suite.ladders)]


def _ladder(tasks: Sequence[Task]) -> str:
    first = tasks[0]
    return first.of or first.name


def _row(
    task: Task, seeds: Collection[int], spec: str, made: Callable[[Task], Submission] | None = None,
    options: Mapping[str, Any] = NONE, encoder: str = "",
) -> TaskRow:  # fmt: skip
    """Run a baseline, or what `made` returns, with each seed."""
    digest = "0" * 64 if made else ""
    outcomes = []
    for seed in sorted(seeds):
        job = Job(
            task.in_world(seed), spec, seed, task.scenario.digest, options=options, frozen=_frozen(task, seed),
            encoder=encoder, submission_sha256=digest,
        )  # fmt: skip
        result, samples = run(job, made(task) if made else None)
        if result.error is not None:
            raise SubmissionError(result.error)
        outcomes.append((result, round_samples(samples)))
    return make_task_row(outcomes)


def _frozen(task: Task, seed: int) -> str | None:
    """Return the suite whose manifest has this world's data, None for data of one's own."""
    suite = load_suite(DEFAULT_SUITE)
    return suite.name if suite.tasks.get(task.name) == task and seed < task.scenario.worlds else None


def _line(part: TaskPart, row: TaskRow) -> Record:
    """Return the line of a part's only row; of one world, with intervals over its test samples."""
    (line,) = part.board.lines
    return line if len(row.results) > 1 else line | _over_samples(part.task, row)


def _over_samples(task: Task, row: TaskRow) -> Record:
    """Return the ends of 95 % intervals over the test samples of one world, by the frame's column."""
    metrics, layout = row.results[0].metrics, task.scenario.layout(task.modality)
    sizes = state_sizes(task)
    sizes |= {
        key: task.scenario.parts[part]
        for key, part in (("follows", layout.rivals), ("uses_thing", layout.exchanged))
        if part
    }
    counts = {key: round(metrics[key] * size) for key, size in sizes.items() if key in metrics}
    found = {key: simultaneous_interval(np.array([count]), np.array([sizes[key]])) for key, count in counts.items()}
    found["robust_accuracy"] = over_samples(task, row)
    found["wga"] = simultaneous_interval(np.array(row.results[0].groups), group_sizes(task))
    shifts = {"ig": ["ig"], "sss": [f"sss/{name}" for name in task.channels]}
    for key, names in shifts.items() if layout.free else ():
        each = np.mean([row.sample_mean(name) for name in names], axis=0)
        error = LEVEL * float(each.std(ddof=1)) / math.sqrt(len(each))
        found[key] = Interval(metrics[key] - error, metrics[key] + error)
    return {name: end for key, interval in found.items() for name, end in end_columns(key, interval).items()}


def _ideal(task: Task) -> Mapping[str, float]:
    """Return what the ideal observer reaches in a world; on a rung it is known only if every scene shows its thing."""
    found = ideal_scores(task)
    if found:
        return found.metrics
    return PERFECT if task.counterexamples and task.scenario.shows_class(task.modality) else {}
