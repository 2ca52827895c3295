"""The leaderboard as text for a terminal: a table per access tier, few columns, as wide as the terminal."""

import io
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, groupby
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spurgen.harness.board.rendering import (
    UNITS,
    Columns,
    rank_text,
    set_columns,
    task_columns,
    tier_title,
    to_erm_text,
)
from spurgen.harness.board.schema import BoardRow, Leaderboard, SetBoard, TaskBoard, TaskBoardRow

PLAIN_WIDTH = 80  # characters of a line where there is no terminal
UNLIMITED = 10_000
LONGEST = 32  # characters of a name on a line
ON = "on "  # begins the title of a channel's reliance
GAP = 3  # characters between two columns
NAME = "Submission"
BRIEF = (
    "Rank a-b: a - 1 rows of the access tier are significantly better in robust accuracy; b counts the undecided as "
    "better too. Rows of the tier with a common letter do not differ significantly. Brackets: 95% intervals. Reliance: "
    "the largest on a channel; `on X`: that on channel X. Columns: docs/metrics.md."
)
MINE = " >: your row."
SPARE = ("Access", "Letter", "Reliance", "Core use", ON, "To ERM")
"""Columns that are shown as far as they fit, the first one first; those of all channels are shown together."""
Row = TypeVar("Row", bound=BoardRow)
Line = dict[str, str]


def to_terminal(
    board: Leaderboard, tasks: Collection[str] = (), mine: Collection[str] = (), *,
    width: int = PLAIN_WIDTH, wide: bool = False, colour: bool = False,
) -> str:  # fmt: skip
    """Return the tables of these tasks, by default of all, and of the sets whose tasks are all among them.

    `>` marks rows `mine`. `width`: characters of a line, at most; with `wide`, all columns and lines as long as they
    need to be. `colour`: whether the terminal's codes for colours may be used.
    """
    printer = _Printer(mine, UNLIMITED if wide else width, wide, colour)
    shown = {name: part for name, part in board.tasks.items() if not tasks or name in tasks}
    printer.title(f"# SpurGen {board.suite} leaderboard")
    printer.text(BRIEF + (MINE if mine else ""), width)
    for name, part in shown.items():
        printer.title(f"## {name}")
        printer.board(part, part.rows, part.few, task_columns)
    for name, ranked in board.overall.items():
        if shown.keys() >= set(ranked.tasks) and (ranked.rows or ranked.few):
            printer.title(f"## Overall, {name}: mean over {', '.join(ranked.tasks)}")
            printer.board(ranked, ranked.rows, ranked.few, set_columns)
    printer.text(f"Manifest: {board.manifest_sha256}")
    return printer.content


def first_to_terminal(
    board: Leaderboard, mine: Collection[str] = (), *,
    width: int = PLAIN_WIDTH, wide: bool = False, colour: bool = False,
) -> str:  # fmt: skip
    """Return the first set of tasks with rows, or else the first task, each tier's best row last, above the prompt.

    Of the rows that are not ranked only `mine` have their reason. Arguments: as of `to_terminal`.
    """
    printer = _Printer(mine, UNLIMITED if wide else width, wide, colour)
    printer.text(BRIEF + (MINE if mine else ""), width)
    whole = next((part for part in board.overall.values() if part.rows or part.few), None)
    if whole:
        printer.text(f"SpurGen {board.suite}: means over {', '.join(whole.tasks)}", width)
        printer.best_last(whole, whole.rows, whole.few, set_columns)
    elif board.tasks:
        name, part = next(iter(board.tasks.items()))
        printer.text(f"SpurGen {board.suite}: {name}", width)
        printer.best_last(part, part.rows, part.few, task_columns)
    return printer.content.rstrip()


class _Printer:
    """Collects the text of a leaderboard."""

    def __init__(self, mine: Collection[str], width: int, wide: bool, colour: bool) -> None:
        self._mine, self._wide, self._colour = mine, wide, colour
        self._console = Console(
            file=io.StringIO(), width=width, highlight=False, force_terminal=colour,
            color_system="standard" if colour else None,
        )  # fmt: skip

    @property
    def content(self) -> str:
        """What was printed so far, without spaces at the ends of lines."""
        file = self._console.file
        assert isinstance(file, io.StringIO)
        lines = [line.rstrip() for line in file.getvalue().splitlines()]
        return "\n".join(lines).replace("\n\n\n", "\n\n")

    def title(self, line: str) -> None:
        """Print a heading."""
        self._console.print(Text(_harmless(line), style="bold"), soft_wrap=True)
        self._console.print()

    def text(self, text: str, width: int | None = None) -> None:
        """Print text, wrapped at `width`, by default not at all."""
        self._console.print(Text(text), soft_wrap=width is None, width=width)
        self._console.print()

    def board(self, part: TaskBoard | SetBoard, full: Sequence[Row], few: Sequence[Row], all_: Columns[Row]) -> None:
        """Print a table per access tier, one of the rows with few units, and the rows that are not ranked."""
        if isinstance(part, TaskBoard) and part.told_apart is not None:
            self.text(f"Pairs of baselines told apart, over all tiers: {part.told_apart:.0%}.")
        self._tables(part, _by_tier(full), all_)
        self._tables(part, _with_few(part, few), all_)
        for row in part.unranked:
            line = f"Not ranked: {row.submission}: {row.reason}"
            self._console.print(Text(_harmless(line)), soft_wrap=True)
        if part.unranked:
            self._console.print()

    def best_last(
        self, part: TaskBoard | SetBoard, full: Sequence[Row], few: Sequence[Row], all_: Columns[Row]
    ) -> None:
        """Print how many rows are not ranked, with the reason of one's own, and tables with the best row last."""
        own = [row for row in part.unranked if row.submission in self._mine]
        for row in own:
            self.text(_harmless(f"Not ranked: {row.submission}: {row.reason}"), self._console.width)
        if len(part.unranked) > len(own):
            self.text(f"Not ranked: {len(part.unranked) - len(own)} {'others' if own else 'rows'}; --all says why.")
        tables = _with_few(part, few) | _by_tier(full)
        self._tables(part, {title: list(reversed(rows)) for title, rows in tables.items()}, all_)

    def _tables(self, part: TaskBoard | SetBoard, tables: Mapping[str, Sequence[Row]], all_: Columns[Row]) -> None:
        """Print tables of the same columns, which are as wide in each; none if there is no table."""
        if not tables:
            return
        lines = {title: [self._line(part, rows, row, all_) for row in rows] for title, rows in tables.items()}
        widths = _fitting(list(chain(*lines.values())), self._console.width)
        for title, rows in tables.items():
            self._console.print(Text(_harmless(title), style="italic"), soft_wrap=True)
            self._console.print(_table(lines[title], widths, [row.submission in self._mine for row in rows]))
            self._console.print()

    def _line(self, part: TaskBoard | SetBoard, rows: Sequence[Row], row: Row, all_: Columns[Row]) -> Line:
        """Return a row's cells by column."""
        ranked = any(each.ranks for each in rows)
        place = {"Rank": rank_text(row), "Letter": row.letters} if ranked else {"Access": row.access}
        mark = " (ignores the core cue)" if isinstance(row, TaskBoardRow) and row.ignores_core else ""
        name = {NAME: _harmless(("> " if row.submission in self._mine else "") + row.submission + mark)}
        if not self._wide:
            return place | name | _few_columns(rows, row)
        verified = {"Verified": row.verification} if isinstance(row, TaskBoardRow) else {}
        of_channels = {title: _decimals(value) for title, value in _reliances(rows, row).items()}
        return place | name | all_(rows, row) | of_channels | {UNITS[part.unit]: f"{row.units}"} | verified


def _by_tier(rows: Sequence[Row]) -> dict[str, Sequence[Row]]:
    return {tier_title(access): list(of_tier) for access, of_tier in groupby(rows, lambda row: row.access)}


def _with_few(part: TaskBoard | SetBoard, few: Sequence[Row]) -> dict[str, Sequence[Row]]:
    title = f"Fewer than {part.asked} {UNITS[part.unit].lower()}: not ranked among the others"
    return {title: few} if few else {}


def _few_columns(rows: Sequence[BoardRow], row: BoardRow) -> Line:
    """Return robust accuracy with its interval, the difference to ERM, reliance, by channel too, and core use.

    Columns that no row has are left out.
    """
    line = {"Robust accuracy": row.ranked_by.text()}
    if any(each.against_erm for each in rows):
        line["To ERM"] = to_erm_text(row)
    numbers = {
        "Reliance": _value(row, "reliance"),
        **_reliances(rows, row),
        "Core use": _value(row, "core_use"),
    }
    known = {"Reliance": "reliance", "Core use": "core_use"}
    return line | {
        title: _decimals(value)
        for title, value in numbers.items()
        if title not in known or any(known[title] in each.estimates for each in rows)
    }


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _value(row: BoardRow, metric: str) -> float | None:
    return row.value(metric) if metric in row.estimates else None


def _reliances(rows: Sequence[BoardRow], row: BoardRow) -> dict[str, float | None]:
    """Return a row's reliance by channel, a column per channel; rows over sets of tasks have none."""
    by_row = {each.submission: each.by_channel.get("reliance", {}) for each in rows if isinstance(each, TaskBoardRow)}
    channels = dict.fromkeys(name for channels in by_row.values() for name in channels)
    return {f"{ON}{name}": by_row[row.submission].get(name) for name in channels}


def _fitting(lines: Sequence[Line], width: int) -> dict[str, int]:
    """Return the columns that fit a width, each with its own: of those of `SPARE` as many as there is room for."""
    titles = dict.fromkeys(chain(*lines))
    widths = {
        title: max(cell_len(text) for text in (title, *(line.get(title, "") for line in lines))) for title in titles
    }
    widths[NAME] = max(len(NAME), min(widths[NAME], LONGEST))
    shown = {title for title in widths if not _is_spare(title)}
    for spare in SPARE:
        more = shown | {title for title in widths if title == spare or (spare == ON and title.startswith(ON))}
        shown = more if _sum({title: widths[title] for title in more}) <= width else shown
    widths = {title: wide for title, wide in widths.items() if title in shown}
    if _sum(widths) > width:
        widths[NAME] = max(len(NAME), widths[NAME] + width - _sum(widths))
    return widths


def _is_spare(title: str) -> bool:
    return title in SPARE or title.startswith(ON)


def _sum(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _table(lines: Sequence[Line], widths: Mapping[str, int], mine: Sequence[bool]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for title, width in widths.items():
        left = title in (NAME, "Rank", "Letter", "Access", "Verified")
        table.add_column(title, justify="left" if left else "right", overflow="fold", width=width)
    for line, own in zip(lines, mine, strict=True):
        table.add_row(*(Text(line.get(title, "")) for title in widths), style="bold cyan" if own else None)
    return table


def _harmless(text: str) -> str:
    """Return a stranger's text on one line, without escape sequences of a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
