"""What the leaderboard says of one row, in sentences."""

from collections.abc import Collection, Sequence
from shlex import quote
from typing import TypeVar

import numpy as np

from spurgen.benchmark.errors import harmless
from spurgen.benchmark.suite import Suite, Task
from spurgen.generators import class_names
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import p_equals
from spurgen.harness.board.schema import AgainstErm, BoardRow, Leaderboard, SetBoardRow, TaskBoardRow, Unranked
from spurgen.harness.machine.printing import and_list
from spurgen.harness.results.rows import Row, TaskRow

SEEDS = {
    "own": "",
    "pooled": ", with the baselines' variance over seeds: docs/statistics.md",
    "unknown": ", without the variance over seeds: docs/statistics.md",
}
"""How a row's interval accounts for other seeds, by `BoardRow.seed_variance`."""
FEW_SEEDS = (
    "  Others have more seeds. Fewer rows differ significantly from one with few seeds, which can flatter its rank."
)
MORE = (
    "That command compares two rows alone, with all their seeds, and may find a difference where the board finds none."
)
AnyRow = TypeVar("AnyRow", bound=BoardRow | Unranked)


def verdict(
    suite: Suite, board: Leaderboard, label: str, results: Row, tasks: Collection[str], flags: str = ""
) -> list[str]:
    """Return what a board says of a row on these tasks, and over each set of them that the suite ranks.

    `results`: the row's results by task, from which the board was built. `flags` end the `spurgen compare` command in
    the last line, which is missing if the row is ranked on none of the tasks.
    """
    lines, ranked = [], []
    for name, part in board.tasks.items():
        if name in tasks:
            task, row = suite.task(name), _find(part.rows, label)
            if row:
                ranked.append(name)
                lines += [*_place(name, row, part.rows), *_cues(row), _worst_group(task, results[name])]
                lines += _accuracy(task, row, part.rows)
            lines += _not_ranked(name, _find(part.unranked, label))
    for name, whole in board.overall.items():
        if tasks and set(whole.tasks) <= set(tasks):
            title = f"{name} (mean over {and_list(whole.tasks)})"
            mean = _find(whole.rows, label)
            lines += _place(title, mean, whole.rows) if mean else []
            lines += _not_ranked(title, _find(whole.unranked, label))
    return [*lines, *_command(board, label, ranked, flags)]


def _find(rows: Sequence[AnyRow], label: str) -> AnyRow | None:
    return next((row for row in rows if row.submission == label), None)


def _place(where: str, row: TaskBoardRow | SetBoardRow, rows: Sequence[BoardRow]) -> list[str]:
    """Return a row's rank and worst-group accuracy, and how it compares with ERM's."""
    wga, (low, high) = row.value("wga"), row.estimates["wga"].ends
    ties = sum(other.rank == row.rank for other in rows) - 1
    tied = f", which it shares with {ties} other{'s' * (ties > 1)}" if ties else ""
    mean = "mean " if isinstance(row, SetBoardRow) else ""
    seeds = f"{row.seeds} seed{'s' * (row.seeds > 1)}{SEEDS[row.seed_variance]}"
    return [
        f"{row.submission} on {where}: rank {row.rank} of {len(rows)}{tied}.",
        f"  Its {mean}worst-group accuracy is {wga:.3f}, 95 % interval [{low:.3f}, {high:.3f}] ({seeds}).",
        f"  {_to_erm(row, row.against_erm, _find(rows, ERM))}",
    ]


def _accuracy(task: Task, row: TaskBoardRow, rows: Sequence[BoardRow]) -> list[str]:
    """Return a row's accuracy beside chance, how far the class moves it, and whether others have more seeds."""
    chance, core = 1 / task.scenario.num_classes, row.value("core_sensitivity")
    line = f"  Its accuracy is {row.value('accuracy'):.3f} (chance: {chance:.3f}), its core sensitivity {core:.3f}."
    return [line, FEW_SEEDS] if row.seeds < max(other.seeds for other in rows) else [line]


def _to_erm(row: TaskBoardRow | SetBoardRow, against: AgainstErm | None, erm: BoardRow | None) -> str:
    if against is None or erm is None:
        return "It is the row that others are compared with." if row.submission == ERM else "No ERM row is ranked here."
    low, high = against.interval
    by = f"{against.difference:+.3f}{_common_seeds(row, against, erm)}"
    by += f", 95 % interval without correction [{low:+.3f}, {high:+.3f}]"
    by += f", Holm-corrected {p_equals(against.p_bootstrap_holm)}"
    given = "" if against.access == against.erm_access else f"; it is given {against.access}, ERM {against.erm_access}"
    than = "not significantly better or worse" if against.verdict == "undecided" else f"significantly {against.verdict}"
    return f"It is {than} than ERM: {by}{given}."


def _common_seeds(row: TaskBoardRow | SetBoardRow, against: AgainstErm, erm: BoardRow) -> str:
    """Return on which seeds a difference rests, if it is not that of the two rows' worst-group accuracies."""
    if row.seeds == erm.seeds:
        return ""
    if isinstance(row, SetBoardRow):
        return " over all seeds of both"
    return f" on the {against.seeds} seeds that both have" if against.seeds > 1 else " on the seed that both have"


def _cues(row: TaskBoardRow) -> list[str]:
    """Return the channel with the highest SSS, and whether the class moves the row at all.

    The board has no interval of a channel's SSS, so the line does not claim that it exceeds the placebo floor.
    """
    channel, sss = max(row.by_channel["sss"].items(), key=lambda item: item[1])
    floor = row.value("sss_placebo")
    most = f"  Of its channels {channel} moves it most: SSS {sss:.3f}; redrawn nuisances move it by {floor:.3f}."
    highest = most if sss else "  No channel moves it: every SSS is 0."
    blind = f"  It ignores the core cue: sensitivity {row.value('core_sensitivity'):.3f}, not above that floor."
    return [highest, blind] if row.ignores_core else [highest]


def _worst_group(task: Task, row: TaskRow) -> str:
    """Return the group with the lowest mean accuracy over the seeds, in words.

    That accuracy is at least the worst-group accuracy, which averages the minimum of every seed.
    """
    correct = np.sum([result.groups for result in row.results], axis=0)
    worst = int(correct.argmin())
    accuracy = correct[worst] * task.num_groups / (task.scenario.num_test * len(row))
    label, pattern = divmod(worst, 2 ** len(task.channels))
    conflicting = [name for k, name in enumerate(task.channels) if pattern >> k & 1]
    verb = "conflict" if len(conflicting) > 1 else "conflicts"
    group = f"{class_names(task.scenario)[label]} where {and_list(conflicting or ['no channel'])} {verb}"
    ties = int((correct == correct[worst]).sum()) - 1
    others = f", as in {ties} other group{'s' * (ties > 1)}" if ties else ""
    if len(row) == 1:
        size = task.scenario.num_test // task.num_groups
        return f"  Its worst group, of {size} samples, is {group}{others}."
    return (
        f"  Over {len(row)} seeds its hardest group is {group}: mean accuracy {accuracy:.3f}{others} "
        "(worst-group accuracy averages every seed's own worst group)."
    )


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
    others = [row.submission for name in tasks for row in board.tasks[name].rows if row.submission != label]
    if not others:
        return []
    other = ERM if ERM in others else others[0]
    shared = [name for name in tasks if _find(board.tasks[name].rows, other)]
    command = f"spurgen compare {quote(label)} {quote(other)} --tasks {' '.join(shared)} {flags}".rstrip()
    return [f"Every metric and channel: {command}", MORE]
