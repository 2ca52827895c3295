"""The list of figures of a paper about a leaderboard or an experiment, with their captions."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from matplotlib.figure import Figure

from spurgen.benchmark.suite import Suite
from spurgen.harness.board.columns import CHANNEL, Line, channel_keys, column, estimate_of
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.rows import RANKED_BY, with_channel_intervals
from spurgen.harness.board.schema import Board, Leaderboard
from spurgen.harness.plots.forest import UNIT, Named, Panel, forest, most_panels
from spurgen.harness.plots.style import Columns
from spurgen.harness.results.rows import Rows, on_task
from spurgen.harness.statistics.estimate import Estimate

FOLLOWS = "Share of answers that follow a shortcut to the class that it is switched to"
RANKS = "Letters: rows of an access tier that share one do not differ significantly."
OPEN = "Open marks are not ranked."


class Item(NamedTuple):
    """A figure: the name of its file without suffix, its caption, and the function that draws it."""

    name: str
    caption: str
    draw: Callable[[], Figure]


class Drawn(NamedTuple):
    """A board to draw: its lines as in the frame; the ideal observer's values."""

    name: str
    lines: Sequence[Line]
    ideal: Mapping[str, float]


def boards_drawn(
    suite: Suite, rows: Rows, board: Leaderboard, names: Collection[str], labels: Collection[str] = ()
) -> dict[str, Drawn]:
    """Return the boards to draw of these tasks and sets of tasks, by name.

    `rows`: the rows that the board was built from. `labels`: the rows to draw, by default all.
    """
    made = {}
    for name in names:
        part: Board = board.tasks.get(name) or board.overall[name]
        lines = [line for line in part.lines if not labels or line["submission"] in labels]
        if name in board.tasks:
            task = suite.task(name)
            made[name] = Drawn(name, with_channel_intervals(task, on_task(rows, name), lines), {})
        else:
            made[name] = Drawn(name if board.overall[name].rungs else f"mean over {name}", lines, {})
    return made


def figures(boards: Sequence[Drawn], full_names: Mapping[str, str], columns: Columns) -> list[Item]:
    """Return a figure of all boards, in parts that fit a page, and a figure of each board's shortcuts."""
    most = most_panels(named([line for board in boards for line in board.lines], full_names), columns)
    parts = [boards[start : start + most] for start in range(0, len(boards), most)]
    items = []
    for number, part in enumerate(parts, 1):
        name = "ranks" if len(parts) == 1 else f"ranks-{number}"
        items.append(Item(name, _caption(part), partial(estimates, part, full_names, columns)))
    for board in boards:
        if channels := channel_keys(board.lines):
            over_units = any(f"{key}_low" in line for key in channels for line in board.lines)
            how = "with 95 % intervals" if over_units else "means over its rungs"
            caption = f"{FOLLOWS} on {board.name}, {how}."
            items.append(Item(f"follows-{board.name}", caption, partial(by_channel, board, full_names, columns)))
    return items


def named(lines: Sequence[Line], full_names: Mapping[str, str]) -> list[Named]:
    """Return the lines of a figure: each row once, by its full name where it has one, by access tier, then as given."""
    first = {line["submission"]: line for line in reversed(lines) if not line.get("reason")}
    order = dict.fromkeys(line["submission"] for line in lines if line["submission"] in first)
    rows = [Named(label, full_names.get(label, label), first[label]["access"]) for label in order]
    return sorted(rows, key=lambda row: tier_place(row.access))


def points(lines: Sequence[Line], key: str) -> dict[str, Estimate]:
    """Return a metric by label, for the lines that have it."""
    return {each["submission"]: point for each in lines if not each.get("reason") and (point := estimate_of(each, key))}


def estimates(boards: Sequence[Drawn], full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw robust accuracy, a panel per board."""
    panels = [
        Panel(
            board.name, points(board.lines, RANKED_BY), _unranked(board.lines),
            {line["submission"]: line.get("letters", "") for line in board.lines}, board.ideal.get(RANKED_BY),
        )
        for board in boards
    ]  # fmt: skip
    rows = named([line for board in boards for line in board.lines], full_names)
    return forest(panels, rows, column(RANKED_BY).title.lower(), columns, UNIT)


def by_channel(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw how often answers follow each channel, a panel per channel."""
    keys, unranked = {key.removeprefix(CHANNEL): key for key in channel_keys(board.lines)}, _unranked(board.lines)
    panels = [Panel(name, points(board.lines, key), unranked, ideal=board.ideal.get(key)) for name, key in keys.items()]
    return forest(panels, named(board.lines, full_names), column("follows").title.lower(), columns)


def _unranked(lines: Sequence[Line]) -> set[str]:
    return {line["submission"] for line in lines if not line["ranked"]}


def _caption(boards: Sequence[Drawn]) -> str:
    by, where = column(RANKED_BY), f" on {boards[0].name}" if len(boards) == 1 else ""
    few = any(not line["ranked"] and not line.get("reason") for board in boards for line in board.lines)
    letters = any(line.get("letters") for board in boards for line in board.lines)
    about = f"{by.title} ({by.about.partition(';')[0]}){where}, with 95 % intervals."
    return " ".join([about, *[RANKS] * letters, *[OPEN] * few])
