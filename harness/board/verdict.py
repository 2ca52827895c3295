"""What the leaderboard says of one row, in sentences."""

from collections.abc import Collection, Sequence
from shlex import quote
from typing import TypeVar

import numpy as np

from spurgen.benchmark.errors import harmless
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import class_names
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY, Unit, group_sizes
from spurgen.harness.board.columns import cell, column, columns_of
from spurgen.harness.board.frame import line_of
from spurgen.harness.board.rung_verdict import over_scenes, rung_lines
from spurgen.harness.board.schema import (
    BoardRow,
    Leaderboard,
    SetBoard,
    SetBoardRow,
    TaskBoard,
    TaskBoardRow,
    Unranked,
)
from spurgen.harness.machine.printing import and_list, p_equals
from spurgen.harness.metrics import simultaneous_interval
from spurgen.harness.results.rows import Row, TaskRow

MORE = "It corrects for what it shows, the board for all pairs of baselines: either may find what the other misses."
OVER_SAMPLES = "  95 % interval over the test samples of this one {}, which shows no other: [{:.3f}, {:.3f}]."
AnyRow = TypeVar("AnyRow", bound=BoardRow | Unranked)


def verdict(
    suite: Suite, board: Leaderboard, label: str, results: Row, tasks: Collection[str], flags: str | None = ""
) -> list[str]:
    """Return what a board says of a row on these tasks, and over each set of them that the suite ranks.

    `results`: the row's results by task, from which the board was built. `flags` end the `spurgen compare` command in
    the last line, which is missing if the row is ranked on none of the tasks, or if `flags` is None: it is not stored.
    """
    lines, shown = [], []
    for name, part in board.tasks.items():
        if name in tasks:
            task, row = suite.task(name), _find([*part.rows, *part.few], label)
            if row:
                shown.append(name)
                lines += [*_place(name, row, part), *_over_samples(task, results[name], part.unit)]
                if isinstance(task, Rung):
                    lines += rung_lines(task, row, results[name], part.unit)
                else:
                    lines += [_accuracy(task, row), *_cues(row), _worst_group(task, results[name], part.unit)]
            lines += _not_ranked(name, _find(part.unranked, label))
    for name, whole in board.overall.items():
        if tasks and set(whole.tasks) <= set(tasks):
            title = f"{name} (mean over {and_list(whole.tasks)})"
            mean = _find([*whole.rows, *whole.few], label)
            lines += [*_place(title, mean, whole), *_needed(mean)] if mean else []
            lines += _not_ranked(title, _find(whole.unranked, label))
    return lines if flags is None else [*lines, *_command(board, label, shown, flags)]


def _needed(row: SetBoardRow) -> list[str]:
    """Return how many counterexamples a row needs on a ladder, and as a multiple of ERM's."""
    if row.needed is None:
        return []
    than = f", {row.needed_to_erm.text} times as many as ERM" if row.needed_to_erm and row.needed_to_erm.text else ""
    return [f"  It needs {row.needed.text} counterexamples to reach three quarters of the ceiling{than}."]


def _find(rows: Sequence[AnyRow], label: str) -> AnyRow | None:
    return next((row for row in rows if row.submission == label), None)


def _place(where: str, row: TaskBoardRow | SetBoardRow, part: TaskBoard | SetBoard) -> list[str]:
    """Return where a row stands on its access tier's board, its robust accuracy, and how it compares with ERM's."""
    (low, high), mean = row.ranked_by.ends, "mean " if isinstance(row, SetBoardRow) else ""
    units = f"{row.units} {part.unit}{'s' * (row.units > 1)}"
    interval = f", 95 % interval [{low:.3f}, {high:.3f}]" if low < high else ""
    metric = column(RANKED_BY, columns_of([line_of(row)])).title.lower()
    return [
        f"{row.submission} on {where}: {_standing(row, part)}.",
        f"  Its {mean}{metric} is {row.ranked_by.value:.3f}{interval} ({units}).",
        f"  {_to_erm(row, part)}",
    ]


def _over_samples(task: Task, row: TaskRow, unit: Unit) -> list[str]:
    """Return the interval of robust accuracy over test samples, of a row with one unit.

    The classes are equally large within an alignment pattern, so its accuracy is a share of its samples.
    """
    if len(row) > 1:
        return []
    if isinstance(task, Rung):
        low, high = over_scenes(task, row)
        return [OVER_SAMPLES.format(unit, low, high)]
    by_pattern = [np.reshape(n, (task.scenario.num_classes, -1)) for n in (row.results[0].groups, group_sizes(task))]
    low, high = simultaneous_interval(*(counts.sum(axis=0) for counts in by_pattern))
    return [OVER_SAMPLES.format(unit, low, high)]


def _standing(row: BoardRow, part: TaskBoard | SetBoard) -> str:
    if row.ranks is None:
        return (
            f"no rank among the others: it has {row.units} of {part.asked} {part.unit}s; run seeds 0-{part.asked - 1}"
        )
    letters = f"letter{'s' if len(row.letters) > 1 else ''} {row.letters}"
    return f"rank {cell('rank', line_of(row))} of {row.of} with access {row.access}, {letters}"


def _accuracy(task: Task, row: TaskBoardRow) -> str:
    """Return a row's WGA, its accuracy beside chance, and how far the class moves it."""
    chance, core = 1 / task.scenario.num_classes, row.value("core_sensitivity")
    return (
        f"  Its worst-group accuracy, bias-corrected, is {row.value('wga_corrected'):.3f}, its accuracy "
        f"{row.value('accuracy'):.3f} (chance: {chance:.3f}), its core sensitivity {core:.3f}."
    )


def _to_erm(row: TaskBoardRow | SetBoardRow, part: TaskBoard | SetBoard) -> str:
    against, erm = row.against_erm, _find([*part.rows, *part.few], ERM)
    if against is None or erm is None:
        return "It is the row that others are compared with." if row.submission == ERM else "There is no row of ERM."
    by = f"{against.difference:+z.3f}"
    if against.units < max(row.units, erm.units):
        by += f" on the {against.units} {part.unit}{'s' * (against.units > 1)} that both have"
    given = "" if against.access == against.erm_access else f"; it is given {against.access}, ERM {against.erm_access}"
    if against.interval is None or against.p_holm is None:
        return f"Its difference to ERM is not tested on {against.units} of {part.asked} {part.unit}s: {by}{given}."
    low, high = against.interval
    by += f", 95 % interval without correction [{low:+z.3f}, {high:+z.3f}], Holm-corrected {p_equals(against.p_holm)}"
    than = "not significantly better or worse" if against.verdict == "undecided" else f"significantly {against.verdict}"
    return f"It is {than} than ERM: {by}{given}."


def _cues(row: TaskBoardRow) -> list[str]:
    """Return the channel with the highest SSS, and whether the class moves the row at all.

    The board has no interval of a channel's SSS, so the line does not claim that it exceeds what nuisances move.
    """
    channel, sss = max(row.by_channel["sss"].items(), key=lambda item: item[1])
    redrawn = row.value("sss_placebo")
    most = f"  Of its channels {channel} moves it most: SSS {sss:.3f}; all nuisances redrawn move it by {redrawn:.3f}."
    highest = most if sss else "  No channel moves it: every SSS is 0."
    blind = f"  It ignores the core cue: sensitivity {row.value('core_sensitivity'):.3f}, not above that."
    return [highest, blind] if row.ignores_core else [highest]


def _worst_group(task: Task, row: TaskRow, unit: Unit) -> str:
    """Return the group with the lowest mean accuracy over the units, in words.

    That accuracy is at least the worst-group accuracy, which averages the minimum of every unit.
    """
    correct = np.sum([result.groups for result in row.results], axis=0)
    accuracies = correct / (len(row) * group_sizes(task))
    worst = int(accuracies.argmin())
    accuracy = accuracies[worst]
    label, pattern = divmod(worst, 2 ** len(task.channels))
    conflicting = [name for k, name in enumerate(task.channels) if pattern >> k & 1]
    verb = "conflict" if len(conflicting) > 1 else "conflicts"
    group = f"{class_names(task.scenario)[label]} where {and_list(conflicting or ['no channel'])} {verb}"
    ties = int((accuracies == accuracy).sum()) - 1
    others = f", as in {ties} other group{'s' * (ties > 1)}" if ties else ""
    over = f"Over {len(row)} {unit}s its" if len(row) > 1 else "Its"
    return f"  {over} hardest group is {group}: accuracy {accuracy:.3f}{others}."


def _not_ranked(where: str, row: Unranked | None) -> list[str]:
    if row is None:
        return []
    reason = " ".join(harmless(row.reason).split())
    if row.wga is None:
        return [f"{row.submission} on {where}: not ranked: {reason}"]
    reached = f"  Its worst-group accuracy is {row.wga:.3f}, its accuracy {row.accuracy:.3f}."
    return [f"{row.submission} on {where}: not ranked: {reason}", reached]


def _command(board: Leaderboard, label: str, tasks: Sequence[str], flags: str) -> list[str]:
    """Return the command that compares a row with ERM's, or with the first other where ERM's is missing."""
    others = [row.submission for name in tasks for row in _all(board, name) if row.submission != label]
    if not others:
        return []
    other = ERM if ERM in others else others[0]
    shared = [name for name in tasks if _find(_all(board, name), other)]
    command = spurgen(f"compare {quote(label)} {quote(other)} --tasks {' '.join(shared)} {flags}".rstrip())
    return [f"Every metric and channel: {command}", MORE]


def _all(board: Leaderboard, task: str) -> list[TaskBoardRow]:
    return [*board.tasks[task].rows, *board.tasks[task].few]
