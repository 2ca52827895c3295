"""What the leaderboard says about one row on tasks and ladders, and about the winners, in sentences."""

from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import NamedTuple

import numpy as np

from spurgen.benchmark.errors import harmless
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.things import STATES
from spurgen.generators.world import world_of
from spurgen.harness.board.columns import Line, cell, column, known
from spurgen.harness.board.formats import SYNTHETIC
from spurgen.harness.board.placing import ERM
from spurgen.harness.board.rows import RANKED_BY, group_sizes, state_sizes
from spurgen.harness.board.schema import Board, Leaderboard, Unit
from spurgen.harness.machine.printing import and_list, one_line, p_equals
from spurgen.harness.metrics import Interval, simultaneous_interval
from spurgen.harness.results.rows import Row, Rows, TaskRow

MORE = (
    "That command corrects p over ladders and tasks, a board over all pairs of baselines, so one may find what the "
    "other misses."
)
FEW = 4  # tasks that a command names
OVER_SAMPLES = "  For this one {} alone, over its test samples: 95 % interval [{:.3f}, {:.3f}]."


def verdict(
    suite: Suite, board: Leaderboard, label: str, rows: Rows, tasks: Collection[str], flags: str | None = "",
    alone: Collection[str] | None = None,
) -> list[str]:  # fmt: skip
    """Return what a board says about a row on these tasks, and over each set of them that the suite ranks.

    `alone`: the tasks that are also described by themselves, None for all. `rows`: those from which the board was
    built. `flags` end the `spurgen compare` command in the last line, which is missing if the row
    is ranked on none of the tasks, or if `flags` is None: it is not stored.
    """
    lines, shown, results = [], [], rows[label]
    for name, part in board.tasks.items():
        if name in tasks:
            task, row = suite.task(name), _find(part.shown, label)
            shown += [name] * (row is not None)
            if alone is not None and name not in alone:
                continue
            reasons = why([task], label, rows, _best(part, label, rows), part.unit) if _believed(part, label) else []
            lines += _not_ranked(name, _find(part.unranked, label))
            if row:
                lines += _place(name, row, part)
            lines += reasons
            if row:
                if row["units"] == 1:
                    lines.append(OVER_SAMPLES.format(part.unit, *over_samples(task, results[name])))
                lines += task_lines(task, row, results[name], part.unit)
    for name, whole in board.overall.items():
        if tasks and set(whole.tasks) <= set(tasks):
            title = f"{name} (mean over {and_list(whole.tasks)})"
            mean = _find(whole.shown, label)
            lines += [*_place(title, mean, whole), *_needed(mean, whole)] if mean else []
            lines += _not_ranked(title, _find(whole.unranked, label))
            rungs = [suite.task(each) for each, part in board.tasks.items() if each in tasks and _believed(part, label)]
            rungs = [task for task in rungs if task.of == name]
            lines += why(rungs, label, rows, _best(whole, label, rows), whole.unit) if rungs else []
    lines += [] if flags is None else _command(board, label, shown, flags)
    return [*map(harmless, lines)]


def winners(board: Leaderboard, tasks: Collection[str], flags: str = "") -> list[str]:
    """Return the best row of each ladder or other set of these tasks, or else of each task, and what to do next.

    Beside it stands the best row that is given labels alone. Rows that are given twins stand apart, as on the board.
    `flags` end the command in the last line.
    """
    sets = {name: part for name, part in board.overall.items() if {*part.tasks} <= {*tasks} and part.shown}
    parts: Mapping[str, Board] = sets or {name: part for name, part in board.tasks.items() if name in tasks}
    lines, best = [], ""
    for name, part in [(name, part) for name, part in parts.items() if part.shown][:FEW]:
        order = sorted(part.rows or part.few, key=lambda row: (row["access"] == SYNTHETIC, -row[RANKED_BY]))
        alone = [row for row in order if row["access"] == "none"][:1]
        given = f", with access {order[0]['access']}" if order[0]["access"] != "none" else ""
        said = f"{name}: best is {_short(order[0])}{given}"
        said += f"; with labels alone {_short(alone[0])}" if alone and alone[0] is not order[0] else ""
        lines.append(said + ("." if part.rows else f"; no row has the {part.asked} {part.unit}s of a rank."))
        best = best or next((row["submission"] for row in order if row["submission"] != ERM), "")
    other = ERM if any(row["submission"] == ERM for part in parts.values() for row in part.shown) else ""
    compared = f"{spurgen(f'compare {quote(best)} {ERM} {flags}'.rstrip())} (how surely they differ), " * bool(
        best and other
    )
    lines += [f"Next: {compared}{spurgen('score my_model.py --seeds 0')} (your own beside them)."] * bool(lines)
    return [*map(harmless, lines)]


def _short(row: Line) -> str:
    needs = row.get("counterexamples_text")
    return f"{row['submission']}, {f'which needs {needs} counterexamples' if needs else cell(RANKED_BY, row)}"


def _believed(part: Board, label: str) -> bool:
    """Return whether a row's metrics are believed, be it ranked or not."""
    row = _find(part.unranked, label)
    return bool(_find(part.shown, label)) or (row is not None and row["wga"] is not None)


def _best(part: Board, label: str, rows: Rows) -> str:
    """Return the best other ranked row of a row's access tier; nothing where there is none."""
    access = next(iter(rows[label].values())).results[0].access
    of_tier = [row["submission"] for row in part.rows if row["access"] == access and row["submission"] != label]
    return of_tier[0] if of_tier else ""


def _needed(row: Line, part: Board) -> list[str]:
    """Return how many counterexamples a row needs on a ladder, and as a multiple of ERM's, with that number."""
    if not known(row, "counterexamples_text"):
        return []
    erm, ratio = _find(part.shown, ERM), row.get("counterexamples_to_erm_text")
    than = f", {ratio} times as many as ERM" if ratio else ""
    if erm and erm["submission"] != row["submission"] and known(erm, "counterexamples_text"):
        than += f"; over {erm['units']} {part.unit}s ERM needs {erm['counterexamples_text']}"
    return [f"  It needs {row['counterexamples_text']} counterexamples to reach three quarters of the ceiling{than}."]


def _find(rows: Sequence[Line], label: str) -> Line | None:
    return next((row for row in rows if row["submission"] == label), None)


def _place(where: str, row: Line, part: Board) -> list[str]:
    """Return where a row stands on its access tier's board, its robust accuracy, and how it compares with ERM's."""
    low, high, mean = row.get(f"{RANKED_BY}_low", 0), row.get(f"{RANKED_BY}_high", 0), "mean " if part.tasks else ""
    units = f"{row['units']} {part.unit}{'s' * (row['units'] > 1)}"
    interval = f", 95 % interval over {part.unit}s [{low:.3f}, {high:.3f}]" if low < high else ""
    metric = column(RANKED_BY).title.lower()
    return [
        f"{row['submission']} on {where}: {_standing(row, part)}.",
        f"  Its {mean}{metric} is {row[RANKED_BY]:.3f}{interval} ({units}).",
        f"  {_to_erm(row, part)}",
    ]


def _standing(row: Line, part: Board) -> str:
    if not row["ranked"]:
        has = f"it has {row['units']} of {part.asked} {part.unit}s; run seeds 0-{part.asked - 1}"
        return f"no rank among the others: {has}"
    letters = f"letter{'s' if len(row['letters']) > 1 else ''} {row['letters']}"
    return f"rank {cell('rank', row)} of {row['of']} with access {row['access']}, {letters}"


def _to_erm(row: Line, part: Board) -> str:
    erm = _find(part.shown, ERM)
    if "to_erm" not in row or erm is None:
        return "It is the row that others are compared with." if row["submission"] == ERM else "There is no row of ERM."
    by, units, p_holm = f"{row['to_erm']:+z.3f}", row["to_erm_units"], row["to_erm_p_holm"]
    if units < max(row["units"], erm["units"]):
        by += f" on the {units} {part.unit}{'s' * (units > 1)} that both have"
    given = "" if row["access"] == erm["access"] else f"; it is given {row['access']}, ERM {erm['access']}"
    if p_holm is None:
        return f"Its difference to ERM is not tested on {units} of {part.asked} {part.unit}s: {by}{given}."
    low, high, found = row["to_erm_low"], row["to_erm_high"], row["to_erm_verdict"]
    by += f", 95 % interval without correction [{low:+z.3f}, {high:+z.3f}], Holm-corrected {p_equals(p_holm)}"
    than = "not significantly better or worse" if found == "undecided" else f"significantly {found}"
    return f"It is {than} than ERM: {by}{given}."


def _not_ranked(where: str, row: Line | None) -> list[str]:
    if row is None:
        return []
    lines = [f"{row['submission']} on {where}: not ranked: {one_line(row['reason'])}"]
    if row["wga"] is not None:
        lines.append(f"  Its worst-group accuracy is {row['wga']:.3f}, its accuracy {row['accuracy']:.3f}.")
    return lines


def _command(board: Leaderboard, label: str, tasks: Sequence[str], flags: str) -> list[str]:
    """Return the command that compares a row with ERM's, or with the first other row if ERM's is missing."""
    others = [row["submission"] for name in tasks for row in board.tasks[name].shown if row["submission"] != label]
    if not others:
        return []
    other = ERM if ERM in others else others[0]
    shared = [name for name in tasks if _find(board.tasks[name].shown, other)]
    named = f" --tasks {' '.join(shared)}" if len(shared) <= FEW else ""
    command = spurgen(f"compare {quote(label)} {quote(other)}{named} {flags}".rstrip())
    return [f"Every metric and shortcut: {command} --all", MORE]


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


def task_lines(task: Task, row: Line, results: TaskRow, unit: Unit) -> list[str]:
    """Return a row's accuracy where shortcuts agree and mislead, and its hardest group."""
    words = {"agree": "where shortcuts agree", "mislead": "where they mislead", "neutral": "where they are neutral"}
    at = {state: row[key] for state in STATES if (key := f"accuracy_{state}") in row}
    right = ", ".join(f"{value:.3f} {words[state]}" for state, value in at.items())
    return [
        f"  Its accuracy is {right} (chance: {1 / task.num_classes:.3f}).",
        _worst_group(task, results, unit),
    ]


def over_samples(task: Task, row: TaskRow) -> Interval:
    """Return the interval of accuracy if misled over the test samples of a row with one unit."""
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
