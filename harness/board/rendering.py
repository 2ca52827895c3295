"""The leaderboard as Markdown text."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from spurgen.harness.board.by_unit import Unit
from spurgen.harness.board.schema import BoardRow, Leaderboard, SetBoard, SetBoardRow, TaskBoard, TaskBoardRow
from spurgen.harness.machine.printing import markdown_table

NOTE = (
    "Rows are sorted by robust accuracy: the lowest accuracy, averaged over classes, of an alignment pattern. A board "
    "per access tier: what a submission was given besides labels; no real data have twins. Rank a-b: a - 1 rows of the "
    "tier are significantly better; b counts the undecided as better too. Letter: rows of the tier that share one do "
    "not differ significantly (moderated paired t-test over worlds, or over training seeds where there is one world; "
    "of all pairs of baselines that differ significantly, 5 % at most are expected to be equal). A new row changes no "
    "test of two others. To ERM: robust accuracy less ERM's, better or worse where it differs significantly (Holm). "
    "Brackets: 95 % intervals of each row alone; letters say which rows differ. WGA: worst-group accuracy, corrected "
    "for the bias of a minimum, so it can exceed robust accuracy, which is not. SSS: Spurious Sensitivity Score; its "
    "floor is what redrawn nuisances alone change. IG: Invariance Gap, nats. Private gap: robust accuracy less that on "
    "splits nobody has seen. Verified: who ran it; self-reported is unchecked. All other metrics: the CSV and JSON "
    "files, and docs/metrics.md."
)
UNITS: dict[Unit, str] = {"world": "Worlds", "seed": "Seeds"}
OPTIONAL = {
    "reliance": ("Reliance", ".3f"), "reliance_total": ("Total reliance", ".3f"), "reliance_excess": ("Excess", "+.3f"),
    "core_use": ("Core use", ".3f"),
}  # fmt: skip
"""Metrics with a column where a row has them: the column's title, and the format of its numbers."""
SYNTHETIC = "twins"  # the access tier that is given what no real data have
SPECIAL = re.compile(r"[\\*~|\[\]]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that Markdown may take for markup; an underscore between letters, as in `group_dro`, never is."""
Row = TypeVar("Row", bound=BoardRow)
Columns = Callable[[Sequence[Row], Row], dict[str, str]]


def to_markdown(board: Leaderboard) -> str:
    """Return a table per task, set of tasks, and access tier."""
    parts = [f"# SpurGen {board.suite} leaderboard", "", NOTE, ""]
    for name, part in board.tasks.items():
        parts += [f"## {name}", "", *_told_apart(part), *_tables(part, part.rows, part.few, task_columns)]
    for name, ranked in board.overall.items():
        if ranked.rows or ranked.few:
            title = f"## Overall, {name}: mean over {', '.join(ranked.tasks)}"
            parts += [title, "", *_tables(ranked, ranked.rows, ranked.few, set_columns)]
    parts += [f"Manifest SHA-256: `{board.manifest_sha256}`", ""]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _told_apart(part: TaskBoard) -> list[str]:
    share = part.told_apart
    return [] if share is None else [f"Pairs of baselines told apart, over all tiers: {share:.0%}.", ""]


def _tables(part: TaskBoard | SetBoard, full: Sequence[Row], few: Sequence[Row], columns: Columns[Row]) -> list[str]:
    """Return a table per access tier, one of the rows with few units, and the rows that are not ranked."""
    blocks = board_blocks(part, full, few)
    lines = [line for title, rows in blocks for line in (title, "", board_table(rows, columns, part.unit), "")]
    return [*lines, *(f"Not ranked: {as_text(row.submission)}: {as_text(row.reason)}  " for row in part.unranked), ""]


def board_blocks(
    part: TaskBoard | SetBoard, full: Sequence[Row], few: Sequence[Row]
) -> Iterator[tuple[str, Sequence[Row]]]:
    """Yield a heading and the rows below it: an access tier each, then the rows with few units."""
    for access, rows in groupby(full, lambda row: row.access):
        yield f"### {tier_title(as_text(access))}", list(rows)
    if few:
        yield f"### Fewer than {part.asked} {UNITS[part.unit].lower()}: not ranked among the others", few


def tier_title(access: str) -> str:
    """Return the heading of an access tier's rows."""
    return f"Access: {access}{', which no real data have' if access == SYNTHETIC else ''}"


def board_table(rows: Sequence[Row], columns: Columns[Row], unit: Unit) -> str:
    """Return rows as a Markdown table, with the columns of `task_columns` or `set_columns`."""
    ranked = any(row.ranks for row in rows)
    lines = []
    for row in rows:
        place = {"Rank": rank_text(row), "Letter": row.letters} if ranked else {}
        name = as_text(row.submission)
        access = {} if ranked else {"Access": as_text(row.access)}
        mark = " (ignores the core cue)" if isinstance(row, TaskBoardRow) and row.ignores_core else ""
        measured = columns(rows, row)
        verified = {"Verified": row.verification} if isinstance(row, TaskBoardRow) else {}
        lines.append(place | {"Submission": name + mark} | access | measured | {UNITS[unit]: f"{row.units}"} | verified)
    return markdown_table(lines)


def task_columns(rows: Sequence[TaskBoardRow], row: TaskBoardRow) -> dict[str, str]:
    """Return the metrics of a row on a task, in columns that some row of the table has."""
    return {
        "Robust accuracy": row.ranked_by.text(),
        "Lowest": f"{row.robust_accuracy_lowest:.3f}",
        "To ERM": to_erm_text(row),
        "WGA": f"{row.value('wga_corrected'):.3f}",
        **_optional(rows, row),
        "Accuracy": f"{row.value('accuracy'):.3f}",
        "SSS (floor)": f"{row.value('sss'):.3f} ({_floor(row):.3f})",
        "IG": f"{row.value('ig'):+z.2f}",
        **({"Private gap": _gap(row)} if any(each.private for each in rows) else {}),
    }


def set_columns(rows: Sequence[SetBoardRow], row: SetBoardRow) -> dict[str, str]:
    """Return the means of a row over a set of tasks, in columns that some row of the table has."""
    recovered = "" if row.recovered is None else row.recovered.text(".2f")
    return {
        "Mean robust accuracy": row.ranked_by.text(),
        "To ERM": to_erm_text(row),
        **({"Gap recovered": recovered} if any(each.recovered for each in rows) else {}),
        "Mean WGA": f"{row.value('wga_corrected'):.3f}",
        **_optional(rows, row),
        "Mean accuracy": f"{row.value('accuracy'):.3f}",
        "Mean SSS": f"{row.value('sss'):.3f}",
    }


def _optional(rows: Sequence[BoardRow], row: BoardRow) -> dict[str, str]:
    return {
        title: format(row.value(metric), shown) if metric in row.estimates else ""
        for metric, (title, shown) in OPTIONAL.items()
        if any(metric in each.estimates for each in rows)
    }


def _floor(row: TaskBoardRow) -> float:
    """Return what redrawn nuisances alone change: the most that one does, or all where a row lacks that."""
    return row.value("sss_floor" if "sss_floor" in row.estimates else "sss_placebo")


def _gap(row: TaskBoardRow) -> str:
    if row.private is None:
        return ""
    low, high = row.private.gap_ci
    return f"{row.private.gap:+z.3f} [{low:+z.3f}, {high:+z.3f}]"


def rank_text(row: BoardRow) -> str:
    """Return a row's rank interval: 2-4, or 2 where it is sure; nothing for a row that is not ranked."""
    if row.ranks is None:
        return ""
    first, last = row.ranks
    return f"{first}" if first == last else f"{first}-{last}"


def to_erm_text(row: BoardRow) -> str:
    """Return a row's robust accuracy less ERM's, and whether it is significantly better or worse."""
    against = row.against_erm
    if against is None:
        return ""
    verdict = "" if against.verdict == "undecided" else f" {against.verdict}"
    return f"{against.difference:+z.3f}{verdict}"


def as_text(text: str) -> str:
    """Return a stranger's text so that Markdown shows it as text and no more."""
    shown = "".join(c if c.isprintable() else " " for c in text)  # no newline, no escape sequence of a terminal
    return SPECIAL.sub(r"\\\g<0>", html.escape(shown).replace("`", "'"))
