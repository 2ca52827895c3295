"""What the leaderboard says about one row, in sentences."""

from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import TypeVar

from spurgen.benchmark.errors import harmless
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import cell, column
from spurgen.harness.board.frame import line_of
from spurgen.harness.board.markdown import SYNTHETIC
from spurgen.harness.board.schema import Board, BoardRow, Leaderboard, SetBoardRow, Unranked
from spurgen.harness.board.task_verdict import over_samples, task_lines, why
from spurgen.harness.machine.printing import and_list, one_line, p_equals
from spurgen.harness.results.rows import Rows

MORE = (
    "That command corrects p over ladders and tasks, a board over all pairs of baselines, so one may find what the "
    "other misses."
)
FEW = 4  # tasks that a command names
OVER_SAMPLES = "  For this one {} alone, over its test samples: 95 % interval [{:.3f}, {:.3f}]."
AnyRow = TypeVar("AnyRow", bound=BoardRow | Unranked)


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
                if row.units == 1:
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
        order = sorted(part.rows or part.few, key=lambda row: (row.access == SYNTHETIC, -row.ranked_by.value))
        alone = [row for row in order if row.access == "none"][:1]
        given = f", with access {order[0].access}" if order[0].access != "none" else ""
        said = f"{name}: best is {_short(order[0])}{given}"
        said += f"; with labels alone {_short(alone[0])}" if alone and alone[0] is not order[0] else ""
        lines.append(said + ("." if part.rows else f"; no row has the {part.asked} {part.unit}s of a rank."))
        best = best or next((row.submission for row in order if row.submission != ERM), "")
    other = ERM if any(row.submission == ERM for part in parts.values() for row in part.shown) else ""
    compared = f"{spurgen(f'compare {quote(best)} {ERM} {flags}'.rstrip())} (how surely they differ), " * bool(
        best and other
    )
    lines += [f"Next: {compared}{spurgen('score my_model.py --seeds 0')} (your own beside them)."] * bool(lines)
    return [*map(harmless, lines)]


def _short(row: BoardRow) -> str:
    needs = row.needed.text if isinstance(row, SetBoardRow) and row.needed else ""
    return f"{row.submission}, {f'which needs {needs} counterexamples' if needs else row.ranked_by.text()}"


def _believed(part: Board, label: str) -> bool:
    """Return whether a row's metrics are believed, be it ranked or not."""
    row = _find(part.unranked, label)
    return bool(_find(part.shown, label)) or (row is not None and row.wga is not None)


def _best(part: Board, label: str, rows: Rows) -> str:
    """Return the best other ranked row of a row's access tier; nothing where there is none."""
    access = next(iter(rows[label].values())).results[0].access
    of_tier = [row.submission for row in part.rows if row.access == access and row.submission != label]
    return of_tier[0] if of_tier else ""


def _needed(row: BoardRow, part: Board) -> list[str]:
    """Return how many counterexamples a row needs on a ladder, and as a multiple of ERM's, with that number."""
    if not isinstance(row, SetBoardRow) or row.needed is None:
        return []
    erm = _find(part.shown, ERM)
    than = f", {row.needed_to_erm.text} times as many as ERM" if row.needed_to_erm and row.needed_to_erm.text else ""
    if isinstance(erm, SetBoardRow) and erm.needed and erm is not row:
        than += f"; over {erm.units} {part.unit}s ERM needs {erm.needed.text}"
    return [f"  It needs {row.needed.text} counterexamples to reach three quarters of the ceiling{than}."]


def _find(rows: Sequence[AnyRow], label: str) -> AnyRow | None:
    return next((row for row in rows if row.submission == label), None)


def _place(where: str, row: BoardRow, part: Board) -> list[str]:
    """Return where a row stands on its access tier's board, its robust accuracy, and how it compares with ERM's."""
    (low, high), mean = row.ranked_by.ends, "mean " if isinstance(row, SetBoardRow) else ""
    units = f"{row.units} {part.unit}{'s' * (row.units > 1)}"
    interval = f", 95 % interval over {part.unit}s [{low:.3f}, {high:.3f}]" if low < high else ""
    metric = column(RANKED_BY).title.lower()
    return [
        f"{row.submission} on {where}: {_standing(row, part)}.",
        f"  Its {mean}{metric} is {row.ranked_by.value:.3f}{interval} ({units}).",
        f"  {_to_erm(row, part)}",
    ]


def _standing(row: BoardRow, part: Board) -> str:
    if row.ranks is None:
        return (
            f"no rank among the others: it has {row.units} of {part.asked} {part.unit}s; run seeds 0-{part.asked - 1}"
        )
    letters = f"letter{'s' if len(row.letters) > 1 else ''} {row.letters}"
    return f"rank {cell('rank', line_of(row))} of {row.of} with access {row.access}, {letters}"


def _to_erm(row: BoardRow, part: Board) -> str:
    against, erm = row.against_erm, _find(part.shown, ERM)
    if against is None or erm is None:
        return "It is the row that others are compared with." if row.submission == ERM else "There is no row of ERM."
    by = f"{against.difference:+z.3f}"
    if against.units < max(row.units, erm.units):
        by += f" on the {against.units} {part.unit}{'s' * (against.units > 1)} that both have"
    given = "" if row.access == erm.access else f"; it is given {row.access}, ERM {erm.access}"
    if against.interval is None or against.p_holm is None:
        return f"Its difference to ERM is not tested on {against.units} of {part.asked} {part.unit}s: {by}{given}."
    low, high = against.interval
    by += f", 95 % interval without correction [{low:+z.3f}, {high:+z.3f}], Holm-corrected {p_equals(against.p_holm)}"
    than = "not significantly better or worse" if against.verdict == "undecided" else f"significantly {against.verdict}"
    return f"It is {than} than ERM: {by}{given}."


def _not_ranked(where: str, row: Unranked | None) -> list[str]:
    if row is None:
        return []
    lines = [f"{row.submission} on {where}: not ranked: {one_line(row.reason)}"]
    if row.wga is not None:
        lines.append(f"  Its worst-group accuracy is {row.wga:.3f}, its accuracy {row.accuracy:.3f}.")
    return lines


def _command(board: Leaderboard, label: str, tasks: Sequence[str], flags: str) -> list[str]:
    """Return the command that compares a row with ERM's, or with the first other row if ERM's is missing."""
    others = [row.submission for name in tasks for row in board.tasks[name].shown if row.submission != label]
    if not others:
        return []
    other = ERM if ERM in others else others[0]
    shared = [name for name in tasks if _find(board.tasks[name].shown, other)]
    named = f" --tasks {' '.join(shared)}" if len(shared) <= FEW else ""
    command = spurgen(f"compare {quote(label)} {quote(other)}{named} {flags}".rstrip())
    return [f"Every metric and shortcut: {command} --all", MORE]
