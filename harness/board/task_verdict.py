"""What the leaderboard says about one row on one task, in sentences."""

import numpy as np

from spurgen.benchmark.task import Rung, Task
from spurgen.generators import class_names
from spurgen.harness.board.by_unit import Unit, group_sizes
from spurgen.harness.board.schema import BoardRow
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics import Interval, simultaneous_interval
from spurgen.harness.results.answered import STATES
from spurgen.harness.results.rows import TaskRow


def task_lines(task: Task, row: BoardRow, results: TaskRow, unit: Unit) -> list[str]:
    """Return a row's accuracy where shortcuts agree and mislead, what its answers follow, and its hardest group."""
    words = {"agree": "where shortcuts agree", "mislead": "where they mislead", "neutral": "where they are neutral"}
    known = {state: row.estimates.get(f"accuracy_{state}") for state in STATES}
    right = ", ".join(f"{each.value:.3f} {words[state]}" for state, each in known.items() if each)
    name, most = max(row.by_channel["follows"].items(), key=lambda item: item[1])
    every = f"{row.value('follows'):.0%} of its answers follow all shortcuts to another class, and "
    alone = f"{most:.0%} {'' if isinstance(task, Rung) else 'of its answers '}follow {name} alone"
    return [
        f"  Its accuracy is {right} (chance: {1 / task.num_classes:.3f}).",
        f"  {every if isinstance(task, Rung) else ''}{alone}, the most of single ones. "
        f"{row.value('uses_thing'):.0%} follow the thing.",
        _worst_group(task, results, unit),
    ]


def over_samples(task: Task, row: TaskRow) -> Interval:
    """Return the interval of accuracy if misled over the test samples of a row with one unit.

    The classes are equally large where shortcuts agree, and where they mislead.
    """
    if isinstance(task, Rung):
        scenes = task.num_classes * task.ladder.test_per_class
        right = [round(row.results[0].metrics[f"accuracy_{state}"] * scenes) for state in STATES]
        return simultaneous_interval(np.array(right), np.full(len(STATES), scenes))
    by_pattern = [np.reshape(n, (task.num_classes, -1)).sum(axis=0) for n in (row.results[0].groups, group_sizes(task))]
    return simultaneous_interval(*(counts[[0, -1]] for counts in by_pattern))


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
    if isinstance(task, Rung):
        return f"{task.ladder.categories[label]} where shortcuts {'mislead' if pattern else 'agree'}"
    misleading = [name for k, name in enumerate(task.channels) if pattern >> k & 1]
    verb = "mislead" if len(misleading) > 1 else "misleads"
    return f"{class_names(task.scenario)[label]} where {and_list(misleading or ['no shortcut'])} {verb}"
