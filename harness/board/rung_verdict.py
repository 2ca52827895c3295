"""What the leaderboard says of one row on a rung of a ladder, in sentences."""

import numpy as np

from spurgen.benchmark.task import Rung
from spurgen.harness.board.by_unit import Unit, group_sizes
from spurgen.harness.board.schema import TaskBoardRow
from spurgen.harness.metrics import Interval, simultaneous_interval
from spurgen.harness.results.answered import STATES
from spurgen.harness.results.rows import TaskRow


def rung_lines(rung: Rung, row: TaskBoardRow, results: TaskRow, unit: Unit) -> list[str]:
    """Return what a row's answers follow, and where it is right."""
    agree, mislead, neutral = (f"{row.value(f'accuracy_{state}'):.3f}" for state in STATES)
    name, most = max(row.by_channel["follows"].items(), key=lambda item: item[1])
    return [
        f"  Its accuracy is {agree} where shortcuts agree, {mislead} where they mislead, {neutral} where they are "
        f"neutral (chance: {1 / rung.num_classes:.3f}).",
        f"  {row.value('follows'):.0%} of its answers follow all shortcuts to another class, and {most:.0%} follow "
        f"{name} alone, the most of single ones. {row.value('uses_thing'):.0%} follow the thing.",
        _worst_group(rung, results, unit),
    ]


def over_scenes(rung: Rung, row: TaskRow) -> Interval:
    """Return the interval of accuracy if misled over the test scenes of a row's one world."""
    scenes = rung.num_classes * rung.ladder.test_per_class
    right = [round(row.results[0].metrics[f"accuracy_{state}"] * scenes) for state in STATES]
    return simultaneous_interval(np.array(right), np.full(len(STATES), scenes))


def _worst_group(rung: Rung, row: TaskRow, unit: Unit) -> str:
    correct = np.sum([result.groups for result in row.results], axis=0)
    accuracies = correct / (len(row) * group_sizes(rung))
    label, misled = divmod(int(accuracies.argmin()), 2)
    group = f"{rung.ladder.categories[label]} where shortcuts {'mislead' if misled else 'agree'}"
    over = f"Over {len(row)} {unit}s its" if len(row) > 1 else "Its"
    return f"  {over} hardest group is {group}: accuracy {accuracies.min():.3f}."
