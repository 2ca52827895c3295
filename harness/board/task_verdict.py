"""What the leaderboard says about one row on one task or ladder, in sentences."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.things import STATES
from spurgen.generators.world import world_of
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY, Unit, group_sizes, state_sizes
from spurgen.harness.board.schema import BoardRow
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics import Interval, simultaneous_interval
from spurgen.harness.results.rows import Row, Rows, TaskRow


class _Means(NamedTuple):
    """A row's means over some tasks: how often its answers follow all shortcuts, each alone, and use the thing."""

    misled: float
    follows: float
    each: Mapping[str, float]
    thing: float


def why(tasks: Sequence[Task], label: str, rows: Rows, best: str, unit: Unit) -> list[str]:
    """Return why a row is right or wrong where shortcuts mislead, and its accuracy there on each task.

    ERM, and the `best` row of its access tier if it is another, stand beside it, on the worlds or seeds that it has.
    A row that lacks one of these is left out. `tasks`: rungs of a ladder, or a single task.
    """
    asked = {task.name: rows[label][task.name].seeds for task in tasks}
    beside = [name for name in dict.fromkeys((ERM, best)) if name != label and _has(rows.get(name, {}), asked)]
    above = [task for task in tasks if not task.of or task.counterexamples] or tasks
    means = {name: _means(rows[name], {task.name: asked[task.name] for task in above}) for name in (label, *beside)}
    count = min(map(len, asked.values()))
    lines = [f"  {_reasons(means, label, f'{count} {unit}s' if count > 1 else unit)}"]
    for task in tasks if beside or len(tasks) > 1 else ():
        where = f"with {task.counterexamples} counterexamples" if task.of else f"on {task.name}"
        mean = {name: _mean(rows[name][task.name], RANKED_BY, asked[task.name]) for name in (label, *beside)}
        others = ", ".join(f"{name} {mean[name]:.3f}" for name in beside)
        lines.append(f"  Accuracy if misled {where}: {mean[label]:.3f}{f' ({others})' * bool(others)}.")
    if best in beside:
        lines.append(
            f"  {best} is the best row with its access: {means[best].follows:.0%} of its answers follow, and it uses "
            f"the thing in {means[best].thing:.0%}."
        )
    return lines


def _reasons(means: Mapping[str, _Means], label: str, units: str) -> str:
    """Return what a row follows and uses, beside ERM if its means are there."""
    mine, erm = means[label], means.get(ERM) if label != ERM else None
    name, most = max(mine.each.items(), key=lambda item: item[1])
    single = f"most of single ones {name}: {most:.0%}"
    if erm is None:
        return (
            f"{mine.follows:.0%} of its answers follow the shortcuts, {single}. It uses the thing in {mine.thing:.0%}."
        )
    right = (
        "as often as" if mine.misled == erm.misled else f"{'more' if mine.misled > erm.misled else 'less'} often than"
    )
    return (
        f"If misled it is right {right} ERM in the same {units}. {mine.follows:.0%} of its answers follow the "
        f"shortcuts ({single}), of ERM's {erm.follows:.0%}. It uses the thing in {mine.thing:.0%}, ERM in "
        f"{erm.thing:.0%}."
    )


def _has(row: Row, asked: Mapping[str, Sequence[int]]) -> bool:
    return all(name in row and {*seeds} <= {*row[name].seeds} for name, seeds in asked.items())


def _mean(row: TaskRow, metric: str, seeds: Sequence[int]) -> float:
    return float(np.mean([result.metric(metric) for result in row.results if result.seed in seeds]))


def _means(row: Row, asked: Mapping[str, Sequence[int]]) -> _Means:
    def over(metric: str) -> float:
        return float(np.mean([_mean(row[name], metric, seeds) for name, seeds in asked.items()]))

    channels = next(iter(row[name] for name in asked)).results[0].channels
    each = {name: over(f"follows/{name}") for name in channels}
    return _Means(over(RANKED_BY), over("follows"), each, over("uses_thing"))


def task_lines(task: Task, row: BoardRow, results: TaskRow, unit: Unit) -> list[str]:
    """Return a row's accuracy where shortcuts agree and mislead, and its hardest group."""
    words = {"agree": "where shortcuts agree", "mislead": "where they mislead", "neutral": "where they are neutral"}
    known = {state: row.estimates.get(f"accuracy_{state}") for state in STATES}
    right = ", ".join(f"{each.value:.3f} {words[state]}" for state, each in known.items() if each)
    return [
        f"  Its accuracy is {right} (chance: {1 / task.num_classes:.3f}).",
        _worst_group(task, results, unit),
    ]


def over_samples(task: Task, row: TaskRow) -> Interval:
    """Return the interval of accuracy if misled over the test samples of a row with one unit.

    The classes are equally large where shortcuts agree, and where they mislead.
    """
    sizes = state_sizes(task)
    right = [round(row.results[0].metrics[name] * size) for name, size in sizes.items()]
    return simultaneous_interval(np.array(right), np.array([*sizes.values()]))


def _worst_group(task: Task, row: TaskRow, unit: Unit) -> str:
    """Return the group with the lowest mean accuracy over the units, in words.

    That accuracy is at least the worst-group accuracy, which averages the minimum of every unit.
    """
    correct = np.sum([result.groups for result in row.results], axis=0)
    accuracies = correct / (len(row) * group_sizes(task))
    worst = int(accuracies.argmin())
    ties = int((accuracies == accuracies[worst]).sum()) - 1
    others = f", as in {ties} other group{'s' * (ties > 1)}" if ties else ""
    over = f"Over {len(row)} {unit}s its" if len(row) > 1 else "Its"
    return f"  {over} hardest group is {_group(task, worst)}: accuracy {accuracies[worst]:.3f}{others}."


def _group(task: Task, group: int) -> str:
    label, pattern = divmod(group, task.num_groups // task.num_classes)
    name = world_of(task.in_world(0).scenario).class_names[label]
    if task.of:
        return f"{name} where shortcuts {'mislead' if pattern else 'agree'}"
    misleading = [name for k, name in enumerate(task.channels) if pattern >> k & 1]
    verb = "mislead" if len(misleading) > 1 else "misleads"
    return f"{name} where {and_list(misleading or ['no shortcut'])} {verb}"
